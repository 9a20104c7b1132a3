//! Sample documents, and small changes to them.

/// A membership with every field.
pub const MEMBERSHIP: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<m:membership xmlns:m="http://www.orcid.org/ns/membership" xmlns:c="http://www.orcid.org/ns/common">
  <c:department-name>Reef Watch</c:department-name>
  <c:role-title>Principal Investigator</c:role-title>
  <c:start-date><c:year>2024</c:year><c:month>03</c:month><c:day>01</c:day></c:start-date>
  <c:end-date><c:year>2027</c:year><c:month>02</c:month><c:day>28</c:day></c:end-date>
  <c:organization>
    <c:name>Reef Watch</c:name>
    <c:address><c:city>Brisbane</c:city><c:country>AU</c:country></c:address>
    <c:disambiguated-organization>
      <c:disambiguated-organization-identifier>https://ror.org/00rqy9422</c:disambiguated-organization-identifier>
      <c:disambiguation-source>ROR</c:disambiguation-source>
    </c:disambiguated-organization>
  </c:organization>
  <c:url>https://raid.org/10.82841/c588ab06</c:url>
  <c:external-ids>
    <c:external-id>
      <c:external-id-type>raid</c:external-id-type>
      <c:external-id-value>10.82841/c588ab06</c:external-id-value>
      <c:external-id-url>https://raid.org/10.82841/c588ab06</c:external-id-url>
      <c:external-id-relationship>self</c:external-id-relationship>
    </c:external-id>
  </c:external-ids>
</m:membership>"#;

/// A membership with as little as possible, in a default namespace.
pub const SMALL_MEMBERSHIP: &str = r#"<membership xmlns="http://www.orcid.org/ns/membership" xmlns:c="http://www.orcid.org/ns/common"><c:organization><c:name>Reef Watch</c:name><c:address/></c:organization><c:external-ids><c:external-id><c:external-id-type>raid</c:external-id-type><c:external-id-value>10.82841/small</c:external-id-value><c:external-id-relationship>self</c:external-id-relationship></c:external-id></c:external-ids></membership>"#;

/// A request for permission.
pub const NOTIFICATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<n:notification xmlns:n="http://www.orcid.org/ns/notification" xmlns:c="http://www.orcid.org/ns/common">
  <n:notification-type>permission</n:notification-type>
  <n:authorization-url>
    <n:uri>https://raid.example/orcid/grant?state=v1.abc</n:uri>
  </n:authorization-url>
  <n:notification-subject>Add your projects</n:notification-subject>
  <n:notification-intro>Example Agency would like to add your projects.</n:notification-intro>
  <n:items>
    <n:item>
      <n:item-type>membership</n:item-type>
      <n:item-name>Reef Watch (Principal Investigator)</n:item-name>
      <c:external-id>
        <c:external-id-type>raid</c:external-id-type>
        <c:external-id-value>10.82841/c588ab06</c:external-id-value>
        <c:external-id-url>https://raid.org/10.82841/c588ab06</c:external-id-url>
        <c:external-id-relationship>self</c:external-id-relationship>
      </c:external-id>
    </n:item>
  </n:items>
</n:notification>"#;

/// The document with one part replaced; the part must be there.
pub fn with(document: &str, part: &str, replacement: &str) -> String {
    assert!(document.contains(part), "the sample has no {part}");
    document.replace(part, replacement)
}

/// The document with a put-code on its root.
pub fn with_put_code(document: &str, put_code: i64) -> String {
    let xmlns = " xmlns";
    document.replacen(xmlns, &format!(" put-code=\"{put_code}\"{xmlns}"), 1)
}

/// A membership for another RAiD.
pub fn membership_for(handle: &str) -> String {
    with(MEMBERSHIP, "10.82841/c588ab06", handle)
}
