//! A membership: what a client may say about it, and what stands on the record.

mod json;
mod read;
mod rules;
mod write;

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
    let keys = |m: &Membership| -> Vec<(String, String)> {
        let groups = |id: &&ExternalId| {
            matches!(
                id.relationship.as_deref(),
                None | Some("self" | "version-of")
            )
        };
        let ids = m.affiliation.external_ids.iter().filter(groups);
        ids.map(|id| (id.kind.to_lowercase(), id.normalized()))
            .collect()
    };
    let mut groups: Vec<Vec<&Membership>> = Vec::new();
    for &membership in memberships {
        let own = keys(membership);
        let same = groups.iter_mut().find(|group| {
            group
                .iter()
                .any(|other| keys(other).iter().any(|k| own.contains(k)))
        });
        match same {
            Some(group) => group.push(membership),
            None => groups.push(vec![membership]),
        }
    }
    groups.sort_by_key(|group| {
        std::cmp::Reverse(group.iter().map(|m| (m.modified, m.put_code)).max())
    });
    groups
}

#[cfg(test)]
mod tests;
