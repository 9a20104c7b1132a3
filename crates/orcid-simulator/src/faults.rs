//! Faults that the operator switches on.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::OrcidId;
use crate::counters::CallKind;

/// A fault as the operator states it; [`Fault`] is the same with its progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FaultRequest {
    #[serde(flatten)]
    pub(crate) effect: Effect,
    /// The kinds of calls that it meets; see [`Effect::meets`] for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) calls: Option<Vec<CallKind>>,
    /// Only calls about these records; all, the token endpoint too, when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) orcids: Option<Vec<OrcidId>>,
    /// Which of those calls.
    #[serde(default)]
    pub(crate) when: When,
    /// Ends by itself after so many milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) for_ms: Option<u64>,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Effect {
    /// Every call takes longer.
    Latency {
        /// Milliseconds.
        ms: u64,
    },
    /// Calls beyond the rate are refused by the edge, without `Retry-After`; nothing was done.
    RateLimit {
        /// Calls per second in the long run.
        per_second: f64,
        /// Calls beyond that rate at once.
        burst: f64,
        /// Whether calls within the burst wait for their turn, as at ORCID's edge.
        #[serde(default)]
        delay: bool,
        /// How it refuses.
        #[serde(default)]
        status: LimitStatus,
    },
    /// The work is done, then the connection ends without an answer.
    DropAfterCommit,
    /// The connection ends without an answer and nothing was done.
    DropBeforeCommit,
    /// 500 with code 9008; nothing was done.
    ServerError,
    /// 502 with an HTML page of the edge; nothing was done.
    #[serde(rename = "html_502")]
    Html502,
    /// 429 with a text of the edge; nothing was done.
    TooManyRequests,
    /// 401 as of a revoked token although it is fine.
    #[serde(rename = "spurious_401")]
    Spurious401,
    /// The same, but only for calls with a researcher's (3-legged) token: a client's own token
    /// still works.
    #[serde(rename = "user_token_401")]
    UserToken401,
    /// 403 with code 9038 for a researcher's token, as if the scope to write was not granted.
    MissingScope,
    /// 401 of the token endpoint although all is well.
    #[serde(rename = "token_401")]
    Token401,
}

impl Effect {
    /// Whether the fault meets this kind of call when the operator named none.
    fn meets(&self, kind: CallKind) -> bool {
        match self {
            Self::Latency { .. } => true,
            Self::DropAfterCommit | Self::DropBeforeCommit | Self::MissingScope => kind.writes(),
            Self::Token401 => kind.oauth() && kind != CallKind::Revoke,
            Self::RateLimit { .. }
            | Self::ServerError
            | Self::Html502
            | Self::TooManyRequests
            | Self::Spurious401
            | Self::UserToken401 => !kind.oauth() && kind != CallKind::Status,
        }
    }
}

/// How the edge refuses a call beyond the rate: 503, or 429 as for a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub(crate) enum LimitStatus {
    #[default]
    Unavailable,
    TooManyRequests,
}

impl From<LimitStatus> for u16 {
    fn from(status: LimitStatus) -> Self {
        match status {
            LimitStatus::Unavailable => 503,
            LimitStatus::TooManyRequests => 429,
        }
    }
}

impl TryFrom<u16> for LimitStatus {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        match status {
            503 => Ok(Self::Unavailable),
            429 => Ok(Self::TooManyRequests),
            _ => Err("the status of a rate limit is 503 or 429"),
        }
    }
}

/// Which calls a fault meets.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    /// All of them.
    #[default]
    Every,
    /// So many, then it heals.
    Next(u64),
    /// Each with this probability, reproducibly.
    Chance {
        /// Between 0 and 1.
        probability: f64,
        /// Start of the random sequence.
        seed: u64,
    },
}

/// A fault that is switched on.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) request: FaultRequest,
    /// How often it struck.
    pub(crate) struck: u64,
    since: Instant,
    random: StdRng,
    /// Calls ahead of the rate, and when that was computed.
    excess: (f64, Instant),
}

/// A call, as far as faults look at it.
pub(crate) struct Met<'a> {
    pub(crate) kind: CallKind,
    /// The iD in the path, as it was spelled.
    pub(crate) orcid: Option<&'a str>,
    /// Whether it carries a researcher's token. Looked up only where a fault depends on it.
    pub(crate) by_researcher: &'a dyn Fn() -> bool,
}

/// What the faults make of one call.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Verdict {
    /// How long it takes longer.
    pub(crate) wait: Duration,
    /// What happens instead of the work.
    pub(crate) instead: Option<Instead>,
    /// Whether the answer is dropped after the work.
    pub(crate) drop_after: bool,
}

/// What happens instead of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instead {
    /// By the limiter.
    Refused(LimitStatus),
    Dropped,
    ServerError,
    Html502,
    TooManyRequests,
    Unauthorized,
    MissingScope,
}

/// All faults that are on; at most one of each kind for the same calls and records.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: Vec<Fault>,
}

impl Faults {
    /// Switches a fault on, in place of one of the same kind for the same calls and records. Waits
    /// of several add up.
    pub(crate) fn set(&mut self, request: FaultRequest, now: Instant) {
        self.active.retain(|f| !f.request.is_replaced_by(&request));
        let seed = match request.when {
            When::Chance { seed, .. } => seed,
            When::Every | When::Next(_) => 0,
        };
        self.active.push(Fault {
            request,
            struck: 0,
            since: now,
            random: StdRng::seed_from_u64(seed),
            excess: (0.0, now),
        });
    }

    /// Switches all faults off.
    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// The faults that are on.
    pub(crate) fn active(&self) -> &[Fault] {
        &self.active
    }

    /// Judges a call that arrives now. Of several faults that replace the work the first one wins;
    /// the others do not count as having struck.
    pub(crate) fn judge(&mut self, call: &Met<'_>, now: Instant) -> Verdict {
        self.active.retain(|f| !f.over(now));
        let mut verdict = Verdict::default();
        for fault in &mut self.active {
            let decided = verdict.instead.is_some() || verdict.drop_after;
            let replaces = !matches!(fault.request.effect, Effect::Latency { .. });
            if (decided && replaces) || !fault.strikes(call) {
                continue;
            }
            fault.apply(&mut verdict, now);
        }
        verdict
    }
}

impl FaultRequest {
    /// Whether `other` takes its place.
    fn is_replaced_by(&self, other: &Self) -> bool {
        let same_kind =
            std::mem::discriminant(&self.effect) == std::mem::discriminant(&other.effect);
        same_kind
            && same_set(self.calls.as_deref(), other.calls.as_deref())
            && same_set(self.orcids.as_deref(), other.orcids.as_deref())
    }

    fn is_about(&self, call: &Met<'_>) -> bool {
        let kind_is_meant = match &self.calls {
            Some(calls) => calls.contains(&call.kind),
            None => self.effect.meets(call.kind),
        };
        let record_is_meant = self.orcids.as_ref().is_none_or(|orcids| {
            call.orcid
                .is_some_and(|orcid| orcids.iter().any(|meant| meant.as_str() == orcid))
        });
        let of_researchers = matches!(self.effect, Effect::UserToken401 | Effect::MissingScope);
        kind_is_meant && record_is_meant && (!of_researchers || (call.by_researcher)())
    }
}

/// Whether two lists name the same, in whatever order.
fn same_set<T: PartialEq>(one: Option<&[T]>, other: Option<&[T]>) -> bool {
    let within = |a: &[T], b: &[T]| a.iter().all(|item| b.contains(item));
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => within(one, other) && within(other, one),
        _ => false,
    }
}

impl Fault {
    /// Whether it has healed.
    fn over(&self, now: Instant) -> bool {
        let ended = |ms: u64| now.saturating_duration_since(self.since) > Duration::from_millis(ms);
        self.request.for_ms.is_some_and(ended)
            || matches!(self.request.when, When::Next(n) if self.struck >= n)
    }

    fn strikes(&mut self, call: &Met<'_>) -> bool {
        self.request.is_about(call)
            && match self.request.when {
                When::Every => true,
                When::Next(n) => self.struck < n,
                When::Chance { probability, .. } => {
                    self.random.random_bool(probability.clamp(0.0, 1.0))
                }
            }
    }

    fn apply(&mut self, verdict: &mut Verdict, now: Instant) {
        let instead = match self.request.effect {
            Effect::Latency { ms } => {
                verdict.wait += Duration::from_millis(ms);
                None
            }
            Effect::RateLimit {
                per_second,
                burst,
                delay,
                status,
            } => match self.admit(per_second, burst, now) {
                Some(wait) => {
                    if delay {
                        verdict.wait += wait;
                    }
                    return;
                }
                None => Some(Instead::Refused(status)),
            },
            Effect::DropAfterCommit => {
                verdict.drop_after = true;
                None
            }
            Effect::DropBeforeCommit => Some(Instead::Dropped),
            Effect::ServerError => Some(Instead::ServerError),
            Effect::Html502 => Some(Instead::Html502),
            Effect::TooManyRequests => Some(Instead::TooManyRequests),
            Effect::Spurious401 | Effect::UserToken401 | Effect::Token401 => {
                Some(Instead::Unauthorized)
            }
            Effect::MissingScope => Some(Instead::MissingScope),
        };
        self.struck += 1;
        verdict.instead = verdict.instead.or(instead);
    }

    /// A bucket that leaks at the rate: how long the call is ahead of its turn, `None` when it is
    /// more than the burst ahead. Refused calls do not fill the bucket.
    fn admit(&mut self, per_second: f64, burst: f64, now: Instant) -> Option<Duration> {
        let rate = if per_second > 0.0 {
            per_second
        } else {
            f64::MIN_POSITIVE
        };
        let (before, then) = self.excess;
        let passed = now.saturating_duration_since(then).as_secs_f64();
        let ahead = (before - passed * rate).max(0.0);
        if ahead > burst.max(1.0) - 1.0 {
            self.excess = (ahead, now);
            return None;
        }
        self.excess = (ahead + 1.0, now);
        Duration::try_from_secs_f64(ahead / rate).ok()
    }
}

#[cfg(test)]
mod tests;
