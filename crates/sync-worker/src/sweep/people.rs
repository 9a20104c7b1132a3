//! People whose permission nothing leads on.

use super::find::Find;
use super::place::Place;
use super::{PAGE, Page};
use raid_model::OrcidId;
use raid_model::permission::PermissionState;
use store::permission_requests::State as Question;
use store::sweep::{self, Person};
use store::{Conn, StoreError};

/// Looks at the next page of people.
pub(super) fn look(c: &mut Conn, after: Option<&OrcidId>) -> Result<Page, StoreError> {
    let people = sweep::people(c, after, PAGE)?;
    Ok(Page {
        finds: people.iter().filter_map(find).collect(),
        rows: people.len(),
        next: Some(match people.last() {
            Some(last) => Place::People(Some(last.orcid)),
            None => Place::Entries(None),
        }),
    })
}

/// What is wrong with a person.
fn find(person: &Person) -> Option<Find> {
    let state = person.state.unwrap_or(PermissionState::Unasked);
    if person.holds_token && !state.keeps_token() {
        return Some(Find::Token(person.orcid));
    }
    (has_a_next_step(person, state) && !person.is_watched).then_some(Find::Permission(person.orcid))
}

/// Whether `PermissionFacts::next_step` has something to do or to wait for, as far as the person's
/// row, tokens and question tell. Whether somebody has to be asked depends on their projects, which
/// are looked at as entries.
fn has_a_next_step(person: &Person, state: PermissionState) -> bool {
    let question = person.question;
    person.spent_tokens
        || match state {
            PermissionState::Asked
            | PermissionState::Granted
            | PermissionState::Suspect
            | PermissionState::Locked
            | PermissionState::Deactivated
            | PermissionState::Unreachable => true,
            PermissionState::Revoked => person.holds_token || question.is_some(),
            // An open question of somebody who never answered may stay, if nobody closed it.
            PermissionState::Ignored => match question {
                Some(Question::Open) => person.closed,
                question => question.is_some(),
            },
            PermissionState::Unasked | PermissionState::Denied | PermissionState::Disconnected => {
                question.is_some()
            }
            PermissionState::Deprecated => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(state: Option<PermissionState>) -> Person {
        Person {
            orcid: "0000-0002-1825-0097".parse().unwrap(),
            state,
            closed: false,
            holds_token: state.is_some_and(PermissionState::keeps_token),
            spent_tokens: false,
            question: None,
            is_watched: false,
        }
    }

    #[test]
    fn nobody_who_is_watched_is_found() {
        for state in PermissionState::ALL {
            let watched = Person {
                is_watched: true,
                spent_tokens: true,
                ..person(Some(*state))
            };
            assert_eq!(find(&watched), None, "{state}");
        }
    }

    #[test]
    fn whoever_rests_is_left_alone() {
        use PermissionState::{Denied, Deprecated, Disconnected, Ignored, Unasked};
        for state in [Unasked, Denied, Ignored, Disconnected, Deprecated] {
            assert_eq!(find(&person(Some(state))), None, "{state}");
        }
        let given_up = Person {
            holds_token: false,
            ..person(Some(PermissionState::Revoked))
        };
        assert_eq!(find(&given_up), None);
        let stays = Person {
            question: Some(Question::Open),
            ..person(Some(Ignored))
        };
        assert_eq!(find(&stays), None);
        let closed = Person {
            closed: true,
            ..stays
        };
        assert_eq!(find(&closed), Some(Find::Permission(closed.orcid)));
        assert_eq!(find(&person(None)), None);
    }

    #[test]
    fn whoever_has_a_next_step_needs_a_task() {
        for state in PermissionState::ALL {
            let spent = Person {
                spent_tokens: true,
                ..person(Some(*state))
            };
            assert_eq!(find(&spent), Some(Find::Permission(spent.orcid)), "{state}");
        }
        let foreign = Person {
            spent_tokens: true,
            ..person(None)
        };
        assert_eq!(find(&foreign), Some(Find::Permission(foreign.orcid)));
        let asked = person(Some(PermissionState::Asked));
        assert_eq!(find(&asked), Some(Find::Permission(asked.orcid)));
        let withdrawing = Person {
            question: Some(Question::Withdrawing),
            ..person(Some(PermissionState::Ignored))
        };
        assert_eq!(find(&withdrawing), Some(Find::Permission(asked.orcid)));
    }

    #[test]
    fn a_token_that_no_state_explains_is_found_before_all() {
        for state in PermissionState::ALL.iter().filter(|s| !s.keeps_token()) {
            let damaged = Person {
                holds_token: true,
                is_watched: true,
                ..person(Some(*state))
            };
            assert_eq!(find(&damaged), Some(Find::Token(damaged.orcid)), "{state}");
        }
    }
}
