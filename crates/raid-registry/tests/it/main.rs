//! The API as clients see it: requests against the whole application, in process.

mod bad_input;
mod discovery;
mod harness;
mod invitations;
mod landing;
mod list;
mod mint;
mod mutations;
mod read;
mod statuses;
mod tokens;
mod update;
