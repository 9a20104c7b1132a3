//! What a RAiD is: metadata blocks, identifiers, vocabularies, validation. No I/O.
//!
//! Identifiers ([`OrcidId`], [`IsniId`], [`RorId`], [`Handle`]) and dates ([`PartialDate`]) are
//! parsed once, at the edge, and are valid from then on.

mod check_character;
mod handle;
mod isni_id;
mod orcid_id;
mod partial_date;
mod ror_id;
mod serde_text;

pub use handle::{Handle, HandleError, Prefix, Suffix};
pub use isni_id::{IsniId, IsniIdError};
pub use orcid_id::{OrcidId, OrcidIdError};
pub use partial_date::{PartialDate, PartialDateError, Precision};
pub use ror_id::{RorId, RorIdError};
