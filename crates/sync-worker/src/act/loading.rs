//! What is known when a task begins, read in one go.

use super::MembershipReconciler;
use crate::facts::Facts;
use raid_model::permission::PermissionState;
use raid_model::{Handle, OrcidId};
use secrecy::SecretString;
use store::permissions::{self, Permission};
use store::{StoreError, grants};

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
                let known = permissions::find(c, &orcid)?;
                let permission = known.as_ref().map_or(PermissionState::Unasked, |p| p.state);
                let facts = Facts::load(c, &orcid, &handle, permission, &policy, today)?;
                let token = match permission {
                    PermissionState::Granted | PermissionState::Revoked => {
                        grants::active(c, &keys, &orcid)?.map(|g| g.access_token)
                    }
                    _ => None,
                };
                Ok(Loaded {
                    facts,
                    known,
                    token,
                })
            })
            .await
    }
}
