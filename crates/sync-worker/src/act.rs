//! Taking the step.

mod loading;
mod permission;

use crate::facts::Facts;
use crate::failure;
use crate::plan::{Step, plan};
use loading::Loaded;
use orcid_client::{
    CallError, Client, Deleted, Meaning, Outcome, PutCode, ReadAs, Urgency, our_entry,
};
use raid_model::membership::{MembershipDocument, MembershipPolicy};
use raid_model::trust::{HeldBecause, Quotas};
use raid_model::{Handle, OrcidId};
use reconciler::{Held, Next, Reconcile, Verdict};
use secrecy::SecretString;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use store::memberships::{self, Membership, Standing};
use store::permissions::Permission;
use store::tasks::{Kind, Lane, Work};
use store::{Store, StoreError, namings};

/// Makes one entry of one ORCID record agree with the RAiD.
#[derive(Clone)]
pub struct MembershipReconciler {
    store: Store,
    client: Arc<Client>,
    policy: MembershipPolicy,
    quotas: Quotas,
    /// How long a new person's first question waits for their other projects.
    ask_delay: Duration,
}

/// The next step follows at once.
const AT_ONCE: Next = Next::Again(Duration::ZERO);

/// Whose entry, with what token.
struct Entry {
    orcid: OrcidId,
    handle: Handle,
    token: SecretString,
    /// The person, as they were read.
    known: Permission,
    /// What stands there before the step is taken.
    before: Standing,
    /// Whether it would be the first one by the service point for the person.
    is_first: bool,
}

impl MembershipReconciler {
    /// A reconciler that writes through `client`, under `policy`. `quotas` bound whom a service point
    /// may name for the first time.
    pub fn new(
        store: Store,
        client: Arc<Client>,
        policy: MembershipPolicy,
        quotas: Quotas,
        ask_delay: Duration,
    ) -> Self {
        // From the start, so that an alarm sees the first one.
        for because in [HeldBecause::Day, HeldBecause::Raid] {
            loading::count_held(because, 0);
        }
        Self {
            store,
            client,
            policy,
            quotas,
            ask_delay,
        }
    }

    /// The same, with calls as urgent as a lane is.
    fn in_lane(&self, lane: Lane) -> Self {
        let urgency = match lane {
            Lane::Interactive => Urgency::Interactive,
            Lane::Bulk => Urgency::Bulk,
            Lane::Background => Urgency::Background,
        };
        let client = self.client.with_urgency(urgency);
        Self {
            client: Arc::new(client),
            ..self.clone()
        }
    }

    async fn reconcile(&self, held: &Held, orcid: OrcidId, handle: Handle) -> Verdict {
        let loaded = match self.load_admitted(orcid, &handle).await {
            Ok(found) => found,
            Err(e) => return e.into(),
        };
        let Loaded {
            facts,
            known,
            token,
            ..
        } = loaded;
        let step = plan(facts.clone());
        let known = match (&step, known) {
            (Step::AskFirst, _) => {
                return self.wake_permission(orcid, held.lane(), self.ask_delay);
            }
            (Step::ReviewQuestion, _) => {
                return self.wake_permission(orcid, held.lane(), Duration::ZERO);
            }
            // Perhaps it was the person's last project.
            (Step::Nothing, Some(known))
                if facts.desired.is_none() && known.state.keeps_token() =>
            {
                return self.wake_permission(orcid, Lane::Background, Duration::ZERO);
            }
            // The record was merged: whoever has it now answers for its projects.
            (
                Step::Nothing,
                Some(Permission {
                    primary_orcid: Some(primary),
                    ..
                }),
            ) => return self.wake_permission(primary.into_inner(), held.lane(), self.ask_delay),
            (Step::Nothing, _) | (_, None) => return Verdict::done(),
            (_, Some(known)) => known,
        };
        let Some(token) = token else {
            return self.without_token(held, &known, &handle, &step);
        };
        let mut entry = Entry {
            orcid,
            handle,
            token,
            known,
            before: Standing::Deleted,
            is_first: facts.is_first_entry(),
        };
        let step = match &facts.actual {
            Some(actual) if facts.in_doubt() => {
                let seen = match self.look(&entry, actual, facts.desired.as_ref()).await {
                    Ok(seen) => seen,
                    Err(e) => return self.failed(&entry, &e),
                };
                entry.before = seen.standing();
                plan(Facts {
                    actual: Some(seen),
                    ..facts
                })
            }
            actual => {
                if let Some(actual) = actual {
                    entry.before = actual.standing();
                }
                step
            }
        };
        match step {
            Step::Create(document) => self.create(held, &entry, document).await,
            Step::Update(put_code, document) => self.update(held, &entry, put_code, document).await,
            Step::Delete(put_code) => self.delete(held, &entry, put_code).await,
            // Nothing is in doubt any more, and the person was asked.
            Step::Nothing | Step::AskFirst | Step::ReviewQuestion | Step::Look => {
                self.with(&entry, Verdict::done(), entry.before.clone())
            }
        }
    }

    /// Finds out what stands on the record after an unknown outcome.
    async fn look(
        &self,
        entry: &Entry,
        actual: &Membership,
        desired: Option<&MembershipDocument>,
    ) -> Result<Membership, CallError> {
        let read_as = ReadAs::Person(&entry.token);
        let listed = self.client.memberships(entry.orcid, read_as).await?;
        let ours = our_entry(&listed, &self.client.settings().client_id, &entry.handle);
        let (state, put_code) = match (ours, actual.state) {
            (Some(found), _) => (memberships::State::Written, Some(found.put_code.get())),
            // It stood there, and we did not delete it.
            (None, memberships::State::Written) => (memberships::State::RemovedByResearcher, None),
            (None, _) => (memberships::State::Deleted, None),
        };
        // What already says the right thing is adopted as it is, without another notice.
        let says = desired.filter(|d| ours.is_some_and(|found| found.says(d)));
        Ok(Membership {
            state,
            put_code,
            document_hash: says.map(MembershipDocument::hash),
            ..actual.clone()
        })
    }

    /// Writes down what is about to be done. An error is the verdict: do nothing then.
    async fn intend(
        &self,
        held: &Held,
        entry: &Entry,
        standing: Standing,
    ) -> Result<(), StoreError> {
        let (orcid, handle) = (entry.orcid, entry.handle.clone());
        let clock = self.store.clock().clone();
        held.intend(move |c| memberships::record(c, &orcid, &handle, &standing, clock.now()))
            .await
    }

    async fn create(&self, held: &Held, entry: &Entry, document: MembershipDocument) -> Verdict {
        if let Err(e) = self.intend(held, entry, Standing::Posting).await {
            return e.into();
        }
        let posted = self
            .client
            .create_membership(entry.orcid, &entry.token, &document)
            .await;
        match posted {
            Ok(put_code) => self.written(entry, put_code.get(), &document),
            Err(e) => match &e.meaning {
                // It stands already: adopt it. What it says is not known, so it is said again.
                Meaning::Duplicate {
                    put_code: Some(put_code),
                } => self.update(held, entry, put_code.get(), document).await,
                // The intent stands, and the next run looks.
                Meaning::Duplicate { put_code: None } => Verdict::retry(e.to_string()),
                _ => self.not_done(entry, &e),
            },
        }
    }

    async fn update(
        &self,
        held: &Held,
        entry: &Entry,
        put_code: i64,
        document: MembershipDocument,
    ) -> Verdict {
        let Ok(code) = PutCode::try_from(put_code) else {
            return Verdict::dead(format!("{put_code} is no put-code"));
        };
        // It may come to say the old or the new, so its hash is forgotten first.
        let unknown = Standing::Written {
            put_code,
            hash: None,
        };
        if let Err(e) = self.intend(held, entry, unknown).await {
            return e.into();
        }
        let put = self
            .client
            .update_membership(entry.orcid, &entry.token, code, &document)
            .await;
        match put {
            Ok(()) => self.written(entry, put_code, &document),
            Err(e) if e.meaning == Meaning::Gone => self.removed(entry).await,
            Err(e) => self.not_done(entry, &e),
        }
    }

    async fn delete(&self, held: &Held, entry: &Entry, put_code: i64) -> Verdict {
        let Ok(code) = PutCode::try_from(put_code) else {
            return Verdict::dead(format!("{put_code} is no put-code"));
        };
        let intent = self.intend(held, entry, Standing::Deleting { put_code });
        if let Err(e) = intent.await {
            return e.into();
        }
        let deleted = self
            .client
            .delete_membership(entry.orcid, &entry.token, &entry.handle, code)
            .await;
        match deleted {
            Ok(Deleted::Now) => self.found(entry, AT_ONCE, Standing::Deleted),
            // Not by us: what is in doubt was looked up before.
            Ok(Deleted::Before) => self.found(entry, AT_ONCE, Standing::RemovedByResearcher),
            Err(e) if Self::is_refused_for_good(entry, &e) => {
                self.left_behind(entry.orcid, &entry.handle, put_code, &e.meaning.to_string())
            }
            Err(e) => self.not_done(entry, &e),
        }
    }

    /// The entry is not there any more. If the record itself can be read, the researcher removed
    /// the entry, and it is not added again.
    async fn removed(&self, entry: &Entry) -> Verdict {
        let read_as = ReadAs::Person(&entry.token);
        let listed = match self.client.memberships(entry.orcid, read_as).await {
            Ok(listed) => listed,
            // The intent stands, and the next run looks.
            Err(e) => return self.failed(entry, &e),
        };
        match our_entry(&listed, &self.client.settings().client_id, &entry.handle) {
            None => self.found(entry, Next::Done, Standing::RemovedByResearcher),
            Some(other) => {
                let put_code = other.put_code.get();
                let verdict = Verdict::retry("the entry stands under another put-code");
                self.with(
                    entry,
                    verdict,
                    Standing::Written {
                        put_code,
                        hash: None,
                    },
                )
            }
        }
    }

    /// The verdict on a write that failed. What ORCID did not do is taken back; what it may have
    /// done stays in doubt, and the next run looks.
    fn not_done(&self, entry: &Entry, error: &CallError) -> Verdict {
        let verdict = self.failed(entry, error);
        match error.outcome {
            Outcome::Unknown => verdict,
            Outcome::NotSent | Outcome::Refused => self.with(entry, verdict, entry.before.clone()),
        }
    }

    fn written(&self, entry: &Entry, put_code: i64, document: &MembershipDocument) -> Verdict {
        let standing = Standing::Written {
            put_code,
            hash: Some(document.hash()),
        };
        self.found(entry, Next::Done, standing)
    }

    fn found(&self, entry: &Entry, next: Next, standing: Standing) -> Verdict {
        self.with(entry, Verdict::new(next).reached(), standing)
    }

    fn failed(&self, entry: &Entry, error: &CallError) -> Verdict {
        let work = Work::Membership(entry.orcid, entry.handle.clone());
        failure::verdict(error, &entry.known, &work, self.store.clock())
    }

    fn with(&self, entry: &Entry, verdict: Verdict, standing: Standing) -> Verdict {
        let (orcid, handle, clock) = (
            entry.orcid,
            entry.handle.clone(),
            self.store.clock().clone(),
        );
        let is_first = entry.is_first && matches!(standing, Standing::Written { .. });
        verdict.with(move |c| {
            let now = clock.now();
            memberships::record(c, &orcid, &handle, &standing, now)?;
            if is_first {
                namings::entry_written(c, &orcid, &handle, now)?;
            }
            Ok(())
        })
    }
}

impl Reconcile for MembershipReconciler {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Membership]
    }

    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            match held.work() {
                Work::Membership(orcid, handle) => {
                    let hurried = self.in_lane(held.lane());
                    hurried.reconcile(held, *orcid, handle.clone()).await
                }
                other => Verdict::dead(format!("not a membership: {}", other.key())),
            }
        })
    }
}
