//! Taking the step.

use crate::failure;
use crate::plan::{Facts, Step, plan};
use orcid_client::{CallError, Client, Deleted, Meaning, Outcome, PutCode, ReadAs, our_entry};
use raid_model::membership::{MembershipDocument, MembershipPolicy};
use raid_model::{Handle, OrcidId, Raid};
use reconciler::{Held, Next, Reconcile, Verdict};
use secrecy::SecretString;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use store::memberships::{self, Membership, Standing};
use store::permissions::{self, State};
use store::tasks::{self, Kind, Lane, NewTask, Work};
use store::{Store, StoreError, grants, raids};

/// Makes one entry of one ORCID record agree with the RAiD.
pub struct MembershipReconciler {
    store: Store,
    client: Arc<Client>,
    policy: MembershipPolicy,
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
    /// What stands there before the step is taken.
    before: Standing,
}

impl MembershipReconciler {
    /// A reconciler that writes through `client`, under `policy`.
    pub fn new(
        store: Store,
        client: Arc<Client>,
        policy: MembershipPolicy,
        ask_delay: Duration,
    ) -> Self {
        Self {
            store,
            client,
            policy,
            ask_delay,
        }
    }

    async fn reconcile(&self, held: &Held, orcid: OrcidId, handle: Handle) -> Verdict {
        let (facts, token) = match self.load(orcid, handle.clone()).await {
            Ok(found) => found,
            Err(e) => return e.into(),
        };
        let step = plan(facts.clone());
        let token = match (&step, token) {
            (Step::Nothing, _) => return Verdict::done(),
            (Step::AskFirst, _) => return self.ask_first(orcid),
            (_, Some(token)) => token,
            // A grant without its token cannot be used; the confirmation of it fails, and says so.
            (_, None) => return self.without_token(orcid),
        };
        let mut entry = Entry {
            orcid,
            handle,
            token,
            before: Standing::Deleted,
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
            Step::Nothing | Step::AskFirst | Step::Look => {
                self.with(&entry, Verdict::done(), entry.before.clone())
            }
        }
    }

    async fn load(
        &self,
        orcid: OrcidId,
        handle: Handle,
    ) -> Result<(Facts, Option<SecretString>), StoreError> {
        let today = self.store.clock().now().date();
        let keys = self.store.keys().clone();
        let policy = self.policy;
        self.store
            .read(move |c| {
                let desired = match raids::find_standing(c, &handle)? {
                    None => None,
                    Some(row) => {
                        let raid: Raid = serde_json::from_str(&row.document.0)
                            .map_err(|e| StoreError::Corrupt(format!("RAiD {handle}: {e}")))?;
                        MembershipDocument::for_contributor(&raid, &orcid, policy, today)
                    }
                };
                let permission = permissions::find(c, &orcid)?.map_or(State::Unasked, |p| p.state);
                let token = match permission {
                    State::Granted => grants::active(c, &keys, &orcid)?.map(|g| g.access_token),
                    _ => None,
                };
                let actual = memberships::find(c, &orcid, &handle)?;
                Ok((
                    Facts {
                        desired,
                        permission,
                        actual,
                    },
                    token,
                ))
            })
            .await
    }

    fn ask_first(&self, orcid: OrcidId) -> Verdict {
        let (clock, delay) = (self.store.clock().clone(), self.ask_delay);
        Verdict::done().with(move |c| {
            let now = clock.now();
            permissions::ensure(c, &orcid, now)?;
            let work = Work::Permission(orcid);
            let due_at = now + delay;
            tasks::enqueue(
                c,
                &[NewTask {
                    work,
                    lane: Lane::Interactive,
                    due_at,
                    at: now,
                }],
            )
        })
    }

    fn without_token(&self, orcid: OrcidId) -> Verdict {
        failure::suspected(orcid, "there is no token for the grant", self.store.clock())
    }

    /// Finds out what stands on the record after an answer that never came.
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
            .delete_membership(entry.orcid, &entry.token, code)
            .await;
        match deleted {
            Ok(Deleted::Now) => self.found(entry, AT_ONCE, Standing::Deleted),
            // Not by us: what is in doubt was looked up before.
            Ok(Deleted::Before) => self.found(entry, Next::Done, Standing::RemovedByResearcher),
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
        self.with(entry, Verdict::new(next), standing)
    }

    fn failed(&self, entry: &Entry, error: &CallError) -> Verdict {
        failure::verdict(error, entry.orcid, self.store.clock(), error.doubt)
    }

    fn with(&self, entry: &Entry, verdict: Verdict, standing: Standing) -> Verdict {
        let (orcid, handle, clock) = (
            entry.orcid,
            entry.handle.clone(),
            self.store.clock().clone(),
        );
        verdict.with(move |c| memberships::record(c, &orcid, &handle, &standing, clock.now()))
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
                    self.reconcile(held, *orcid, handle.clone()).await
                }
                other => Verdict::dead(format!("not a membership: {}", other.key())),
            }
        })
    }
}
