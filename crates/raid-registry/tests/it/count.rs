//! How many RAiDs there are (RAiD API, count).

use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;
use time::Duration;

use crate::harness::{AWAY, AWAY_GROUP, HOME, HOME_GROUP, embargoed, minimal, serve};

store::on_both_databases!(
    raids_are_counted_by_owner_and_day,
    who_may_not_count_is_refused,
    parameters_that_cannot_be_read_are_named,
);

/// RAiD API, section on RAiD endpoints: `RaidCountResponse`.
async fn raids_are_counted_by_owner_and_day(db: &TestDb) {
    let server = serve(db).await;
    let none = server.get(&server.user(), "/raid/count").await.expect(200);
    assert_eq!(none, json!({"count": 0, "organisations": []}));

    let first_day = server.clock.now().date();
    for _ in 0..2 {
        server.mint(&minimal()).await;
        server.mint(&embargoed(&server)).await;
        server.clock.advance(Duration::days(1));
    }
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    server.post(&away, "/raid/", &minimal()).await.expect(201);
    let user = server.user();
    let owner = "https://ror.org/02stey378";
    let of = |id: i64, count: u64| json!({"id": id, "name": format!("Service point {id}"), "count": count});

    let all = server.get(&user, "/raid/count").await.expect(200);
    let points = json!([of(HOME, 4), of(AWAY, 1)]);
    let organisations = json!([{"id": owner, "count": 5, "servicePoints": points}]);
    assert_eq!(all, json!({"count": 5, "organisations": organisations}));

    let second_day = first_day + Duration::days(1);
    let query = format!("?servicePointId={HOME}&startDate={second_day}&endDate={second_day}");
    let some = server
        .get(&user, &format!("/raid/count{query}"))
        .await
        .expect(200);
    let organisations = json!([{"id": owner, "count": 2, "servicePoints": [of(HOME, 2)]}]);
    let expected = json!({
        "count": 2,
        "servicePointId": HOME,
        "servicePointName": format!("Service point {HOME}"),
        "startDate": second_day.to_string(),
        "endDate": second_day.to_string(),
        "organisations": organisations,
    });
    assert_eq!(some, expected);
    for (query, count) in [
        (format!("?endDate={first_day}"), 2),
        (format!("?startDate={second_day}"), 3),
        ("?endDate=9999-12-31&startDate=".to_owned(), 5),
        ("?servicePointId=7".to_owned(), 0),
    ] {
        let answer = server
            .get(&user, &format!("/raid/count{query}"))
            .await
            .expect(200);
        assert_eq!(answer["count"], count, "{query}");
    }
}

/// RAiD API, section on the security rules: who may count.
async fn who_may_not_count_is_refused(db: &TestDb) {
    let server = serve(db).await;
    for (role, status) in [
        (Role::Operator, 200),
        (Role::RaidAdmin, 403),
        (Role::RaidDumper, 403),
        (Role::ContributorWriter, 403),
    ] {
        let reply = server
            .get(&server.token(&[role], Some(HOME_GROUP)), "/raid/count")
            .await;
        assert_eq!(reply.status, status, "{role:?}");
    }
}

/// RAiD API, section on what changed: parameters that cannot be parsed.
async fn parameters_that_cannot_be_read_are_named(db: &TestDb) {
    let server = serve(db).await;
    for (query, field) in [
        ("startDate=2026", "startDate"),
        ("endDate=2026-02-30", "endDate"),
        ("endDate=2026-02-30&servicePointId=x", "servicePointId"),
        ("servicePointId=99999999999999999999", "servicePointId"),
    ] {
        let reply = server
            .get(&server.user(), &format!("/raid/count?{query}"))
            .await;
        assert_ne!(reply.expect(400), Value::Null);
        assert_eq!(reply.fields(), [field]);
    }
}
