//! The limits that the RAiD metadata schema documents and the RAiD API does not check: the length
//! of texts, and one lead research organisation at a time. With them what deceives ([`deceptive`]),
//! addresses that are none ([`addresses`]), identifiers of the wrong registry ([`person_ids`]) and
//! embargoes that have ended ([`access`]).
//!
//! What is beyond a documented limit is refused or let through with a warning, as the agency decides;
//! the rest is refused. On update, what stood in the RAiD before is let through with a warning, because
//! older records must stay editable.

use std::collections::BTreeSet;

use time::Date;

use crate::validate::period::Period;
use crate::validate::{
    ErrorType, Failure, Strictness, ValidationContext, access, addresses, deceptive, person_ids,
};
use crate::vocabulary::LEAD_RESEARCH_ORGANISATION;
use crate::{
    Access, AlternateIdentifier, AlternateUrl, Contributor, Description, Organisation, Raid,
    RaidRequest, RelatedObject, RelatedRaid, SpatialCoverage, Subject, Title,
};

/// Longest title, in characters (RAiD metadata schema, title.text).
const LONGEST_TITLE: usize = 100;
/// Longest description, in characters (RAiD metadata schema, description.text).
const LONGEST_DESCRIPTION: usize = 1000;
/// Longest access statement, in characters (RAiD metadata schema, access.statement.text).
const LONGEST_STATEMENT: usize = 1000;

/// Longest title that is stored at all, in characters. Ours: real titles have up to some hundred.
const TITLE_BOUND: usize = 5_000;
/// Longest description or access statement that is stored at all, in characters. Ours.
const DESCRIPTION_BOUND: usize = 50_000;

/// The blocks that have limits.
#[derive(Default)]
pub(super) struct Blocks<'a> {
    pub(super) access: Option<&'a Access>,
    pub(super) title: &'a [Title],
    pub(super) description: &'a [Description],
    pub(super) organisation: &'a [Organisation],
    pub(super) alternate_identifier: &'a [AlternateIdentifier],
    pub(super) alternate_url: &'a [AlternateUrl],
    pub(super) contributor: &'a [Contributor],
    pub(super) subject: &'a [Subject],
    pub(super) related_object: &'a [RelatedObject],
    pub(super) related_raid: &'a [RelatedRaid],
    pub(super) spatial_coverage: &'a [SpatialCoverage],
}

/// Something beyond a limit, and what it is wherever in a record it stands.
pub(super) struct Breach {
    pub(super) failure: Failure,
    pub(super) what: (&'static str, String),
    pub(super) severity: Severity,
}

/// Who decides whether something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// [`ValidationContext::limits`].
    Limit,
    /// [`ValidationContext::person_ids`].
    PersonId,
    /// It is.
    Refused,
}

impl Severity {
    fn refuses(self, context: &ValidationContext) -> bool {
        let strictness = match self {
            Self::Limit => context.limits,
            Self::PersonId => context.person_ids,
            Self::Refused => Strictness::Refuse,
        };
        strictness == Strictness::Refuse
    }
}

/// What of some blocks is beyond a limit: what is refused, and what is accepted with a warning, also
/// because it stands in the RAiD already.
pub(super) fn breaches(
    blocks: &Blocks<'_>,
    current: Option<&Raid>,
    context: &ValidationContext,
) -> (Vec<Failure>, Vec<Failure>) {
    let standing: BTreeSet<_> = current
        .map(|raid| Blocks::of_raid(raid).breaches(context))
        .unwrap_or_default()
        .into_iter()
        .map(|breach| breach.what)
        .collect();
    let is_refused =
        |breach: &Breach| breach.severity.refuses(context) && !standing.contains(&breach.what);
    let (refused, accepted): (Vec<_>, Vec<_>) =
        blocks.breaches(context).into_iter().partition(is_refused);
    let failures = |breaches: Vec<Breach>| breaches.into_iter().map(|b| b.failure).collect();
    (failures(refused), failures(accepted))
}

impl<'a> Blocks<'a> {
    pub(super) fn of_request(request: &'a RaidRequest) -> Self {
        Self {
            access: request.access.as_ref(),
            title: request.title.as_deref().unwrap_or_default(),
            description: request.description.as_deref().unwrap_or_default(),
            organisation: request.organisation.as_deref().unwrap_or_default(),
            alternate_identifier: request.alternate_identifier.as_deref().unwrap_or_default(),
            alternate_url: request.alternate_url.as_deref().unwrap_or_default(),
            contributor: request.contributor.as_deref().unwrap_or_default(),
            subject: request.subject.as_deref().unwrap_or_default(),
            related_object: request.related_object.as_deref().unwrap_or_default(),
            related_raid: request.related_raid.as_deref().unwrap_or_default(),
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
            contributor: &raid.contributor,
            subject: raid.subject.as_deref().unwrap_or_default(),
            related_object: raid.related_object.as_deref().unwrap_or_default(),
            related_raid: raid.related_raid.as_deref().unwrap_or_default(),
            spatial_coverage: raid.spatial_coverage.as_deref().unwrap_or_default(),
        }
    }

    fn breaches(&self, context: &ValidationContext) -> Vec<Breach> {
        let mut found = Vec::new();
        let statement = self.access.and_then(|access| access.statement.as_ref());
        if let Some(text) = statement.and_then(|statement| statement.text.as_deref()) {
            let field = "access.statement.text".to_owned();
            let longest = [LONGEST_STATEMENT, DESCRIPTION_BOUND];
            found.extend(too_long(field, "access", text, longest, context));
        }
        for (index, title) in self.title.iter().enumerate() {
            let text = title.text.as_deref().unwrap_or_default();
            let field = format!("title[{index}].text");
            let longest = [LONGEST_TITLE, TITLE_BOUND];
            found.extend(too_long(field, "title", text, longest, context));
        }
        for (index, description) in self.description.iter().enumerate() {
            let text = description.text.as_deref().unwrap_or_default();
            let field = format!("description[{index}].text");
            let longest = [LONGEST_DESCRIPTION, DESCRIPTION_BOUND];
            found.extend(too_long(field, "description", text, longest, context));
        }
        found.extend(self.leading_together());
        found.extend(deceptive::breaches(self));
        found.extend(addresses::breaches(self));
        found.extend(person_ids::breaches(self));
        found.extend(self.access.and_then(|it| access::ended(it, context)));
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
            severity: Severity::Limit,
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

/// A text beyond the documented limit, or beyond the bound. The message names the one that counts.
fn too_long(
    field: String,
    block: &'static str,
    text: &str,
    [limit, bound]: [usize; 2],
    context: &ValidationContext,
) -> Option<Breach> {
    // Bytes are no fewer than characters, and counted already.
    let length = if text.len() > limit {
        text.chars().count()
    } else {
        0
    };
    if length <= limit {
        return None;
    }
    let (limit, severity) = match context.limits {
        Strictness::Warn if length > bound => (bound, Severity::Refused),
        _ => (limit, Severity::Limit),
    };
    Some(Breach {
        failure: Failure {
            field_id: field,
            error_type: ErrorType::TooLong,
            message: format!("field must not have more than {limit} characters"),
        },
        what: (block, text.to_owned()),
        severity,
    })
}
