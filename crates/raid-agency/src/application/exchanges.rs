//! Looks after exchanges of codes with ORCID that came to no end.

use orcid_inbox::Inbox;
use std::time::Duration;
use tokio::sync::watch;

const EVERY: Duration = Duration::from_mins(1);

/// Settles from time to time what nobody settled, and forgets the codes of people who did not try
/// again, until the process stops.
pub(super) async fn run(inbox: actix_web::web::Data<Inbox>, mut stopped: watch::Receiver<bool>) {
    let every = inbox.longest_exchange().min(EVERY);
    while tokio::time::timeout(every, stopped.changed())
        .await
        .is_err()
    {
        if let Err(error) = inbox.settle_exchanges().await {
            tracing::warn!(%error, "exchanges could not be settled; this is tried again");
        }
        if let Err(error) = inbox.forget_codes().await {
            tracing::warn!(%error, "expired codes could not be forgotten; this is tried again");
        }
    }
}
