//! A contributor as those see them who look after the RAiD: what they answered, what stands on
//! their ORCID record, what is due, and what can be done. Secrets are not among it.

use raid_model::OrcidId;
use raid_model::permission::{ContactBudget, PermissionState};
use raid_model::trust::Gate;
use serde::Serialize;
use store::contributor_states::ContributorState;
use store::memberships::{Membership, State as EntryState};
use store::permission_requests::{PermissionRequestRow, State as RequestState};
use store::tasks::{self, Queued};
use store::{StoreError, Timestamp};

use crate::asking::Asking;
use crate::endpoints::history::moment;

/// A contributor of a RAiD. Moments are in RFC 3339.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContributorView {
    /// What can be done now.
    pub actions: Vec<ActionView>,
    /// Whether the RAiD names them.
    pub contributes: bool,
    /// The entry on their ORCID record.
    pub entry: EntryView,
    /// The RAiD.
    pub handle: String,
    /// The last notification that they were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<NotificationView>,
    /// Who.
    pub orcid: OrcidId,
    /// What they answered.
    pub permission: PermissionView,
}

/// What a person answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionView {
    /// When it was said that they are not part of the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclaimed_at: Option<String>,
    /// Whether they signed in at ORCID to say so. If not, anybody who has their link may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclaimer_confirmed: Option<bool>,
    /// The record that theirs was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<OrcidId>,
    /// What the state means.
    pub reason: String,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The state's name.
    pub state: &'static str,
    /// What is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskView>,
}

/// What stands on a person's record for a RAiD.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryView {
    /// ORCID's number of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_code: Option<i64>,
    /// What the state means.
    pub reason: &'static str,
    /// Why ORCID does not remove an entry that has to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// The state's name.
    pub state: &'static str,
    /// What is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskView>,
    /// When it was last written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written_at: Option<String>,
}

/// The notification in a person's ORCID inbox.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationView {
    /// When it was answered or archived, or was gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<String>,
    /// Whether the person opened it, as far as we know.
    pub read: bool,
    /// When it was sent.
    pub sent_at: String,
    /// Where it stands.
    pub state: &'static str,
}

/// Work that is due.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    /// How often it was tried since it last succeeded.
    pub attempts: i32,
    /// When it is tried next; none if it is dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
    /// Why the last try failed, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reason: Option<String>,
    /// `due`, or `dead`: it cannot heal by itself, and needs an operator.
    pub state: &'static str,
    /// Whether it waits for ORCID to come back.
    pub waits_for_orcid: bool,
}

/// What can be done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionView {
    /// Its name.
    pub action: &'static str,
    /// What it means, in a sentence.
    pub text: String,
}

impl ContributorView {
    /// What is known of a contributor, at `now`. Without a budget the agency asks nobody.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if a moment cannot be written.
    pub fn of(
        known: &ContributorState,
        budget: Option<&ContactBudget>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            actions: actions(known, budget, now)?,
            contributes: known.contributes,
            entry: EntryView::of(known)?,
            handle: known.handle.to_string(),
            notification: known
                .requests
                .first()
                .map(NotificationView::of)
                .transpose()?,
            orcid: known.orcid,
            permission: PermissionView::of(known)?,
        })
    }
}

fn state_of(known: &ContributorState) -> PermissionState {
    let permission = known.permission.as_ref();
    permission.map_or(PermissionState::Unasked, |it| it.state)
}

impl PermissionView {
    fn of(known: &ContributorState) -> Result<Self, StoreError> {
        let (state, row) = (state_of(known), known.permission.as_ref());
        let disclaimer = known.disclaimer;
        let mut reason = meaning(state).to_owned();
        if let Some(detail) = row.and_then(|row| row.reason.as_deref()) {
            reason = format!("{reason} ({detail})");
        }
        Ok(Self {
            disclaimed_at: disclaimer.map(|it| moment(it.said_at)).transpose()?,
            disclaimer_confirmed: disclaimer.map(|it| it.confirmed),
            merged_into: merged_into(known),
            reason,
            since: row.map(|row| moment(row.since)).transpose()?,
            state: state.as_str(),
            task: TaskView::of(known.permission_task.as_ref())?,
        })
    }
}

/// The record that theirs was merged into.
fn merged_into(known: &ContributorState) -> Option<OrcidId> {
    let row = known.permission.as_ref()?;
    let primary = row.primary_orcid.as_ref()?;
    (row.state == PermissionState::Deprecated).then(|| *primary.get())
}

fn meaning(state: PermissionState) -> &'static str {
    match state {
        PermissionState::Unasked => "They are to be asked.",
        PermissionState::Asked => "They were asked, and have not answered yet.",
        PermissionState::Granted => "They granted permission.",
        PermissionState::Suspect => {
            "They granted permission, but ORCID refused it; whether they withdrew it is being \
             checked."
        }
        PermissionState::Denied => "They said that they do not want to be asked.",
        PermissionState::Ignored => "They archived or closed the question, or never answered it.",
        PermissionState::Revoked => "They withdrew their permission at ORCID.",
        PermissionState::Disconnected => "They withdrew their permission on the agency's page.",
        PermissionState::Unreachable => {
            "ORCID does not know the iD, or the person takes no notifications."
        }
        PermissionState::Deactivated => "Their ORCID record is deactivated.",
        PermissionState::Deprecated => "Their ORCID record was merged into another one.",
        PermissionState::Locked => "ORCID locked their record.",
    }
}

impl EntryView {
    fn of(known: &ContributorState) -> Result<Self, StoreError> {
        let entry = known.membership.as_ref();
        let (state, reason) = entry_state(known, entry);
        Ok(Self {
            put_code: entry.and_then(|it| it.put_code),
            reason,
            refusal: entry.and_then(|it| it.refusal.clone()),
            state,
            task: TaskView::of(known.membership_task.as_ref())?,
            written_at: entry.and_then(|it| it.written_at).map(moment).transpose()?,
        })
    }
}

fn entry_state(
    known: &ContributorState,
    entry: Option<&Membership>,
) -> (&'static str, &'static str) {
    const PENDING: (&str, &str) = ("pending", "It is about to be written.");
    let stands = entry.is_some_and(|it| {
        !matches!(
            it.state,
            EntryState::Deleted | EntryState::RemovedByResearcher
        )
    });
    match known.naming.map(|naming| naming.gate).filter(|_| !stands) {
        Some(Gate::Stopped) => {
            return (
                "stopped",
                "This person does not want entries from this service point.",
            );
        }
        Some(Gate::Held(because)) => return ("held", because.text()),
        _ => {}
    }
    match entry.map(|it| (it.state, it)) {
        Some((EntryState::Posting, _)) => PENDING,
        Some((EntryState::Deleting, _)) => ("removing", "It is about to be removed."),
        Some((EntryState::RemovedByResearcher, _)) => (
            "removed_by_researcher",
            "They removed it themselves; it comes back only if they grant permission again.",
        ),
        Some((EntryState::Written, it)) if it.refusal.is_some() => (
            "left_behind",
            "It has to go, and ORCID does not let us remove it.",
        ),
        Some((EntryState::Written, it)) if it.document_hash.is_none() => {
            ("updating", "It stands, and is about to be written again.")
        }
        Some((EntryState::Written, _)) => ("written", "It stands on their record."),
        Some((EntryState::Deleted, _)) | None => {
            let is_granted = state_of(known) == PermissionState::Granted;
            if known.membership_task.is_some() && is_granted && known.contributes {
                PENDING
            } else {
                ("none", "Nothing of ours stands on their record.")
            }
        }
    }
}

impl NotificationView {
    fn of(row: &PermissionRequestRow) -> Result<Self, StoreError> {
        Ok(Self {
            closed_at: row.closed_at.map(moment).transpose()?,
            read: row.read_at.is_some(),
            sent_at: moment(row.asked_at)?,
            state: match row.state {
                RequestState::Posting => "sending",
                RequestState::Open => "open",
                RequestState::Withdrawing => "archiving",
                RequestState::Closed => "closed",
            },
        })
    }
}

impl TaskView {
    fn of(task: Option<&Queued>) -> Result<Option<Self>, StoreError> {
        let Some(task) = task else {
            return Ok(None);
        };
        let is_due = task.state == tasks::State::Due;
        Ok(Some(Self {
            attempts: task.attempts,
            due_at: is_due.then(|| moment(task.due_at)).transpose()?,
            last_reason: task.last_error.clone(),
            state: task.state.as_str(),
            waits_for_orcid: task.waits_for_orcid,
        }))
    }
}

fn actions(
    known: &ContributorState,
    budget: Option<&ContactBudget>,
    now: Timestamp,
) -> Result<Vec<ActionView>, StoreError> {
    let mut actions = Vec::new();
    let mut can = |action, text: String| actions.push(ActionView { action, text });
    let is_dead = |task: &Option<Queued>| {
        task.as_ref()
            .is_some_and(|task| task.state == tasks::State::Dead)
    };
    if is_dead(&known.permission_task) || is_dead(&known.membership_task) {
        can(
            "call-operator",
            "Work about them cannot go on by itself: an operator of the agency has to look at it."
                .to_owned(),
        );
    }
    match Asking::of(known, budget, now) {
        Asking::Possible => can("ask", "They can be asked again.".to_owned()),
        Asking::UnderWay(how) => can("wait", how.to_owned()),
        Asking::NotBefore(from) => {
            let from = moment(from)?;
            can("wait", format!("They can be asked again from {from} on."));
        }
        Asking::Refused(why) => match state_of(known) {
            // Nothing needs to be done.
            PermissionState::Granted if known.contributes && known.disclaimer.is_none() => {}
            _ => can("wait", why.to_owned()),
        },
    }
    if known.contributes {
        if let Some(primary) = merged_into(known) {
            can(
                "accept-merge",
                format!("Their iD can be replaced by {primary}, which it was merged into."),
            );
        }
        if known.disclaimer.is_some() || !may_come_right(state_of(known)) {
            let text = "They can be removed from the RAiD.";
            can("remove", text.to_owned());
        }
    }
    Ok(actions)
}

/// Whether a person's state lets hope for an entry without a further word from them.
fn may_come_right(state: PermissionState) -> bool {
    match state {
        PermissionState::Unasked
        | PermissionState::Asked
        | PermissionState::Granted
        | PermissionState::Suspect
        | PermissionState::Locked => true,
        PermissionState::Denied
        | PermissionState::Ignored
        | PermissionState::Revoked
        | PermissionState::Disconnected
        | PermissionState::Unreachable
        | PermissionState::Deactivated
        | PermissionState::Deprecated => false,
    }
}
