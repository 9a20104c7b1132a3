//! Parameters, in the query or the path, that are not of their type.

use actix_web::http::Method;
use raid_registry::auth::Role;
use serde_json::json;
use store::testing::TestDb;

use crate::harness::{HOME_GROUP, minimal, path_of, request, serve};

store::on_both_databases!(what_is_not_of_its_type_is_named_with_its_value);

const DATE_TIME: &str = "an ISO 8601 date-time with a timezone offset, e.g. \
    2026-09-24T01:02:03Z or 2026-09-24T01:02:03+10:00";

/// RAiD API, section on what changed: 400 for any typed parameter that cannot be parsed. Those of the RAiD API itself
/// are told in its words.
async fn what_is_not_of_its_type_is_named_with_its_value(db: &TestDb) {
    let server = serve(db).await;
    let raid = path_of(&server.mint(&minimal()).await);
    let all = server.token(Role::ALL, Some(HOME_GROUP));
    let version = format!("{raid}/one");
    let own = format!("/v1{}/versions?limit=x", raid.replace("/raid/", "/raids/"));
    for (path, name, value, expected) in [
        (version.as_str(), "version", "one", DATE_TIME),
        ("/service-point/x", "id", "x", DATE_TIME),
        ("/raid/count?startDate=x", "startDate", "x", DATE_TIME),
        (
            "/raid/count?endDate=2026-02-30",
            "endDate",
            "2026-02-30",
            DATE_TIME,
        ),
        (
            "/raid/count?servicePointId=1.5",
            "servicePointId",
            "1.5",
            DATE_TIME,
        ),
        (
            "/raid/all-public?updatedSince=x%22",
            "updatedSince",
            "x\"",
            DATE_TIME,
        ),
        (
            "/raid/all-embargoed?updatedSince=1",
            "updatedSince",
            "1",
            DATE_TIME,
        ),
        (
            "/raid/?limit=x",
            "limit",
            "x",
            "a whole number from 1 to 500",
        ),
        (
            "/v1/changes?wait=x&limit=0",
            "wait",
            "x",
            "a whole number from 0 to 30",
        ),
        (&own, "limit", "x", "a whole number from 1 to 1000"),
        (
            "/v1/raids?startFrom=soon",
            "startFrom",
            "soon",
            "a date: YYYY, YYYY-MM or YYYY-MM-DD",
        ),
        (
            "/v1/raids?updatedSince=9999-12-31T23:59:59-01:00",
            "updatedSince",
            "9999-12-31T23:59:59-01:00",
            "a time such as 2026-06-22T10:00:00Z, or a date",
        ),
        ("/v1/orcid-calls?orcid=x", "orcid", "x", "an ORCID iD"),
    ] {
        let reply = server.get(&all, path).await;
        let detail = format!(
            "Parameter '{name}' with value '{value}' could not be parsed. Expected {expected}."
        );
        let problem = json!({
            "type": "https://raid.org.au/errors#InvalidParameterFormat",
            "title": "Invalid parameter format",
            "status": 400,
            "detail": detail,
            "instance": "https://raid.org.au",
        });
        assert_eq!(reply.expect(400), problem, "{path}");
        assert_eq!(reply.header("content-type"), "application/json");
    }
    for (method, path) in [
        (Method::POST, "/raid/?dryRun=maybe"),
        (Method::POST, "/raid/?dryRun=true&dryRun=false"),
        (Method::PUT, "/service-point/x"),
        (Method::POST, "/v1/service-points/x/release"),
    ] {
        let reply = server
            .send(request(method, path, &all).set_json(minimal()))
            .await;
        assert_eq!(
            reply.expect(400)["title"],
            "Invalid parameter format",
            "{path}"
        );
    }
    assert_eq!(server.count().await, 1);
}
