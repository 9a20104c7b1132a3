//! Learns whether ORCID accepts our client, also when nobody needs it: credentials may be wrong from
//! the start, and ORCID may disable a client at any time.

use orcid_client::Client;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Checks now and every `every`, until the process stops. What other calls tell saves the check, so
/// this costs one call in that time when nothing else goes on.
pub(super) async fn run(client: Arc<Client>, every: Duration, mut stopped: watch::Receiver<bool>) {
    tokio::select! {
        () = checks(&client, every) => {}
        _ = stopped.changed() => {}
    }
}

async fn checks(client: &Client, every: Duration) {
    let health = client.health();
    loop {
        // In trouble only a check can tell that it is over.
        if health.trouble().is_some() || health.next_check(every).is_zero() {
            // What it changes is logged by the client's health, once.
            if let Err(error) = client.check_credentials().await {
                tracing::debug!(%error, "ORCID gave no token of our own");
            }
        }
        // ORCID may be away, which says nothing about our client.
        tokio::time::sleep(health.next_check(every).max(every / 6)).await;
    }
}
