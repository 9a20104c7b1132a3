//! How the contributors of a RAiD stand, asking them again, and accepting that ORCID merged a
//! record.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use raid_model::permission::{
    PermissionChange, PermissionEvent, PermissionState as State, RecordEvent,
};
use raid_model::{Handle, OrcidId};
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::memberships::{self, Standing};
use store::permission_requests::{self as requests, Said};
use store::tasks::{self, Kind, Room, Settle};
use store::testing::{TestDb, put_in_state};
use store::{Conn, Id, disclaimers, permissions};

use crate::addresses::{ACCEPT_MERGE, ASK, here};
use crate::harness::{AWAY_GROUP, HOME_GROUP, Reply, Server, minimal, path_of, request, serve};

store::on_both_databases!(
    who_looks_after_a_raid_sees_how_its_contributors_stand,
    what_an_operator_has_to_look_at_is_told,
    who_left_is_shown_while_an_entry_stands,
    nobody_else_sees_how_contributors_stand,
    who_did_not_answer_is_asked_again,
    nobody_is_asked_who_said_no_or_yes,
    nobody_is_asked_beyond_the_budget,
    a_merged_record_is_accepted_by_the_owner,
    a_merged_record_joins_the_contributor_who_is_there,
    what_was_not_merged_is_not_accepted,
    raids_are_found_by_how_their_contributors_stand,
);

const ORCID: &str = "0000-0002-1825-0097";
const OTHER: &str = "0000-0001-5109-3700";

fn orcid() -> OrcidId {
    ORCID.parse().unwrap()
}

fn handle_of(path: &str) -> Handle {
    path.trim_start_matches("/raid/").parse().unwrap()
}

fn contributors_of(path: &str) -> String {
    format!("{}/contributors", path.replace("/raid/", "/v1/raids/"))
}

pub async fn is_in(server: &Server, state: State) {
    let now = server.clock.now();
    let change = move |c: &mut Conn| put_in_state(c, &orcid(), state, now);
    server.store.write(change).await.unwrap();
}

/// A question was sent to the person and is closed or open.
async fn was_asked(server: &Server, is_closed: bool) {
    let (id, now) = (Id::new(server.clock.now()), server.clock.now());
    let said = Said {
        says: "{}".to_owned(),
        names: "[]".to_owned(),
    };
    let ask = move |c: &mut Conn| {
        requests::intend(c, id, &orcid(), &said, now)?;
        requests::opened(c, id, 7)?;
        if is_closed {
            requests::close(c, id, now)?;
        }
        Ok(())
    };
    server.store.write(ask).await.unwrap();
}

/// ORCID merged the person's record into the other one.
pub async fn is_merged(server: &Server) {
    let now = server.clock.now();
    let merge = move |c: &mut Conn| {
        let known = permissions::locked(c, &orcid(), now)?;
        let change = PermissionChange {
            primary: Some(OTHER.parse().unwrap()),
            ..PermissionEvent::Record(RecordEvent::Deprecated).into()
        };
        permissions::apply(c, &known, &change, now).map(drop)
    };
    server.store.write(merge).await.unwrap();
}

async fn only(server: &Server, path: &str) -> Value {
    let list = server.get(&server.user(), &contributors_of(path)).await;
    let list = list.expect(200);
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    list[0].clone()
}

fn actions(contributor: &Value) -> Vec<&str> {
    let actions = contributor["actions"].as_array().unwrap();
    actions
        .iter()
        .map(|action| action["action"].as_str().unwrap())
        .collect()
}

async fn send(server: &Server, token: &str, address: &str, path: &str) -> Reply {
    server
        .send(request(Method::POST, &here(address, path), token))
        .await
}

async fn who_looks_after_a_raid_sees_how_its_contributors_stand(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let handle = handle_of(&path);
    let fresh = only(&server, &path).await;
    assert_eq!(fresh["orcid"], ORCID);
    assert_eq!(fresh["permission"]["state"], "unasked");
    assert_eq!(fresh["entry"]["state"], "none");
    assert_eq!(fresh["entry"]["task"]["state"], "due");
    assert_eq!(fresh["contributes"], true);
    assert_eq!(actions(&fresh), ["wait"]);

    was_asked(&server, false).await;
    is_in(&server, State::Asked).await;
    let asked = only(&server, &path).await;
    assert_eq!(asked["notification"]["state"], "open");
    assert_eq!(asked["notification"]["read"], false);
    assert!(asked["notification"]["sentAt"].is_string());

    is_in(&server, State::Granted).await;
    let now = server.clock.now();
    let written = Standing::Written {
        put_code: 12,
        hash: Some("h".to_owned()),
    };
    let write = {
        let handle = handle.clone();
        move |c: &mut Conn| memberships::record(c, &orcid(), &handle, &written, now)
    };
    server.store.write(write).await.unwrap();
    let granted = only(&server, &path).await;
    assert_eq!(granted["permission"]["state"], "granted");
    assert_eq!(granted["entry"]["state"], "written");
    assert_eq!(granted["entry"]["putCode"], 12);
    assert!(granted["entry"]["writtenAt"].is_string());
    assert_eq!(actions(&granted), [""; 0]);

    is_in(&server, State::Revoked).await;
    let left = Standing::LeftBehind {
        put_code: 12,
        refusal: "the token is not valid".to_owned(),
    };
    let disclaim = move |c: &mut Conn| {
        memberships::record(c, &orcid(), &handle, &left, now)?;
        disclaimers::disclaim(c, &orcid(), &handle, true, now)
    };
    server.store.write(disclaim).await.unwrap();
    let revoked = only(&server, &path).await;
    assert_eq!(revoked["entry"]["state"], "left_behind");
    assert_eq!(revoked["entry"]["refusal"], "the token is not valid");
    assert!(revoked["permission"]["disclaimedAt"].is_string());
    assert_eq!(revoked["permission"]["disclaimerConfirmed"], true);
    assert_eq!(actions(&revoked), ["wait", "remove"]);
}

async fn what_an_operator_has_to_look_at_is_told(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    server.clock.advance(time::Duration::hours(1));
    let now = server.clock.now();
    let fail = move |c: &mut Conn| {
        let room = Room::any(10);
        let until = now + time::Duration::minutes(5);
        let held = tasks::claim(c, "test", &[Kind::Membership], room, now, until)?;
        let dead = Settle::Dead("ORCID answered 400: no such scope".to_owned());
        tasks::settle(c, "test", &held[0], &dead, now)
    };
    server.store.write(fail).await.unwrap();
    let shown = only(&server, &path).await;
    let task = &shown["entry"]["task"];
    assert_eq!(task["state"], "dead");
    assert_eq!(task["lastReason"], "ORCID answered 400: no such scope");
    assert_eq!(task["dueAt"], Value::Null);
    assert_eq!(actions(&shown)[0], "call-operator");
}

async fn who_left_is_shown_while_an_entry_stands(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let handle = handle_of(&path);
    let now = server.clock.now();
    let person: OrcidId = OTHER.parse().unwrap();
    let record = |standing: Standing| {
        let handle = handle.clone();
        server
            .store
            .write(move |c| memberships::record(c, &person, &handle, &standing, now))
    };
    let hash = Some("h".to_owned());
    record(Standing::Written { put_code: 3, hash })
        .await
        .unwrap();
    let list = server
        .get(&server.user(), &contributors_of(&path))
        .await
        .expect(200);
    assert_eq!(list[0]["orcid"], OTHER);
    assert_eq!(list[0]["contributes"], false);
    assert_eq!(list[1]["orcid"], ORCID);
    let ask = here(ASK, &path).replace(ORCID, OTHER);
    let refused = server
        .send(request(Method::POST, &ask, &server.user()))
        .await;
    refused.expect(409);
    record(Standing::Deleted).await.unwrap();
    only(&server, &path).await;
}

async fn nobody_else_sees_how_contributors_stand(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let address = contributors_of(&path);
    for (role, group) in [
        (Role::ServicePointUser, AWAY_GROUP),
        (Role::RaidAdmin, HOME_GROUP),
        (Role::ContributorWriter, HOME_GROUP),
        (Role::RaidDumper, HOME_GROUP),
    ] {
        let token = server.token_of("somebody", &[role], Some(group));
        server.get(&token, &address).await.expect(403);
        for write in [ASK, ACCEPT_MERGE] {
            send(&server, &token, write, &path).await.expect(403);
        }
    }
    server.get(&server.operator(), &address).await.expect(200);
}

async fn who_did_not_answer_is_asked_again(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let user = server.user();
    // Before: nothing to do.
    let fresh = send(&server, &user, ASK, &path).await.expect(200);
    assert_eq!(fresh["permission"]["state"], "unasked");
    for state in [State::Ignored, State::Revoked, State::Unreachable] {
        is_in(&server, state).await;
        // Its first task is done.
        let sleep = |c: &mut Conn| {
            let all = [Kind::Permission];
            let now = time::macros::datetime!(2999-01-01 0:00);
            let until = now + time::Duration::minutes(5);
            for held in tasks::claim(c, "test", &all, Room::any(10), now, until)? {
                tasks::settle(c, "test", &held, &Settle::Done, now)?;
            }
            Ok(())
        };
        server.store.write(sleep).await.unwrap();
        let before = only(&server, &path).await;
        assert_eq!(actions(&before), ["ask", "remove"], "{state}");
        assert_eq!(before["permission"]["task"], Value::Null, "{state}");
        let asked = send(&server, &user, ASK, &path).await.expect(202);
        assert_eq!(asked["permission"]["state"], "unasked", "{state}");
        assert_eq!(asked["permission"]["task"]["state"], "due", "{state}");
        // Again: it is on its way.
        send(&server, &user, ASK, &path).await.expect(200);
    }
}

async fn nobody_is_asked_who_said_no_or_yes(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let user = server.user();
    for (state, why) in [
        (State::Denied, "said no"),
        (State::Disconnected, "withdrew"),
        (State::Granted, "granted permission already"),
        (State::Suspect, "being checked"),
        (State::Locked, "locked"),
        (State::Deactivated, "deactivated"),
        (State::Deprecated, "merged"),
    ] {
        is_in(&server, state).await;
        let refused = send(&server, &user, ASK, &path).await.expect(409);
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains(why), "{state}: {detail}");
        let after = only(&server, &path).await;
        assert_eq!(after["permission"]["state"], state.as_str());
    }
    // Whoever says that it is not their project is not asked about it.
    is_in(&server, State::Ignored).await;
    let (handle, now) = (handle_of(&path), server.clock.now());
    let disclaim = move |c: &mut Conn| disclaimers::disclaim(c, &orcid(), &handle, true, now);
    server.store.write(disclaim).await.unwrap();
    send(&server, &user, ASK, &path).await.expect(409);
    let stranger = here(ASK, &path).replace(ORCID, OTHER);
    let stranger = request(Method::POST, &stranger, &user);
    server.send(stranger).await.expect(404);
}

async fn nobody_is_asked_beyond_the_budget(db: &TestDb) {
    let server = serve(db).await;
    server.clock.stop();
    let path = path_of(&server.mint(&minimal()).await);
    for _ in 0..3 {
        was_asked(&server, true).await;
        server.clock.advance(time::Duration::days(1));
    }
    is_in(&server, State::Ignored).await;
    let user = server.user();
    let refused = send(&server, &user, ASK, &path).await.expect(409);
    let from = server.clock.now() + time::Duration::days(57);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains(&from.date().to_string()), "{detail}");
    let shown = only(&server, &path).await;
    assert_eq!(actions(&shown), ["wait", "remove"]);
    server.clock.advance(time::Duration::days(57));
    let user = server.user();
    send(&server, &user, ASK, &path).await.expect(202);
}

async fn a_merged_record_is_accepted_by_the_owner(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let user = server.user();
    is_merged(&server).await;
    let shown = only(&server, &path).await;
    assert_eq!(shown["permission"]["state"], "deprecated");
    assert_eq!(shown["permission"]["mergedInto"], OTHER);
    assert_eq!(actions(&shown), ["wait", "accept-merge", "remove"]);
    // Nothing is altered before.
    let before = server.get(&user, &path).await.expect(200);
    assert_eq!(before["identifier"]["version"], 1);

    let after = send(&server, &user, ACCEPT_MERGE, &path).await.expect(200);
    assert_eq!(after["identifier"]["version"], 2);
    let people = &after["contributor"];
    assert_eq!(people[0]["id"], format!("https://orcid.org/{OTHER}"));
    assert_eq!(people[0]["position"], before["contributor"][0]["position"]);
    assert_eq!(server.get(&user, &path).await.expect(200), after);
    let shown = only(&server, &path).await;
    assert_eq!(shown["orcid"], OTHER);
    assert_eq!(shown["permission"]["task"]["state"], "due");
    // There is nobody left to whom that happened.
    send(&server, &user, ACCEPT_MERGE, &path).await.expect(404);
}

async fn a_merged_record_joins_the_contributor_who_is_there(db: &TestDb) {
    let server = serve(db).await;
    let mut body = minimal();
    let mut other = body["contributor"][0].clone();
    other["id"] = json!(format!("https://orcid.org/{OTHER}"));
    other["leader"] = json!(false);
    other["contact"] = json!(false);
    other["role"] = json!([{
        "id": "https://credit.niso.org/contributor-roles/methodology/",
        "schemaUri": "https://credit.niso.org/"
    }]);
    body["contributor"].as_array_mut().unwrap().push(other);
    let path = path_of(&server.mint(&body).await);
    is_merged(&server).await;
    let after = send(&server, &server.user(), ACCEPT_MERGE, &path).await;
    let after = after.expect(200);
    let people = after["contributor"].as_array().unwrap();
    assert_eq!(people.len(), 1, "{people:?}");
    assert_eq!(people[0]["id"], format!("https://orcid.org/{OTHER}"));
    assert_eq!(people[0]["leader"], true);
    assert_eq!(people[0]["role"].as_array().unwrap().len(), 3);
}

async fn what_was_not_merged_is_not_accepted(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let user = server.user();
    send(&server, &user, ACCEPT_MERGE, &path).await.expect(409);
    // Into which one, ORCID did not say.
    is_in(&server, State::Deprecated).await;
    send(&server, &user, ACCEPT_MERGE, &path).await.expect(409);
    let raid = server.get(&user, &path).await.expect(200);
    assert_eq!(raid["identifier"]["version"], 1);
}

async fn raids_are_found_by_how_their_contributors_stand(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let mut other = minimal();
    other["contributor"][0]["id"] = json!(format!("https://orcid.org/{OTHER}"));
    server.mint(&other).await;
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    server.post(&away, "/raid/", &minimal()).await.expect(201);
    is_in(&server, State::Ignored).await;
    let (user, operator) = (server.user(), server.operator());
    for (token, states, total) in [
        (&user, "ignored,revoked", 1),
        (&user, "revoked", 0),
        (&user, "unasked", 1),
        (&user, "unasked,ignored", 2),
        (&away, "ignored", 1),
        (&away, "unasked", 0),
        (&operator, "ignored", 2),
    ] {
        let found = format!("/v1/raids?contributorState={states}&facets=access");
        let found = server.get(token, &found).await.expect(200);
        assert_eq!(found["total"], total, "{states}: {found}");
    }
    let found = "/v1/raids?contributorState=ignored";
    let found = server.get(&user, found).await.expect(200);
    let one = found["items"][0]["identifier"]["id"].as_str().unwrap();
    assert!(one.ends_with(&*handle_of(&path).to_string()), "{one}");
    // Nobody else learns it, and there is no such state.
    let dumper = server.token(&[Role::RaidDumper], Some(HOME_GROUP));
    for (token, state) in [
        (None, "ignored"),
        (Some(&dumper), "ignored"),
        (Some(&user), "sad"),
    ] {
        let search = format!("/v1/raids?contributorState={state}");
        let search = match token {
            Some(token) => request(Method::GET, &search, token),
            None => TestRequest::get().uri(&search),
        };
        let refused = server.send(search).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.fields(), ["contributorState"]);
    }
}
