//! The local ORCID of a test: within the test process, so that it survives the agency.

use crate::client::{Client, Reply};
use crate::wait::eventually;
use orcid_simulator::{DEMO_CLIENT_ID, Settings, Simulator};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The secret of our client: long enough that its appearance anywhere is no accident.
pub(crate) const CLIENT_SECRET: &str = "5f0c2a7e-harness-secret-91b4d86e3c27";

/// A running simulator and its operator's switches.
pub struct Orcid {
    simulator: Simulator,
    operator: Client,
}

impl Orcid {
    /// Starts one that knows our clients, with these places to come back to.
    pub(crate) fn start(redirect_uris: &[String]) -> Self {
        let mut settings = Settings::demo();
        for id in [Self::CLIENT_ID, Self::NEXT_CLIENT_ID] {
            settings.clients.push(orcid_simulator::Client {
                id: id.to_owned(),
                secret: CLIENT_SECRET.to_owned(),
                name: "RAiD Demo Agency".to_owned(),
                redirect_uris: redirect_uris.to_vec(),
            });
        }
        let simulator = Simulator::start(settings).expect("the simulator");
        let operator = Client::new(&simulator.web_url(), None);
        Self {
            simulator,
            operator,
        }
    }

    /// The id of our client.
    pub const CLIENT_ID: &str = DEMO_CLIENT_ID;

    /// The id of the client that replaces ours, with the same secret.
    pub const NEXT_CLIENT_ID: &str = "APP-NEXT00000000001";

    /// The secret of our client.
    pub fn client_secret(&self) -> &'static str {
        CLIENT_SECRET
    }

    /// The address of its pages, without a slash at the end.
    pub fn web_url(&self) -> String {
        self.simulator.web_url()
    }

    /// The address of its member API, with the version.
    pub fn api_url(&self) -> String {
        format!("{}/v3.0", self.simulator.api_url())
    }

    async fn operate(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let path = format!("/operator/{path}");
        let reply: Reply = self
            .operator
            .send(method, &path, body)
            .await
            .expect("the operator's API");
        reply.expect(200)
    }

    /// Everything that was counted since the start.
    pub async fn counters(&self) -> Value {
        self.operate(Method::GET, "counters", None).await
    }

    /// How many calls of a kind arrived, for instance `membership_create`.
    pub async fn calls(&self, kind: &str) -> u64 {
        self.counters().await["calls"][kind]["total"]
            .as_u64()
            .unwrap_or_default()
    }

    /// How many calls of a kind were answered with a status.
    pub async fn answers(&self, kind: &str, status: u16) -> u64 {
        let status = status.to_string();
        self.counters().await["calls"][kind]["by_status"][&status]
            .as_u64()
            .unwrap_or_default()
    }

    /// Counts from zero again.
    pub async fn reset_counters(&self) {
        self.operate(Method::DELETE, "counters", None).await;
    }

    /// A record: `memberships`, `notifications`, `tokens`, `state`.
    pub async fn record(&self, orcid: &str) -> Value {
        self.operate(Method::GET, &format!("records/{orcid}"), None)
            .await
    }

    /// The memberships on a record.
    pub async fn memberships(&self, orcid: &str) -> Vec<Value> {
        list(&self.record(orcid).await["memberships"])
    }

    /// The memberships on a record that are about one RAiD.
    pub async fn memberships_of(&self, orcid: &str, handle: &str) -> Vec<Value> {
        let mut all = self.memberships(orcid).await;
        all.retain(|m| {
            list(&m["external_ids"])
                .iter()
                .any(|id| id["value"] == handle)
        });
        all
    }

    /// Waits until one membership about a RAiD stands on a record, and gives it.
    pub async fn membership(&self, orcid: &str, handle: &str) -> Value {
        self.membership_that(orcid, handle, |_| true).await
    }

    /// Waits until one membership about a RAiD stands on a record as it should.
    pub async fn membership_that(
        &self,
        orcid: &str,
        handle: &str,
        as_it_should: impl Fn(&Value) -> bool,
    ) -> Value {
        eventually("the membership on the record", async || {
            let mut found = self.memberships_of(orcid, handle).await;
            assert!(found.len() <= 1, "two entries for one project: {found:?}");
            found.pop().filter(&as_it_should)
        })
        .await
    }

    /// The permission requests in an inbox, those that are archived too.
    pub async fn requests(&self, orcid: &str) -> Vec<Value> {
        let mut all = list(&self.record(orcid).await["notifications"]);
        all.retain(|n| n["kind"] == "permission");
        all
    }

    /// Waits for a permission request, and gives it.
    pub async fn request(&self, orcid: &str) -> Value {
        eventually("the permission request in the inbox", async || {
            self.requests(orcid).await.pop()
        })
        .await
    }

    /// Switches a fault on, for instance `{"kind": "server_error", "when": {"next": 2}}`.
    pub async fn fault(&self, fault: Value) {
        self.operate(Method::POST, "faults", Some(&fault)).await;
    }

    /// Makes calls of these kinds slower, in addition to those that are slow already.
    pub async fn slow_down(&self, calls: &[&str], by: Duration) {
        let ms = u64::try_from(by.as_millis()).expect("a latency");
        self.fault(json!({ "kind": "latency", "ms": ms, "calls": calls }))
            .await;
    }

    /// Lets calls of these kinds through at a rate only, those of the token endpoint too; more are answered 503.
    pub async fn throttle(&self, calls: &[&str], per_second: f64, burst: u32) {
        self.fault(json!({
            "kind": "rate_limit", "per_second": per_second, "burst": burst, "calls": calls
        }))
        .await;
    }

    /// Refuses every person's token; our own still works.
    pub async fn refuse_user_tokens(&self) {
        self.fault(json!({ "kind": "user_token_401" })).await;
    }

    /// Refuses the tokens of these people.
    pub async fn refuse_tokens_of(&self, orcids: &[&str]) {
        self.fault(json!({ "kind": "user_token_401", "orcids": orcids }))
            .await;
    }

    /// How often the faults that are on have struck.
    pub async fn struck(&self) -> u64 {
        let faults = self.operate(Method::GET, "faults", None).await;
        let active = list(&faults["active"]);
        active.iter().filter_map(|f| f["struck"].as_u64()).sum()
    }

    /// Switches all faults off.
    pub async fn heal(&self) {
        self.operate(Method::DELETE, "faults", None).await;
    }

    /// ORCID disables our client, or enables it again.
    pub async fn disable_client(&self, disabled: bool) {
        let path = format!("clients/{}", Self::CLIENT_ID);
        let switches = json!({ "disabled": disabled });
        self.operate(Method::POST, &path, Some(&switches)).await;
    }

    /// Adds a researcher.
    pub async fn add_researcher(&self, orcid: &str, name: &str) {
        let researcher = json!({ "orcid": orcid, "name": name });
        self.operate(Method::POST, "records", Some(&researcher))
            .await;
    }

    /// Locks, deactivates, deprecates or opens a record: `{"state": …}`.
    pub async fn set_state(&self, orcid: &str, state: Value) {
        self.operate(
            Method::POST,
            &format!("records/{orcid}/state"),
            Some(&state),
        )
        .await;
    }

    /// The researcher takes our permission back.
    pub async fn revoke(&self, orcid: &str) {
        let client = json!({ "client_id": Self::CLIENT_ID });
        self.operate(
            Method::POST,
            &format!("records/{orcid}/revoke"),
            Some(&client),
        )
        .await;
    }

    /// The person's permission for us, as it stands, keeps these scopes only.
    pub async fn narrow_scope(&self, orcid: &str, scope: &str) {
        let kept = json!({ "client_id": Self::CLIENT_ID, "scope": scope });
        self.operate(Method::POST, &format!("records/{orcid}/scope"), Some(&kept))
            .await;
    }

    /// The researcher opens a notification.
    pub async fn read_notification(&self, orcid: &str, notification: &Value) {
        self.change_notification(orcid, notification, "read").await;
    }

    /// The researcher archives a notification.
    pub async fn archive_notification(&self, orcid: &str, notification: &Value) {
        self.change_notification(orcid, notification, "archive")
            .await;
    }

    async fn change_notification(&self, orcid: &str, notification: &Value, change: &str) {
        let put_code = &notification["put_code"];
        let path = format!("records/{orcid}/notifications/{put_code}/{change}");
        self.operate(Method::POST, &path, None).await;
    }

    /// The researcher deletes an entry.
    pub async fn delete_entry(&self, orcid: &str, membership: &Value) {
        let path = format!("records/{orcid}/memberships/{}", membership["put_code"]);
        self.operate(Method::DELETE, &path, None).await;
    }

    /// The live tokens, with their secrets.
    pub async fn tokens(&self) -> Vec<Value> {
        list(&self.operate(Method::GET, "tokens", None).await["tokens"])
    }

    /// Whether a person's permission for us stands at ORCID.
    pub async fn holds_a_token_of(&self, orcid: &str) -> bool {
        self.tokens()
            .await
            .iter()
            .any(|t| t["orcid"] == orcid && t["client_id"] == Self::CLIENT_ID)
    }

    /// The bodies of the requests that arrived.
    pub async fn messages(&self) -> Vec<Value> {
        list(&self.operate(Method::GET, "messages", None).await["messages"])
    }

    /// No write was ever repeated blindly: what may have been done was looked up first.
    pub async fn assert_nothing_sent_twice(&self) {
        let counters = self.counters().await;
        assert_eq!(counters["duplicates_refused"], 0, "{counters:#}");
    }

    /// Nothing was ever written twice, nor two things at once to one record, and no code was sent
    /// twice.
    pub async fn assert_written_once(&self) {
        let counters = self.counters().await;
        assert_eq!(
            counters["duplicates_standing"], 0,
            "an entry stands twice: {counters:#}"
        );
        let most = counters["max_writes_in_flight_any"]
            .as_u64()
            .unwrap_or_default();
        assert!(most <= 1, "two writes in flight for one iD: {counters:#}");
    }

    /// Writes the messages to a folder, each into a file of its own.
    pub(crate) async fn save_messages(&self, folder: &Path, test: &str) {
        for (number, message) in self.messages().await.iter().enumerate() {
            let kind = match message["kind"].as_str() {
                Some("notification_create") => "notification",
                Some("membership_create" | "membership_update") => "membership",
                _ => continue,
            };
            let body = message["body"].as_str().unwrap_or_default();
            let name = format!("{test}-{number}.{kind}.xml");
            std::fs::write(folder.join(name), body).expect("a file for the message");
        }
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
