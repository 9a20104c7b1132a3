//! Reading an earlier version of a RAiD.

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::Handle;
use store::raids;
use store::{Conn, StoreError};

use crate::auth::Visitor;
use crate::endpoints::history::moment;
use crate::openapi::Describe;
use crate::path::{self, HandlePath};
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::status::Known;
use crate::{accept, record, sight, status};

pub(crate) fn describe() -> Describe {
    Describe::new("readRaidVersion", "RAiDs", "Read one version of a RAiD")
        .text(
            "As it was written; the contributors' status is of today. Former versions are for those \
             who look after the RAiD, unless the agency opens them to everybody. One that was redacted \
             is 410, and `detail` says why.",
        )
        .open()
        .handle()
        .of_raid()
        .number("version", "The version, from 1")
        .json_only()
        .stored()
        .json(200, "The RAiD at that version", "RaidDto")
        .problem(400, "The version is no number")
        .empty(
            404,
            "No such version, or no such RAiD (told to operators only)",
        )
}

pub(crate) async fn read(
    Visitor(caller): Visitor,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let version: i32 = path::number(&req, "version")?;
    // Today's access decides, also about versions that had another.
    let record = sight::readable(&registry, caller.as_ref(), path.handle.as_ref()).await?;
    let Some(handle) = path.handle else {
        return Err(Refusal::NotFound);
    };
    if version != record.version {
        sight::may_read_former(&registry, caller.as_ref(), &record, &handle).await?;
    }
    let is_inside = sight::sees_inside(&registry, caller.as_ref(), &record, &handle).await?;
    let found = registry
        .store
        .read(move |c| Found::load(c, &handle, version, is_inside))
        .await?;
    match found {
        Found::Shown(body) => Ok(HttpResponse::Ok()
            .content_type("application/json")
            .body(body)),
        Found::Redacted(problem) => Err(Refusal::Problem(problem)),
        Found::Nothing => Err(Refusal::NotFound),
    }
}

/// What there is of a version.
enum Found {
    Shown(Vec<u8>),
    Redacted(Box<Problem>),
    Nothing,
}

impl Found {
    /// Whoever is not inside sees who of the contributors is confirmed, and no more of the others.
    fn load(
        c: &mut Conn,
        handle: &Handle,
        version: i32,
        is_inside: bool,
    ) -> Result<Self, StoreError> {
        let Some(row) = raids::version(c, handle, version)? else {
            return Ok(Self::Nothing);
        };
        if let Some(at) = row.redacted_at {
            let reason = row.redaction_reason.unwrap_or_default();
            let problem = Problem::redacted(handle, version, &moment(at)?, &reason);
            return Ok(Self::Redacted(Box::new(problem)));
        }
        let known = Known::load(c, &[handle])?;
        let raid = record::parse(&row.document)?;
        let mut raid = raid.with_statuses(|person| known.status(handle, person));
        if !is_inside {
            raid = status::raid_for_everybody(&raid).unwrap_or(raid);
        }
        Ok(Self::Shown(record::write(&raid)?))
    }
}
