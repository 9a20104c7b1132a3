//! What can go wrong in the store.

use crate::agency_keys::Purpose;
use crate::writability;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Why the store did not do what was asked. Nothing was written unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused a statement.
    #[error("the database refused: {0}")]
    Database(#[source] DieselError),
    /// A read was ended at its deadline.
    #[error("the database took longer than it may")]
    TookTooLong,
    /// The database takes no writes now, and certainly nothing was written. It heals by itself; reads
    /// go on.
    #[error(
        "the database takes no writes now (a full disk, a read-only file system, a lock, or a \
         PostgreSQL that is read-only or in recovery): {0}"
    )]
    NotWritable(String),
    /// The commit did not come through; on PostgreSQL it may have happened all the same.
    #[error("the commit failed: {0}")]
    Commit(String),
    /// Too many callers wait; try again in a moment.
    #[error("the store is overloaded, try again")]
    Overloaded,
    /// A job panicked; its transaction was rolled back.
    #[error("a database job panicked")]
    Panicked,
    /// No connection could be had.
    #[error("cannot connect to the database: {0}")]
    Connect(String),
    /// The schema is not this program's: run `raid-agency migrate`.
    #[error("the schema does not fit this program ({0}): run `raid-agency migrate`")]
    Schema(String),
    /// The handle is already in use; draw another suffix.
    #[error("the handle is already in use")]
    HandleTaken,
    /// The idempotency key has an answer already, which [`crate::answers::find`] gives.
    #[error("the idempotency key has an answer already")]
    KeyTaken,
    /// The row was changed by another; `current` is the version that stands.
    #[error("the RAiD is at version {current}")]
    StaleVersion {
        /// The version that stands.
        current: i32,
    },
    /// The RAiD was withdrawn, and is not changed any more.
    #[error("the RAiD was withdrawn")]
    Withdrawn,
    /// What was learned about a person does not apply to where they stand.
    #[error(transparent)]
    InvalidTransition(#[from] raid_model::permission::InvalidTransition),
    /// There is no such row.
    #[error("not found")]
    NotFound,
    /// The lease on a task was lost to another worker; what this one found is dropped.
    #[error("the lease on the task was lost")]
    LeaseLost,
    /// A sealed secret could not be opened: the key is missing or the row was tampered with.
    #[error("a sealed secret cannot be opened with the keys configured (key id {0})")]
    Unsealable(String),
    /// The database was written with a key that is not configured.
    #[error(
        "this database was written with the {purpose} key {id}, which is not among the keys \
         configured: put it back from a backup ({}). If it is lost for good, `raid-agency keys \
         give-up` says what goes with it", purpose.place()
    )]
    MissingKey {
        /// What the key is for.
        purpose: Purpose,
        /// Its id; a configured name in a database from before ids were derived.
        id: String,
    },
    /// What stands in the database cannot be read as what it should be.
    #[error("a stored value is damaged: {0}")]
    Corrupt(String),
    /// The database belongs to another ORCID environment.
    #[error(
        "this database belongs to the ORCID environment {found}, the configuration says {wanted}: \
         give each environment a database of its own (data.folder or store.url)"
    )]
    OtherEnvironment {
        /// The environment recorded in the database.
        found: String,
        /// The environment configured.
        wanted: String,
    },
    /// The database has rows from before issuers were stored, and tokens of several are accepted.
    #[error(
        "auth.former_issuer must be set: this database knows people by the subject of their tokens \
         alone, and several issuers are configured. Name the issuer whose tokens were used so far"
    )]
    FormerIssuerUnknown,
    /// The rows from before issuers were stored belong to another issuer already.
    #[error(
        "auth.former_issuer: this database's former tokens were recorded as those of {found}, the \
         configuration says {wanted}: remove the setting or set it to {found}"
    )]
    OtherFormerIssuer {
        /// The issuer recorded in the database.
        found: String,
        /// The issuer configured.
        wanted: String,
    },
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match writability::refusal(&error) {
            Some(why) => Self::NotWritable(why),
            None => Self::Database(error),
        }
    }
}

impl StoreError {
    /// Whether the same closure may succeed when it is run again at once: serialization
    /// failures (SQLSTATE 40001) and deadlocks (40P01, which diesel reports by its text only).
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Database(DieselError::DatabaseError(kind, info)) => {
                matches!(kind, DatabaseErrorKind::SerializationFailure)
                    || info.message().contains("deadlock detected")
            }
            _ => false,
        }
    }

    /// Whether a stored value cannot be read as what it should be: other rows can.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Corrupt(_) | Self::Database(DieselError::DeserializationError(_))
        )
    }

    /// Whether a unique constraint was hit.
    pub(crate) fn is_unique_violation(&self) -> bool {
        matches!(
            self,
            Self::Database(DieselError::DatabaseError(
                DatabaseErrorKind::UniqueViolation,
                _
            ))
        )
    }
}
