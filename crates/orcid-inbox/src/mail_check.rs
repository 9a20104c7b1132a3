//! Whether the mail settings work, without sending a mail.

use crate::mail::{MailError, Transport, smtp};
use lettre::message::Mailbox;
use lettre::transport::smtp::Error as SmtpError;

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
    let Transport::Smtp {
        host,
        port,
        tls,
        credentials,
        timeout,
    } = transport
    else {
        return Ok(());
    };
    let sender = smtp(host, *port, *tls, credentials.as_ref(), *timeout)?;
    if sender.test_connection().await? {
        Ok(())
    } else {
        Err(MailServerError::Closed)
    }
}
