//! How many RAiDs there are.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use store::raids::{self, CountFilter, Sight};
use store::service_points::{self, ServicePointRow};
use store::{Conn, StoreError};
use time::{Date, PrimitiveDateTime, Time};

use crate::auth::{Caller, Role};
use crate::openapi::Describe;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, sight};

pub(crate) fn describe() -> Describe {
    Describe::new("countRaids", "RAiDs", "Count RAiDs")
        .text(
            "Of all service points or of one, by the day on which they were minted (UTC). Embargoed \
             RAiDs count for those who may see them.",
        )
        .secured()
        .query(
            "servicePointId",
            "Count the RAiDs of this service point only",
        )
        .query(
            "startDate",
            "Count those minted on this day or later: `YYYY-MM-DD`",
        )
        .query(
            "endDate",
            "Count those minted on this day or earlier: `YYYY-MM-DD`",
        )
        .json_only()
        .stored()
        .json(200, "The numbers", "RaidCountResponse")
        .problem(400, "A parameter cannot be read")
}

/// Members as in the RAiD API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RaidCount {
    count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_point_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_point_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
    organisations: Vec<OfOrganisation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfOrganisation {
    id: String,
    count: i64,
    service_points: Vec<OfServicePoint>,
}

#[derive(Serialize)]
struct OfServicePoint {
    id: i64,
    name: String,
    count: i64,
}

pub(crate) async fn count(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator, Role::ServicePointUser])?;
    accept::json(&req)?;
    let asked = Asked::read(&req)?;
    let eyes = sight::of(&registry, Some(&caller)).await?;
    let counted = registry
        .store
        .read_long(move |c| asked.count(c, eyes.clone()))
        .await?;
    Ok(HttpResponse::Ok().json(counted))
}

/// What is to be counted.
#[derive(Clone, Copy)]
struct Asked {
    service_point: Option<i64>,
    start: Option<Date>,
    end: Option<Date>,
}

impl Asked {
    fn read(req: &HttpRequest) -> Result<Self, Refusal> {
        let mut query = Query::of(req);
        let asked = Self {
            service_point: query.id("servicePointId"),
            start: query.day("startDate"),
            end: query.day("endDate"),
        };
        query.finish()?;
        Ok(asked)
    }

    fn count(self, c: &mut Conn, sight: Sight) -> Result<RaidCount, StoreError> {
        let midnight = |day| PrimitiveDateTime::new(day, Time::MIDNIGHT);
        let filter = CountFilter {
            sight,
            service_point: self.service_point,
            from: self.start.map(midnight),
            // The last day that there is has no next one, and nothing is minted after it.
            before: self.end.and_then(Date::next_day).map(midnight),
        };
        let counts = raids::count_by_service_point(c, &filter)?;
        let points = service_points::all(c)?;
        let asked_for = self
            .service_point
            .and_then(|id| points.iter().find(|point| point.id == id));
        Ok(RaidCount {
            count: counts.iter().map(|(_, count)| count).sum(),
            service_point_id: self.service_point,
            service_point_name: asked_for.map(|point| point.name.clone()),
            start_date: self.start.map(|day| day.to_string()),
            end_date: self.end.map(|day| day.to_string()),
            organisations: by_organisation(&counts, &points),
        })
    }
}

/// The numbers of service points, under the organisations that own them.
fn by_organisation(counts: &[(i64, i64)], points: &[ServicePointRow]) -> Vec<OfOrganisation> {
    let mut organisations: BTreeMap<&str, Vec<OfServicePoint>> = BTreeMap::new();
    for (id, count) in counts {
        if let Some(point) = points.iter().find(|point| point.id == *id) {
            let of_owner = organisations.entry(&point.identifier_owner).or_default();
            of_owner.push(OfServicePoint {
                id: *id,
                name: point.name.clone(),
                count: *count,
            });
        }
    }
    organisations
        .into_iter()
        .map(|(id, service_points)| OfOrganisation {
            id: id.to_owned(),
            count: service_points.iter().map(|point| point.count).sum(),
            service_points,
        })
        .collect()
}
