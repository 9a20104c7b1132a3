//! The limits that the RAiD metadata schema documents and the RAiD API does not check: the length
//! of texts, and one lead research organisation at a time. With them what deceives, see
//! [`deceptive`].
//!
//! A RAiD is minted only within them. On update, what breaks a limit and stood in the RAiD before
//! is let through with a warning, because records from before the limits must stay editable.

use std::collections::BTreeSet;

use time::Date;

use crate::validate::period::Period;
use crate::validate::{ErrorType, Failure, deceptive};
use crate::vocabulary::LEAD_RESEARCH_ORGANISATION;
use crate::{
    Access, AlternateIdentifier, AlternateUrl, Description, Organisation, Raid, RaidRequest,
    RelatedObject, SpatialCoverage, Subject, Title,
};

/// Longest title, in characters (RAiD metadata schema, title.text).
const LONGEST_TITLE: usize = 100;
/// Longest description, in characters (RAiD metadata schema, description.text).
const LONGEST_DESCRIPTION: usize = 1000;
/// Longest access statement, in characters (RAiD metadata schema, access.statement.text).
const LONGEST_STATEMENT: usize = 1000;

/// The blocks that have limits.
pub(super) struct Blocks<'a> {
    pub(super) access: Option<&'a Access>,
    pub(super) title: &'a [Title],
    pub(super) description: &'a [Description],
    pub(super) organisation: &'a [Organisation],
    pub(super) alternate_identifier: &'a [AlternateIdentifier],
    pub(super) alternate_url: &'a [AlternateUrl],
    pub(super) subject: &'a [Subject],
    pub(super) related_object: &'a [RelatedObject],
    pub(super) spatial_coverage: &'a [SpatialCoverage],
}

/// Something beyond a limit, and what it is wherever in a record it stands.
pub(super) struct Breach {
    pub(super) failure: Failure,
    pub(super) what: (&'static str, String),
}

/// What of a request is beyond a limit: what is new in it, and what stands in the RAiD already.
pub(super) fn breaches(
    request: &RaidRequest,
    current: Option<&Raid>,
) -> (Vec<Failure>, Vec<Failure>) {
    let standing: BTreeSet<_> = current
        .map(|raid| Blocks::of_raid(raid).breaches())
        .unwrap_or_default()
        .into_iter()
        .map(|breach| breach.what)
        .collect();
    let (new, old): (Vec<_>, Vec<_>) = Blocks::of_request(request)
        .breaches()
        .into_iter()
        .partition(|breach| !standing.contains(&breach.what));
    let failures = |breaches: Vec<Breach>| breaches.into_iter().map(|b| b.failure).collect();
    (failures(new), failures(old))
}

impl<'a> Blocks<'a> {
    fn of_request(request: &'a RaidRequest) -> Self {
        Self {
            access: request.access.as_ref(),
            title: request.title.as_deref().unwrap_or_default(),
            description: request.description.as_deref().unwrap_or_default(),
            organisation: request.organisation.as_deref().unwrap_or_default(),
            alternate_identifier: request.alternate_identifier.as_deref().unwrap_or_default(),
            alternate_url: request.alternate_url.as_deref().unwrap_or_default(),
            subject: request.subject.as_deref().unwrap_or_default(),
            related_object: request.related_object.as_deref().unwrap_or_default(),
            spatial_coverage: request.spatial_coverage.as_deref().unwrap_or_default(),
        }
    }

    fn of_raid(raid: &'a Raid) -> Self {
        Self {
            access: Some(&raid.access),
            title: &raid.title,
            description: raid.description.as_deref().unwrap_or_default(),
            organisation: raid.organisation.as_deref().unwrap_or_default(),
            alternate_identifier: raid.alternate_identifier.as_deref().unwrap_or_default(),
            alternate_url: raid.alternate_url.as_deref().unwrap_or_default(),
            subject: raid.subject.as_deref().unwrap_or_default(),
            related_object: raid.related_object.as_deref().unwrap_or_default(),
            spatial_coverage: raid.spatial_coverage.as_deref().unwrap_or_default(),
        }
    }

    fn breaches(&self) -> Vec<Breach> {
        let mut found = Vec::new();
        let statement = self.access.and_then(|access| access.statement.as_ref());
        if let Some(text) = statement.and_then(|statement| statement.text.as_deref()) {
            let field = "access.statement.text".to_owned();
            found.extend(too_long(field, "access", text, LONGEST_STATEMENT));
        }
        for (index, title) in self.title.iter().enumerate() {
            let text = title.text.as_deref().unwrap_or_default();
            let field = format!("title[{index}].text");
            found.extend(too_long(field, "title", text, LONGEST_TITLE));
        }
        for (index, description) in self.description.iter().enumerate() {
            let text = description.text.as_deref().unwrap_or_default();
            let field = format!("description[{index}].text");
            found.extend(too_long(field, "description", text, LONGEST_DESCRIPTION));
        }
        found.extend(self.leading_together());
        found.extend(deceptive::breaches(self));
        found
    }

    /// Organisations that lead while another one does. An end that is not given never comes; one
    /// may take over on the day on which the other ends.
    fn leading_together(&self) -> Vec<Breach> {
        let mut leads: Vec<Lead> = Vec::new();
        for (organisation, of) in self.organisation.iter().enumerate() {
            for (role, leading) in of.role.iter().flatten().enumerate() {
                let period =
                    Period::parse(leading.start_date.as_deref(), leading.end_date.as_deref())
                        .filter(|_| {
                            leading
                                .id
                                .is_some_and(|id| id.as_str() == LEAD_RESEARCH_ORGANISATION)
                        });
                if let Some(period) = period {
                    leads.push(Lead {
                        start: period.start,
                        end: period.end.unwrap_or(Date::MAX),
                        organisation,
                        role,
                    });
                }
            }
        }
        leads.sort_by_key(|lead| (lead.start, lead.end));
        let mut found = Vec::new();
        for (later, second) in leads.iter().enumerate() {
            let first = leads.iter().take(later).find(|first| {
                first.organisation != second.organisation && second.start < first.end
            });
            if let Some(first) = first {
                found.push(self.led_by_two(first, second));
            }
        }
        found
    }

    fn led_by_two(&self, first: &Lead, second: &Lead) -> Breach {
        let id = |lead: &Lead| {
            let organisation = self.organisation.get(lead.organisation);
            organisation.and_then(|o| o.id.as_deref()).unwrap_or("")
        };
        Breach {
            failure: Failure {
                field_id: format!(
                    "organisation[{}].role[{}]",
                    second.organisation, second.role
                ),
                error_type: ErrorType::InvalidValue,
                message: format!(
                    "There can only be one lead research organisation at any given time. This \
                     role conflicts with organisation[{}].role[{}]",
                    first.organisation, first.role
                ),
            },
            what: ("lead", format!("{} {}", id(first), id(second))),
        }
    }
}

/// When an organisation leads, and where the record says so.
struct Lead {
    start: Date,
    end: Date,
    organisation: usize,
    role: usize,
}

fn too_long(field: String, block: &'static str, text: &str, limit: usize) -> Option<Breach> {
    // Bytes are no fewer than characters, and counted already.
    let is_too_long = text.len() > limit && text.chars().count() > limit;
    is_too_long.then(|| Breach {
        failure: Failure {
            field_id: field,
            error_type: ErrorType::TooLong,
            message: format!("field must not have more than {limit} characters"),
        },
        what: (block, text.to_owned()),
    })
}
