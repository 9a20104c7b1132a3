//! Rules of related objects and of places: what stands in other registries.

use crate::external_id::{
    DOI_PATTERN, GEO_NAMES_PATTERN, HANDLE_PATTERN, OPEN_STREET_MAP_PATTERN, RRID_PATTERN, is_doi,
    is_handle, is_of_archive, is_open_street_map, is_rrid,
};
use crate::validate::connections::each;
use crate::validate::failures::{Failures, is_blank};
use crate::validate::{ErrorType, ValidationContext};
use crate::{ArchivedPage, RelatedObject, Resolver, SpatialCoverage, geo_names_number};

/// The year of the oldest page in the Internet Archive.
const FIRST_ARCHIVED: i32 = 1996;

pub(super) fn related_object_rules(
    objects: &[RelatedObject],
    context: &ValidationContext,
    failures: &mut Failures,
) {
    for (index, object) in objects.iter().enumerate() {
        let at = format!("relatedObject[{index}]");
        related_object_id(&at, object, context, failures);
        if object.category.as_deref().is_some_and(<[_]>::is_empty) {
            failures.invalid(
                format!("{at}.category"),
                "should have at least one category",
            );
        }
    }
}

/// The schema alone decides what form the id must have.
fn related_object_id(
    at: &str,
    object: &RelatedObject,
    context: &ValidationContext,
    failures: &mut Failures,
) {
    let field = format!("{at}.id");
    let id = object.id.as_deref().unwrap_or_default();
    let mut of_form = |resolver, is_right: bool, pattern: &str| {
        if is_right {
            failures.must_exist(field.clone(), resolver, id, context);
        } else {
            failures.invalid(field.clone(), format_args!("should match {pattern}"));
        }
    };
    match object.schema_uri.map(|schema| schema.as_str()) {
        Some("https://doi.org/") if !is_of_archive(id) => {
            of_form(Resolver::Doi, is_doi(id), DOI_PATTERN);
        }
        // Of the Internet Archive's addresses only those of pages say enough to be asked about.
        Some("https://doi.org/") if ArchivedPage::parse(id).is_some() => {
            of_form(Resolver::WebArchive, true, DOI_PATTERN);
        }
        Some("https://hdl.handle.net/") => {
            of_form(Resolver::Handle, is_handle(id), HANDLE_PATTERN);
        }
        Some("https://scicrunch.org/resolver/") => {
            of_form(Resolver::Rrid, is_rrid(id), RRID_PATTERN);
        }
        Some("https://web.archive.org/") => archived_page(field, id, context, failures),
        Some("https://arks.org/" | "https://www.isbn-international.org/") => failures.add(
            format!("{at}.schemaUri"),
            ErrorType::Invalid,
            "Only [https://doi.org/, https://hdl.handle.net/, \
             https://scicrunch.org/resolver/, https://web.archive.org/] is supported.",
        ),
        _ => {}
    }
}

fn archived_page(field: String, id: &str, context: &ValidationContext, failures: &mut Failures) {
    let Some(page) = ArchivedPage::parse(id) else {
        return failures.add(
            field,
            ErrorType::Invalid,
            "Must be a valid Web Archive URL \
             (e.g. https://web.archive.org/web/20220101000000/https://example.com)",
        );
    };
    let year = page.year();
    let is_plausible = year
        .parse()
        .is_ok_and(|year: i32| (FIRST_ARCHIVED..=context.today.year()).contains(&year));
    if is_plausible {
        failures.must_exist(field, Resolver::WebArchive, id, context);
    } else {
        failures.add(
            field,
            ErrorType::InvalidValue,
            format!("web archive timestamp year {year} is implausible"),
        );
    }
}

pub(super) fn spatial_coverage_rules(
    places: &[SpatialCoverage],
    context: &ValidationContext,
    failures: &mut Failures,
) {
    for (index, coverage) in places.iter().enumerate() {
        let at = format!("spatialCoverage[{index}]");
        place_id(format!("{at}.id"), coverage, context, failures);
        for (place, name) in each(coverage.place.as_deref()) {
            let at = format!("{at}.place[{place}]");
            if name.text.as_deref().is_none_or(is_blank) {
                failures.not_set(at.clone());
            }
            failures.language_code(&at, name.language.as_ref());
        }
    }
}

fn place_id(
    field: String,
    coverage: &SpatialCoverage,
    context: &ValidationContext,
    failures: &mut Failures,
) {
    let id = coverage.id.as_deref().unwrap_or_default();
    if is_blank(id) {
        failures.not_set(field.clone());
    }
    let (resolver, is_right, pattern) = match coverage.schema_uri.map(|schema| schema.as_str()) {
        Some("https://www.geonames.org/") => (
            Resolver::GeoNames,
            geo_names_number(id).is_some(),
            GEO_NAMES_PATTERN,
        ),
        Some("https://www.openstreetmap.org/") => (
            Resolver::OpenStreetMap,
            is_open_street_map(id),
            OPEN_STREET_MAP_PATTERN,
        ),
        _ => return,
    };
    if is_right {
        failures.must_exist(field, resolver, id, context);
    } else {
        failures.invalid(field, format_args!("should match {pattern}"));
    }
}
