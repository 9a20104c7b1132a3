//! Minting many RAiDs: lines in, lines out, and neither end waits for the other.

use std::rc::Rc;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use futures::stream::StreamExt as _;
use raid_model::Raid;
use serde::Serialize;
use store::StoreError;
use store::tasks::Lane;

use crate::auth::Caller;
use crate::idempotency::{Answer, Key};
use crate::limits::{self, CallerKey, RequestLimits};
use crate::lines::{Line, NDJSON, Unread, lines};
use crate::minting::{self, Minting};
use crate::openapi::Describe;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::slow_body::is_late;
use crate::trial::{self, OrcidChange, Publicity};
use crate::{accept, body, rights, warning};

/// Lines of one request that are served at the same time: enough for the store to write them in
/// groups, and no more than it takes besides the requests of others.
const AT_ONCE: usize = 32;

pub(crate) fn describe() -> Describe {
    let operation = Describe::new("mintRaids", "RAiDs", "Mint many RAiDs")
        .text(
            "Each line of the body is a request to mint, as in `POST /raid/`; each line of the \
             answer tells what became of one, in the same order. The lines do not depend on each \
             other, and what was minted stays when the connection breaks. There is no limit to \
             their number: read the answer while you send. With an `Idempotency-Key` each line has \
             its own, made of the key and the line's number, so that the same body can be sent \
             again; a line that was minted must have its number then, and blank lines count. With \
             `dryRun=true` no line is minted: one that is answered with 200 could be.",
        )
        .secured()
        .idempotency_key()
        .lines("RaidCreateRequest", "BulkResult")
        .stored();
    trial::described(operation)
}

pub(crate) async fn mint(
    caller: Caller,
    req: HttpRequest,
    payload: Payload,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    rights::may_mint(&caller)?;
    accept::lines(&req)?;
    let is_trial = trial::is_wanted(&req)?;
    let key = Key::of(&req)?;
    body::must_be(&req, NDJSON)?;
    // Trouble still has a status of its own here.
    rights::mints_into(&registry, &caller).await?;
    let lines = lines(payload, registry.settings.body_limit);
    let bulk = Rc::new(Bulk {
        registry,
        caller,
        key,
        is_trial,
        limits: req.app_data::<Data<RequestLimits>>().cloned(),
        who: limits::who(&req),
        path: req.path().to_owned(),
    });
    let results = lines
        .map(move |line| {
            let bulk = bulk.clone();
            async move { bulk.result(line).await }
        })
        .buffered(AT_ONCE)
        .ready_chunks(AT_ONCE)
        .map(|results| Ok::<_, actix_web::Error>(Bytes::from(results.concat())));
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(results))
}

/// What all lines of a request share.
struct Bulk {
    registry: Data<Registry>,
    caller: Caller,
    key: Option<Key>,
    /// Whether the lines are tried only.
    is_trial: bool,
    /// Who pays for large lines, unless the application has no limits.
    limits: Option<Data<RequestLimits>>,
    who: CallerKey,
    path: String,
}

/// What became of a line that was minted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Minted<'a> {
    line: u64,
    status: u16,
    handle: String,
    id: &'a str,
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_warning: Option<&'a str>,
}

/// What would become of a line that is tried and can be minted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tried<'a> {
    line: u64,
    status: u16,
    dry_run: bool,
    becomes_public: Publicity,
    orcid: Vec<OrcidChange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_warning: Option<&'a str>,
}

/// What became of another.
#[derive(Serialize)]
struct Refused<'a> {
    line: u64,
    status: u16,
    problem: Option<&'a Problem>,
}

impl Bulk {
    /// What became of a line, as a line.
    async fn result(&self, line: Line) -> Vec<u8> {
        let number = line.number;
        if let (Ok(text), Some(limits)) = (&line.text, &self.limits) {
            limits.pay_for_line(&self.who, text.len()).await;
        }
        // A large line takes a while to read, in which this thread serves nobody else.
        tokio::task::yield_now().await;
        let done = match line.text {
            Ok(text) if self.is_trial => self.try_to_mint(number, &text).await,
            Ok(text) => self.mint(number, &text).await.map(|answer| answer.body),
            Err(unread) => Err(self.unread(&unread)),
        };
        let (status, mut line) = match done {
            Ok(line) if self.is_trial => (StatusCode::OK, line),
            Ok(line) => (StatusCode::CREATED, line),
            Err(refusal) => (refusal.status_code(), refused(number, &refusal)),
        };
        metrics::counter!("raid_bulk_lines_total", "status" => status.as_str().to_owned())
            .increment(1);
        line.push(b'\n');
        line
    }

    async fn mint(&self, number: u64, text: &[u8]) -> Result<Answer, Refusal> {
        let registry = &*self.registry;
        // Asked for each line: a service point may be switched off meanwhile. Before the line is read,
        // so that no line waits while it takes many times its size.
        let point = rights::mints_into(registry, &self.caller).await?;
        let request = minting::request(text)?;
        let key = self.key.as_ref();
        let once = key.map(|key| key.request(registry, &self.caller, point.id, Some(number), text));
        let minted = async {
            let warnings = warning::text(&minting::check(registry, &self.caller, &request).await?);
            let minting = Minting {
                point: &point,
                caller: &self.caller,
                lane: Lane::Bulk,
            };
            let now = registry.now();
            let answer = |raid: &Raid| minted(number, raid, warnings.as_deref());
            let keep = |raid: &Raid| match &once {
                Some(once) => Ok(Some(once.kept(&answer(raid)?, now)?)),
                None => Ok(None),
            };
            let raid = minting.write(registry, &request, now, keep).await?;
            Ok(answer(&raid)?)
        };
        match &once {
            Some(once) => once.serve(registry, &self.path, minted).await,
            None => minted.await,
        }
    }

    /// Checks a line as if it were to be minted.
    async fn try_to_mint(&self, number: u64, text: &[u8]) -> Result<Vec<u8>, Refusal> {
        let registry = &*self.registry;
        let point = rights::mints_into(registry, &self.caller).await?;
        let request = minting::request(text)?;
        let warnings = warning::text(&minting::check(registry, &self.caller, &request).await?);
        let minting = Minting {
            point: &point,
            caller: &self.caller,
            lane: Lane::Bulk,
        };
        let raid = minting.tried(registry, &request)?;
        let result = Tried {
            line: number,
            status: StatusCode::OK.as_u16(),
            dry_run: true,
            becomes_public: Publicity::of(&raid, registry.now().date()),
            orcid: trial::of_new(registry, &self.caller, raid).await?,
            validation_warning: warnings.as_deref(),
        };
        Ok(line_of(&result)?)
    }

    fn unread(&self, why: &Unread) -> Refusal {
        match why {
            Unread::TooLong => {
                let limit = self.registry.settings.body_limit;
                let detail = format!("The line is too large: at most {limit} bytes are read");
                Problem::of_http(StatusCode::PAYLOAD_TOO_LARGE, detail, &self.path).into()
            }
            Unread::BrokenOff(error) if is_late(error) => {
                let detail = "The line did not arrive in time. It was not minted, and no line \
                              after it was read.";
                Problem::of_http(StatusCode::REQUEST_TIMEOUT, detail, &self.path).into()
            }
            Unread::BrokenOff(_) => Problem::invalid_json("the body ended too early").into(),
        }
    }
}

fn minted(line: u64, raid: &Raid, warning: Option<&str>) -> Result<Answer, StoreError> {
    let location = raid.identifier.id.to_string();
    let result = Minted {
        line,
        status: StatusCode::CREATED.as_u16(),
        handle: raid.handle().to_string(),
        id: &location,
        version: raid.version(),
        validation_warning: warning,
    };
    let body = line_of(&result)?;
    Ok(Answer {
        location,
        body,
        warning: warning.map(str::to_owned),
    })
}

fn line_of(result: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(result)
        .map_err(|e| StoreError::Corrupt(format!("the result of a line: {e}")))
}

fn refused(line: u64, refusal: &Refusal) -> Vec<u8> {
    if let Some(error) = refusal.cause() {
        tracing::error!(line, %error, "a line of many was not minted");
    }
    let problem = refusal.problem();
    let result = Refused {
        line,
        status: refusal.status_code().as_u16(),
        problem: problem.as_deref(),
    };
    // A problem is always JSON.
    serde_json::to_vec(&result).unwrap_or_default()
}
