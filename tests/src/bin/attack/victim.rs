//! Somebody who mints while others attack, and what it costs the agency.

use raid_tests::{Agency, Client};
use serde_json::Value;
use std::fmt;
use std::time::{Duration, Instant};

/// Between two mints.
const PAUSE: Duration = Duration::from_millis(50);

/// A partner who mints one RAiD after the other.
pub struct Victim {
    client: Client,
    request: fn(usize) -> Value,
}

impl Victim {
    /// Mints what `request` makes of a number.
    pub fn new(agency: &Agency<'_>, request: fn(usize) -> Value) -> Self {
        Self {
            client: agency.client(),
            request,
        }
    }

    /// The same as somebody else.
    pub fn with_token(self, token: &str) -> Self {
        Self {
            client: self.client.with_token(token),
            ..self
        }
    }

    /// Mints for a time.
    pub async fn watch(&self, agency: &Agency<'_>, time: Duration) -> Watched {
        let (started, mut number) = (Instant::now(), 0);
        let mut watched = Watched::default();
        while started.elapsed() < time {
            let begun = Instant::now();
            let request = (self.request)(number);
            let method = reqwest::Method::POST;
            let reply = self.client.send(method, "/raid/", Some(&request)).await;
            if reply.is_ok_and(|reply| reply.status == 201) {
                watched.minted.push(begun.elapsed());
            } else {
                watched.failed += 1;
            }
            watched.memory = watched.memory.max(resident(agency));
            number += 1;
            tokio::time::sleep(PAUSE).await;
        }
        watched
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Watched {
    minted: Vec<Duration>,
    failed: usize,
    /// The most memory that the agency took, in MiB.
    memory: u64,
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = self.minted.clone();
        all.sort_unstable();
        let at = |share: usize| {
            let index = (all.len() * share / 100).min(all.len().saturating_sub(1));
            all.get(index).copied().unwrap_or_default().as_secs_f64() * 1000.0
        };
        let (mints, failed, memory) = (all.len(), self.failed, self.memory);
        let (p50, p99) = (at(50), at(99));
        write!(
            f,
            "{mints} mints, p50 {p50:.1} ms, p99 {p99:.1} ms; {failed} failed; memory {memory} MiB"
        )
    }
}

/// Memory of the agency that is in use, in MiB.
fn resident(agency: &Agency<'_>) -> u64 {
    let pid = agency.pid().expect("a running process");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
