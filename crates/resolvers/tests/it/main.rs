//! The online mode against servers on this machine.

#![expect(clippy::unwrap_used, reason = "a test may panic, its parts too")]

mod parallel;
mod peer;
mod services;
mod settings;
mod trouble;
mod turns;
mod what_is_known;
