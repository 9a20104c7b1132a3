//! Keeps the memory of a process small while nobody looks at it: observations are added up, and what
//! caches hold for too long is dropped.

use crate::health::Health;
use actix_web::web;
use std::time::Duration;
use tokio::sync::watch;

/// Observations of so long are kept one by one.
const EVERY: Duration = Duration::from_secs(1);

/// Starts to do it, until the process stops.
pub(super) fn start(health: web::Data<Health>, stopped: watch::Receiver<bool>) {
    tokio::spawn(run(EVERY, move || health.keep_small(), stopped));
}

async fn run(every: Duration, work: impl Fn(), mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(every, stopped.changed())
        .await
        .is_err()
    {
        work();
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, run, watch};
    use std::cell::Cell;

    #[tokio::test]
    async fn it_goes_on_until_the_process_stops() {
        let (stop, stopped) = watch::channel(false);
        let times = Cell::new(0);
        let work = || {
            times.set(times.get() + 1);
            if times.get() == 3 {
                stop.send_replace(true);
            }
        };
        run(Duration::from_millis(1), work, stopped).await;
        assert_eq!(times.get(), 3);
    }
}
