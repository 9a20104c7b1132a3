//! The RAiD record: metadata blocks as on the wire of the RAiD API.
//!
//! Dates and identifiers inside the blocks stay texts. Dates are exactly as the client wrote them;
//! identifiers are in their canonical form. What may be missing in a request is an `Option`; after validation
//! the required ones are set.

mod canonical;
pub(crate) mod connections;
pub(crate) mod contributor;
pub(crate) mod identifier;
mod lookalikes;
pub(crate) mod patch;
pub(crate) mod project;
pub(crate) mod raid;
pub(crate) mod request;
pub(crate) mod service_point;

#[cfg(test)]
mod tests;
