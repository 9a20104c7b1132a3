//! What waits for an operator, and releasing it.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::Handle;
use raid_model::trust::{Quotas, Trust, is_used_up};
use serde::Serialize;
use store::announcements::{self, State};
use store::namings::{self, NextPage, Released, Waiting};
use store::service_point_days::{self as days, Usage};
use store::service_points::{self, ServicePointRow};
use store::{Conn, StoreError, Timestamp};

use crate::auth::{Caller, Role};
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, path, rights};

const TAG: &str = "Trust";
/// RAiDs that are named for each service point.
const MOST_RAIDS: usize = 100;

pub(crate) fn describe_waiting() -> Describe {
    Describe::new("listWaiting", TAG, "What waits for an operator?")
        .text(
            "For operators: the service points of which people are held, or that used some of their \
             quotas today (UTC), or about which people objected or could not be informed.",
        )
        .secured()
        .json_only()
        .stored()
        .json_list(200, "By service point", "WaitingServicePoint")
}

pub(crate) fn describe_raid() -> Describe {
    Describe::new("releaseRaid", TAG, "Release the people of a RAiD")
        .text(
            "For operators: everybody whom the RAiD names may be asked, and their entries written. To \
             do it again releases who came since.",
        )
        .secured()
        .handle()
        .withdrawn()
        .json_only()
        .stored()
        .json(200, "Released", "Released")
        .problem(404, "No such RAiD")
}

pub(crate) fn describe_service_point() -> Describe {
    Describe::new(
        "releaseServicePoint",
        TAG,
        "Release the people of a service point",
    )
    .text(
        "For operators: everybody who is held may be asked, and their entries written. Of a \
         service point whose `trust` is `hold`, these are all people of all its RAiDs.",
    )
    .secured()
    .number("id", "The number of the service point")
    .json_only()
    .stored()
    .json(200, "Released", "Released")
    .problem(400, "The id is no number")
    .problem(404, "No such service point")
}

/// What was released.
#[derive(Serialize)]
struct ReleasedView {
    contributions: usize,
    people: usize,
}

impl From<Released> for ReleasedView {
    fn from(released: Released) -> Self {
        Self {
            contributions: released.contributions,
            people: released.people,
        }
    }
}

pub(crate) async fn raid(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let row = rights::writable(&registry, &caller, &path).await?;
    let (handle, now) = (row.handle.into_inner(), registry.now());
    let released = registry
        .store
        .write(move |c| namings::release_raid(c, &handle, now))
        .await?;
    Ok(HttpResponse::Ok().json(ReleasedView::from(released)))
}

pub(crate) async fn service_point(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let id: i64 = path::number(&req, "id")?;
    let found = registry.store.read(move |c| service_points::find(c, id));
    let point = found
        .await?
        .ok_or_else(|| Problem::no_service_point_with(id))?;
    let released = release(&registry, id, point.trust == Trust::Hold).await?;
    Ok(HttpResponse::Ok().json(ReleasedView::from(released)))
}

/// Releases what waits at a service point, page by page, each in a transaction of its own. Broken off, it
/// goes on with the next call.
pub(crate) async fn release(
    registry: &Registry,
    service_point: i64,
    with_raids: bool,
) -> Result<Released, StoreError> {
    let mut all = Released::default();
    let mut next = NextPage::After(None);
    while let NextPage::After(after) = next {
        let now = registry.now();
        let (released, following) = registry
            .store
            .write(move |c| {
                namings::release_page(c, service_point, after.as_ref(), with_raids, now)
            })
            .await?;
        all.people += released.people;
        all.contributions += released.contributions;
        next = following;
    }
    Ok(all)
}

/// What waits at a service point.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WaitingView {
    /// Why an operator should look at once.
    alarms: Vec<&'static str>,
    announcements_failed: i64,
    held: HeldView,
    id: i64,
    name: String,
    raids: Vec<Handle>,
    today: TodayView,
    trust: Trust,
}

/// How many wait, and for what reason.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HeldView {
    contributions_by_trust: i64,
    people_by_day: i64,
    people_by_raid: i64,
}

/// What was used today.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TodayView {
    mails: i32,
    new_people: i32,
    objections: i32,
}

pub(crate) async fn waiting(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let now = registry.now();
    let seen = registry.store.read(move |c| Seen::load(c, now)).await?;
    Ok(HttpResponse::Ok().json(seen.views(&registry.settings.quotas)))
}

/// What is known of all service points.
struct Seen {
    points: Vec<ServicePointRow>,
    waiting: BTreeMap<i64, Waiting>,
    by_trust: BTreeMap<i64, i64>,
    today: BTreeMap<i64, Usage>,
    messages: BTreeMap<(i64, State), i64>,
}

impl Seen {
    fn load(c: &mut Conn, now: Timestamp) -> Result<Self, StoreError> {
        Ok(Self {
            points: service_points::all(c)?,
            waiting: namings::waiting(c, MOST_RAIDS)?,
            by_trust: namings::count_held_by_trust(c)?,
            today: days::of_day(c, now.date())?.into_iter().collect(),
            messages: announcements::counts(c)?,
        })
    }

    fn views(self, quotas: &Quotas) -> Vec<WaitingView> {
        let known = self
            .points
            .iter()
            .filter(|point| self.is_of_interest(point.id));
        known.map(|point| self.view(point, quotas)).collect()
    }

    fn is_of_interest(&self, id: i64) -> bool {
        self.waiting.contains_key(&id)
            || self.by_trust.contains_key(&id)
            || self.today.contains_key(&id)
            || self.messages.contains_key(&(id, State::Failed))
    }

    fn view(&self, point: &ServicePointRow, quotas: &Quotas) -> WaitingView {
        let id = point.id;
        let waiting = self.waiting.get(&id).cloned().unwrap_or_default();
        let today = self.today.get(&id).copied().unwrap_or_default();
        let mut alarms = Vec::new();
        if is_used_up(quotas.objections_alarm, today.objections) {
            alarms.push("objections");
        }
        if is_used_up(quotas.new_people_per_day, today.new_people) {
            alarms.push("new-people");
        }
        if is_used_up(quotas.mails_per_day, today.mails) {
            alarms.push("mails");
        }
        WaitingView {
            alarms,
            announcements_failed: self
                .messages
                .get(&(id, State::Failed))
                .copied()
                .unwrap_or_default(),
            held: HeldView {
                contributions_by_trust: self.by_trust.get(&id).copied().unwrap_or_default(),
                people_by_day: waiting.by_day,
                people_by_raid: waiting.by_raid,
            },
            id,
            name: point.name.clone(),
            raids: waiting.raids,
            today: TodayView {
                mails: today.mails,
                new_people: today.new_people,
                objections: today.objections,
            },
            trust: point.trust,
        }
    }
}
