//! Everything that the simulator remembers: records, clients, grants, sessions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::OrcidId;
use crate::grants::{DisabledBecause, Grants};
use crate::membership::{Membership, Source, Visibility};
use crate::notification::{self, Amendment, Notification, Subject};
use crate::sessions::Sessions;
use crate::settings::{Client, Researcher, Settings};

/// Put-codes start beyond 32 bits, so that a client which stores them too small shows it at once.
const FIRST_PUT_CODE: i64 = 5_000_000_001;

/// The state that survives a restart.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) records: BTreeMap<OrcidId, Record>,
    pub(crate) clients: BTreeMap<String, RegisteredClient>,
    pub(crate) grants: Grants,
    pub(crate) sessions: Sessions,
    next_put_code: i64,
    /// Added to the clock by the operator, in seconds.
    pub(crate) clock_offset: i64,
}

/// A client with its switches.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RegisteredClient {
    pub(crate) name: String,
    /// From the settings at every start; never written to the state file.
    #[serde(skip)]
    pub(crate) secret: String,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) disabled: bool,
    /// Whether `/premium-notification` and `/webhook` are enabled for it.
    pub(crate) premium: bool,
}

/// A researcher's record and inbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Its place in lists.
    position: usize,
    pub(crate) name: Option<String>,
    /// From the settings at every start; never written to the state file.
    #[serde(skip)]
    pub(crate) password: Option<String>,
    pub(crate) state: RecordState,
    pub(crate) default_visibility: Visibility,
    pub(crate) memberships: BTreeMap<i64, Membership>,
    /// In order of creation.
    pub(crate) inbox: Vec<Notification>,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
}

/// What state a record is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum RecordState {
    /// As usual.
    Active,
    /// Not claimed by its owner yet.
    Unclaimed,
    /// Locked by ORCID.
    Locked,
    /// Closed by its owner.
    Deactivated,
    /// Merged into another record.
    Deprecated {
        /// The primary record.
        into: OrcidId,
    },
}

impl Record {
    fn new(researcher: &Researcher, position: usize, now: OffsetDateTime) -> Self {
        Self {
            position,
            name: researcher.name.clone(),
            password: researcher.password.clone(),
            state: RecordState::Active,
            default_visibility: Visibility::Public,
            memberships: BTreeMap::new(),
            inbox: Vec::new(),
            created: now,
        }
    }

    /// The name on pages.
    pub(crate) fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or("Name not public")
    }

    /// A notification by its put-code.
    pub(crate) fn notification(&mut self, put_code: i64) -> Option<&mut Notification> {
        self.inbox.iter_mut().find(|n| n.put_code == put_code)
    }
}

impl World {
    /// A fresh world.
    pub(crate) fn new(settings: &Settings, now: OffsetDateTime) -> Self {
        let mut world = Self {
            records: BTreeMap::new(),
            clients: BTreeMap::new(),
            grants: Grants::default(),
            sessions: Sessions::default(),
            next_put_code: FIRST_PUT_CODE,
            clock_offset: 0,
        };
        world.adopt(settings, now);
        world
    }

    /// Brings a world from the state file in line with the settings of this start: secrets,
    /// passwords and addresses come from them, and researchers that are missing are added.
    pub(crate) fn adopt(&mut self, settings: &Settings, now: OffsetDateTime) {
        self.clients
            .retain(|id, _| settings.clients.iter().any(|c| c.id == *id));
        for Client {
            id,
            secret,
            name,
            redirect_uris,
        } in &settings.clients
        {
            let known = self.clients.get(id);
            let client = RegisteredClient {
                name: name.clone(),
                secret: secret.clone(),
                redirect_uris: redirect_uris.clone(),
                disabled: known.is_some_and(|c| c.disabled),
                premium: known.is_none_or(|c| c.premium),
            };
            self.clients.insert(id.clone(), client);
        }
        for researcher in &settings.researchers {
            let record = self.add_researcher(researcher, now);
            record.password.clone_from(&researcher.password);
        }
    }

    /// The researcher's record, made when it is missing.
    pub(crate) fn add_researcher(
        &mut self,
        researcher: &Researcher,
        now: OffsetDateTime,
    ) -> &mut Record {
        let orcid = researcher.orcid.clone();
        let position = self.records.len();
        self.records
            .entry(orcid)
            .or_insert_with(|| Record::new(researcher, position, now))
    }

    /// The first so many records, in the order in which they were added.
    pub(crate) fn listed(&self, most: usize) -> Vec<(&OrcidId, &Record)> {
        let mut records: Vec<_> = self.records.iter().collect();
        records.sort_by_key(|(_, record)| record.position);
        records.truncate(most);
        records
    }

    /// A put-code that was never given before.
    pub(crate) fn next_put_code(&mut self) -> i64 {
        let put_code = self.next_put_code;
        self.next_put_code += 1;
        put_code
    }

    /// The client as the source of what it writes.
    pub(crate) fn source(&self, client_id: &str) -> Source {
        let name = self
            .clients
            .get(client_id)
            .map_or(client_id, |c| c.name.as_str());
        Source {
            client_id: client_id.to_owned(),
            name: name.to_owned(),
        }
    }

    /// A record with its inbox brought up to date.
    pub(crate) fn record(&mut self, orcid: &OrcidId, now: OffsetDateTime) -> Option<&mut Record> {
        let record = self.records.get_mut(orcid)?;
        notification::age(&mut record.inbox, now);
        Some(record)
    }

    /// Tells the researcher that a client changed the record.
    pub(crate) fn notify_amended(
        &mut self,
        orcid: &OrcidId,
        source: Source,
        action: &str,
        item: &str,
        now: OffsetDateTime,
    ) {
        let put_code = self.next_put_code();
        let amendment = Amendment {
            action: action.to_owned(),
            item: item.to_owned(),
        };
        let notification = Notification::new(put_code, source, Subject::Amended(amendment), now);
        if let Some(record) = self.records.get_mut(orcid) {
            record.inbox.push(notification);
        }
    }

    /// Puts a record into a state, with what that does to its items, inbox and tokens: deactivation
    /// and deprecation remove the first two, only deactivation disables tokens. `false` when there
    /// is no such record.
    pub(crate) fn set_state(&mut self, orcid: &OrcidId, state: RecordState) -> bool {
        let Some(record) = self.records.get_mut(orcid) else {
            return false;
        };
        if matches!(
            state,
            RecordState::Deactivated | RecordState::Deprecated { .. }
        ) {
            record.memberships.clear();
            record.inbox.clear();
        }
        if state == RecordState::Deactivated {
            self.grants
                .disable(DisabledBecause::RecordDeactivated, |t| {
                    t.orcid.as_ref() == Some(orcid)
                });
        }
        record.state = state;
        true
    }
}
