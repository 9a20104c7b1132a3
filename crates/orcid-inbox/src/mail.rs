//! Sending invitations by e-mail.

use crate::request::page_url;
use crate::settings::Settings;
use crate::signed::{Link, Signer};
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use raid_model::Raid;
use reconciler::{Held, Reconcile, Verdict};
use secrecy::{ExposeSecret as _, SecretString};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use store::invitations::{self, InvitationRow, MAX_MAILS, State};
use store::tasks::{Kind, Work};
use store::{Id, Store, StoreError, inviters, raids};

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Into files, one a message: the embedded default.
    Files(PathBuf),
    /// To a mail server.
    Smtp {
        /// Its name.
        host: String,
        /// Its port.
        port: u16,
        /// How the connection is protected.
        tls: Tls,
        /// User and password, where it wants them.
        credentials: Option<(String, SecretString)>,
        /// The longest wait.
        timeout: Duration,
    },
}

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte (port 465).
    Implicit,
    /// After `STARTTLS`, which must succeed (port 587).
    Required,
    /// Not at all: for a relay on this machine.
    None,
}

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The sender is no address.
    #[error("mail.from: {0}")]
    From(#[from] lettre::address::AddressError),
    /// The server cannot be used.
    #[error("mail.smtp: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
    /// The folder cannot be made.
    #[error("mail.folder {0}: {1}")]
    Folder(PathBuf, std::io::Error),
}

/// What sends to a mail server. Connects to nothing yet.
pub(crate) fn smtp(
    host: &str,
    port: u16,
    tls: Tls,
    credentials: Option<&(String, SecretString)>,
    timeout: Duration,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let builder = match tls {
        Tls::Implicit => AsyncSmtpTransport::<Tokio1Executor>::relay(host)?,
        Tls::Required => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)?,
        Tls::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
    };
    let builder = builder.port(port).timeout(Some(timeout));
    Ok(match credentials {
        Some((user, password)) => {
            let password = password.expose_secret().to_owned();
            let credentials = Credentials::new(user.clone(), password);
            builder.credentials(credentials).build()
        }
        None => builder.build(),
    })
}

enum Sender {
    Files(AsyncFileTransport<Tokio1Executor>),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

/// Sends invitations.
pub struct EmailReconciler {
    store: Store,
    settings: Arc<Settings>,
    signer: Signer,
    from: Mailbox,
    sender: Sender,
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
        let sender = match transport {
            Transport::Files(folder) => {
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(&folder)
                    .map_err(|e| MailError::Folder(folder.clone(), e))?;
                Sender::Files(AsyncFileTransport::new(folder))
            }
            Transport::Smtp {
                host,
                port,
                tls,
                credentials,
                timeout,
            } => Sender::Smtp(smtp(&host, port, tls, credentials.as_ref(), timeout)?),
        };
        Ok(Self {
            store,
            settings,
            signer,
            from: from.parse()?,
            sender,
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
        let message = match self.write(&invitation, &row.document.0) {
            Ok(message) => message,
            Err(WriteError::Store(e)) => return e.into(),
            Err(WriteError::Mail(reason)) => {
                return Verdict::dead(reason).with(move |c| invitations::failed(c, id));
            }
        };
        // What a mail server says may quote the address, so it is not kept.
        let sent = match &self.sender {
            Sender::Files(files) => match files.send(message).await {
                Ok(_) => Ok(()),
                Err(_) => Err(("the mail cannot be written into its folder", false)),
            },
            Sender::Smtp(smtp) => match smtp.send(message).await {
                Ok(_) => Ok(()),
                Err(e) if e.is_permanent() => Err(("the mail server refused the mail", true)),
                Err(_) => Err(("the mail server does not take the mail now", false)),
            },
        };
        match sent {
            Ok(()) => {
                let at = self.store.clock().now();
                Verdict::done().with(move |c| invitations::mailed(c, id, at))
            }
            Err((reason, true)) => Verdict::dead(reason).with(move |c| invitations::failed(c, id)),
            Err((reason, false)) => Verdict::retry(reason),
        }
    }

    fn write(&self, invitation: &InvitationRow, document: &str) -> Result<Message, WriteError> {
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
        Message::builder()
            .from(self.from.clone())
            .to(to)
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
            .map_err(|_| WriteError::Mail("the mail cannot be written".into()))
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
