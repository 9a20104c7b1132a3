//! Tokens that the agency keeps: issuing, listing and revoking them one by one.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{ErrorType, Failure, json, wire};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use store::api_tokens::{self, ApiTokenRow};
use store::{Conn, Id, StoreError, Timestamp, service_points};

use crate::auth::{Caller, Creator, NewApiToken, Role, issue_api_token};
use crate::endpoints::history::moment;
use crate::openapi::Describe;
use crate::paging::{CURSOR, LIMIT, Paging, link_next};
use crate::problem::Problem;
use crate::query::Query;
use crate::refusal::{Refusal, unless_valid};
use crate::registry::Registry;
use crate::{accept, body, rights};

const TAG: &str = "Tokens";
/// The name that is with the cursors.
const LIST: &str = "tokens/1";
/// Tokens of a page, unless a request says how many.
const PAGE: i64 = 100;
const MAX_NAME: usize = 100;
/// How long a token is accepted, in days, unless a request says so.
const USUAL_DAYS: i64 = 90;
const MAX_DAYS: i64 = 731;
const DAY: u64 = 24 * 3600;

pub(crate) fn describe_list() -> Describe {
    Describe::new("listTokens", TAG, "List the agency's own tokens")
        .text(
            "Newest first, in pages of 100 unless `limit` says otherwise, with the last use of each. \
             Operators see all. Users of a service point who signed in see those that act for it.",
        )
        .secured()
        .json_only()
        .stored()
        .json_list(200, "The tokens, without the tokens themselves", "ApiToken")
        .paged()
}

pub(crate) fn describe_create() -> Describe {
    Describe::new("createToken", TAG, "Issue a token")
        .text(
            "For a program that calls this API. `token` of the answer is shown this once. Operators \
             give any role. Users of a service point who signed in give `service-point-user` at \
             their service point, which mints, lists and reads there. A token makes no other token, \
             unless it is an operator's.",
        )
        .secured()
        .body("ApiTokenRequest")
        .json_only()
        .stored()
        .json(201, "Issued", "NewApiToken")
}

pub(crate) fn describe_revoke() -> Describe {
    Describe::new("revokeToken", TAG, "Revoke a token")
        .text(
            "When this is answered no node accepts the token any more. To revoke it again changes \
             nothing.",
        )
        .secured()
        .name("id", "`id` of the token")
        .stored()
        .empty(204, "It is revoked")
        .problem(404, "No such token")
}

/// A token as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiToken {
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by_issuer: Option<String>,
    expires_at: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_point: Option<i64>,
    state: &'static str,
    subject: String,
    /// The token itself, when it is issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl ApiToken {
    fn of(row: ApiTokenRow, now: Timestamp) -> Result<Self, StoreError> {
        let state = match row.revoked_at {
            Some(_) => "revoked",
            None if row.expires_at <= now => "expired",
            None => "active",
        };
        Ok(Self {
            created_at: moment(row.created_at)?,
            created_by: row.created_by,
            created_by_issuer: row.created_by_issuer,
            expires_at: moment(row.expires_at)?,
            id: row.id.to_string(),
            last_used_at: row.last_used_at.map(moment).transpose()?,
            name: row.name,
            revoked_at: row.revoked_at.map(moment).transpose()?,
            roles: row.roles.split(' ').map(str::to_owned).collect(),
            service_point: row.service_point_id,
            state,
            subject: row.subject,
            token: None,
        })
    }
}

pub(crate) async fn list(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    let of = rights::manages_tokens_of(&registry, &caller).await?;
    accept::json(&req)?;
    let mut query = Query::of(&req);
    query.only(&[LIMIT, CURSOR]);
    let paging: Paging<Id> = Paging::read(&mut query, &registry, LIST);
    query.finish()?;
    let limit = paging.limit(PAGE);
    // One more than is wanted shows whether there is a next page.
    let load = move |c: &mut Conn| api_tokens::page(c, of, paging.after, limit + 1);
    let mut rows = registry.store.read(load).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows.last().filter(|_| has_more).map(|row| row.id);
    let mut answer = HttpResponse::Ok();
    link_next(&mut answer, &req, &registry, LIST, next.as_ref())?;
    let now = registry.now();
    let shown: Result<Vec<_>, _> = rows.into_iter().map(|row| ApiToken::of(row, now)).collect();
    Ok(answer.json(shown?))
}

/// What is wanted of a new token.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ApiTokenRequest {
    #[serde(deserialize_with = "wire::integer")]
    days: Option<i64>,
    #[serde(deserialize_with = "wire::text")]
    name: Option<String>,
    roles: Option<Vec<String>>,
    #[serde(deserialize_with = "wire::integer")]
    service_point: Option<i64>,
}

impl ApiTokenRequest {
    /// What is wrong with it in itself.
    fn failures(&self) -> Vec<Failure> {
        let mut failures = Vec::new();
        let mut refuse = |field: &str, error_type, message: String| {
            failures.push(Failure {
                field_id: field.to_owned(),
                error_type,
                message,
            });
        };
        let name = self.name.as_deref().unwrap_or_default().trim();
        if name.is_empty() {
            refuse("name", ErrorType::NotSet, "field must be set".to_owned());
        } else if name.chars().count() > MAX_NAME {
            let message = format!("has at most {MAX_NAME} characters");
            refuse("name", ErrorType::TooLong, message);
        } else if name.contains(char::is_control) {
            let message = "has invalid/unsupported value - control characters".to_owned();
            refuse("name", ErrorType::InvalidValue, message);
        }
        if self
            .days
            .is_some_and(|days| !(1..=MAX_DAYS).contains(&days))
        {
            let message =
                format!("has invalid/unsupported value - write a number from 1 to {MAX_DAYS}");
            refuse("days", ErrorType::InvalidValue, message);
        }
        for (n, role) in self.roles.iter().flatten().enumerate() {
            if let Err(unknown) = role.parse::<Role>() {
                let field = format!("roles[{n}]");
                let message = format!("has invalid/unsupported value - {unknown}");
                refuse(&field, ErrorType::InvalidValue, message);
            }
        }
        failures
    }

    fn roles(&self) -> Vec<Role> {
        let named = self.roles.iter().flatten();
        let roles: Vec<Role> = named.filter_map(|role| role.parse().ok()).collect();
        if roles.is_empty() {
            return vec![Role::ServicePointUser];
        }
        roles
    }

    fn lifetime(&self) -> Duration {
        let days = self.days.unwrap_or(USUAL_DAYS);
        Duration::from_secs(days.unsigned_abs().saturating_mul(DAY))
    }
}

pub(crate) async fn create(
    caller: Caller,
    req: HttpRequest,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    let own = rights::manages_tokens_of(&registry, &caller).await?;
    accept::json(&req)?;
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let request: ApiTokenRequest = json::read(&body)?;
    unless_valid(request.failures())?;
    let roles = request.roles();
    if let Some(own) = own
        && (roles != [Role::ServicePointUser] || request.service_point.is_some_and(|id| id != own))
    {
        return Err(Refusal::Forbidden);
    }
    let service_point = own.or(request.service_point);
    check_service_point(&registry, service_point, &roles).await?;
    let now = registry.now();
    let new = NewApiToken {
        lifetime: request.lifetime(),
        name: request.name.unwrap_or_default().trim().to_owned(),
        subject: None,
        roles,
        service_point,
        creator: Some(Creator {
            issuer: caller.issuer().to_owned(),
            subject: caller.subject().to_owned(),
        }),
    };
    let (token, row) = issue_api_token(new, now);
    let kept = row.clone();
    registry
        .store
        .write(move |c| api_tokens::create(c, &kept))
        .await?;
    let mut shown = ApiToken::of(row, now)?;
    shown.token = Some(token.expose_secret().to_owned());
    Ok(HttpResponse::Created().json(shown))
}

/// Refuses a service point that is not there, and none where a role is one at a service point.
async fn check_service_point(
    registry: &Registry,
    id: Option<i64>,
    roles: &[Role],
) -> Result<(), Refusal> {
    let refused = |error_type, message: &str| {
        unless_valid(vec![Failure {
            field_id: "servicePoint".to_owned(),
            error_type,
            message: message.to_owned(),
        }])
    };
    let Some(id) = id else {
        if roles.iter().any(|role| role.is_at_service_point()) {
            return refused(ErrorType::NotSet, "field must be set");
        }
        return Ok(());
    };
    let found = registry.store.read(move |c| service_points::find(c, id));
    if found.await?.is_none() {
        return refused(ErrorType::InvalidValue, "there is no such service point");
    }
    Ok(())
}

pub(crate) async fn revoke(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    let of = rights::manages_tokens_of(&registry, &caller).await?;
    let missing = || {
        let detail = "There is no such token";
        Problem::of_http(StatusCode::NOT_FOUND, detail, req.path())
    };
    let id: Id = req
        .match_info()
        .query("id")
        .parse()
        .map_err(|_| missing())?;
    // A token keeps its service point, so that it is looked up before the write waits for its turn.
    let found = registry
        .store
        .read(move |c| api_tokens::find(c, id))
        .await?;
    let is_theirs = |row: &ApiTokenRow| of.is_none() || row.service_point_id == of;
    if !found.is_some_and(|row| is_theirs(&row)) {
        return Err(missing().into());
    }
    let now = registry.now();
    registry
        .store
        .write(move |c| api_tokens::revoke(c, id, now))
        .await?;
    registry.closed_everywhere().await;
    Ok(HttpResponse::NoContent().finish())
}
