use serde_json::{Value, json};

use super::*;
use crate::validate::ErrorType::{Invalid, InvalidValue, NotSet};

const GEO_NAMES: &str =
    r"has invalid/unsupported value - should match ^https://(www\.)?geonames.org/\d+/.*$";

/// Related object `index` of the maximal request with another id.
fn object(index: usize, id: &str) -> Value {
    changed(MAXIMAL, &format!("/relatedObject/{index}/id"), json!(id))
}

fn expect_id(body: &Value, field: &str, error_type: ErrorType, message: &str) {
    expect(body, &[(field, error_type, message)]);
}

/// RAiD API, section on related objects: the form of DOIs.
#[test]
fn dois() {
    for right in [
        "https://doi.org/10.14454/3w3z-sa82",
        "http://dx.doi.org/10.x",
        "https://doi.org/10.1000/a#c?d",
        "https://web.archive.org/",
        "http://web.archive.org/web/anything",
    ] {
        expect(&object(0, right), &[]);
    }
    for wrong in [
        "10.14454/3w3z-sa82",
        "doi:10.14454/3w3z-sa82",
        "https://doi.org/10.",
        "https://doi.org/11.14454/x",
        "https://www.doi.org/10.14454/x",
        "https://DOI.org/10.14454/x",
        "ftp://doi.org/10.14454/x",
        " https://doi.org/10.14454/x",
        "https://hdl.handle.net/20.1000/100",
    ] {
        let message = "has invalid/unsupported value - should match \
                       ^https?://((dx\\.)?doi\\.org/10\\..+|web\\.archive\\.org/.*)";
        expect_id(
            &object(0, wrong),
            "relatedObject[0].id",
            InvalidValue,
            message,
        );
    }
}

/// RAiD API, section on related objects: the form of handles.
#[test]
fn handles() {
    for right in [
        "https://hdl.handle.net/20.1000/100",
        "https://hdl.handle.net/20/a/b",
        "https://hdl.handle.net/10.14454/3w3z-sa82",
    ] {
        expect(&object(2, right), &[]);
    }
    for wrong in [
        "https://hdl.handle.net/20.1000",
        "https://hdl.handle.net/20.1000/",
        "https://hdl.handle.net/20..1/x",
        "https://hdl.handle.net/.20/x",
        "https://hdl.handle.net/a/x",
        "https://hdl.handle.net/20/a b",
        "http://hdl.handle.net/20.1000/100",
        "https://doi.org/10.14454/x",
    ] {
        let message = "has invalid/unsupported value - should match \
                       ^https://hdl\\.handle\\.net/\\d+(\\.\\d+)*/\\S+$";
        expect_id(
            &object(2, wrong),
            "relatedObject[2].id",
            InvalidValue,
            message,
        );
    }
}

/// RAiD API, section on related objects: the form of RRIDs.
#[test]
fn rrids() {
    let url = |rrid: &str| format!("https://scicrunch.org/resolver/{rrid}");
    for right in [
        "RRID:SCR_002798",
        "RRID:AB_90755",
        "RRID:IMSR_JAX:000664",
        "RRID:a_b_c.d-e",
    ] {
        expect(&object(3, &url(right)), &[]);
    }
    for wrong in [
        "SCR_002798",
        "RRID:SCR002798",
        "RRID:_1",
        "RRID:SCR_",
        "RRID:SC R_1",
        "RRID:SCR_1/2",
        "RRID:SCR_\u{e9}",
    ] {
        let message = "has invalid/unsupported value - should match \
                       ^https://scicrunch\\.org/resolver/RRID:[A-Za-z0-9]+_[A-Za-z0-9:._-]+$";
        expect_id(
            &object(3, &url(wrong)),
            "relatedObject[3].id",
            InvalidValue,
            message,
        );
    }
}

/// RAiD API, section on related objects: pages in the Internet Archive.
#[test]
fn archived_pages() {
    let url = |page: &str| format!("https://web.archive.org/web/{page}");
    for right in [
        "20220101000000/https://example.com",
        "19960101000000/http://example.com/a?b=c/d",
        "20261231235959/https://x",
        // Only the year is looked at.
        "20229999999999/https://example.com",
    ] {
        expect(&object(4, &url(right)), &[]);
    }
    let form = "Must be a valid Web Archive URL \
                (e.g. https://web.archive.org/web/20220101000000/https://example.com)";
    for wrong in [
        "2022010100000/https://example.com",
        "202201010000000/https://example.com",
        "20220101000000/example.com",
        "20220101000000/https://",
        "20220101000000",
        "*/https://example.com",
    ] {
        expect_id(
            &object(4, &url(wrong)),
            "relatedObject[4].id",
            Invalid,
            form,
        );
    }
    expect_id(
        &object(
            4,
            "http://web.archive.org/web/20220101000000/https://example.com",
        ),
        "relatedObject[4].id",
        Invalid,
        form,
    );
    for year in ["1995", "2027", "0000", "9999"] {
        expect_id(
            &object(4, &url(&format!("{year}0101000000/https://example.com"))),
            "relatedObject[4].id",
            InvalidValue,
            &format!("web archive timestamp year {year} is implausible"),
        );
    }
}

/// RAiD API, section on spatial coverage: the forms of both kinds of places.
#[test]
fn places() {
    let place = |index: usize, id: &str| {
        changed(MAXIMAL, &format!("/spatialCoverage/{index}/id"), json!(id))
    };
    for right in [
        "https://www.geonames.org/2158177/melbourne.html",
        "https://geonames.org/1/",
        "https://www.geonames.org/2158177/a1/b2",
    ] {
        expect(&place(0, right), &[]);
    }
    for wrong in [
        "2158177",
        "https://www.geonames.org/2158177",
        "https://www.geonames.org/melbourne/",
        "http://www.geonames.org/2158177/",
        "https://www.geonames.org/2158177/a\nb",
        "https://www.openstreetmap.org/relation/4246124",
    ] {
        expect_id(
            &place(0, wrong),
            "spatialCoverage[0].id",
            InvalidValue,
            GEO_NAMES,
        );
    }
    for right in [
        "https://www.openstreetmap.org/relation/4246124",
        "https://openstreetmap.org/",
    ] {
        expect(&place(1, right), &[]);
    }
    for wrong in [
        "https://www.openstreetmap.org",
        "https://nominatim.openstreetmap.org/x",
        "http://openstreetmap.org/x",
        "https://www.geonames.org/2158177/melbourne.html",
    ] {
        let message = "has invalid/unsupported value - should match \
                       ^https://(www\\.)?openstreetmap.org/.*$";
        expect_id(
            &place(1, wrong),
            "spatialCoverage[1].id",
            InvalidValue,
            message,
        );
    }
}

/// RAiD API, section on related objects: members, and schemas that are refused. It answers 500 to
/// an empty `category`.
#[test]
fn related_objects() {
    let supported = "Only [https://doi.org/, https://hdl.handle.net/, \
                     https://scicrunch.org/resolver/, https://web.archive.org/] is supported.";
    expect_maximal(&[
        (
            "/relatedObject/0/id",
            json!(""),
            "relatedObject[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedObject/0/schemaUri",
            Value::Null,
            "relatedObject[0].schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedObject/0/schemaUri",
            json!("https://arks.org/"),
            "relatedObject[0].schemaUri",
            Invalid,
            supported,
        ),
        (
            "/relatedObject/0/schemaUri",
            json!("https://www.isbn-international.org/"),
            "relatedObject[0].schemaUri",
            Invalid,
            supported,
        ),
        (
            "/relatedObject/0/type",
            Value::Null,
            "relatedObject[0].type",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedObject/0/type/id",
            Value::Null,
            "relatedObject[0].type.id",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedObject/0/type/schemaUri",
            Value::Null,
            "relatedObject[0].type.schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedObject/4/category/1/schemaUri",
            Value::Null,
            "relatedObject[4].category[1].schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedObject/0/category",
            Value::Null,
            "relatedObject[0].category",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedObject/4/category/1/id",
            Value::Null,
            "relatedObject[4].category[1].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedObject/0/category",
            json!([]),
            "relatedObject[0].category",
            InvalidValue,
            "has invalid/unsupported value - should have at least one category",
        ),
    ]);
}

/// RAiD API, section on spatial coverage: members.
#[test]
fn spatial_coverage() {
    expect_maximal(&[
        (
            "/spatialCoverage/0/id",
            Value::Null,
            "spatialCoverage[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/spatialCoverage/0/schemaUri",
            Value::Null,
            "spatialCoverage[0].schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/spatialCoverage/0/place/1/text",
            json!(""),
            "spatialCoverage[0].place[1]",
            NotSet,
            NOT_SET,
        ),
    ]);
    expect(
        &changed(MAXIMAL, "/spatialCoverage/0/id", json!(" ")),
        &[
            ("spatialCoverage[0].id", NotSet, NOT_SET),
            ("spatialCoverage[0].id", InvalidValue, GEO_NAMES),
        ],
    );
    expect(
        &changed(MAXIMAL, "/spatialCoverage/1/place", json!("ABSENT")),
        &[],
    );
}
