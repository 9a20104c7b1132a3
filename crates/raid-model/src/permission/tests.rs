//! The table of transitions, and a model of everything that can happen around it.

mod model;

use super::*;

#[test]
fn a_grant_counts_in_every_state() {
    for state in PermissionState::ALL {
        let after = state.after(PermissionEvent::Granted);
        assert_eq!(after, Ok(PermissionState::Granted), "{state}");
    }
}

#[test]
fn only_a_token_or_the_person_leads_to_granted() {
    for state in PermissionState::ALL {
        for event in model::EVENTS {
            let granted = state.after(*event) == Ok(PermissionState::Granted);
            let may = matches!(
                event,
                PermissionEvent::Granted | PermissionEvent::TokenAccepted
            ) || (*state == PermissionState::Granted
                && matches!(
                    event,
                    PermissionEvent::Denied | PermissionEvent::RequestClosed
                ));
            assert!(!granted || may, "{state} {event:?}");
        }
    }
}

#[test]
fn a_token_that_no_state_explains_is_tried() {
    for state in PermissionState::ALL {
        let event = PermissionEvent::TokenFound;
        let expected = if state.keeps_token() {
            Err(InvalidTransition {
                state: *state,
                event,
            })
        } else {
            Ok(PermissionState::Suspect)
        };
        assert_eq!(state.after(event), expected, "{state}");
    }
}

#[test]
fn a_no_is_not_asked_again_by_the_agency() {
    for state in [PermissionState::Denied, PermissionState::Disconnected] {
        let refused = state.after(PermissionEvent::AskAgain);
        let event = PermissionEvent::AskAgain;
        assert_eq!(refused, Err(InvalidTransition { state, event }));
    }
}

#[test]
fn what_nobody_signed_closes_a_question_and_nothing_else() {
    use PermissionState::{Asked, Ignored, Unasked};
    for state in PermissionState::ALL {
        let after = state.after(PermissionEvent::RequestClosed);
        let expected = match state {
            Unasked | Asked | Ignored => Ignored,
            other => *other,
        };
        assert_eq!(after, Ok(expected), "{state}");
    }
}

#[test]
fn a_person_who_granted_is_never_taken_to_ignore_us() {
    for state in [PermissionState::Granted, PermissionState::Suspect] {
        for event in [
            PermissionEvent::QuestionPosted,
            PermissionEvent::QuestionWithdrawn,
            PermissionEvent::QuestionArchived,
            PermissionEvent::NoAnswer,
        ] {
            assert!(state.after(event).is_err(), "{state} {event:?}");
        }
    }
}

#[test]
fn states_are_read_as_they_are_written() {
    for state in PermissionState::ALL {
        assert_eq!(state.to_string().parse(), Ok(*state));
    }
    assert!("Granted".parse::<PermissionState>().is_err());
}
