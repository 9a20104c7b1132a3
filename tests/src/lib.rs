//! Whole-workflow tests that drive the real binary over HTTP.
//!
//! A test gets a [`Stage`]: a database, a local ORCID within the test process, which therefore
//! survives whatever happens to the agency, and a folder. On it the test starts [`Agency`]
//! processes, talks to their API with a [`Client`], and goes through the pages with a [`Browser`].
//!
//! ```ignore
//! raid_tests::on_both_databases!(a_raid_is_minted);
//!
//! async fn a_raid_is_minted(stage: &Stage) {
//!     let agency = stage.agency().await;
//!     let raid = agency.client().mint(&examples::minimal()).await;
//!     // …
//! }
//! ```

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test that cannot go on has nothing else to do, and its stage always can fail so"
)]

mod agency;
mod binary;
mod browser;
mod client;
pub mod examples;
mod orcid;
mod page;
mod port;
pub mod shipped;
mod stage;
mod wait;

pub use agency::Agency;
pub use binary::{Finished, binary};
pub use browser::Browser;
pub use client::{Client, Reply};
pub use orcid::Orcid;
pub use page::Page;
pub use port::free_port;
pub use stage::{Backend, Stage, run};
pub use wait::{DEADLINE, eventually, eventually_within, random_moment};

/// Makes a test on SQLite and one on PostgreSQL of each `async fn name(stage: &Stage)`.
#[macro_export]
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[test]
            fn sqlite() {
                $crate::run($crate::Backend::Sqlite, super::$test);
            }
            #[test]
            fn postgres() {
                $crate::run($crate::Backend::Postgres, super::$test);
            }
        }
    )+};
}
