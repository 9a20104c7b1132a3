//! A local ORCID for the demo and the tests: OAuth, inbox, record pages, member API, operator
//! switches.
//!
//! Two hosts, as at ORCID: the **web host** (`/oauth/…`, the researcher's pages, and the operator's
//! `/operator/…`) and the **member API host** (`/v3.0/…`). It is strict where ORCID is strict and lax
//! where ORCID is lax (ORCID API v3.0, <https://github.com/ORCID/ORCID-Source>), and it shares no code
//! with the client that is developed against it, so that a mistake in one shows in the other.
//!
//! Left out on purpose: JSON request bodies (415), tokens as a query parameter, webhooks, sections of
//! the record other than memberships.

mod api_error;
mod app;
mod counters;
mod country;
mod faults;
mod grants;
mod member_api;
mod membership;
mod notification;
mod oauth;
mod operator;
mod orcid_id;
mod pages;
mod pipeline;
mod random;
mod reply;
mod sessions;
mod settings;
mod simulator;
mod state_file;
mod timestamp;
mod world;
mod xml;

pub use counters::CallKind;
pub use membership::Visibility;
pub use orcid_id::{InvalidOrcidId, OrcidId};
pub use settings::{Client, Clock, DEMO_CLIENT_ID, Researcher, Settings, UNKNOWN_ROR};
pub use simulator::{Error, Simulator, run};
