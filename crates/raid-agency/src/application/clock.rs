//! Keeps this process's clock right; see [`store::Clock`].

use std::time::Duration;
use store::Store;
use tokio::sync::watch;

/// How often the clock is compared. Two comparisons in a row correct an error of more than a second.
const EVERY: Duration = Duration::from_secs(10);

/// Corrects the clock from time to time, until the process stops.
pub(super) async fn run(store: Store, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(EVERY, stopped.changed())
        .await
        .is_err()
    {
        // Without the database the clock goes on by itself.
        if let Err(error) = store.correct_clock().await {
            tracing::debug!(%error, "the clock could not be compared");
        }
    }
}
