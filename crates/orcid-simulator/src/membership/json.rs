//! Memberships as ORCID's JSON: scalar wrappers `{"value": …}`, times as epoch milliseconds.

use serde_json::{Value, json};

use super::{ExternalId, FuzzyDate, Membership, groups};
use crate::OrcidId;
use crate::timestamp::millis;

/// A whole membership.
pub(crate) fn membership_json(orcid: &OrcidId, membership: &Membership) -> Value {
    let a = &membership.affiliation;
    let organization = a.organization.as_ref().map(|o| {
        let disambiguated = o.disambiguated.as_ref().map(|d| {
            json!({
                "disambiguated-organization-identifier": d.identifier,
                "disambiguation-source": d.source,
            })
        });
        json!({
            "name": o.name,
            "address": { "city": o.city, "region": o.region, "country": o.country },
            "disambiguated-organization": disambiguated,
        })
    });
    json!({
        "created-date": { "value": millis(membership.created) },
        "last-modified-date": { "value": millis(membership.modified) },
        "source": {
            "source-orcid": null,
            "source-client-id": {
                "uri": format!("https://localhost/orcid-web/client/{}", membership.source.client_id),
                "path": membership.source.client_id,
                "host": "localhost",
            },
            "source-name": { "value": membership.source.name },
        },
        "put-code": membership.put_code,
        "department-name": a.department_name,
        "role-title": a.role_title,
        "start-date": a.start_date.as_ref().map(date),
        "end-date": a.end_date.as_ref().map(date),
        "organization": organization,
        "url": a.url.as_ref().map(value),
        "external-ids": external_ids(&a.external_ids),
        "display-index": "1",
        "visibility": membership.visibility.as_str(),
        "path": format!("/{orcid}/membership/{}", membership.put_code),
    })
}

/// A membership summary; it has the same fields.
pub(crate) fn summary_json(orcid: &OrcidId, membership: &Membership) -> Value {
    membership_json(orcid, membership)
}

/// The grouped list.
pub(crate) fn list_json(orcid: &OrcidId, memberships: &[&Membership]) -> Value {
    let last = |of: &[&Membership]| {
        of.iter()
            .map(|m| m.modified)
            .max()
            .map(|t| json!({ "value": millis(t) }))
    };
    let group = |group: Vec<&Membership>| {
        let ids = group.first().map(|m| m.affiliation.external_ids.as_slice());
        let summaries: Vec<Value> = group
            .iter()
            .map(|m| json!({ "membership-summary": summary_json(orcid, m) }))
            .collect();
        json!({
            "last-modified-date": last(&group),
            "external-ids": external_ids(ids.unwrap_or_default()),
            "summaries": summaries,
        })
    };
    json!({
        "last-modified-date": last(memberships),
        "affiliation-group": groups(memberships).into_iter().map(group).collect::<Vec<_>>(),
        "path": format!("/{orcid}/memberships"),
    })
}

fn external_ids(ids: &[ExternalId]) -> Value {
    let id = |id: &ExternalId| {
        json!({
            "external-id-type": id.kind,
            "external-id-value": id.value,
            "external-id-normalized": { "value": id.normalized(), "transient": true },
            "external-id-url": id.url.as_ref().map(value),
            "external-id-relationship": id.relationship,
        })
    };
    json!({ "external-id": ids.iter().map(id).collect::<Vec<_>>() })
}

fn date(date: &FuzzyDate) -> Value {
    json!({
        "year": value(&date.year),
        "month": date.month.as_ref().map(value),
        "day": date.day.as_ref().map(value),
    })
}

fn value(text: &String) -> Value {
    json!({ "value": text })
}
