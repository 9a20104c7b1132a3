//! Questions that were closed by somebody who did not sign in.

use crate::permissions::{apply, put, state};
use crate::sample::{self, at, handle, person, raid};
use raid_model::permission::{PermissionEvent, PermissionState as State};
use store::testing::TestDb;

store::on_both_databases!(a_question_that_nobody_signed_for_is_asked_again_with_the_next_project,);

async fn a_question_that_nobody_signed_for_is_asked_again_with_the_next_project(db: &TestDb) {
    let store = &sample::store(db).await;
    store.mint(raid(1, &[person(1)])).await.unwrap();
    put(store, 1, State::Asked, 1).await;
    let close = async |now| {
        let read = state(store, 1).await;
        let closed = apply(store, &read, PermissionEvent::RequestClosed, now).await;
        assert!(closed.unwrap());
        state(store, 1).await
    };
    let closed = close(2).await;
    assert_eq!(
        (closed.state, closed.closed_at),
        (State::Ignored, Some(at(2)))
    );
    assert!(!closed.is_more_since_closed(&[handle(1)]));
    assert!(closed.is_more_since_closed(&[handle(1), handle(2)]));
    // Closed once more, it is about what there is by then.
    store.mint(raid(2, &[person(1)])).await.unwrap();
    let closed = close(3).await;
    assert!(!closed.is_more_since_closed(&[handle(1), handle(2)]));
    assert!(closed.is_more_since_closed(&[handle(3)]));
    // A no that the person signed in for is about all that may come.
    assert!(
        apply(store, &closed, PermissionEvent::Denied, 4)
            .await
            .unwrap()
    );
    let denied = state(store, 1).await;
    assert!(!denied.is_more_since_closed(&[handle(3)]));
    assert!(!denied.is_answer_outdated(&[handle(3)].into()));
    // And nobody closes that.
    let read = state(store, 1).await;
    assert!(
        apply(store, &read, PermissionEvent::RequestClosed, 5)
            .await
            .unwrap()
    );
    let still = state(store, 1).await;
    assert_eq!((still.state, still.closed_at), (State::Denied, None));
    assert_eq!(still.answered_for, None);
}
