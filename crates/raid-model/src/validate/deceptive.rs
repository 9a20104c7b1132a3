//! What deceives those who read a record: texts that show their characters in another order than
//! they have, and identifiers whose address leads elsewhere than it looks.

use crate::external_id::{has_dot_segments, is_of_archive};
use crate::text::has_override;
use crate::validate::limits::{Blocks, Breach, Severity};
use crate::validate::{ErrorType, Failure};

/// What is wrong with a text.
pub(super) const OVERRIDES: &str =
    "has invalid/unsupported value - must not have bidirectional overrides (U+202D, U+202E)";
/// What is wrong with an address.
const DOT_SEGMENTS: &str =
    "has invalid/unsupported value - must not have \".\" or \"..\" as a part of its path";

/// Everything deceptive in a record.
pub(super) fn breaches(blocks: &Blocks<'_>) -> Vec<Breach> {
    let mut found = overrides(blocks);
    found.extend(dot_segments(blocks));
    found
}

/// Whether an identifier is the address of something else: `https://doi.org/10.1/../x` is that of
/// `https://doi.org/x`. In an address of the Internet Archive the archived page may be such a one.
pub(super) fn leads_elsewhere(id: &str) -> bool {
    has_dot_segments(id) && !is_of_archive(id)
}

fn breach(field: String, message: &str, (kind, value): (&'static str, &str)) -> Breach {
    Breach {
        failure: Failure {
            field_id: field,
            error_type: ErrorType::InvalidValue,
            message: message.to_owned(),
        },
        what: (kind, value.to_owned()),
        severity: Severity::Refused,
    }
}

/// Overrides in the texts and identifiers that people write and read.
fn overrides(blocks: &Blocks<'_>) -> Vec<Breach> {
    let mut found = Vec::new();
    let mut check = |text: Option<&str>, field: &dyn Fn() -> String| {
        let text = text.filter(|text| has_override(text));
        found.extend(text.map(|text| breach(field(), OVERRIDES, ("override", text))));
    };
    let statement = blocks.access.and_then(|access| access.statement.as_ref());
    check(statement.and_then(|it| it.text.as_deref()), &|| {
        "access.statement.text".to_owned()
    });
    for (index, title) in blocks.title.iter().enumerate() {
        check(title.text.as_deref(), &|| format!("title[{index}].text"));
    }
    for (index, description) in blocks.description.iter().enumerate() {
        check(description.text.as_deref(), &|| {
            format!("description[{index}].text")
        });
    }
    for (index, identifier) in blocks.alternate_identifier.iter().enumerate() {
        let at = |member: &str| format!("alternateIdentifier[{index}].{member}");
        check(identifier.id.as_deref(), &|| at("id"));
        check(identifier.kind.as_deref(), &|| at("type"));
    }
    for (index, page) in blocks.alternate_url.iter().enumerate() {
        check(page.url.as_deref(), &|| {
            format!("alternateUrl[{index}].url")
        });
    }
    for (index, subject) in blocks.subject.iter().enumerate() {
        for (keyword, text) in subject.keyword.iter().flatten().enumerate() {
            check(text.text.as_deref(), &|| {
                format!("subject[{index}].keyword[{keyword}].text")
            });
        }
    }
    for (index, object) in blocks.related_object.iter().enumerate() {
        check(object.id.as_deref(), &|| {
            format!("relatedObject[{index}].id")
        });
    }
    for (index, raid) in blocks.related_raid.iter().enumerate() {
        check(raid.id.as_deref(), &|| format!("relatedRaid[{index}].id"));
    }
    for (index, coverage) in blocks.spatial_coverage.iter().enumerate() {
        check(coverage.id.as_deref(), &|| {
            format!("spatialCoverage[{index}].id")
        });
        for (place, name) in coverage.place.iter().flatten().enumerate() {
            check(name.text.as_deref(), &|| {
                format!("spatialCoverage[{index}].place[{place}].text")
            });
        }
    }
    found
}

/// Identifiers that lead elsewhere, of those that may be any address below a registry's own.
fn dot_segments(blocks: &Blocks<'_>) -> Vec<Breach> {
    let objects = blocks.related_object.iter().map(|it| it.id.as_deref());
    let places = blocks.spatial_coverage.iter().map(|it| it.id.as_deref());
    let objects = objects
        .enumerate()
        .map(|(at, id)| ("relatedObject", at, id));
    let places = places
        .enumerate()
        .map(|(at, id)| ("spatialCoverage", at, id));
    objects
        .chain(places)
        .filter_map(|(block, at, id)| {
            let id = id.filter(|id| leads_elsewhere(id))?;
            Some(breach(
                format!("{block}[{at}].id"),
                DOT_SEGMENTS,
                ("dots", id),
            ))
        })
        .collect()
}
