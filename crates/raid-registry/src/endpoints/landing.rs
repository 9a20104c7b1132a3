//! The page of a RAiD, for everybody. An embargoed RAiD shows no more than that it exists.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError as _, web};
use askama::Template;
use raid_model::{Contributor, ContributorStatus, Organisation, Raid};
use store::StoreError;
use time::Date;

use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::problem::RETRY_AFTER;
use crate::record;
use crate::refusal::Refusal;
use crate::registry::Registry;

/// No script, no frame, nothing from elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn describe() -> Describe {
    Describe::new("raidPage", "Pages", "The page of a RAiD")
        .text(
            "For everybody, without a token. Of an embargoed RAiD it shows the identifier and the \
             access statement, of a withdrawn one the identifier and the reason.",
        )
        .handle()
        .html(200, "The page")
        .html(404, "No such RAiD")
        .html(410, "The RAiD was withdrawn; the page says why")
        .html(500, "Something failed that is not the reader's")
        .html(503, "Busy; please try again")
        .header(503, "Retry-After", "Seconds")
}

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing {
    handle: String,
    id: String,
    title: String,
    other_titles: Vec<String>,
    dates: String,
    licence: String,
    version: u32,
    descriptions: Vec<String>,
    contributors: Vec<Participant>,
    organisations: Vec<Participant>,
}

#[derive(Template)]
#[template(path = "embargoed.html")]
struct Embargoed {
    handle: String,
    id: String,
    statement: String,
}

#[derive(Template)]
#[template(path = "withdrawn.html")]
struct Withdrawn {
    handle: String,
    id: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct Notice {
    heading: &'static str,
    text: &'static str,
}

/// A person or an organisation, and what they are in the project.
struct Participant {
    id: String,
    /// A URL that is certainly harmless to follow.
    is_link: bool,
    status: &'static str,
    parts: String,
}

pub(crate) async fn page(path: HandlePath, registry: web::Data<Registry>) -> HttpResponse {
    match render(&registry, &path).await {
        Ok(Some((status, page))) => html(status, page),
        Ok(None) => notice(
            StatusCode::NOT_FOUND,
            "No such RAiD",
            "There is no RAiD with this identifier here. Please check the address.",
        ),
        Err(error) => {
            tracing::error!(%error, "the page of a RAiD cannot be shown");
            let status = Refusal::from(error).status_code();
            let (heading, text) = if status == StatusCode::SERVICE_UNAVAILABLE {
                (
                    "Busy",
                    "The registry is busy. Please try again in a moment.",
                )
            } else {
                (
                    "Something went wrong",
                    "The page cannot be shown. Please try again later.",
                )
            };
            notice(status, heading, text)
        }
    }
}

async fn render(
    registry: &Registry,
    path: &HandlePath,
) -> Result<Option<(StatusCode, String)>, StoreError> {
    let Some(handle) = path.handle.clone() else {
        return Ok(None);
    };
    let addresses = registry.settings.addresses.clone();
    let found = registry
        .store
        .read(move |c| record::load_shown(c, &handle, &addresses))
        .await?;
    let Some((row, raid)) = found else {
        return Ok(None);
    };
    let mut status = StatusCode::OK;
    let page = if let Some(reason) = row.withdrawal_reason {
        status = StatusCode::GONE;
        let withdrawn = Withdrawn {
            handle: raid.handle().to_string(),
            id: raid.identifier.id.to_string(),
            reason,
        };
        withdrawn.render()
    } else if raid.access.is_embargoed() {
        embargoed(&raid).render()
    } else {
        landing(&raid, registry.now().date()).render()
    };
    page.map(|page| Some((status, page)))
        .map_err(|e| StoreError::Corrupt(format!("the page of {}: {e}", path.text)))
}

fn embargoed(raid: &Raid) -> Embargoed {
    let statement = raid.access.statement.as_ref();
    Embargoed {
        handle: raid.handle().to_string(),
        id: raid.identifier.id.to_string(),
        statement: statement.and_then(|s| s.text.clone()).unwrap_or_default(),
    }
}

fn landing(raid: &Raid, today: Date) -> Landing {
    let title = raid.title_on(today);
    let texts = raid.title.iter().filter_map(|other| other.text.clone());
    let descriptions = raid.description.as_deref().unwrap_or_default();
    let organisations = raid.organisation.as_deref().unwrap_or_default();
    Landing {
        handle: raid.handle().to_string(),
        id: raid.identifier.id.to_string(),
        other_titles: texts.filter(|text| *text != title).collect(),
        title,
        dates: period(
            raid.date.start_date.as_deref(),
            raid.date.end_date.as_deref(),
        ),
        licence: raid.identifier.license.clone(),
        version: raid.version(),
        descriptions: descriptions.iter().filter_map(|d| d.text.clone()).collect(),
        contributors: raid.contributor.iter().map(person).collect(),
        organisations: organisations.iter().map(organisation).collect(),
    }
}

fn person(person: &Contributor) -> Participant {
    let positions = person.positions().iter().map(|position| {
        let label = position.id.map(|id| id.label()).unwrap_or_default();
        part(
            label,
            position.start_date.as_deref(),
            position.end_date.as_deref(),
        )
    });
    let roles = person.roles().iter().filter_map(|role| role.id);
    let parts = positions.chain(roles.map(|role| role.label().to_owned()));
    let is_confirmed = person.status == Some(ContributorStatus::Authenticated);
    Participant {
        status: if is_confirmed {
            "confirmed by the person"
        } else {
            "not confirmed"
        },
        ..participant(person.id.as_deref(), parts)
    }
}

fn organisation(organisation: &Organisation) -> Participant {
    let roles = organisation.role.as_deref().unwrap_or_default();
    let parts = roles.iter().map(|role| {
        let label = role.id.map(|id| id.label()).unwrap_or_default();
        part(label, role.start_date.as_deref(), role.end_date.as_deref())
    });
    participant(organisation.id.as_deref(), parts)
}

fn participant(id: Option<&str>, parts: impl Iterator<Item = String>) -> Participant {
    let id = id.unwrap_or_default().to_owned();
    Participant {
        is_link: id.starts_with("https://"),
        id,
        status: "",
        parts: parts.collect::<Vec<_>>().join("; "),
    }
}

/// What somebody is, and when.
fn part(label: &str, start: Option<&str>, end: Option<&str>) -> String {
    format!("{label} ({})", period(start, end))
}

/// An empty end counts as none.
fn period(start: Option<&str>, end: Option<&str>) -> String {
    let start = start.unwrap_or_default();
    match end.map(str::trim).filter(|end| !end.is_empty()) {
        Some(end) => format!("{start} to {end}"),
        None => format!("since {start}"),
    }
}

pub(crate) fn notice(
    status: StatusCode,
    heading: &'static str,
    text: &'static str,
) -> HttpResponse {
    match (Notice { heading, text }).render() {
        Ok(page) => html(status, page),
        Err(_) => HttpResponse::build(status).finish(),
    }
}

fn html(status: StatusCode, page: String) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.insert_header((header::RETRY_AFTER, RETRY_AFTER));
    }
    answer
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(page)
}
