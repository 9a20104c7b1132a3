//! How people are asked.

use raid_model::membership::MembershipPolicy;
use std::time::Duration;
use url::Url;

/// How people are asked, and how their answers are looked after.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where this agency is reached from outside; the pages are below it.
    pub public_url: Url,
    /// The agency's name, as people know it.
    pub agency_name: String,
    /// Where people who have a question turn to: a mail address or a page.
    pub contact: String,
    /// Where people withdraw a permission at ORCID.
    pub trusted_parties_url: Url,
    /// How long the link in a notification stays good. ORCID deletes notifications after a year.
    pub link_lifetime: Duration,
    /// How long somebody may take between setting out for ORCID and coming back.
    pub visit_lifetime: Duration,
    /// After how long an unanswered request is looked at, and sent again while the budget lasts.
    pub remind_after: Duration,
    /// The contact budget: how many requests in one window.
    pub budget: Budget,
    /// How a refused token is confirmed.
    pub suspicion: Suspicion,
    /// How often a grant is tried out, to learn of its withdrawal.
    pub probe_every: Duration,
    /// When a locked or deactivated record is looked at again.
    pub recheck_after: Duration,
    /// What is written to ORCID records after a grant.
    pub membership: MembershipPolicy,
}

/// How often a person may be asked.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Requests.
    pub requests: u32,
    /// In how long.
    pub window: Duration,
}

/// How a refused token is confirmed before the permission counts as withdrawn.
#[derive(Debug, Clone)]
pub struct Suspicion {
    /// Waits between the tries; when all of them were refused, it is withdrawn.
    pub confirm_after: Vec<Duration>,
    /// When more people than this come under suspicion within the window, it is ORCID's trouble and
    /// nobody is downgraded.
    pub breaker_people: u32,
    /// The breaker's window.
    pub breaker_window: Duration,
}
