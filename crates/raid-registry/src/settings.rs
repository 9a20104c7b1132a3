//! What an agency decides about its registry.

use std::time::Duration;

use raid_model::membership::MembershipPolicy;
use raid_model::permission::ContactBudget;
use raid_model::trust::{Quotas, Trust};
use raid_model::validate::Strictness;
use raid_model::{Addresses, Prefix, RorId};
use store::service_points;

use crate::auth::AuthSettings;

/// Whether other registries are asked if the identifiers in a request exist.
#[derive(Debug, Clone)]
pub enum Existence {
    /// Nobody is asked: form and checksum decide.
    Offline,
    /// They are asked, before anything is written.
    Online {
        /// Where they are, and how patiently they are asked.
        resolvers: Box<resolvers::Settings>,
        /// What becomes of a request if one of them cannot answer.
        when_unavailable: WhenUnavailable,
    },
}

/// What becomes of a request if a registry cannot be asked about an identifier in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenUnavailable {
    /// 503, and the client tries again later.
    Refuse,
    /// It is served, with a warning in a header and in the log.
    Accept,
}

impl Existence {
    pub(crate) fn when_unavailable(&self) -> WhenUnavailable {
        match self {
            Self::Offline => WhenUnavailable::Refuse,
            Self::Online {
                when_unavailable, ..
            } => *when_unavailable,
        }
    }
}

/// The settings of a registry. [`Settings::new`] gives the values that most agencies keep.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where clients reach this API, with the path below which a proxy serves it. Links to further pages
    /// of lists begin with it.
    pub public_url: String,
    /// What `identifier.id` and `identifier.raidAgencyUrl` are made of, whenever they are shown.
    pub addresses: Addresses,
    /// The registration agency, `identifier.registrationAgency.id`.
    pub agency: RorId,
    /// The prefix of the handles that a new service point mints.
    pub prefix: Prefix,
    /// The least number of a new service point, with which the agency's block begins.
    pub first_service_point: i64,
    /// The clients (`azp` of a token) that are the agency's own application for people: a service
    /// point can switch their writes off.
    pub app_clients: Vec<String>,
    /// Licence of the metadata, `identifier.license`.
    pub licence: String,
    /// What the URL of an ORCID iD begins with; another one at ORCID's sandbox.
    pub orcid_prefix: String,
    /// What else it may begin with.
    pub other_orcid_prefix: Option<String>,
    /// What the URL of an ISNI begins with.
    pub isni_prefix: String,
    /// What becomes of texts beyond the schema's limits, and of a second lead organisation.
    pub limits: Strictness,
    /// What becomes of ORCID iDs outside ORCID's ranges, and of ISNIs inside.
    pub person_ids: Strictness,
    /// Whether other registries are asked if identifiers exist.
    pub existence: Existence,
    /// What is written to ORCID records; none where this agency writes to none.
    pub orcid: Option<MembershipPolicy>,
    /// How often a person may be asked for permission.
    pub contact_budget: ContactBudget,
    /// How long a contributor's ORCID record waits for further edits after one.
    pub settle_delay: Duration,
    /// Whether everybody may read the former versions and the history of an open RAiD. Else those who
    /// would see it under embargo.
    pub former_versions_are_open: bool,
    /// How long after a withdrawal an operator can undo it.
    pub withdrawal_grace: Duration,
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// The origins of browser clients, such as `https://app.example.org`.
    pub cors_origins: Vec<String>,
    /// Whose tokens count.
    pub auth: AuthSettings,
    /// How long an invitation can be accepted.
    pub invitation_lifetime: Duration,
    /// How many strangers a service point may reach.
    pub quotas: Quotas,
    /// How far a new service point is trusted, unless it is said.
    pub new_service_point_trust: Trust,
    /// The cache in front of hot reads.
    pub read_cache: ReadCache,
    /// How much each cache may hold.
    pub memory: Memory,
    /// RAiDs that a list reads at once; a list is streamed page by page.
    pub page_size: i64,
    /// Readers who wait for the next change.
    pub change_feed: ChangeFeed,
}

/// How changes are waited for.
#[derive(Debug, Clone, Copy)]
pub struct ChangeFeed {
    /// How long a change may stay unnoticed by those who wait: this process looks for news so often
    /// while anybody waits.
    pub poll: Duration,
    /// Most readers who wait at once in this process; more are answered at once. Half of them are
    /// kept for callers with a token.
    pub waiting: usize,
    /// Most of them for each caller: a client and subject, or an address. 0 for no limit.
    pub waiting_each: usize,
}

/// How much callers may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// One client and subject of a token.
    pub clients: Rate,
    /// One address, without a valid token.
    pub anonymous: Rate,
    /// Most large requests and answers at the same time, of each of them. 0 for no limit.
    pub large_answers: usize,
    /// Memory for what is left to each caller, in bytes. A caller that is forgotten has its whole burst
    /// again.
    pub memory: u64,
    /// Whether a proxy in front tells the address, in `X-Forwarded-For` or `Forwarded`.
    pub trusted_proxy: bool,
}

/// How many small requests; larger ones count as several.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// In each second, in the long run. 0 for no limit.
    pub per_second: u32,
    /// After a while of silence, at once.
    pub burst: u32,
}

/// Bounded caches whose entries live so briefly that other nodes' writes show. All nodes need the same
/// settings: a change that closes something is acknowledged when no node keeps what was before.
#[derive(Debug, Clone, Copy)]
pub struct ReadCache {
    /// How long an entry lives, counted from before it was read. Zero turns these caches off.
    pub ttl: Duration,
}

impl ReadCache {
    pub(crate) fn is_on(self) -> bool {
        !self.ttl.is_zero()
    }
}

/// How much each cache may hold, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// RAiDs as they are answered.
    pub records: u64,
    /// Service points, by the group of a caller.
    pub service_points: u64,
    /// Tokens of the agency's own that were found valid.
    pub api_tokens: u64,
    /// Those whose use was noted a moment ago.
    pub token_uses: u64,
    /// Signed tokens that were found valid.
    pub signed_tokens: u64,
}

/// What this process uses of a budget of 256 MB, roughly.
impl Default for Memory {
    fn default() -> Self {
        Self {
            records: 48 << 20,
            service_points: 4 << 20,
            api_tokens: 8 << 20,
            token_uses: 2 << 20,
            signed_tokens: 12 << 20,
        }
    }
}

impl Settings {
    /// Settings with defaults for all that has one.
    pub fn new(addresses: Addresses, agency: RorId, prefix: Prefix, auth: AuthSettings) -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            addresses: addresses.clone(),
            agency,
            prefix,
            first_service_point: service_points::BLOCK,
            app_clients: Vec::new(),
            licence: "Creative Commons CC-0".to_owned(),
            orcid_prefix: "https://orcid.org/".to_owned(),
            other_orcid_prefix: None,
            isni_prefix: "https://isni.org/".to_owned(),
            limits: Strictness::Warn,
            person_ids: Strictness::Warn,
            existence: Existence::Offline,
            orcid: Some(MembershipPolicy {
                write_embargoed: false,
                addresses,
            }),
            contact_budget: ContactBudget {
                requests: 3,
                window: Duration::from_hours(60 * 24),
            },
            settle_delay: Duration::from_millis(500),
            former_versions_are_open: false,
            withdrawal_grace: Duration::from_hours(30 * 24),
            body_limit: 1024 * 1024,
            cors_origins: Vec::new(),
            auth,
            invitation_lifetime: Duration::from_hours(30 * 24),
            quotas: Quotas::default(),
            new_service_point_trust: Trust::Notify,
            read_cache: ReadCache {
                ttl: Duration::from_secs(1),
            },
            memory: Memory::default(),
            page_size: 100,
            change_feed: ChangeFeed {
                poll: Duration::from_millis(500),
                waiting: 100,
                waiting_each: 4,
            },
        }
    }

    /// How often a person may be asked; none where this agency writes to no ORCID record, so that
    /// it asks nobody.
    pub(crate) fn contact_budget(&self) -> Option<&ContactBudget> {
        self.orcid.as_ref().map(|_| &self.contact_budget)
    }
}
