//! What is known of a person, read in one go.

use super::PermissionReconciler;
use crate::request::{Projects, projects, wanted};
use raid_model::permission::{PermissionFacts, PermissionState, Question, QuestionState};
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;
use store::permission_requests::{self as requests, PermissionRequestRow};
use store::permissions::{self, Permission};
use store::{Conn, StoreError, grants, memberships};

/// Projects that an earlier question or answer is compared with. Whoever has more is taken to have
/// one of them.
const MOST_COMPARED: i64 = 200;

/// What is known of a person.
pub(super) struct Known {
    pub(super) permission: Permission,
    pub(super) facts: PermissionFacts,
    pub(super) request: Option<PermissionRequestRow>,
    /// What they would be asked for.
    pub(super) projects: Projects,
}

impl Known {
    pub(super) fn orcid(&self) -> OrcidId {
        *self.permission.orcid.get()
    }
}

impl PermissionReconciler {
    pub(super) async fn load(&self, orcid: OrcidId) -> Result<Option<Known>, StoreError> {
        let now = self.now();
        let rules = &self.settings.rules;
        let (policy, window) = (self.settings.membership.clone(), now - rules.budget.window);
        let silence = now - rules.silence_window();
        self.store
            .read(move |c| {
                let Some(permission) = permissions::find(c, &orcid)? else {
                    return Ok(None);
                };
                // Of whoever is not asked, the projects need not be read.
                let projects = if may_be_asked(permission.state) {
                    projects(c, &orcid, &policy, now.date())?
                } else {
                    Projects::none()
                };
                let theirs = Theirs::load(c, &orcid)?;
                let request = requests::current(c, &orcid)?;
                let (asked, posted) = requests::count_since(c, &orcid, window)?;
                let (unanswered, _) = requests::count_since(c, &orcid, silence)?;
                let (holds_token, spent_tokens) = grants::held(c, &orcid)?;
                let facts = PermissionFacts {
                    state: permission.state,
                    since: permission.since,
                    looked_at: permission.updated_at,
                    refusals: usize::try_from(permission.suspicions).unwrap_or_default(),
                    holds_token,
                    spent_tokens,
                    question: request
                        .as_ref()
                        .and_then(|r| question(r, &projects, &theirs)),
                    asked: u32::try_from(asked).unwrap_or(u32::MAX),
                    unanswered: u32::try_from(unanswered).unwrap_or(u32::MAX),
                    posted: u32::try_from(posted).unwrap_or(u32::MAX),
                    something_to_ask: !projects.listed.is_empty(),
                    contributes: theirs.many || !theirs.handles.is_empty(),
                    entries: memberships::stands(c, &orcid)?,
                    closed: permission.closed_at.is_some(),
                    answer_outdated: may_ask_again(&permission, &theirs, &projects),
                    idle_since: permission.idle_since,
                };
                Ok(Some(Known {
                    permission,
                    facts,
                    request,
                    projects,
                }))
            })
            .await
    }
}

fn may_ask_again(permission: &Permission, theirs: &Theirs, projects: &Projects) -> bool {
    let listed = projects.listed.iter().map(|listed| &listed.entry.handle);
    !theirs.many && permission.is_answer_outdated(&theirs.handles)
        || permission.is_more_since_closed(listed)
}

fn may_be_asked(state: PermissionState) -> bool {
    matches!(
        state,
        PermissionState::Unasked
            | PermissionState::Asked
            | PermissionState::Denied
            | PermissionState::Ignored
    )
}

/// A person's projects, as far as they are compared.
struct Theirs {
    handles: BTreeSet<Handle>,
    /// Whether there are more.
    many: bool,
}

impl Theirs {
    fn load(c: &mut Conn, orcid: &OrcidId) -> Result<Self, StoreError> {
        let (handles, many) = wanted(c, orcid, MOST_COMPARED)?;
        Ok(Self { handles, many })
    }
}

/// Whether the person contributes to anything that they want to see on their record.
pub(super) fn contributes(c: &mut Conn, orcid: &OrcidId) -> Result<bool, StoreError> {
    let theirs = Theirs::load(c, orcid)?;
    Ok(theirs.many || !theirs.handles.is_empty())
}

fn question(
    request: &PermissionRequestRow,
    projects: &Projects,
    theirs: &Theirs,
) -> Option<Question> {
    let state = match request.state {
        requests::State::Posting => QuestionState::Posting,
        requests::State::Open => QuestionState::Open,
        requests::State::Withdrawing => QuestionState::Withdrawing,
        requests::State::Closed => return None,
    };
    Some(Question {
        state,
        asked_at: request.asked_at,
        is_true: projects.is_true(request.says.as_deref()),
        read: request.read_at.is_some(),
        concerns_them: theirs.many || request.names_one_of(&theirs.handles),
    })
}
