use std::time::{Duration, Instant};

use super::{Effect, FaultRequest, Faults, Instead, When};
use crate::counters::CallKind::{MembershipCreate, MembershipList, Status, TokenClient};

fn fault(effect: Effect, when: When) -> FaultRequest {
    FaultRequest {
        effect,
        calls: None,
        when,
        for_ms: None,
    }
}

#[test]
fn the_limiter_lets_the_burst_and_then_the_rate_through() {
    let mut faults = Faults::default();
    let start = Instant::now();
    let limit = Effect::RateLimit {
        per_second: 24.0,
        burst: 40.0,
        delay: false,
    };
    faults.set(fault(limit, When::Every), start);
    let passed = |faults: &mut Faults, at: Instant, calls: u32| {
        (0..calls)
            .filter(|_| faults.judge(MembershipCreate, at).instead.is_none())
            .count()
    };
    assert_eq!(passed(&mut faults, start, 100), 40);
    assert_eq!(passed(&mut faults, start + Duration::from_secs(1), 100), 24);
    assert_eq!(passed(&mut faults, start + Duration::from_mins(1), 100), 40);
    // The token endpoint and the status page are not behind the limiter.
    assert!(
        faults
            .judge(TokenClient, start + Duration::from_mins(1))
            .instead
            .is_none()
    );
    assert!(
        faults
            .judge(Status, start + Duration::from_mins(1))
            .instead
            .is_none()
    );
}

#[test]
fn a_delaying_limiter_makes_calls_wait_for_their_turn() {
    let mut faults = Faults::default();
    let start = Instant::now();
    let limit = Effect::RateLimit {
        per_second: 10.0,
        burst: 2.0,
        delay: true,
    };
    faults.set(fault(limit, When::Every), start);
    assert_eq!(faults.judge(MembershipCreate, start).wait, Duration::ZERO);
    assert_eq!(
        faults.judge(MembershipCreate, start).wait,
        Duration::from_millis(100)
    );
    assert_eq!(
        faults.judge(MembershipCreate, start).instead,
        Some(Instead::Refused)
    );
}

#[test]
fn a_fault_for_the_next_calls_heals() {
    let mut faults = Faults::default();
    let now = Instant::now();
    faults.set(fault(Effect::Spurious401, When::Next(2)), now);
    let hits: Vec<bool> = (0..4)
        .map(|_| faults.judge(MembershipList, now).instead.is_some())
        .collect();
    assert_eq!(hits, [true, true, false, false]);
    assert!(faults.active().is_empty());
}

#[test]
fn a_fault_for_a_time_heals() {
    let mut faults = Faults::default();
    let now = Instant::now();
    let request = FaultRequest {
        for_ms: Some(50),
        ..fault(Effect::Html502, When::Every)
    };
    faults.set(request, now);
    assert!(faults.judge(MembershipList, now).instead.is_some());
    assert!(
        faults
            .judge(MembershipList, now + Duration::from_millis(51))
            .instead
            .is_none()
    );
}

#[test]
fn chance_is_reproducible() {
    let run = || {
        let mut faults = Faults::default();
        let now = Instant::now();
        let when = When::Chance {
            probability: 0.5,
            seed: 7,
        };
        faults.set(fault(Effect::DropAfterCommit, when), now);
        (0..64)
            .map(|_| faults.judge(MembershipCreate, now).drop_after)
            .collect::<Vec<_>>()
    };
    let first = run();
    assert_eq!(first, run());
    assert!(first.contains(&true) && first.contains(&false));
}

#[test]
fn dropping_meets_writes_only_unless_told() {
    let mut faults = Faults::default();
    let now = Instant::now();
    faults.set(fault(Effect::DropAfterCommit, When::Every), now);
    assert!(faults.judge(MembershipCreate, now).drop_after);
    assert!(!faults.judge(MembershipList, now).drop_after);
    let named = FaultRequest {
        calls: Some(vec![MembershipList]),
        ..fault(Effect::DropAfterCommit, When::Every)
    };
    faults.set(named, now);
    assert!(!faults.judge(MembershipCreate, now).drop_after);
    assert!(faults.judge(MembershipList, now).drop_after);
}

#[test]
fn the_operators_json_is_understood() {
    let read = |text: &str| serde_json::from_str::<FaultRequest>(text);
    assert_eq!(
        read(r#"{"kind":"latency","ms":150}"#).unwrap().effect,
        Effect::Latency { ms: 150 }
    );
    let limit = read(r#"{"kind":"rate_limit","per_second":24,"burst":40}"#)
        .unwrap()
        .effect;
    assert_eq!(
        limit,
        Effect::RateLimit {
            per_second: 24.0,
            burst: 40.0,
            delay: false
        }
    );
    let drop = read(
        r#"{"kind":"drop_after_commit","when":{"chance":{"probability":0.3,"seed":7}},
            "calls":["membership_create"]}"#,
    )
    .unwrap();
    assert_eq!(
        drop.when,
        When::Chance {
            probability: 0.3,
            seed: 7
        }
    );
    assert_eq!(drop.calls, Some(vec![MembershipCreate]));
    let next = read(r#"{"kind":"spurious_401","when":{"next":3}}"#).unwrap();
    assert_eq!(next.when, When::Next(3));
    assert!(read(r#"{"kind":"drop_everything"}"#).is_err());
}
