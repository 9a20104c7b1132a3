//! How people are asked and how their answers are looked after, as the agency set it.

use std::time::Duration;

use time::PrimitiveDateTime;

/// Waits and bounds of a permission's life.
#[derive(Debug, Clone)]
pub struct PermissionRules {
    /// After how long an unanswered question is looked at, and posted again while the budget lasts.
    pub remind_after: Duration,
    /// How often a person may be asked.
    pub budget: ContactBudget,
    /// How long a question waits for corrections and for the person's other projects.
    pub ask_delay: Duration,
    /// Waits between the tries of a refused token. After the last one the refusal is judged.
    pub confirm_after: Vec<Duration>,
    /// How long a refusal waits that cannot be judged: ORCID refuses others too.
    pub breaker_window: Duration,
    /// When the token of a withdrawn permission is tried again. After the last try it is given up.
    pub retry_revoked_after: Vec<Duration>,
    /// How often a standing permission is tried, to learn of its withdrawal.
    pub probe_every: Duration,
    /// When a locked, deactivated or unknown record is looked at again.
    pub recheck_after: Duration,
    /// How long the token of a person without projects is kept.
    pub forget_after: Duration,
}

/// How often a person may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContactBudget {
    /// Questions.
    pub requests: u32,
    /// In how long.
    pub window: Duration,
}

impl PermissionRules {
    /// How far back unanswered questions are counted before the person counts as not answering. The
    /// budget's window alone would let a slow pace of reminders go on for ever.
    pub fn silence_window(&self) -> Duration {
        let reminders = self.remind_after * self.budget.requests.saturating_mul(2);
        self.budget.window.max(reminders)
    }
}

impl ContactBudget {
    /// Notifications that may be posted in one window, with those that replaced an unread one. A
    /// RAiD that is edited every minute must not fill an inbox.
    pub fn most_posts(&self) -> u32 {
        const CORRECTIONS: u32 = 10;
        self.requests.saturating_add(CORRECTIONS)
    }

    /// From when on a person may be asked once more, who was sent these notifications, the newest
    /// first: when each was posted, and whether it counts. `None` if the agency asks nobody.
    pub fn open_from(&self, posts: &[(PrimitiveDateTime, bool)]) -> Option<PrimitiveDateTime> {
        let window = time::Duration::try_from(self.window).unwrap_or(time::Duration::MAX);
        // The last of so many has to leave the window first.
        let leaves = |at: Option<PrimitiveDateTime>| {
            at.map_or(PrimitiveDateTime::MIN, |at| at.saturating_add(window))
        };
        let last_counted = usize::try_from(self.requests.checked_sub(1)?).ok()?;
        let last_posted = usize::try_from(self.most_posts().checked_sub(1)?).ok()?;
        let mut counted = posts.iter().filter(|(_, counts)| *counts);
        let counted = counted.nth(last_counted).map(|(at, _)| *at);
        let posted = posts.get(last_posted).map(|(at, _)| *at);
        Some(leaves(counted).max(leaves(posted)))
    }

    /// The budget as people read it: `at most 3 times in 60 days`.
    pub fn in_words(&self) -> String {
        let times = match self.requests {
            0 | 1 => return "once".to_owned(),
            2 => "twice".to_owned(),
            n => format!("{n} times"),
        };
        format!("at most {times} in {}", in_words(self.window))
    }
}

/// A length of time as people read it, in its largest whole unit.
fn in_words(length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let (count, unit) = units
        .into_iter()
        .find(|(size, _)| seconds >= *size)
        .map_or((seconds.max(1), "second"), |(size, unit)| {
            (seconds.div_ceil(size), unit)
        });
    if count == 1 {
        format!("one {unit}")
    } else {
        format!("{count} {unit}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_budget_opens_when_the_first_of_so_many_leaves_the_window() {
        let window = Duration::from_hours(24 * 60);
        let budget = |requests| ContactBudget { requests, window };
        let day = |n| datetime!(2026-01-01 0:00) + time::Duration::days(n);
        let open_from = |requests, days: &[(i64, bool)]| {
            let posts: Vec<_> = days.iter().map(|(n, counts)| (day(*n), *counts)).collect();
            budget(requests).open_from(&posts)
        };
        let asked = [(50, true), (40, false), (30, true), (10, true)];
        assert_eq!(open_from(3, &asked), Some(day(70)));
        assert_eq!(open_from(2, &asked), Some(day(90)));
        assert_eq!(open_from(4, &asked), Some(PrimitiveDateTime::MIN));
        assert_eq!(open_from(0, &asked), None);
        // Corrections are bounded, too.
        let corrections: Vec<_> = (0..13).rev().map(|n| (n, false)).collect();
        assert_eq!(open_from(3, &corrections), Some(day(60)));
    }

    #[test]
    fn people_read_what_the_settings_say() {
        let words = |requests, days: u64| {
            let window = Duration::from_hours(24 * days);
            ContactBudget { requests, window }.in_words()
        };
        assert_eq!(words(1, 60), "once");
        assert_eq!(words(2, 1), "at most twice in one day");
        assert_eq!(words(3, 60), "at most 3 times in 60 days");
        assert_eq!(in_words(Duration::from_mins(90)), "2 hours");
        assert_eq!(in_words(Duration::from_secs(30)), "30 seconds");
    }
}
