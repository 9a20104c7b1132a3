//! Whole-workflow tests, each on both databases.

#![expect(clippy::unwrap_used, reason = "a test may panic, its parts too")]

mod closed_records;
mod consent;
mod steps;
mod workflow;
