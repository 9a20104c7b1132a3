//! The requests that are mutated, and what their answers may be.

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::harness::{BODY_LIMIT, Reply};

/// A kind of request with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Mint,
    Update,
    Patch,
    Invite,
    CreateServicePoint,
    ChangeServicePoint,
}

/// All kinds, as often as they are sent.
pub const TARGETS: &[Target] = &[
    Target::Mint,
    Target::Mint,
    Target::Mint,
    Target::Mint,
    Target::Update,
    Target::Update,
    Target::Update,
    Target::Update,
    Target::Patch,
    Target::Invite,
    Target::CreateServicePoint,
    Target::ChangeServicePoint,
];

/// The blocks of a RAiD.
const BLOCKS: &[&str] = &[
    "access",
    "alternateIdentifier",
    "alternateUrl",
    "contributor",
    "date",
    "description",
    // The RAiD API calls another RAiD than that of the path `id.identifier`.
    "id",
    "identifier",
    "metadata",
    "organisation",
    "relatedObject",
    "relatedRaid",
    "spatialCoverage",
    "subject",
    "title",
    "traditionalKnowledgeLabel",
];

impl Target {
    pub fn method(self) -> Method {
        match self {
            Self::Mint | Self::Invite | Self::CreateServicePoint => Method::POST,
            Self::Update | Self::ChangeServicePoint => Method::PUT,
            Self::Patch => Method::PATCH,
        }
    }

    /// The members of its body.
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::Mint | Self::Update => BLOCKS,
            Self::Patch => &["contributor"],
            Self::Invite => &["contact", "email", "leader", "position", "role"],
            Self::CreateServicePoint | Self::ChangeServicePoint => &[
                "adminEmail",
                "appWritesEnabled",
                "enabled",
                "groupId",
                "id",
                "identifierOwner",
                "name",
                "prefix",
                "repositoryId",
                "retired",
                "techEmail",
                "trust",
            ],
        }
    }

    /// What is wrong with an answer, if anything is.
    pub fn complaint(self, body: &[u8], reply: &Reply) -> Option<String> {
        match reply.status.as_u16() {
            // An address that was invited before.
            200 if self.method() != Method::POST || self == Self::Invite => None,
            201 if self.method() == Method::POST => None,
            400 => self.unnamed(body, &reply.json()),
            // Another version, or too many invitations.
            409 if matches!(self, Self::Update | Self::Invite) => None,
            413 if body.len() > BODY_LIMIT => None,
            status => Some(format!("the status {status}")),
        }
    }

    /// What a refusal does not name as it should.
    fn unnamed(self, body: &[u8], problem: &Value) -> Option<String> {
        let detail = problem["detail"].as_str().unwrap_or_default();
        if problem["title"] == "Invalid JSON" {
            // Only what could be read has members. A byte order mark is skipped.
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
            // Numbers beyond those of floats are JSON still.
            let text = std::str::from_utf8(body)
                .map(|text| text.replace("1E400", "0").replace("1e999", "0"));
            let members = text
                .ok()
                .and_then(|it| serde_json::from_str::<Value>(&it).ok());
            let is_named = match members.as_ref().and_then(Value::as_object) {
                Some(members) => detail.split_once(": ").is_some_and(|(field, problem)| {
                    members.keys().any(|name| begins_with(field, name)) && !problem.is_empty()
                }),
                None => detail.starts_with("the body "),
            };
            return (!is_named).then(|| format!("no member is named in {detail:?}"));
        }
        let failures = problem["failures"].as_array().cloned().unwrap_or_default();
        if failures.is_empty() {
            return Some("no failures".to_owned());
        }
        failures.into_iter().find_map(|failure| {
            let field = failure["fieldId"].as_str().unwrap_or_default();
            let is_known = self.members().iter().any(|name| begins_with(field, name));
            let is_whole = [&failure["errorType"], &failure["message"]]
                .iter()
                .all(|text| text.as_str().is_some_and(|text| !text.is_empty()));
            (!is_known || !is_whole).then(|| format!("a failure that names nothing: {failure}"))
        })
    }
}

/// Whether a path is that of a member or of something in it.
fn begins_with(path: &str, name: &str) -> bool {
    path.strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A request for a service point that is like no other.
pub fn service_point(number: usize) -> Value {
    json!({
        "adminEmail": "admin@example.org",
        "appWritesEnabled": true,
        "enabled": true,
        "groupId": format!("group {number}"),
        "identifierOwner": "https://ror.org/02stey378",
        "name": format!("Service point {number}"),
        "techEmail": "tech@example.org",
    })
}

/// An invitation to a RAiD.
pub fn invitation(raid: &Value) -> Value {
    json!({
        "contact": true,
        "email": "collaborator@example.org",
        "leader": false,
        "position": raid["contributor"][0]["position"],
        "role": raid["contributor"][0]["role"],
    })
}
