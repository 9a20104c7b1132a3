//! The shapes of bodies that are no RAiD: histories, changes, problems.

use utoipa::openapi::schema::Object;
use utoipa::openapi::{RefOr, Schema};

use super::shapes::{
    Member, flag, list, list_of, may, moment, must, named, number, object, one_of, text,
};

/// Every schema by its name.
pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        ("RaidChange", raid_change().into()),
        ("RaidCountResponse", raid_count().into()),
        ("RaidSearchResult", raid_search_result().into()),
        ("RaidPermissions", raid_permissions().into()),
        ("Change", change().into()),
        ("Changes", changes().into()),
        ("VersionAuthor", version_author().into()),
        ("DryRun", dry_run().into()),
        ("BulkResult", bulk_result().into()),
        ("VocabularySummary", vocabulary_summary().into()),
        ("Vocabulary", whole_vocabulary().into()),
        ("ClosedRaid", closed_raid().into()),
        (
            "PersonName",
            object([must("name", text(), "Given and family name")]).into(),
        ),
        ("FailureResponse", failure().into()),
        ("ValidationFailure", validation_failure().into()),
        ("ValidationFailureResponse", validation_failures().into()),
        ("UnavailableResolver", unavailable_resolver().into()),
        ("ResolverUnavailableResponse", resolver_unavailable().into()),
    ]
}

/// What a dry run says of a person's ORCID record.
fn orcid_change() -> Object {
    let entry = object([
        may("end", text(), "When the contribution ended"),
        must("handle", text(), ""),
        must("raidUrl", text(), "The RAiD as a URL"),
        must("roleTitle", text(), "The positions, then the roles"),
        may("start", text(), "When the contribution began"),
        must("title", text(), "The project's title"),
        must("url", text(), "The RAiD's page"),
    ]);
    let changes = &["add", "update", "remove", "none", "ask", "held", "unknown"];
    object([
        must(
            "change",
            one_of(changes),
            "What would happen to their record; `ask`: it would be added if they say yes; \
             `held`: it would wait for an operator; \
             `unknown`: that depends on what they answered, and no RAiD that you have a right to \
             names them",
        ),
        may("entry", entry, "What the entry would say"),
        must("orcid", text(), "The ORCID iD"),
    ])
}

/// What a dry run says of who sees the RAiD.
fn publicity() -> Object {
    object([
        must(
            "allFrom",
            text(),
            "The day (UTC) from which everybody sees all of the RAiD",
        ),
        must(
            "atOnce",
            list(text()),
            "The members that everybody sees at once; `all` for an open RAiD",
        ),
    ])
}

fn dry_run() -> Object {
    object([
        must(
            "becomesPublic",
            publicity(),
            "What of the RAiD is public, and when",
        ),
        must("dryRun", flag(), "Always true: nothing was written"),
        must(
            "orcid",
            list(orcid_change()),
            "Contributors before and after, with an ORCID iD",
        ),
        must(
            "raid",
            named("RaidDto"),
            "As it would stand; before it is minted, its suffix is `dry-run`",
        ),
        must(
            "valid",
            flag(),
            "Always true: what is not valid is refused as without `dryRun`",
        ),
    ])
}

fn bulk_result() -> Object {
    object([
        must("line", number(), "Which line it was, from 1"),
        must(
            "status",
            number(),
            "As if it had been a request of its own; 201 if it was minted",
        ),
        may(
            "dryRun",
            flag(),
            "With `dryRun=true`, in lines with 200: nothing was written",
        ),
        may(
            "becomesPublic",
            publicity(),
            "With `dryRun=true`: what of the RAiD is public, and when",
        ),
        may(
            "orcid",
            list(orcid_change()),
            "With `dryRun=true`: what would happen to the contributors' records",
        ),
        may("handle", text(), "With 201"),
        may("id", text(), "With 201: the RAiD as a URL"),
        may("version", number(), "With 201"),
        may(
            "validationWarning",
            text(),
            "As in the header `Validation-Warning`",
        ),
        may(
            "problem",
            named("ValidationFailureResponse"),
            "With other statuses",
        ),
    ])
}

fn vocabulary_summary() -> Object {
    object([
        must("href", text(), "Where its terms are"),
        must("name", text(), "The member that draws from it"),
        must("schemaUris", list(text()), "Values of `schemaUri`"),
        must("terms", number(), "How many there are"),
    ])
}

fn whole_vocabulary() -> Object {
    let term = object([
        must("id", text(), "The value of `id`, or the code"),
        must("label", text(), "Its English name"),
    ]);
    object([
        must("name", text(), "The member that draws from it"),
        must("schemaUris", list(text()), "Values of `schemaUri`"),
        must("terms", list(term), ""),
    ])
}

fn change() -> Object {
    object([
        must("at", moment(), "When the version was written"),
        may(
            "current",
            flag(),
            "Whether this version stands; if not, a later one follows in the feed. Not with \
             `hidden` and `withdrawn`",
        ),
        must("handle", text(), ""),
        must("id", text(), "The RAiD's `identifier.id`"),
        may(
            "raid",
            named("RaidDto"),
            "With `include=raid`, if the version is current: the record",
        ),
        may(
            "redacted",
            list(number()),
            "If the version is current: the versions whose content was deleted, and is to be deleted \
             from copies",
        ),
        must(
            "type",
            one_of(&["created", "updated", "hidden", "withdrawn"]),
            "`hidden`: it is under embargo, and the reader has no right to it",
        ),
        may("url", text(), "Where the record as it stands is read"),
        must("version", number(), "From 1"),
    ])
}

fn changes() -> Object {
    object([
        must("changes", list_of("Change"), "In the order of commits"),
        must("more", flag(), "Whether more follows behind `next` already"),
        must("next", text(), "`after` of the next request"),
    ])
}

fn version_author() -> Object {
    object([
        must("at", moment(), "When the version was written"),
        may(
            "client",
            text(),
            "The client that the token was issued to, if it said so",
        ),
        may(
            "issuer",
            text(),
            "`iss` of the token; not with versions that no token wrote, nor with those from before \
             this was kept",
        ),
        may(
            "reason",
            text(),
            "Why it was written, where that is known: of a withdrawal, a reinstatement, a redaction, a \
             repair",
        ),
        may(
            "redaction",
            named("Redaction"),
            "Where its content was deleted",
        ),
        must(
            "subject",
            text(),
            "`sub` of the token, or what else acted: `invitation` with its id, or `embargo`",
        ),
        must("version", number(), "From 1"),
    ])
}

fn raid_change() -> Object {
    object([
        must("diff", text(), "JSON Patch (RFC 6902) in Base64"),
        must("handle", text(), ""),
        must("timestamp", moment(), "When the version was written"),
        must("version", number(), "From 1"),
    ])
}

fn raid_count() -> Object {
    let service_point = object([
        must("count", number(), ""),
        must("id", number(), ""),
        must("name", text(), ""),
    ]);
    let organisation = object([
        must("count", number(), ""),
        must("id", text(), "The owning organisation's ROR id as a URL"),
        must("servicePoints", list(service_point), ""),
    ]);
    object([
        must("count", number(), "How many RAiDs there are"),
        may("endDate", text(), "As asked"),
        must("organisations", list(organisation), "Those that have any"),
        may("servicePointId", number(), "As asked"),
        may("servicePointName", text(), "Its name, if it is known"),
        may("startDate", text(), "As asked"),
    ])
}

fn raid_search_result() -> Object {
    let counted = object([
        must(
            "count",
            number(),
            "How many of the RAiDs that were found have it",
        ),
        may("label", text(), "Its English name, if it is known"),
        must(
            "value",
            text(),
            "For the parameter of the same name as the facet",
        ),
    ]);
    let facets = [
        "access",
        "organisation",
        "servicePoint",
        "status",
        "subject",
    ];
    let facets = facets.map(|name| may(name, list(counted.clone()), ""));
    object([
        may(
            "facets",
            object(facets),
            "With the first page, if asked for",
        ),
        must(
            "items",
            list_of("RaidDto"),
            "With the members that were wanted",
        ),
        may(
            "next",
            text(),
            "The cursor of the next page, if there is one",
        ),
        may(
            "total",
            number(),
            "With the first page: how many RAiDs there are",
        ),
    ])
}

fn raid_permissions() -> Object {
    object([
        must("read", flag(), ""),
        must(
            "servicePointMatch",
            flag(),
            "Whether the caller's service point owns the RAiD",
        ),
        must("write", flag(), ""),
    ])
}

fn closed_raid() -> Object {
    object([
        must("access", named("Access"), "Until when, and why"),
        must("id", text(), "The RAiD as a URL"),
    ])
}

fn failure_members() -> Vec<Member> {
    vec![
        must("detail", text(), "What happened, in words"),
        must("instance", text(), ""),
        must("status", number(), "The status of the answer"),
        must("title", text(), ""),
        must("type", text(), "What kind of problem it is"),
        may(
            "currentVersion",
            number(),
            "With 409: the version to build on",
        ),
    ]
}

fn failure() -> Object {
    object(failure_members())
}

fn validation_failure() -> Object {
    object([
        must("errorType", text(), "What kind of mistake it is"),
        must(
            "fieldId",
            text(),
            "The member, such as `contributor[0].position[1].startDate`",
        ),
        must("message", text(), ""),
    ])
}

fn validation_failures() -> Object {
    let mut members = failure_members();
    members.retain(|member| member.name != "currentVersion");
    members.push(may(
        "failures",
        list_of("ValidationFailure"),
        "Each thing that is wrong",
    ));
    object(members)
}

fn unavailable_resolver() -> Object {
    object([
        may("downstreamMessage", text(), "What happened, in words"),
        may(
            "downstreamStatus",
            number(),
            "The status of its answer, if there was one",
        ),
        must("field", text(), "The member, such as `organisation[0].id`"),
        must("resolver", text(), "Who was asked, such as `ROR`"),
        may("value", text(), "The identifier"),
    ])
}

fn resolver_unavailable() -> Object {
    let mut members = failure_members();
    members.retain(|member| member.name != "currentVersion");
    members.push(may(
        "unavailableResolvers",
        list_of("UnavailableResolver"),
        "Each identifier that could not be asked about",
    ));
    object(members)
}
