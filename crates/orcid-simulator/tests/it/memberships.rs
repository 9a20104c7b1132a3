//! Memberships: what is stored, replaced, read, compared.

use reqwest::Method;
use serde_json::json;

use crate::documents::{MEMBERSHIP, SMALL_MEMBERSHIP, membership_for, with, with_put_code};
use crate::harness::{CARBERRY, CLIENT, OKAFOR, OTHER_CLIENT, SCOPES, Sim, send};

fn path(rest: &str) -> String {
    format!("/v3.0/{CARBERRY}/{rest}")
}

#[tokio::test]
async fn put_replaces_everything() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let put_code = sim
        .post(&path("membership"), &token, MEMBERSHIP)
        .await
        .put_code();
    let own = path(&format!("membership/{put_code}"));
    let small = with(SMALL_MEMBERSHIP, "10.82841/small", "10.82841/c588ab06");
    let answer = sim
        .put(&own, &token, &with_put_code(&small, put_code))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    for gone in [
        "role-title",
        "department-name",
        "start-date",
        "disambiguation-source",
    ] {
        assert!(
            !answer.body.contains(gone),
            "{gone} should be cleared: {}",
            answer.body
        );
    }
    let record = sim.record(CARBERRY).await;
    assert_eq!(record["memberships"][0]["role_title"], json!(null));
    assert_eq!(record["memberships"][0]["put_code"], put_code);
    let read = sim.get(&own, &token).await;
    assert_eq!(read.body, answer.body);
}

#[tokio::test]
async fn visibility_is_the_researchers() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let limited = json!({ "visibility": "limited" });
    let setting = format!("records/{CARBERRY}/default-visibility");
    sim.operator(Method::POST, &setting, limited).await;
    let sent = MEMBERSHIP.replacen(" xmlns", " visibility=\"public\" xmlns", 1);
    let put_code = sim
        .post(&path("membership"), &token, &sent)
        .await
        .put_code();
    let own = path(&format!("membership/{put_code}"));
    assert_eq!(
        sim.record(CARBERRY).await["memberships"][0]["visibility"],
        "limited"
    );
    let refused = sim.put(&own, &token, &with_put_code(&sent, put_code)).await;
    assert_eq!(refused.error(), (403, 9035));
    let same = with(&sent, "\"public\"", "\"limited\"");
    assert_eq!(
        sim.put(&own, &token, &with_put_code(&same, put_code))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn only_the_source_changes_an_item() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let other = sim.grant_to(CARBERRY, OTHER_CLIENT, SCOPES).await;
    let put_code = sim
        .post(&path("membership"), &token, MEMBERSHIP)
        .await
        .put_code();
    let own = path(&format!("membership/{put_code}"));
    let changed = with_put_code(MEMBERSHIP, put_code);
    assert_eq!(sim.put(&own, &other, &changed).await.error(), (403, 9010));
    assert_eq!(sim.delete(&own, &other).await.error(), (403, 9010));
    // Another source may add the same RAiD; the list shows both in one group.
    sim.post(&path("membership"), &other, MEMBERSHIP)
        .await
        .put_code();
    let list = sim.get(&path("memberships"), &token).await;
    assert_eq!(
        list.body.matches("<activities:affiliation-group>").count(),
        1
    );
    assert_eq!(
        list.body.matches("<membership:membership-summary ").count(),
        2
    );
    assert_eq!(sim.counters().await["duplicates_standing"], 1);
}

#[tokio::test]
async fn private_items_are_read_by_their_source_only() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let other = sim.grant_to(CARBERRY, OTHER_CLIENT, SCOPES).await;
    let narrow = sim
        .grant_to(CARBERRY, OTHER_CLIENT, "/activities/update")
        .await;
    let public = sim.client_token("/read-public").await;
    let put_code = sim
        .post(&path("membership"), &token, MEMBERSHIP)
        .await
        .put_code();
    let own = path(&format!("membership/{put_code}"));
    let set = format!("records/{CARBERRY}/memberships/{put_code}/visibility");

    sim.operator(Method::POST, &set, json!({ "visibility": "private" }))
        .await;
    assert_eq!(sim.get(&own, &token).await.status, 200);
    assert_eq!(
        sim.get(&own, &public).await.status,
        200,
        "2-legged token of the source"
    );
    assert_eq!(sim.get(&own, &other).await.error(), (403, 9013));
    let list = sim.get(&path("memberships"), &other).await;
    assert!(!list.body.contains("membership-summary"), "{}", list.body);

    sim.operator(Method::POST, &set, json!({ "visibility": "limited" }))
        .await;
    assert_eq!(sim.get(&own, &other).await.status, 200);
    let refused = sim.get(&own, &narrow).await;
    assert_eq!(refused.error(), (403, 9038));
    assert!(
        refused
            .element("developer-message")
            .unwrap()
            .starts_with("409 Conflict:")
    );
}

#[tokio::test]
async fn a_token_is_for_one_record_and_its_scopes() {
    let sim = Sim::start();
    let other_persons = sim.grant(OKAFOR).await;
    let reader = sim.grant_to(CARBERRY, CLIENT, "/read-limited").await;
    let clients_own = sim.client_token("/read-public").await;
    let post = path("membership");
    assert_eq!(
        sim.post(&post, &other_persons, MEMBERSHIP).await.error(),
        (401, 9017)
    );
    assert_eq!(
        sim.post(&post, &reader, MEMBERSHIP).await.error(),
        (403, 9038)
    );
    assert_eq!(
        sim.post(&post, &clients_own, MEMBERSHIP).await.error(),
        (403, 9038)
    );
    assert_eq!(
        sim.get(&path("memberships"), &other_persons).await.error(),
        (401, 9017)
    );
    assert_eq!(sim.record(CARBERRY).await["memberships"], json!([]));
}

#[tokio::test]
async fn duplicates_are_compared_as_orcid_does() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let post = path("membership");
    let put_code = sim.post(&post, &token, MEMBERSHIP).await.put_code();

    // The value in another case is the same RAiD; without the url it still is.
    let upper = with(
        MEMBERSHIP,
        "value>10.82841/c588ab06",
        "value>10.82841/C588AB06",
    );
    assert_eq!(sim.post(&post, &token, &upper).await.error(), (409, 9021));
    // Another relationship is not compared.
    let part = with(MEMBERSHIP, ">self<", ">part-of<");
    sim.post(&post, &token, &part).await.put_code();
    // A type in another case slips past: it is stored in lower case and stands twice.
    let before = sim.counters().await["duplicates_standing"]
        .as_u64()
        .unwrap();
    let spelled = with(MEMBERSHIP, "type>raid<", "type>RAiD<");
    sim.post(&post, &token, &spelled).await.put_code();
    assert_eq!(sim.counters().await["duplicates_standing"], before + 1);
    let kinds = sim.record(CARBERRY).await;
    for membership in kinds["memberships"].as_array().unwrap() {
        assert_eq!(membership["external_ids"][0]["type"], "raid");
    }
    // A PUT that takes another item's identifier is refused as well; its own is no conflict.
    let second = sim
        .post(&post, &token, &membership_for("10.82841/other"))
        .await
        .put_code();
    let own = path(&format!("membership/{second}"));
    let clash = sim
        .put(&own, &token, &with_put_code(MEMBERSHIP, second))
        .await;
    assert_eq!(clash.error(), (409, 9021));
    assert!(
        clash.body.contains(&format!("put-code {put_code}.")),
        "{}",
        clash.body
    );
    let same = with_put_code(&membership_for("10.82841/other"), second);
    assert_eq!(sim.put(&own, &token, &same).await.status, 200);
}

#[tokio::test]
async fn what_is_gone_is_9016() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let put_code = sim
        .post(&path("membership"), &token, MEMBERSHIP)
        .await
        .put_code();
    let own = path(&format!("membership/{put_code}"));
    let erase = format!("records/{CARBERRY}/memberships/{put_code}");
    sim.operator(Method::DELETE, &erase, json!(null)).await;
    assert_eq!(sim.get(&own, &token).await.error(), (404, 9016));
    let changed = with_put_code(MEMBERSHIP, put_code);
    assert_eq!(sim.put(&own, &token, &changed).await.error(), (404, 9016));
    assert_eq!(sim.delete(&own, &token).await.error(), (404, 9016));
    let nobody = "/v3.0/0000-0002-9999-9999/memberships";
    assert_eq!(
        sim.get(nobody, &sim.client_token("/read-public").await)
            .await
            .error(),
        (404, 9016)
    );
}

#[tokio::test]
async fn reading_in_xml_and_json() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let put_code = sim
        .post(&path("membership"), &token, MEMBERSHIP)
        .await
        .put_code();
    let own = path(&format!("membership/{put_code}"));
    let xml = sim.get(&own, &token).await;
    assert!(xml.body.contains(&format!("put-code=\"{put_code}\"")));
    assert!(
        xml.body
            .contains(&format!("path=\"/{CARBERRY}/membership/{put_code}\""))
    );
    assert_eq!(xml.element("path").as_deref(), Some(CLIENT));
    assert_eq!(
        xml.element("source-name").as_deref(),
        Some("Example RAiD Agency")
    );
    let normalized = r#"<common:external-id-normalized transient="true">10.82841/c588ab06<"#;
    assert!(xml.body.contains(normalized), "{}", xml.body);

    let json = |path: String| {
        let request = sim.http.get(sim.api(&path)).bearer_auth(&token);
        send(request.header("accept", "application/json"))
    };
    let one = json(own.clone()).await.json();
    assert_eq!(one["put-code"], put_code);
    assert_eq!(one["start-date"]["month"]["value"], "03");
    assert_eq!(one["source"]["source-name"]["value"], "Example RAiD Agency");
    let list = json(path("memberships")).await.json();
    let summary = &list["affiliation-group"][0]["summaries"][0]["membership-summary"];
    assert_eq!(summary["put-code"], put_code);
    assert_eq!(list["path"], format!("/{CARBERRY}/memberships"));
    let summary = sim
        .get(&path(&format!("membership/summary/{put_code}")), &token)
        .await;
    assert!(
        summary.body.contains("<membership:membership-summary "),
        "{}",
        summary.body
    );
    for section in ["record", "person", "activities", ""] {
        assert_eq!(
            sim.get(&path(section), &token).await.status,
            200,
            "{section}"
        );
    }
    let public = sim.client_token("/read-public").await;
    assert_eq!(sim.get(&path("record"), &public).await.status, 200);
    let premium = sim.client_token("/premium-notification").await;
    assert_eq!(
        sim.get(&path("record"), &premium).await.error(),
        (403, 9038)
    );
}

#[tokio::test]
async fn the_list_is_grouped_and_newest_first() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let empty = sim.get(&path("memberships"), &token).await;
    assert_eq!(empty.status, 200);
    assert!(!empty.body.contains("affiliation-group"));
    let mut codes = Vec::new();
    for handle in ["10.82841/first", "10.82841/second"] {
        let created = sim
            .post(&path("membership"), &token, &membership_for(handle))
            .await;
        codes.push(created.put_code());
    }
    let list = sim.get(&path("memberships"), &token).await;
    let at = |code: i64| list.body.find(&format!("put-code=\"{code}\"")).unwrap();
    assert!(at(codes[1]) < at(codes[0]), "the newest group comes first");
}

#[tokio::test]
async fn the_researcher_is_told_of_each_change() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let put_code = sim
        .post(&path("membership"), &token, MEMBERSHIP)
        .await
        .put_code();
    let own = path(&format!("membership/{put_code}"));
    sim.put(&own, &token, &with_put_code(MEMBERSHIP, put_code))
        .await;
    sim.delete(&own, &token).await;
    let record = sim.record(CARBERRY).await;
    let actions: Vec<&str> = record["notifications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["added", "updated", "deleted"]);
    assert_eq!(
        sim.counters().await["notifications"],
        json!({}),
        "these are not ours"
    );
}
