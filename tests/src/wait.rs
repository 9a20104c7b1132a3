//! Waiting for a state, with a deadline. The only place where a test sleeps.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The longest that a test waits for a state. It says when to give up, not how fast it must be:
/// a busy machine is slow.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(25);

/// Lets time go by: for what is to happen at a random moment, never for what a state can tell.
pub async fn random_moment(at_most: Duration) {
    sleep(at_most.mul_f64(rand::random())).await;
}

/// Looks until there is something to see, for at most [`DEADLINE`].
///
/// # Panics
/// When it did not come.
pub async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(DEADLINE, what, look).await
}

/// Looks until there is something to see, for at most `limit`.
///
/// # Panics
/// When it did not come.
pub async fn eventually_within<T>(
    limit: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain for: {what}");
        sleep(PAUSE).await;
    }
}
