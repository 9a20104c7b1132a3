//! Validates the messages that we write against ORCID's own schemas, where they and xmllint are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use orcid_client::{Client, Item, PermissionRequest};
use raid_model::membership::MembershipDocument;

use crate::harness::{client, document, orcid, token};
use crate::peer::{Peer, answer, client_token, created};

/// Names the folder that holds `record_3.0`, `notification_3.0` and what they build on.
const SCHEMAS: &str = "RAID_ORCID_SCHEMAS";

fn schemas() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os(SCHEMAS).filter(|folder| !folder.is_empty()) else {
        println!("skipped: {SCHEMAS} names no folder with ORCID's schemas");
        return None;
    };
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: xmllint is not installed");
        return None;
    }
    Some(folder.into())
}

/// Whether `schema` accepts `xml`, and what xmllint says.
fn validate(schema: &Path, xml: &str) -> (bool, String) {
    let file = std::env::temp_dir().join(format!("orcid-client-{}.xml", std::process::id()));
    std::fs::write(&file, xml).unwrap();
    let arguments = ["--nonet", "--noout", "--schema"].map(OsString::from);
    let output = Command::new("xmllint")
        .args(arguments)
        .arg(schema)
        .arg(&file)
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    (
        output.status.success(),
        format!("{}{xml}", String::from_utf8_lossy(&output.stderr)),
    )
}

/// What `client` sends in the request that `peer` saw last.
fn sent(peer: &Peer) -> String {
    peer.seen().pop().unwrap().body
}

fn documents() -> Vec<MembershipDocument> {
    let hard = "Réefs \"&\" <more> ]]> 'x' \u{1}\u{b}\u{fffe}\n🪸";
    let long = "ä".repeat(4000);
    vec![
        document(),
        MembershipDocument {
            title: hard.into(),
            role_title: hard.into(),
            ..document()
        },
        MembershipDocument {
            title: long.clone(),
            role_title: long,
            ..document()
        },
        MembershipDocument {
            role_title: " ".into(),
            start: None,
            ..document()
        },
        MembershipDocument {
            start: Some("1900".parse().unwrap()),
            end: Some("2100-02-03".parse().unwrap()),
            url: "https://raid.example.org/x?a=1&b=%20".into(),
            ..document()
        },
    ]
}

async fn memberships(peer: &Peer, client: &Client) -> Vec<String> {
    let mut messages = Vec::new();
    for document in documents() {
        client
            .create_membership(orcid(), &token(), &document)
            .await
            .unwrap();
        messages.push(sent(peer));
        let put_code = i64::MAX.try_into().unwrap();
        client
            .update_membership(orcid(), &token(), put_code, &document)
            .await
            .unwrap();
        messages.push(sent(peer));
    }
    messages
}

async fn notifications(peer: &Peer, client: &Client) -> Vec<String> {
    let mut messages = Vec::new();
    let url = "https://raid.example.org/i?state=v1.a%20b&x='1'";
    let handle = document().handle;
    let long = "ä".repeat(2000);
    for (text, name) in [
        ("S", long.as_str()),
        ("<&>\u{1}\u{b}::\u{fffe}🪸", "]]>\r\n'\""),
    ] {
        let item = Item::new(name, handle.clone(), "https://raid.org/10.82841/c588ab06").unwrap();
        let items = vec![item; 3];
        let request = PermissionRequest::new(text, text, url.parse().unwrap(), items).unwrap();
        client.create_notification(orcid(), &request).await.unwrap();
        messages.push(sent(peer));
    }
    messages
}

#[tokio::test]
async fn our_messages_are_valid() {
    let Some(schemas) = schemas() else { return };
    let peer = Peer::new(|seen| match seen.line.as_str() {
        "POST /oauth/token" => client_token("t"),
        line if line.starts_with("PUT") => answer(200, ""),
        _ => created("https://api.orcid.org/v3.0/x/1"),
    });
    let (client, _) = client(&peer.url());
    let membership = schemas.join("record_3.0/membership-3.0.xsd");
    for xml in memberships(&peer, &client).await {
        let (valid, why) = validate(&membership, &xml);
        assert!(valid, "{why}");
        // The schema does look: without the address the same message is wrong.
        let (valid, why) = validate(&membership, &xml.replace("<c:address/>", ""));
        assert!(!valid && why.contains("address"), "{why}");
    }
    let notification = schemas.join("notification_3.0/notification-permission-3.0.xsd");
    for xml in notifications(&peer, &client).await {
        let (valid, why) = validate(&notification, &xml);
        assert!(valid, "{why}");
    }
}
