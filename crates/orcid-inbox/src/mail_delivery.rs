//! Handing a mail over: into a folder, or to a mail server in one SMTP session.

use crate::mail_failure::{MailFailure, Secrets, Stage};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, response::Response};
use lettre::{AsyncFileTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::time::Duration;

/// Where mail goes.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Into files, one a message: the embedded default.
    Files(PathBuf),
    /// To a mail server.
    Smtp(SmtpServer),
}

/// A mail server, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// User and password, where it wants them.
    pub credentials: Option<(String, SecretString)>,
    /// The longest wait for each step of a session.
    pub timeout: Duration,
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
    #[error("mail.smtp_host: {0}")]
    Smtp(#[from] smtp::Error),
    /// The folder cannot be made.
    #[error("mail.folder {0}: {1}")]
    Folder(PathBuf, std::io::Error),
}

/// Hands mails over.
pub(crate) enum Delivery {
    Files(AsyncFileTransport<Tokio1Executor>),
    Smtp(Box<Session>),
}

/// What each session with a mail server begins with.
pub(crate) struct Session {
    server: SmtpServer,
    tls: Option<TlsParameters>,
}

impl Delivery {
    pub(crate) fn new(transport: Transport) -> Result<Self, MailError> {
        // Alerts look at its growth, also before the first mail.
        metrics::counter!("raid_mails_total", "outcome" => "sent", "code" => "").increment(0);
        Ok(match transport {
            Transport::Files(folder) => {
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(&folder)
                    .map_err(|e| MailError::Folder(folder.clone(), e))?;
                Self::Files(AsyncFileTransport::new(folder))
            }
            Transport::Smtp(server) => {
                let tls = match server.tls {
                    Tls::None => None,
                    Tls::Implicit | Tls::Required => Some(TlsParameters::new(server.host.clone())?),
                };
                Self::Smtp(Box::new(Session { server, tls }))
            }
        })
    }

    /// Hands a mail over, and counts what became of it.
    pub(crate) async fn send(&self, message: Message, to: &Mailbox) -> Result<(), MailFailure> {
        let sent = match self {
            Self::Files(files) => match files.send(message).await {
                Ok(_) => Ok(()),
                Err(_) => Err(MailFailure::folder()),
            },
            Self::Smtp(session) => session.send(&message, to).await,
        };
        let (outcome, code) = match &sent {
            Ok(()) => ("sent", None),
            Err(failure) => (failure.outcome(), failure.code()),
        };
        let code = code.map(|code| code.to_string()).unwrap_or_default();
        metrics::counter!("raid_mails_total", "outcome" => outcome, "code" => code).increment(1);
        sent
    }
}

impl Session {
    async fn send(&self, message: &Message, to: &Mailbox) -> Result<(), MailFailure> {
        let mut stage = Stage::Connect;
        let sent = self.hand_over(message, &mut stage).await;
        let (user, password) = match &self.server.credentials {
            Some((user, password)) => (Some(user.as_str()), Some(password.expose_secret())),
            None => (None, None),
        };
        let secrets = Secrets {
            address: to.email.as_ref(),
            user,
            password,
        };
        sent.map_err(|error| match error {
            Broken::Smtp(error) => MailFailure::smtp(stage, &error, &secrets),
            Broken::NotOffered => MailFailure::starttls_not_offered(),
            Broken::TooSlow => MailFailure::too_slow(stage, self.server.timeout),
        })
    }

    /// Connects, encrypts, signs in and sends; `stage` tells how far it came.
    async fn hand_over(&self, message: &Message, stage: &mut Stage) -> Result<(), Broken> {
        let server = &self.server;
        let name = ClientId::default();
        let implicit = self.tls.clone().filter(|_| server.tls == Tls::Implicit);
        let address = (server.host.as_str(), server.port);
        let timeout = Some(server.timeout);
        let connected =
            AsyncSmtpConnection::connect_tokio1(address, timeout, &name, implicit, None);
        let mut connection = self.within(connected).await?;
        if let Some(tls) = self.tls.clone().filter(|_| server.tls == Tls::Required) {
            *stage = Stage::StartTls;
            if !connection.can_starttls() {
                connection.abort().await;
                return Err(Broken::NotOffered);
            }
            self.within(connection.starttls(tls, &name)).await?;
        }
        if let Some((user, password)) = &server.credentials {
            *stage = Stage::SignIn;
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            self.within(connection.auth(DEFAULT_MECHANISMS, &credentials))
                .await?;
        }
        *stage = Stage::Send;
        let raw = message.formatted();
        let _: Response = self
            .within(connection.send(message.envelope(), &raw))
            .await?;
        // The mail is accepted: how the session ends changes nothing of that.
        let _ = tokio::time::timeout(server.timeout, connection.abort()).await;
        Ok(())
    }

    async fn within<T>(
        &self,
        step: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, Broken> {
        match tokio::time::timeout(self.server.timeout, step).await {
            Ok(done) => done.map_err(Broken::Smtp),
            Err(_) => Err(Broken::TooSlow),
        }
    }
}

/// Why a session ended early.
enum Broken {
    Smtp(smtp::Error),
    /// The server does not offer STARTTLS, which is required.
    NotOffered,
    TooSlow,
}

#[cfg(test)]
mod tests;
