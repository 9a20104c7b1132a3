//! A person, an agency, ORCID and a worker that crashes, in any order: when all is quiet, where the
//! person stands is what they last said, and their inbox says what is true.
//!
//! The worker reads, chooses by [`PermissionFacts::next_step`], acts on ORCID and writes by
//! compare-and-swap, and anything may happen between these.

mod worker;
mod world;

use proptest::prelude::*;

use super::super::*;
use worker::Phase;
use world::World;

/// Every event.
pub(super) const EVENTS: &[PermissionEvent] = &[
    PermissionEvent::QuestionPosted,
    PermissionEvent::QuestionWithdrawn,
    PermissionEvent::QuestionArchived,
    PermissionEvent::NoAnswer,
    PermissionEvent::AnswerOutdated,
    PermissionEvent::AskAgain,
    PermissionEvent::Granted,
    PermissionEvent::Denied,
    PermissionEvent::RequestClosed,
    PermissionEvent::TokenRefused,
    PermissionEvent::TokenAccepted,
    PermissionEvent::TokenFound,
    PermissionEvent::WithdrawalConfirmed,
    PermissionEvent::TokenGivenUp,
    PermissionEvent::ScopeMissing,
    PermissionEvent::LastProjectGone,
    PermissionEvent::Record(RecordEvent::Locked),
    PermissionEvent::Record(RecordEvent::Deactivated),
    PermissionEvent::Record(RecordEvent::Deprecated),
    PermissionEvent::Record(RecordEvent::Unknown),
    PermissionEvent::Record(RecordEvent::NotificationsRefused),
    PermissionEvent::Record(RecordEvent::Back),
    PermissionEvent::Record(RecordEvent::Emptied),
];

/// Something that happens.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// The worker goes on by one phase.
    Work,
    /// The worker's process dies, wherever it is.
    Crash,
    /// Hours go by.
    Hours(u32),
    Grants,
    /// The person signs in and says no.
    Denies,
    /// Somebody with the link sends a no that nobody signed.
    Closes,
    Archives,
    Reads,
    Revokes,
    /// The agency adds a project of the person's, or corrects its title.
    Writes(u8),
    /// The agency takes the person off a project.
    Removes(u8),
    /// ORCID begins or ends to refuse all tokens.
    Trouble(bool),
    Locks,
    Deactivates,
    /// A locked or deactivated record is used again.
    Reopens,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => Just(Happening::Work),
        1 => Just(Happening::Crash),
        3 => (1..800u32).prop_map(Happening::Hours),
        2 => Just(Happening::Grants),
        1 => Just(Happening::Denies),
        1 => Just(Happening::Closes),
        1 => Just(Happening::Archives),
        1 => Just(Happening::Reads),
        1 => Just(Happening::Revokes),
        4 => (0..3u8).prop_map(Happening::Writes),
        2 => (0..3u8).prop_map(Happening::Removes),
        1 => any::<bool>().prop_map(Happening::Trouble),
        1 => Just(Happening::Locks),
        1 => Just(Happening::Deactivates),
        2 => Just(Happening::Reopens),
    ]
}

/// Sequences of one run; `make fuzz` asks for more.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own switch, not the program's"
)]
fn cases() -> u32 {
    let configured = std::env::var("RAID_MODEL_CASES").ok();
    configured
        .and_then(|text| text.parse().ok())
        .unwrap_or(4_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_events_ends_in_the_one_right_state(
        happenings in prop::collection::vec(happening(), 1..60),
    ) {
        let mut world = World::new();
        let mut phase = Phase::Idle;
        for happening in happenings {
            match happening {
                Happening::Work => phase = phase.next(&mut world),
                Happening::Crash => phase = Phase::Idle,
                other => world.happens(other),
            }
            world.check_always();
        }
        world.happens(Happening::Trouble(false));
        world.happens(Happening::Reopens);
        // Long enough for every wait, budgets included.
        for _ in 0..80 {
            for _ in 0..10 {
                phase = phase.next(&mut world);
            }
            world.happens(Happening::Hours(7 * 24));
            world.check_always();
        }
        world.check_at_rest();
    }
}
