//! The page that a permission request leads to: it asks, or says what was answered, or that there is
//! nothing to ask for.

use crate::pages::{Landing, PartOf, Project, ResultPage, authorize_action, not_me_action, page};
use crate::part_of;
use crate::pressed;
use crate::request::{Projects, people_of, projects};
use crate::visit::{Inbox, Signed};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use raid_model::permission::PermissionState;
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;
use store::{
    Conn, StoreError, Timestamp, contributions, disclaimers, grants, permission_requests,
    permissions, raids,
};
use time::Date;

/// Projects whose reasons are shown, when there is nothing to ask for.
const MOST_REASONS: usize = 10;

/// What is known of somebody who comes with the link of a permission request.
pub(crate) struct Situation {
    /// Their projects that may be written.
    pub projects: Projects,
    /// When they gave their permission, if it stands.
    given_on: Option<Date>,
    /// Projects that they said, or are said, not to be part of.
    disclaimed: Vec<Handle>,
    /// Why the projects of the last request are not among theirs any more.
    gone: Vec<(Handle, Gone)>,
}

/// Why a project that a person was asked about is not to be written.
enum Gone {
    Withdrawn,
    Disclaimed,
    NamesThemNoMore,
    NotPublic,
}

impl Situation {
    pub(crate) async fn load(inbox: &Inbox, orcid: OrcidId) -> Result<Self, StoreError> {
        let (policy, today) = (inbox.policy(), inbox.store.clock().now().date());
        let load = move |c: &mut Conn| {
            let projects = projects(c, &orcid, &policy, today)?;
            let gone = if projects.listed.is_empty() {
                gone(c, &orcid)?
            } else {
                Vec::new()
            };
            Ok(Self {
                projects,
                given_on: given_on(c, &orcid)?,
                disclaimed: part_of::disclaimed(c, &orcid)?,
                gone,
            })
        };
        inbox.store.read(load).await
    }
}

fn given_on(c: &mut Conn, orcid: &OrcidId) -> Result<Option<Date>, StoreError> {
    let stands = permissions::find(c, orcid)?
        .is_some_and(|p| matches!(p.state, PermissionState::Granted | PermissionState::Suspect));
    if !stands {
        return Ok(None);
    }
    Ok(grants::granted_at(c, orcid)?.map(Timestamp::date))
}

fn gone(c: &mut Conn, orcid: &OrcidId) -> Result<Vec<(Handle, Gone)>, StoreError> {
    let named: BTreeSet<Handle> = permission_requests::latest(c, orcid)?
        .and_then(|request| request.names)
        .and_then(|names| serde_json::from_str(&names).ok())
        .unwrap_or_default();
    let people = people_of(c, orcid)?;
    let why = |handle: Handle| {
        let why = why_gone(c, &people, &handle)?;
        Ok((handle, why))
    };
    named.into_iter().take(MOST_REASONS).map(why).collect()
}

fn why_gone(c: &mut Conn, people: &[OrcidId], handle: &Handle) -> Result<Gone, StoreError> {
    if raids::find_standing(c, handle)?.is_none() {
        return Ok(Gone::Withdrawn);
    }
    let named = contributions::of_raid(c, handle)?;
    let mut theirs = people.iter().filter(|person| named.contains(person));
    let Some(person) = theirs.next() else {
        return Ok(Gone::NamesThemNoMore);
    };
    Ok(if disclaimers::is_disclaimed(c, person, handle)? {
        Gone::Disclaimed
    } else {
        Gone::NotPublic
    })
}

/// `GET /orcid/landing`. Changes nothing: mail programs and scanners open links, too.
pub(crate) async fn landing(inbox: web::Data<Inbox>, query: web::Query<Signed>) -> HttpResponse {
    let orcid = match inbox.asked_by(&query.i) {
        Ok(orcid) => orcid,
        Err(e) => return inbox.bad_link(e),
    };
    if let Some(answer) = inbox.come_back_later() {
        return answer;
    }
    let found = match Situation::load(&inbox, orcid).await {
        Ok(found) => found,
        Err(e) => return inbox.trouble(&e),
    };
    if found.projects.listed.is_empty() {
        let page = nothing_to_ask(&inbox, &found, Some(&query.i));
        return pressed::leave_cookie(&inbox, page, &query.i);
    }
    let settings = &inbox.settings;
    let shown = Landing {
        agency: &settings.agency_name,
        contact: &settings.contact,
        trusted: settings.trusted_parties_url.as_str(),
        orcid_url: orcid.url(&inbox.orcid_prefix),
        projects: Project::all(&found.projects, orcid),
        more: found.projects.more,
        given_on: found.given_on.map(|day| day.to_string()),
        often: settings.rules.budget.in_words(),
        action: authorize_action(settings),
        not_me: not_me_action(settings),
        part_of: PartOf::of(settings, &found.disclaimed, &query.i),
        link: &query.i,
    };
    pressed::leave_cookie(&inbox, page(StatusCode::OK, &shown), &query.i)
}

/// The page for somebody without a project that may be written: it asks for nothing. With the `link` of
/// the page it has buttons for projects that they are said not to be part of.
pub(crate) fn nothing_to_ask(inbox: &Inbox, found: &Situation, link: Option<&str>) -> HttpResponse {
    let mut texts = vec!["There is no project that we would add to your ORCID record now.".into()];
    texts.extend(found.gone.iter().map(|(handle, why)| why.text(handle)));
    if found.gone.is_empty() {
        let text = "The projects were corrected or withdrawn, or you said that you are not part of \
                    them.";
        texts.push(text.into());
    }
    texts.push(match found.given_on {
        None => "You do not need to do anything.".into(),
        Some(day) => format!(
            "You gave permission on {day}. We keep it while a project names you, and hand it back \
             otherwise."
        ),
    });
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let heading = "There is nothing to give permission for";
    let mut shown = ResultPage::new(&inbox.settings, heading, &texts);
    shown.part_of = link.and_then(|link| PartOf::of(&inbox.settings, &found.disclaimed, link));
    page(StatusCode::OK, &shown)
}

impl Gone {
    fn text(&self, handle: &Handle) -> String {
        match self {
            Self::Withdrawn => format!("RAiD {handle} was withdrawn."),
            Self::Disclaimed => format!("You said that you are not part of RAiD {handle}."),
            Self::NamesThemNoMore => format!("RAiD {handle} was corrected: it does not name you."),
            Self::NotPublic => format!("RAiD {handle} is not public now."),
        }
    }
}
