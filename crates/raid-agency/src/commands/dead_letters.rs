//! `raid-agency dead-letters`: lists the work that cannot heal by itself, tries it again, drops it.

use crate::application::open_store;
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use clap::Args;
use raid_registry::{DeadLetterView, letter_of};
use store::tasks::Kind;
use store::tasks::dead_letters::{self, DeadLetter, Filter};
use store::{Conn, Store};

/// Dead letters that are read at once.
const PAGE: i64 = 500;

/// What is to be done.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Try again those whose ids are given, or all.
    #[arg(long, conflicts_with = "discard")]
    redrive: bool,
    /// Drop those whose ids are given: nothing is done for them.
    #[arg(long = "drop", requires = "ids")]
    discard: bool,
    /// The ids, as they are listed.
    ids: Vec<String>,
}

pub(crate) async fn dead_letters(settings: &Settings, what: &Arguments) -> anyhow::Result<()> {
    if !what.ids.is_empty() && !what.redrive && !what.discard {
        bail!("say --redrive or --drop");
    }
    let mut named = Vec::new();
    for id in &what.ids {
        let letter = letter_of(id).with_context(|| format!("`{id}` is no id of a dead letter"))?;
        named.push(letter);
    }
    let store = open_store(settings).await?;
    if named.is_empty() {
        let letters = all(&store).await?;
        for letter in &letters {
            print(letter)?;
        }
        if !what.redrive {
            println!(
                "{} dead letters (--redrive tries them again)",
                letters.len()
            );
            return Ok(());
        }
        named = letters.into_iter().map(|it| (it.kind, it.key)).collect();
    }
    let mut count = 0;
    for (kind, key) in named {
        if change(&store, kind, key, what.redrive).await? {
            count += 1;
        }
    }
    let done = if what.redrive {
        "tried again"
    } else {
        "dropped"
    };
    println!("{count} dead letters {done}");
    Ok(())
}

/// Redrives a dead letter, or drops it; says whether it could.
async fn change(store: &Store, kind: Kind, key: String, redrives: bool) -> anyhow::Result<bool> {
    let now = store.clock().now();
    let text = format!("{kind} {key}");
    let found = store
        .write(move |c| {
            if redrives {
                dead_letters::redrive(c, kind, &key, now)
            } else {
                dead_letters::drop_one(c, kind, &key)
            }
        })
        .await?;
    if !found {
        eprintln!(
            "note: {text} is no dead letter, or its key is damaged and it can be dropped only"
        );
    }
    Ok(found)
}

async fn all(store: &Store) -> anyhow::Result<Vec<DeadLetter>> {
    let mut letters: Vec<DeadLetter> = Vec::new();
    loop {
        let after = letters.last().map(DeadLetter::place);
        let load =
            move |c: &mut Conn| dead_letters::page(c, &Filter::default(), after.as_ref(), PAGE);
        let page = store.read(load).await?;
        if page.is_empty() {
            return Ok(letters);
        }
        letters.extend(page);
    }
}

/// One line about what it is, and one with what to redrive it by.
fn print(letter: &DeadLetter) -> anyhow::Result<()> {
    let view = DeadLetterView::of(letter)?;
    let mut about = vec![format!("{} {}", letter.kind, letter.key)];
    if let Some(handle) = view.handle.filter(|handle| !letter.key.contains(handle)) {
        about.push(format!("RAiD {handle}"));
    }
    println!("{}: {}", about.join(", "), view.reason);
    println!(
        "    since {}, tried {} times, id {}",
        view.since, view.attempts, view.id
    );
    Ok(())
}
