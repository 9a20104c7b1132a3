//! Whole-workflow tests, each on both databases.

#![expect(clippy::unwrap_used, reason = "a test may panic, its parts too")]

mod agreement;
mod answers_in_flight;
mod architecture;
mod back_again;
mod breaker_alarm;
mod bulk;
mod cast;
mod client_trouble;
mod closed_records;
mod command_line;
mod compatibility;
mod consent;
mod crash;
mod entries;
mod faults;
mod hidden;
mod hostile;
mod idempotency;
mod identity;
mod identity_provider;
mod import;
mod internal_listener;
mod invitation;
mod lanes;
mod limits;
mod mail;
mod orcid_calls;
mod pages;
mod people;
mod questions;
mod random_faults;
mod recovery;
mod reminders;
mod resync;
mod search;
mod secrets;
mod steps;
mod sweep;
mod throttled_grants;
mod trial;
mod two_workers;
mod unread_answers;
mod withdrawal;
mod workflow;
