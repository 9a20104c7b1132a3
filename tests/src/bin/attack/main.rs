//! Attacks on an agency of its own, on this machine, bounded in number and time: once without limits, and
//! once with those that are shipped. `docs/security.md` says what they are about.
//!
//! `attack [unread|polls|authorize|failures|resolvers]`: without arguments all of them.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on says so and ends; it prints"
)]

mod authorize;
mod failures;
mod polls;
mod resolvers;
mod unread;
mod victim;

use raid_tests::{Agency, Backend, Stage, shipped};
use std::process::ExitCode;
use std::time::Duration;
use victim::Victim;

const ATTACKS: [&str; 5] = ["unread", "polls", "authorize", "failures", "resolvers"];
/// How long the victim is watched before an attack, and how long an attack goes on.
const TIME: Duration = Duration::from_secs(8);
/// As far as a setting can take it, the agency before it had limits.
const WITHOUT: &str = r#"
[limits]
per_second = 0
anonymous_per_second = 0
large_answers = 0
long_polls = 0
[server]
write_timeout = "1d"
[resolvers]
most_ids = 1000000
"#;

fn main() -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).collect();
    if let Some(stranger) = named.iter().find(|name| !ATTACKS.contains(&name.as_str())) {
        eprintln!("{stranger} is no attack: name some of {ATTACKS:?}");
        return ExitCode::from(2);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    for attack in ATTACKS {
        if !named.is_empty() && !named.iter().any(|name| name == attack) {
            continue;
        }
        println!("\n{attack}\n{}", "-".repeat(attack.len()));
        for (name, limits) in [
            ("without limits", WITHOUT),
            ("as shipped", &shipped::limits()),
        ] {
            println!("  {name}");
            runtime.block_on(run(attack, limits));
        }
    }
    ExitCode::SUCCESS
}

async fn run(attack: &str, limits: &str) {
    let stage = Stage::new(Backend::Sqlite);
    match attack {
        "unread" => unread::run(&stage, limits).await,
        "polls" => polls::run(&stage, limits).await,
        "authorize" => authorize::run(&stage, limits).await,
        "failures" => failures::run(&stage, limits).await,
        _ => resolvers::run(&stage, limits).await,
    }
}

/// Shipped settings, with other limits and whatever else an attack needs.
async fn agency<'a>(stage: &'a Stage, limits: &str, more: &str) -> Agency<'a> {
    let mut settings: toml::Table = shipped::settings("own").parse().expect("settings");
    for part in [limits, more] {
        let part: toml::Table = part.parse().expect("settings");
        for (section, values) in part {
            let known = settings
                .entry(section)
                .or_insert_with(|| toml::Table::new().into());
            let known = known.as_table_mut().expect("a section");
            known.extend(values.as_table().expect("a section").clone());
        }
    }
    stage.agency_with(&settings.to_string()).await
}

/// Attacks, and prints what becomes of the victim's mints and of the agency's memory.
async fn measure(agency: &Agency<'_>, victim: &Victim, attack: impl Future<Output = ()>) {
    let before = victim.watch(agency, TIME).await;
    let (during, ()) = tokio::join!(victim.watch(agency, TIME), attack);
    println!("    before: {before}");
    println!("    during: {during}");
}
