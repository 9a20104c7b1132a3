//! Who invited somebody to a RAiD, and whether they still may. An invitation is no stronger than
//! the right that it was sent with: it ends when that right does.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::holders;
use crate::invitations::{InvitationRow, State};
use crate::raids::RaidRow;
use crate::schema::invitation;
use crate::service_points;
use crate::types::text_enum;
use diesel::prelude::*;
use raid_model::Handle;

text_enum! {
    /// By which right somebody invites.
    InviterRight {
        /// As an operator, who may change every RAiD.
        Operator = "operator",
        /// As a user of the service point that owns the RAiD.
        ServicePoint = "service-point",
        /// As one who holds the RAiD.
        Holder = "holder",
    }
}

/// Who invites, and by which right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inviter {
    /// The issuer of their token.
    pub issuer: String,
    /// The subject of their token.
    pub subject: String,
    /// The right that they have at this moment.
    pub right: InviterRight,
    /// The service point that owns the RAiD at this moment.
    pub service_point_id: i64,
}

/// Whether an invitation to a RAiD still counts: the RAiD was not withdrawn or given to another
/// service point, the inviter has not lost it, and its service point may still change RAiDs.
///
/// The inviter's token is gone, so this is what the database knows. Of invitations from before the
/// right was stored it knows the service point alone.
pub fn may_still_invite(
    c: &mut Conn,
    invitation: &InvitationRow,
    raid: &RaidRow,
) -> Result<bool, StoreError> {
    let owner = invitation.service_point_id;
    if raid.withdrawn_at.is_some() || owner.is_some_and(|id| id != raid.service_point_id) {
        return Ok(false);
    }
    match invitation.inviter_right {
        Some(InviterRight::Operator) => return Ok(true),
        Some(InviterRight::Holder) => {
            let issuer = invitation.inviter_issuer.as_deref().unwrap_or_default();
            let (handle, subject) = (raid.handle.get(), &invitation.invited_by);
            if !holders::is_held_by(c, handle, issuer, subject)? {
                return Ok(false);
            }
        }
        Some(InviterRight::ServicePoint) | None => {}
    }
    let point = service_points::find(c, raid.service_point_id)?;
    Ok(point.is_some_and(|point| point.enabled))
}

/// Cancels the invitations to a RAiD that somebody sent as its holder, and forgets the addresses.
pub(crate) fn cancel_of_holder(
    c: &mut Conn,
    handle: &Handle,
    issuer: &str,
    subject: &str,
) -> Result<(), StoreError> {
    let rows = invitation::table
        .filter(invitation::handle.eq(handle.to_string()))
        .filter(invitation::state.eq_any([State::Open, State::Sent]))
        .filter(invitation::inviter_right.eq(Some(InviterRight::Holder)))
        .filter(invitation::inviter_issuer.eq(issuer))
        .filter(invitation::invited_by.eq(subject));
    diesel::update(rows).set(cancelled()).execute(c)?;
    Ok(())
}

/// Cancels all invitations to a RAiD, and forgets the addresses.
pub fn cancel_of_raid(c: &mut Conn, handle: &Handle) -> Result<(), StoreError> {
    let rows = invitation::table
        .filter(invitation::handle.eq(handle.to_string()))
        .filter(invitation::state.eq_any([State::Open, State::Sent]));
    diesel::update(rows).set(cancelled()).execute(c)?;
    Ok(())
}

/// What a cancelled invitation is.
type Cancelled = (
    diesel::dsl::Eq<invitation::state, State>,
    diesel::dsl::Eq<invitation::email, Option<Vec<u8>>>,
);

pub(crate) fn cancelled() -> Cancelled {
    (
        invitation::state.eq(State::Cancelled),
        invitation::email.eq(None),
    )
}
