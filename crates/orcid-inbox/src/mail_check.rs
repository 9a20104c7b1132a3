//! Whether the mail settings work, without sending a mail.

use crate::mail_delivery::{MailError, SmtpServer, Tls, Transport};
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::ExposeSecret as _;

/// Why a mail server cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailServerError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] MailError),
    /// It does not answer, refuses, or does not encrypt.
    #[error("{0}")]
    Server(#[from] SmtpError),
    /// It ended the connection after the greeting.
    #[error("the server greets, and takes no command")]
    Closed,
}

impl MailServerError {
    /// Whether nobody answered, which says nothing about the settings.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Server(error) => {
                let refuses = error.status().is_some() || error.is_response();
                !refuses && !error.is_tls() && !error.is_client()
            }
            Self::Settings(_) | Self::Closed => false,
        }
    }
}

/// Whether `mail.from` is a sender (`Name <address>`).
///
/// # Errors
/// [`MailError::From`] says why not.
pub fn check_sender(from: &str) -> Result<(), MailError> {
    from.parse::<Mailbox>()?;
    Ok(())
}

/// Connects as for a mail: greeting, encryption, and signing in, where a user is set. Mail that goes into
/// files needs no server.
///
/// # Errors
/// [`MailServerError`] tells what the server said.
pub async fn check_mail_server(transport: &Transport) -> Result<(), MailServerError> {
    let Transport::Smtp(server) = transport else {
        return Ok(());
    };
    let sender = sender(server)?;
    if sender.test_connection().await? {
        Ok(())
    } else {
        Err(MailServerError::Closed)
    }
}

fn sender(server: &SmtpServer) -> Result<AsyncSmtpTransport<Tokio1Executor>, MailError> {
    let host = &server.host;
    let builder = match server.tls {
        Tls::Implicit => AsyncSmtpTransport::<Tokio1Executor>::relay(host)?,
        Tls::Required => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)?,
        Tls::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
    };
    let builder = builder.port(server.port).timeout(Some(server.timeout));
    Ok(match &server.credentials {
        Some((user, password)) => {
            let password = password.expose_secret().to_owned();
            let credentials = Credentials::new(user.clone(), password);
            builder.credentials(credentials).build()
        }
        None => builder.build(),
    })
}
