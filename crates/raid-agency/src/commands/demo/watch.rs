//! Looking at the simulator, as often as it takes.

use anyhow::{Context as _, bail};
use raid_model::OrcidId;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

/// How long to look before giving up.
const DEADLINE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);

/// Looks until there is something to see; gives it, and after how many seconds it was there.
pub(crate) async fn eventually<T, F>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> anyhow::Result<(T, f64)>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let begun = Instant::now();
    while begun.elapsed() < DEADLINE {
        if let Some(found) = look().await? {
            return Ok((found, begun.elapsed().as_secs_f64()));
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("waited {} s in vain for {what}", DEADLINE.as_secs())
}

/// One researcher's record and inbox, seen through the simulator's operator pages.
pub(crate) struct Watch {
    http: reqwest::Client,
    simulator: Url,
    orcid: OrcidId,
}

impl Watch {
    pub(crate) fn new(http: reqwest::Client, simulator: Url, orcid: OrcidId) -> Self {
        Self {
            http,
            simulator,
            orcid,
        }
    }

    pub(crate) async fn add_researcher(&self, name: &str) -> anyhow::Result<()> {
        let url = self.simulator.join("operator/records")?;
        let body = json!({ "orcid": self.orcid.to_string(), "name": name });
        let answer = self.http.post(url).json(&body).send().await;
        answer
            .context("is the simulator running?")?
            .error_for_status()?;
        Ok(())
    }

    async fn record(&self) -> anyhow::Result<Value> {
        let url = self
            .simulator
            .join(&format!("operator/records/{}", self.orcid))?;
        Ok(self
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }

    /// The subject of the permission notification that names the project.
    pub(crate) async fn notification(&self, title: &str) -> anyhow::Result<Option<String>> {
        let record = self.record().await?;
        let found = list(&record["notifications"])
            .find(|n| n["kind"] == "permission" && n["items"].to_string().contains(title))
            .and_then(|n| n["subject"].as_str().map(str::to_owned));
        Ok(found)
    }

    /// How often the researcher was asked.
    pub(crate) async fn questions(&self) -> anyhow::Result<usize> {
        let record = self.record().await?;
        Ok(list(&record["notifications"])
            .filter(|n| n["kind"] == "permission")
            .count())
    }

    /// All memberships on the record.
    pub(crate) async fn memberships(&self) -> anyhow::Result<Vec<Value>> {
        Ok(list(&self.record().await?["memberships"])
            .cloned()
            .collect())
    }

    /// The entry for a RAiD, once it is as wanted.
    pub(crate) async fn membership(
        &self,
        handle: &str,
        is_wanted: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Option<Value>> {
        let found = self.memberships().await?;
        Ok(found
            .into_iter()
            .find(|m| is_about(m, handle) && is_wanted(m)))
    }

    /// Something, once there is no entry for the RAiD.
    pub(crate) async fn no_membership(&self, handle: &str) -> anyhow::Result<Option<()>> {
        let found = self.memberships().await?;
        Ok((!found.iter().any(|m| is_about(m, handle))).then_some(()))
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn is_about(membership: &Value, handle: &str) -> bool {
    list(&membership["external_ids"]).any(|id| id["value"] == handle)
}
