//! The store, on both databases.

mod engine;
mod migrations;
mod mints;
mod raids;
mod sample;
