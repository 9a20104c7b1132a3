//! Changes that go on top of whichever version stands.

use raid_model::{Handle, Raid};
use store::raids::{self, Actor, RaidWrite};
use store::tasks::Lane;
use store::{Conn, StoreError, Timestamp};

use crate::record;
use crate::registry::Registry;

/// How often a change is tried while others write.
const MAX_TRIES: usize = 5;

/// Writes the version that `next` makes of the one that stands, or nothing if it makes none.
///
/// # Errors
/// [`StoreError::StaleVersion`] if others are faster each time.
pub(crate) async fn write(
    registry: &Registry,
    handle: &Handle,
    actor: Actor,
    next: impl Fn(Raid, Timestamp) -> Option<Raid> + Clone + Send + 'static,
    keep: impl Fn(&mut Conn, &RaidWrite) -> Result<(), StoreError> + Clone + Send + 'static,
) -> Result<(), StoreError> {
    let mut tries = 1;
    loop {
        let now = registry.now();
        let due = registry.settled(now);
        let (handle, actor) = (handle.clone(), actor.clone());
        let (next, keep) = (next.clone(), keep.clone());
        let written = registry.store.write(move |c| {
            let row = raids::find(c, &handle)?.ok_or(StoreError::NotFound)?;
            let Some(next) = next(record::parse(&row.document)?, now) else {
                return Ok(());
            };
            let write = RaidWrite::of(&next, actor.clone(), now, due, Lane::Interactive)?;
            keep(c, &write)
        });
        match written.await {
            Err(StoreError::StaleVersion { .. }) if tries < MAX_TRIES => tries += 1,
            written => return written,
        }
    }
}
