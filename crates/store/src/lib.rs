//! How it is kept: schema, migrations, transactions, encryption at rest. The only crate that
//! knows diesel.

pub mod agency_keys;
pub mod announcements;
pub mod answers;
pub mod api_tokens;
pub mod backup;
pub mod calls;
pub mod changes;
mod clock;
mod conn;
mod connections;
pub mod contributions;
pub mod contributor_states;
pub mod damage;
mod database_clock;
pub mod disclaimers;
mod engine;
mod error;
pub mod grants;
pub mod holders;
pub mod invitations;
pub mod inviters;
pub mod issuers;
mod key_id;
pub mod limiter;
mod load;
pub mod mail_quotas;
pub mod memberships;
pub mod migrate;
mod mint_statement;
mod mints;
pub mod namings;
pub mod permission_requests;
pub mod permissions;
#[cfg(test)]
mod plan;
mod pool;
mod queue;
pub mod raids;
mod schema;
mod seal;
pub mod sealed_values;
pub mod service_point_days;
pub mod service_points;
pub mod statuses;
pub mod sweep;
pub mod tasks;
mod terms;
#[cfg(feature = "testing")]
pub mod testing;
mod types;
pub mod visits;
mod words;
mod writability;

pub use clock::Clock;
pub use conn::Conn;
pub use engine::{Settings, Store};
pub use error::StoreError;
pub use key_id::KeyId;
pub use seal::KeyRing;
pub use types::{AsText, Id, Json, Timestamp};
