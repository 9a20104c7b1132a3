//! What each endpoint does, and how its description reads.

pub(crate) mod bulk;
pub(crate) mod changed;
pub(crate) mod changes;
pub(crate) mod contributors;
pub(crate) mod count;
pub(crate) mod docs;
pub(crate) mod history;
pub(crate) mod holders;
pub(crate) mod invitations;
pub(crate) mod landing;
pub(crate) mod list;
pub(crate) mod mint;
pub(crate) mod orcid_calls;
pub(crate) mod people;
pub(crate) mod permissions;
pub(crate) mod read;
pub(crate) mod redirect;
pub(crate) mod release;
pub(crate) mod search;
pub(crate) mod service_points;
pub(crate) mod transfer;
pub(crate) mod update;
pub(crate) mod version;
pub(crate) mod versions;
pub(crate) mod vocabularies;
pub(crate) mod withdrawal;
