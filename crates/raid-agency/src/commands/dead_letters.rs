//! `raid-agency dead-letters`

use crate::application::open_store;
use crate::settings::Settings;
use store::tasks::{self, Lane, NewTask};

/// Dead letters that are shown, or redriven, at a time.
const LIMIT: i64 = 1000;

/// Lists the work that cannot heal by itself, and tries it again if asked to.
pub(crate) async fn dead_letters(settings: &Settings, redrive: bool) -> anyhow::Result<()> {
    let store = open_store(settings).await?;
    let found = store.read(|c| tasks::dead_letters(c, LIMIT)).await?;
    for letter in &found {
        println!(
            "{} {}: {}",
            letter.work.kind(),
            letter.work.key(),
            letter.reason
        );
    }
    if redrive && !found.is_empty() {
        let clock = store.clock().clone();
        let works: Vec<_> = found.iter().map(|letter| letter.work.clone()).collect();
        store
            .write(move |c| {
                let now = clock.now();
                let due: Vec<_> = works
                    .iter()
                    .cloned()
                    .map(|work| NewTask {
                        work,
                        lane: Lane::Bulk,
                        due_at: now,
                        at: now,
                    })
                    .collect();
                tasks::enqueue(c, &due)
            })
            .await?;
    }
    let what = if redrive {
        "tried again"
    } else {
        "waiting (--redrive tries them again)"
    };
    println!("{} dead letters {what}", found.len());
    Ok(())
}
