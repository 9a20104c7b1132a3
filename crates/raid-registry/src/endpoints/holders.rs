//! Who holds a RAiD, beside the service point that owns it.

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{ErrorType, Failure};
use serde::Serialize;
use store::holders::{self, HolderRole, HolderRow};
use store::raids::RaidRow;
use time::format_description::well_known::Rfc3339;

use crate::auth::Caller;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::query::Query;
use crate::refusal::{Refusal, unless_valid};
use crate::registry::Registry;
use crate::{accept, rights};

/// Longest subject of a token.
const MAX_SUBJECT: usize = 255;

const TAG: &str = "Holders";

pub(crate) fn describe_list() -> Describe {
    Describe::new("listHolders", TAG, "Who holds a RAiD?")
        .text(
            "People and systems with a right to this one RAiD. For users of the service point that \
             owns it, its `raid-admin`s, and operators. Who mints a RAiD with the role \
             `raid-admin` holds it from the beginning.",
        )
        .secured()
        .handle()
        .json_only()
        .stored()
        .json_list(200, "By subject and issuer", "Holder")
        .problem(404, "No such RAiD (told to operators only)")
}

pub(crate) fn describe_give() -> Describe {
    described("giveRaid", "Let somebody hold a RAiD")
        .text(
            "With the role `raid-admin` or `raid-user` in their token they read and change it from \
             now on; a `raid-admin` also says who else holds it. The service point that owns the \
             RAiD must be enabled.",
        )
        .empty(204, "They hold it")
        .problem(
            400,
            "No such role, no possible subject, or an unknown issuer",
        )
        .problem(409, "So many hold it that nobody can be added")
}

pub(crate) fn describe_take() -> Describe {
    described("takeRaid", "Take a RAiD from a holder")
        .text(
            "The invitations end that they sent as its holder. Whoever they gave the RAiD to goes \
             on holding it: see `givenBy` in the list.",
        )
        .empty(204, "They do not hold it")
        .problem(400, "No such role, or no possible subject")
}

fn described(id: &'static str, summary: &'static str) -> Describe {
    Describe::new(id, TAG, summary)
        .secured()
        .handle()
        .name("role", "`raid-admin` or `raid-user`")
        .name("subject", "`sub` of the holder's tokens")
        .query(
            "issuer",
            "`iss` of the holder's tokens; the caller's own if left out",
        )
        .stored()
        .problem(404, "No such RAiD (told to operators only)")
}

/// A holder as shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Holder {
    given_at: String,
    given_by: String,
    given_by_issuer: String,
    issuer: String,
    role: &'static str,
    subject: String,
}

pub(crate) async fn list(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let row = rights::looked_after(&registry, &caller, &path).await?;
    let handle = row.handle.into_inner();
    let rows = registry
        .store
        .read(move |c| holders::of_raid(c, &handle))
        .await?;
    let shown: Vec<Holder> = rows
        .into_iter()
        .map(|row| Holder {
            given_at: row
                .given_at
                .assume_utc()
                .format(&Rfc3339)
                .unwrap_or_default(),
            given_by: row.given_by,
            given_by_issuer: row.given_by_issuer,
            issuer: row.issuer,
            role: row.role.as_str(),
            subject: row.subject,
        })
        .collect();
    Ok(HttpResponse::Ok().json(shown))
}

pub(crate) async fn give(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    let Named {
        row,
        issuer,
        subject,
        role,
    } = named(&registry, &caller, &req, &path).await?;
    rights::may_give(&registry, &caller, &row).await?;
    if !registry.settings.auth.accepts(&issuer) {
        let message = "must be an issuer whose tokens are accepted here";
        unless_valid(vec![failure("issuer", message)])?;
    }
    let held = HolderRow {
        handle: row.handle,
        issuer,
        subject,
        role,
        given_by_issuer: caller.issuer().to_owned(),
        given_by: caller.subject().to_owned(),
        given_at: registry.now(),
    };
    if registry
        .store
        .write(move |c| holders::give(c, &held))
        .await?
    {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::too_many_holders(holders::MAX_HOLDERS).into())
    }
}

pub(crate) async fn take(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    let named = named(&registry, &caller, &req, &path).await?;
    registry
        .store
        .write(move |c| {
            let handle = named.row.handle.get();
            holders::take(c, handle, &named.issuer, &named.subject, named.role)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The RAiD, and whom a request is about.
struct Named {
    row: RaidRow,
    issuer: String,
    subject: String,
    role: HolderRole,
}

/// Reads what a request names, if the caller looks after the RAiD.
async fn named(
    registry: &Registry,
    caller: &Caller,
    req: &HttpRequest,
    path: &HandlePath,
) -> Result<Named, Refusal> {
    let row = rights::looked_after(registry, caller, path).await?;
    let names = req.match_info();
    let role = HolderRole::ALL
        .iter()
        .find(|role| role.as_str() == names.query("role"))
        .copied();
    let subject = names.query("subject").to_owned();
    let query = Query::of(req);
    let issuer = query.one("issuer").unwrap_or(caller.issuer()).to_owned();
    let is_subject = subject.len() <= MAX_SUBJECT && !subject.contains(char::is_control);
    let mut failures = Vec::new();
    if role.is_none() {
        failures.push(failure("role", "must be raid-admin or raid-user"));
    }
    if !is_subject {
        failures.push(failure("subject", "must be the subject of a token"));
    }
    unless_valid(failures)?;
    Ok(Named {
        row,
        issuer,
        subject,
        role: role.ok_or_else(Problem::internal)?,
    })
}

fn failure(field: &str, message: &str) -> Failure {
    Failure {
        field_id: field.to_owned(),
        error_type: ErrorType::InvalidValue,
        message: message.to_owned(),
    }
}
