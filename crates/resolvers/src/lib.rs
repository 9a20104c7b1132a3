//! Asking other registries whether identifiers exist.
//!
//! [`Resolvers`] is the one interface: offline it knows of nothing that is missing, online it asks
//! the service that each identifier belongs to. What was learnt is kept for a while, also that an
//! identifier does not exist, though for less long, because it may be registered any moment.
//!
//! An identifier that cannot be asked about is *unavailable*, never *missing*.

mod ask;
mod cache;
mod isni_name;
mod read;
mod service;
mod settings;
mod turns;

pub use ask::{Answers, Resolvers, TooMany, Unavailable};
pub use settings::{Services, Settings, SettingsError};
