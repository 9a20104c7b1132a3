//! Sending invitations by e-mail.

use crate::mail_delivery::{Delivery, MailError, Transport};
use crate::request::page_url;
use crate::settings::Settings;
use crate::signed::{Link, Signer};
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, SinglePart};
use raid_model::Raid;
use reconciler::{Held, Reconcile, Verdict};
use secrecy::ExposeSecret as _;
use std::pin::Pin;
use std::sync::Arc;
use store::invitations::{self, InvitationRow, MAX_MAILS, State};
use store::tasks::{Kind, Work};
use store::{Id, Store, StoreError, inviters, raids};

/// Sends invitations.
pub struct EmailReconciler {
    store: Store,
    settings: Arc<Settings>,
    signer: Signer,
    from: Mailbox,
    delivery: Delivery,
}

impl EmailReconciler {
    /// A reconciler that sends from `from` (`Name <address>`).
    ///
    /// # Errors
    /// [`MailError`] names the setting.
    pub fn new(
        store: Store,
        settings: Arc<Settings>,
        signer: Signer,
        from: &str,
        transport: Transport,
    ) -> Result<Self, MailError> {
        Ok(Self {
            store,
            settings,
            signer,
            from: from.parse()?,
            delivery: Delivery::new(transport)?,
        })
    }

    async fn send(&self, id: Id) -> Verdict {
        let now = self.store.clock().now();
        let loaded = self
            .store
            .read(move |c| {
                let Some(invitation) = invitations::find(c, id)? else {
                    return Ok(None);
                };
                let Some(raid) = raids::find_standing(c, invitation.handle.get())? else {
                    return Ok(None);
                };
                let counts = inviters::may_still_invite(c, &invitation, &raid)?;
                Ok(Some((invitation, raid, counts)))
            })
            .await;
        let (invitation, row, counts) = match loaded {
            Ok(Some(found)) => found,
            Ok(None) => return Verdict::done(),
            Err(e) => return e.into(),
        };
        if invitation.state != State::Open {
            return Verdict::done();
        }
        if invitation.expires_at <= now {
            return Verdict::done().with(move |c| invitations::failed(c, id));
        }
        if !counts {
            return Verdict::done().with(move |c| invitations::cancel(c, id).map(drop));
        }
        let written = self.write(&invitation, &row.document.0);
        let (message, to) = match written {
            Ok(written) => written,
            Err(WriteError::Store(e)) => return e.into(),
            Err(WriteError::Mail(reason)) => {
                return Verdict::dead(reason).with(move |c| invitations::failed(c, id));
            }
        };
        match self.delivery.send(message, &to).await {
            Ok(()) => {
                let at = self.store.clock().now();
                Verdict::done().with(move |c| invitations::mailed(c, id, at))
            }
            Err(failure) if failure.is_final() => {
                Verdict::dead(failure.into_text()).with(move |c| invitations::failed(c, id))
            }
            Err(failure) => Verdict::retry(failure.into_text()),
        }
    }

    /// The mail, and whom it goes to.
    fn write(
        &self,
        invitation: &InvitationRow,
        document: &str,
    ) -> Result<(Message, Mailbox), WriteError> {
        let raid: Raid = serde_json::from_str(document)
            .map_err(|e| StoreError::Corrupt(format!("RAiD: {e}")))?;
        let address = invitation.address(self.store.keys())?;
        let to = address
            .expose_secret()
            .parse::<Mailbox>()
            .map_err(|_| WriteError::Mail("the address is no mail address".into()))?;
        let link = Link::Invitation {
            id: invitation.id.to_string(),
        };
        let mut url = page_url(&self.settings, "invitation");
        url.query_pairs_mut()
            .append_pair("i", &self.signer.sign(link, invitation.expires_at));
        // Mail is read by others on the way, so it tells nothing of an embargoed project. A title is
        // whatever somebody typed, so it is never in the subject, which people see first.
        let title = raid.title_on(self.store.clock().now().date());
        let project = if raid.access.is_embargoed() {
            "a research project\n\n    ".to_owned()
        } else {
            format!("the research project\n\n    {title}\n    ")
        };
        let agency = &self.settings.agency_name;
        let body = format!(
            "Hello,\n\n\
             you are invited to be named as a contributor to {project}RAiD {handle}\n\n\
             with your ORCID iD. Open this link to see what that means, and to accept:\n\n\
             {url}\n\n\
             The link is for you alone and works until {until} (UTC). You sign in at ORCID, to prove \
             that the iD is yours. If you have no iD yet, you can register there, which is free. \
             Your e-mail address will not appear in any record.\n\n\
             If you do not know the project, ignore this mail: nothing is recorded. At most \
             {MAX_MAILS} mails about it are sent to you.\n\n\
             {agency}\n{contact}\n",
            handle = invitation.handle.get(),
            until = invitation.expires_at.date(),
            contact = self.settings.contact,
        );
        let host = self.settings.public_url.host_str().unwrap_or("localhost");
        let number = invitation.mails + 1;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to.clone())
            .subject(SUBJECT)
            // The same for every try: a mail sent twice after an unknown outcome is one mail.
            .message_id(Some(format!(
                "<invitation-{}-{number}@{host}>",
                invitation.id
            )))
            .date(self.store.clock().now().assume_utc().into())
            .singlepart(
                SinglePart::builder()
                    .header(ContentType::TEXT_PLAIN)
                    .body(encoded(body)),
            )
            .map_err(|_| WriteError::Mail("the mail cannot be written".into()))?;
        Ok((message, to))
    }
}

/// The same for every project.
const SUBJECT: &str = "Invitation to a research project";
/// Longest line that goes as it is (RFC 5322 §2.1.1), without its end.
const MAX_LINE: usize = 998;

/// Text that is plain ASCII goes as it is, so that the link can be copied from the raw mail too.
fn encoded(text: String) -> Body {
    if text.is_ascii() && text.lines().all(|line| line.len() <= MAX_LINE) {
        let lines = text.replace('\n', "\r\n").into_bytes();
        Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text)
    }
}

enum WriteError {
    Store(StoreError),
    Mail(String),
}

impl From<StoreError> for WriteError {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

impl Reconcile for EmailReconciler {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Email]
    }

    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            match held.work() {
                Work::Email(id) => self.send(*id).await,
                other => Verdict::dead(format!("not a mail: {}", other.key())),
            }
        })
    }
}
