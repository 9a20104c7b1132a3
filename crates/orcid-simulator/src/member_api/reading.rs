//! Reading memberships and the record around them.

use serde_json::json;

use super::gate;
use super::memberships::put_code_of;
use super::{Answer, Call};
use crate::OrcidId;
use crate::api_error::ApiError;
use crate::app::State;
use crate::membership::{
    Membership, Visibility, list_json, list_xml, membership_json, membership_xml, summary_json,
    summary_xml, write_list,
};
use crate::reply::{Format, Reply};
use crate::timestamp::{millis, timestamp};
use crate::world::Record;
use crate::xml::write::Writer;

/// `GET /v3.0/{orcid}/membership/{put-code}` and `…/membership/summary/{put-code}`
pub(crate) fn membership(
    state: &mut State,
    call: &Call<'_>,
    put_code: &str,
    summary: bool,
) -> Answer {
    let put_code = put_code_of(put_code)?;
    let (orcid, record) = gate::record(&mut state.world, call, false)?;
    gate::owner(call)?;
    let membership = record
        .memberships
        .get(&put_code)
        .ok_or_else(|| ApiError::new(9016))?;
    if !readable(call, membership) {
        let code = if membership.visibility == Visibility::Private {
            9013
        } else {
            9038
        };
        return Err(ApiError::new(code));
    }
    let body = match (call.format, summary) {
        (Format::Xml(_), false) => membership_xml(&orcid, membership),
        (Format::Xml(_), true) => summary_xml(&orcid, membership),
        (Format::Json(_), false) => membership_json(&orcid, membership).to_string().into_bytes(),
        (Format::Json(_), true) => summary_json(&orcid, membership).to_string().into_bytes(),
    };
    Ok(Reply::new(200).body(call.format.content_type(), body))
}

/// `GET /v3.0/{orcid}/memberships`
pub(crate) fn memberships(state: &mut State, call: &Call<'_>) -> Answer {
    let (orcid, record) = gate::record(&mut state.world, call, false)?;
    gate::owner(call)?;
    let list = visible(call, record);
    let body = match call.format {
        Format::Xml(_) => list_xml(&orcid, &list),
        Format::Json(_) => list_json(&orcid, &list).to_string().into_bytes(),
    };
    Ok(Reply::new(200).body(call.format.content_type(), body))
}

/// `GET /v3.0/{orcid}/activities`: of its sections only the memberships exist here.
pub(crate) fn activities(state: &mut State, call: &Call<'_>) -> Answer {
    let (orcid, record) = gate::record(&mut state.world, call, false)?;
    gate::owner(call)?;
    gate::scope(call, "/read-public", false)?;
    let list = visible(call, record);
    let body = match call.format {
        Format::Xml(_) => {
            let path = vec![("path", format!("/{orcid}/activities"))];
            let mut w = Writer::document("activities:activities-summary", &path);
            write_memberships(&mut w, &orcid, &list);
            w.finish()
        }
        Format::Json(_) => {
            let path = format!("/{orcid}/activities");
            json!({ "memberships": list_json(&orcid, &list), "path": path })
                .to_string()
                .into_bytes()
        }
    };
    Ok(Reply::new(200).body(call.format.content_type(), body))
}

/// `GET /v3.0/{orcid}/person`: name and e-mail section.
pub(crate) fn person(state: &mut State, call: &Call<'_>) -> Answer {
    let (orcid, record) = gate::record(&mut state.world, call, false)?;
    gate::owner(call)?;
    gate::scope(call, "/read-public", false)?;
    let body = match call.format {
        Format::Xml(_) => {
            let path = vec![("path", format!("/{orcid}/person"))];
            let mut w = Writer::document("person:person", &path);
            write_person(&mut w, &orcid, record);
            w.finish()
        }
        Format::Json(_) => person_json(&orcid, record).to_string().into_bytes(),
    };
    Ok(Reply::new(200).body(call.format.content_type(), body))
}

/// `GET /v3.0/{orcid}/record` and `GET /v3.0/{orcid}`
pub(crate) fn record(state: &mut State, call: &Call<'_>) -> Answer {
    let (orcid, record) = gate::record(&mut state.world, call, false)?;
    gate::owner(call)?;
    gate::scope(call, "/read-public", false)?;
    let list = visible(call, record);
    let uri = format!("https://localhost/orcid-web/{orcid}");
    let body = match call.format {
        Format::Xml(_) => {
            let mut w = Writer::document("record:record", &[("path", format!("/{orcid}"))]);
            w.start("common:orcid-identifier", &[]);
            w.text("common:uri", &uri);
            w.text("common:path", orcid.as_str());
            w.text("common:host", "localhost");
            w.end();
            w.start("preferences:preferences", &[]);
            w.text("preferences:locale", "en");
            w.end();
            w.start("person:person", &[("path", format!("/{orcid}/person"))]);
            write_person(&mut w, &orcid, record);
            w.end();
            let path = [("path", format!("/{orcid}/activities"))];
            w.start("activities:activities-summary", &path);
            write_memberships(&mut w, &orcid, &list);
            w.finish()
        }
        Format::Json(_) => json!({
            "orcid-identifier": { "uri": uri, "path": orcid, "host": "localhost" },
            "preferences": { "locale": "en" },
            "person": person_json(&orcid, record),
            "activities-summary": { "memberships": list_json(&orcid, &list) },
            "path": format!("/{orcid}"),
        })
        .to_string()
        .into_bytes(),
    };
    Ok(Reply::new(200).body(call.format.content_type(), body))
}

/// A source reads its own items whatever their visibility; others need the scope for it.
fn readable(call: &Call<'_>, membership: &Membership) -> bool {
    let granted = call.token.orcid.is_some();
    membership.source.client_id == call.token.client_id
        || match membership.visibility {
            Visibility::Public => call.token.allows("/read-public"),
            Visibility::Limited => granted && call.token.allows("/read-limited"),
            Visibility::Private => false,
        }
}

/// The readable memberships, changed last first.
fn visible<'r>(call: &Call<'_>, record: &'r Record) -> Vec<&'r Membership> {
    let mut list: Vec<_> = record
        .memberships
        .values()
        .filter(|m| readable(call, m))
        .collect();
    list.sort_by_key(|m| std::cmp::Reverse((m.modified, m.put_code)));
    list
}

fn write_memberships(w: &mut Writer, orcid: &OrcidId, list: &[&Membership]) {
    w.start(
        "activities:memberships",
        &[("path", format!("/{orcid}/memberships"))],
    );
    write_list(w, orcid, list);
    w.end();
}

fn write_person(w: &mut Writer, orcid: &OrcidId, record: &Record) {
    if let Some(name) = &record.name {
        let attributes = [
            ("visibility", "public".to_owned()),
            ("path", orcid.to_string()),
        ];
        w.start("person:name", &attributes);
        w.text("common:created-date", &timestamp(record.created));
        w.text("common:last-modified-date", &timestamp(record.created));
        w.text("personal-details:given-names", name);
        w.end();
    }
    w.start("email:emails", &[("path", format!("/{orcid}/email"))]);
    w.end();
}

fn person_json(orcid: &OrcidId, record: &Record) -> serde_json::Value {
    let name = record.name.as_ref().map(|name| {
        json!({
            "created-date": { "value": millis(record.created) },
            "given-names": { "value": name },
            "family-name": null,
            "credit-name": null,
            "visibility": "public",
            "path": orcid,
        })
    });
    json!({ "name": name, "emails": { "email": [] }, "path": format!("/{orcid}/person") })
}
