//! Writing memberships as ORCID does: one, a summary, the grouped list.

use super::{Affiliation, ExternalId, FuzzyDate, Membership, Source, groups};
use crate::OrcidId;
use crate::timestamp::timestamp;
use crate::xml::write::Writer;

/// A whole membership.
pub(crate) fn membership_xml(orcid: &OrcidId, membership: &Membership) -> Vec<u8> {
    let mut w = Writer::document("membership:membership", &attributes(orcid, membership));
    content(&mut w, membership);
    w.finish()
}

/// A membership summary; it has the same fields.
pub(crate) fn summary_xml(orcid: &OrcidId, membership: &Membership) -> Vec<u8> {
    let mut w = Writer::document(
        "membership:membership-summary",
        &attributes(orcid, membership),
    );
    content(&mut w, membership);
    w.finish()
}

/// The grouped list, `activities:memberships`.
pub(crate) fn list_xml(orcid: &OrcidId, memberships: &[&Membership]) -> Vec<u8> {
    let path = vec![("path", format!("/{orcid}/memberships"))];
    let mut w = Writer::document("activities:memberships", &path);
    write_list(&mut w, orcid, memberships);
    w.finish()
}

/// What is inside `activities:memberships`.
pub(crate) fn write_list(w: &mut Writer, orcid: &OrcidId, memberships: &[&Membership]) {
    if let Some(last) = memberships.iter().map(|m| m.modified).max() {
        w.text("common:last-modified-date", &timestamp(last));
    }
    for group in groups(memberships) {
        w.start("activities:affiliation-group", &[]);
        if let Some(last) = group.iter().map(|m| m.modified).max() {
            w.text("common:last-modified-date", &timestamp(last));
        }
        let first = group.first().map(|m| m.affiliation.external_ids.as_slice());
        external_ids(w, first.unwrap_or_default());
        for membership in group {
            w.start(
                "membership:membership-summary",
                &attributes(orcid, membership),
            );
            content(w, membership);
            w.end();
        }
        w.end();
    }
}

/// The attributes of an item as it is read.
fn attributes(orcid: &OrcidId, membership: &Membership) -> Vec<(&'static str, String)> {
    let put_code = membership.put_code;
    vec![
        ("put-code", put_code.to_string()),
        ("visibility", membership.visibility.as_str().to_owned()),
        ("display-index", "1".to_owned()),
        ("path", format!("/{orcid}/membership/{put_code}")),
    ]
}

fn content(w: &mut Writer, membership: &Membership) {
    w.text("common:created-date", &timestamp(membership.created));
    w.text("common:last-modified-date", &timestamp(membership.modified));
    write_source(w, &membership.source);
    let Affiliation {
        department_name,
        role_title,
        start_date,
        end_date,
        organization,
        url,
        ..
    } = &membership.affiliation;
    w.optional("common:department-name", department_name.as_deref());
    w.optional("common:role-title", role_title.as_deref());
    date(w, "common:start-date", start_date.as_ref());
    date(w, "common:end-date", end_date.as_ref());
    if let Some(organization) = organization {
        w.start("common:organization", &[]);
        w.text("common:name", &organization.name);
        w.start("common:address", &[]);
        w.optional("common:city", organization.city.as_deref());
        w.optional("common:region", organization.region.as_deref());
        w.optional("common:country", organization.country.as_deref());
        w.end();
        if let Some(d) = &organization.disambiguated {
            w.start("common:disambiguated-organization", &[]);
            w.text(
                "common:disambiguated-organization-identifier",
                &d.identifier,
            );
            w.text("common:disambiguation-source", &d.source);
            w.end();
        }
        w.end();
    }
    w.optional("common:url", url.as_deref());
    if !membership.affiliation.external_ids.is_empty() {
        external_ids(w, &membership.affiliation.external_ids);
    }
}

/// `common:source`. ORCID's schema accepts only its own hosts here, so the address is the one that
/// its development set-up uses; clients identify items by `path`.
pub(crate) fn write_source(w: &mut Writer, source: &Source) {
    w.start("common:source", &[]);
    w.start("common:source-client-id", &[]);
    w.text(
        "common:uri",
        &format!("https://localhost/orcid-web/client/{}", source.client_id),
    );
    w.text("common:path", &source.client_id);
    w.text("common:host", "localhost");
    w.end();
    w.text("common:source-name", &source.name);
    w.end();
}

fn date(w: &mut Writer, name: &'static str, date: Option<&FuzzyDate>) {
    let Some(date) = date else { return };
    w.start(name, &[]);
    w.text("common:year", &date.year);
    w.optional("common:month", date.month.as_deref());
    w.optional("common:day", date.day.as_deref());
    w.end();
}

fn external_ids(w: &mut Writer, ids: &[ExternalId]) {
    w.start("common:external-ids", &[]);
    for id in ids {
        w.start("common:external-id", &[]);
        w.text("common:external-id-type", &id.kind);
        w.text("common:external-id-value", &id.value);
        let transient = [("transient", "true".to_owned())];
        w.text_with(
            "common:external-id-normalized",
            &transient,
            &id.normalized(),
        );
        w.optional("common:external-id-url", id.url.as_deref());
        w.optional(
            "common:external-id-relationship",
            id.relationship.as_deref(),
        );
        w.end();
    }
    w.end();
}
