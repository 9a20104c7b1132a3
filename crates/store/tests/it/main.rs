//! The store, on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod agency_keys;
mod answers;
mod calls;
mod changes;
mod changes_to_readers;
mod changes_under_load;
mod clocks;
mod closed_questions;
mod connections;
mod disclaimers;
mod engine;
mod environment;
mod grants;
mod hidden_words;
mod invitations;
mod inviters;
mod issuers;
mod limiter;
mod limiter_urgency;
mod mail_quotas;
mod memberships;
mod migrations;
mod mints;
mod moments;
mod namings;
mod page_size;
mod permissions;
mod raids;
mod recovery;
mod sample;
mod search;
mod search_index;
mod search_paging;
mod searched;
mod service_point_blocks;
mod spellings;
mod states;
mod task_model;
mod task_overview;
mod tasks;
mod turns;
mod visits;
mod workers;
mod writability;
