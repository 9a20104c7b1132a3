//! Informing a person of the first entry by a service point that is new to them.
//!
//! ORCID lets a member client send one kind of message to an inbox, the permission notification, so the
//! message is one that says plainly that nothing needs to be granted. Its link leads to a page with
//! a button that removes the entries and stops the service point ([`crate::service_point`]). As ORCID
//! does not recognise repeats, it is written down first and looked for after an unknown outcome.

use crate::permission::{failed_call, later, urgency};
use crate::request::{entry, is_link_of, item_name, page_url};
use crate::settings::Settings;
use crate::signed::{Link, Signer};
use orcid_client::{
    CallError, Client, FailureAction, Item, NotificationPutCode, Outcome, PermissionRequest,
    PermissionRequestError, RecordStatus,
};
use raid_model::OrcidId;
use raid_model::membership::MembershipDocument;
use reconciler::{Held, Reconcile, Verdict};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use store::announcements::{self, Announcement, State};
use store::raids;
use store::service_points::{self, ServicePointRow};
use store::tasks::{Kind, Work};
use store::{Conn, Store, StoreError, Timestamp, disclaimers, namings};

/// How long ORCID leaves new records unclaimed is not known; days are right.
const UNCLAIMED: Duration = Duration::from_hours(3 * 24);
/// Characters of a service point's name that a message shows, so that it stays within ORCID's limit.
const NAME_LIMIT: usize = 120;

/// Informs people of service points that are new to them.
pub struct AnnouncementReconciler {
    store: Store,
    client: Arc<Client>,
    settings: Arc<Settings>,
    signer: Signer,
}

/// What is known of a message.
struct Known {
    message: Announcement,
    point: ServicePointRow,
    /// The entry that it is about; none if it should not stand any more.
    entry: Option<MembershipDocument>,
    /// When the person was informed of other service points lately.
    others: Vec<Timestamp>,
}

impl AnnouncementReconciler {
    /// A reconciler that posts through `client`.
    pub fn new(store: Store, client: Arc<Client>, settings: Arc<Settings>, signer: Signer) -> Self {
        Self {
            store,
            client,
            settings,
            signer,
        }
    }

    async fn reconcile(&self, held: &Held, orcid: OrcidId, service_point: i64) -> Verdict {
        let known = match self.load(orcid, service_point).await {
            Ok(Some(known)) => known,
            Ok(None) => return Verdict::done(),
            Err(e) => return e.into(),
        };
        match known.message.state {
            State::Posted | State::Failed => Verdict::done(),
            State::Posting => self.find(held, &known).await,
            State::Due => self.announce(held, &known).await,
        }
    }

    async fn load(&self, orcid: OrcidId, service_point: i64) -> Result<Option<Known>, StoreError> {
        let (policy, now) = (self.settings.membership.clone(), self.now());
        let since = now - self.settings.rules.budget.window;
        self.store
            .read(move |c| {
                let Some(message) = announcements::find(c, &orcid, service_point)? else {
                    return Ok(None);
                };
                let Some(point) = service_points::find(c, service_point)? else {
                    return Ok(None);
                };
                let handle = message.handle.get();
                let is_unwanted = namings::is_stopped(c, &orcid, service_point)?
                    || disclaimers::is_disclaimed(c, &orcid, handle)?;
                let entry = if is_unwanted {
                    None
                } else {
                    let row = raids::find_standing(c, handle)?;
                    row.map(|row| entry(&row, &orcid, &policy, now.date()))
                        .transpose()?
                        .flatten()
                };
                Ok(Some(Known {
                    others: announcements::posted_since(c, &orcid, since)?,
                    message,
                    point,
                    entry,
                }))
            })
            .await
    }

    /// Posts the message, if there is something to tell, and not too many others were sent.
    async fn announce(&self, held: &Held, known: &Known) -> Verdict {
        if known.entry.is_none() {
            let message = known.message.clone();
            return Verdict::done().with(move |c| announcements::withdraw(c, &message));
        }
        if let Some(wait) = self.over_budget(known) {
            return later(wait);
        }
        self.post(held, known).await
    }

    /// How long the message has to wait, if others were sent within the budget's window.
    fn over_budget(&self, known: &Known) -> Option<Duration> {
        let most = usize::try_from(self.settings.announcements).unwrap_or(usize::MAX);
        let over = known.others.len().checked_sub(most)?;
        // When enough of them have left the window for one more to fit.
        let Some(makes_room) = known.others.get(over) else {
            return Some(self.settings.rules.budget.window);
        };
        let opens = *makes_room + self.settings.rules.budget.window;
        Some(Duration::try_from(opens - self.now()).unwrap_or_default())
    }

    async fn post(&self, held: &Held, known: &Known) -> Verdict {
        let (message, clock) = (known.message.clone(), self.store.clock().clone());
        let request = match self.compose(known) {
            Ok(request) => request,
            Err(e) => return self.failed(&known.message, format!("it cannot be written: {e}")),
        };
        let intent = held.intend(move |c| {
            let moved = announcements::change(c, &message, State::Posting, clock.now())?;
            moved.then_some(()).ok_or(StoreError::LeaseLost)
        });
        if let Err(e) = intent.await {
            return e.into();
        }
        let posting = Announcement {
            state: State::Posting,
            ..known.message.clone()
        };
        let orcid = *posting.orcid.get();
        match self.client.create_notification(orcid, &request).await {
            Ok(put_code) => self.posted(posting, put_code),
            Err(e) => self.not_posted(&posting, &e),
        }
    }

    fn posted(&self, posting: Announcement, put_code: NotificationPutCode) -> Verdict {
        metrics::counter!("raid_announcements_total", "outcome" => "posted").increment(1);
        let put_code = put_code.get();
        Verdict::done()
            .reached()
            .with(self.at_now(move |c, now| announcements::posted(c, &posting, put_code, now)))
    }

    /// The message was not posted. Unless the outcome is unknown, it is due again or given up.
    fn not_posted(&self, posting: &Announcement, error: &CallError) -> Verdict {
        if error.outcome == Outcome::Unknown {
            return failed_call(error);
        }
        let verdict = match error.action() {
            FailureAction::Record(RecordStatus::Unclaimed) => later(UNCLAIMED),
            FailureAction::Record(_) | FailureAction::Unreachable | FailureAction::GiveUp => {
                return self.failed(posting, error.to_string());
            }
            _ => failed_call(error),
        };
        let posting = posting.clone();
        verdict.with(
            self.at_now(move |c, now| {
                announcements::change(c, &posting, State::Due, now).map(drop)
            }),
        )
    }

    /// The inbox does not take the message. Operators see it.
    fn failed(&self, message: &Announcement, reason: String) -> Verdict {
        metrics::counter!("raid_announcements_total", "outcome" => "failed").increment(1);
        tracing::warn!(
            service_point = message.service_point_id,
            reason,
            "a person cannot be informed of a service point that is new to them"
        );
        let message = message.clone();
        Verdict::done()
            .with(self.at_now(move |c, now| announcements::failed(c, &message, &reason, now)))
    }

    /// Looks whether the message was posted whose outcome is unknown; else posts it.
    async fn find(&self, held: &Held, known: &Known) -> Verdict {
        let posting = &known.message;
        let listed = match self.client.list_notifications(*posting.orcid.get()).await {
            Ok(listed) => listed,
            Err(e) => match e.action() {
                FailureAction::Record(_) | FailureAction::GiveUp => {
                    return self.failed(posting, e.to_string());
                }
                _ => return failed_call(&e),
            },
        };
        let ours = listed.iter().find(|n| {
            n.authorization_uri
                .as_deref()
                .is_some_and(|uri| is_link_of(uri, posting.id))
        });
        match ours {
            Some(found) => self.posted(posting.clone(), found.put_code),
            None if known.entry.is_some() => self.post(held, known).await,
            None => {
                let posting = posting.clone();
                Verdict::done().with(move |c| announcements::withdraw(c, &posting))
            }
        }
    }

    fn compose(&self, known: &Known) -> Result<PermissionRequest, PermissionRequestError> {
        let (agency, contact) = (&self.settings.agency_name, &self.settings.contact);
        let name: String = known.point.name.chars().take(NAME_LIMIT).collect();
        let intro = format!(
            "{name} added the project below to your ORCID record. It used the permission that you \
             gave {agency} before, and had not added a project of yours until now, so we inform \
             you once. You do not need to grant anything again. If this is not yours, follow the \
             link: a button there removes what {name} added and stops it from adding more. \
             Questions: {contact}"
        );
        let items = known
            .entry
            .iter()
            .map(|entry| Item::new(&item_name(entry), entry.handle.clone(), &entry.raid_url))
            .collect::<Result<Vec<_>, _>>()?;
        let link = Link::ServicePoint {
            orcid: known.message.orcid.as_str().to_owned(),
            id: known.message.service_point_id,
        };
        let expires_at = self.now() + self.settings.link_lifetime;
        let mut url = page_url(&self.settings, "orcid/service-point");
        url.query_pairs_mut()
            .append_pair("i", &self.signer.sign(link, expires_at))
            .append_pair("r", &known.message.id.to_string());
        PermissionRequest::new("A project was added", &intro, url, items)
    }

    fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// Writes down something with the time at which it is written.
    fn at_now(
        &self,
        f: impl Fn(&mut Conn, Timestamp) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> impl Fn(&mut Conn) -> Result<(), StoreError> + Send + Sync + 'static {
        let clock = self.store.clock().clone();
        move |c| f(c, clock.now())
    }
}

impl Reconcile for AnnouncementReconciler {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Announcement]
    }

    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            match held.work() {
                Work::Announcement(orcid, service_point) => {
                    let client = self.client.with_urgency(urgency(held.lane()));
                    let hurried = Self {
                        client: Arc::new(client),
                        store: self.store.clone(),
                        settings: self.settings.clone(),
                        signer: self.signer.clone(),
                    };
                    hurried.reconcile(held, *orcid, *service_point).await
                }
                other => Verdict::dead(format!("no announcement: {}", other.key())),
            }
        })
    }
}
