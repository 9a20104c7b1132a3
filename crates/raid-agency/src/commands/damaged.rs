//! `raid-agency damaged`

use crate::application::open_store;
use crate::settings::Settings;
use anyhow::Context as _;
use clap::Subcommand;
use raid_model::{Handle, Raid};
use std::path::PathBuf;
use store::Store;
use store::damage::{self, DamagedRecord};
use store::raids::{self, Actor};

/// Who writes the version that repairs a RAiD.
const ACTOR: &str = "repair";
/// RAiDs that are read in one transaction.
const PAGE: i64 = 200;

/// What is done about damaged records.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Read every RAiD with all its versions, and list those that cannot be read.
    List,
    /// Write a RAiD again as its next version, from the newest version that can be read.
    Repair {
        /// The RAiD.
        handle: Handle,
        /// Write this document instead: the RAiD as JSON, as the API shows it.
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
    },
}

pub(crate) async fn damaged(settings: &Settings, action: &Action) -> anyhow::Result<()> {
    let store = open_store(settings).await?;
    match action {
        Action::List => list(&store).await,
        Action::Repair { handle, document } => repair(&store, handle, document.as_ref()).await,
    }
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let records = all(store).await?;
    for record in &records {
        let version = record.version.map(|version| format!(" version {version}"));
        // Quoted where the key is no plain text.
        println!(
            "{}{}: {}",
            record.key.escape_debug(),
            version.unwrap_or_default(),
            record.reason
        );
    }
    println!("{} damaged records", records.len());
    Ok(())
}

/// All damaged records. Each page is read on its own, so that the database stays usable.
pub(crate) async fn all(store: &Store) -> anyhow::Result<Vec<DamagedRecord>> {
    let (mut records, mut after) = (Vec::new(), None);
    loop {
        let read = after.clone();
        let page = store
            .read(move |c| damage::page(c, read.as_deref(), PAGE))
            .await?;
        records.extend(page.records);
        match page.last {
            // Keys that are no text may not sort as they are shown.
            Some(last) if after.as_ref() < Some(&last) => after = Some(last),
            _ => return Ok(records),
        }
    }
}

async fn repair(store: &Store, handle: &Handle, document: Option<&PathBuf>) -> anyhow::Result<()> {
    let read = |path: &PathBuf| -> anyhow::Result<Raid> {
        let shown = || path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(shown)?;
        serde_json::from_str(&text).with_context(shown)
    };
    let document = document.map(read).transpose()?;
    let (wanted, clock) = (handle.clone(), store.clock().clone());
    let repaired = store
        .write(move |c| {
            let actor = Actor::system(ACTOR);
            raids::repair(c, &wanted, document.clone(), actor, clock.now())
        })
        .await
        .with_context(|| handle.to_string())?;
    let source = match repaired.from {
        Some(version) => format!("version {version}"),
        None => "the document".to_owned(),
    };
    println!(
        "{handle}: version {} written from {source}",
        repaired.version
    );
    Ok(())
}
