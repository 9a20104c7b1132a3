//! Memberships in XML (membership-3.0.xsd).

use raid_model::PartialDate;
use raid_model::membership::MembershipDocument;

use crate::put_code::PutCode;
use crate::xml::{COMMON, Document, MEMBERSHIP, one_line};

/// The message for a new membership, or for the replacement of `put_code`.
///
/// Visibility is never sent: it is the person's to choose, and ORCID refuses a change of it.
pub(super) fn write(document: &MembershipDocument, put_code: Option<PutCode>) -> String {
    let put_code = put_code.map(|put_code| put_code.to_string());
    let mut attributes = vec![("xmlns:m", MEMBERSHIP), ("xmlns:c", COMMON)];
    if let Some(put_code) = &put_code {
        attributes.push(("put-code", put_code));
    }
    let title = one_line(&document.title);
    let role_title = one_line(&document.role_title);
    let mut xml = Document::new("m:membership", &attributes);
    xml.text("c:department-name", &title);
    // A blank element is invalid, an absent one is not.
    if !role_title.is_empty() {
        xml.text("c:role-title", &role_title);
    }
    date(&mut xml, "c:start-date", document.start);
    date(&mut xml, "c:end-date", document.end);
    xml.begin("c:organization")
        .text("c:name", &title)
        // Demanded by the schema, even empty.
        .empty("c:address")
        .end()
        .text("c:url", &document.url)
        .begin("c:external-ids")
        .begin("c:external-id")
        // In lower case, and the bare handle as value, for ever: ORCID recognises a duplicate by
        // exactly these.
        .text("c:external-id-type", "raid")
        .text("c:external-id-value", &document.handle.to_string())
        .text("c:external-id-url", &document.raid_url)
        .text("c:external-id-relationship", "self");
    xml.finish()
}

fn date(xml: &mut Document, name: &'static str, date: Option<PartialDate>) {
    let Some(date) = date else { return };
    xml.begin(name)
        .text("c:year", &format!("{:04}", date.year()));
    if let Some(month) = date.month() {
        xml.text("c:month", &format!("{:02}", u8::from(month)));
    }
    if let Some(day) = date.day() {
        xml.text("c:day", &format!("{day:02}"));
    }
    xml.end();
}
