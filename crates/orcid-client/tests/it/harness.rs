//! What the tests share: a client, its log, and a limiter that can refuse.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use orcid_client::{
    BoxFuture, CallRecord, Client, Feedback, Item, MembershipDocument, Observer, Pace,
    PermissionRequest, Refused, Settings, Urgency,
};
use raid_model::OrcidId;
use secrecy::SecretString;

pub const ORCID: &str = "0000-0002-1825-0097";
pub const CLIENT_ID: &str = "APP-0123456789ABCDEF";
pub const SECRET: &str = "client-secret-hush";
pub const TOKEN: &str = "89f0181c-168b-4d7d-831c-1fdda2d7bbbb";

pub fn orcid() -> OrcidId {
    ORCID.parse().unwrap()
}

pub const OTHER: &str = "0000-0001-5109-3700";

pub fn other() -> OrcidId {
    OTHER.parse().unwrap()
}

pub fn token() -> SecretString {
    SecretString::from(TOKEN)
}

pub fn document() -> MembershipDocument {
    MembershipDocument {
        title: "Coral Recovery Observatory".into(),
        role_title: "Principal Investigator".into(),
        start: Some("2024-03".parse().unwrap()),
        end: None,
        url: "https://raid.example.org/10.82841/c588ab06".into(),
        handle: "10.82841/c588ab06".parse().unwrap(),
        raid_url: "https://raid.org/10.82841/c588ab06".into(),
    }
}

/// Keeps what the client tells its observer, and what it tells and asks its limiter.
#[derive(Default)]
pub struct Log {
    records: Mutex<Vec<CallRecord>>,
    feedback: Mutex<Vec<Feedback>>,
    urgencies: Mutex<Vec<Urgency>>,
    /// When set, the limiter lets nothing through.
    pub refusal: Mutex<Option<Refused>>,
}

impl Log {
    pub fn records(&self) -> Vec<CallRecord> {
        self.records.lock().unwrap().clone()
    }

    /// The records as `kind status outcome`.
    pub fn lines(&self) -> Vec<String> {
        let line = |r: &CallRecord| {
            let status = r.status.map_or("-".into(), |status| status.to_string());
            format!("{} {status} {}", r.kind, r.outcome())
        };
        self.records().iter().map(line).collect()
    }

    /// How urgent the requests were.
    pub fn urgencies(&self) -> Vec<Urgency> {
        self.urgencies.lock().unwrap().clone()
    }

    pub fn feedback(&self) -> Vec<Feedback> {
        self.feedback.lock().unwrap().clone()
    }
}

impl Observer for Log {
    fn called(&self, record: &CallRecord) {
        self.records.lock().unwrap().push(record.clone());
    }
}

impl Pace for Log {
    fn acquire(&self, urgency: Urgency) -> BoxFuture<'_, Result<(), Refused>> {
        self.urgencies.lock().unwrap().push(urgency);
        let refusal = *self.refusal.lock().unwrap();
        Box::pin(std::future::ready(refusal.map_or(Ok(()), Err)))
    }

    fn report(&self, feedback: Feedback) -> BoxFuture<'_, ()> {
        self.feedback.lock().unwrap().push(feedback);
        Box::pin(std::future::ready(()))
    }
}

pub fn settings(base: &str) -> Settings {
    Settings {
        environment: "test".into(),
        web_url: base.parse().unwrap(),
        oauth_url: None,
        api_url: format!("{base}/v3.0").parse().unwrap(),
        client_id: CLIENT_ID.into(),
        client_secret: SecretString::from(SECRET),
        redirect_uri: "https://raid.example.org/orcid/callback".parse().unwrap(),
        connect_timeout: Duration::from_secs(10),
        call_timeout: Duration::from_secs(30),
        exchange_wait: Duration::from_secs(20),
        doubt_after_disconnect: Duration::from_secs(2),
        confirm_refusal_after: Duration::from_secs(10),
    }
}

pub fn client(base: &str) -> (Client, Arc<Log>) {
    client_with(settings(base))
}

pub fn client_with(settings: Settings) -> (Client, Arc<Log>) {
    let log = Arc::new(Log::default());
    (
        Client::new(settings, log.clone(), log.clone()).unwrap(),
        log,
    )
}

/// A permission request with texts that need cleaning.
pub fn request() -> PermissionRequest {
    let handle = document().handle;
    let item = Item::new(
        "Reefs :: <2> & more",
        handle,
        "https://raid.org/10.82841/c588ab06",
    );
    let url = "https://raid.example.org/i?state=v1.a&x=1".parse().unwrap();
    PermissionRequest::new(
        "Add your RAiD projects",
        "We ask :: you.",
        url,
        vec![item.unwrap()],
    )
    .unwrap()
}
