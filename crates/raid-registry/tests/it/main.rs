//! The API as clients see it: requests against the whole application, in process.

#![expect(clippy::unwrap_used, reason = "a test may panic, its parts too")]

mod addresses;
mod bad_input;
mod boundary;
mod broken_stores;
mod bulk;
mod changes;
mod contributors;
mod count;
mod cross_origin;
mod discovery;
mod embargo;
mod etag;
mod examples;
mod existence;
mod fuzz;
mod harness;
mod history;
mod holders;
mod idempotency;
mod invitations;
mod landing;
mod limits;
mod list;
mod mint;
mod moved;
mod negotiation;
mod notes;
mod orcid_calls;
mod paging;
mod people;
mod people_statuses;
mod privacy;
mod read;
mod request_log;
mod scoped_roles;
mod search;
mod service_points;
mod statuses;
mod tokens;
mod trial;
mod update;
mod versions;
mod vocabularies;
mod withdrawal;
