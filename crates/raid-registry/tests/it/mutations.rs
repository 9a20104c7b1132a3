//! Random mutations of a good request: served or refused with 4xx, never a server's error.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use raid_model::generators::{self, TODAY};
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{maximal, path_of, serve};

store::on_both_databases!(
    mutated_requests_never_give_a_server_error,
    valid_requests_round_trip,
);

const CASES: usize = 300;

/// A value that somebody might put anywhere.
fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null])),
        Just(json!([2026, 2, 30])),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|f| json!(f)),
        any::<String>().prop_map(Value::from),
        Just(json!("")),
        Just(json!("\u{0}")),
        Just(json!("9999-12-31")),
        Just(json!("https://orcid.org/0000-0002-1825-0097")),
        Just(json!("x".repeat(5000))),
    ]
}

/// How many places a value has.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(places).sum(),
        Value::Object(members) => members.values().map(places).sum(),
        _ => 0,
    }
}

/// Puts `new` at the `n`th place, or removes what is there.
fn mutate(value: &mut Value, n: usize, new: Option<&Value>) {
    fn visit(value: &mut Value, left: &Cell<usize>, new: Option<&Value>) -> bool {
        if left.get() == 0 {
            if let Some(new) = new {
                *value = new.clone();
                left.set(usize::MAX);
            }
            return true;
        }
        left.set(left.get() - 1);
        match value {
            Value::Array(list) => {
                if let Some(at) = list.iter_mut().position(|v| visit(v, left, new))
                    && new.is_none()
                    && left.get() == 0
                {
                    list.remove(at);
                    left.set(usize::MAX);
                    return true;
                }
            }
            Value::Object(members) => {
                let at = members
                    .iter_mut()
                    .find_map(|(k, v)| visit(v, left, new).then(|| k.clone()));
                if let Some(at) = at
                    && new.is_none()
                    && left.get() == 0
                {
                    members.remove(&at);
                    left.set(usize::MAX);
                    return true;
                }
            }
            _ => {}
        }
        left.get() == usize::MAX
    }
    visit(value, &Cell::new(n), new);
}

async fn mutated_requests_never_give_a_server_error(db: &TestDb) {
    let server = serve(db).await;
    let minted = server.mint(&maximal()).await;
    let path = path_of(&minted);
    let user = server.user();
    let mut runner = TestRunner::new(Config::default());
    let strategy = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        proptest::option::weighted(0.8, anything()),
        any::<bool>(),
    );
    let mut refused = 0;
    for _ in 0..CASES {
        let (first, second, new, twice) = strategy.new_tree(&mut runner).unwrap().current();
        let current = server.get(&user, &path).await.expect(200);
        let mut body = current.clone();
        mutate(&mut body, first.index(places(&current)), new.as_ref());
        if twice {
            let n = places(&body);
            mutate(&mut body, second.index(n), new.as_ref());
        }
        for reply in [
            server.post(&user, "/raid/", &body).await,
            server.put(&user, &path, &body).await,
        ] {
            let status = reply.status.as_u16();
            assert!(
                matches!(status, 200 | 201 | 400 | 409),
                "{status}: {:?} to {body}",
                reply.body
            );
            if status == 400 {
                refused += 1;
                let problem = reply.json();
                let named = !reply.fields().is_empty() || problem["title"] == "Invalid JSON";
                assert!(named, "{problem}");
            }
        }
    }
    assert!(
        refused > CASES / 10,
        "only {refused} refusals: the mutations are too tame"
    );
}

async fn valid_requests_round_trip(db: &TestDb) {
    let server = serve(db).await;
    let today = TODAY.midnight();
    server.clock.advance(today - server.clock.now());
    let user = server.user();
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..CASES / 10 {
        let request = generators::raid_request()
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let sent = serde_json::to_value(&request).unwrap();
        let created = server.mint(&sent).await;
        let path = path_of(&created);
        assert_eq!(server.get(&user, &path).await.expect(200), created);
        assert_eq!(
            server.put(&user, &path, &created).await.expect(200),
            created
        );
        for (block, value) in sent.as_object().unwrap() {
            if !["contributor", "identifier", "metadata"].contains(&block.as_str()) {
                assert_eq!(&created[block], value, "{block}");
            }
        }
    }
}
