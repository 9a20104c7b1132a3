//! The REST API: mint, update and read RAiDs, service points, authentication.
//!
//! A [`Registry`] over a store is served by [`configure`]; wrap the application with
//! [`limit_requests`], [`protective_headers`], [`bound_body`], [`cors`], [`explain_errors`] and,
//! outermost, with [`log_request`]. Nothing here waits for a mail server or for an ORCID record: what follows a write is a task in the store. Other registries are asked
//! whether identifiers exist only where the settings say so, and before anything is written.

mod accept;
mod asking;
pub mod auth;
mod body;
mod boundary;
mod contributor_view;
mod cursor;
mod dead_letter_view;
mod embargo;
mod endpoints;
mod etag;
mod existence;
mod feed;
mod framework_errors;
mod idempotency;
mod limits;
mod lines;
mod listed;
mod methods;
mod minting;
mod moment;
mod new_owner;
mod on_top;
mod open_reads;
mod openapi;
mod paging;
mod path;
mod problem;
mod query;
mod reason;
mod record;
mod refusal;
mod registry;
mod request_log;
mod rights;
mod routes;
mod settings;
mod sight;
mod slow_body;
mod status;
mod trial;
mod warning;

pub use boundary::BoundaryReconciler;
pub use contributor_view::{
    ActionView, ContributorView, EntryView, NotificationView, PermissionView, TaskView,
};
pub use dead_letter_view::{DeadLetterView, letter_id, letter_of};
pub use embargo::EmbargoReconciler;
pub use framework_errors::explain_errors;
pub use limits::{RequestLimits, limit_requests};
pub use methods::resource;
pub use open_reads::open_reads;
pub use openapi::{openapi, openapi_json};
pub use registry::{Registry, RegistryError};
pub use request_log::{REQUEST_ID, log_request};
pub use routes::{configure, cors, protective_headers};
pub use settings::{
    ChangeFeed, Existence, Limits, Memory, Rate, ReadCache, Settings, WhenUnavailable,
};
pub use slow_body::bound_body;
