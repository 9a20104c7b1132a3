//! What should stand on a record.

use raid_model::{Handle, PartialDate};

/// The membership that a RAiD calls for on one contributor's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipDocument {
    /// The project's title.
    pub title: String,
    /// The contributor's positions and roles.
    pub role_title: String,
    /// When the contribution began.
    pub start: Option<PartialDate>,
    /// When it ended; `None` while it lasts.
    pub end: Option<PartialDate>,
    /// The landing page.
    pub url: String,
    /// The RAiD.
    pub handle: Handle,
    /// Where the RAiD resolves.
    pub raid_url: String,
}
