//! Writing memberships: POST, PUT, DELETE.

use std::collections::BTreeMap;

use super::gate;
use super::{Answer, Call};
use crate::OrcidId;
use crate::api_error::ApiError;
use crate::app::State;
use crate::membership::{
    Affiliation, Membership, check, duplicate_of, membership_json, membership_xml, read_membership,
};
use crate::reply::{Format, Reply};

const SCOPE: &str = "/activities/update";

/// `POST /v3.0/{orcid}/membership`
pub(crate) fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let sent = read_membership(call.body)?;
    let (orcid, record) = gate::record(&mut state.world, call, false)?;
    gate::owner(call)?;
    gate::scope(call, SCOPE, true)?;
    if sent.put_code.is_some() {
        return Err(ApiError::new(9024));
    }
    check(&sent.affiliation, &call.app.organizations)?;
    let client_id = &call.token.client_id;
    let duplicate = duplicate_of(
        &sent.affiliation,
        client_id,
        None,
        record.memberships.values(),
    );
    if let Some(put_code) = duplicate {
        state.counters.duplicates_refused += 1;
        return Err(ApiError::duplicate(put_code));
    }
    // A sent visibility is ignored: the researcher's default holds.
    let visibility = record.default_visibility;
    let put_code = state.world.next_put_code();
    let membership = Membership {
        put_code,
        source: state.world.source(client_id),
        visibility,
        created: call.now,
        modified: call.now,
        affiliation: stored(sent.affiliation),
    };
    place(state, call, &orcid, membership, "added");
    let location = format!("{}/v3.0/{orcid}/membership/{put_code}", call.base);
    Ok(Reply::new(201).header("location", &location))
}

/// `PUT /v3.0/{orcid}/membership/{put-code}`: replaces all of it.
pub(crate) fn update(state: &mut State, call: &Call<'_>, put_code: &str) -> Answer {
    let put_code = put_code_of(put_code)?;
    let sent = read_membership(call.body)?;
    let (orcid, record) = gate::record(&mut state.world, call, false)?;
    gate::owner(call)?;
    gate::scope(call, SCOPE, true)?;
    if sent.put_code != Some(put_code) {
        return Err(ApiError::put_code_mismatch(put_code, sent.put_code));
    }
    let standing = own(&record.memberships, call, put_code)?.clone();
    if sent
        .visibility
        .as_deref()
        .is_some_and(|v| v != standing.visibility.as_str())
    {
        return Err(ApiError::new(9035));
    }
    check(&sent.affiliation, &call.app.organizations)?;
    let client_id = &call.token.client_id;
    let others = record.memberships.values();
    if let Some(put_code) = duplicate_of(&sent.affiliation, client_id, Some(put_code), others) {
        state.counters.duplicates_refused += 1;
        return Err(ApiError::duplicate(put_code));
    }
    let affiliation = stored(sent.affiliation);
    let membership = Membership {
        modified: call.now,
        affiliation,
        ..standing
    };
    let body = match call.format {
        Format::Xml(_) => membership_xml(&orcid, &membership),
        Format::Json(_) => membership_json(&orcid, &membership)
            .to_string()
            .into_bytes(),
    };
    place(state, call, &orcid, membership, "updated");
    Ok(Reply::new(200).body(call.format.content_type(), body))
}

/// `DELETE /v3.0/{orcid}/membership/{put-code}`
pub(crate) fn delete(state: &mut State, call: &Call<'_>, put_code: &str) -> Answer {
    let put_code = put_code_of(put_code)?;
    let (orcid, record) = gate::record(&mut state.world, call, false)?;
    gate::owner(call)?;
    gate::scope(call, SCOPE, true)?;
    let title = title(own(&record.memberships, call, put_code)?);
    record.memberships.remove(&put_code);
    let source = state.world.source(&call.token.client_id);
    state
        .world
        .notify_amended(&orcid, source, "deleted", &title, call.now);
    Ok(Reply::new(204))
}

/// The put-code in a path.
pub(crate) fn put_code_of(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| ApiError::new(9034))
}

/// The membership, when it is there and this client wrote it.
fn own<'m>(
    memberships: &'m BTreeMap<i64, Membership>,
    call: &Call<'_>,
    put_code: i64,
) -> Result<&'m Membership, ApiError> {
    let standing = memberships
        .get(&put_code)
        .ok_or_else(|| ApiError::new(9016))?;
    if standing.source.client_id == call.token.client_id {
        Ok(standing)
    } else {
        Err(ApiError::new(9010))
    }
}

/// The affiliation as it is kept: identifier types come back in lower case.
fn stored(mut affiliation: Affiliation) -> Affiliation {
    for id in &mut affiliation.external_ids {
        id.kind = id.kind.to_lowercase();
    }
    affiliation
}

/// Puts a membership on the record, tells the researcher, and counts it when it now stands twice.
fn place(
    state: &mut State,
    call: &Call<'_>,
    orcid: &OrcidId,
    membership: Membership,
    action: &str,
) {
    let title = title(&membership);
    let source = membership.source.clone();
    if let Some(record) = state.world.records.get_mut(orcid) {
        let ids = &membership.affiliation.external_ids;
        let twice = record.memberships.values().any(|other| {
            other.put_code != membership.put_code
                && other
                    .affiliation
                    .external_ids
                    .iter()
                    .any(|o| ids.iter().any(|i| i.same_meaning(o)))
        });
        if twice {
            state.counters.duplicates_standing += 1;
        }
        record.memberships.insert(membership.put_code, membership);
    }
    state
        .world
        .notify_amended(orcid, source, action, &title, call.now);
}

fn title(membership: &Membership) -> String {
    membership
        .affiliation
        .organization
        .as_ref()
        .map(|o| o.name.clone())
        .unwrap_or_default()
}
