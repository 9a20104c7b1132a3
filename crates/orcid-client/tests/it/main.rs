//! How the client speaks: first against a scripted peer, which can misbehave in any way, then
//! against a local ORCID.

#![expect(clippy::unwrap_used, reason = "a test may panic, its parts too")]

mod authorization;
mod client_token;
mod contract;
mod contract_failures;
mod harness;
mod items;
mod late;
mod peer;
mod schemas;
mod simulator;
mod transport;
