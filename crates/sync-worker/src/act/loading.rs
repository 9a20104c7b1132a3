//! What is known when a task begins, read in one go.

use super::MembershipReconciler;
use crate::facts::Facts;
use raid_model::permission::PermissionState;
use raid_model::trust::{Gate, HeldBecause};
use raid_model::{Handle, OrcidId};
use secrecy::SecretString;
use store::permissions::{self, Permission};
use store::{Conn, StoreError, grants, namings};

/// What is known when a task begins.
pub(super) struct Loaded {
    pub(super) facts: Facts,
    pub(super) known: Option<Permission>,
    /// The token, where the person's permission stands or has to be tried.
    pub(super) token: Option<SecretString>,
    /// Whether they are held for this RAiD, which is none to hold them for any more.
    is_held_in_vain: bool,
}

pub(super) fn count_held(because: HeldBecause, people: u64) {
    metrics::counter!("raid_people_held_total", "because" => because.as_str()).increment(people);
}

impl MembershipReconciler {
    /// What is known, after people whom the RAiD's service point names for the first time were looked
    /// at. Of an entry that should not stand anyway that is not needed.
    pub(super) async fn load_admitted(
        &self,
        orcid: OrcidId,
        handle: &Handle,
    ) -> Result<Loaded, StoreError> {
        let mut loaded = self.load(orcid, handle.clone()).await?;
        if loaded.is_held_in_vain {
            let (of, clock) = (handle.clone(), self.store.clock().clone());
            let let_go = move |c: &mut Conn| namings::let_go(c, &orcid, &of, clock.now());
            self.store.write(let_go).await?;
            loaded = self.load(orcid, handle.clone()).await?;
        }
        if loaded.facts.gate() != Gate::New || loaded.facts.desired.is_none() {
            return Ok(loaded);
        }
        self.admit(handle).await?;
        self.load(orcid, handle.clone()).await
    }

    /// Admits or holds the people of a RAiD who are new to its service point.
    async fn admit(&self, handle: &Handle) -> Result<(), StoreError> {
        let (named, quotas, clock) = (handle.clone(), self.quotas, self.store.clock().clone());
        let admitted = self
            .store
            .write(move |c| namings::admit(c, &named, &quotas, clock.now()))
            .await?;
        metrics::counter!("raid_new_people_total").increment(admitted.admitted as u64);
        if let Some(because) = admitted.because {
            count_held(because, admitted.held as u64);
            tracing::warn!(
                service_point = admitted.service_point,
                %handle,
                people = admitted.held,
                because = because.as_str(),
                "people whom a service point named for the first time are held"
            );
        }
        Ok(())
    }

    async fn load(&self, orcid: OrcidId, handle: Handle) -> Result<Loaded, StoreError> {
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
                    is_held_in_vain: namings::held_in_vain(c, &orcid, &handle)?.is_some(),
                })
            })
            .await
    }
}
