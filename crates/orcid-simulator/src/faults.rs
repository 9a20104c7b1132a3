//! Faults that the operator switches on.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::counters::CallKind;

/// A fault as the operator states it; [`Fault`] is the same with its progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FaultRequest {
    #[serde(flatten)]
    pub(crate) effect: Effect,
    /// The kinds of calls that it meets; see [`Effect::meets`] for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) calls: Option<Vec<CallKind>>,
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
    /// Calls beyond the rate are answered 503 by the edge, without `Retry-After`.
    RateLimit {
        /// Calls per second in the long run.
        per_second: f64,
        /// Calls beyond that rate at once.
        burst: f64,
        /// Whether calls within the burst wait for their turn, as at ORCID's edge.
        #[serde(default)]
        delay: bool,
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
    /// 401 of the token endpoint although all is well.
    #[serde(rename = "token_401")]
    Token401,
}

impl Effect {
    /// Whether the fault meets this kind of call when the operator named none.
    fn meets(&self, kind: CallKind) -> bool {
        match self {
            Self::Latency { .. } => true,
            Self::DropAfterCommit | Self::DropBeforeCommit => kind.writes(),
            Self::Token401 => kind.oauth() && kind != CallKind::Revoke,
            Self::RateLimit { .. }
            | Self::ServerError
            | Self::Html502
            | Self::TooManyRequests
            | Self::Spurious401 => !kind.oauth() && kind != CallKind::Status,
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
    Refused,
    Dropped,
    ServerError,
    Html502,
    TooManyRequests,
    Unauthorized,
}

/// All faults that are on; at most one of each kind.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    active: Vec<Fault>,
}

impl Faults {
    /// Switches a fault on, in place of one of the same kind.
    pub(crate) fn set(&mut self, request: FaultRequest, now: Instant) {
        let kind = std::mem::discriminant(&request.effect);
        self.active
            .retain(|f| std::mem::discriminant(&f.request.effect) != kind);
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
    pub(crate) fn judge(&mut self, kind: CallKind, now: Instant) -> Verdict {
        self.active.retain(|f| !f.over(now));
        let mut verdict = Verdict::default();
        for fault in &mut self.active {
            let decided = verdict.instead.is_some() || verdict.drop_after;
            let replaces = !matches!(fault.request.effect, Effect::Latency { .. });
            if (decided && replaces) || !fault.strikes(kind) {
                continue;
            }
            fault.apply(&mut verdict, now);
        }
        verdict
    }
}

impl Fault {
    /// Whether it has healed.
    fn over(&self, now: Instant) -> bool {
        let ended = |ms: u64| now.saturating_duration_since(self.since) > Duration::from_millis(ms);
        self.request.for_ms.is_some_and(ended)
            || matches!(self.request.when, When::Next(n) if self.struck >= n)
    }

    fn strikes(&mut self, kind: CallKind) -> bool {
        let meant = match &self.request.calls {
            Some(calls) => calls.contains(&kind),
            None => self.request.effect.meets(kind),
        };
        meant
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
            } => match self.admit(per_second, burst, now) {
                Some(wait) => {
                    if delay {
                        verdict.wait += wait;
                    }
                    return;
                }
                None => Some(Instead::Refused),
            },
            Effect::DropAfterCommit => {
                verdict.drop_after = true;
                None
            }
            Effect::DropBeforeCommit => Some(Instead::Dropped),
            Effect::ServerError => Some(Instead::ServerError),
            Effect::Html502 => Some(Instead::Html502),
            Effect::TooManyRequests => Some(Instead::TooManyRequests),
            Effect::Spurious401 | Effect::Token401 => Some(Instead::Unauthorized),
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
