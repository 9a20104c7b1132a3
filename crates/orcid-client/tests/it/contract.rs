//! Every message of ours against a local ORCID that shares no code with the client.

use orcid_client::{
    Archived, AuthorizationCode, Deleted, ExchangeError, Meaning, Outcome, ReadAs, our_entry,
};
use raid_model::membership::MembershipDocument;
use serde_json::json;

use crate::harness::{CLIENT_ID, document, orcid, other, request};
use crate::simulator::{LocalOrcid, granted};

#[tokio::test]
async fn authorization_from_question_to_grant() {
    let local = LocalOrcid::start();
    let (client, _) = local.client();
    let denied = local.answer(&client, orcid(), "deny").await;
    assert!(
        denied.query().unwrap().starts_with("error=access_denied"),
        "{denied}"
    );

    let code = local.authorize(&client, orcid()).await;
    let grant = client
        .exchange_code(AuthorizationCode::new(&*code))
        .await
        .unwrap();
    assert_eq!(grant.orcid, orcid());
    assert_eq!(grant.name.as_deref(), Some("Josiah Carberry"));
    assert!(grant.scope.contains("/activities/update") && grant.scope.contains("/read-limited"));
    client
        .create_membership(orcid(), &grant.access_token, &document())
        .await
        .unwrap();

    // The same code again: refused, and the token that it gave is dead.
    let error = client
        .exchange_code(AuthorizationCode::new(&*code))
        .await
        .unwrap_err();
    assert!(matches!(error, ExchangeError::Failed(_)), "{error}");
    assert_eq!(error.call_error().meaning, Meaning::CodeRefused);
    assert!(!error.to_string().contains(&*code));
    let refused = client
        .create_membership(orcid(), &grant.access_token, &document())
        .await;
    assert_eq!(refused.unwrap_err().meaning, Meaning::TokenRefused);
}

#[tokio::test]
async fn a_notification_from_asking_to_withdrawing() {
    let local = LocalOrcid::start();
    let (client, _) = local.client();
    let id = client
        .create_notification(orcid(), &request())
        .await
        .unwrap();
    let read = client.notification(orcid(), id).await.unwrap();
    assert_eq!(read.put_code, id);
    assert_eq!(read.subject, "Add your RAiD projects");
    assert_eq!(read.intro, "We ask : you.");
    let uri = "https://raid.example.org/i?state=v1.a&x=1";
    assert_eq!(read.authorization_uri.as_deref(), Some(uri));
    assert_eq!(read.source_client_id.as_deref(), Some(CLIENT_ID));
    assert!(read.created.is_some());
    assert_eq!(
        (read.sent, read.read, read.actioned, read.archived),
        (None, None, None, None)
    );
    assert_eq!(client.list_notifications(orcid()).await.unwrap(), [read]);
    assert_eq!(client.list_notifications(other()).await.unwrap(), []);

    assert_eq!(
        client.archive_notification(orcid(), id).await.unwrap(),
        Archived::Withdrawn
    );
    assert_eq!(
        client.archive_notification(orcid(), id).await.unwrap(),
        Archived::Withdrawn
    );
    assert!(
        client
            .notification(orcid(), id)
            .await
            .unwrap()
            .archived
            .is_some()
    );

    let opened = client
        .create_notification(orcid(), &request())
        .await
        .unwrap();
    local.open_notification(orcid(), opened.get()).await;
    let left = client.archive_notification(orcid(), opened).await.unwrap();
    assert_eq!(left, Archived::AlreadyRead);
    assert!(
        client
            .notification(orcid(), opened)
            .await
            .unwrap()
            .read
            .is_some()
    );

    let never = 999_999.try_into().unwrap();
    assert_eq!(
        client
            .notification(orcid(), never)
            .await
            .unwrap_err()
            .meaning,
        Meaning::Gone
    );
    let gone = client.archive_notification(orcid(), never).await.unwrap();
    assert_eq!(gone, Archived::AlreadyGone);
}

#[tokio::test]
async fn a_membership_from_writing_to_removing() {
    let (_local, client, grant) = granted().await;
    let token = &grant.access_token;
    let mut document = MembershipDocument {
        title: "Réefs \"&\" <more> :: 🪸".into(),
        start: Some("2021-05-07".parse().unwrap()),
        end: Some("2027-11-30".parse().unwrap()),
        ..document()
    };
    let put_code = client
        .create_membership(orcid(), token, &document)
        .await
        .unwrap();
    for read_as in [ReadAs::Person(token), ReadAs::Client] {
        let read = client.membership(orcid(), read_as, put_code).await.unwrap();
        assert!(read.says(&document), "{read:?}");
        let list = client.memberships(orcid(), read_as).await.unwrap();
        assert_eq!(our_entry(&list, CLIENT_ID, &document.handle), Some(&read));
    }

    document.role_title = "Data curator".into();
    document.start = Some("2021".parse().unwrap());
    document.end = None;
    client
        .update_membership(orcid(), token, put_code, &document)
        .await
        .unwrap();
    let read = client
        .membership(orcid(), ReadAs::Person(token), put_code)
        .await
        .unwrap();
    assert!(read.says(&document), "{read:?}");
    assert_eq!(read.end, None, "what is left out is cleared");

    let removed = client
        .delete_membership(orcid(), token, &document.handle, put_code)
        .await
        .unwrap();
    assert_eq!(removed, Deleted::Now);
    let removed = client
        .delete_membership(orcid(), token, &document.handle, put_code)
        .await
        .unwrap();
    assert_eq!(removed, Deleted::Before);
    let update = client
        .update_membership(orcid(), token, put_code, &document)
        .await;
    assert_eq!(update.unwrap_err().meaning, Meaning::Gone);
    let read = client.membership(orcid(), ReadAs::Client, put_code).await;
    assert_eq!(read.unwrap_err().meaning, Meaning::Gone);
    assert_eq!(
        client.memberships(orcid(), ReadAs::Client).await.unwrap(),
        []
    );
}

#[tokio::test]
async fn a_private_entry_of_ours_is_still_seen_with_our_own_token() {
    let (local, client, grant) = granted().await;
    let path = format!("records/{}/default-visibility", orcid());
    local
        .operate(&path, json!({ "visibility": "private" }))
        .await;
    let token = &grant.access_token;
    let put_code = client
        .create_membership(orcid(), token, &document())
        .await
        .unwrap();
    let list = client.memberships(orcid(), ReadAs::Client).await.unwrap();
    assert_eq!(list[0].put_code, put_code);
    // Nor does the visibility stand in the way of an update.
    client
        .update_membership(orcid(), token, put_code, &document())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_duplicate_names_the_entry_to_adopt() {
    let (_local, client, grant) = granted().await;
    let token = &grant.access_token;
    let put_code = client
        .create_membership(orcid(), token, &document())
        .await
        .unwrap();
    let error = client
        .create_membership(orcid(), token, &document())
        .await
        .unwrap_err();
    assert_eq!(
        error.meaning,
        Meaning::Duplicate {
            put_code: Some(put_code)
        }
    );
    assert_eq!(
        (error.status, error.code, error.outcome),
        (Some(409), Some(9021), Outcome::Refused)
    );
}
