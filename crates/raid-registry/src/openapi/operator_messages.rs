//! The shapes of bodies for operators: tokens that the agency keeps, and dead letters.

use utoipa::openapi::schema::Object;
use utoipa::openapi::{RefOr, Schema};

use super::shapes::{Member, list, may, moment, must, number, object, one_of, text};
use crate::auth::Role;

/// Every schema by its name.
pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    let secret = must(
        "token",
        text(),
        "Shown this once: `Authorization: Bearer …`",
    );
    vec![
        ("ApiTokenRequest", api_token_request().into()),
        ("ApiToken", api_token(None).into()),
        ("NewApiToken", api_token(Some(secret)).into()),
        ("DeadLetter", dead_letter().into()),
    ]
}

fn role() -> Object {
    let names: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
    one_of(&names)
}

fn api_token_request() -> Object {
    object([
        may(
            "days",
            number(),
            "How long it is accepted: 1 to 731 days, 90 if left out",
        ),
        must(
            "name",
            text(),
            "What people call it: at most 100 characters",
        ),
        may(
            "roles",
            list(role()),
            "What it gives the right to: `service-point-user` if left out",
        ),
        may(
            "servicePoint",
            number(),
            "The service point that it acts for. Your own if left out; operators must name one for \
             `service-point-user` and `raid-admin`",
        ),
    ])
}

fn api_token(secret: Option<Member>) -> Object {
    let mut members = vec![
        must("createdAt", moment(), ""),
        may(
            "createdBy",
            text(),
            "The subject who had it issued; absent for the command line",
        ),
        may(
            "createdByIssuer",
            text(),
            "The issuer of that subject's token",
        ),
        must("expiresAt", moment(), "From when on it is not accepted"),
        must("id", text(), ""),
        may(
            "lastUsedAt",
            moment(),
            "To the minute; absent if it was never used",
        ),
        must("name", text(), ""),
        may("revokedAt", moment(), ""),
        must("roles", list(role()), ""),
        may(
            "servicePoint",
            number(),
            "The service point that it acts for",
        ),
        must("state", one_of(&["active", "expired", "revoked"]), ""),
        must("subject", text(), "Who acts with it, in versions and logs"),
    ];
    members.extend(secret);
    object(members)
}

fn dead_letter() -> Object {
    object([
        must("attempts", number(), "Since it last succeeded"),
        may("handle", text(), "The RAiD"),
        must("id", text(), "What it is redriven or dropped by"),
        must(
            "kind",
            text(),
            "Such as `membership`, `permission` or `email`",
        ),
        may("orcid", text(), "The person, where they have an iD"),
        must("reason", text(), "Why it was given up"),
        may("servicePoint", number(), ""),
        must("since", moment(), "When it was given up"),
    ])
}
