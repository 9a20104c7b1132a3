//! The life of a permission: asking once, noticing what became of the request, and looking after
//! what was granted. One run takes one step; each state that is not final has one wake-up.

mod ask;
mod care;

use crate::settings::Settings;
use crate::signed::Signer;
use orcid_client::{CallError, Client, Meaning, Outcome, RecordStatus};
use raid_model::OrcidId;
use reconciler::{Held, Next, Reconcile, Verdict};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use store::permission_requests::{self as requests, PermissionRequestRow};
use store::permissions::{self, Change, Permission, State};
use store::tasks::{Kind, Work};
use store::{Store, StoreError, Timestamp, grants, memberships};

/// Asks people, and looks after their answers.
pub struct PermissionReconciler {
    store: Store,
    client: Arc<Client>,
    settings: Arc<Settings>,
    signer: Signer,
}

/// The next step follows at once.
const AT_ONCE: Next = Next::Again(Duration::ZERO);
/// How long a task steps aside when our own limiter is full.
const STEP_ASIDE: Duration = Duration::from_secs(2);

/// What is known of a person.
struct Known {
    permission: Permission,
    request: Option<PermissionRequestRow>,
    asked: i64,
    token: Option<grants::Grant>,
    suspects: i64,
}

impl PermissionReconciler {
    /// A reconciler that asks through `client`.
    pub fn new(store: Store, client: Arc<Client>, settings: Arc<Settings>, signer: Signer) -> Self {
        Self {
            store,
            client,
            settings,
            signer,
        }
    }

    async fn reconcile(&self, held: &Held, orcid: OrcidId) -> Verdict {
        let known = match self.load(orcid).await {
            Ok((to_revoke, known)) => match (to_revoke.first(), known) {
                (Some(pair), _) => return self.revoke(pair).await,
                (None, Some(known)) => known,
                (None, None) => return Verdict::done(),
            },
            Err(e) => return e.into(),
        };
        match known.permission.state {
            State::Unasked => self.ask(held, orcid, &known).await,
            State::Asked => self.follow_up(held, orcid, &known).await,
            State::Granted => self.probe(orcid, &known).await,
            State::Suspect => self.confirm(orcid, &known).await,
            State::Locked | State::Deactivated | State::Unreachable => {
                self.recheck(orcid, &known).await
            }
            // Final until the person comes back by themselves.
            State::Denied
            | State::Ignored
            | State::Revoked
            | State::Disconnected
            | State::Deprecated => Verdict::done(),
        }
    }

    async fn load(
        &self,
        orcid: OrcidId,
    ) -> Result<(Vec<grants::Grant>, Option<Known>), StoreError> {
        let keys = self.store.keys().clone();
        let now = self.now();
        let window = now - self.settings.budget.window;
        let breaker = self.settings.suspicion.breaker_window;
        self.store
            .read(move |c| {
                let to_revoke = grants::to_revoke(c, &keys, &orcid)?;
                let Some(permission) = permissions::find(c, &orcid)? else {
                    return Ok((to_revoke, None));
                };
                // All who came under suspicion with this person, however long ago by now.
                let suspects = permissions::count_suspects(c, permission.since - breaker)?;
                let known = Known {
                    permission,
                    request: requests::current(c, &orcid)?,
                    asked: requests::count_since(c, &orcid, window)?,
                    token: grants::active(c, &keys, &orcid)?,
                    suspects,
                };
                Ok((to_revoke, Some(known)))
            })
            .await
    }

    /// Revokes a pair that is not used any more, or never was to be.
    async fn revoke(&self, pair: &grants::Grant) -> Verdict {
        let id = pair.id;
        match self.client.revoke(&pair.access_token).await {
            Ok(()) => Verdict::new(AT_ONCE).with(move |c| grants::forget(c, id)),
            Err(e) => Self::failed(&e),
        }
    }

    /// Moves the person on, unless somebody else has; the new state's own run follows at once.
    fn moved(&self, orcid: OrcidId, change: Change) -> Verdict {
        let now = self.now();
        Verdict::new(AT_ONCE).with(move |c| {
            let from: Vec<State> = State::ALL
                .iter()
                .copied()
                .filter(|s| *s != change.to)
                .collect();
            if !permissions::change(c, &orcid, &from, &change, now)? {
                return Ok(());
            }
            match change.to {
                State::Granted => crate::grant::wake_memberships(c, &orcid, now),
                // Everything on such a record is gone, also what we wrote.
                State::Deactivated | State::Deprecated => memberships::all_gone(c, &orcid, now),
                _ => Ok(()),
            }
        })
    }

    /// The verdict on a call whose failure says nothing about the person.
    fn failed(error: &CallError) -> Verdict {
        match &error.meaning {
            Meaning::Overloaded if error.outcome == Outcome::NotSent => {
                Verdict::new(Next::Again(error.retry_after.unwrap_or(STEP_ASIDE)))
            }
            Meaning::OurDocument { .. } | Meaning::NotOurs | Meaning::WrongRecord => {
                Verdict::dead(error.to_string())
            }
            // It may stand already or come to stand yet: looking too early would miss it.
            _ if error.outcome == Outcome::Unknown && !error.kind.is_read() => {
                Verdict::new(Next::InDoubt {
                    reason: error.to_string(),
                    wait: error.doubt,
                })
            }
            _ => Verdict::new(Next::Retry {
                reason: error.to_string(),
                retry_after: error.retry_after,
            }),
        }
    }

    fn now(&self) -> Timestamp {
        self.store.clock().now()
    }
}

fn remaining(now: Timestamp, since: Timestamp, wait: Duration) -> Duration {
    Duration::try_from(since + wait - now).unwrap_or_default()
}

fn closed(status: RecordStatus) -> Change {
    match status {
        RecordStatus::Locked => Change::because(State::Locked, "ORCID locked the record"),
        RecordStatus::Deactivated => {
            Change::because(State::Deactivated, "the record is deactivated")
        }
        RecordStatus::Deprecated { primary } => Change {
            to: State::Deprecated,
            reason: Some("the record was merged into another".into()),
            primary,
        },
        RecordStatus::Unknown | RecordStatus::Active | RecordStatus::Unclaimed => {
            Change::because(State::Unreachable, "ORCID does not know the iD")
        }
    }
}

impl Reconcile for PermissionReconciler {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Permission]
    }

    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            match held.work() {
                Work::Permission(orcid) => self.reconcile(held, *orcid).await,
                other => Verdict::dead(format!("not a permission: {}", other.key())),
            }
        })
    }
}
