//! Whether a record can be used at all.

use raid_model::OrcidId;
use reqwest::Method;

use crate::call::{CallError, CallKind};
use crate::client::Client;
use crate::client_token::Scope;
use crate::meaning::Meaning;

/// The state of a record, seen with our own token: it tells a revoked grant from a closed record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordStatus {
    /// It is there and can be read.
    Active,
    /// Its person has not claimed it yet.
    Unclaimed,
    /// ORCID locked it.
    Locked,
    /// The person closed it.
    Deactivated,
    /// It was merged into another.
    Deprecated {
        /// The other, if ORCID named it.
        primary: Option<OrcidId>,
    },
    /// ORCID does not know the iD: wrong environment, or never given out.
    Unknown,
}

impl Client {
    /// Asks for the state of a record, with our own token and without looking at what is in it.
    pub async fn record_status(&self, orcid: OrcidId) -> Result<RecordStatus, CallError> {
        let result = self
            .call_as_client(
                Scope::ReadPublic,
                CallKind::RecordStatus,
                orcid,
                |token| self.api(Method::GET, orcid, &["person"], token),
                |_| Ok(()),
            )
            .await;
        let Err(error) = result else {
            return Ok(RecordStatus::Active);
        };
        match error.meaning {
            Meaning::RecordUnclaimed => Ok(RecordStatus::Unclaimed),
            Meaning::RecordLocked => Ok(RecordStatus::Locked),
            Meaning::RecordDeactivated => Ok(RecordStatus::Deactivated),
            Meaning::RecordDeprecated { primary } => Ok(RecordStatus::Deprecated { primary }),
            Meaning::RecordUnknown => Ok(RecordStatus::Unknown),
            _ => Err(error),
        }
    }
}
