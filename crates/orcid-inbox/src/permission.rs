//! The life of a permission: asking, noticing what became of the question, and looking after what
//! was granted. One run takes one step, which [`raid_model::permission`] chooses.

mod facts;
mod question;
mod token;

use crate::settings::Settings;
use crate::signed::Signer;
use facts::Known;
use orcid_client::{CallError, Client, FailureAction, RecordStatus, Urgency};
use raid_model::OrcidId;
use raid_model::permission::{PermissionChange, PermissionEvent, PermissionStep, RecordEvent};
use reconciler::{Held, Next, Reconcile, Verdict};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use store::permissions::{self, Permission};
use store::tasks::{Kind, Lane, Work};
use store::{Conn, Store, StoreError, Timestamp, grants};

/// Asks people, and looks after their answers.
#[derive(Clone)]
pub struct PermissionReconciler {
    store: Store,
    client: Arc<Client>,
    settings: Arc<Settings>,
    signer: Signer,
}

/// The next step follows at once.
const AT_ONCE: Next = Next::Again(Duration::ZERO);
/// How long ORCID leaves new records unclaimed is not known; days are right.
const UNCLAIMED: Duration = Duration::from_hours(3 * 24);

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

    /// The same, with calls as urgent as a lane is.
    fn in_lane(&self, lane: Lane) -> Self {
        let client = self.client.with_urgency(urgency(lane));
        Self {
            client: Arc::new(client),
            ..self.clone()
        }
    }

    async fn reconcile(&self, held: &Held, orcid: OrcidId) -> Verdict {
        let known = match self.load(orcid).await {
            Ok(Some(known)) => known,
            // Nobody's permission is asked for, but somebody may have left a token.
            Ok(None) => return self.revoke_tokens(orcid).await,
            Err(e) => return e.into(),
        };
        let step = known.facts.next_step(&self.settings.rules, self.now());
        match step {
            PermissionStep::Rest => Verdict::done(),
            PermissionStep::Wait(wait) => later(wait),
            PermissionStep::RevokeTokens => self.revoke_tokens(orcid).await,
            PermissionStep::Ask => self.ask(held, &known).await,
            PermissionStep::FindQuestion => self.find_question(held, &known).await,
            PermissionStep::Withdraw(reason) => self.withdraw_question(held, &known, reason).await,
            PermissionStep::ReadQuestion => self.read_question(held, &known).await,
            PermissionStep::TryToken => self.try_token(&known).await,
            PermissionStep::ConfirmRefusal(wait) => self.confirm_refusal(&known, wait).await,
            PermissionStep::JudgeRefusal => self.judge_refusal(&known).await,
            PermissionStep::LookAtRecord => self.look_at_record(&known).await,
            PermissionStep::NoteIdle(idle) => {
                let since = idle.then(|| self.now());
                self.write(&known, move |c, known, _| {
                    permissions::note_idle(c, known, since)
                })
            }
            PermissionStep::Apply(PermissionEvent::LastProjectGone) => self.forget(&known),
            PermissionStep::Apply(event) => self.apply(&known, event.into()),
        }
    }

    /// Revokes a pair that is of no use any more; the next one follows.
    async fn revoke_tokens(&self, orcid: OrcidId) -> Verdict {
        let keys = self.store.keys().clone();
        let spent = self
            .store
            .read(move |c| grants::to_revoke(c, &keys, &orcid))
            .await;
        let pair = match spent {
            Ok(mut pairs) => match pairs.pop() {
                Some(pair) => pair,
                None => return Verdict::done(),
            },
            Err(e) => return e.into(),
        };
        let id = pair.id;
        match self.client.revoke(&pair.access_token).await {
            Ok(()) => Verdict::new(AT_ONCE).with(move |c| grants::forget(c, id)),
            Err(e) => failed_call(&e),
        }
    }

    /// Applies a transition to the person as they were read. When somebody changed them meanwhile,
    /// nothing happens. Either way the next run reads them again.
    fn apply(&self, known: &Known, change: PermissionChange) -> Verdict {
        self.write(known, move |c, known, now| {
            permissions::apply(c, known, &change, now)
        })
    }

    /// Lets the permission of somebody without projects go. A project that came since they were read
    /// does not change their row, so it is looked for in the transaction.
    fn forget(&self, known: &Known) -> Verdict {
        let gone = PermissionEvent::LastProjectGone.into();
        self.write(known, move |c, known, now| {
            if facts::contributes(c, known.orcid.get())? {
                return Ok(false);
            }
            permissions::apply(c, known, &gone, now)
        })
    }

    /// Writes to the person's row as it was read, and looks again at once.
    fn write(
        &self,
        known: &Known,
        f: impl Fn(&mut Conn, &Permission, Timestamp) -> Result<bool, StoreError>
        + Send
        + Sync
        + 'static,
    ) -> Verdict {
        let (permission, clock) = (known.permission.clone(), self.store.clock().clone());
        Verdict::new(AT_ONCE).with(move |c| f(c, &permission, clock.now()).map(drop))
    }

    /// What a failed call about a person means for them and for the task.
    fn failed(&self, known: &Known, error: &CallError) -> Verdict {
        match error.action() {
            FailureAction::Record(RecordStatus::Unclaimed) => later(UNCLAIMED),
            FailureAction::Record(status) => self.apply(known, record_change(status)),
            FailureAction::Unreachable => {
                let event = PermissionEvent::Record(RecordEvent::NotificationsRefused);
                let change = PermissionChange::because(event, "they take no notifications");
                self.apply(known, change)
            }
            _ => failed_call(error),
        }
    }

    fn now(&self) -> Timestamp {
        self.store.clock().now()
    }
}

/// The verdict on a failed call that says nothing about the person.
pub(crate) fn failed_call(error: &CallError) -> Verdict {
    let reason = error.to_string();
    match error.action() {
        FailureAction::StepAside(after) => Verdict::new(Next::Again(after)),
        FailureAction::GiveUp => Verdict::dead(reason),
        FailureAction::OutcomeUnknown(wait) => Verdict::in_doubt(reason, wait),
        FailureAction::WaitForOrcid { retry_after } => Verdict::retry_outage(reason, retry_after),
        _ => Verdict::retry(reason),
    }
}

pub(crate) fn urgency(lane: Lane) -> Urgency {
    match lane {
        Lane::Interactive => Urgency::Interactive,
        Lane::Bulk => Urgency::Bulk,
        Lane::Background => Urgency::Background,
    }
}

/// Looks again after a wait. Nobody waits for what a reminder, a probe or a look finds.
pub(crate) fn later(wait: Duration) -> Verdict {
    Verdict::new(Next::Again(wait)).in_lane(Lane::Background)
}

/// What the state of a record means for the person.
fn record_change(status: RecordStatus) -> PermissionChange {
    let (event, reason) = match status {
        RecordStatus::Locked => (RecordEvent::Locked, "ORCID locked the record"),
        RecordStatus::Deactivated => (RecordEvent::Deactivated, "the record is deactivated"),
        RecordStatus::Deprecated { .. } => (
            RecordEvent::Deprecated,
            "the record was merged into another",
        ),
        RecordStatus::Unknown => (RecordEvent::Unknown, "ORCID does not know the iD"),
        RecordStatus::Active | RecordStatus::Unclaimed => (RecordEvent::Back, "the record is back"),
    };
    PermissionChange {
        primary: match status {
            RecordStatus::Deprecated { primary } => primary,
            _ => None,
        },
        ..PermissionChange::because(PermissionEvent::Record(event), reason)
    }
}

impl Reconcile for PermissionReconciler {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Permission]
    }

    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            match held.work() {
                Work::Permission(orcid) => {
                    let hurried = self.in_lane(held.lane());
                    hurried.reconcile(held, *orcid).await
                }
                other => Verdict::dead(format!("not a permission: {}", other.key())),
            }
        })
    }
}
