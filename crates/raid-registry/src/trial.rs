//! `dryRun=true`: a change is checked like any other, and answered with what would come of it.
//! Nothing is written.

use std::collections::{BTreeSet, HashMap};

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::membership::{Consent, Entry, MembershipDocument, MembershipPolicy, Step};
use raid_model::trust::Gate;
use raid_model::{OrcidId, Raid};
use serde::Serialize;
use store::memberships::{self, Membership};
use store::raids::Sight;
use store::{Conn, StoreError, contributions, disclaimers, namings, permissions, statuses};
use time::Date;

use crate::auth::Caller;
use crate::openapi::Describe;
use crate::problem::Problem;
use crate::record;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::status::Known;
use crate::{sight, warning};

/// The parameter.
const DRY_RUN: &str = "dryRun";

/// Says that an operation can be tried.
pub(crate) fn described(operation: Describe) -> Describe {
    operation.query(
        DRY_RUN,
        "`true`: check everything, write nothing, and answer 200 with what would come of it, also \
         for ORCID records, and what of the RAiD everybody would see, and when",
    )
}

/// Whether a request is to be tried only.
pub(crate) fn is_wanted(req: &HttpRequest) -> Result<bool, Refusal> {
    // Hot paths have no query.
    if req.query_string().is_empty() {
        return Ok(false);
    }
    let pairs: Vec<(String, String)> = web::Query::from_query(req.query_string())
        .map(web::Query::into_inner)
        .unwrap_or_default();
    let mut values = pairs.iter().filter(|(name, _)| name == DRY_RUN);
    match (
        values.next().map(|(_, value)| value.as_str()),
        values.next(),
    ) {
        (None | Some("false"), None) => Ok(false),
        (Some("true"), None) => Ok(true),
        // Whatever was meant, it was perhaps not to write; so an empty value is none of the two.
        _ => {
            let text: Vec<&str> = pairs
                .iter()
                .filter(|(name, _)| name == DRY_RUN)
                .map(|(_, value)| value.as_str())
                .collect();
            let expected = "true or false, once";
            Err(Problem::unreadable_parameter(DRY_RUN, &text.join(","), expected).into())
        }
    }
}

/// The answer to a change that is tried.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trial {
    dry_run: bool,
    valid: bool,
    becomes_public: Publicity,
    raid: Raid,
    orcid: Vec<OrcidChange>,
}

/// What of a RAiD is public, and when.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Publicity {
    /// The members that everybody sees at once. A RAiD that is closed shows its handle and why.
    at_once: Vec<&'static str>,
    /// The day (UTC) from which everybody sees all of it.
    all_from: String,
}

impl Publicity {
    pub(crate) fn of(raid: &Raid, today: Date) -> Self {
        let expiry = raid.access.embargo_expiry;
        let expiry = expiry.filter(|expiry| raid.access.is_embargoed() && *expiry > today);
        Self {
            at_once: match expiry {
                Some(_) => vec!["identifier.id", "access"],
                None => vec!["all"],
            },
            all_from: expiry.unwrap_or(today).to_string(),
        }
    }
}

/// What would happen to a person's ORCID record.
#[derive(Serialize)]
pub(crate) struct OrcidChange {
    orcid: OrcidId,
    change: Change,
    /// What the entry would say.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<MembershipDocument>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Change {
    Add,
    Update,
    Remove,
    None,
    /// They are asked first, and it is added if they say yes.
    Ask,
    /// It waits for an operator: everything new of the service point does, or this person.
    Held,
    /// It depends on what they answered, which is not the caller's to know: no RAiD that the caller
    /// has a right to names them.
    Unknown,
}

/// Answers with what would come of it if `raid` stood. `before` are the contributors who stand now.
pub(crate) async fn answer(
    registry: &Registry,
    caller: &Caller,
    raid: Raid,
    before: BTreeSet<OrcidId>,
    warnings: &BTreeSet<String>,
) -> Result<HttpResponse, Refusal> {
    let sight = sight::of(registry, Some(caller)).await?;
    let addresses = registry.settings.addresses.clone();
    let (policy, today) = (registry.settings.orcid.clone(), registry.now().date());
    let trial = registry.store.read(move |c| {
        let mut people = before;
        people.extend(raid.orcids());
        let known = known(c, &raid, &people, &sight)?;
        let orcid = changes(c, &raid, people, &known, policy.as_ref(), today)?;
        Ok(Trial {
            dry_run: true,
            valid: true,
            becomes_public: Publicity::of(&raid, today),
            raid: record::show(raid, &known.shown, &addresses),
            orcid,
        })
    });
    let trial = trial.await?;
    let mut answer = HttpResponse::Ok();
    if let Some(header) = warning::header(warnings) {
        answer.insert_header(header);
    }
    Ok(answer.json(trial))
}

/// What would happen to ORCID records if `raid`, which is new, stood.
pub(crate) async fn of_new(
    registry: &Registry,
    caller: &Caller,
    raid: Raid,
) -> Result<Vec<OrcidChange>, Refusal> {
    let sight = sight::of(registry, Some(caller)).await?;
    let (policy, today) = (registry.settings.orcid.clone(), registry.now().date());
    let read = registry.store.read(move |c| {
        let people: BTreeSet<OrcidId> = raid.orcids().collect();
        let known = known(c, &raid, &people, &sight)?;
        changes(c, &raid, people, &known, policy.as_ref(), today)
    });
    Ok(read.await?)
}

/// What would happen to the records of some people if `raid` stood; nothing without a policy.
fn changes(
    c: &mut Conn,
    raid: &Raid,
    people: BTreeSet<OrcidId>,
    known: &KnownPeople,
    policy: Option<&MembershipPolicy>,
    today: Date,
) -> Result<Vec<OrcidChange>, StoreError> {
    let Some(policy) = policy else {
        return Ok(Vec::new());
    };
    let stands = stands(c, raid, &people)?;
    let disclaimed = disclaimers::of_raid(c, raid.handle())?;
    let named: Vec<OrcidId> = known.named.iter().copied().collect();
    let service_point = raid.identifier.owner.service_point;
    let gates = namings::gates(c, service_point, raid.handle(), &named)?;
    let of_person = |person: OrcidId| {
        // Whoever says that they are not part of it, or wants none of the service point, gets no entry.
        let desired = MembershipDocument::for_contributor(raid, &person, policy, today)
            .filter(|_| !disclaimed.contains(&person))
            .filter(|_| gates.get(&person) != Some(&Gate::Stopped));
        if !known.named.contains(&person) {
            return unknown(person, desired);
        }
        let standing = known.shown.people.get(&person);
        let consent = standing.map_or(Consent::Unasked, |it| it.state.consent());
        let entry = stands.get(&person).map_or(Entry::Absent, Membership::entry);
        let is_held = matches!(gates.get(&person), Some(Gate::Held(_)));
        change(person, desired, consent, entry, is_held)
    };
    Ok(people.into_iter().map(of_person).collect())
}

/// What a caller may know of some people: a change that is tried must not tell of people whom the
/// caller has not named in a stored RAiD.
struct KnownPeople {
    /// Those whom a RAiD names that the caller has a right to.
    named: BTreeSet<OrcidId>,
    /// Where these stand.
    shown: Known,
}

fn known(
    c: &mut Conn,
    raid: &Raid,
    people: &BTreeSet<OrcidId>,
    sight: &Sight,
) -> Result<KnownPeople, StoreError> {
    let named = contributions::named_inside(c, people, sight)?;
    let all: Vec<OrcidId> = named.iter().copied().collect();
    let shown = Known {
        people: permissions::of_people(c, &all)?,
        said: statuses::of_raids(c, &[raid.handle()])?,
        ..Known::default()
    };
    Ok(KnownPeople { named, shown })
}

/// What the answer says of somebody whom no RAiD names that the caller has a right to.
fn unknown(orcid: OrcidId, desired: Option<MembershipDocument>) -> OrcidChange {
    OrcidChange {
        orcid,
        change: if desired.is_some() {
            Change::Unknown
        } else {
            Change::None
        },
        entry: desired,
    }
}

fn stands(
    c: &mut Conn,
    raid: &Raid,
    people: &BTreeSet<OrcidId>,
) -> Result<HashMap<OrcidId, Membership>, StoreError> {
    let found = memberships::of_people(c, people, raid.handle())?;
    let by_person = found.into_iter().map(|it| (*it.orcid.get(), it));
    Ok(by_person.collect())
}

fn change(
    orcid: OrcidId,
    desired: Option<MembershipDocument>,
    consent: Consent,
    entry: Entry,
    is_held: bool,
) -> OrcidChange {
    let wanted = desired.clone();
    let (change, entry) = match Step::next(desired, consent, entry) {
        Step::Nothing | Step::ReviewQuestion => (Change::None, None),
        Step::AskFirst | Step::Create(_) if is_held => (Change::Held, wanted),
        Step::AskFirst => (Change::Ask, wanted),
        Step::Create(document) => (Change::Add, Some(document)),
        Step::Update(_, document) => (Change::Update, Some(document)),
        Step::Delete(_) => (Change::Remove, None),
        // Only ORCID knows whether it stands there; in the end it says this.
        Step::Look => match wanted {
            Some(document) => (Change::Update, Some(document)),
            None => (Change::Remove, None),
        },
    };
    OrcidChange {
        orcid,
        change,
        entry,
    }
}
