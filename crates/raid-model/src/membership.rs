//! The entry that should stand on a contributor's ORCID record for a RAiD.

mod period;
mod step;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::text::clean_line;
use crate::{Addresses, Contributor, Handle, OrcidId, PartialDate, Raid};

pub use step::{Consent, Entry, Step};

/// What an ORCID membership says about one contributor of one RAiD.
///
/// All texts are fit for XML, on one line, not blank and within ORCID's length
/// (ORCID API v3.0, membership-3.0.xsd).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MembershipDocument {
    /// The project's title.
    pub title: String,
    /// The contributor's positions, then their `CRediT` roles.
    pub role_title: String,
    /// When the contribution began. Not after `end` in ORCID's order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<PartialDate>,
    /// When it ended; none while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<PartialDate>,
    /// The project's landing page.
    pub url: String,
    /// The RAiD.
    pub handle: Handle,
    /// The RAiD as a URL.
    pub raid_url: String,
}

/// What the agency wants written to ORCID records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipPolicy {
    /// Whether embargoed RAiDs are written too.
    pub write_embargoed: bool,
    /// Where entries link to.
    pub addresses: Addresses,
}

/// Characters that ORCID takes in a title or role (common-3.0.xsd).
pub(crate) const LONGEST_TEXT: usize = 4000;

impl MembershipDocument {
    /// The entry for a contributor, or none if there should be none: the iD contributes nothing,
    /// or the RAiD is embargoed and the policy keeps those off records.
    ///
    /// `today` decides which title is in force.
    pub fn for_contributor(
        raid: &Raid,
        orcid: &OrcidId,
        policy: &MembershipPolicy,
        today: Date,
    ) -> Option<Self> {
        if raid.access.is_embargoed() && !policy.write_embargoed {
            return None;
        }
        let contributor = raid.contributor(orcid)?;
        let (start, end) = period::entry_dates(contributor, &raid.date);
        let handle = raid.handle().clone();
        Some(Self {
            title: raid.title_on(today),
            role_title: role_title(contributor),
            start,
            end,
            url: one_line(&policy.addresses.landing_page(&handle)),
            raid_url: policy.addresses.raid_url(&handle),
            handle,
        })
    }

    /// The document as one text that is equal exactly when the document is; made to be hashed.
    pub fn canonical(&self) -> String {
        let date = |date: Option<PartialDate>| date.map(|d| d.to_string()).unwrap_or_default();
        // No part can hold a line break, so the parts cannot run into each other.
        [
            "membership 1",
            &one_line(&self.title),
            &one_line(&self.role_title),
            &date(self.start),
            &date(self.end),
            &one_line(&self.url),
            &self.handle.to_string(),
            &one_line(&self.raid_url),
        ]
        .join("\n")
    }
}

/// `Position, Position: Role, Role`.
fn role_title(contributor: &Contributor) -> String {
    let positions = distinct(
        contributor
            .positions()
            .iter()
            .filter_map(|position| position.id)
            .map(|id| id.label()),
    );
    let roles = distinct(
        contributor
            .roles()
            .iter()
            .filter_map(|role| role.id)
            .map(|id| id.label()),
    );
    match (positions.is_empty(), roles.is_empty()) {
        (true, true) => "Contributor".to_owned(),
        (true, false) => one_line(&roles),
        (false, true) => one_line(&positions),
        (false, false) => one_line(&format!("{positions}: {roles}")),
    }
}

/// The labels, each once, in their order, as a list.
fn distinct<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    let mut seen = Vec::new();
    for label in labels {
        if !seen.contains(&label) {
            seen.push(label);
        }
    }
    seen.join(", ")
}

/// The text as ORCID takes it in a title or role.
fn one_line(text: &str) -> String {
    clean_line(text, LONGEST_TEXT)
}

#[cfg(test)]
mod tests;
