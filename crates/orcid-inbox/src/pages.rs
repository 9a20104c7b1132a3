//! The pages that people see: server-rendered, without JavaScript.

use crate::request::{Listed, Projects, page_url};
use crate::settings::Settings;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use askama::Template;
use raid_model::membership::MembershipDocument;
use raid_model::{Handle, OrcidId};

/// A project, as it is shown.
pub(crate) struct Project {
    pub title: String,
    pub role: String,
    pub dates: String,
    pub handle: String,
    /// The iD that it names, if that is one that was merged into the person's.
    pub earlier_id: Option<OrcidId>,
}

impl Project {
    /// The projects of a person, as they are shown to them.
    pub(crate) fn all(found: &Projects, orcid: OrcidId) -> Vec<Self> {
        let shown = |listed: &Listed| Self {
            earlier_id: Some(listed.named).filter(|named| *named != orcid),
            ..Self::from(&listed.entry)
        };
        found.listed.iter().map(shown).collect()
    }
}

impl From<&MembershipDocument> for Project {
    fn from(d: &MembershipDocument) -> Self {
        let start = d.start.map(|date| date.to_string()).unwrap_or_default();
        let end = d
            .end
            .map_or_else(|| "present".to_owned(), |date| date.to_string());
        Self {
            title: d.title.clone(),
            role: d.role_title.clone(),
            dates: format!("{start} to {end}"),
            handle: d.handle.to_string(),
            earlier_id: None,
        }
    }
}

/// Projects that a person said, or is said, not to be part of, with buttons to take that back.
pub(crate) struct PartOf<'a> {
    pub handles: Vec<String>,
    pub action: String,
    pub link: &'a str,
}

impl<'a> PartOf<'a> {
    /// None if there are no such projects.
    pub(crate) fn of(settings: &Settings, handles: &[Handle], link: &'a str) -> Option<Self> {
        (!handles.is_empty()).then(|| Self {
            handles: handles.iter().map(ToString::to_string).collect(),
            action: action(settings, "orcid/part-of"),
            link,
        })
    }
}

/// The page that a permission request leads to.
#[derive(Template)]
#[template(path = "landing.html")]
pub(crate) struct Landing<'a> {
    pub agency: &'a str,
    pub contact: &'a str,
    pub trusted: &'a str,
    pub orcid_url: String,
    pub projects: Vec<Project>,
    pub more: bool,
    /// On which day they gave their permission, if it stands.
    pub given_on: Option<String>,
    /// How often they are asked.
    pub often: String,
    pub action: String,
    /// Where the button leads by which they say that they are not part of a project.
    pub not_me: String,
    pub part_of: Option<PartOf<'a>>,
    pub link: &'a str,
}

/// The page that an invitation leads to.
#[derive(Template)]
#[template(path = "invitation.html")]
pub(crate) struct Invitation<'a> {
    pub agency: &'a str,
    pub contact: &'a str,
    pub trusted: &'a str,
    pub project: String,
    pub handle: String,
    pub role: String,
    pub dates: String,
    /// Until when the project's record is not public, if it is embargoed.
    pub not_public: Option<String>,
    /// Until when nothing about it is written to the person's ORCID record, if that waits.
    pub not_written: Option<String>,
    pub action: String,
    pub link: &'a str,
}

/// The page about a service point that is new to a person.
#[derive(Template)]
#[template(path = "service_point.html")]
pub(crate) struct ServicePoint<'a> {
    pub agency: &'a str,
    pub contact: &'a str,
    pub trusted: &'a str,
    pub orcid_url: String,
    pub name: String,
    pub is_stopped: bool,
    pub projects: Vec<Project>,
    /// Where the button leads that stops it.
    pub stop: String,
    /// Where the button leads that allows it again.
    pub allow: String,
    pub link: &'a str,
}

/// What can be done after a visit. A button says which visit it is about, and counts only in the browser
/// that the visit began in; a page signs no new links.
pub(crate) struct Button {
    pub action: String,
    pub visit: String,
    pub label: &'static str,
    /// Whether it is not what most people want.
    pub is_plain: bool,
}

/// How it ended.
#[derive(Template)]
#[template(path = "result.html")]
pub(crate) struct ResultPage<'a> {
    pub agency: &'a str,
    pub contact: &'a str,
    pub trusted: &'a str,
    pub heading: String,
    pub texts: Vec<String>,
    pub orcid_url: Option<String>,
    pub projects: Vec<Project>,
    pub more: bool,
    pub part_of: Option<PartOf<'a>>,
    pub buttons: Vec<Button>,
    /// The page that the person came from.
    pub back: Option<String>,
}

impl<'a> ResultPage<'a> {
    /// A page with a heading and texts.
    pub(crate) fn new(settings: &'a Settings, heading: &str, texts: &[&str]) -> Self {
        Self {
            agency: &settings.agency_name,
            contact: &settings.contact,
            trusted: settings.trusted_parties_url.as_str(),
            heading: heading.to_owned(),
            texts: texts.iter().map(|t| (*t).to_owned()).collect(),
            orcid_url: None,
            projects: Vec::new(),
            more: false,
            part_of: None,
            buttons: Vec::new(),
            back: None,
        }
    }

    /// With the person's projects.
    pub(crate) fn with(mut self, found: &Projects, orcid: OrcidId) -> Self {
        self.projects = Project::all(found, orcid);
        self.more = found.more;
        self
    }

    /// With a button to try again: to exchange a kept code without a new sign-in, or to go to ORCID.
    pub(crate) fn with_retry(
        mut self,
        settings: &Settings,
        visit: &str,
        label: &'static str,
    ) -> Self {
        self.buttons.push(Button {
            action: action(settings, "orcid/retry"),
            visit: visit.to_owned(),
            label,
            is_plain: false,
        });
        self
    }

    /// With a button to sign in and say no for good.
    pub(crate) fn with_refusal(mut self, settings: &Settings, visit: &str) -> Self {
        self.buttons.push(Button {
            action: action(settings, "orcid/refuse"),
            visit: visit.to_owned(),
            label: "Do not ask me again",
            is_plain: true,
        });
        self
    }

    /// With the way back to the page that showed this link.
    pub(crate) fn with_way_back(mut self, settings: &Settings, link: &str) -> Self {
        let mut back = page_url(settings, "orcid/landing");
        back.query_pairs_mut().append_pair("i", link);
        self.back = Some(back.into());
        self
    }
}

fn action(settings: &Settings, path: &str) -> String {
    page_url(settings, path).path().to_owned()
}

/// Where the button leads that sends people on to ORCID.
pub(crate) fn authorize_action(settings: &Settings) -> String {
    action(settings, "orcid/authorize")
}

/// Where the button leads by which people say that they are not part of a project.
pub(crate) fn not_me_action(settings: &Settings) -> String {
    action(settings, "orcid/not-me")
}

/// An answer with a page, which browsers neither keep nor show in another site's frame.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> HttpResponse {
    let Ok(body) = template.render() else {
        return HttpResponse::InternalServerError().finish();
    };
    HttpResponse::build(status)
        .content_type(ContentType::html())
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("X-Frame-Options", "DENY"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        ))
        .body(body)
}
