//! What is known when a task begins, read in one go.

use super::MembershipReconciler;
use crate::plan::Facts;
use raid_model::membership::MembershipDocument;
use raid_model::permission::PermissionState;
use raid_model::{Handle, OrcidId, Raid};
use secrecy::SecretString;
use store::permissions::{self, Permission};
use store::{StoreError, disclaimers, grants, memberships, raids};

/// What is known when a task begins.
pub(super) struct Loaded {
    pub(super) facts: Facts,
    pub(super) known: Option<Permission>,
    /// The token, where the person's permission stands or has to be tried.
    pub(super) token: Option<SecretString>,
}

impl MembershipReconciler {
    pub(super) async fn load(&self, orcid: OrcidId, handle: Handle) -> Result<Loaded, StoreError> {
        let today = self.store.clock().now().date();
        let keys = self.store.keys().clone();
        let policy = self.policy.clone();
        self.store
            .read(move |c| {
                let standing = if disclaimers::is_disclaimed(c, &orcid, &handle)? {
                    None
                } else {
                    raids::find_standing(c, &handle)?
                };
                let desired = match standing {
                    None => None,
                    Some(row) => {
                        let raid: Raid = serde_json::from_str(&row.document.0)
                            .map_err(|e| StoreError::Corrupt(format!("RAiD {handle}: {e}")))?;
                        MembershipDocument::for_contributor(&raid, &orcid, &policy, today)
                    }
                };
                let known = permissions::find(c, &orcid)?;
                let permission = known.as_ref().map_or(PermissionState::Unasked, |p| p.state);
                let token = match permission {
                    PermissionState::Granted | PermissionState::Revoked => {
                        grants::active(c, &keys, &orcid)?.map(|g| g.access_token)
                    }
                    _ => None,
                };
                let actual = memberships::find(c, &orcid, &handle)?;
                Ok(Loaded {
                    facts: Facts {
                        desired,
                        permission,
                        actual,
                    },
                    known,
                    token,
                })
            })
            .await
    }
}
