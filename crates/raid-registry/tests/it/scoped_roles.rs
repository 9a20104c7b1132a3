//! Roles that count at one service point only.

use actix_web::http::Method;
use jsonwebtoken::Algorithm;
use raid_registry::auth::Role;
use serde_json::json;
use store::testing::TestDb;

use crate::harness::{AWAY_GROUP, HOME, HOME_GROUP, Server, embargoed, minimal, path_of, request};
use crate::tokens::{Provider, claims, now, p256, public, serve_for, serve_scoped, signed};

store::on_both_databases!(
    a_role_at_one_service_point_counts_at_no_other,
    a_role_counts_with_and_without_its_group,
    credentials_of_a_service_point_list_mint_and_read,
);

/// RAiD API, section on its identity provider's extension: people choose the service point of their
/// token themselves, while their roles hold at all of them. Here they do not where the roles say at
/// which.
async fn a_role_at_one_service_point_counts_at_no_other(db: &TestDb) {
    let provider = Provider::start(vec![public(&p256(), Algorithm::ES256)]).await;
    let server = serve_scoped(db, &provider).await;
    let closed = path_of(&server.mint(&embargoed(&server)).await);
    let token = |roles: &[&str], group: Option<&str>| {
        let mut claims = claims(&provider.issuer, now(&server));
        claims["realm_access"]["roles"] = json!(roles);
        claims["service_point_group_id"] = json!(group);
        signed(&claims)
    };
    let home = [
        format!("service-point-user:{HOME_GROUP}"),
        format!("raid-admin:{HOME_GROUP}"),
    ];
    let (user, admin) = (home[0].as_str(), home[1].as_str());
    let (here, away) = (Some(HOME_GROUP), Some(AWAY_GROUP));
    for (roles, group, mints, reads) in [
        (&[user][..], here, 201, 200),
        (&[admin], here, 201, 403),
        // Approved at home, and switched to another service point, or to none.
        (&[user, admin], away, 403, 403),
        (&[user, admin], None, 403, 403),
        // Roles that name no group, or something like it.
        (&["service-point-user", "raid-admin"], here, 403, 403),
        (&["service-point-user:"], here, 403, 403),
        (&["service-point-user:"], Some(""), 403, 403),
        (&["operator", user], away, 403, 200),
    ] {
        let token = token(roles, group);
        let minted = server.post(&token, "/raid/", &minimal()).await;
        assert_eq!(minted.status, mints, "{roles:?} in {group:?} mints");
        let read = server.get(&token, &closed).await;
        assert_eq!(read.status, reads, "{roles:?} in {group:?} reads");
    }
    // The agency's own tokens name the group that it chose.
    assert_eq!(server.get(&server.user(), &closed).await.status, 200);
}

/// A token of a provider with these roles and this group.
fn token(server: &Server, provider: &Provider, roles: &[&str], group: Option<&str>) -> String {
    let mut claims = claims(&provider.issuer, now(server));
    claims["realm_access"]["roles"] = json!(roles);
    claims["service_point_group_id"] = json!(group);
    signed(&claims)
}

/// RAiD API, section on what changed: a role counts as it stands, and with the group of the token behind it, letter
/// for letter.
async fn a_role_counts_with_and_without_its_group(db: &TestDb) {
    let provider = Provider::start(vec![public(&p256(), Algorithm::ES256)]).await;
    let server = serve_for(db, &provider, None).await;
    let home = format!("service-point-user:{HOME_GROUP}");
    let away = format!("service-point-user:{AWAY_GROUP}");
    let (home, away) = (home.as_str(), away.as_str());
    let upper = home.to_uppercase();
    let admin = format!("service-point-admin:{HOME_GROUP}");
    let raid_admin = format!("raid-admin:{HOME_GROUP}");
    let here = Some(HOME_GROUP);
    for (roles, group, status) in [
        (&["service-point-user"][..], here, 201),
        (&[home], here, 201),
        (&[away, home], here, 201),
        (&[away, "service-point-user"], here, 201),
        (&[&raid_admin], here, 201),
        (&[away], here, 403),
        (&[home], None, 403),
        (&[home], Some(AWAY_GROUP), 403),
        (&[home], Some(""), 403),
        (&["service-point-user:"], Some(""), 403),
        (&["service-point-user: "], Some(" "), 403),
        (&["service-point-user:"], here, 403),
        (&[&upper], here, 403),
        (&["service-point-user:*"], here, 403),
        (&[&admin], here, 403),
        (&["operator:x"], Some("x"), 403),
    ] {
        let token = token(&server, &provider, roles, group);
        let minted = server.post(&token, "/raid/", &minimal()).await;
        assert_eq!(minted.status, status, "{roles:?} in {group:?}");
    }
    let operator = format!("operator:{HOME_GROUP}");
    let operator = token(&server, &provider, &[&operator], here);
    assert_eq!(server.get(&operator, "/v1/orcid-calls").await.status, 403);
}

/// RAiD API, section on what changed: tokens of a service point's own credentials have a role with its group alone.
async fn credentials_of_a_service_point_list_mint_and_read(db: &TestDb) {
    let provider = Provider::start(vec![public(&p256(), Algorithm::ES256)]).await;
    let server = serve_for(db, &provider, None).await;
    let mut claims = claims(&provider.issuer, now(&server));
    claims["realm_access"]["roles"] = json!([format!("service-point-user:{HOME_GROUP}")]);
    claims["azp"] = json!("raid-cred-0f0e4a4e-0000-4000-8000-000000000001");
    claims["sub"] = json!("service-account");
    let token = signed(&claims);
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let hidden = path_of(&server.mint(&embargoed(&server)).await);
    let foreign = server.post(&away, "/raid/", &embargoed(&server)).await;
    let foreign = path_of(&foreign.expect(201));
    let minted = server.post(&token, "/raid/", &minimal()).await.expect(201);
    assert_eq!(minted["identifier"]["owner"]["servicePoint"], HOME);
    let listed = server.get(&token, "/raid/").await.expect(200);
    let mut listed: Vec<_> = listed.as_array().unwrap().iter().map(path_of).collect();
    let mut expected = [path_of(&minted), hidden.clone()];
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
    for path in [&hidden, "/raid/count", "/service-point/"] {
        assert_eq!(server.get(&token, path).await.status, 200, "{path}");
    }
    let mut changed = minted.clone();
    changed["title"][0]["text"] = json!("By a program");
    let changed = server
        .put(&token, &path_of(&minted), &changed)
        .await
        .expect(200);
    let people = json!({"contributor": changed["contributor"]});
    let patch = request(Method::PATCH, &hidden, &token).set_json(people);
    assert_eq!(server.send(patch).await.status, 200);
    for path in [&foreign, "/raid/all-public"] {
        assert_eq!(server.get(&token, path).await.status, 403, "{path}");
    }
}
