//! ORCID's protocol: OAuth, permission notifications and memberships in XML, and what each error
//! means. No database.
//!
//! [`Client`] is the way in. Every failure is a [`CallError`]: its [`Meaning`] says what to do, its
//! [`Outcome`] whether the call may have been carried out all the same.
//!
//! Protocol: ORCID API v3.0, <https://github.com/ORCID/ORCID-Source/tree/main/orcid-api-web>.

mod call;
mod client;
mod client_health;
mod client_token;
mod error_body;
mod failure;
mod meaning;
mod membership;
mod notification;
mod oauth;
mod pace;
mod put_code;
mod record;
mod scrub;
mod settings;
mod timely;
mod transport;
mod xml;

pub use call::{CallError, CallKind, CallRecord, NoObserver, Observer, Outcome};
pub use client::Client;
pub use client_health::{ClientHealth, ClientTrouble};
pub use failure::FailureAction;
pub use meaning::{Meaning, Signal};
pub use membership::{Deleted, ExternalId, ListedMembership, ReadAs, our_entry};
pub use notification::{Archived, Item, Notification, PermissionRequest, PermissionRequestError};
pub use oauth::{AuthorizationCode, ExchangeError, Granted};
pub use pace::{BoxFuture, Feedback, NoPace, Pace, Refused, Urgency};
pub use put_code::{NotificationPutCode, PutCode, PutCodeError};
pub use raid_model::membership::MembershipDocument;
pub use record::RecordStatus;
pub use settings::{Settings, SettingsError};
