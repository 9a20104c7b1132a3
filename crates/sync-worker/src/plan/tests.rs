//! The next step, for every combination of what should be and what is.

use super::{Step, plan};
use crate::facts::Facts;
use proptest::prelude::*;
use raid_model::membership::MembershipDocument;
use raid_model::permission::PermissionState;
use raid_model::trust::{Gate, HeldBecause};
use store::AsText;
use store::memberships::{Membership, State};
use store::namings::Naming;

use time::macros::datetime;

fn document(title: &str) -> MembershipDocument {
    MembershipDocument {
        title: title.to_owned(),
        role_title: "Co-investigator".to_owned(),
        start: "2024-03".parse().ok(),
        end: None,
        url: "https://agency.example/raids/10.82841/abc".to_owned(),
        handle: "10.82841/abc".parse().unwrap(),
        raid_url: "https://raid.org/10.82841/abc".to_owned(),
    }
}

fn entry(state: State, put_code: Option<i64>, known: Option<&MembershipDocument>) -> Membership {
    Membership {
        orcid: AsText::from(
            "0000-0002-1825-0097"
                .parse::<raid_model::OrcidId>()
                .unwrap(),
        ),
        handle: AsText::from("10.82841/abc".parse::<raid_model::Handle>().unwrap()),
        state,
        put_code,
        document_hash: known.map(MembershipDocument::hash),
        written_at: None,
        updated_at: datetime!(2026-01-01 00:00:00),
        refusal: None,
    }
}

fn granted(desired: Option<MembershipDocument>, actual: Option<Membership>) -> Step {
    plan(Facts {
        desired,
        naming: None,
        permission: PermissionState::Granted,
        actual,
    })
}

#[test]
fn each_pair_of_should_and_is_has_its_step() {
    let (old, new) = (document("old"), document("new"));
    let written = |known| Some(entry(State::Written, Some(7), known));
    assert_eq!(granted(Some(new.clone()), None), Step::Create(new.clone()));
    assert_eq!(granted(None, None), Step::Nothing);
    assert_eq!(
        granted(Some(new.clone()), written(Some(&new))),
        Step::Nothing
    );
    assert_eq!(
        granted(Some(new.clone()), written(Some(&old))),
        Step::Update(7, new.clone())
    );
    assert_eq!(
        granted(Some(new.clone()), written(None)),
        Step::Update(7, new.clone())
    );
    assert_eq!(granted(None, written(Some(&old))), Step::Delete(7));
    let deleted = || Some(entry(State::Deleted, None, None));
    assert_eq!(
        granted(Some(new.clone()), deleted()),
        Step::Create(new.clone())
    );
    assert_eq!(granted(None, deleted()), Step::Nothing);
    for desired in [None, Some(new)] {
        for in_doubt in [
            entry(State::Posting, None, None),
            entry(State::Deleting, Some(7), None),
        ] {
            assert_eq!(granted(desired.clone(), Some(in_doubt)), Step::Look);
        }
        let removed = Some(entry(State::RemovedByResearcher, None, None));
        assert_eq!(granted(desired, removed), Step::Nothing);
    }
}

#[test]
fn every_part_of_a_document_counts_in_its_hash() {
    let base = document("a");
    let changed = [
        MembershipDocument {
            title: "b".into(),
            ..base.clone()
        },
        MembershipDocument {
            role_title: "b".into(),
            ..base.clone()
        },
        MembershipDocument {
            start: None,
            ..base.clone()
        },
        MembershipDocument {
            end: "2025".parse().ok(),
            ..base.clone()
        },
        MembershipDocument {
            url: "b".into(),
            ..base.clone()
        },
        MembershipDocument {
            raid_url: "b".into(),
            ..base.clone()
        },
    ];
    for other in changed {
        assert_ne!(base.hash(), other.hash(), "{other:?}");
    }
    assert_eq!(base.hash(), base.clone().hash());
}

#[test]
fn what_stays_after_a_withdrawal_is_tried_again_with_a_new_grant_only() {
    let left = || {
        Some(Membership {
            refusal: Some("refused".to_owned()),
            ..entry(State::Written, Some(7), None)
        })
    };
    let step = |permission, desired| {
        plan(Facts {
            naming: None,
            desired,
            permission,
            actual: left(),
        })
    };
    assert_eq!(step(PermissionState::Revoked, None), Step::Nothing);
    assert_eq!(step(PermissionState::Granted, None), Step::Delete(7));
    let new = document("new");
    let update = Step::Update(7, new.clone());
    assert_eq!(step(PermissionState::Granted, Some(new)), update);
}

proptest! {
    /// Without a grant nothing is written or changed, whatever stands there.
    #[test]
    fn nothing_is_done_without_a_grant(
        permission in prop::sample::select(PermissionState::ALL),
        state in prop::sample::select(State::ALL),
        put_code in prop::option::of(1i64..),
        stands: bool,
        desired in prop::option::of("[a-z]{1,5}"),
    ) {
        let actual = stands.then(|| entry(state, put_code, None));
        let desired = desired.map(|title| document(&title));
        let step = plan(Facts { desired: desired.clone(), naming: None, permission, actual });
        match permission {
            PermissionState::Granted => {
                prop_assert!(!matches!(step, Step::AskFirst | Step::ReviewQuestion));
            }
            PermissionState::Unasked if desired.is_some() => {
                prop_assert_eq!(step, Step::AskFirst);
            }
            PermissionState::Asked | PermissionState::Denied | PermissionState::Ignored => {
                prop_assert_eq!(step, Step::ReviewQuestion);
            }
            // What has to go is tried once.
            PermissionState::Revoked if desired.is_none() => {
                prop_assert!(matches!(step, Step::Nothing | Step::Delete(_)));
            }
            _ => prop_assert_eq!(step, Step::Nothing),
        }
    }
}

/// What waits is neither asked for nor added; what stands follows and goes as always.
#[test]
fn what_waits_for_release_begins_nothing() {
    let (old, new) = (document("old"), document("new"));
    let step = |gate, permission, desired, actual| {
        plan(Facts {
            naming: Some(Naming {
                is_met: true,
                gate,
                had_entry: false,
            }),
            desired,
            permission,
            actual,
        })
    };
    let written = || Some(entry(State::Written, Some(7), Some(&old)));
    for gate in [Gate::New, Gate::Held(HeldBecause::Day)] {
        let held = |permission, desired, actual| step(gate, permission, desired, actual);
        let granted = PermissionState::Granted;
        assert_eq!(held(granted, Some(new.clone()), None), Step::Nothing);
        let unasked = PermissionState::Unasked;
        assert_eq!(held(unasked, Some(new.clone()), None), Step::Nothing);
        let update = Step::Update(7, new.clone());
        assert_eq!(held(granted, Some(new.clone()), written()), update);
        assert_eq!(held(granted, None, written()), Step::Delete(7));
    }
    let open = step(
        Gate::Open,
        PermissionState::Granted,
        Some(new.clone()),
        None,
    );
    assert_eq!(open, Step::Create(new));
}
