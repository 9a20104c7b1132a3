//! The shapes of bodies about who owns and holds RAiDs: service points, holders, transfers,
//! withdrawals.

use utoipa::openapi::schema::Object;
use utoipa::openapi::{RefOr, Schema};

use super::shapes::{Member, flag, may, moment, must, number, object, one_of, text};

/// Every schema by its name.
pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        ("ServicePoint", service_point().into()),
        (
            "ServicePointCreateRequest",
            service_point_request(Vec::new()).into(),
        ),
        (
            "ServicePointUpdateRequest",
            service_point_request(vec![must("id", number(), "As in the address")]).into(),
        ),
        ("Holder", holder().into()),
        (
            "TransferRequest",
            object([
                may(
                    "keepHolders",
                    flag(),
                    "Whether those who hold the RAiD go on holding it; false if left out",
                ),
                must("servicePoint", number(), "Who is to own the RAiD"),
            ])
            .into(),
        ),
        (
            "Redaction",
            object([
                must("at", moment(), "When the version was redacted"),
                may("issuer", text(), "`iss` of the operator's token"),
                must(
                    "reason",
                    text(),
                    "Shown to everybody who may read former versions",
                ),
                must("subject", text(), "`sub` of the operator's token"),
            ])
            .into(),
        ),
        (
            "WithdrawalRequest",
            object([must(
                "reason",
                text(),
                "At most 1000 characters; shown to everybody",
            )])
            .into(),
        ),
        (
            "Withdrawal",
            object([must("handle", text(), ""), must("reason", text(), "")]).into(),
        ),
    ]
}

fn service_point() -> Object {
    object([
        must(
            "adminEmail",
            text(),
            "Empty where it is not shown: to others than its users and operators",
        ),
        may(
            "appWritesEnabled",
            flag(),
            "Whether people may write through the agency's application",
        ),
        must("enabled", flag(), "Whether it may mint and change"),
        may(
            "groupId",
            text(),
            "The group whose members act for it. Not shown to others than its users and operators",
        ),
        must("id", number(), ""),
        must(
            "identifierOwner",
            text(),
            "The owning organisation's ROR id as a URL",
        ),
        must("name", text(), ""),
        may("prefix", text(), "The prefix of the handles it mints"),
        may("repositoryId", text(), "Its DataCite repository"),
        may(
            "retired",
            flag(),
            "True for one that is closed for good; shown to operators",
        ),
        must("techEmail", text(), "As `adminEmail`"),
        may("trust", one_of(TRUST), "Shown to operators"),
    ])
}

const TRUST: &[&str] = &["auto", "notify", "hold"];

fn service_point_request(besides: Vec<Member>) -> Object {
    let mut members = besides;
    members.extend([
        may("adminEmail", text(), ""),
        may("appWritesEnabled", flag(), ""),
        may("enabled", flag(), "Whether it may mint and change"),
        must("groupId", text(), "The group whose members act for it"),
        must("identifierOwner", text(), "ROR id as a URL"),
        must("name", text(), ""),
        may("prefix", text(), "The prefix of the handles it mints"),
        may("repositoryId", text(), "Its DataCite repository"),
        may(
            "retired",
            flag(),
            "Whether it is closed for good: it is disabled, and only operators find it in the list",
        ),
        may("techEmail", text(), ""),
        may(
            "trust",
            one_of(TRUST),
            "Whether its entries follow a permission that a person gave, the person is informed of \
             the first one, or everything new waits for an operator",
        ),
    ]);
    object(members)
}

fn holder() -> Object {
    object([
        must("givenAt", moment(), ""),
        must("givenBy", text(), "The subject who gave it to them"),
        must(
            "givenByIssuer",
            text(),
            "The issuer of that subject's tokens",
        ),
        must(
            "issuer",
            text(),
            "`iss` of their tokens: the same subject at another issuer is somebody else",
        ),
        must("role", one_of(&["raid-admin", "raid-user"]), ""),
        must("subject", text(), "`sub` of their tokens"),
    ])
}
