//! Bodies as programs and people write them.

use super::*;

#[test]
fn a_byte_order_mark_is_skipped() {
    let mut body = b"\xef\xbb\xbf".to_vec();
    body.extend_from_slice(MINIMAL);
    let marked = RaidRequest::from_json(&body).unwrap();
    assert_eq!(marked, RaidRequest::from_json(MINIMAL).unwrap());
}

#[test]
fn a_number_in_a_text_keeps_its_literal() {
    for (literal, text) in [
        ("12345678901234567890123", "12345678901234567890123"),
        ("-7E+999", "-7E+999"),
        ("18446744073709551615", "18446744073709551615"),
        ("-0", "-0"),
        ("1.50", "1.50"),
        ("1E400", "1E400"),
        ("7", "7"),
    ] {
        let body =
            format!(r#"{{"alternateIdentifier":[{{"id":{literal},"type":"a \"1.50 \\"}}]}}"#);
        let request = RaidRequest::from_json(body.as_bytes()).unwrap();
        let identifiers = request.alternate_identifier.unwrap();
        assert_eq!(identifiers[0].id.as_deref(), Some(text));
        assert_eq!(identifiers[0].kind.as_deref(), Some("a \"1.50 \\"));
    }
    // Numbers are numbers still.
    let body = r#"{"identifier":{"version":2.0,"owner":{"servicePoint":1e3}}}"#;
    let identifier = RaidRequest::from_json(body.as_bytes())
        .unwrap()
        .identifier
        .unwrap();
    assert_eq!(identifier.version, Some(2));
    assert_eq!(identifier.owner.unwrap().service_point, Some(1000));
}

/// RAiD API, section on identifiers.
#[test]
fn identifiers_are_kept_in_their_canonical_form() {
    let mut body: Value = serde_json::from_slice(MAXIMAL).unwrap();
    body["contributor"][0]["id"] = json!(" 0000-0002-1694-233x ");
    body["contributor"][0]["schemaUri"] = json!("https://orcid.org/");
    body["organisation"][0]["id"] = json!("http://ror.org/038SJWQ14/");
    body["relatedObject"][0]["id"] = json!("doi:10.1000/xyz ");
    body["relatedObject"][0]["schemaUri"] = json!("https://doi.org/");
    body["relatedRaid"][0]["id"] = json!("10.82841/9F3C1A7E");
    body["alternateUrl"][0]["url"] = json!(" https://example.org/a ");
    let sent = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
    let kept = serde_json::to_value(sent.clone().with_canonical_ids(None)).unwrap();
    for (pointer, id) in [
        ("/contributor/0/id", "https://orcid.org/0000-0002-1694-233X"),
        ("/organisation/0/id", "https://ror.org/038sjwq14"),
        ("/relatedObject/0/id", "https://doi.org/10.1000/xyz"),
        ("/relatedRaid/0/id", "https://raid.org/10.82841/9f3c1a7e"),
        ("/alternateUrl/0/url", "https://example.org/a"),
    ] {
        assert_eq!(kept.pointer(pointer), Some(&json!(id)), "{pointer}");
    }
    // A record from before is sent back as it stands.
    let current = Raid::mint(sent.clone(), server_owned());
    assert_eq!(sent.clone().with_canonical_ids(Some(&current)), sent);
}
