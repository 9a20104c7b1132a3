//! What ORCID's answers mean for us: one total table.
//!
//! The status decides first, then ORCID's error code or the OAuth error; texts are looked at only
//! for the number or iD that they carry. Codes: ORCID API v3.0 error catalogue.

use std::fmt;

use raid_model::OrcidId;

use crate::call::CallKind;
use crate::put_code::PutCode;

/// What an answer that is no success means, and with it what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// The token was not accepted. Once is a suspicion, not proof: ORCID answers the same way while
    /// it cannot check tokens. Confirm later before giving up the grant.
    TokenRefused,
    /// ORCID refused our own credentials or our own fresh token. Its proxy answers so too when its
    /// authorization server is away, so try again; alert when it lasts.
    ClientRefused,
    /// The authorization code is unknown, used or expired. Start the authorization again.
    CodeRefused,
    /// No token is issued: the record is locked, deactivated or deprecated, or our client is.
    TokenDenied,
    /// The token belongs to another record: a mistake in our mapping of iDs to tokens. Alert.
    WrongRecord,
    /// The token lacks a scope. Ask the person again, with all scopes.
    ScopeMissing,
    /// Our request is wrong; sending it again changes nothing.
    OurDocument {
        /// ORCID's code, which says what is wrong.
        code: Option<u16>,
    },
    /// Our set-up with ORCID is wrong: host, version, scope or client.
    Misconfigured,
    /// An entry of ours with this external identifier exists. Adopt it, then update it.
    Duplicate {
        /// The entry's put-code, if ORCID's text names it.
        put_code: Option<PutCode>,
    },
    /// The notification or membership is not there (any more).
    Gone,
    /// ORCID does not know the iD.
    RecordUnknown,
    /// The person closed the record; everything on it is gone.
    RecordDeactivated,
    /// The record was merged into another. Ask for permission there.
    RecordDeprecated {
        /// The record that it was merged into, if ORCID named it.
        primary: Option<OrcidId>,
    },
    /// ORCID locked the record. Check again later.
    RecordLocked,
    /// The record is not claimed yet. Try again after days.
    RecordUnclaimed,
    /// ORCID locked or deactivated our client. Stop everything and call ORCID.
    ClientDisabled,
    /// The item belongs to another source. Forget our mapping and alert.
    NotOurs,
    /// The notification was read already, so there is nothing left to withdraw.
    AlreadyRead,
    /// The person takes no notifications.
    NotificationsRefused,
    /// ORCID, or our own limiter, asks us to slow down.
    Overloaded,
    /// A failure that may heal: try again later.
    Transient,
    /// An answer that ORCID does not document here. Try again sparingly, and alert.
    Unexpected,
}

impl Meaning {
    /// Whether waiting alone may make the same call succeed.
    pub fn may_heal(&self) -> bool {
        matches!(
            self,
            Self::ClientRefused | Self::Overloaded | Self::Transient
        )
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TokenRefused => "the person's token was refused; confirm before giving it up",
            Self::ClientRefused => "our own credentials were refused; try again, alert if it lasts",
            Self::CodeRefused => "the authorization code was refused; restart the authorization",
            Self::TokenDenied => "no token is issued for this record or client",
            Self::WrongRecord => "the token belongs to another record; check our mapping",
            Self::ScopeMissing => "the token lacks a scope; ask again with all scopes",
            Self::OurDocument { .. } => "our request is wrong; do not repeat it",
            Self::Misconfigured => "our set-up with ORCID is wrong; check hosts, scopes and client",
            Self::Duplicate {
                put_code: Some(put_code),
            } => {
                return write!(f, "our entry exists as {put_code}; adopt it");
            }
            Self::Duplicate { put_code: None } => "our entry exists; find and adopt it",
            Self::Gone => "the item is gone",
            Self::RecordUnknown => "ORCID does not know this iD; check the environment",
            Self::RecordDeactivated => "the record is deactivated",
            Self::RecordDeprecated {
                primary: Some(primary),
            } => {
                return write!(f, "the record was merged into {primary}");
            }
            Self::RecordDeprecated { primary: None } => "the record was merged into another",
            Self::RecordLocked => "the record is locked; check again later",
            Self::RecordUnclaimed => "the record is not claimed yet; try again after days",
            Self::ClientDisabled => "ORCID disabled our client; stop and call ORCID",
            Self::NotOurs => "the item belongs to another source; forget our mapping",
            Self::AlreadyRead => "the notification was read already",
            Self::NotificationsRefused => "the person takes no notifications",
            Self::Overloaded => "too many requests; slow down",
            Self::Transient => "a failure that may heal; try again later",
            Self::Unexpected => "an answer that ORCID does not document",
        })
    }
}

/// What an answer says, as far as its meaning depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Signal<'a> {
    /// What was asked.
    pub kind: CallKind,
    /// Whose record was asked for, if any.
    pub orcid: Option<OrcidId>,
    /// The HTTP status.
    pub status: u16,
    /// ORCID's error code, from an XML or JSON error.
    pub code: Option<u16>,
    /// The OAuth error, from an OAuth JSON error.
    pub oauth_error: Option<&'a str>,
    /// The text that came with it.
    pub message: &'a str,
    /// The `Location` header.
    pub location: Option<&'a str>,
}

impl Signal<'_> {
    /// The answer's meaning. Total: every status with any code means exactly one thing.
    pub fn meaning(&self) -> Meaning {
        match self.status {
            300..=399 => self.redirected(),
            400 if self.kind.is_oauth() => self.bad_token_request(),
            400 => self.bad_request(),
            401 if self.kind.is_oauth() => self.token_request_unauthorized(),
            401 => match self.code {
                Some(9017) => Meaning::WrongRecord,
                Some(9015) => Meaning::Misconfigured,
                _ => Meaning::TokenRefused,
            },
            403 => self.forbidden(),
            404 => self.not_found(),
            405 | 406 | 411 | 413 | 414 | 415 | 422 | 431 => {
                Meaning::OurDocument { code: self.code }
            }
            409 => self.conflict(),
            429 | 503 => Meaning::Overloaded,
            408 | 425 | 500..=599 => Meaning::Transient,
            _ => Meaning::Unexpected,
        }
    }

    fn redirected(&self) -> Meaning {
        match (self.code, self.status) {
            (Some(9007), _) => self.deprecated(),
            // A data path on the web host answers 302, a retired version 308.
            (_, 302 | 308) => Meaning::Misconfigured,
            _ => Meaning::Unexpected,
        }
    }

    fn bad_token_request(&self) -> Meaning {
        match (self.oauth_error, self.kind) {
            (Some("invalid_token"), _) => Meaning::TokenRefused,
            (Some("invalid_scope" | "unsupported_grant_type"), _) => Meaning::Misconfigured,
            (Some("unauthorized_client"), CallKind::ExchangeCode) => Meaning::TokenDenied,
            (Some("unauthorized_client"), _) => Meaning::ClientDisabled,
            (Some("invalid_client"), _) => Meaning::ClientRefused,
            (_, CallKind::ExchangeCode) => Meaning::CodeRefused,
            _ => Meaning::Misconfigured,
        }
    }

    /// The web host gives every failure of its own the status 401 and keeps the cause in the body.
    fn token_request_unauthorized(&self) -> Meaning {
        match (self.oauth_error, self.kind) {
            (Some("invalid_scope"), _) => Meaning::Misconfigured,
            (Some("invalid_grant" | "invalid_request"), CallKind::ExchangeCode) => {
                Meaning::CodeRefused
            }
            (Some("unauthorized_client"), CallKind::ExchangeCode) => Meaning::TokenDenied,
            _ => Meaning::ClientRefused,
        }
    }

    /// 9001, 9012, 9047 and 9051 are not told apart reliably, so all of them are our mistake.
    fn bad_request(&self) -> Meaning {
        match self.oauth_error {
            Some("invalid_token") => Meaning::TokenRefused,
            _ => Meaning::OurDocument { code: self.code },
        }
    }

    fn forbidden(&self) -> Meaning {
        match (self.code, self.oauth_error) {
            // Also ORCID's answer to reading a notification of another client.
            (Some(9004), _)
                if self.kind == CallKind::ReadNotification && !self.message.contains("scope") =>
            {
                Meaning::NotOurs
            }
            (Some(9004 | 9038), _) | (_, Some("insufficient_scope")) => Meaning::ScopeMissing,
            (Some(9005 | 9052), _) | (_, Some("forbidden")) => Meaning::Misconfigured,
            (Some(9009), _) => Meaning::AlreadyRead,
            (Some(9010 | 9013 | 9014 | 9039), _) => Meaning::NotOurs,
            (Some(9035), _) => Meaning::OurDocument { code: self.code },
            _ => Meaning::Unexpected,
        }
    }

    /// Only ORCID's own codes count as "not there": a 404 page of a proxy must never be taken for
    /// an entry that the researcher removed.
    fn not_found(&self) -> Meaning {
        match self.code {
            Some(9016) if self.kind.names_an_item() => Meaning::Gone,
            Some(9011 | 9016) => Meaning::RecordUnknown,
            Some(9028 | 9029) => Meaning::Gone,
            Some(9027) => Meaning::Misconfigured,
            // An unknown path or a put-code that is not a number.
            Some(9001) => Meaning::OurDocument { code: self.code },
            _ => Meaning::Unexpected,
        }
    }

    fn conflict(&self) -> Meaning {
        match self.code {
            Some(9007) => self.deprecated(),
            Some(9018) => Meaning::RecordLocked,
            Some(9021) => Meaning::Duplicate {
                put_code: put_code_in(self.message),
            },
            Some(9030 | 9031 | 9040 | 9048) => Meaning::OurDocument { code: self.code },
            Some(9032) => Meaning::NotificationsRefused,
            Some(9036) => Meaning::RecordUnclaimed,
            Some(9044) => Meaning::RecordDeactivated,
            Some(9057) => Meaning::ClientDisabled,
            _ => Meaning::Unexpected,
        }
    }

    fn deprecated(&self) -> Meaning {
        let primary = [self.location.unwrap_or_default(), self.message]
            .iter()
            .flat_map(|text| orcid_ids_in(text))
            .find(|found| Some(*found) != self.orcid);
        Meaning::RecordDeprecated { primary }
    }
}

/// The number in `… please see element with put-code 4711. …`.
fn put_code_in(message: &str) -> Option<PutCode> {
    message.split("put-code").skip(1).find_map(|rest| {
        let rest = rest.trim_start_matches([' ', ':', '=', '"']);
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].parse().ok()
    })
}

fn orcid_ids_in(text: &str) -> impl Iterator<Item = OrcidId> + '_ {
    text.as_bytes()
        .windows(19)
        .filter_map(|window| std::str::from_utf8(window).ok()?.parse().ok())
}

#[cfg(test)]
mod tests;
