//! ORCID as configured: hosts, credentials, the shared pace, and the log of calls.

use crate::secrets::{self, SecretError};
use crate::settings::{Environment, MaybeWebAddress, Settings};
use orcid_client::{
    BoxFuture, CallRecord, Client, Feedback, Observer, Pace, Refused, SettingsError, Urgency,
};
use reconciler::{Busy, SharedLimiter};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use store::calls::{self, CallRow};
use store::limiter;
use store::{AsText, Id, Store};
use tokio::sync::mpsc;
use url::Url;

/// Calls that may wait to be logged.
const LOG_QUEUE: usize = 4096;
/// Calls that are logged by one statement.
const LOG_BATCH: usize = 256;

/// Why ORCID cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum OrcidError {
    /// A host is no address.
    #[error("orcid: a host is not an address: {0}")]
    Host(url::ParseError),
    /// A setting is missing.
    #[error("orcid.{0} must be set for this environment")]
    Missing(&'static str),
    /// The secret cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The client does not take the settings.
    #[error("orcid: {0}")]
    Client(#[from] SettingsError),
}

/// Where ORCID is.
#[derive(Debug, Clone)]
pub struct Hosts {
    /// For browsers.
    pub web: Url,
    /// For tokens, if it is another.
    pub oauth: Option<Url>,
    /// The member API, with its version.
    pub api: Url,
}

impl Hosts {
    /// The configured hosts, else those of the environment.
    ///
    /// # Errors
    /// [`OrcidError::Host`] when the simulator's is no address.
    pub fn of(settings: &Settings) -> Result<Self, OrcidError> {
        let orcid = &settings.orcid;
        let (web, api) = match orcid.environment {
            Environment::Simulator => (
                format!("http://{}", settings.simulator.web),
                format!("http://{}/v3.0", settings.simulator.api),
            ),
            Environment::Sandbox => (
                "https://sandbox.orcid.org".to_owned(),
                "https://api.sandbox.orcid.org/v3.0".to_owned(),
            ),
            Environment::Production => (
                "https://orcid.org".to_owned(),
                "https://api.orcid.org/v3.0".to_owned(),
            ),
        };
        let chosen = |configured: &MaybeWebAddress, usual: &str| match &configured.0 {
            Some(address) => Ok(address.get().clone()),
            None => Url::parse(usual).map_err(OrcidError::Host),
        };
        let oauth = orcid.oauth_url.0.as_ref();
        Ok(Self {
            web: chosen(&orcid.web_url, &web)?,
            oauth: oauth.map(|address| address.get().clone()),
            api: chosen(&orcid.api_url, &api)?,
        })
    }
}

/// Who we are at ORCID.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `APP-…`
    pub id: String,
    /// The secret.
    pub secret: SecretString,
}

impl Credentials {
    /// The configured ones; the simulator's are made up when none are.
    ///
    /// # Errors
    /// [`OrcidError::Missing`] outside the simulator.
    pub fn of(settings: &Settings) -> Result<Self, OrcidError> {
        let orcid = &settings.orcid;
        let secret = secrets::configured(&orcid.client_secret, &orcid.client_secret_file)?;
        let simulator = orcid.environment == Environment::Simulator;
        let id = match orcid.client_id.as_str() {
            "" if simulator => orcid_simulator::DEMO_CLIENT_ID.to_owned(),
            "" => return Err(OrcidError::Missing("client_id")),
            id => id.to_owned(),
        };
        let secret = match secret {
            Some(secret) => secret,
            None if simulator => secrets::simulator_client(settings)?,
            None => return Err(OrcidError::Missing("client_secret")),
        };
        Ok(Self { id, secret })
    }
}

/// Where ORCID sends people back to.
pub fn redirect_uri(settings: &Settings) -> Url {
    settings.server.public_url.with_path("orcid/callback")
}

/// A client that keeps to the shared pace and logs every call.
///
/// # Errors
/// [`OrcidError`] names the setting.
pub fn client(
    settings: &Settings,
    hosts: &Hosts,
    limiter: SharedLimiter,
    log: CallLog,
) -> Result<Client, OrcidError> {
    let own = client_settings(settings, hosts)?;
    let client = Client::new(own, Arc::new(SharedPace(limiter)), Arc::new(log))?;
    Ok(client)
}

/// What our client at ORCID is made from.
///
/// # Errors
/// [`OrcidError`] names the setting.
pub fn client_settings(
    settings: &Settings,
    hosts: &Hosts,
) -> Result<orcid_client::Settings, OrcidError> {
    let credentials = Credentials::of(settings)?;
    Ok(orcid_client::Settings {
        environment: settings.orcid.environment.as_str().to_owned(),
        web_url: hosts.web.clone(),
        oauth_url: hosts.oauth.clone(),
        api_url: hosts.api.clone(),
        client_id: credentials.id,
        client_secret: credentials.secret,
        redirect_uri: redirect_uri(settings),
        connect_timeout: settings.orcid.connect_timeout,
        call_timeout: settings.orcid.call_timeout,
        exchange_wait: settings.orcid.exchange_wait,
        doubt_after_disconnect: settings.orcid.doubt_after_disconnect,
        confirm_refusal_after: settings.orcid.client_check / 6,
    })
}

/// The limiter that all nodes share.
pub fn limiter(settings: &Settings, store: &Store) -> SharedLimiter {
    let signed = |wait| time::Duration::try_from(wait).unwrap_or(time::Duration::MAX);
    let pace = limiter::Pace {
        per_second: settings.orcid.per_second,
        burst: settings.orcid.burst,
        max_wait: signed(settings.orcid.max_wait),
        exchange_wait: signed(settings.orcid.exchange_wait),
    };
    SharedLimiter::new(store.clone(), "orcid", pace)
}

struct SharedPace(SharedLimiter);

impl Pace for SharedPace {
    fn acquire(&self, urgency: Urgency) -> BoxFuture<'_, Result<(), Refused>> {
        let urgency = match urgency {
            Urgency::Exchange => limiter::Urgency::Exchange,
            Urgency::Interactive => limiter::Urgency::Interactive,
            Urgency::Bulk => limiter::Urgency::Bulk,
            Urgency::Background => limiter::Urgency::Background,
        };
        Box::pin(async move {
            self.0.acquire(urgency).await.map_err(|e| {
                if let Busy::Store(e) = &e {
                    tracing::warn!(error = %e, "the shared pace cannot be asked");
                }
                Refused {
                    retry_after: Some(Duration::from_secs(2)),
                }
            })
        })
    }

    fn report(&self, feedback: Feedback) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if feedback == Feedback::Overloaded {
                self.0.slow_down().await;
            }
        })
    }
}

/// Takes every call to ORCID into the metrics and the database.
#[derive(Clone)]
pub struct CallLog {
    rows: mpsc::Sender<CallRow>,
    store: Store,
    node: String,
}

impl CallLog {
    /// A log, and the task that writes it until every clone of the log is gone.
    pub fn start(store: Store, node: &str) -> (Self, tokio::task::JoinHandle<()>) {
        let (rows, mut waiting) = mpsc::channel::<CallRow>(LOG_QUEUE);
        let own = store.clone();
        let writer = tokio::spawn(async move {
            let mut batch = Vec::new();
            while waiting.recv_many(&mut batch, LOG_BATCH).await > 0 {
                let rows = std::mem::take(&mut batch);
                let count = rows.len();
                if let Err(e) = own.write(move |c| calls::append(c, &rows)).await {
                    tracing::error!(error = %e, count, "calls to ORCID could not be logged");
                }
            }
        });
        (
            Self {
                rows,
                store,
                node: node.to_owned(),
            },
            writer,
        )
    }
}

impl Observer for CallLog {
    fn called(&self, record: &CallRecord) {
        let (kind, outcome) = (record.kind.as_str(), record.outcome());
        metrics::counter!("raid_orcid_calls_total", "kind" => kind, "outcome" => outcome)
            .increment(1);
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds of one call are few"
        )]
        let seconds = record.millis as f64 / 1000.0;
        metrics::histogram!("raid_orcid_call_seconds", "kind" => kind).record(seconds);
        let at = self.store.clock().now();
        let row = CallRow {
            id: Id::new(at),
            at,
            kind: kind.to_owned(),
            orcid: record.orcid.map(AsText::from),
            outcome: outcome.to_owned(),
            status: record.status.map(i32::from),
            error_code: record.code.map(i32::from),
            millis: i32::try_from(record.millis).unwrap_or(i32::MAX),
            node: self.node.clone(),
            handle: record.handle.clone().map(AsText::from),
        };
        if self.rows.try_send(row).is_err() {
            metrics::counter!("raid_orcid_calls_unlogged_total").increment(1);
            tracing::error!(kind, outcome, "a call to ORCID could not be logged");
        }
    }
}

#[cfg(test)]
mod tests {
    use orcid_client::Outcome;
    use store::calls;

    /// Old rows are deleted by their outcome, so none may have another.
    #[test]
    fn the_store_knows_every_outcome() {
        let failed = [Outcome::NotSent, Outcome::Refused, Outcome::Unknown];
        assert_eq!(failed.map(Outcome::as_str), calls::FAILED);
    }
}
