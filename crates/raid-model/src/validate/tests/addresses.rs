//! Addresses that are none.

use serde_json::json;

use super::*;
use crate::validate::ErrorType::InvalidValue;

fn refused(text: &str, pointer: &str, value: &str) -> Vec<String> {
    let failures = mint(&changed(text, pointer, json!(value)));
    let all_alike = failures.iter().all(|(_, kind, _)| *kind == InvalidValue);
    assert!(all_alike, "{failures:?}");
    failures.into_iter().map(|(field, _, _)| field).collect()
}

#[test]
fn pages_have_addresses_of_the_web() {
    let at = "/alternateUrl/0/url";
    for url in [
        "javascript:void(0)",
        " JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "\u{200b}javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "mailto:a@example.org",
        "https://",
        "http://[::1",
        "https:a.example",
        "https://a.example\\@b.example",
    ] {
        assert_eq!(refused(MAXIMAL, at, url), ["alternateUrl[0].url"], "{url}");
    }
    for url in [
        "https://example.org/a:b",
        "HTTP://example.org",
        "example.org/a?b=c:d",
        "//example.org/a",
    ] {
        assert!(refused(MAXIMAL, at, url).is_empty(), "{url}");
    }
}

#[test]
fn a_related_raid_is_a_raid() {
    let at = "/relatedRaid/0/id";
    for id in [
        "not a raid at all",
        "https://raid.org/",
        "https://raid.org/10.82841",
        "https://example.org/page",
        "10.82841/9f3c1a7e",
        "javascript://raid.org/10.82841/9f3c1a7e",
    ] {
        assert_eq!(refused(MAXIMAL, at, id), ["relatedRaid[0].id"], "{id}");
    }
    for id in [
        "https://raid.org/10.82841/9f3c1a7e",
        "https://demo.raid.example/10.82841/9f3c1a7e",
        "http://resolver.example/raid/10.82841/9f3c1a7e",
    ] {
        assert!(refused(MAXIMAL, at, id).is_empty(), "{id}");
    }
}

#[test]
fn identifiers_have_no_gaps() {
    let at = "/relatedObject/0/id";
    let mut dois = body(MAXIMAL);
    dois["relatedObject"][0]["schemaUri"] = json!("https://doi.org/");
    let dois = dois.to_string();
    for id in [
        "https://doi.org/10.1000/xy z",
        "https://doi.org/10.1000/xy\u{200b}z",
        "https://doi.org/10.1000/xy\u{a0}z",
    ] {
        assert_eq!(refused(&dois, at, id), ["relatedObject[0].id"], "{id}");
    }
    assert!(refused(&dois, at, "https://doi.org/10.1000/xyz").is_empty());
}

#[test]
fn titles_that_nobody_sees_are_blank() {
    for title in [
        "\u{200b}",
        " \u{feff}\u{2060}",
        "\u{2800}",
        "\u{ad}\u{fe0f}",
    ] {
        let body = changed(MINIMAL, "/title/0/text", json!(title));
        expect(&body, &[("title[0].text", ErrorType::NotSet, NOT_SET)]);
    }
}
