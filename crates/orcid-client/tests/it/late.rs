//! What a process that stands still in the middle of a call does when it goes on.

use crate::harness::{client_with, document, orcid};
use crate::simulator::LocalOrcid;
use futures::poll;
use orcid_client::ReadAs;
use std::pin::pin;
use std::time::Duration;

/// The runtime of this test has one thread, so that the connection's task cannot send what it was
/// handed before this one goes on.
#[tokio::test]
async fn what_was_handed_over_in_time_is_not_sent_late() {
    let local = LocalOrcid::start();
    let (client, _) = local.client();
    let grant = local.grant(&client, orcid()).await;
    let mut settings = local.settings();
    settings.call_timeout = Duration::from_millis(200);
    let (hasty, _) = client_with(settings);
    // From here on there is a connection that waits for the next request.
    let read = ReadAs::Person(&grant.access_token);
    hasty.memberships(orcid(), read).await.unwrap();

    let document = document();
    let mut write = pin!(hasty.create_membership(orcid(), &grant.access_token, &document));
    assert!(poll!(&mut write).is_pending());
    std::thread::sleep(Duration::from_millis(300));
    write.await.unwrap_err();

    let listed = client.memberships(orcid(), read).await.unwrap();
    assert_eq!(listed.len(), 0, "{listed:?}");
}
