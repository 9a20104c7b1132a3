//! Error bodies: problem details (RFC 9457) with the types and texts of the RAiD API.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use raid_model::validate::FailureList;
use raid_model::{Failure, Handle, JsonError};
use serde::Serialize;

use crate::existence::UnavailableResolver;

/// What every problem type of the RAiD API begins with.
const TYPE_PREFIX: &str = "https://raid.org.au/errors#";
/// `instance` of the RAiD API's own problems: a constant.
const INSTANCE: &str = "https://raid.org.au";
/// Seconds after which a client may try again.
pub(crate) const RETRY_AFTER: u64 = 2;
/// The same where another registry is down, as in the RAiD API.
const RESOLVERS_RETRY_AFTER: u64 = 30;
/// The same while the database takes no writes: until somebody makes room on a disk, for instance.
const NOT_WRITABLE_RETRY_AFTER: u64 = 30;

/// One problem. It has exactly the members of the RAiD API's error bodies, because existing clients
/// refuse others at status 400.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: Cow<'static, str>,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    pub(crate) status: StatusCode,
    detail: String,
    instance: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<Failure>,
    /// With 409: the version to build on.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unavailable_resolvers: Vec<UnavailableResolver>,
    /// Seconds after which it is worth to try again; told in a header.
    #[serde(skip)]
    retry_after: Option<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // The signature that serde asks for.
fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of the RAiD API's own.
    fn own(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("{TYPE_PREFIX}{name}").into(),
            title,
            status,
            detail: detail.into(),
            instance: INSTANCE.to_owned(),
            failures: Vec::new(),
            current_version: None,
            unavailable_resolvers: Vec::new(),
            retry_after: None,
        }
    }

    /// A problem that any HTTP API may have: its type is the status.
    pub(crate) fn of_http(status: StatusCode, detail: impl Into<String>, path: &str) -> Self {
        Self {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            instance: path.to_owned(),
            failures: Vec::new(),
            current_version: None,
            unavailable_resolvers: Vec::new(),
            retry_after: None,
        }
    }

    /// The same, with the word that it is worth to try again in so many seconds.
    pub(crate) fn retry_in(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// In how many seconds a client may try again, if it is worth it.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// Whether existing clients know it as `application/json`.
    pub(crate) fn is_own(&self) -> bool {
        self.kind.starts_with(TYPE_PREFIX)
    }

    /// The request breaks rules. All failures are counted, and the first ones are listed.
    pub(crate) fn validation(failures: impl Into<FailureList>) -> Self {
        let failures = failures.into();
        let (listed, count) = (failures.listed().len(), failures.len());
        let rest = if listed < count {
            format!(" The first {listed} are listed.")
        } else {
            String::new()
        };
        let detail = format!(
            "Request had {count} validation failure(s). See failures for more details...{rest}"
        );
        Self {
            failures: failures.into_listed(),
            ..Self::own(
                StatusCode::BAD_REQUEST,
                "ValidationException",
                "There were validation failures.",
                detail,
            )
        }
    }

    /// The value of a parameter, in the query or the path, is not of its type. `expected` says what is.
    pub(crate) fn unreadable_parameter(name: &str, value: &str, expected: &str) -> Self {
        Self::own(
            StatusCode::BAD_REQUEST,
            "InvalidParameterFormat",
            "Invalid parameter format",
            format!(
                "Parameter '{name}' with value '{value}' could not be parsed. Expected {expected}."
            ),
        )
    }

    /// The body cannot be read.
    pub(crate) fn invalid_json(detail: impl Into<String>) -> Self {
        let title = "Invalid JSON";
        Self::own(
            StatusCode::BAD_REQUEST,
            "InvalidJsonException",
            title,
            detail,
        )
    }

    /// An update builds on a version that is not the current one.
    pub(crate) fn stale_version(submitted: i64, current: i32) -> Self {
        let detail = format!("Update failed with stale version: {submitted}");
        Self {
            current_version: Some(current),
            ..Self::own(
                StatusCode::CONFLICT,
                "InvalidVersionException",
                "Invalid version",
                detail,
            )
        }
    }

    /// The token's group has no service point.
    pub(crate) fn no_service_point(group: Option<&str>) -> Self {
        let group = group.unwrap_or("null");
        Self::own(
            StatusCode::FORBIDDEN,
            "ServicePointNotFoundException",
            "Service point not found",
            format!("No service point exists for group {group}"),
        )
    }

    /// There is no service point with this number.
    pub(crate) fn no_service_point_with(id: i64) -> Self {
        Self::own(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            "The resource was not found.",
            format!("No service point exists with id {id}"),
        )
    }

    /// The service point takes no writes from the agency's application.
    pub(crate) fn app_writes_disabled(id: i64) -> Self {
        Self::own(
            StatusCode::FORBIDDEN,
            "AppWritesDisabledException",
            "Writes from the application are disabled",
            format!(
                "Service point {id} takes no writes from the agency's application. Its own systems \
                 may write; an operator of the agency can enable the application."
            ),
        )
    }

    /// The service point is switched off.
    pub(crate) fn service_point_disabled(id: i64) -> Self {
        Self::own(
            StatusCode::FORBIDDEN,
            "ServicePointDisabledException",
            "Service point disabled",
            format!(
                "Service point {id} is not enabled: it may not mint or change RAiDs. \
                 An operator of the agency can enable it."
            ),
        )
    }

    /// A RAiD has as many holders as it can have.
    pub(crate) fn too_many_holders(most: i64) -> Self {
        let title = "Too many holders";
        let detail = format!("A RAiD has at most {most} holders. Take it from one of them first.");
        Self::own(StatusCode::CONFLICT, "TooManyHolders", title, detail)
    }

    /// The RAiD was withdrawn.
    pub(crate) fn withdrawn(handle: &Handle, reason: &str) -> Self {
        Self::gone(format!("RAiD {handle} was withdrawn: {reason}"))
    }

    /// The RAiD was withdrawn while it was to be changed.
    pub(crate) fn withdrawn_meanwhile() -> Self {
        Self::gone("The RAiD was withdrawn a moment ago. Nothing was written.")
    }

    /// A withdrawal is to be undone that is none.
    pub(crate) fn not_withdrawn(handle: &Handle) -> Self {
        let detail = format!("RAiD {handle} is not withdrawn. Nothing was changed.");
        Self::conflict("RaidNotWithdrawn", "The RAiD is not withdrawn.", detail)
    }

    /// A withdrawal is to be undone that is for good.
    pub(crate) fn withdrawn_too_long_ago(handle: &Handle) -> Self {
        let detail = format!(
            "RAiD {handle} was withdrawn longer ago than agency.withdrawal_grace allows to undo it."
        );
        Self::conflict("WithdrawalFinal", "The withdrawal is final.", detail)
    }

    /// The version that stands is to be redacted.
    pub(crate) fn current_version(version: i32) -> Self {
        let detail = format!(
            "Version {version} is the current one, and cannot be redacted. Change the RAiD first, then \
             redact its former version {version}."
        );
        Self::conflict("CurrentVersion", "The version is current.", detail)
    }

    fn conflict(name: &str, title: &'static str, detail: String) -> Self {
        Self::own(StatusCode::CONFLICT, name, title, detail)
    }

    /// The version was redacted.
    pub(crate) fn redacted(handle: &Handle, version: i32, at: &str, reason: &str) -> Self {
        let detail = format!(
            "Version {version} of RAiD {handle} was redacted by an operator of the registration agency \
             at {at}: {reason}"
        );
        let title = "The version was redacted.";
        Self::own(StatusCode::GONE, "VersionRedacted", title, detail)
    }

    /// There is no such version, for those who may know.
    pub(crate) fn no_version(handle: &Handle, version: i32) -> Self {
        Self::own(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            "The resource was not found.",
            format!("RAiD {handle} has no version {version}."),
        )
    }

    fn gone(detail: impl Into<String>) -> Self {
        let title = "The RAiD was withdrawn.";
        Self::own(StatusCode::GONE, "RaidWithdrawn", title, detail)
    }

    /// There is no such RAiD, for those who may know.
    pub(crate) fn no_raid(handle: &str) -> Self {
        Self::own(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            "The resource was not found.",
            format!("No RAiD was found with handle {handle}."),
        )
    }

    /// Other registries cannot tell now whether identifiers exist.
    pub(crate) fn resolvers_unavailable(unavailable: Vec<UnavailableResolver>) -> Self {
        let detail = format!(
            "{} external identifier resolver(s) were unavailable. Please retry.",
            unavailable.len()
        );
        Self {
            unavailable_resolvers: unavailable,
            retry_after: Some(RESOLVERS_RETRY_AFTER),
            ..Self::own(
                StatusCode::SERVICE_UNAVAILABLE,
                "ResolverUnavailable",
                "Resolver unavailable",
                detail,
            )
        }
    }

    /// The registry cannot answer now; certainly nothing was written.
    pub(crate) fn unavailable(detail: impl Into<String>) -> Self {
        Self::own(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "Service unavailable",
            detail,
        )
        .retry_in(RETRY_AFTER)
    }

    /// The database takes no writes now; certainly nothing was written.
    pub(crate) fn not_writable() -> Self {
        Self::unavailable(
            "The registry cannot write at present, and reading goes on. Nothing was written; please \
             retry.",
        )
        .retry_in(NOT_WRITABLE_RETRY_AFTER)
    }

    /// Something failed that is not the client's; what, is in the log.
    pub(crate) fn internal() -> Self {
        Self::own(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalServerError",
            "Internal server error",
            "An unexpected error occurred. Please try again later.",
        )
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        match error.failure() {
            Some(failure) => Self::validation(vec![failure]),
            None => Self::invalid_json(error.to_string()),
        }
    }
}
