//! Roles that count at one service point only.

use jsonwebtoken::Algorithm;
use serde_json::json;
use store::testing::TestDb;

use crate::harness::{AWAY_GROUP, HOME_GROUP, embargoed, minimal, path_of};
use crate::tokens::{Provider, claims, now, p256, public, serve_scoped, signed};

store::on_both_databases!(a_role_at_one_service_point_counts_at_no_other);

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
