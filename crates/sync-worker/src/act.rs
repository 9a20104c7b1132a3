//! Taking the step.

use crate::failure;
use crate::plan::{Facts, Step, hash, plan};
use orcid_client::{CallError, Client, Meaning, Outcome, PutCode, ReadAs, our_entry};
use raid_model::membership::{MembershipDocument, MembershipPolicy};
use raid_model::{Handle, OrcidId, Raid};
use reconciler::{Held, Next, Reconcile, Verdict};
use secrecy::SecretString;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use store::memberships::{self, Standing};
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
        let step = plan(facts);
        let token = match (&step, token) {
            (Step::Nothing, _) => return Verdict::done(),
            (Step::AskFirst, _) => return self.ask_first(orcid),
            (_, Some(token)) => token,
            // A grant without its token cannot be used; the confirmation of it fails, and says so.
            (_, None) => return self.without_token(orcid),
        };
        let entry = Entry {
            orcid,
            handle,
            token,
        };
        match step {
            Step::Nothing | Step::AskFirst => Verdict::done(),
            Step::Look => self.look(&entry).await,
            Step::Create(document) => self.create(held, &entry, document).await,
            Step::Update(put_code, document) => self.update(&entry, put_code, document).await,
            Step::Delete(put_code) => self.delete(&entry, put_code).await,
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
                let desired = match raids::find(c, &handle)? {
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
    async fn look(&self, entry: &Entry) -> Verdict {
        let read_as = ReadAs::Person(&entry.token);
        let listed = match self.client.memberships(entry.orcid, read_as).await {
            Ok(listed) => listed,
            Err(e) => return failure::verdict(&e, entry.orcid, self.store.clock()),
        };
        let ours = our_entry(&listed, &self.client.settings().client_id, &entry.handle);
        let standing = match ours {
            None => Standing::Deleted,
            Some(found) => {
                let desired = match self.load(entry.orcid, entry.handle.clone()).await {
                    Ok((facts, _)) => facts.desired,
                    Err(e) => return e.into(),
                };
                // What already says the right thing is adopted as it is, without another notice.
                let hash = desired.filter(|d| found.says(d)).map(|d| hash(&d));
                Standing::Written {
                    put_code: found.put_code.get(),
                    hash,
                }
            }
        };
        self.found(entry, AT_ONCE, standing)
    }

    async fn create(&self, held: &Held, entry: &Entry, document: MembershipDocument) -> Verdict {
        let (orcid, handle, clock) = (
            entry.orcid,
            entry.handle.clone(),
            self.store.clock().clone(),
        );
        let intent = held.intend(move |c| {
            memberships::record(c, &orcid, &handle, &Standing::Posting, clock.now())
        });
        if let Err(e) = intent.await {
            return e.into();
        }
        match self
            .client
            .create_membership(entry.orcid, &entry.token, &document)
            .await
        {
            Ok(put_code) => self.written(entry, put_code.get(), &document),
            Err(e) => match (&e.meaning, e.outcome) {
                // It stands already: adopt it, and see whether it says the right thing.
                (
                    Meaning::Duplicate {
                        put_code: Some(put_code),
                    },
                    _,
                ) => {
                    let standing = Standing::Written {
                        put_code: put_code.get(),
                        hash: None,
                    };
                    self.found(entry, AT_ONCE, standing)
                }
                (Meaning::Duplicate { put_code: None }, _) => Verdict::new(AT_ONCE),
                // The intent stands, and the next run looks.
                (_, Outcome::Unknown) => self.failed(entry, &e),
                // ORCID did not do it, so the intent is taken back.
                (_, Outcome::NotSent | Outcome::Refused) => {
                    self.with(entry, self.failed(entry, &e), Standing::Deleted)
                }
            },
        }
    }

    async fn update(&self, entry: &Entry, put_code: i64, document: MembershipDocument) -> Verdict {
        let Ok(code) = PutCode::try_from(put_code) else {
            return Verdict::dead(format!("{put_code} is no put-code"));
        };
        match self
            .client
            .update_membership(entry.orcid, &entry.token, code, &document)
            .await
        {
            Ok(()) => self.written(entry, put_code, &document),
            Err(e) if e.meaning == Meaning::Gone => self.removed(entry).await,
            // It may say the old or the new: the hash is forgotten, and it is sent again.
            Err(e) if e.outcome == Outcome::Unknown => {
                let standing = Standing::Written {
                    put_code,
                    hash: None,
                };
                self.with(entry, self.failed(entry, &e), standing)
            }
            Err(e) => self.failed(entry, &e),
        }
    }

    async fn delete(&self, entry: &Entry, put_code: i64) -> Verdict {
        let Ok(code) = PutCode::try_from(put_code) else {
            return Verdict::dead(format!("{put_code} is no put-code"));
        };
        match self
            .client
            .delete_membership(entry.orcid, &entry.token, code)
            .await
        {
            Ok(_) => self.found(entry, AT_ONCE, Standing::Deleted),
            Err(e) => self.failed(entry, &e),
        }
    }

    /// The entry is not there any more. If the record itself can be read, the researcher removed
    /// the entry, and it is not added again.
    async fn removed(&self, entry: &Entry) -> Verdict {
        match self
            .client
            .memberships(entry.orcid, ReadAs::Person(&entry.token))
            .await
        {
            Ok(listed) => {
                let client_id = &self.client.settings().client_id;
                match our_entry(&listed, client_id, &entry.handle) {
                    None => self.found(entry, Next::Done, Standing::RemovedByResearcher),
                    Some(other) => {
                        let put_code = other.put_code.get();
                        self.found(
                            entry,
                            AT_ONCE,
                            Standing::Written {
                                put_code,
                                hash: None,
                            },
                        )
                    }
                }
            }
            Err(e) => self.failed(entry, &e),
        }
    }

    fn written(&self, entry: &Entry, put_code: i64, document: &MembershipDocument) -> Verdict {
        let standing = Standing::Written {
            put_code,
            hash: Some(hash(document)),
        };
        self.found(entry, Next::Done, standing)
    }

    fn found(&self, entry: &Entry, next: Next, standing: Standing) -> Verdict {
        self.with(entry, Verdict::new(next), standing)
    }

    fn failed(&self, entry: &Entry, error: &CallError) -> Verdict {
        failure::verdict(error, entry.orcid, self.store.clock())
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
