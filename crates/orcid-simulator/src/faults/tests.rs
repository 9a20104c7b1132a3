use std::time::{Duration, Instant};

use super::{Effect, FaultRequest, Faults, Instead, LimitStatus, Met, Verdict, When};
use crate::counters::CallKind::{
    self, MembershipCreate, MembershipList, NotificationRead, Status, TokenClient, TokenCode,
};

const CARBERRY: &str = "0000-0002-1825-0097";

/// Judges a call about Carberry's record with their token.
fn judge(faults: &mut Faults, kind: CallKind, now: Instant) -> Verdict {
    judge_by(faults, kind, true, now)
}

fn judge_by(faults: &mut Faults, kind: CallKind, by_researcher: bool, now: Instant) -> Verdict {
    let call = Met {
        kind,
        orcid: Some(CARBERRY),
        by_researcher: &|| by_researcher,
    };
    faults.judge(&call, now)
}

fn fault(effect: Effect, when: When) -> FaultRequest {
    FaultRequest {
        effect,
        calls: None,
        orcids: None,
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
        status: LimitStatus::Unavailable,
    };
    faults.set(fault(limit, When::Every), start);
    let passed = |faults: &mut Faults, at: Instant, calls: u32| {
        (0..calls)
            .filter(|_| judge(faults, MembershipCreate, at).instead.is_none())
            .count()
    };
    assert_eq!(passed(&mut faults, start, 100), 40);
    assert_eq!(passed(&mut faults, start + Duration::from_secs(1), 100), 24);
    assert_eq!(passed(&mut faults, start + Duration::from_mins(1), 100), 40);
    // The token endpoint and the status page are not behind the limiter.
    assert!(
        judge(&mut faults, TokenClient, start + Duration::from_mins(1))
            .instead
            .is_none()
    );
    assert!(
        judge(&mut faults, Status, start + Duration::from_mins(1))
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
        status: LimitStatus::TooManyRequests,
    };
    faults.set(fault(limit, When::Every), start);
    assert_eq!(
        judge(&mut faults, MembershipCreate, start).wait,
        Duration::ZERO
    );
    assert_eq!(
        judge(&mut faults, MembershipCreate, start).wait,
        Duration::from_millis(100)
    );
    assert_eq!(
        judge(&mut faults, MembershipCreate, start).instead,
        Some(Instead::Refused(LimitStatus::TooManyRequests))
    );
}

#[test]
fn a_fault_for_the_next_calls_heals() {
    let mut faults = Faults::default();
    let now = Instant::now();
    faults.set(fault(Effect::Spurious401, When::Next(2)), now);
    let hits: Vec<bool> = (0..4)
        .map(|_| judge(&mut faults, MembershipList, now).instead.is_some())
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
    assert!(judge(&mut faults, MembershipList, now).instead.is_some());
    assert!(
        judge(&mut faults, MembershipList, now + Duration::from_millis(51))
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
            .map(|_| judge(&mut faults, MembershipCreate, now).drop_after)
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
    assert!(judge(&mut faults, MembershipCreate, now).drop_after);
    assert!(!judge(&mut faults, MembershipList, now).drop_after);
    let named = FaultRequest {
        calls: Some(vec![MembershipList]),
        ..fault(Effect::DropAfterCommit, When::Every)
    };
    faults.clear();
    faults.set(named, now);
    assert!(!judge(&mut faults, MembershipCreate, now).drop_after);
    assert!(judge(&mut faults, MembershipList, now).drop_after);
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
            delay: false,
            status: LimitStatus::Unavailable
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
    let limit = r#"{"kind":"rate_limit","per_second":2,"burst":4,"status":429}"#;
    assert!(matches!(
        read(limit).unwrap().effect,
        Effect::RateLimit {
            status: LimitStatus::TooManyRequests,
            ..
        }
    ));
    assert!(read(&limit.replace("429", "500")).is_err());
    assert!(read(r#"{"kind":"drop_everything"}"#).is_err());
}

#[test]
fn faults_of_one_kind_stand_side_by_side_for_different_calls() {
    let mut faults = Faults::default();
    let now = Instant::now();
    let latency = |ms, calls: &[CallKind]| FaultRequest {
        calls: Some(calls.to_vec()),
        ..fault(Effect::Latency { ms }, When::Every)
    };
    faults.set(latency(100, &[MembershipCreate, MembershipList]), now);
    faults.set(latency(2000, &[NotificationRead]), now);
    let wait = |faults: &mut Faults, kind| judge(faults, kind, now).wait.as_millis();
    assert_eq!(wait(&mut faults, MembershipCreate), 100);
    assert_eq!(wait(&mut faults, NotificationRead), 2000);
    assert_eq!(wait(&mut faults, TokenCode), 0);
    // The same calls, in another order: in its place.
    faults.set(latency(50, &[MembershipList, MembershipCreate]), now);
    assert_eq!(faults.active().len(), 2);
    assert_eq!(wait(&mut faults, MembershipCreate), 50);
    // One for every call adds to it.
    faults.set(fault(Effect::Latency { ms: 10 }, When::Every), now);
    assert_eq!(wait(&mut faults, MembershipCreate), 60);
    assert_eq!(wait(&mut faults, TokenCode), 10);
}

#[test]
fn a_fault_may_be_about_some_records() {
    let mut faults = Faults::default();
    let now = Instant::now();
    let about = |orcid: &str| FaultRequest {
        orcids: Some(vec![orcid.parse().unwrap()]),
        ..fault(Effect::ServerError, When::Every)
    };
    faults.set(about("0000-0001-5109-3700"), now);
    assert_eq!(judge(&mut faults, MembershipList, now).instead, None);
    faults.set(about(CARBERRY), now);
    let struck = judge(&mut faults, MembershipList, now).instead;
    assert_eq!(struck, Some(Instead::ServerError));
}

#[test]
fn only_researchers_tokens_are_refused() {
    for (effect, instead) in [
        (Effect::UserToken401, Instead::Unauthorized),
        (Effect::MissingScope, Instead::MissingScope),
    ] {
        let mut faults = Faults::default();
        let now = Instant::now();
        faults.set(fault(effect, When::Next(1)), now);
        let own = judge_by(&mut faults, MembershipCreate, false, now);
        assert_eq!(own.instead, None);
        assert_eq!(judge(&mut faults, TokenCode, now).instead, None);
        let theirs = judge(&mut faults, MembershipCreate, now);
        assert_eq!(theirs.instead, Some(instead));
    }
}

#[test]
fn each_limit_has_its_own_rate() {
    let mut faults = Faults::default();
    let now = Instant::now();
    let limit = |burst, calls: &[CallKind]| FaultRequest {
        calls: Some(calls.to_vec()),
        ..fault(
            Effect::RateLimit {
                per_second: 1.0,
                burst,
                delay: false,
                status: LimitStatus::Unavailable,
            },
            When::Every,
        )
    };
    faults.set(limit(2.0, &[TokenCode]), now);
    faults.set(limit(3.0, &[MembershipCreate]), now);
    let passed = |faults: &mut Faults, kind| {
        (0..10)
            .filter(|_| judge(faults, kind, now).instead.is_none())
            .count()
    };
    assert_eq!(passed(&mut faults, TokenCode), 2);
    assert_eq!(passed(&mut faults, MembershipCreate), 3);
    assert_eq!(passed(&mut faults, MembershipList), 10);
}
