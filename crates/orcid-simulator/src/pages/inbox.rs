//! The researcher's inbox.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use time::OffsetDateTime;

use super::sign_in::{self, Occasion};
use super::{Shell, go, message, page, session};
use crate::OrcidId;
use crate::app::{App, State};
use crate::notification::{Notification, PermissionRequest, Subject};
use crate::timestamp::page_time;

/// The newest so many are listed.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    shell: Shell,
    name: String,
    orcid: String,
    entries: Vec<Entry>,
    with_archived: bool,
    archived: usize,
}

struct Entry {
    put_code: i64,
    client: String,
    created: String,
    unread: bool,
    archived: bool,
    body: EntryBody,
}

enum EntryBody {
    Permission {
        subject: String,
        intro: String,
        groups: Vec<(String, Vec<ItemLine>)>,
        grant_url: String,
    },
    /// The intro holds `::`: ORCID takes it for `name::address` of an integration, and the buttons
    /// are gone.
    Connect {
        subject: String,
        label: String,
        url: String,
    },
    Amended {
        action: String,
        item: String,
    },
}

struct ItemLine {
    name: String,
    identifier: String,
}

/// `GET /inbox`
pub(crate) async fn show(
    request: HttpRequest,
    app: Data<Arc<App>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> HttpResponse {
    let mut state = app.lock();
    let now = app.now(&state.world);
    let Some(orcid) = session::researcher(&request, &state.world) else {
        return sign_in_for(&state, "/inbox");
    };
    let with_archived = query.get("includeArchived").is_some_and(|v| v == "true");
    list(&mut state, &orcid, with_archived, now)
}

/// `GET /researchers/{orcid}/inbox`: signs in as that researcher first.
pub(crate) async fn show_as(path: Path<String>, app: Data<Arc<App>>) -> HttpResponse {
    let mut state = app.lock();
    let now = app.now(&state.world);
    let orcid = path
        .parse()
        .ok()
        .filter(|id: &OrcidId| state.world.records.contains_key(id));
    let Some(orcid) = orcid else {
        let shell = Shell::of(&state.world, None);
        return message(
            shell,
            404,
            "Unknown iD",
            "There is no ORCID record with this iD.",
        );
    };
    let cookie = session::start(&mut state.world, &orcid);
    let mut response = list(&mut state, &orcid, false, now);
    drop(state);
    app.changed();
    match response.add_cookie(&cookie) {
        Ok(()) => response,
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

/// `GET /inbox/{id}`: opens one, which stamps its read date.
pub(crate) async fn open(
    request: HttpRequest,
    path: Path<i64>,
    app: Data<Arc<App>>,
) -> HttpResponse {
    change(
        &request,
        &app,
        path.into_inner(),
        Notification::read_by_researcher,
    )
}

/// `POST /inbox/{id}/read`
pub(crate) async fn read(
    request: HttpRequest,
    path: Path<i64>,
    app: Data<Arc<App>>,
) -> HttpResponse {
    change(
        &request,
        &app,
        path.into_inner(),
        Notification::read_by_researcher,
    )
}

/// `POST /inbox/{id}/archive`
pub(crate) async fn archive(
    request: HttpRequest,
    path: Path<i64>,
    app: Data<Arc<App>>,
) -> HttpResponse {
    change(
        &request,
        &app,
        path.into_inner(),
        Notification::archived_by_researcher,
    )
}

/// `GET /inbox/encrypted/{id}/action`: the link of the e-mail. Stamps read and actioned dates and
/// leads to the authorization address, with the iD when the researcher is signed out.
pub(crate) async fn email_action(
    request: HttpRequest,
    path: Path<i64>,
    app: Data<Arc<App>>,
) -> HttpResponse {
    let put_code = path.into_inner();
    let mut state = app.lock();
    let now = app.now(&state.world);
    let signed_in = session::researcher(&request, &state.world);
    let mut records = state.world.records.iter_mut();
    let found = records.find_map(|(orcid, record)| Some((orcid, record.notification(put_code)?)));
    let target = found.and_then(|(orcid, notification)| {
        let mut url = notification.permission()?.authorization_url.clone();
        notification.read_by_researcher(now);
        notification.actioned.get_or_insert(now);
        if signed_in.is_none() {
            url.push_str("&orcid=");
            url.push_str(orcid.as_str());
        }
        Some(url)
    });
    let Some(target) = target else {
        return no_notification(&state, signed_in.as_ref());
    };
    drop(state);
    app.changed();
    go(&target)
}

fn change(
    request: &HttpRequest,
    app: &App,
    put_code: i64,
    change: impl FnOnce(&mut Notification, OffsetDateTime),
) -> HttpResponse {
    let mut state = app.lock();
    let now = app.now(&state.world);
    let Some(orcid) = session::researcher(request, &state.world) else {
        return sign_in_for(&state, "/inbox");
    };
    let record = state.world.record(&orcid, now);
    let Some(notification) = record.and_then(|r| r.notification(put_code)) else {
        return no_notification(&state, Some(&orcid));
    };
    change(notification, now);
    drop(state);
    app.changed();
    go(&format!("/inbox#notification-{put_code}"))
}

fn no_notification(state: &State, orcid: Option<&OrcidId>) -> HttpResponse {
    let shell = Shell::of(&state.world, orcid);
    message(
        shell,
        404,
        "Notification not found",
        "It may have been deleted after a year.",
    )
}

fn sign_in_for(state: &State, next: &str) -> HttpResponse {
    let occasion = Occasion {
        next,
        prefill: None,
        client: None,
        error: None,
    };
    sign_in::form(&state.world, 200, &occasion)
}

fn list(
    state: &mut State,
    orcid: &OrcidId,
    with_archived: bool,
    now: OffsetDateTime,
) -> HttpResponse {
    let Some(record) = state.world.record(orcid, now) else {
        return no_notification(state, Some(orcid));
    };
    let name = record.display_name().to_owned();
    let archived = record.inbox.iter().filter(|n| n.archived.is_some()).count();
    let shown = record
        .inbox
        .iter()
        .rev()
        .filter(|n| with_archived || n.archived.is_none());
    let entries = shown.take(SHOWN).map(entry).collect();
    let inbox = InboxPage {
        shell: Shell::of(&state.world, Some(orcid)),
        name,
        orcid: orcid.to_string(),
        entries,
        with_archived,
        archived,
    };
    page(200, &inbox)
}

fn entry(notification: &Notification) -> Entry {
    let body = match &notification.subject {
        Subject::Permission(request) => permission(request),
        Subject::Amended(amendment) => EntryBody::Amended {
            action: amendment.action.clone(),
            item: amendment.item.clone(),
        },
    };
    Entry {
        put_code: notification.put_code,
        client: notification.source.name.clone(),
        created: page_time(notification.created),
        unread: notification.read.is_none(),
        archived: notification.archived.is_some(),
        body,
    }
}

fn permission(request: &PermissionRequest) -> EntryBody {
    let subject = request.subject.clone();
    if let Some((label, url)) = request.intro.split_once("::") {
        return EntryBody::Connect {
            subject,
            label: label.to_owned(),
            url: safe_link(url),
        };
    }
    let mut groups: Vec<(String, Vec<ItemLine>)> = Vec::new();
    for item in &request.items {
        let id = item.external_id.as_ref();
        let line = ItemLine {
            name: item.name.clone(),
            identifier: id
                .map(|id| format!("{}: {}", id.kind, id.value))
                .unwrap_or_default(),
        };
        match groups.iter_mut().find(|(kind, _)| *kind == item.kind) {
            Some((_, lines)) => lines.push(line),
            None => groups.push((item.kind.clone(), vec![line])),
        }
    }
    let grant_url = safe_link(&request.authorization_url);
    EntryBody::Permission {
        subject,
        intro: request.intro.clone(),
        groups,
        grant_url,
    }
}

/// Only web addresses become links.
pub(crate) fn safe_link(url: &str) -> String {
    let lower = url.trim().to_ascii_lowercase();
    let web = lower.starts_with("https://") || lower.starts_with("http://");
    if web {
        url.trim().to_owned()
    } else {
        "#".to_owned()
    }
}
