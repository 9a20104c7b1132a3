//! Whether the identifiers of a request exist, as far as their registries can be asked.

use std::collections::{BTreeMap, BTreeSet};

use raid_model::validate::FailureList;
use raid_model::{ErrorType, ExternalId, ExternalIdAt, Failure, ValidationContext};
use resolvers::{TooMany, Unavailable};
use serde::Serialize;

use crate::auth::Caller;
use crate::problem::Problem;
use crate::refusal::{Refusal, unless_valid};
use crate::registry::Registry;
use crate::settings::WhenUnavailable;

/// An identifier that could not be asked about.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnavailableResolver {
    field: String,
    value: String,
    resolver: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    downstream_status: Option<u16>,
    downstream_message: String,
}

impl UnavailableResolver {
    /// An identifier in a member or a parameter, and why it could not be asked about.
    pub(crate) fn of(field: String, id: ExternalId, why: Unavailable) -> Self {
        let (resolver, value, status) = (id.resolver.name(), id.value, why.status);
        let outcome = status.map_or_else(|| "connection failed".to_owned(), |s| s.to_string());
        Self {
            field,
            downstream_message: format!("{resolver} resolve {value} -> {outcome}"),
            value,
            resolver,
            downstream_status: status,
        }
    }
}

/// Validates a request together with what other registries say about its identifiers, which `ids`
/// lists. Gives the members that are accepted with a warning.
///
/// `caller` takes turns with others. All failures are reported first; what could not be asked counts
/// only where nothing is wrong. No transaction is open meanwhile.
pub(crate) async fn check(
    registry: &Registry,
    caller: &Caller,
    mut context: ValidationContext,
    ids: impl FnOnce(&ValidationContext) -> Vec<ExternalIdAt>,
    validate: impl FnOnce(&ValidationContext) -> FailureList,
) -> Result<BTreeSet<String>, Refusal> {
    let mut unavailable = Vec::new();
    if !registry.resolvers.is_offline() {
        let ids = ids(&context);
        let asked = ids.iter().map(|at| at.id.clone()).collect();
        let who = caller.client_and_subject();
        let answers = match registry.resolvers.ask(&who, asked).await {
            Ok(answers) => answers,
            Err(too_many) => {
                unless_valid(validate(&context))?;
                return Err(too_many_ids(&ids, &too_many));
            }
        };
        context.missing = answers.missing;
        unavailable = entries(ids, &answers.unavailable);
    }
    let failures = validate(&context);
    unless_valid(failures)?;
    if unavailable.is_empty() {
        return Ok(BTreeSet::new());
    }
    match registry.settings.existence.when_unavailable() {
        WhenUnavailable::Refuse => Err(Problem::resolvers_unavailable(unavailable).into()),
        WhenUnavailable::Accept => {
            for entry in &unavailable {
                tracing::warn!(
                    field = entry.field,
                    value = entry.value,
                    message = entry.downstream_message,
                    "accepted without knowing whether the identifier exists"
                );
                metrics::counter!("raid_unchecked_ids_total", "resolver" => entry.resolver)
                    .increment(1);
            }
            Ok(unavailable.into_iter().map(|entry| entry.field).collect())
        }
    }
}

/// Names the member that holds the first identifier too many.
fn too_many_ids(ids: &[ExternalIdAt], too_many: &TooMany) -> Refusal {
    let TooMany { most, ids: unknown } = too_many;
    let mut seen = BTreeSet::new();
    let first = ids
        .iter()
        .filter(|at| unknown.contains(&at.id))
        .find(|at| seen.insert(&at.id) && seen.len() > *most);
    let failure = Failure {
        field_id: first.map(|at| at.field.clone()).unwrap_or_default(),
        error_type: ErrorType::InvalidValue,
        message: format!(
            "has invalid/unsupported value - a request may have at most {most} identifiers that have \
             to be looked up; send it with fewer, and add the others in further requests"
        ),
    };
    Problem::validation(vec![failure]).into()
}

fn entries(
    ids: Vec<ExternalIdAt>,
    unavailable: &BTreeMap<ExternalId, Unavailable>,
) -> Vec<UnavailableResolver> {
    let entry = |at: ExternalIdAt| {
        let why = *unavailable.get(&at.id)?;
        Some(UnavailableResolver::of(at.field, at.id, why))
    };
    ids.into_iter().filter_map(entry).collect()
}
