//! What is closed is closed on every node when it is acknowledged, however often it was read there.

use crate::steps::{operator, withdraw};
use raid_tests::examples::{self, handle_of};
use raid_tests::{Agency, Client, Stage, eventually};
use reqwest::Method;
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    an_embargo_holds_on_every_node,
    a_withdrawal_holds_on_every_node,
    a_second_withdrawal_holds_on_every_node,
    a_transfer_holds_on_every_node,
    a_service_point_is_switched_off_on_every_node,
    a_cursor_is_good_on_every_node,
);

/// How often each is tried: one that is served too long is not seen each time.
const TRIES: usize = 3;

async fn status(client: &Client, path: &str) -> u16 {
    let reply = client.send(Method::GET, path, None).await.unwrap();
    reply.status.as_u16()
}

/// Reads something on another node all the time, while `close` happens. Gives how it is answered
/// there from then on.
async fn while_it_is_read(client: &Client, path: &str, close: impl Future<Output = ()>) -> u16 {
    let reading = client.clone();
    let read = path.to_owned();
    assert_eq!(status(client, path).await, 200);
    let reader = tokio::spawn(async move {
        loop {
            status(&reading, &read).await;
            tokio::task::yield_now().await;
        }
    });
    close.await;
    let then = status(client, path).await;
    reader.abort();
    then
}

async fn two(stage: &Stage) -> (Agency<'_>, Agency<'_>) {
    let first = stage.agency().await;
    let second = first.second("registry").await;
    (first, second)
}

fn anonymous(agency: &Agency<'_>) -> Client {
    Client::new(agency.url(), None)
}

async fn an_embargo_holds_on_every_node(stage: &Stage) {
    let (first, second) = two(stage).await;
    for _ in 0..TRIES {
        let handle = handle_of(&first.client().mint(&examples::minimal()).await);
        let path = format!("/raid/{handle}");
        let hide = |raid: &mut Value| raid["access"] = examples::embargo("Until the patent");
        let close = async {
            first.client().edit(&handle, hide).await;
        };
        let then = while_it_is_read(&anonymous(&second), &path, close).await;
        assert_eq!(then, 401);
    }
}

async fn a_withdrawal_holds_on_every_node(stage: &Stage) {
    let (first, second) = two(stage).await;
    for _ in 0..TRIES {
        let handle = handle_of(&first.client().mint(&examples::minimal()).await);
        let path = format!("/raid/{handle}");
        let close = withdraw(stage, &first, &handle);
        let then = while_it_is_read(&anonymous(&second), &path, close).await;
        assert_eq!(then, 410);
    }
}

/// Also for whoever hears that somebody else has withdrawn it.
async fn a_second_withdrawal_holds_on_every_node(stage: &Stage) {
    let (first, second) = two(stage).await;
    let operator = operator(stage, &first);
    for _ in 0..TRIES {
        let handle = handle_of(&first.client().mint(&examples::minimal()).await);
        let (path, withdrawal) = (
            format!("/raid/{handle}"),
            format!("/v1/raids/{handle}/withdrawal"),
        );
        let reason = json!({"reason": "Registered twice"});
        let close = async {
            let (one, to, why) = (operator.clone(), withdrawal.clone(), reason.clone());
            tokio::spawn(async move { one.post(&to, &why).await });
            let gone = "the RAiD to be withdrawn by somebody else";
            eventually(gone, async || {
                let reply = operator.post(&withdrawal, &reason).await;
                (reply.status == 410).then_some(())
            })
            .await;
        };
        let then = while_it_is_read(&anonymous(&second), &path, close).await;
        assert_eq!(then, 410);
    }
}

async fn a_transfer_holds_on_every_node(stage: &Stage) {
    let (first, second) = two(stage).await;
    let operator = operator(stage, &first);
    let other = json!({
        "name": "Another", "identifierOwner": "https://ror.org/038sjwq14",
        "groupId": "7b0c4a3e-6c1d-4b8a-9d42-1f0e5a2c9b77",
        "adminEmail": "a@b.example", "techEmail": "t@b.example",
    });
    let other = operator.post("/service-point/", &other).await.expect(201);
    let user = Client::new(second.url(), first.client().token().map(str::to_owned));
    for _ in 0..TRIES {
        let mut request = examples::minimal();
        request["access"] = examples::embargo("Until the patent");
        let handle = handle_of(&first.client().mint(&request).await);
        let path = format!("/raid/{handle}");
        let close = async {
            let to = json!({"servicePoint": other["id"]});
            let path = format!("/v1/raids/{handle}/transfer");
            operator.post(&path, &to).await.expect(200);
        };
        let then = while_it_is_read(&user, &path, close).await;
        assert_eq!(then, 403, "its former owner still reads it");
    }
}

async fn a_service_point_is_switched_off_on_every_node(stage: &Stage) {
    let (first, second) = two(stage).await;
    let operator = operator(stage, &first);
    let path = "/service-point/10000000";
    let user = Client::new(second.url(), first.client().token().map(str::to_owned));
    for _ in 0..TRIES {
        let mut point = operator.get(path).await.expect(200);
        // The other node knows it from this mint.
        user.mint(&examples::minimal()).await;
        point["enabled"] = json!(false);
        operator.put(path, &point).await.expect(200);
        user.post("/raid/", &examples::minimal()).await.expect(403);
        point["enabled"] = json!(true);
        operator.put(path, &point).await.expect(200);
        // What opens may take a moment there.
        eventually("it to mint again", async || {
            let reply = user.post("/raid/", &examples::minimal()).await;
            (reply.status == 201).then_some(())
        })
        .await;
    }
}

async fn a_cursor_is_good_on_every_node(stage: &Stage) {
    let (mut first, second) = two(stage).await;
    for _ in 0..3 {
        first.client().mint(&examples::minimal()).await;
    }
    for (list, parameter) in [("/v1/changes", "after"), ("/v1/raids", "cursor")] {
        let page = anonymous(&first).get(&format!("{list}?limit=1")).await;
        let next = page.expect(200)["next"].as_str().unwrap().to_owned();
        let rest = format!("{list}?{parameter}={next}");
        let there = anonymous(&second).get(&rest).await.expect(200);
        first.restart().await;
        let after_a_restart = anonymous(&first).get(&rest).await.expect(200);
        for answer in [there, after_a_restart] {
            let all = answer.get("items").or(answer.get("changes")).unwrap();
            assert_eq!(all.as_array().unwrap().len(), 2, "{answer:#}");
        }
        let cut = format!("{list}?{parameter}={}", &next[..next.len() - 4]);
        let refused = anonymous(&second).get(&cut).await.expect(400);
        assert_eq!(refused["failures"][0]["fieldId"], parameter);
    }
}
