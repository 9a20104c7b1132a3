//! Notifications and memberships: paths, verbs, and the failures that are no failures.

use orcid_client::{Archived, Client, Deleted, Item, Meaning, PermissionRequest, RecordStatus};

use crate::harness::{ORCID, client, document, orcid, token};
use crate::peer::{Peer, Reply, answer, client_token, created, error};

/// A peer that gives out a token of ours, then answers with `reply`.
fn with_token(reply: Reply) -> (Peer, Client) {
    let peer = Peer::scripted([client_token("t"), reply]);
    let (client, _) = client(&peer.url());
    (peer, client)
}

#[tokio::test]
async fn a_notification_is_created_at_the_persons_inbox() {
    let location = format!("https://api.orcid.org/v3.0/{ORCID}/notification-permission/42");
    let (peer, client) = with_token(created(&location));
    let item = Item::new("P", document().handle, "https://raid.org/10.82841/c588ab06").unwrap();
    let url = "https://raid.example.org/i?state=1".parse().unwrap();
    let request = PermissionRequest::new("S", "I", url, vec![item]).unwrap();
    let put_code = client.create_notification(orcid(), &request).await.unwrap();
    assert_eq!(put_code.get(), 42);
    let seen = &peer.seen()[1];
    assert_eq!(
        seen.line,
        format!("POST /v3.0/{ORCID}/notification-permission")
    );
    assert_eq!(seen.header("authorization"), Some("Bearer t"));
    assert!(seen.body.contains("<n:item-name>P</n:item-name>"));
}

#[tokio::test]
async fn withdrawing_ends_well_when_there_is_nothing_left_to_withdraw() {
    for (reply, expected) in [
        (
            answer(200, "<n:notification xmlns:n='x'/>"),
            Ok(Archived::Withdrawn),
        ),
        (error(403, 9009, "already read"), Ok(Archived::AlreadyRead)),
        (error(404, 9029, "not found"), Ok(Archived::AlreadyGone)),
        (error(403, 9010, "not the source"), Err(Meaning::NotOurs)),
        (answer(404, "<html>"), Err(Meaning::Unexpected)),
    ] {
        let (peer, client) = with_token(reply);
        let result = client
            .archive_notification(orcid(), 7.try_into().unwrap())
            .await;
        assert_eq!(result.map_err(|error| error.meaning), expected);
        let path = format!("DELETE /v3.0/{ORCID}/notification-permission/7");
        assert_eq!(peer.lines()[1], path);
    }
}

#[tokio::test]
async fn removing_ends_well_when_there_is_nothing_left_to_remove() {
    for (reply, expected) in [
        (answer(204, ""), Ok(Deleted::Now)),
        (error(404, 9016, "not found"), Ok(Deleted::Before)),
        (error(403, 9010, "not the source"), Err(Meaning::NotOurs)),
        // A proxy's page is no word of ORCID's.
        (
            answer(404, "<html>Not Found</html>"),
            Err(Meaning::Unexpected),
        ),
    ] {
        let peer = Peer::scripted([reply]);
        let (client, log) = client(&peer.url());
        let result = client
            .delete_membership(orcid(), &token(), &document().handle, 7.try_into().unwrap())
            .await;
        assert_eq!(result.map_err(|error| error.meaning), expected);
        assert_eq!(peer.lines(), [format!("DELETE /v3.0/{ORCID}/membership/7")]);
        assert_eq!(log.records()[0].handle, Some(document().handle));
    }
}

#[tokio::test]
async fn an_update_names_the_put_code_twice() {
    let peer = Peer::scripted([answer(200, ""), error(404, 9016, "not found")]);
    let (client, _) = client(&peer.url());
    let put_code = 4711.try_into().unwrap();
    client
        .update_membership(orcid(), &token(), put_code, &document())
        .await
        .unwrap();
    let seen = &peer.seen()[0];
    assert_eq!(seen.line, format!("PUT /v3.0/{ORCID}/membership/4711"));
    assert!(seen.body.contains(r#" put-code="4711">"#), "{}", seen.body);
    let gone = client
        .update_membership(orcid(), &token(), put_code, &document())
        .await;
    assert_eq!(gone.unwrap_err().meaning, Meaning::Gone);
}

#[tokio::test]
async fn the_state_of_a_record() {
    let primary = Some("0000-0001-5109-3700".parse().unwrap());
    for (reply, expected) in [
        (answer(200, "<person/>"), Ok(RecordStatus::Active)),
        (error(409, 9036, "x"), Ok(RecordStatus::Unclaimed)),
        (error(409, 9018, "x"), Ok(RecordStatus::Locked)),
        (error(409, 9044, "x"), Ok(RecordStatus::Deactivated)),
        (
            error(
                301,
                9007,
                "Please refer to account: https://orcid.org/0000-0001-5109-3700.",
            ),
            Ok(RecordStatus::Deprecated { primary }),
        ),
        (error(404, 9016, "x"), Ok(RecordStatus::Unknown)),
        (answer(404, "<html>"), Err(Meaning::Unexpected)),
        (answer(503, ""), Err(Meaning::Overloaded)),
    ] {
        let (_peer, client) = with_token(reply);
        let result = client.record_status(orcid()).await;
        assert_eq!(result.map_err(|error| error.meaning), expected);
    }
}
