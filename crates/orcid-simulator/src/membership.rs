//! A membership: what a client may say about it, and what stands on the record.

mod json;
mod read;
mod rules;
mod write;

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub(crate) use json::{list_json, membership_json, summary_json};
pub(crate) use read::{notification_external_id, read_membership};
pub(crate) use rules::{Organizations, check, duplicate_of};
pub(crate) use write::{list_xml, membership_xml, summary_xml, write_list, write_source};

/// The part of a membership that its source writes (ORCID API v3.0, type `common:affiliation`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Affiliation {
    pub(crate) department_name: Option<String>,
    pub(crate) role_title: Option<String>,
    pub(crate) start_date: Option<FuzzyDate>,
    pub(crate) end_date: Option<FuzzyDate>,
    pub(crate) organization: Option<Organization>,
    pub(crate) url: Option<String>,
    pub(crate) external_ids: Vec<ExternalId>,
}

/// A date of year, month or day precision, each part spelled as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FuzzyDate {
    pub(crate) year: String,
    pub(crate) month: Option<String>,
    pub(crate) day: Option<String>,
}

impl FuzzyDate {
    /// `2024`, `2024-03` or `2024-03-01`.
    pub(crate) fn display(&self) -> String {
        [Some(&self.year), self.month.as_ref(), self.day.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join("-")
    }
}

/// An organisation with its address and, optionally, its identifier in a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Organization {
    pub(crate) name: String,
    pub(crate) city: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) disambiguated: Option<Disambiguated>,
}

/// An organisation's identifier in a registry such as ROR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Disambiguated {
    pub(crate) identifier: String,
    pub(crate) source: String,
}

/// An external identifier of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExternalId {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) url: Option<String>,
    pub(crate) relationship: Option<String>,
}

impl ExternalId {
    /// The value as it is compared and grouped: RAiD names are case-insensitive, nothing else is
    /// changed (a leading `https://raid.org/` stays).
    pub(crate) fn normalized(&self) -> String {
        if self.kind.eq_ignore_ascii_case("raid") {
            self.value.to_lowercase()
        } else {
            self.value.clone()
        }
    }

    /// Whether two identifiers of one type are equal once normalised.
    fn normalized_eq(&self, other: &Self) -> bool {
        if self.kind.eq_ignore_ascii_case("raid") {
            eq_ignore_case(&self.value, &other.value)
        } else {
            self.value == other.value
        }
    }

    /// Whether two identifiers mean the same, however type and value are spelled: stricter than
    /// ORCID's own comparison, so that doubles which slip past it can be counted.
    pub(crate) fn same_meaning(&self, other: &Self) -> bool {
        self.kind.eq_ignore_ascii_case(&other.kind)
            && eq_ignore_case(bare(&self.value), bare(&other.value))
    }
}

/// A RAiD without its resolver's address.
fn bare(value: &str) -> &str {
    const PREFIX: &str = "https://raid.org/";
    match value.split_at_checked(PREFIX.len()) {
        Some((prefix, handle)) if prefix.eq_ignore_ascii_case(PREFIX) => handle,
        _ => value,
    }
}

/// Compares without building lower-case copies: records can be long.
fn eq_ignore_case(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.to_lowercase() == b.to_lowercase()
}

/// Who may see an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everyone.
    #[default]
    Public,
    /// Trusted parties: clients with `/read-limited` and the source.
    Limited,
    /// The researcher and the source.
    Private,
}

impl Visibility {
    /// The value in ORCID's messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Limited => "limited",
            Self::Private => "private",
        }
    }
}

/// A membership on a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Membership {
    pub(crate) put_code: i64,
    pub(crate) source: Source,
    pub(crate) visibility: Visibility,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) modified: OffsetDateTime,
    pub(crate) affiliation: Affiliation,
}

/// The client that wrote an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) client_id: String,
    pub(crate) name: String,
}

/// Memberships that share a normalised `self` or `version-of` identifier are one group; the group
/// changed last comes first.
pub(crate) fn groups<'a>(memberships: &[&'a Membership]) -> Vec<Vec<&'a Membership>> {
    let mut groups: Vec<Vec<&Membership>> = Vec::new();
    let mut group_of: HashMap<(String, String), usize> = HashMap::new();
    for &membership in memberships {
        let keys: Vec<_> = membership
            .affiliation
            .external_ids
            .iter()
            .filter_map(key)
            .collect();
        let known = keys.iter().find_map(|key| group_of.get(key).copied());
        let group = known.unwrap_or(groups.len());
        match groups.get_mut(group) {
            Some(members) => members.push(membership),
            None => groups.push(vec![membership]),
        }
        group_of.extend(keys.into_iter().map(|key| (key, group)));
    }
    groups.sort_by_key(|group| Reverse(group.iter().map(|m| (m.modified, m.put_code)).max()));
    groups
}

/// What an identifier is grouped by.
fn key(id: &ExternalId) -> Option<(String, String)> {
    let counts = matches!(
        id.relationship.as_deref(),
        None | Some("self" | "version-of")
    );
    counts.then(|| (id.kind.to_lowercase(), id.normalized()))
}

#[cfg(test)]
mod tests;
