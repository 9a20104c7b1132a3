//! Asking people for permission and taking their answer: notifications, landing and callback pages,
//! e-mail invitations.

mod announcement;
mod cookies;
mod exchange;
mod grant;
mod invitation;
mod landing;
mod mail;
mod mail_check;
mod mail_delivery;
mod mail_failure;
mod not_me;
mod outcome;
mod pages;
mod part_of;
mod permission;
mod pressed;
mod request;
mod service_point;
mod set_out;
mod settings;
mod signed;
mod unsettled;
mod visit;

pub use announcement::AnnouncementReconciler;
pub use mail::EmailReconciler;
pub use mail_check::{MailServerError, check_mail_server, check_sender};
pub use mail_delivery::{MailError, SmtpServer, Tls, Transport};
pub use permission::PermissionReconciler;
pub use settings::Settings;
pub use signed::{Link, LinkError, Signer};
pub use visit::{Inbox, MakeResource, configure};
