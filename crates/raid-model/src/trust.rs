//! How far a service point is trusted, and which of the people it names are held back.
//!
//! A permission that a person gave is for all of their projects, so any service point could use it.
//! Trust, quotas and the person's own objection decide whether a service point may: pure functions
//! of what is known.

use std::fmt;
use std::str::FromStr;

/// How far a service point is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Its entries follow a standing permission.
    Auto,
    /// As [`Self::Auto`], and a person is informed when it uses their permission for the first time.
    Notify,
    /// Its questions and new entries wait for release by an operator.
    Hold,
}

impl Trust {
    /// Every value, the most trusted first.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Notify, Self::Hold];

    /// Its name in the database, the API and the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Notify => "notify",
            Self::Hold => "hold",
        }
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no [`Trust`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of auto, notify, hold")]
pub struct UnknownTrust(String);

impl FromStr for Trust {
    type Err = UnknownTrust;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|trust| trust.as_str() == text);
        found.copied().ok_or_else(|| UnknownTrust(text.to_owned()))
    }
}

crate::serde_text::serde_as_text!(Trust);

/// Where a person stands whom a service point named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NamingState {
    /// The service point may ask them, and write entries.
    Admitted,
    /// Held by the service point's quota of new people a day.
    HeldByDay,
    /// Held since the RAiD that named them first names many new people.
    HeldByRaid,
    /// They want no entries from this service point.
    Stopped,
}

impl NamingState {
    /// Every value.
    pub const ALL: [Self; 4] = [
        Self::Admitted,
        Self::HeldByDay,
        Self::HeldByRaid,
        Self::Stopped,
    ];

    /// Its name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::HeldByDay => "held_day",
            Self::HeldByRaid => "held_raid",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for NamingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no [`NamingState`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state of a naming")]
pub struct UnknownNamingState(String);

impl FromStr for NamingState {
    type Err = UnknownNamingState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|state| state.as_str() == text);
        found
            .copied()
            .ok_or_else(|| UnknownNamingState(text.to_owned()))
    }
}

/// Why a question or entry waits for release by an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeldBecause {
    /// The service point named more new people than its quota of a day.
    Day,
    /// The RAiD names many people who are new to the service point.
    Raid,
    /// All of the service point's waits.
    Trust,
}

impl HeldBecause {
    /// Its name in metrics and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Raid => "raid",
            Self::Trust => "trust",
        }
    }

    /// What it means, in a sentence.
    pub fn text(self) -> &'static str {
        match self {
            Self::Day => {
                "It waits: the service point named more new people in a day than the agency \
                 takes at once. It goes on by itself within the next days, or when an operator \
                 releases it."
            }
            Self::Raid => {
                "It waits for an operator of the agency to release it: the RAiD names many \
                 people whom the service point had not named before."
            }
            Self::Trust => {
                "It waits for an operator of the agency to release it, as everything new from \
                 this service point does."
            }
        }
    }
}

/// Whether a service point may ask a person about a project, and write the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gate {
    /// It may.
    Open,
    /// The service point names the person for the first time; that is still to be looked at.
    New,
    /// Not before it is released. What stands on the record already follows as always.
    Held(HeldBecause),
    /// The person wants no entries from this service point.
    Stopped,
}

impl Gate {
    /// Decides by the service point's trust, by what is known of the person there, and by whether an
    /// operator released this contribution.
    pub fn of(trust: Trust, naming: Option<NamingState>, is_released: bool) -> Self {
        match (naming, is_released) {
            (Some(NamingState::Stopped), _) => Self::Stopped,
            (_, false) if trust == Trust::Hold => Self::Held(HeldBecause::Trust),
            (None, _) => Self::New,
            (Some(NamingState::HeldByDay), false) => Self::Held(HeldBecause::Day),
            (Some(NamingState::HeldByRaid), false) => Self::Held(HeldBecause::Raid),
            (Some(_), _) => Self::Open,
        }
    }

    /// Whether the question and the entry wait.
    pub fn waits(self) -> bool {
        matches!(self, Self::New | Self::Held(_))
    }
}

/// How many strangers a service point may reach; 0 is no limit. Days are those of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quotas {
    /// People whom a service point names for the first time, a day. Others are held.
    pub new_people_per_day: u32,
    /// New people in one RAiD. In a RAiD with more all of them are held.
    pub new_people_per_raid: u32,
    /// Mails of invitations by a service point, a day.
    pub mails_per_day: u32,
    /// Mails of invitations to one address, a day, by all service points.
    pub mails_per_address_per_day: u32,
    /// People who object to a service point in a day before the operators are alarmed.
    pub objections_alarm: u32,
}

/// What becomes of people whom a service point names for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// How many of them are admitted: the first ones.
    pub admitted: usize,
    /// The state of the others.
    pub others: NamingState,
}

impl Quotas {
    /// Decides about `new` people of a RAiD of which `on_raid` are new to the service point in all,
    /// after `today` others were admitted.
    pub fn admit(&self, new: usize, on_raid: usize, today: i32) -> Admission {
        let per_raid = usize::try_from(self.new_people_per_raid).unwrap_or(usize::MAX);
        if per_raid > 0 && on_raid > per_raid {
            return Admission {
                admitted: 0,
                others: NamingState::HeldByRaid,
            };
        }
        Admission {
            admitted: new.min(self.left_today(today)),
            others: NamingState::HeldByDay,
        }
    }

    /// How many more new people are admitted, after `today` others were.
    pub fn left_today(&self, today: i32) -> usize {
        if self.new_people_per_day == 0 {
            return usize::MAX;
        }
        let today = u32::try_from(today).unwrap_or_default();
        let left = self.new_people_per_day.saturating_sub(today);
        usize::try_from(left).unwrap_or(usize::MAX)
    }
}

/// Whether a counter has reached a limit; 0 is no limit.
pub fn is_used_up(limit: u32, used: i32) -> bool {
    limit > 0 && u32::try_from(used).is_ok_and(|used| used >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_counts_before_all() {
        for trust in Trust::ALL {
            for is_released in [false, true] {
                let gate = Gate::of(trust, Some(NamingState::Stopped), is_released);
                assert_eq!(gate, Gate::Stopped, "{trust} {is_released}");
            }
        }
    }

    #[test]
    fn everything_new_of_a_held_service_point_waits_for_release() {
        for naming in [None, Some(NamingState::Admitted)] {
            let held = Gate::of(Trust::Hold, naming, false);
            assert_eq!(held, Gate::Held(HeldBecause::Trust));
        }
        let released = Gate::of(Trust::Hold, Some(NamingState::Admitted), true);
        assert_eq!(released, Gate::Open);
    }

    #[test]
    fn a_release_overrides_the_quotas() {
        for (naming, because) in [
            (NamingState::HeldByDay, HeldBecause::Day),
            (NamingState::HeldByRaid, HeldBecause::Raid),
        ] {
            for trust in [Trust::Auto, Trust::Notify] {
                assert_eq!(
                    Gate::of(trust, Some(naming), false),
                    Gate::Held(because),
                    "{trust}"
                );
                assert_eq!(Gate::of(trust, Some(naming), true), Gate::Open, "{trust}");
                assert_eq!(Gate::of(trust, None, false), Gate::New, "{trust}");
            }
        }
    }

    #[test]
    fn quotas_admit_the_first_ones() {
        let quotas = Quotas {
            new_people_per_day: 10,
            new_people_per_raid: 5,
            ..Quotas::default()
        };
        let by_day = |admitted| Admission {
            admitted,
            others: NamingState::HeldByDay,
        };
        assert_eq!(quotas.admit(5, 5, 0), by_day(5));
        assert_eq!(quotas.admit(5, 5, 7), by_day(3));
        assert_eq!(quotas.admit(5, 5, 10), by_day(0));
        let by_raid = Admission {
            admitted: 0,
            others: NamingState::HeldByRaid,
        };
        assert_eq!(quotas.admit(1, 6, 0), by_raid);
        assert_eq!(Quotas::default().admit(5000, 5000, 1_000_000), by_day(5000));
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for trust in Trust::ALL {
            assert_eq!(trust.to_string().parse(), Ok(trust));
        }
        for state in NamingState::ALL {
            assert_eq!(state.to_string().parse(), Ok(state));
        }
        assert!("".parse::<Trust>().is_err());
        assert!("Auto".parse::<Trust>().is_err());
    }
}
