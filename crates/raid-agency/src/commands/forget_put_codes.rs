//! `raid-agency forget-put-codes`

use crate::application::open_store;
use crate::settings::Settings;
use store::memberships;
use store::tasks::{self, Lane, NewTask, Work};

/// Entries of one transaction.
const BATCH: i64 = 500;

/// Forgets under which put-codes entries stand, so that a new client at ORCID writes them again; a
/// dry run says how many there are.
pub(crate) async fn forget_put_codes(settings: &Settings, is_dry_run: bool) -> anyhow::Result<()> {
    let store = open_store(settings).await?;
    let mut after = None;
    let mut all = 0;
    loop {
        let from = after.clone();
        let page = store
            .read(move |c| memberships::page_of_written(c, from.as_ref(), BATCH))
            .await?;
        let Some(last) = page.last().cloned() else {
            break;
        };
        all += page.len();
        after = Some(last);
        if !is_dry_run {
            let clock = store.clock().clone();
            store
                .write(move |c| {
                    let now = clock.now();
                    let mut due = Vec::new();
                    for (orcid, handle) in &page {
                        memberships::forget_put_code(c, orcid, handle, now)?;
                        due.push(NewTask {
                            work: Work::Membership(*orcid, handle.clone()),
                            lane: Lane::Bulk,
                            due_at: now,
                            at: now,
                        });
                    }
                    // Dead letters among them come back to life.
                    tasks::enqueue(c, &due)
                })
                .await?;
        }
        eprintln!("{all} entries so far");
    }
    if is_dry_run {
        println!(
            "Dry run: nothing was changed. Put-codes that a run without --dry-run forgets: {all}"
        );
    } else {
        println!(
            "Put-codes forgotten: {all}. Entries under a standing permission are written again in the \
             bulk lane"
        );
    }
    Ok(())
}
