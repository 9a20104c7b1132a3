use super::*;

fn body(code: Option<u16>, oauth_error: Option<&str>, text: &str) -> ErrorBody {
    ErrorBody {
        code,
        oauth_error: oauth_error.map(str::to_owned),
        text: text.to_owned(),
    }
}

#[test]
fn xml_errors() {
    let xml = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
        <error:error xmlns:error="http://www.orcid.org/ns/error">
          <error:response-code>409</error:response-code>
          <error:developer-message>Conflict &amp; more.</error:developer-message>
          <error:user-message>On the record.</error:user-message>
          <error:error-code>9021</error:error-code>
          <error:more-info>https://members.orcid.org/api/resources/troubleshooting</error:more-info>
        </error:error>"#;
    assert_eq!(
        read(xml.as_bytes()),
        body(Some(9021), None, "Conflict & more.")
    );
    let bare = r#"<error xmlns="http://www.orcid.org/ns/error"><response-code>500</response-code>
        <developer-message>x</developer-message><error-code>123456</error-code></error>"#;
    assert_eq!(read(bare.as_bytes()), body(None, None, "x"));
}

#[test]
fn json_errors() {
    assert_eq!(
        read(br#"{"response-code":404,"developer-message":"No.","error-code":9016}"#),
        body(Some(9016), None, "No.")
    );
    assert_eq!(
        read(br#"{"response-code":404,"developer-message":"No.","error-code":"9016"}"#),
        body(Some(9016), None, "No.")
    );
    assert_eq!(read(br#"{"response-code":500}"#), body(None, None, ""));
}

#[test]
fn oauth_errors() {
    assert_eq!(
        read(br#"{"error":"invalid_token","error_description":"Invalid access token: x"}"#),
        body(None, Some("invalid_token"), "Invalid access token: x")
    );
    assert_eq!(
        read(br#"{"error":"server_error"}"#),
        body(None, Some("server_error"), "server_error")
    );
}

#[test]
fn anything_else_is_text() {
    for text in [
        "",
        "Too Many Requests.",
        "<html><body><h1>502 Bad Gateway</h1></body></html>",
        "<error><error-code>9016</error-code></error>",
        r#"["error"]"#,
        r#"{"message":"no"}"#,
        "9016",
    ] {
        assert_eq!(read(text.as_bytes()), body(None, None, text), "{text}");
    }
    assert_eq!(read(b"\xff\xfe").text, "\u{fffd}\u{fffd}");
}
