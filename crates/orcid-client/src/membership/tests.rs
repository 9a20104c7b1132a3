use proptest::prelude::*;
use raid_model::{Handle, PartialDate};

use super::*;
use crate::xml;
use raid_model::membership::MembershipDocument;

const HANDLE: &str = "10.82841/c588ab06";

fn document() -> MembershipDocument {
    MembershipDocument {
        title: "Coral & <Reef> Observatory".into(),
        role_title: "Principal Investigator".into(),
        start: Some("2024-03-01".parse().unwrap()),
        end: Some("2027-02".parse().unwrap()),
        url: "https://raid.example.org/10.82841/c588ab06?a=1&b=2".into(),
        handle: HANDLE.parse().unwrap(),
        raid_url: "https://raid.org/10.82841/c588ab06".into(),
    }
}

#[test]
fn golden_create() {
    let expected = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        "\n",
        r#"<m:membership xmlns:m="http://www.orcid.org/ns/membership""#,
        r#" xmlns:c="http://www.orcid.org/ns/common">"#,
        "<c:department-name>Coral &amp; &lt;Reef&gt; Observatory</c:department-name>",
        "<c:role-title>Principal Investigator</c:role-title>",
        "<c:start-date><c:year>2024</c:year><c:month>03</c:month><c:day>01</c:day></c:start-date>",
        "<c:end-date><c:year>2027</c:year><c:month>02</c:month></c:end-date>",
        "<c:organization><c:name>Coral &amp; &lt;Reef&gt; Observatory</c:name><c:address/>",
        "</c:organization>",
        "<c:url>https://raid.example.org/10.82841/c588ab06?a=1&amp;b=2</c:url>",
        "<c:external-ids><c:external-id><c:external-id-type>raid</c:external-id-type>",
        "<c:external-id-value>10.82841/c588ab06</c:external-id-value>",
        "<c:external-id-url>https://raid.org/10.82841/c588ab06</c:external-id-url>",
        "<c:external-id-relationship>self</c:external-id-relationship></c:external-id>",
        "</c:external-ids></m:membership>",
    );
    assert_eq!(document::write(&document(), None), expected);
}

#[test]
fn golden_update_without_dates_and_role() {
    let document = MembershipDocument {
        title: " A\u{0}\nB ".into(),
        role_title: " ".into(),
        start: None,
        end: None,
        ..document()
    };
    let expected = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        "\n",
        r#"<m:membership xmlns:m="http://www.orcid.org/ns/membership""#,
        r#" xmlns:c="http://www.orcid.org/ns/common" put-code="4711">"#,
        "<c:department-name>A B</c:department-name>",
        "<c:organization><c:name>A B</c:name><c:address/></c:organization>",
        "<c:url>https://raid.example.org/10.82841/c588ab06?a=1&amp;b=2</c:url>",
    );
    let xml = document::write(&document, Some(4711.try_into().unwrap()));
    assert!(xml.starts_with(expected), "{xml}");
}

const LIST: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<activities:memberships path="/0000-0002-1825-0097/memberships"
    xmlns:activities="http://www.orcid.org/ns/activities"
    xmlns:common="http://www.orcid.org/ns/common"
    xmlns:membership="http://www.orcid.org/ns/membership">
  <common:last-modified-date>2026-01-02T03:04:05.678Z</common:last-modified-date>
  <activities:affiliation-group>
    <common:last-modified-date>2026-01-02T03:04:05.678Z</common:last-modified-date>
    <common:external-ids><common:external-id>
      <common:external-id-type>raid</common:external-id-type>
      <common:external-id-value>10.82841/c588ab06</common:external-id-value>
      <common:external-id-relationship>self</common:external-id-relationship>
    </common:external-id></common:external-ids>
    <membership:membership-summary put-code="12" path="/0000-0002-1825-0097/membership/12"
        visibility="public" display-index="0">
      <common:created-date>2026-01-02T03:04:05.678Z</common:created-date>
      <common:last-modified-date>2026-01-02T03:04:05.678Z</common:last-modified-date>
      <common:source>
        <common:source-client-id>
          <common:uri>https://sandbox.orcid.org/client/APP-OTHER</common:uri>
          <common:path>APP-OTHER</common:path><common:host>sandbox.orcid.org</common:host>
        </common:source-client-id>
        <common:source-name>Other</common:source-name>
      </common:source>
      <common:organization><common:name>Elsewhere</common:name>
        <common:address><common:city>B</common:city><common:country>AU</common:country></common:address>
      </common:organization>
      <common:external-ids><common:external-id>
        <common:external-id-type>raid</common:external-id-type>
        <common:external-id-value>10.82841/c588ab06</common:external-id-value>
        <common:external-id-normalized transient="true">10.82841/c588ab06</common:external-id-normalized>
        <common:external-id-relationship>self</common:external-id-relationship>
      </common:external-id></common:external-ids>
    </membership:membership-summary>
    <membership:membership-summary put-code="13" visibility="private">
      <common:source><common:source-client-id><common:path>APP-OURS</common:path>
      </common:source-client-id></common:source>
      <common:department-name>Coral &amp; &lt;Reef&gt; Observatory</common:department-name>
      <common:role-title>Principal Investigator</common:role-title>
      <common:start-date><common:year>2024</common:year><common:month>03</common:month><common:day>01</common:day></common:start-date>
      <common:end-date><common:year>2027</common:year><common:month>02</common:month></common:end-date>
      <common:organization><common:name>Coral &amp; &lt;Reef&gt; Observatory</common:name><common:address/></common:organization>
      <common:url>https://raid.example.org/10.82841/c588ab06?a=1&amp;b=2</common:url>
      <common:external-ids><common:external-id>
        <common:external-id-type>raid</common:external-id-type>
        <common:external-id-value>10.82841/C588AB06</common:external-id-value>
        <common:external-id-normalized transient="true">10.82841/c588ab06</common:external-id-normalized>
        <common:external-id-url>https://raid.org/10.82841/c588ab06</common:external-id-url>
        <common:external-id-relationship>self</common:external-id-relationship>
      </common:external-id></common:external-ids>
    </membership:membership-summary>
  </activities:affiliation-group>
  <activities:affiliation-group>
    <common:external-ids/>
    <membership:membership-summary put-code="9">
      <common:source><common:source-orcid><common:path>0000-0002-1825-0097</common:path>
      </common:source-orcid></common:source>
      <common:start-date><common:year>2024</common:year><common:month>13</common:month></common:start-date>
      <common:organization><common:name>A society</common:name><common:address/></common:organization>
    </membership:membership-summary>
  </activities:affiliation-group>
</activities:memberships>"#;

fn list(xml: &str) -> Vec<ListedMembership> {
    listed::read_list(&xml::parse(xml.as_bytes()).unwrap()).unwrap()
}

#[test]
fn list_is_read_across_groups_and_sources() {
    let entries = list(LIST);
    let numbers: Vec<i64> = entries.iter().map(|entry| entry.put_code.get()).collect();
    assert_eq!(numbers, [12, 13, 9]);
    let sources: Vec<_> = entries
        .iter()
        .map(|entry| entry.source_client_id.as_deref())
        .collect();
    assert_eq!(sources, [Some("APP-OTHER"), Some("APP-OURS"), None]);
    assert_eq!(entries[2].start.as_deref(), Some("2024-13"));
    assert_eq!(entries[2].external_ids, []);
    assert_eq!(
        entries[1].external_ids,
        [ExternalId {
            id_type: "raid".into(),
            value: "10.82841/C588AB06".into(),
            url: Some("https://raid.org/10.82841/c588ab06".into()),
            relationship: Some("self".into()),
        }]
    );
}

#[test]
fn prefixes_do_not_matter() {
    let other = LIST
        .replace("activities:", "ns1:")
        .replace("xmlns:activities", "xmlns:ns1")
        .replace("membership:", "ns2:")
        .replace("xmlns:membership", "xmlns:ns2")
        .replace("<common:", "<x.y:")
        .replace("</common:", "</x.y:")
        .replace("xmlns:common", "xmlns:x.y");
    assert_ne!(other, LIST);
    assert_eq!(list(&other), list(LIST));
}

#[test]
fn our_entry_is_found_by_source_type_and_handle() {
    let entries = list(LIST);
    let handle: Handle = HANDLE.parse().unwrap();
    let number = |client| our_entry(&entries, client, &handle).map(|entry| entry.put_code.get());
    assert_eq!(number("APP-OURS"), Some(13));
    assert_eq!(number("APP-OTHER"), Some(12));
    assert_eq!(number("app-ours"), None);
    let other: Handle = "10.82841/other".parse().unwrap();
    assert!(our_entry(&entries, "APP-OURS", &other).is_none());
    let mut doi = entries.clone();
    doi[1].external_ids[0].id_type = "doi".into();
    assert!(our_entry(&doi, "APP-OURS", &handle).is_none());
    let mut double = entries.clone();
    double.push(ListedMembership {
        put_code: 3.try_into().unwrap(),
        ..entries[1].clone()
    });
    assert_eq!(
        our_entry(&double, "APP-OURS", &handle)
            .unwrap()
            .put_code
            .get(),
        3
    );
}

#[test]
fn an_entry_says_what_was_written_and_nothing_else() {
    let entry = &list(LIST)[1];
    let same = document();
    assert!(entry.says(&same));
    let year: PartialDate = "2024".parse().unwrap();
    for different in [
        MembershipDocument {
            title: "Coral".into(),
            ..same.clone()
        },
        MembershipDocument {
            role_title: String::new(),
            ..same.clone()
        },
        MembershipDocument {
            start: Some(year),
            ..same.clone()
        },
        MembershipDocument {
            end: None,
            ..same.clone()
        },
        MembershipDocument {
            url: "https://raid.example.org/".into(),
            ..same.clone()
        },
        MembershipDocument {
            handle: "10.82841/x".parse().unwrap(),
            ..same.clone()
        },
        MembershipDocument {
            raid_url: "https://raid.org/x".into(),
            ..same.clone()
        },
    ] {
        assert!(!entry.says(&different), "{different:?}");
    }
}

#[test]
fn empty_and_foreign_lists() {
    assert_eq!(
        list(r#"<a:memberships xmlns:a="http://www.orcid.org/ns/activities"/>"#),
        []
    );
    for xml in [
        "<memberships/>",
        r#"<a:educations xmlns:a="http://www.orcid.org/ns/activities"/>"#,
        &LIST.replace("put-code=\"12\"", "put-code=\"x\""),
    ] {
        assert!(listed::read_list(&xml::parse(xml.as_bytes()).unwrap()).is_err());
    }
}

fn partial_date() -> impl Strategy<Value = Option<PartialDate>> {
    prop::option::of(
        prop_oneof![
            "19[0-9]{2}",
            "20[0-9]{2}-0[1-9]",
            "20[0-9]{2}-1[0-2]-[12][0-9]"
        ]
        .prop_map(|text| text.parse().unwrap()),
    )
}

proptest! {
    /// Whatever we write, we recognise when it comes back.
    #[test]
    fn what_is_written_is_recognised(
        title in "\\PC*[a-z]\\PC*", role_title in any::<String>(),
        start in partial_date(), end in partial_date(),
        suffix in "[a-zA-Z0-9]{1,20}", number in 1i64..,
    ) {
        let handle: Handle = format!("10.82841/{suffix}").parse().unwrap();
        let raid_url = format!("https://raid.org/{handle}");
        let document = MembershipDocument {
            title, role_title, start, end, url: raid_url.clone(), handle, raid_url,
        };
        let xml = document::write(&document, Some(number.try_into().unwrap()));
        let read = listed::read_one(&xml::parse(xml.as_bytes()).unwrap()).unwrap();
        prop_assert_eq!(read.put_code.get(), number);
        prop_assert!(read.says(&document));
        prop_assert!(!read.is_entry_of("APP-OURS", &document.handle));
        let ours = ListedMembership { source_client_id: Some("APP-OURS".into()), ..read };
        prop_assert!(ours.is_entry_of("APP-OURS", &document.handle));
    }
}
