//! A researcher's public record page.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::inbox::safe_link;
use super::{Shell, go, message, page, session, state_name};
use crate::OrcidId;
use crate::app::App;
use crate::membership::{ExternalId, FuzzyDate, Membership, groups};
use crate::timestamp::page_time;
use crate::world::RecordState;

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    shell: Shell,
    orcid: String,
    uri: String,
    name: String,
    state: &'static str,
    deprecated_into: Option<String>,
    cards: Vec<Card>,
    own: bool,
}

struct Card {
    put_code: i64,
    title: String,
    dates: String,
    role: String,
    url: Option<Identifier>,
    identifiers: Vec<Identifier>,
    source: String,
    added: String,
    modified: String,
    visibility: &'static str,
}

struct Identifier {
    kind: String,
    value: String,
    link: String,
}

/// `GET /{orcid}`
pub(crate) async fn show(
    request: HttpRequest,
    path: Path<String>,
    app: Data<Arc<App>>,
) -> HttpResponse {
    let state = app.lock();
    let signed_in = session::researcher(&request, &state.world);
    let shell = Shell::of(&state.world, signed_in.as_ref());
    let found = path.parse::<OrcidId>().ok();
    let found = found.and_then(|id| Some((id.clone(), state.world.records.get(&id)?)));
    let Some((orcid, record)) = found else {
        return message(
            shell,
            404,
            "Unknown iD",
            "There is no ORCID record with this iD.",
        );
    };
    let memberships: Vec<&Membership> = record.memberships.values().collect();
    let deprecated_into = match &record.state {
        RecordState::Deprecated { into } => Some(into.to_string()),
        _ => None,
    };
    let cards = groups(&memberships).into_iter().flatten().map(card);
    let record_page = RecordPage {
        shell,
        own: signed_in.as_ref() == Some(&orcid),
        uri: format!("{}/{orcid}", app.web_url),
        orcid: orcid.to_string(),
        name: record.display_name().to_owned(),
        state: state_name(&record.state),
        deprecated_into,
        cards: cards.collect(),
    };
    page(200, &record_page)
}

/// `POST /{orcid}/memberships/{put-code}/delete`: the researcher deletes an item.
pub(crate) async fn delete(
    request: HttpRequest,
    path: Path<(String, i64)>,
    app: Data<Arc<App>>,
) -> HttpResponse {
    let (orcid, put_code) = path.into_inner();
    let mut state = app.lock();
    let signed_in = session::researcher(&request, &state.world);
    let own = signed_in.filter(|id| id.as_str() == orcid);
    let removed = own.and_then(|id| {
        state
            .world
            .records
            .get_mut(&id)?
            .memberships
            .remove(&put_code)
    });
    if removed.is_none() {
        let shell = Shell::of(&state.world, None);
        return message(
            shell,
            403,
            "Not deleted",
            "Sign in as the owner of this record first.",
        );
    }
    drop(state);
    app.changed();
    go(&format!("/{orcid}"))
}

fn card(membership: &Membership) -> Card {
    let a = &membership.affiliation;
    let organization = a.organization.as_ref();
    let place: Vec<&str> = organization
        .map(|o| {
            [&o.city, &o.region, &o.country]
                .into_iter()
                .filter_map(|p| p.as_deref())
                .collect()
        })
        .unwrap_or_default();
    let mut title = organization.map(|o| o.name.clone()).unwrap_or_default();
    if !place.is_empty() {
        title.push_str(": ");
        title.push_str(&place.join(", "));
    }
    let end = a
        .end_date
        .as_ref()
        .map_or_else(|| "present".to_owned(), FuzzyDate::display);
    let dates = match &a.start_date {
        Some(start) => format!("{} to {end}", start.display()),
        None if a.end_date.is_some() => format!("to {end}"),
        None => String::new(),
    };
    let role = match (&a.role_title, &a.department_name) {
        (Some(role), Some(department)) => format!("{role} ({department})"),
        (Some(role), None) => role.clone(),
        (None, Some(department)) => format!("({department})"),
        (None, None) => String::new(),
    };
    Card {
        put_code: membership.put_code,
        title,
        dates,
        role,
        url: a.url.as_ref().map(|url| Identifier {
            kind: String::new(),
            value: url.clone(),
            link: safe_link(url),
        }),
        identifiers: a.external_ids.iter().map(identifier).collect(),
        source: membership.source.name.clone(),
        added: page_time(membership.created),
        modified: page_time(membership.modified),
        visibility: membership.visibility.as_str(),
    }
}

fn identifier(id: &ExternalId) -> Identifier {
    let resolved = match &id.url {
        Some(url) => url.clone(),
        None if id.kind == "raid" => format!("https://raid.org/{}", id.value),
        None => id.value.clone(),
    };
    Identifier {
        kind: id.kind.clone(),
        value: id.value.clone(),
        link: safe_link(&resolved),
    }
}
