//! Asking about many identifiers at once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bounded_cache::CacheSize;
use futures::{StreamExt as _, stream};
use moka::sync::Cache;
use raid_model::{ExternalId, IsniId};
use reqwest::{Client, RequestBuilder, Response, redirect};
use tokio::time::{Instant, timeout, timeout_at};

use crate::cache::{Existence, Known, names};
use crate::read::Useless;
use crate::service::{Question, question};
use crate::settings::{Settings, SettingsError};
use crate::turns::Turns;

/// What was learnt about identifiers; those in neither set exist, as far as can be told.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Answers {
    /// Identifiers that do not exist.
    pub missing: BTreeSet<ExternalId>,
    /// Identifiers that could not be asked about now.
    pub unavailable: BTreeMap<ExternalId, Unavailable>,
}

/// Why an identifier could not be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unavailable {
    /// The status of the service's answer, if there was one.
    pub status: Option<u16>,
}

/// A request has more identifiers that nothing is known of than may be asked about at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooMany {
    /// How many that may be.
    pub most: usize,
    /// The identifiers that nothing is known of.
    pub ids: BTreeSet<ExternalId>,
}

/// The registries of others.
pub struct Resolvers {
    pub(crate) online: Option<Online>,
}

pub(crate) struct Online {
    pub(crate) http: Client,
    pub(crate) settings: Settings,
    known: Known,
    /// Names that were asked for a moment ago.
    pub(crate) names: Cache<IsniId, String>,
    pub(crate) turns: Turns,
}

impl Resolvers {
    /// Asks nobody.
    pub fn offline() -> Self {
        Self { online: None }
    }

    /// Asks the services.
    ///
    /// # Errors
    /// [`SettingsError`] names the setting that cannot be used.
    pub fn online(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        if settings.geonames_user.is_none() {
            tracing::warn!("GeoNames is not asked, because no account (geonames_user) is set");
        }
        let http = Client::builder()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.call_timeout)
            .redirect(redirect::Policy::none())
            .user_agent(&settings.user_agent)
            .build()?;
        Ok(Self {
            online: Some(Online {
                http,
                known: Known::new(
                    settings.found_ttl,
                    settings.missing_ttl,
                    settings.identifiers_memory,
                ),
                names: names(settings.found_ttl, settings.names_memory),
                turns: Turns::new(settings.parallel),
                settings,
            }),
        })
    }

    /// Whether nobody is asked.
    pub fn is_offline(&self) -> bool {
        self.online.is_none()
    }

    /// The size of each cache, which drops what is too old.
    pub fn cache_sizes(&self) -> impl Iterator<Item = CacheSize> {
        let online = self.online.iter();
        online.flat_map(|it| [it.known.size(), CacheSize::of("names", &it.names)])
    }

    /// Asks about identifiers on behalf of `caller`, several at a time. Returns after `check_timeout` at
    /// the latest.
    ///
    /// # Errors
    /// [`TooMany`]: nobody was asked. Fewer identifiers, or some of these first, are asked about.
    pub async fn ask(&self, caller: &str, ids: BTreeSet<ExternalId>) -> Result<Answers, TooMany> {
        match &self.online {
            None => Ok(Answers::default()),
            Some(online) => online.ask(caller, ids).await,
        }
    }
}

impl Online {
    async fn ask(&self, caller: &str, ids: BTreeSet<ExternalId>) -> Result<Answers, TooMany> {
        let mut answers = Answers::default();
        let mut open = BTreeSet::new();
        for id in ids {
            match self.known.get(&id) {
                Some(Existence::Exists) => {}
                Some(Existence::Missing) => drop(answers.missing.insert(id)),
                None => drop(open.insert(id)),
            }
        }
        let most = self.settings.most_ids;
        if open.len() > most {
            return Err(TooMany { most, ids: open });
        }
        let deadline = Instant::now() + self.settings.check_timeout;
        let calls = open
            .iter()
            .map(|id| async move { (id, self.one(caller, id).await) });
        let mut results = stream::iter(calls).buffer_unordered(self.settings.parallel);
        let mut unheard: BTreeSet<&ExternalId> = open.iter().collect();
        while let Ok(Some((id, result))) = timeout_at(deadline, results.next()).await {
            unheard.remove(id);
            match result {
                Ok(Existence::Exists) => {}
                Ok(Existence::Missing) => drop(answers.missing.insert(id.clone())),
                Err(unavailable) => drop(answers.unavailable.insert(id.clone(), unavailable)),
            }
        }
        for id in unheard {
            count(id, "unavailable");
            let unavailable = Unavailable { status: None };
            answers.unavailable.insert(id.clone(), unavailable);
        }
        Ok(answers)
    }

    async fn one(&self, caller: &str, id: &ExternalId) -> Result<Existence, Unavailable> {
        let (request, read) = match question(&self.http, &self.settings, id) {
            Question::Ask(request, read) => (request, read),
            Question::Impossible => return Ok(Existence::Missing),
            Question::NotConfigured => return Ok(Existence::Exists),
        };
        let _turn = self.turns.take(caller).await;
        let tries = self.tries(&request, async |response| read.answer(response).await);
        let result = timeout(self.settings.call_timeout, tries)
            .await
            .unwrap_or(Err(Useless::LATE));
        match result {
            Ok(existence) => {
                self.known.learn(id, existence);
                let outcome = match existence {
                    Existence::Exists => "exists",
                    Existence::Missing => "missing",
                };
                count(id, outcome);
                Ok(existence)
            }
            Err(Useless { status, .. }) => {
                count(id, "unavailable");
                tracing::warn!(
                    resolver = id.resolver.name(),
                    status,
                    "cannot be asked whether an identifier exists"
                );
                Err(Unavailable { status })
            }
        }
    }

    /// Sends the request, and again while that may help. Gives what `read` makes of the answer.
    pub(crate) async fn tries<T>(
        &self,
        request: &RequestBuilder,
        read: impl AsyncFn(Response) -> Result<T, Useless>,
    ) -> Result<T, Useless> {
        let mut pause = self.settings.retry_pause;
        let mut last = Useless::LATE;
        for attempt in 1..=self.settings.tries {
            let Some(request) = request.try_clone() else {
                break;
            };
            last = match request.send().await {
                Ok(response) => match read(response).await {
                    Ok(found) => return Ok(found),
                    Err(useless) => useless,
                },
                // The URL may carry a user name, so the error is not logged.
                Err(error) => Useless {
                    status: None,
                    may_heal: !error.is_timeout(),
                },
            };
            if !last.may_heal || attempt == self.settings.tries {
                break;
            }
            tokio::time::sleep(shortened(pause)).await;
            pause = pause.saturating_mul(2);
        }
        Err(last)
    }
}

/// Something from half the pause to all of it, so that many do not come back together.
fn shortened(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.5..1.0))
}

pub(crate) fn count(id: &ExternalId, outcome: &'static str) {
    let resolver = id.resolver.name();
    metrics::counter!("raid_resolver_calls_total", "resolver" => resolver, "outcome" => outcome)
        .increment(1);
}
