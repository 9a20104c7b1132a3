//! `[memory]`: one budget for what a process keeps only to be fast, and how it is shared out.

use super::{Mistakes, Settings};
use serde::{Deserialize, Serialize};

section! {
    /// `[memory]`
    Memory {
        budget_mb: u64,
    }
}

/// Bytes of a MB.
const MB: u64 = 1 << 20;
/// Below this, in MB, caches cost more than they gain.
const LEAST: u64 = 32;
/// A terabyte, in MB: more is a mistake of the unit.
const MOST: u64 = 1 << 20;

/// The share of each cache, in bytes. All of them together are the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryShares {
    /// Pages of a SQLite file, over all connections. Nothing on PostgreSQL, which keeps its own.
    pub pages: u64,
    /// RAiDs as they are answered.
    pub records: u64,
    /// What is left to each caller of its limit.
    pub callers: u64,
    /// Signed tokens that were found valid.
    pub signed_tokens: u64,
    /// Tokens of the agency's own that were found valid.
    pub api_tokens: u64,
    /// Those whose use was noted a moment ago.
    pub token_uses: u64,
    /// Service points, by the group of a caller.
    pub service_points: u64,
    /// Identifiers that other registries were asked about.
    pub identifiers: u64,
    /// Names of people that ISNI was asked for.
    pub names: u64,
}

impl Settings {
    /// How the budget is shared out.
    pub fn memory_shares(&self) -> MemoryShares {
        self.memory.shares(self.database().is_postgres())
    }
}

impl Memory {
    pub(super) fn shares(&self, is_postgres: bool) -> MemoryShares {
        let percent = |share: u64| self.budget_mb.saturating_mul(MB) / 100 * share;
        let (pages, records) = if is_postgres { (0, 70) } else { (50, 20) };
        MemoryShares {
            pages: percent(pages),
            records: percent(records),
            callers: percent(12),
            signed_tokens: percent(5),
            api_tokens: percent(3),
            token_uses: percent(1),
            service_points: percent(2),
            identifiers: percent(6),
            names: percent(1),
        }
    }

    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        mistakes.refuse_unless(
            (LEAST..=MOST).contains(&self.budget_mb),
            "memory.budget_mb",
            "must be from 32 to 1048576 (in MB)",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{MB, MemoryShares, Settings};

    fn shares(budget_mb: u64, url: &str) -> MemoryShares {
        let mut settings = Settings::demo().unwrap();
        settings.memory.budget_mb = budget_mb;
        settings.store.url = serde_json::from_value(url.into()).unwrap();
        settings.memory_shares()
    }

    #[test]
    fn the_shares_are_the_budget() {
        for url in ["raid.sqlite", "postgres://raid@db/raid"] {
            for budget in [32, 256, 10_000, 1 << 20] {
                let it = shares(budget, url);
                let all = [
                    it.pages,
                    it.records,
                    it.callers,
                    it.signed_tokens,
                    it.api_tokens,
                    it.token_uses,
                    it.service_points,
                    it.identifiers,
                    it.names,
                ];
                let sum: u64 = all.iter().sum();
                assert!(sum <= budget * MB, "{it:?}");
                // What rounding leaves is less than a part in a hundred.
                assert!(sum > budget * MB / 100 * 99, "{it:?}");
                let unused = all.iter().filter(|share| **share == 0).count();
                assert_eq!(unused, usize::from(url.starts_with("postgres")));
            }
        }
    }
}
