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
        ("ContributorState", contributor_state().into()),
        ("Released", released().into()),
        ("WaitingServicePoint", waiting().into()),
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

fn contributor_state() -> Object {
    let permission = object([
        may(
            "disclaimedAt",
            moment(),
            "When it was said that they are not part of the project",
        ),
        may(
            "disclaimerConfirmed",
            flag(),
            "Whether they signed in at ORCID to say so; if not, anybody who has their link may have",
        ),
        may("mergedInto", text(), "The iD that theirs was merged into"),
        must("reason", text(), "What the state means"),
        may("since", moment(), ""),
        must("state", text(), "Such as `granted`"),
        may("task", task(), "What is due"),
    ]);
    let entries = [
        "none",
        "pending",
        "written",
        "updating",
        "removing",
        "removed_by_researcher",
        "left_behind",
        "held",
        "stopped",
    ];
    let entry = object([
        may("putCode", number(), "ORCID's"),
        must("reason", text(), "What the state means"),
        may("refusal", text(), "Why ORCID does not remove it"),
        must("state", one_of(&entries), ""),
        may("task", task(), "What is due"),
        may("writtenAt", moment(), "When it was last written"),
    ]);
    let notifications = ["sending", "open", "archiving", "closed"];
    let notification = object([
        may("closedAt", moment(), "When it was answered or archived"),
        must("read", flag(), "Whether they opened it, as far as is known"),
        must("sentAt", moment(), ""),
        must("state", one_of(&notifications), ""),
    ]);
    let names = ["ask", "wait", "accept-merge", "remove", "call-operator"];
    let action = object([
        must("action", one_of(&names), ""),
        must("text", text(), "In a sentence"),
    ]);
    object([
        must("actions", list(action), "What can be done"),
        must("contributes", flag(), "Whether the RAiD names them"),
        must("entry", entry, "On their ORCID record"),
        must("handle", text(), ""),
        may("notification", notification, "The last one"),
        must("orcid", text(), "Their iD, bare"),
        must("permission", permission, "What they answered"),
    ])
}

fn released() -> Object {
    object([
        must(
            "contributions",
            number(),
            "Contributions that were not released before",
        ),
        must("people", number(), "People who were held"),
    ])
}

fn waiting() -> Object {
    let held = object([
        must(
            "contributionsByTrust",
            number(),
            "Since everything new of the service point waits",
        ),
        must("peopleByDay", number(), "By the quota of a day"),
        must("peopleByRaid", number(), "Named by a RAiD with many others"),
    ]);
    let today = object([
        must("mails", number(), ""),
        must("newPeople", number(), "Admitted"),
        must(
            "objections",
            number(),
            "Of people who are not part of its projects, or want no entries from it",
        ),
    ]);
    let alarms = ["objections", "new-people", "mails"];
    object([
        must("alarms", list(one_of(&alarms)), "Quotas that are used up"),
        must(
            "announcementsFailed",
            number(),
            "People who could not be informed of its first entry",
        ),
        must("held", held, ""),
        must("id", number(), ""),
        must("name", text(), ""),
        must("raids", list(text()), "RAiDs with many new people"),
        must("today", today, "UTC"),
        must("trust", one_of(&["auto", "notify", "hold"]), ""),
    ])
}

fn task() -> Object {
    object([
        must("attempts", number(), "Since it last succeeded"),
        may("dueAt", moment(), "When it is tried next"),
        may("lastReason", text(), "Why the last try failed"),
        must(
            "state",
            one_of(&["due", "dead"]),
            "`dead` if it cannot heal by itself: it needs an operator",
        ),
        must("waitsForOrcid", flag(), "Until ORCID is back"),
    ])
}
