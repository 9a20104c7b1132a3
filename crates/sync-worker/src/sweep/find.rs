//! What the sweep finds, and the task that repairs it.

use raid_model::permission::{PermissionChange, PermissionEvent};
use raid_model::{Handle, OrcidId};
use store::tasks::{self, Lane, NewTask, Work};
use store::{Conn, StoreError, Timestamp, grants, permissions};

/// A kind of find, as it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Token,
    Permission,
    Entry,
    Embargo,
    Boundary,
    Release,
    Announcement,
}

impl What {
    pub(super) const ALL: [Self; 7] = [
        Self::Token,
        Self::Permission,
        Self::Entry,
        Self::Embargo,
        Self::Boundary,
        Self::Release,
        Self::Announcement,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Permission => "permission",
            Self::Entry => "entry",
            Self::Embargo => "embargo",
            Self::Boundary => "boundary",
            Self::Release => "release",
            Self::Announcement => "announcement",
        }
    }
}

/// Something that an event missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Find {
    /// A token in use of a person in a state that keeps none.
    Token(OrcidId),
    /// A person whom nothing in the queue leads on.
    Permission(OrcidId),
    /// An entry that is not as it should be, and that nothing in the queue is about.
    Entry(OrcidId, Handle),
    /// An embargo that nothing ends.
    Embargo(Handle, Timestamp),
    /// A RAiD that nothing looks at when something derived from the date changes.
    Boundary(Handle, Timestamp),
    /// A service point with people held by the quota of a day, whom nothing admits on the next one.
    Release(i64),
    /// A message that nothing posts.
    Announcement(OrcidId, i64),
}

impl Find {
    pub(super) fn what(&self) -> What {
        match self {
            Self::Token(_) => What::Token,
            Self::Permission(_) => What::Permission,
            Self::Entry(..) => What::Entry,
            Self::Embargo(..) => What::Embargo,
            Self::Boundary(..) => What::Boundary,
            Self::Release(_) => What::Release,
            Self::Announcement(..) => What::Announcement,
        }
    }

    /// The work that was missed.
    pub(super) fn work(&self) -> Work {
        match self {
            Self::Token(orcid) | Self::Permission(orcid) => Work::Permission(*orcid),
            Self::Entry(orcid, handle) => Work::Membership(*orcid, handle.clone()),
            Self::Embargo(handle, _) => Work::Embargo(handle.clone()),
            Self::Boundary(handle, _) => Work::Boundary(handle.clone()),
            Self::Release(service_point) => Work::Release(*service_point),
            Self::Announcement(orcid, service_point) => Work::Announcement(*orcid, *service_point),
        }
    }

    fn task(&self, now: Timestamp) -> NewTask {
        NewTask {
            work: self.work(),
            lane: Lane::Background,
            due_at: match self {
                Self::Embargo(_, at) | Self::Boundary(_, at) => *at,
                _ => now,
            },
            at: now,
        }
    }
}

/// Repairs what was found; gives what there was to repair yet.
pub(super) fn repair(
    c: &mut Conn,
    finds: &[Find],
    now: Timestamp,
) -> Result<Vec<Find>, StoreError> {
    let mut repaired = Vec::new();
    for find in finds {
        if let Find::Token(orcid) = find
            && !try_token(c, orcid, now)?
        {
            continue;
        }
        repaired.push(find.clone());
    }
    let due: Vec<_> = repaired.iter().map(|find| find.task(now)).collect();
    tasks::enqueue(c, &due)?;
    Ok(repaired)
}

/// Brings a person to the state in which their token is tried. Says whether it had to.
fn try_token(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<bool, StoreError> {
    let known = permissions::locked(c, orcid, now)?;
    let (holds_token, _) = grants::held(c, orcid)?;
    if known.state.keeps_token() || !holds_token {
        return Ok(false);
    }
    let reason = "a token was found that this state does not keep";
    let change = PermissionChange::because(PermissionEvent::TokenFound, reason);
    permissions::apply(c, &known, &change, now)
}
