//! The parts of the sync worker that need a database and no ORCID.

#![expect(clippy::unwrap_used, reason = "a test may panic, its parts too")]

mod healthy;
mod release;
mod scene;
mod sweep;
