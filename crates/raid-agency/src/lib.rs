//! The registration agency: one binary with its command line, configuration and wiring.

pub mod application;
mod backup;
pub mod causes;
pub mod commands;
pub mod health;
pub mod keys;
mod metric_help;
pub mod orcid;
pub mod private_files;
mod process_metrics;
pub mod secrets;
pub mod settings;
pub mod telemetry;
