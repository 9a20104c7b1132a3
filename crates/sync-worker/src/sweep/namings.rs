//! Held people whom nothing admits, and messages about new service points that nothing posts. There are
//! few of either, so they are looked at with the first page of people.

use super::PAGE;
use super::find::Find;
use store::tasks::{self, Kind, Work};
use store::{Conn, StoreError, announcements, namings};

/// Looks at all service points with held people, and at the first messages.
pub(super) fn look(c: &mut Conn) -> Result<Vec<Find>, StoreError> {
    let mut finds = releases(c)?;
    finds.extend(messages(c)?);
    Ok(finds)
}

fn releases(c: &mut Conn) -> Result<Vec<Find>, StoreError> {
    let held = namings::with_day_held(c)?;
    let keys: Vec<String> = held.iter().map(|id| Work::Release(*id).key()).collect();
    let known = tasks::due_times(c, Kind::Release, &keys)?;
    let is_missed = |id: &i64| !known.contains_key(&Work::Release(*id).key());
    Ok(held
        .into_iter()
        .filter(is_missed)
        .map(Find::Release)
        .collect())
}

fn messages(c: &mut Conn) -> Result<Vec<Find>, StoreError> {
    let due = announcements::unfinished(c, PAGE)?;
    let key = |(orcid, id): &(_, i64)| Work::Announcement(*orcid, *id).key();
    let keys: Vec<String> = due.iter().map(key).collect();
    let known = tasks::due_times(c, Kind::Announcement, &keys)?;
    let is_missed = |pair: &(_, i64)| !known.contains_key(&key(pair));
    Ok(due
        .into_iter()
        .filter(is_missed)
        .map(|(orcid, id)| Find::Announcement(orcid, id))
        .collect())
}
