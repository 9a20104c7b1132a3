//! What tests and benches read: calls by kind and outcome, overlaps, duplicates.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// `POST …/notification-permission`
    NotificationCreate,
    /// `GET …/notification-permission/{id}`
    NotificationRead,
    /// `GET …/notification-permission`
    NotificationList,
    /// `DELETE …/notification-permission/{id}`
    NotificationArchive,
    /// `POST …/membership`
    MembershipCreate,
    /// `GET …/membership/{put-code}`
    MembershipRead,
    /// `PUT …/membership/{put-code}`
    MembershipUpdate,
    /// `DELETE …/membership/{put-code}`
    MembershipDelete,
    /// `GET …/membership/summary/{put-code}`
    MembershipSummary,
    /// `GET …/memberships`
    MembershipList,
    /// `GET …/activities`
    ActivitiesRead,
    /// `GET …/record` and `GET /v3.0/{orcid}`
    RecordRead,
    /// `GET …/person`
    PersonRead,
    /// `GET /v3.0/apiStatus` and `/v3.0/status`
    Status,
    /// `client_credentials` at the token endpoint
    TokenClient,
    /// `authorization_code` at the token endpoint
    TokenCode,
    /// `refresh_token` at the token endpoint
    TokenRefresh,
    /// Any other grant type
    TokenOther,
    /// `POST /oauth/revoke`
    Revoke,
    /// Any other path or method of the member API
    Other,
}

impl CallKind {
    /// Whether it changes a record or an inbox.
    pub(crate) fn writes(self) -> bool {
        matches!(
            self,
            Self::NotificationCreate
                | Self::NotificationArchive
                | Self::MembershipCreate
                | Self::MembershipUpdate
                | Self::MembershipDelete
        )
    }

    /// Whether it is a call of the OAuth endpoints.
    pub(crate) fn oauth(self) -> bool {
        matches!(
            self,
            Self::TokenClient
                | Self::TokenCode
                | Self::TokenRefresh
                | Self::TokenOther
                | Self::Revoke
        )
    }
}

/// Counts of one kind of call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct CallCounts {
    /// Calls that arrived.
    pub(crate) total: u64,
    /// Answers by status, as they were sent or would have been.
    pub(crate) by_status: BTreeMap<u16, u64>,
    /// Error answers by ORCID's error code.
    pub(crate) by_error_code: BTreeMap<u16, u64>,
    /// Refused by the limiter.
    pub(crate) refused: u64,
    /// Done, and the answer dropped.
    pub(crate) dropped_after: u64,
    /// Not done, and the connection dropped.
    pub(crate) dropped_before: u64,
}

/// All counters. They start at zero with the process and after a reset.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Counters {
    /// Calls that arrived, all kinds.
    pub(crate) total: u64,
    /// Refusals by the limiter, all kinds.
    pub(crate) refused_by_limiter: u64,
    pub(crate) calls: BTreeMap<CallKind, CallCounts>,
    /// Calls being worked on now, per iD.
    pub(crate) in_flight: BTreeMap<String, u64>,
    /// Writes being worked on now, per iD.
    pub(crate) writes_in_flight: BTreeMap<String, u64>,
    /// The most writes that were ever in flight together, per iD.
    pub(crate) max_writes_in_flight: BTreeMap<String, u64>,
    /// The greatest of those.
    pub(crate) max_writes_in_flight_any: u64,
    /// How often a write left two memberships with the same external identifier on one record.
    pub(crate) duplicates_standing: u64,
    /// How often a POST or PUT was refused as a duplicate (9021).
    pub(crate) duplicates_refused: u64,
    /// Permission notifications created, per iD.
    pub(crate) notifications: BTreeMap<String, u64>,
}

impl Counters {
    /// A call arrives.
    pub(crate) fn arrive(&mut self, kind: CallKind, orcid: Option<&str>) {
        self.total += 1;
        self.calls.entry(kind).or_default().total += 1;
        let Some(orcid) = orcid else { return };
        *self.in_flight.entry(orcid.to_owned()).or_default() += 1;
        if kind.writes() {
            let now = self.writes_in_flight.entry(orcid.to_owned()).or_default();
            *now += 1;
            let now = *now;
            let most = self
                .max_writes_in_flight
                .entry(orcid.to_owned())
                .or_default();
            *most = now.max(*most);
            self.max_writes_in_flight_any = now.max(self.max_writes_in_flight_any);
        }
    }

    /// A call that arrived is over.
    pub(crate) fn leave(&mut self, kind: CallKind, orcid: Option<&str>) {
        let Some(orcid) = orcid else { return };
        decrease(&mut self.in_flight, orcid);
        if kind.writes() {
            decrease(&mut self.writes_in_flight, orcid);
        }
    }

    /// The counts of one kind.
    pub(crate) fn kind(&mut self, kind: CallKind) -> &mut CallCounts {
        self.calls.entry(kind).or_default()
    }

    /// Starts again from zero; what is in flight stays in flight.
    pub(crate) fn reset(&mut self) {
        let kept = std::mem::take(self);
        self.in_flight = kept.in_flight;
        self.max_writes_in_flight = kept.writes_in_flight.clone();
        self.writes_in_flight = kept.writes_in_flight;
    }
}

fn decrease(counts: &mut BTreeMap<String, u64>, orcid: &str) {
    if let Some(count) = counts.get_mut(orcid) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(orcid);
        }
    }
}
