//! The RAiD record: metadata blocks as on the wire of the RAiD API.
//!
//! Dates and identifiers inside the blocks stay texts, exactly as the client wrote them: a record
//! is returned as it was sent. What may be missing in a request is an `Option`; after validation
//! the required ones are set.

pub(crate) mod connections;
pub(crate) mod contributor;
pub(crate) mod identifier;
pub(crate) mod patch;
pub(crate) mod project;
pub(crate) mod raid;
pub(crate) mod request;
pub(crate) mod service_point;

#[cfg(test)]
mod tests;
