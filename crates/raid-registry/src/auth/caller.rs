//! The caller of a request, as an extractor.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures::future::{LocalBoxFuture, ready};
use futures::{FutureExt as _, TryFutureExt as _};
use store::holders::{Holder, HolderRole};
use store::raids::Actor;

use super::api_tokens::is_api_token;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::request_log::Subject;

/// What a token may give the right to. Names as in the RAiD API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Mints, reads and changes the RAiDs of the own service point.
    ServicePointUser,
    /// Reads and changes all RAiDs, manages service points; does not mint.
    Operator,
    /// Mints, reads the open RAiDs of the own service point, and changes the RAiDs that they hold.
    RaidAdmin,
    /// Reads and changes the RAiDs that they hold.
    RaidUser,
    /// Finds RAiDs by person and organisation.
    PidSearcher,
    /// Reads all RAiDs, to set what contributors said.
    ContributorWriter,
    /// Reads all open RAiDs, and service points.
    RaidDumper,
    /// Reads all embargoed RAiDs.
    RaidAccessHandler,
    /// Reads all open RAiDs. What else it does at the original is not offered.
    RaidUpgrader,
}

impl Role {
    /// Every role that has a meaning here; others in a token have none.
    pub const ALL: &'static [Self] = &[
        Self::ServicePointUser,
        Self::Operator,
        Self::RaidAdmin,
        Self::RaidUser,
        Self::PidSearcher,
        Self::ContributorWriter,
        Self::RaidDumper,
        Self::RaidAccessHandler,
        Self::RaidUpgrader,
    ];

    /// The name in the token.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServicePointUser => "service-point-user",
            Self::Operator => "operator",
            Self::RaidAdmin => "raid-admin",
            Self::RaidUser => "raid-user",
            Self::PidSearcher => "pid-searcher",
            Self::ContributorWriter => "contributor-writer",
            Self::RaidDumper => "raid-dumper",
            Self::RaidAccessHandler => "raid-access-handler",
            Self::RaidUpgrader => "raid-upgrader",
        }
    }
}

impl Role {
    /// Whether the role reaches into every service point: what is embargoed there, or what is
    /// written there.
    pub fn is_agency_wide(self) -> bool {
        matches!(
            self,
            Self::Operator | Self::ContributorWriter | Self::RaidAccessHandler
        )
    }

    /// Whether the role is one at a service point, which the token's group names.
    pub fn is_at_service_point(self) -> bool {
        matches!(self, Self::ServicePointUser | Self::RaidAdmin)
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .find(|role| role.as_str() == name)
            .copied()
            .ok_or(UnknownRole)
    }
}

/// A text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a role: write service-point-user, operator, raid-admin, raid-user, pid-searcher, \
     contributor-writer, raid-dumper, raid-access-handler or raid-upgrader"
)]
pub struct UnknownRole;

/// What a good token says.
#[derive(Debug)]
pub(super) struct CallerFacts {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) client: Option<String>,
    pub(super) group: Option<String>,
    pub(super) roles: Vec<Role>,
    /// Whether it is a token that the agency keeps.
    pub(super) is_api_token: bool,
}

/// Who calls. As an extractor it refuses requests without a good token.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(super) Arc<CallerFacts>);

impl Caller {
    /// What is known of the caller takes so many bytes.
    pub(super) fn bytes(&self) -> usize {
        let facts = &*self.0;
        let optional = [&facts.client, &facts.group].into_iter().flatten();
        size_of::<CallerFacts>()
            + facts.issuer.len()
            + facts.subject.len()
            + optional.map(String::len).sum::<usize>()
            + facts.roles.len() * size_of::<Role>()
    }

    /// Whether the caller has a role.
    pub(crate) fn is(&self, role: Role) -> bool {
        self.0.roles.contains(&role)
    }

    /// Refuses callers that have none of the roles.
    pub(crate) fn must_be(&self, any_of: &[Role]) -> Result<(), Refusal> {
        if any_of.iter().any(|role| self.is(*role)) {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    /// The group whose service point the caller acts for.
    pub(crate) fn group(&self) -> Option<&str> {
        self.0.group.as_deref()
    }

    /// Who it is, among those with tokens of the same issuer.
    pub(crate) fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Who issued the token.
    pub(crate) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Whether the caller has a token that the agency keeps, and did not sign in.
    pub(crate) fn has_api_token(&self) -> bool {
        self.0.is_api_token
    }

    /// The caller as somebody who may hold RAiDs.
    pub(crate) fn holder(&self) -> Holder {
        let roles = [
            (Role::RaidAdmin, HolderRole::RaidAdmin),
            (Role::RaidUser, HolderRole::RaidUser),
        ];
        Holder {
            issuer: self.0.issuer.clone(),
            subject: self.0.subject.clone(),
            roles: roles
                .into_iter()
                .filter(|(role, _)| self.is(*role))
                .map(|(_, held)| held)
                .collect(),
        }
    }

    /// The issuer of the token, the client that it was issued to, and who it is.
    pub(crate) fn client_and_subject(&self) -> String {
        let client = self.0.client.as_deref().unwrap_or_default();
        // A line break keeps them apart: claims with control characters do not count.
        [self.issuer(), client, self.subject()].join("\n")
    }

    /// The caller as the one who wrote a version.
    pub(crate) fn actor(&self) -> Actor {
        Actor {
            issuer: Some(self.0.issuer.clone()),
            subject: self.0.subject.clone(),
            client: self.0.client.clone(),
        }
    }
}

impl FromRequest for Caller {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        identify(req.clone()).boxed_local()
    }
}

/// Who calls, where a token may be missing. One that does not count is refused here too, so that
/// nobody takes what everybody sees for what they may see.
#[derive(Debug, Clone)]
pub(crate) struct Visitor(pub(crate) Option<Caller>);

impl FromRequest for Visitor {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !req.headers().contains_key(header::AUTHORIZATION) {
            return ready(Ok(Self(None))).boxed_local();
        }
        identify(req.clone())
            .map_ok(|caller| Self(Some(caller)))
            .boxed_local()
    }
}

/// What was found out about a request's caller before it was asked for.
struct Identified(Result<Caller, Refusal>);

/// Who calls, if their token was found good a moment ago: no signature is checked for it.
pub(crate) fn remembered(req: &HttpRequest, registry: &Registry) -> Option<Caller> {
    let token = token(req).ok()?;
    let caller = if is_api_token(token) {
        registry.api_tokens.remembered(&registry.store, token)
    } else {
        registry.verifier.remembered(token)
    }?;
    req.extensions_mut().insert(Identified(Ok(caller.clone())));
    Some(caller)
}

/// Who calls, if a token that counts says so. What was found out is not found out again.
pub(crate) async fn identified(req: &HttpRequest, registry: &Registry) -> Option<Caller> {
    if !req.headers().contains_key(header::AUTHORIZATION) {
        return None;
    }
    let found = match token(req) {
        Ok(token) => verified(token, registry).await,
        Err(refusal) => Err(refusal),
    };
    let caller = found.as_ref().ok().cloned();
    req.extensions_mut().insert(Identified(found));
    caller
}

async fn identify(req: HttpRequest) -> Result<Caller, Refusal> {
    let registry = req
        .app_data::<web::Data<Registry>>()
        .ok_or_else(Problem::internal)?;
    let found = req.extensions_mut().remove::<Identified>();
    let caller = match found {
        Some(Identified(found)) => found?,
        None => verified(token(&req)?, registry).await?,
    };
    req.extensions_mut().insert(Subject(caller.clone()));
    Ok(caller)
}

/// Whom a token speaks for.
async fn verified(token: &str, registry: &Registry) -> Result<Caller, Refusal> {
    if is_api_token(token) {
        registry.api_tokens.verify(&registry.store, token).await
    } else {
        registry.verifier.verify(token).await
    }
}

/// The bearer token of a request (RFC 6750 §2.1).
fn token(req: &HttpRequest) -> Result<&str, Refusal> {
    let header = req
        .headers()
        .get(header::AUTHORIZATION)
        .ok_or(Refusal::NoToken)?;
    let malformed = Refusal::BadToken("Bearer token is malformed");
    let Ok(text) = header.to_str() else {
        return Err(malformed);
    };
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
            let token = token.trim();
            if token.is_empty() {
                Err(malformed)
            } else {
                Ok(token)
            }
        }
        _ if text.eq_ignore_ascii_case("Bearer") => Err(malformed),
        _ => Err(Refusal::NoToken),
    }
}
