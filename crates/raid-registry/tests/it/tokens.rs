//! Whose tokens count: the agency's own and those of an `OpenID` provider.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use raid_registry::auth::{OidcIssuer, Role};
use serde_json::{Value, json};
use store::testing::TestDb;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::harness::{HOME_GROUP, Server, serve, serve_with, settings};

store::on_both_databases!(
    tokens_of_the_agency_itself,
    tokens_of_a_provider,
    keys_are_fetched_when_needed_and_kept_in_trouble,
);

/// A provider is asked at most this often.
const KEYS_PAUSE: Duration = Duration::from_mins(1);
/// Keys that cannot be fetched again count for this long.
const KEYS_MAX_AGE: Duration = Duration::from_mins(15);
const LOCAL_KEY: [u8; 32] = [9; 32];
const LOCAL_ISSUER: &str = "https://agency.example.org";

/// A token that claims to be of `issuer`; its signature is nobody's.
pub fn forged_for(issuer: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"one"}"#);
    let claims = URL_SAFE_NO_PAD.encode(json!({"iss": issuer, "sub": "x"}).to_string());
    format!("{header}.{claims}.AAAA")
}

pub fn claims(issuer: &str, now: i64) -> Value {
    json!({
        "iss": issuer,
        "sub": "user-1",
        "azp": "app",
        "aud": ["account", "raid-api"],
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "realm_access": {"roles": ["offline_access", "service-point-user"]},
        "service_point_group_id": HOME_GROUP,
    })
}

fn local(claims: &Value) -> String {
    let key = EncodingKey::from_secret(&LOCAL_KEY);
    encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
}

pub fn now(server: &Server) -> i64 {
    server.clock.now().assume_utc().unix_timestamp()
}

async fn status(server: &Server, token: &str) -> u16 {
    let reply = server.get(token, "/raid/").await;
    let status = reply.status.as_u16();
    if status == 401 {
        assert!(reply.body.is_empty());
        let challenge = reply.header("www-authenticate");
        assert!(challenge.starts_with("Bearer error=\"invalid_token\", error_description=\""));
        assert!(token.is_empty() || !challenge.contains(token));
    }
    status
}

/// RAiD API, sections on tokens and on error answers: the claims that count, and the bodies and
/// challenges of 401.
async fn tokens_of_the_agency_itself(db: &TestDb) {
    let server = serve(db).await;
    let at = now(&server);
    let good = claims(LOCAL_ISSUER, at);
    assert_eq!(status(&server, &local(&good)).await, 200);

    // No token at all is another answer than a bad one.
    for header in [None, Some("Basic dXNlcjpwYXNz"), Some("token")] {
        let mut get = actix_web::test::TestRequest::get().uri("/raid/count");
        if let Some(header) = header {
            get = get.insert_header(("Authorization", header));
        }
        let reply = server.send(get).await;
        assert_eq!(reply.expect(401), Value::Null);
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }

    let with = |member: &str, value: Value| {
        let mut claims = good.clone();
        claims[member] = value;
        local(&claims)
    };
    for (what, token) in [
        ("empty", String::new()),
        ("garbage", "a.b.c".to_owned()),
        ("endless", "x".repeat(100_000)),
        (
            "foreign issuer",
            with("iss", json!("https://evil.example.org")),
        ),
        ("no issuer", with("iss", Value::Null)),
        ("expired", with("exp", json!(at - 61))),
        ("no expiry", with("exp", Value::Null)),
        ("expiry as text", with("exp", json!("tomorrow"))),
        ("not yet", with("nbf", json!(at + 3600))),
        ("odd start", with("nbf", json!({}))),
        ("no subject", with("sub", Value::Null)),
        ("odd subject", with("sub", json!(["a"]))),
    ] {
        assert_eq!(status(&server, &token).await, 401, "{what}");
    }
    // Roles and group in odd shapes give no right, and do no harm.
    for (member, value) in [
        ("realm_access", json!("service-point-user")),
        ("realm_access", json!({"roles": {"a": 1}})),
        (
            "realm_access",
            json!({"roles": [1, null, ["service-point-user"]]}),
        ),
        ("service_point_group_id", json!(7)),
        ("service_point_group_id", json!("\u{0}")),
        ("service_point_group_id", json!("x".repeat(5000))),
    ] {
        assert_eq!(
            status(&server, &with(member, value.clone())).await,
            403,
            "{value}"
        );
    }
    assert_eq!(
        status(
            &server,
            &with("exp", json!(f64::from(2_000_000_000) * 2.0 + 0.5))
        )
        .await,
        200
    );
    // The clocks may differ by a minute.
    assert_eq!(status(&server, &with("exp", json!(at - 30))).await, 200);
    assert_eq!(status(&server, &with("nbf", json!(at + 30))).await, 200);

    // A token that was good before is not when it expired.
    let token = local(&good);
    assert_eq!(status(&server, &token).await, 200);
    server.clock.advance(time::Duration::minutes(7));
    assert_eq!(status(&server, &token).await, 401);

    for (what, token) in forgeries(&claims(LOCAL_ISSUER, now(&server))) {
        assert_eq!(status(&server, &token).await, 401, "{what}");
    }
}

/// The claims, signed in ways that must not count for anybody.
fn forgeries(claims: &Value) -> Vec<(&'static str, String)> {
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let unsigned = |alg: &str| format!("{}.{}.", part(json!({"alg": alg})), part(claims.clone()));
    let signed = |algorithm, key| encode(&header(algorithm), claims, &key).unwrap();
    let public = include_bytes!("keys/rsa-public.pem");
    let good = local(claims);
    let (content, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = content.split_once('.').unwrap();
    let mut more = claims.clone();
    more["realm_access"]["roles"] = json!(["operator"]);
    let crit = Header {
        crit: Some(vec!["b64".to_owned()]),
        ..header(Algorithm::HS256)
    };
    vec![
        ("none", unsigned("none")),
        ("None", unsigned("None")),
        ("no signature", unsigned("HS256")),
        ("no signature, RS256", unsigned("RS256")),
        (
            "other content",
            format!("{head}.{}.{signature}", part(more)),
        ),
        (
            "wrong secret",
            signed(Algorithm::HS256, EncodingKey::from_secret(&[8; 32])),
        ),
        (
            "empty secret",
            signed(Algorithm::HS256, EncodingKey::from_secret(b"")),
        ),
        (
            "public key as secret",
            signed(Algorithm::HS256, EncodingKey::from_secret(public)),
        ),
        ("other RSA key", signed(Algorithm::RS256, other_rsa())),
        (
            "HS512",
            signed(Algorithm::HS512, EncodingKey::from_secret(&LOCAL_KEY)),
        ),
        (
            "crit",
            encode(&crit, claims, &EncodingKey::from_secret(&LOCAL_KEY)).unwrap(),
        ),
    ]
}

fn header(algorithm: Algorithm) -> Header {
    Header {
        kid: Some(format!("{algorithm:?}")),
        ..Header::new(algorithm)
    }
}

fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_pem(include_bytes!("keys/rsa.pem")).unwrap()
}

fn other_rsa() -> EncodingKey {
    EncodingKey::from_rsa_pem(include_bytes!("keys/other-rsa.pem")).unwrap()
}

pub fn p256() -> EncodingKey {
    EncodingKey::from_ec_pem(include_bytes!("keys/p256.pem")).unwrap()
}

fn ed25519() -> EncodingKey {
    EncodingKey::from_ed_pem(include_bytes!("keys/ed25519.pem")).unwrap()
}

pub fn public(key: &EncodingKey, algorithm: Algorithm) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(format!("{algorithm:?}"));
    serde_json::to_value(jwk).unwrap()
}

/// An `OpenID` provider on this machine.
pub struct Provider {
    pub issuer: String,
    keys: Arc<Mutex<Option<Vec<Value>>>>,
    asked: Arc<AtomicUsize>,
}

impl Provider {
    pub async fn start(keys: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realms/raid", listener.local_addr().unwrap());
        let provider = Self {
            issuer: issuer.clone(),
            keys: Arc::new(Mutex::new(Some(keys))),
            asked: Arc::default(),
        };
        let (keys, asked) = (provider.keys.clone(), provider.asked.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let keys = keys.lock().unwrap().clone();
                let body = match (path.as_str(), keys) {
                    ("/realms/raid/.well-known/openid-configuration", Some(_)) => {
                        asked.fetch_add(1, Ordering::SeqCst);
                        json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")})
                    }
                    ("/realms/raid/keys", Some(keys)) => json!({ "keys": keys }),
                    _ => Value::Null,
                };
                let body = body.to_string();
                let status = if body == "null" { "503 Busy" } else { "200 OK" };
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        provider
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub fn set(&self, keys: Option<Vec<Value>>) {
        *self.keys.lock().unwrap() = keys;
    }
}

/// A provider that may give every role, at every service point.
pub fn of(issuer: &str, audience: Option<&str>) -> OidcIssuer {
    OidcIssuer {
        issuer: issuer.to_owned(),
        audience: audience.map(str::to_owned),
        scoped_roles: false,
        roles: Role::ALL.to_vec(),
        groups: Vec::new(),
        keys_pause: KEYS_PAUSE,
        keys_max_age: KEYS_MAX_AGE,
    }
}

pub async fn serve_for(db: &TestDb, provider: &Provider, audience: Option<&str>) -> Server {
    let mut settings = settings();
    settings.auth.oidc.push(of(&provider.issuer, audience));
    serve_with(db, settings).await
}

/// A registry that counts roles at a service point only where they name its group.
pub async fn serve_scoped(db: &TestDb, provider: &Provider) -> Server {
    let mut settings = settings();
    settings.auth.oidc.push(OidcIssuer {
        scoped_roles: true,
        ..of(&provider.issuer, None)
    });
    serve_with(db, settings).await
}

/// The claims, signed by the provider with its key for ES256.
pub fn signed(claims: &Value) -> String {
    encode(&header(Algorithm::ES256), claims, &p256()).unwrap()
}

/// RAiD API, section on tokens: signed by a provider; the audience is checked here.
async fn tokens_of_a_provider(db: &TestDb) {
    // One that we cannot use, and one that is for encryption, do not hide the others.
    let mut encryption = public(&other_rsa(), Algorithm::RS256);
    encryption["use"] = json!("enc");
    encryption["kid"] = json!("enc");
    let provider = Provider::start(vec![
        json!({"kty": "future", "kid": "new"}),
        encryption,
        public(&rsa(), Algorithm::RS256),
        public(&rsa(), Algorithm::PS256),
        public(&p256(), Algorithm::ES256),
        public(&ed25519(), Algorithm::EdDSA),
        json!({"kty": "oct", "kid": "HS256", "k": URL_SAFE_NO_PAD.encode(LOCAL_KEY)}),
    ])
    .await;
    let server = serve_for(db, &provider, Some("raid-api")).await;
    let good = claims(&provider.issuer, now(&server));
    for (algorithm, key) in [
        (Algorithm::RS256, rsa()),
        (Algorithm::PS256, rsa()),
        (Algorithm::ES256, p256()),
        (Algorithm::EdDSA, ed25519()),
    ] {
        let token = encode(&header(algorithm), &good, &key).unwrap();
        assert_eq!(status(&server, &token).await, 200, "{algorithm:?}");
        // The agency's own tokens are never signed so.
        let stolen = claims(LOCAL_ISSUER, now(&server));
        let token = encode(&header(algorithm), &stolen, &key).unwrap();
        assert_eq!(status(&server, &token).await, 401, "{algorithm:?}");
    }
    for (what, token) in forgeries(&good) {
        assert_eq!(status(&server, &token).await, 401, "{what}");
    }
    // A key is for its own algorithm, and the one for encryption signs nothing.
    for (kid, algorithm, key) in [
        ("RS256", Algorithm::PS256, rsa()),
        ("RS256", Algorithm::RS384, rsa()),
        ("enc", Algorithm::RS256, other_rsa()),
        (
            "HS256",
            Algorithm::HS256,
            EncodingKey::from_secret(&LOCAL_KEY),
        ),
    ] {
        let head = Header {
            kid: Some(kid.to_owned()),
            ..Header::new(algorithm)
        };
        let token = encode(&head, &good, &key).unwrap();
        assert_eq!(status(&server, &token).await, 401, "{kid} {algorithm:?}");
    }
    // Without `kid` the only key of its kind is meant.
    let token = encode(&Header::new(Algorithm::ES256), &good, &p256()).unwrap();
    assert_eq!(status(&server, &token).await, 200);

    for (audience, expected) in [
        (json!("raid-api"), 200),
        (json!("account"), 401),
        (json!([]), 401),
        (json!({"raid-api": 1}), 401),
        (Value::Null, 401),
    ] {
        let mut claims = good.clone();
        claims["aud"] = audience.clone();
        let token = encode(&header(Algorithm::ES256), &claims, &p256()).unwrap();
        assert_eq!(status(&server, &token).await, expected, "{audience}");
    }
    assert_eq!(provider.asked(), 1);
    // Local tokens still count beside it.
    assert_eq!(status(&server, &server.user()).await, 200);
}

async fn keys_are_fetched_when_needed_and_kept_in_trouble(db: &TestDb) {
    let provider = Provider::start(vec![public(&rsa(), Algorithm::RS256)]).await;
    let server = serve_for(db, &provider, None).await;
    let token = |kid: &str, key: EncodingKey| {
        let head = Header {
            kid: Some(kid.to_owned()),
            ..Header::new(Algorithm::RS256)
        };
        let mut claims = claims(&provider.issuer, now(&server));
        claims["jti"] = json!(server.clock.now().to_string());
        encode(&head, &claims, &key).unwrap()
    };
    // A provider in trouble, before anything is known: come back later.
    provider.set(None);
    assert_eq!(status(&server, &token("RS256", rsa())).await, 503);
    provider.set(Some(vec![public(&rsa(), Algorithm::RS256)]));
    assert_eq!(status(&server, &token("RS256", rsa())).await, 503);
    assert_eq!(provider.asked(), 0);
    server.clock.advance(time::Duration::seconds(61));
    assert_eq!(status(&server, &token("RS256", rsa())).await, 200);
    assert_eq!(provider.asked(), 1);

    // Unknown keys make us ask, but at most once a minute.
    for kid in ["a", "b", "c"] {
        assert_eq!(status(&server, &token(kid, other_rsa())).await, 401);
    }
    assert_eq!(provider.asked(), 1);
    server.clock.advance(time::Duration::seconds(61));
    for kid in ["a", "b", "c"] {
        assert_eq!(status(&server, &token(kid, other_rsa())).await, 401);
    }
    assert_eq!(provider.asked(), 2);

    // Rotation: the new key is found, the old one goes.
    let mut new = public(&other_rsa(), Algorithm::RS256);
    new["kid"] = json!("new");
    provider.set(Some(vec![new]));
    server.clock.advance(time::Duration::seconds(61));
    assert_eq!(status(&server, &token("new", other_rsa())).await, 200);
    assert_eq!(status(&server, &token("RS256", rsa())).await, 401);
    assert_eq!(provider.asked(), 3);

    // Trouble: what is known counts on for a while.
    provider.set(None);
    server.clock.advance(time::Duration::minutes(10));
    assert_eq!(status(&server, &token("new", other_rsa())).await, 200);
    assert_eq!(provider.asked(), 3);
}
