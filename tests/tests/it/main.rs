//! Whole-workflow tests, each on both databases.

#![expect(clippy::unwrap_used, reason = "a test may panic, its parts too")]

mod architecture;
mod closed_records;
mod command_line;
mod consent;
mod invitation;
mod mail;
mod pages;
mod search;
mod secrets;
mod steps;
mod workflow;
