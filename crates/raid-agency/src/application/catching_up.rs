//! What readers would wait for, done before they come: the search index of RAiDs that an older version
//! of this program wrote (before an upgrade, or on a node that is not upgraded yet), the issuers of
//! holders that such a node wrote, and the positions of versions in the feed of changes, which nobody
//! else gives while nobody reads it.

use std::time::Duration;
use store::{Store, raids};
use tokio::sync::watch;

/// RAiDs of one transaction: few, as nobody else writes to SQLite meanwhile.
const BATCH: i64 = 50;
/// How often it is looked for more. Usually there is nothing, which an empty index tells.
const EVERY: Duration = Duration::from_mins(1);

/// Catches up now and from time to time, until the process stops. Nodes that do so at once do not
/// disturb each other.
pub(super) async fn run(store: Store, mut stopped: watch::Receiver<bool>) {
    loop {
        let indexed = index(&store, &stopped).await;
        if indexed > 0 {
            tracing::info!(indexed, "RAiDs of an older version can be searched now");
        }
        if let Err(error) = super::issuers::claim_holders(&store).await {
            tracing::warn!(%error, "holders could not be given their issuer; this is tried again");
        }
        if let Err(error) = store.changes_reach_all().await {
            tracing::warn!(%error, "the feed of changes could not be brought up to date; this is tried again");
        }
        if *stopped.borrow() || tokio::time::timeout(EVERY, stopped.changed()).await.is_ok() {
            return;
        }
    }
}

async fn index(store: &Store, stopped: &watch::Receiver<bool>) -> usize {
    let mut indexed = 0;
    while !*stopped.borrow() {
        let today = store.clock().now().date();
        let batch = store.write(move |c| raids::index_some(c, BATCH, today));
        match batch.await {
            Ok(some) => {
                indexed += some;
                if i64::try_from(some).is_ok_and(|some| some < BATCH) {
                    break;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "RAiDs could not be indexed; this is tried again");
                break;
            }
        }
    }
    indexed
}
