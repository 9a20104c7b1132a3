//! Paths and methods of the member API.

use actix_web::http::Method;

use crate::api_error::ApiError;
use crate::counters::CallKind;

/// Where a call goes.
#[derive(Debug)]
pub(crate) enum Route {
    /// The health check, which needs no token.
    Status,
    /// An operation on a record.
    Known {
        /// The iD, as it was spelled.
        orcid: String,
        operation: Operation,
    },
    /// No such path, method or version.
    Refused(ApiError),
}

/// What a call wants. Put-codes are as spelled in the path.
#[derive(Debug)]
pub(crate) enum Operation {
    NotificationCreate,
    NotificationList,
    NotificationRead(String),
    NotificationArchive(String),
    MembershipCreate,
    MembershipRead(String),
    MembershipSummary(String),
    MembershipUpdate(String),
    MembershipDelete(String),
    MembershipList,
    Activities,
    Record,
    Person,
}

impl Operation {
    /// Whether the call carries a document.
    pub(crate) fn has_body(&self) -> bool {
        matches!(
            self,
            Self::NotificationCreate | Self::MembershipCreate | Self::MembershipUpdate(_)
        )
    }
}

impl Route {
    /// Finds the operation of a method and path.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        let rest = match segments.split_first() {
            Some((&"v3.0", ["apiStatus" | "status"])) if method == Method::GET => {
                return Self::Status;
            }
            Some((&"v3.0", rest)) => rest,
            Some((version, _)) if version.starts_with("v3.0_rc") => {
                return Self::Refused(ApiError::new(9056));
            }
            _ => {
                let what = "Please specify the API Version you want to use, for example: /v3.0";
                return Self::Refused(ApiError::new(9012).detail(what));
            }
        };
        let Some((orcid, rest)) = rest.split_first() else {
            return not_found();
        };
        match operation(method, rest) {
            Some(Ok(operation)) => Self::Known {
                orcid: (*orcid).to_owned(),
                operation,
            },
            Some(Err(())) => Self::Refused(ApiError::transport(405, "HTTP 405 Method Not Allowed")),
            None => not_found(),
        }
    }

    /// How the call is counted.
    pub(crate) fn kind(&self) -> CallKind {
        match self {
            Self::Status => CallKind::Status,
            Self::Refused(_) => CallKind::Other,
            Self::Known { operation, .. } => match operation {
                Operation::NotificationCreate => CallKind::NotificationCreate,
                Operation::NotificationList => CallKind::NotificationList,
                Operation::NotificationRead(_) => CallKind::NotificationRead,
                Operation::NotificationArchive(_) => CallKind::NotificationArchive,
                Operation::MembershipCreate => CallKind::MembershipCreate,
                Operation::MembershipRead(_) => CallKind::MembershipRead,
                Operation::MembershipSummary(_) => CallKind::MembershipSummary,
                Operation::MembershipUpdate(_) => CallKind::MembershipUpdate,
                Operation::MembershipDelete(_) => CallKind::MembershipDelete,
                Operation::MembershipList => CallKind::MembershipList,
                Operation::Activities => CallKind::ActivitiesRead,
                Operation::Record => CallKind::RecordRead,
                Operation::Person => CallKind::PersonRead,
            },
        }
    }

    /// The iD in the path.
    pub(crate) fn orcid(&self) -> Option<String> {
        match self {
            Self::Known { orcid, .. } => Some(orcid.clone()),
            Self::Status | Self::Refused(_) => None,
        }
    }
}

fn not_found() -> Route {
    Route::Refused(ApiError::transport(404, "HTTP 404 Not Found"))
}

/// The operation; `Some(Err)` when the path exists for other methods only.
fn operation(method: &Method, path: &[&str]) -> Option<Result<Operation, ()>> {
    let get = method == Method::GET;
    let own = |code: &&str| (*code).to_owned();
    let found = match path {
        ["notification-permission"] => match *method {
            Method::POST => Some(Operation::NotificationCreate),
            Method::GET => Some(Operation::NotificationList),
            _ => None,
        },
        ["notification-permission", id] => match *method {
            Method::GET => Some(Operation::NotificationRead(own(id))),
            Method::DELETE => Some(Operation::NotificationArchive(own(id))),
            _ => None,
        },
        ["membership"] => (method == Method::POST).then_some(Operation::MembershipCreate),
        ["membership", "summary", code] => get.then(|| Operation::MembershipSummary(own(code))),
        ["membership", code] => match *method {
            Method::GET => Some(Operation::MembershipRead(own(code))),
            Method::PUT => Some(Operation::MembershipUpdate(own(code))),
            Method::DELETE => Some(Operation::MembershipDelete(own(code))),
            _ => None,
        },
        ["memberships"] => get.then_some(Operation::MembershipList),
        ["activities"] => get.then_some(Operation::Activities),
        ["person"] => get.then_some(Operation::Person),
        ["record"] | [] => get.then_some(Operation::Record),
        _ => return None,
    };
    Some(found.ok_or(()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::{Operation, Route};

    #[test]
    fn paths_methods_and_versions() {
        let id = "0000-0002-1825-0097";
        let to = |method, path: &str| Route::of(&method, path);
        assert!(matches!(
            to(Method::PUT, &format!("/v3.0/{id}/membership/5")),
            Route::Known { operation: Operation::MembershipUpdate(code), .. } if code == "5"
        ));
        let refused = |method, path: &str| match to(method, path) {
            Route::Refused(error) => (error.status, error.code),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            refused(Method::POST, &format!("/{id}/membership")),
            (400, 9012)
        );
        assert_eq!(
            refused(Method::GET, &format!("/v3.0/{id}/membership")),
            (405, 9001)
        );
        assert_eq!(
            refused(Method::POST, &format!("/v3.0/{id}/memberships")),
            (405, 9001)
        );
        assert_eq!(
            refused(Method::GET, &format!("/v3.0/{id}/nothing")),
            (404, 9001)
        );
        assert_eq!(refused(Method::GET, "/v3.0"), (404, 9001));
    }
}
