//! How people are asked.

use raid_model::membership::MembershipPolicy;
use raid_model::permission::PermissionRules;
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
    /// How long the link in a notification is valid. ORCID archives notifications after 181 days.
    pub link_lifetime: Duration,
    /// How long somebody may take between leaving for ORCID and coming back.
    pub visit_lifetime: Duration,
    /// Waits and bounds of a permission's life.
    pub rules: PermissionRules,
    /// How many messages about service points that are new to them a person gets at most in one window of
    /// the contact budget.
    pub announcements: u32,
    /// So many objections to a service point in a day are an alarm; 0 is never one.
    pub objections_alarm: u32,
    /// What is written to ORCID records after a grant.
    pub membership: MembershipPolicy,
}
