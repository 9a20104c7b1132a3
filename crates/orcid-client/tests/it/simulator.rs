//! A local ORCID for the contract tests, and a researcher's browser.

use std::sync::Arc;

use orcid_client::{AuthorizationCode, Client, Granted};
use orcid_simulator::{Client as MemberClient, Settings, Simulator};
use raid_model::OrcidId;
use serde_json::{Value, json};
use url::Url;

use crate::harness::{self, CLIENT_ID, Log, SECRET, orcid};

/// A running local ORCID.
pub struct LocalOrcid {
    simulator: Simulator,
    operator: reqwest::Client,
}

impl LocalOrcid {
    pub fn start() -> Self {
        let mut settings = Settings::demo();
        settings.clients.push(MemberClient {
            id: CLIENT_ID.into(),
            secret: SECRET.into(),
            name: "Example RAiD Agency".into(),
            redirect_uris: vec!["https://raid.example.org/orcid/callback".into()],
        });
        Self {
            simulator: Simulator::start(settings).unwrap(),
            operator: reqwest::Client::new(),
        }
    }

    /// Our settings for it.
    pub fn settings(&self) -> orcid_client::Settings {
        let mut settings = harness::settings(&self.simulator.web_url());
        settings.api_url = format!("{}/v3.0", self.simulator.api_url())
            .parse()
            .unwrap();
        settings
    }

    pub fn client(&self) -> (Client, Arc<Log>) {
        harness::client_with(self.settings())
    }

    /// The researcher signs in, agrees, and comes back with a code.
    pub async fn authorize(&self, client: &Client, orcid: OrcidId) -> String {
        let back = self.answer(client, orcid, "authorize").await;
        let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
        assert_eq!(pairs[1], ("state".into(), "the state".into()));
        assert_eq!(pairs[0].0, "code");
        pairs[0].1.clone()
    }

    /// The researcher grants, and we hold the tokens.
    pub async fn grant(&self, client: &Client, orcid: OrcidId) -> Granted {
        let code = self.authorize(client, orcid).await;
        client
            .exchange_code(AuthorizationCode::new(code))
            .await
            .unwrap()
    }

    /// Where the researcher is sent after deciding.
    pub async fn answer(&self, client: &Client, orcid: OrcidId, decision: &str) -> Url {
        let browser = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let sign_in = format!("{}/signin", self.simulator.web_url());
        let form = [("orcid", orcid.to_string()), ("next", "/".to_owned())];
        browser.post(sign_in).form(&form).send().await.unwrap();
        let authorize = client.authorize_url("the state", Some(orcid));
        let form = [("decision", decision)];
        let answer = browser.post(authorize).form(&form).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 302, "{:?}", answer.text().await);
        answer.headers()["location"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Opens a notification as the researcher does.
    pub async fn open_notification(&self, orcid: OrcidId, id: i64) {
        let browser = reqwest::Client::builder()
            .cookie_store(true)
            .build()
            .unwrap();
        let web = self.simulator.web_url();
        let form = [("orcid", orcid.to_string()), ("next", "/inbox".to_owned())];
        browser
            .post(format!("{web}/signin"))
            .form(&form)
            .send()
            .await
            .unwrap();
        let answer = browser
            .post(format!("{web}/inbox/{id}/read"))
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// Turns one of the operator's switches.
    pub async fn operate(&self, path: &str, body: Value) {
        let url = format!("{}/operator/{path}", self.simulator.web_url());
        let answer = self.operator.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }

    /// The next call of these kinds meets this fault.
    pub async fn next_call(&self, fault: &str, calls: &[&str]) {
        self.operate(
            "faults",
            json!({ "kind": fault, "calls": calls, "when": { "next": 1 } }),
        )
        .await;
    }
}

/// A local ORCID where Josiah Carberry has granted.
pub async fn granted() -> (LocalOrcid, Client, Granted) {
    let local = LocalOrcid::start();
    let (client, _) = local.client();
    let grant = local.grant(&client, orcid()).await;
    (local, client, grant)
}
