//! The local ORCID: only with settings of its own.

use crate::orcid;
use crate::secrets;
use crate::settings::{Environment, Mode, Settings};
use anyhow::{Context as _, bail};
use orcid_simulator::Simulator;
use secrecy::ExposeSecret as _;

/// The simulator as configured, with our client registered. It makes up the client's secret, and
/// takes no other: what it is given could be a real one, and it protects nothing.
///
/// # Errors
/// When the settings are those of a real ORCID, or the made-up secret cannot be had.
pub fn simulator_settings(settings: &Settings) -> anyhow::Result<orcid_simulator::Settings> {
    let orcid = &settings.orcid;
    if orcid.environment != Environment::Simulator {
        bail!(
            "orcid.environment: the simulator runs only with \"simulator\", and not with the \
             settings of {}",
            orcid.environment.as_str()
        );
    }
    let is_made_up = orcid.client_id.is_empty()
        && orcid.client_secret.is_empty()
        && orcid.client_secret_file.as_os_str().is_empty();
    if !is_made_up {
        bail!(
            "orcid.client_id, orcid.client_secret and orcid.client_secret_file must be empty where \
             the simulator runs: it makes up both, and must not learn real ones"
        );
    }
    let secret = secrets::simulator_client(settings)?;
    let mut simulator = orcid_simulator::Settings::demo();
    simulator.web = settings.simulator.web;
    simulator.api = settings.simulator.api;
    simulator.state_file = Some(settings.data.folder.join("simulator.json"));
    simulator.clients.push(orcid_simulator::Client {
        id: orcid_simulator::DEMO_CLIENT_ID.to_owned(),
        secret: secret.expose_secret().to_owned(),
        name: settings.agency.name.clone(),
        redirect_uris: vec![orcid::redirect_uri(settings).to_string()],
    });
    Ok(simulator)
}

/// The simulator within this process, if it is configured.
pub(super) fn start(settings: &Settings) -> anyhow::Result<Option<Simulator>> {
    let wanted = settings.simulator.enabled
        && settings.orcid.mode == Mode::Own
        && settings.orcid.environment == Environment::Simulator;
    if !wanted {
        return Ok(None);
    }
    let simulator = Simulator::start(simulator_settings(settings)?).context(
        "the local ORCID does not start (settings: simulator.web, simulator.api, data.folder); \
         perhaps an agency runs here already",
    )?;
    Ok(Some(simulator))
}
