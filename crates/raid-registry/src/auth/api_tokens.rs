//! Tokens that the agency issues and keeps: opaque, named, expiring, revocable one by one.
//!
//! A token is `raid_` and 256 random bits in Base64. The store holds its SHA-256, so that nobody who
//! reads the database can use it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bounded_cache::{CacheSize, weight};
use moka::sync::Cache;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use store::api_tokens::{self, ApiTokenRow};
use store::{Id, Store, Timestamp};

use super::Role;
use super::caller::{Caller, CallerFacts};
use crate::refusal::Refusal;
use crate::settings::{Memory, ReadCache};

/// What every token begins with, so that people and programs that look for leaked secrets know it.
const PREFIX: &str = "raid_";
const RANDOM_BYTES: usize = 32;
/// Longest token that is looked at.
const MAX_TOKEN: usize = 128;
/// The client (`azp`) that such callers count as, as those of the agency's signed tokens.
const CLIENT: &str = "raid-agency";
/// The last use is noted this often, and no more: a request does not wait for it.
const USE_NOTED_EVERY: Duration = Duration::from_mins(1);

/// A token to be issued.
#[derive(Debug, Clone)]
pub struct NewApiToken {
    /// What people call it.
    pub name: String,
    /// Who acts with it; an own one for each token if none.
    pub subject: Option<String>,
    /// What it gives the right to.
    pub roles: Vec<Role>,
    /// The service point that it acts for.
    pub service_point: Option<i64>,
    /// How long it is accepted.
    pub lifetime: Duration,
    /// Who has it issued; none for the command line.
    pub creator: Option<Creator>,
}

/// Who has a token issued.
#[derive(Debug, Clone)]
pub struct Creator {
    /// The issuer of their own token.
    pub issuer: String,
    /// The subject of their own token.
    pub subject: String,
}

/// A new token, and the row to be kept of it. The token cannot be had again.
pub fn issue_api_token(new: NewApiToken, now: Timestamp) -> (SecretString, ApiTokenRow) {
    let random: [u8; RANDOM_BYTES] = rand::random();
    let token = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let id = Id::new(now);
    let roles: Vec<_> = new.roles.iter().map(|role| role.as_str()).collect();
    let lifetime = time::Duration::try_from(new.lifetime).unwrap_or(time::Duration::MAX);
    let (created_by_issuer, created_by) = new
        .creator
        .map(|creator| (creator.issuer, creator.subject))
        .unzip();
    let row = ApiTokenRow {
        id,
        name: new.name,
        hash: hash(&token),
        subject: new.subject.unwrap_or_else(|| format!("token:{id}")),
        roles: roles.join(" "),
        service_point_id: new.service_point,
        created_at: now,
        created_by,
        created_by_issuer,
        expires_at: now.saturating_add(lifetime),
        last_used_at: None,
        revoked_at: None,
    };
    (token.into(), row)
}

fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token))
}

/// Whether a token claims to be one that the agency keeps.
pub(super) fn is_api_token(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// Knows the tokens that the agency keeps. One that was found good is remembered as long as anything
/// that nodes read, so that one that is revoked is refused everywhere when that is acknowledged.
pub(crate) struct ApiTokens {
    issuer: String,
    ttl: Duration,
    known: Option<Cache<String, Known>>,
    /// Whose use was noted a moment ago.
    noted: Cache<Id, ()>,
}

#[derive(Clone)]
struct Known {
    id: Id,
    caller: Caller,
    expires_at: Timestamp,
    since: Instant,
}

impl ApiTokens {
    pub(crate) fn new(issuer: String, cache: ReadCache, memory: Memory) -> Self {
        let known = || {
            Cache::builder()
                .max_capacity(memory.api_tokens)
                .weigher(|hash: &String, known: &Known| {
                    weight(hash.len() + size_of::<Known>() + known.caller.bytes())
                })
                .time_to_live(cache.ttl)
                .build()
        };
        Self {
            issuer,
            ttl: cache.ttl,
            known: cache.is_on().then(known),
            noted: Cache::builder()
                .max_capacity(memory.token_uses)
                .weigher(|_: &Id, (): &()| weight(size_of::<Id>()))
                .time_to_live(USE_NOTED_EVERY)
                .build(),
        }
    }

    pub(crate) fn cache_sizes(&self) -> impl Iterator<Item = CacheSize> {
        let known = self.known.as_ref();
        let known = known.map(|known| CacheSize::of("api_tokens", known));
        let noted = CacheSize::of("token_uses", &self.noted);
        known.into_iter().chain([noted])
    }

    /// The caller of a token that was found good a moment ago.
    pub(super) fn remembered(&self, store: &Store, token: &str) -> Option<Caller> {
        self.kept(store, &hash(token))
    }

    fn kept(&self, store: &Store, hash: &str) -> Option<Caller> {
        let known = self.known.as_ref()?.get(hash)?;
        let is_fresh = known.since.elapsed() < self.ttl && store.clock().now() < known.expires_at;
        if !is_fresh {
            return None;
        }
        self.note_use(store, known.id);
        Some(known.caller)
    }

    /// The caller whom a token speaks for.
    pub(super) async fn verify(&self, store: &Store, token: &str) -> Result<Caller, Refusal> {
        if token.len() > MAX_TOKEN {
            return Err(Refusal::BadToken("Bearer token is malformed"));
        }
        let (hash, since) = (hash(token), Instant::now());
        if let Some(caller) = self.kept(store, &hash) {
            return Ok(caller);
        }
        let wanted = hash.clone();
        let found = store.read(move |c| api_tokens::with_hash(c, &wanted));
        let (row, group) = found
            .await?
            .ok_or(Refusal::BadToken("The token is not known"))?;
        if row.revoked_at.is_some() {
            return Err(Refusal::BadToken("The token was revoked"));
        }
        if row.expires_at <= store.clock().now() {
            return Err(Refusal::BadToken("The token expired"));
        }
        self.note_use(store, row.id);
        let known = Known {
            id: row.id,
            expires_at: row.expires_at,
            caller: self.caller(row, group),
            since,
        };
        let caller = known.caller.clone();
        if let Some(cache) = &self.known {
            cache.insert(hash, known);
        }
        Ok(caller)
    }

    fn caller(&self, row: ApiTokenRow, group: Option<String>) -> Caller {
        let roles = row.roles.split(' ').filter_map(|role| role.parse().ok());
        Caller(Arc::new(CallerFacts {
            issuer: self.issuer.clone(),
            subject: row.subject,
            client: Some(CLIENT.to_owned()),
            group,
            roles: roles.collect(),
            is_api_token: true,
        }))
    }

    /// Notes that a token is used, unless that was noted within the last minute.
    fn note_use(&self, store: &Store, id: Id) {
        if self.noted.contains_key(&id) {
            return;
        }
        self.noted.insert(id, ());
        let (store, now) = (store.clone(), store.clock().now());
        let noted_since = now - USE_NOTED_EVERY;
        tokio::spawn(async move {
            let note = move |c: &mut store::Conn| api_tokens::mark_used(c, id, noted_since, now);
            if let Err(error) = store.write(note).await {
                tracing::warn!(%error, token = %id, "the use of a token cannot be noted");
            }
        });
    }
}
