//! ORCID iDs that are ISNIs of somebody else, and the reverse. Both have the same form and checksum;
//! ORCID gives out its iDs from ranges that ISNI keeps free for it.

use crate::validate::limits::{Blocks, Breach, Severity};
use crate::validate::{ErrorType, Failure};
use crate::{Contributor, IsniId};

/// Every contributor whose identifier is of the other registry's range.
pub(super) fn breaches(blocks: &Blocks<'_>) -> Vec<Breach> {
    let people = blocks.contributor.iter().enumerate();
    let breach = |(index, person): (usize, &Contributor)| {
        let id = person.id.as_deref()?;
        let message = if id.contains("isni.org/") {
            person.isni().filter(IsniId::is_orcid)?;
            "has invalid/unsupported value - this ISNI is in the range of ORCID iDs: write it as an \
             ORCID iD"
        } else {
            person.orcid().filter(|orcid| !orcid.is_in_range())?;
            "has invalid/unsupported value - this is no ORCID iD that ORCID gives out; it may be an ISNI"
        };
        Some(Breach {
            failure: Failure {
                field_id: format!("contributor[{index}].id"),
                error_type: ErrorType::InvalidValue,
                message: message.to_owned(),
            },
            what: ("range", id.to_owned()),
            severity: Severity::PersonId,
        })
    };
    people.filter_map(breach).collect()
}
