use proptest::prelude::*;

use super::Namespace::{Common, Membership, Other};
use super::*;

#[test]
fn elements_are_found_by_namespace_whatever_the_prefix() {
    for xml in [
        r#"<m:membership xmlns:m="http://www.orcid.org/ns/membership"
             xmlns:c="http://www.orcid.org/ns/common" put-code="7"><c:role-title>R</c:role-title>
             </m:membership>"#,
        r#"<membership xmlns="http://www.orcid.org/ns/membership" put-code="7">
             <role-title xmlns="http://www.orcid.org/ns/common">R</role-title></membership>"#,
        r#"<c:membership xmlns:c="http://www.orcid.org/ns/membership" put-code='7'>
             <c:role-title xmlns:c="http://www.orcid.org/ns/common"><![CDATA[R]]></c:role-title>
             </c:membership>"#,
    ] {
        let root = parse(xml.as_bytes()).unwrap();
        assert!(root.is(Membership, "membership"), "{root:?}");
        assert_eq!(root.attribute("put-code"), Some("7"));
        assert_eq!(root.text_of(Common, "role-title").as_deref(), Some("R"));
        assert_eq!(root.text_of(Membership, "role-title"), None);
    }
}

#[test]
fn references_and_bom_are_read() {
    let root = parse("\u{feff}<a b='&lt;&#65;'> x &amp; &#x79;&quot; </a>".as_bytes()).unwrap();
    assert!(root.is(Other, "a"));
    assert_eq!(root.text().as_deref(), Some("x & y\""));
    assert_eq!(root.attribute("b"), Some("<A"));
}

#[test]
fn what_is_not_xml_is_refused() {
    for xml in [
        "",
        "plain text",
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "<p:a/>",
        "<a>&unknown;</a>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE html><html></html>",
    ] {
        assert!(parse(xml.as_bytes()).is_err(), "{xml}");
    }
    assert!(parse(b"<a>\xff</a>").is_err());
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    assert_eq!(
        parse(deep.as_bytes()).unwrap_err(),
        XmlError("it is nested too deeply")
    );
}

#[test]
fn one_line_keeps_words_only() {
    assert_eq!(one_line(" a\u{0}b\r\n\tc\u{fffe}d  e\u{85}"), "a b c d e");
}

proptest! {
    /// What is written is read back, whatever the text.
    #[test]
    fn text_survives_writing_and_reading(text in any::<String>()) {
        let text = one_line(&text);
        let mut document = Document::new("a", &[("b", &text)]);
        document.begin("c").text("d", &text).end().empty("e");
        let root = parse(document.finish().as_bytes()).unwrap();
        prop_assert_eq!(root.attribute("b"), Some(text.as_str()));
        let read = root.child(Other, "c").unwrap().text_of(Other, "d").unwrap_or_default();
        prop_assert_eq!(read, text);
    }

    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), xml in "[<>/a-c&;#! =\"]{0,60}") {
        let _ = parse(&bytes);
        let _ = parse(xml.as_bytes());
    }
}
