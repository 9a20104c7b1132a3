//! The entry that should stand on a contributor's ORCID record for a RAiD.

mod step;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::{Contributor, Handle, OrcidId, PartialDate, Raid, Title};

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
    /// When the contribution began. As precise as `end`, if both are there.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipPolicy {
    /// Whether embargoed RAiDs are written too.
    pub write_embargoed: bool,
}

/// Characters that ORCID takes in a title or role (common-3.0.xsd).
const LONGEST_TEXT: usize = 4000;

/// Years that ORCID takes (common-3.0.xsd).
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;

impl MembershipDocument {
    /// The entry for a contributor, or none if there should be none: the iD contributes nothing,
    /// or the RAiD is embargoed and the policy keeps those off records.
    ///
    /// `today` decides which title is in force.
    pub fn for_contributor(
        raid: &Raid,
        orcid: &OrcidId,
        policy: MembershipPolicy,
        today: Date,
    ) -> Option<Self> {
        if raid.access.is_embargoed() && !policy.write_embargoed {
            return None;
        }
        let contributor = raid.contributor(orcid)?;
        let handle = raid.handle().clone();
        let raid_url = raid.identifier.id.to_string();
        let (start, end) = period(contributor);
        let landing_page = raid
            .identifier
            .raid_agency_url
            .as_deref()
            .and_then(filled_line);
        Some(Self {
            title: raid.title_on(today),
            role_title: role_title(contributor),
            start,
            end,
            url: landing_page.unwrap_or_else(|| raid_url.clone()),
            handle,
            raid_url,
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

impl Raid {
    /// What the project is called on that day, on one line: the primary title in force. Validation
    /// lets no blank title through; the handle stands in for one that cleaning has emptied.
    pub fn title_on(&self, today: Date) -> String {
        title_in_force(&self.title, today)
            .and_then(|title| title.text.as_deref())
            .and_then(filled_line)
            .unwrap_or_else(|| self.handle().to_string())
    }
}

/// The primary title of today; else the one that began last; else the first.
fn title_in_force(titles: &[Title], today: Date) -> Option<&Title> {
    let begun =
        |title: &&Title| date(title.start_date.as_deref()).is_some_and(|d| d.first_day() <= today);
    let ended =
        |title: &&Title| date(title.end_date.as_deref()).is_some_and(|d| d.last_day() < today);
    let primary = || titles.iter().filter(|title| title.is_primary());
    latest(primary().filter(begun).filter(|title| !ended(title)))
        .or_else(|| latest(primary().filter(begun)))
        .or_else(|| primary().next())
        .or(titles.first())
}

/// The title that begins last.
fn latest<'a>(titles: impl Iterator<Item = &'a Title>) -> Option<&'a Title> {
    titles.max_by_key(|title| date(title.start_date.as_deref()).map(|d| d.first_day()))
}

/// The date that a text writes, if it writes one.
fn date(text: Option<&str>) -> Option<PartialDate> {
    text?.parse().ok()
}

/// From the first start of the contributor's positions to the last end, open if one is open.
fn period(contributor: &Contributor) -> (Option<PartialDate>, Option<PartialDate>) {
    let positions = contributor.positions();
    let start = positions
        .iter()
        .filter_map(|position| date(position.start_date.as_deref()))
        .min_by_key(PartialDate::first_day);
    let ends: Option<Vec<PartialDate>> = positions
        .iter()
        .map(|position| date(position.end_date.as_deref()))
        .collect();
    let end = ends
        .unwrap_or_default()
        .into_iter()
        .max_by_key(PartialDate::last_day);

    let writable = |date: &PartialDate| YEARS.contains(&date.year());
    match (start.filter(writable), end.filter(writable)) {
        (Some(start), Some(end)) => {
            // ORCID compares dates as text with 00 for what is missing, so that 2021-05 would come
            // after 2021. At equal precision it cannot.
            let precision = start.precision().min(end.precision());
            let (start, end) = (start.reduce_to(precision), end.reduce_to(precision));
            (Some(start).filter(|start| *start <= end), Some(end))
        }
        dates => dates,
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

/// The text on one line, if there is anything left of it.
fn filled_line(text: &str) -> Option<String> {
    Some(one_line(text)).filter(|line| !line.is_empty())
}

/// The text on one line: runs of white space become one space, characters that XML 1.0 forbids and
/// control characters go, and it ends at ORCID's length.
fn one_line(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let mut characters = word.chars().filter(allowed).peekable();
        if characters.peek().is_some() && !line.is_empty() {
            line.push(' ');
        }
        line.extend(characters);
    }
    if let Some((end, _)) = line.char_indices().nth(LONGEST_TEXT) {
        line.truncate(end);
        line.truncate(line.trim_end().len());
    }
    line
}

#[cfg(test)]
mod tests;
