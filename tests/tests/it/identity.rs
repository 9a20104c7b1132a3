//! Tokens of a real `OpenID` provider: who signs in there acts here in their roles, and nobody does
//! with a token that the provider did not issue, for us, lately.

use crate::identity_provider::{API, EXPIRED, IdentityProvider, OTHER};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use raid_tests::examples::{self, handle_of};
use raid_tests::{Agency, Client, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    people_and_services_act_in_the_roles_of_their_tokens,
    tokens_that_the_provider_did_not_issue_for_us_are_refused,
    a_new_key_is_found_and_a_withdrawn_one_stops_to_count,
    keys_of_a_provider_that_is_gone_stop_to_count,
    people_of_two_providers_are_never_the_same,
);

async fn agency_of<'a>(stage: &'a Stage, provider: &IdentityProvider) -> Agency<'a> {
    stage.agency_with(&settings("15m", &[(provider, "")])).await
}

/// Settings that accept the tokens of providers, each with settings of its own.
fn settings(keys_max_age: &str, providers: &[(&IdentityProvider, &str)]) -> String {
    let auth = format!(
        r#"
[auth]
local = false
app_clients = ["raid-app"]
keys_pause = "100ms"
keys_max_age = "{keys_max_age}"
"#
    );
    let issuers = providers.iter().map(|(provider, own)| {
        let issuer = provider.issuer();
        format!("[[auth.issuers]]\nissuer = \"{issuer}\"\naudience = \"raid-api\"\n{own}\n")
    });
    std::iter::once(auth).chain(issuers).collect()
}

fn client(agency: &Agency<'_>, token: &str) -> Client {
    Client::new(agency.url(), Some(token.to_owned()))
}

/// The status of an answer that only those get who may see service points.
async fn status(agency: &Agency<'_>, token: &str) -> u16 {
    let reply = client(agency, token).get("/service-point/").await;
    if reply.status == 401 {
        let challenge = reply.header("WWW-Authenticate");
        assert!(
            challenge.starts_with("Bearer error=\"invalid_token\""),
            "{challenge}"
        );
    }
    reply.status.as_u16()
}

/// RAiD API, section on roles: `realm_access.roles`, `service_point_group_id` and `azp` decide.
async fn people_and_services_act_in_the_roles_of_their_tokens(stage: &Stage) {
    let provider = IdentityProvider::start(stage);
    let agency = agency_of(stage, &provider).await;
    let token_of = async |person| provider.sign_in(person, API).await.access;
    let alice = client(&agency, &token_of("alice").await);
    let olga = client(&agency, &token_of("olga").await);
    let stranger = client(&agency, &token_of("stranger").await);
    let service = client(&agency, &provider.token_of_service().await);

    let raid = alice.mint(&examples::minimal()).await;
    assert_eq!(raid["identifier"]["owner"]["servicePoint"], 10_000_000);
    let handle = handle_of(&raid);
    assert_eq!(alice.raid(&handle).await, raid);

    // The operator manages service points, and mints nothing.
    let mut point = olga.get("/service-point/10000000").await.expect(200);
    olga.post("/raid/", &examples::minimal()).await.expect(403);
    alice
        .put("/service-point/10000000", &point)
        .await
        .expect(403);

    // A service says how far people have confirmed, and mints nothing.
    let mut people = json!({"contributor": raid["contributor"]});
    people["contributor"][0]["status"] = json!("AUTHENTICATION_FAILED");
    let patch = service
        .send(
            reqwest::Method::PATCH,
            &format!("/raid/{handle}"),
            Some(&people),
        )
        .await;
    let patched = patch.unwrap().expect(200);
    assert_eq!(patched["contributor"][0]["status"], "AUTHENTICATION_FAILED");
    service
        .post("/raid/", &examples::minimal())
        .await
        .expect(403);

    // Who signed in without a role may nothing; who did not sign in is somebody else.
    stranger
        .post("/raid/", &examples::minimal())
        .await
        .expect(403);
    let nobody = alice.anonymous().post("/raid/", &examples::minimal()).await;
    nobody.expect(401);
    assert_eq!(nobody.header("WWW-Authenticate"), "Bearer");

    // The client of the token is the agency's application, whose writes can be switched off.
    point["appWritesEnabled"] = json!(false);
    olga.put("/service-point/10000000", &point)
        .await
        .expect(200);
    let refused = alice.post("/raid/", &examples::minimal()).await.expect(403);
    let kind = refused["type"].as_str().unwrap();
    assert!(kind.ends_with("#AppWritesDisabledException"), "{kind}");
}

/// RAiD API, section on tokens: another audience, no signature, another algorithm, an end that is
/// past.
async fn tokens_that_the_provider_did_not_issue_for_us_are_refused(stage: &Stage) {
    let provider = IdentityProvider::start(stage);
    let stranger = IdentityProvider::start(stage);
    let agency = agency_of(stage, &provider).await;
    let good = provider.sign_in("alice", API).await;
    let key = provider.public_keys().await.swap_remove(0);
    for (what, token) in [
        (
            "of another provider",
            stranger.sign_in("alice", API).await.access,
        ),
        (
            "for another audience",
            provider.sign_in("alice", OTHER).await.access,
        ),
        ("expired", provider.sign_in("alice", EXPIRED).await.access),
        ("for the application", good.id.clone()),
        ("not signed", unsigned(&good.access)),
        ("with other claims", promoted(&good.access)),
        (
            "signed with the public key, as PEM",
            resigned(&good.access, pem(&key).as_bytes()),
        ),
        (
            "signed with the public key, as JSON",
            resigned(&good.access, key.to_string().as_bytes()),
        ),
        (
            "signed with the public key, as bytes",
            resigned(&good.access, &modulus(&key)),
        ),
    ] {
        assert_eq!(status(&agency, &token).await, 401, "{what}");
    }
    assert_eq!(status(&agency, &good.access).await, 200);
}

async fn a_new_key_is_found_and_a_withdrawn_one_stops_to_count(stage: &Stage) {
    let mut provider = IdentityProvider::start(stage);
    let agency = agency_of(stage, &provider).await;
    let first = provider.sign_in("alice", API).await.access;
    // Shown only later, so that nothing is known of them but their key. (A token that was good
    // is remembered for a minute.)
    let kept = provider.sign_in("alice", API).await.access;
    let withdrawn = provider.sign_in("alice", API).await.access;
    assert_eq!(status(&agency, &first).await, 200);

    provider.rotate();
    let second = provider.sign_in("alice", API).await.access;
    is_let_in(&agency, &second).await;
    assert_eq!(status(&agency, &kept).await, 200, "its key is still there");

    provider.rotate();
    let third = provider.sign_in("alice", API).await.access;
    is_let_in(&agency, &third).await;
    assert_eq!(status(&agency, &withdrawn).await, 401, "its key is gone");
    assert_eq!(status(&agency, &second).await, 200);
}

/// For a while what is known of it counts; then nobody can tell, and nobody is refused for good.
async fn keys_of_a_provider_that_is_gone_stop_to_count(stage: &Stage) {
    let mut provider = IdentityProvider::start(stage);
    let agency = stage.agency_with(&settings("2s", &[(&provider, "")])).await;
    let token = provider.sign_in("alice", API).await.access;
    assert_eq!(status(&agency, &token).await, 200);
    provider.stop();
    eventually("the keys to be too old", async || {
        let status = status(&agency, &token).await;
        (status != 200).then_some(status)
    })
    .await;
    assert_eq!(status(&agency, &token).await, 503);
    provider.rotate();
    is_let_in(&agency, &token).await;
}

/// The same `sub` at two providers, of which only one may make operators.
async fn people_of_two_providers_are_never_the_same(stage: &Stage) {
    let home = IdentityProvider::start(stage);
    let other = IdentityProvider::start(stage);
    let roles = r#"roles = ["raid-admin", "service-point-user", "operator"]"#;
    let agency = stage
        .agency_with(&settings("15m", &[(&home, roles), (&other, "")]))
        .await;
    let as_of = async |provider: &IdentityProvider, person| {
        client(&agency, &provider.sign_in(person, API).await.access)
    };
    let (ada, another_ada) = (as_of(&home, "ada").await, as_of(&other, "ada").await);
    let mut request = examples::titled("Unpublished whispers");
    request["access"] = examples::embargo("Until the paper is out");
    let raid = ada.mint(&request).await;
    let path = format!("/raid/{}", handle_of(&raid));
    ada.get(&path).await.expect(200);
    another_ada.get(&path).await.expect(403);
    another_ada.put(&path, &raid).await.expect(403);
    let holders = format!("/v1/raids/{}/holders", handle_of(&raid));
    let held = ada.get(&holders).await.expect(200);
    assert_eq!(held[0]["issuer"], home.issuer());

    let (olga, another_olga) = (as_of(&home, "olga").await, as_of(&other, "olga").await);
    olga.get(&path).await.expect(200);
    another_olga.get(&path).await.expect(403);
    another_olga.get("/service-point/").await.expect(403);
    let logs = stage.logs();
    for named in ["auth.issuers.groups", "auth.issuers.roles"] {
        assert!(logs.contains(named), "{named} is not in the logs");
    }
}

/// A provider is not asked for its keys again at once, so a new one may take its time.
async fn is_let_in(agency: &Agency<'_>, token: &str) {
    eventually("the new key to be found", async || {
        (status(agency, token).await == 200).then_some(())
    })
    .await;
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// The same claims with `alg: none`.
fn unsigned(token: &str) -> String {
    let [header, claims, _] = parts(token);
    let mut header = decoded(header);
    header["alg"] = json!("none");
    format!("{}.{claims}.", encoded(&header))
}

/// The claims of an operator under the signature of another's.
fn promoted(token: &str) -> String {
    let [header, claims, signature] = parts(token);
    let mut claims = decoded(claims);
    claims["realm_access"]["roles"] = json!(["operator"]);
    format!("{header}.{}.{signature}", encoded(&claims))
}

/// The same claims, signed by HS256 with a secret that is none.
fn resigned(token: &str, secret: &[u8]) -> String {
    let [header, claims, _] = parts(token);
    let header = Header {
        kid: decoded(header)["kid"].as_str().map(str::to_owned),
        ..Header::new(Algorithm::HS256)
    };
    let key = EncodingKey::from_secret(secret);
    jsonwebtoken::encode(&header, &decoded(claims), &key).unwrap()
}

fn modulus(key: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap()
}

/// A key as OpenSSL writes it: a `SubjectPublicKeyInfo` (RFC 5280) of an RSA key of 2048 bits whose
/// exponent is 65537.
fn pem(key: &Value) -> String {
    let mut der = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\
        \x03\x82\x01\x0f\x00\x30\x82\x01\x0a\x02\x82\x01\x01\x00"
        .to_vec();
    der.extend(modulus(key));
    der.extend(b"\x02\x03\x01\x00\x01");
    let base64 = STANDARD.encode(der).into_bytes();
    let lines: Vec<_> = base64.chunks(64).map(String::from_utf8_lossy).collect();
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    )
}
