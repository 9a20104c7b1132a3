//! Admitting people whom a service point's quota of a day held, when the next day begins.

use raid_model::trust::Quotas;
use reconciler::{Held, Next, Reconcile, Verdict};
use std::pin::Pin;
use std::time::Duration;
use store::namings::{self, ReleasedByDay};
use store::tasks::{Kind, Lane, Work};
use store::{Store, StoreError};

/// Admits people as far as the quota of a new day goes.
pub struct ReleaseReconciler {
    store: Store,
    quotas: Quotas,
}

impl ReleaseReconciler {
    /// A reconciler under these quotas.
    pub fn new(store: Store, quotas: Quotas) -> Self {
        Self { store, quotas }
    }

    async fn release(&self, service_point: i64) -> Result<Verdict, StoreError> {
        let (clock, quotas) = (self.store.clock().clone(), self.quotas);
        let now = clock.now();
        let ReleasedByDay { people, next } = self
            .store
            .write(move |c| namings::release_day(c, service_point, &quotas, now))
            .await?;
        if people > 0 {
            tracing::info!(
                service_point,
                people,
                "held people are admitted on a new day"
            );
        }
        let Some(next) = next else {
            return Ok(Verdict::done());
        };
        let wait = Duration::try_from(next - now).unwrap_or_default();
        Ok(Verdict::new(Next::Again(wait)).in_lane(Lane::Background))
    }
}

impl Reconcile for ReleaseReconciler {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Release]
    }

    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            match held.work() {
                Work::Release(id) => self.release(*id).await.unwrap_or_else(Verdict::from),
                other => Verdict::dead(format!("no release: {}", other.key())),
            }
        })
    }
}
