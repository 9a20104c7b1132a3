//! `raid-agency demo`
use crate::settings::Settings;
use url::Url;
/// Walks through the workflow.
pub(crate) async fn demo(_s: &Settings, _a: Option<Url>, _b: Option<Url>) -> anyhow::Result<()> { Ok(()) }
