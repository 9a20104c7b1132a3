//! `raid-agency resync`

use crate::application::{membership_policy, open_store};
use crate::settings::Settings;
use sync_worker::Resynced;

/// Looks at every entry, says how many would change, and has them changed unless it is a dry run.
pub(crate) async fn resync(settings: &Settings, is_dry_run: bool) -> anyhow::Result<()> {
    let store = open_store(settings).await?;
    let policy = membership_policy(settings)?;
    let shown = |so_far: &Resynced| {
        let (looked_at, differing) = (so_far.looked_at, so_far.differing());
        eprintln!("looked at {looked_at} entries, {differing} differ");
    };
    let found = sync_worker::resync(&store, &policy, is_dry_run, shown).await?;
    println!("{} entries would be added", found.to_create);
    println!("{} entries would be changed", found.to_update);
    println!("{} entries would be removed", found.to_delete);
    if found.in_doubt > 0 {
        println!("{} entries have to be looked up first", found.in_doubt);
    }
    let differing = found.differing();
    if is_dry_run {
        println!("dry run: nothing was set; without --dry-run {differing} entries are");
    } else {
        println!("{differing} entries are set, and follow in the bulk lane");
    }
    Ok(())
}
