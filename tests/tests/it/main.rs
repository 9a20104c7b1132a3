//! Whole-workflow tests, each on both databases.

#![expect(clippy::unwrap_used, reason = "a test may panic, its parts too")]

mod architecture;
mod closed_records;
mod consent;
mod invitation;
mod mail;
mod search;
mod steps;
mod workflow;
