//! Texts and identifiers that deceive are refused when they are new.

use serde_json::json;

use super::*;
use crate::ErrorType::InvalidValue;
use crate::validate::deceptive::OVERRIDES;

const DOTS: &str =
    "has invalid/unsupported value - must not have \".\" or \"..\" as a part of its path";

#[test]
fn overrides_are_refused_in_every_text() {
    for (pointer, field) in [
        ("/title/1/text", "title[1].text"),
        ("/description/2/text", "description[2].text"),
        ("/access/statement/text", "access.statement.text"),
        ("/alternateIdentifier/0/id", "alternateIdentifier[0].id"),
        ("/alternateIdentifier/0/type", "alternateIdentifier[0].type"),
        ("/alternateUrl/0/url", "alternateUrl[0].url"),
        ("/subject/0/keyword/0/text", "subject[0].keyword[0].text"),
        (
            "/spatialCoverage/0/place/0/text",
            "spatialCoverage[0].place[0].text",
        ),
    ] {
        for text in ["Grant \u{202e}fdp.exe", "\u{202d}123"] {
            let body = changed(MAXIMAL, pointer, json!(text));
            expect(&body, &[(field, InvalidValue, OVERRIDES)]);
        }
    }
    for (pointer, field) in [
        ("/relatedObject/0/id", "relatedObject[0].id"),
        ("/relatedRaid/0/id", "relatedRaid[0].id"),
        ("/spatialCoverage/0/id", "spatialCoverage[0].id"),
    ] {
        let body = changed(
            MAXIMAL,
            pointer,
            json!("https://doi.org/10.5438/\u{202e}2100"),
        );
        let failures = mint_in(&body, &context());
        let expected = (field.to_owned(), InvalidValue, OVERRIDES.to_owned());
        assert!(failures.contains(&expected), "{failures:?}");
    }
    // Marks, embeddings and isolates are part of ordinary text in Arabic and Hebrew.
    let arabic = "\u{202b}\u{0645}\u{0634}\u{0631}\u{0648}\u{0639}\u{202c} \u{2068}RAiD\u{2069}\u{200f}\u{61c}";
    expect(&changed(MINIMAL, "/title/0/text", json!(arabic)), &[]);
}

#[test]
fn an_identifier_is_not_the_address_of_another() {
    for id in [
        "https://doi.org/10.5438/../api/handles/10.5438/0012",
        "https://doi.org/10.5438/0012/..",
        "https://doi.org/10.5438/./0012",
        "https://doi.org/10.5438/%2E%2e/0012",
        "https://doi.org/10.5438/.%2E?x",
        "http://dx.doi.org/10.5438\\..\\0012",
        "https://doi.org/10.5438/.\t./0012",
        "https://doi.org/10.5438/%2\te./0012",
    ] {
        let body = changed(MAXIMAL, "/relatedObject/0/id", json!(id));
        expect(&body, &[("relatedObject[0].id", InvalidValue, DOTS)]);
        let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
        let asked = external_ids(&request, &context());
        assert!(
            asked.iter().all(|at| at.id.value != id),
            "{id} is asked about"
        );
    }
    for id in [
        "https://doi.org/10.5438/0012",
        "https://doi.org/10.5438/a..b/.../.c/d.",
        "https://doi.org/10.5438/0012?x=/../y",
        "https://doi.org/10.5438/0012#/../y",
        "https://web.archive.org/web/20200101000000/https://example.org/a/../b",
    ] {
        expect(&changed(MAXIMAL, "/relatedObject/0/id", json!(id)), &[]);
    }
}

#[test]
fn what_deceived_before_may_stay() {
    let handle: Handle = "10.82841/9f3c1a7e".parse().unwrap();
    let mut old = body(MAXIMAL);
    old["title"][1]["text"] = json!("\u{202e}old");
    old["relatedObject"][0]["id"] = json!("https://doi.org/10.5438/../0012");
    let current = minted(&old, handle);
    let mut body = serde_json::to_value(&current).unwrap();
    let check = |body: &Value| {
        let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
        let fields = |failures: Vec<Failure>| -> Vec<String> {
            failures.into_iter().map(|f| f.field_id).collect()
        };
        (
            fields(validate_update(&request, &current, &context()).into_listed()),
            fields(tolerated(&request, Some(&current), &context())),
        )
    };
    let standing = ["title[1].text", "relatedObject[0].id"].map(str::to_owned);
    assert_eq!(check(&body), (vec![], standing.to_vec()));
    body["title"][0]["text"] = json!("\u{202e}new");
    assert_eq!(
        check(&body),
        (vec!["title[0].text".to_owned()], standing.to_vec())
    );
}
