//! What goes wrong at a local ORCID, and what the client makes of it.

use orcid_client::{
    CallKind, Client, Deleted, Meaning, Outcome, PutCode, ReadAs, RecordStatus, our_entry,
};
use raid_model::membership::MembershipDocument;
use secrecy::SecretString;
use serde_json::json;

use crate::harness::{CLIENT_ID, OTHER, client_with, document, orcid, other, request};
use crate::simulator::{LocalOrcid, granted};

#[tokio::test]
async fn a_lost_answer_is_found_again() {
    let (local, client, grant) = granted().await;
    let token = &grant.access_token;
    local
        .next_call("drop_after_commit", &["membership_create"])
        .await;
    let error = client
        .create_membership(orcid(), token, &document())
        .await
        .unwrap_err();
    assert_eq!(
        (error.meaning, error.outcome),
        (Meaning::Transient, Outcome::Unknown)
    );
    let list = client.memberships(orcid(), ReadAs::Client).await.unwrap();
    let entry = our_entry(&list, CLIENT_ID, &document().handle).unwrap();
    assert!(entry.says(&document()));

    let changed = MembershipDocument {
        role_title: "Reviewer".into(),
        ..document()
    };
    local
        .next_call("drop_after_commit", &["membership_update"])
        .await;
    let error = client
        .update_membership(orcid(), token, entry.put_code, &changed)
        .await;
    assert_eq!(error.unwrap_err().outcome, Outcome::Unknown);
    let list = client.memberships(orcid(), ReadAs::Client).await.unwrap();
    assert!(list[0].says(&changed));

    local
        .next_call("drop_after_commit", &["membership_delete"])
        .await;
    let error = client
        .delete_membership(orcid(), token, &document().handle, entry.put_code)
        .await;
    assert_eq!(error.unwrap_err().outcome, Outcome::Unknown);
    let removed = client
        .delete_membership(orcid(), token, &document().handle, entry.put_code)
        .await
        .unwrap();
    assert_eq!(removed, Deleted::Before);

    local
        .next_call("drop_after_commit", &["notification_create"])
        .await;
    let error = client
        .create_notification(orcid(), &request())
        .await
        .unwrap_err();
    assert_eq!(error.outcome, Outcome::Unknown);
    assert_eq!(client.list_notifications(orcid()).await.unwrap().len(), 1);

    // A GET is repeated by itself.
    local
        .next_call("drop_before_commit", &["membership_list"])
        .await;
    assert_eq!(
        client.memberships(orcid(), ReadAs::Client).await.unwrap(),
        []
    );
}

/// What creating and updating mean with that token.
async fn writes(client: &Client, token: &SecretString, put_code: PutCode) -> [Option<Meaning>; 2] {
    let mut document = document();
    let update = client
        .update_membership(orcid(), token, put_code, &document)
        .await;
    document.handle = "10.82841/another".parse().unwrap();
    let create = client.create_membership(orcid(), token, &document).await;
    [
        create.err().map(|error| error.meaning),
        update.err().map(|error| error.meaning),
    ]
}

#[tokio::test]
async fn a_person_who_revokes_can_still_be_tidied_up_after() {
    let (local, client, grant) = granted().await;
    let token = &grant.access_token;
    let put_code = client
        .create_membership(orcid(), token, &document())
        .await
        .unwrap();
    let path = format!("records/{}/revoke", orcid());
    local
        .operate(&path, json!({ "client_id": CLIENT_ID }))
        .await;
    let refused = Some(Meaning::TokenRefused);
    assert_eq!(
        writes(&client, token, put_code).await,
        [refused.clone(), refused]
    );
    // The record itself is well, and our entry still to be seen: so it is the person who said no.
    assert_eq!(
        client.record_status(orcid()).await.unwrap(),
        RecordStatus::Active
    );
    assert_eq!(
        client
            .memberships(orcid(), ReadAs::Client)
            .await
            .unwrap()
            .len(),
        1
    );
    let removed = client
        .delete_membership(orcid(), token, &document().handle, put_code)
        .await
        .unwrap();
    assert_eq!(removed, Deleted::Now);
}

#[tokio::test]
async fn a_token_that_we_revoke_is_dead() {
    let (_local, client, grant) = granted().await;
    let token = &grant.access_token;
    let put_code = client
        .create_membership(orcid(), token, &document())
        .await
        .unwrap();
    client.revoke(token).await.unwrap();
    client.revoke(token).await.unwrap();
    let refused = Some(Meaning::TokenRefused);
    assert_eq!(
        writes(&client, token, put_code).await,
        [refused.clone(), refused.clone()]
    );
    let removed = client
        .delete_membership(orcid(), token, &document().handle, put_code)
        .await;
    assert_eq!(removed.err().map(|error| error.meaning), refused);
}

#[tokio::test]
async fn a_token_of_another_person_is_noticed() {
    let (_local, client, grant) = granted().await;
    let error = client
        .create_membership(other(), &grant.access_token, &document())
        .await;
    assert_eq!(error.unwrap_err().meaning, Meaning::WrongRecord);
}

#[tokio::test]
async fn closed_records_are_told_apart() {
    for (state, status, meaning) in [
        (
            json!({ "state": "unclaimed" }),
            RecordStatus::Unclaimed,
            Meaning::RecordUnclaimed,
        ),
        (
            json!({ "state": "locked" }),
            RecordStatus::Locked,
            Meaning::RecordLocked,
        ),
        (
            json!({ "state": "deprecated", "into": OTHER }),
            RecordStatus::Deprecated {
                primary: Some(other()),
            },
            Meaning::RecordDeprecated {
                primary: Some(other()),
            },
        ),
        // Deactivation disables the person's token, so only our own can tell.
        (
            json!({ "state": "deactivated" }),
            RecordStatus::Deactivated,
            Meaning::TokenRefused,
        ),
    ] {
        let (local, client, grant) = granted().await;
        local
            .operate(&format!("records/{}/state", orcid()), state)
            .await;
        assert_eq!(client.record_status(orcid()).await.unwrap(), status);
        let created = client
            .create_membership(orcid(), &grant.access_token, &document())
            .await;
        assert_eq!(created.unwrap_err().meaning, meaning);
        let asked = client
            .create_notification(orcid(), &request())
            .await
            .unwrap_err();
        let meaning = match meaning {
            Meaning::TokenRefused => Meaning::RecordDeactivated,
            meaning => meaning,
        };
        assert_eq!(asked.meaning, meaning);
    }
    let local = LocalOrcid::start();
    let (client, _) = local.client();
    let nobody = "0000-0002-9999-9998".parse().unwrap();
    assert_eq!(
        client.record_status(nobody).await.unwrap(),
        RecordStatus::Unknown
    );
    let asked = client
        .create_notification(nobody, &request())
        .await
        .unwrap_err();
    assert_eq!(asked.meaning, Meaning::RecordUnknown);
}

#[tokio::test]
async fn failures_of_the_edge_are_told_apart() {
    let (local, client, grant) = granted().await;
    let token = &grant.access_token;
    for (fault, meaning, outcome) in [
        ("html_502", Meaning::Transient, Outcome::Unknown),
        ("server_error", Meaning::Transient, Outcome::Unknown),
        ("too_many_requests", Meaning::Overloaded, Outcome::Refused),
        ("spurious_401", Meaning::TokenRefused, Outcome::Refused),
        ("drop_before_commit", Meaning::Transient, Outcome::Unknown),
    ] {
        local.next_call(fault, &["membership_create"]).await;
        let error = client
            .create_membership(orcid(), token, &document())
            .await
            .unwrap_err();
        assert_eq!(
            (error.meaning, error.outcome),
            (meaning, outcome),
            "{fault}"
        );
    }
    client
        .create_membership(orcid(), token, &document())
        .await
        .unwrap();
}

#[tokio::test]
async fn our_own_token_heals() {
    let local = LocalOrcid::start();
    let (client, log) = local.client();
    local.next_call("token_401", &["token_client"]).await;
    local
        .next_call("spurious_401", &["notification_list"])
        .await;
    assert_eq!(client.list_notifications(orcid()).await.unwrap(), []);
    assert_eq!(
        log.lines(),
        [
            "client-token 401 refused",
            "client-token 200 done",
            "list-notifications 401 refused",
            "client-token 200 done",
            "list-notifications 200 done"
        ]
    );
}

#[tokio::test]
async fn a_wrong_set_up_is_told_from_an_outage() {
    let local = LocalOrcid::start();
    let (client, _) = local.client();
    local
        .operate(&format!("clients/{CLIENT_ID}"), json!({ "premium": false }))
        .await;
    let error = client
        .create_notification(orcid(), &request())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind, error.meaning),
        (CallKind::ClientToken, Meaning::Misconfigured)
    );

    let mut settings = local.settings();
    settings.client_secret = SecretString::from("wrong-secret-hush");
    let (stranger, _) = client_with(settings);
    let error = stranger.record_status(orcid()).await.unwrap_err();
    assert_eq!(
        (&error.kind, &error.meaning),
        (&CallKind::ClientToken, &Meaning::ClientRefused)
    );
    assert!(!format!("{error} {error:?}").contains("hush"));
}
