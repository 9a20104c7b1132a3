//! The shapes of bodies about people and ORCID: invitations, and the log of calls.

use utoipa::openapi::schema::Object;
use utoipa::openapi::{RefOr, Schema};

use super::shapes::{
    classification, flag, list, list_of, may, moment, must, number, object, one_of, text,
};

/// Every schema by its name.
pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        ("InvitationRequest", invitation_request().into()),
        ("Invitation", invitation().into()),
        ("OrcidCall", orcid_call().into()),
    ]
}

fn invitation_request() -> Object {
    object([
        may("contact", flag(), ""),
        must("email", text(), "Where the mail goes; never shown again"),
        may("leader", flag(), ""),
        must("position", list_of("ContributorPosition"), "At least one"),
        may("role", list(classification("contributor.role")), "CRediT"),
    ])
}

fn invitation() -> Object {
    let states = ["open", "sent", "accepted", "failed", "cancelled", "expired"];
    object([
        may("acceptedBy", text(), "Who accepted: an ORCID iD as a URL"),
        must("contact", flag(), ""),
        must("createdAt", moment(), ""),
        must("expiresAt", moment(), "Until when it can be accepted"),
        must("handle", text(), ""),
        must("id", text(), ""),
        must("leader", flag(), ""),
        may("mailedAt", moment(), "When the last mail was sent"),
        must("mails", number(), "How many were sent"),
        must("position", list_of("ContributorPosition"), ""),
        must("role", list(classification("contributor.role")), "CRediT"),
        must(
            "state",
            one_of(&states),
            "`open` while its mail waits to be sent, `failed` if it could not be",
        ),
    ])
}

fn orcid_call() -> Object {
    let outcomes = ["done", "refused", "not-sent", "unknown"];
    object([
        must("at", moment(), "When it ended"),
        may("errorCode", number(), "ORCID's, if it gave one"),
        may(
            "handle",
            text(),
            "The RAiD whose entry was written or removed",
        ),
        must("kind", text(), "Such as `create-membership`"),
        must("millis", number(), "How long it took"),
        must("node", text(), "The process that made it"),
        may("orcid", text(), "On whose record, where it was about one"),
        must(
            "outcome",
            one_of(&outcomes),
            "`unknown` if it may have been carried out",
        ),
        may("status", number(), "Of HTTP, if there was an answer"),
    ])
}
