//! The registration agency: one binary with its command line, configuration and wiring.

pub mod application;
pub mod commands;
pub mod health;
mod metric_help;
pub mod orcid;
pub mod private_files;
mod process_metrics;
pub mod secrets;
pub mod settings;
pub mod telemetry;
