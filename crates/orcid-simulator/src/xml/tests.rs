use proptest::prelude::*;

use super::schema::{Sequence, integer, non_empty, parse_integer};
use super::write::Writer;
use super::{Element, ns, parse};

fn malformed(text: &str) -> String {
    parse(text.as_bytes())
        .expect_err("must be malformed")
        .to_string()
}

#[test]
fn namespaces_are_resolved_whatever_the_prefix() {
    let a = parse(br#"<x:a xmlns:x="urn:1"><x:b k="v">t</x:b></x:a>"#).unwrap();
    let b = parse(br#"<a xmlns="urn:1"><b k="v">t</b></a>"#).unwrap();
    assert_eq!(a, b);
    assert_eq!(a.namespace, "urn:1");
    assert_eq!(a.children[0].attributes[0].namespace, "");
}

#[test]
fn entities_character_references_and_cdata_are_text() {
    let e = parse(b"<a>x &amp; &#233;&#x41;<![CDATA[<&>]]></a>").unwrap();
    assert_eq!(e.text, "x & \u{e9}A<&>");
}

#[test]
fn broken_documents_are_refused() {
    for text in [
        "",
        "   ",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<p:a/>",
        "<a>&unknown;</a>",
        "<a>& </a>",
        "<a x='1' x='2'/>",
        "<a>\u{1}</a>",
        "<a>&#1;</a>",
        "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
        "text",
        "<a/>text",
        "<a>]]></a>",
    ] {
        malformed(text);
    }
    assert!(parse(b"<a>\xff</a>").is_err());
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    assert!(malformed(&deep).contains("too deep"));
}

#[test]
fn sequences_refuse_wrong_order_and_strangers() {
    let e = parse(br#"<a xmlns="urn:1"><c/><b/></a>"#).unwrap();
    let mut s = Sequence::of(&e).unwrap();
    assert!(s.optional("urn:1", "b").is_none());
    assert!(s.optional("urn:1", "c").is_some());
    let message = s.finish().unwrap_err().to_string();
    assert!(message.starts_with("cvc-complex-type.2.4.d"), "{message}");

    let mut s = Sequence::of(&e).unwrap();
    let message = s.required("urn:1", "b").unwrap_err().to_string();
    assert!(message.starts_with("cvc-complex-type.2.4.a"), "{message}");
    assert!(Sequence::of(&parse(b"<a>x<b/></a>").unwrap()).is_err());
}

#[test]
fn integers_keep_their_spelling() {
    let year = |t: &str| {
        let e = Element {
            namespace: String::new(),
            local: "year".into(),
            attributes: vec![],
            children: vec![],
            text: t.into(),
        };
        integer(&e, 1900, 2100)
    };
    assert_eq!(year(" 02024 ").unwrap(), "02024");
    for bad in ["1899", "2101", "20x4", "", "+", "2024.0"] {
        assert!(year(bad).is_err(), "{bad}");
    }
    assert_eq!(parse_integer("-3"), Some(-3));
    assert_eq!(parse_integer("99999999999999999999"), None);
}

proptest! {
    #[test]
    fn any_text_survives_writing_and_reading(text in "[\\PC\\t\\n]{0,60}") {
        let mut w = Writer::document("common:name", &[("k", text.replace(['\t', '\n'], " "))]);
        w.text("common:city", &text);
        let e = parse(&w.finish()).unwrap();
        prop_assert_eq!(&e.namespace, ns::COMMON);
        prop_assert_eq!(&e.children[0].text, &text);
        prop_assert_eq!(&e.attributes[0].value, &text.replace(['\t', '\n'], " "));
    }

    #[test]
    fn arbitrary_input_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn non_empty_refuses_exactly_white_space(text in "[ a\\n\\t]{0,5}") {
        let e = Element { namespace: String::new(), local: "n".into(), attributes: vec![], children: vec![], text: text.clone() };
        prop_assert_eq!(non_empty(&e, None).is_ok(), text.contains('a'));
    }
}
