//! An `OpenID` provider that others made, in a process of its own: `tests/oidc/provider.mjs`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use raid_tests::{Browser, Stage, free_port};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use url::Url;

/// What the API is called at the provider. Tokens for it are meant for us.
pub const API: &str = "https://raid-agency.example/api";
/// As [`API`], but its tokens are a day old.
pub const EXPIRED: &str = "https://raid-agency.example/api/yesterday";
/// Somebody else's API.
pub const OTHER: &str = "https://other.example/api";

const STARTS: usize = 20;
const TIMEOUT: Duration = Duration::from_secs(30);

/// A provider. Dropping it kills it.
pub struct IdentityProvider {
    port: u16,
    keys: PathBuf,
    child: Option<Child>,
    http: reqwest::Client,
}

/// What a sign-in yields.
pub struct Tokens {
    /// For the API.
    pub access: String,
    /// For the application.
    pub id: String,
}

impl IdentityProvider {
    /// Starts one, with a key of its own.
    pub fn start(stage: &Stage) -> Self {
        let http = reqwest::Client::builder().timeout(TIMEOUT).no_proxy();
        let mut provider = Self {
            port: 0,
            keys: PathBuf::new(),
            child: None,
            http: http.build().unwrap(),
        };
        for _ in 0..STARTS {
            provider.port = free_port();
            provider.keys = stage.folder().join(format!("keys-{}.json", provider.port));
            if provider.spawn() {
                return provider;
            }
        }
        panic!("the provider does not start");
    }

    /// Starts it again: with a new key, which signs from now on, and the one before.
    pub fn rotate(&mut self) {
        self.stop();
        assert!(
            (0..STARTS).any(|_| self.spawn()),
            "the provider does not start again"
        );
    }

    /// Starts the process; false when it ends instead, because another one has the port.
    fn spawn(&mut self) -> bool {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc");
        assert!(
            folder.join("node_modules").is_dir(),
            "the OpenID provider is not there: run `make test`, or `scripts/node-packages \
             tests/oidc` before the tests"
        );
        let mut child = Command::new("node")
            .arg(folder.join("provider.mjs"))
            .arg(self.port.to_string())
            .arg(&self.keys)
            // It ends when this is closed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("node, which `scripts/need node` fetches: {e}"));
        let mut greeting = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut greeting).unwrap();
        self.child = Some(child);
        if greeting.is_empty() {
            self.stop();
        }
        !greeting.is_empty()
    }

    /// Ends it. [`Self::rotate`] starts it again.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// `iss` of its tokens.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Signs a person in with a browser, for the application, which asks for a token for one API:
    /// the authorization code flow with PKCE (RFC 7636).
    pub async fn sign_in(&self, person: &str, api: &str) -> Tokens {
        let verifier = secret() + &secret();
        let state = secret();
        let callback = format!("{}/signed-in", self.issuer());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let authorize = Url::parse_with_params(
            &format!("{}/auth", self.issuer()),
            [
                ("client_id", "raid-app"),
                ("response_type", "code"),
                ("scope", "openid raid"),
                ("redirect_uri", &callback),
                ("resource", api),
                ("state", &state),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        );
        let browser = Browser::new();
        let sign_in = browser.open(authorize.unwrap().as_str()).await;
        let fields = [("login", person), ("password", "correct horse")];
        let consent = browser.press_with(&sign_in, "Sign-in", &fields).await;
        let back = browser.press(&consent, "Continue").await;
        assert_eq!(back.heading(), "Signed in");
        let answered = |name: &str| {
            let mut pairs = back.url.query_pairs();
            let found = pairs.find(|(n, _)| n == name);
            found.map(|(_, value)| value.into_owned())
        };
        assert_eq!(answered("state"), Some(state));
        let tokens = self
            .token(&[
                ("grant_type", "authorization_code"),
                ("client_id", "raid-app"),
                ("redirect_uri", &callback),
                ("resource", api),
                ("code", &answered("code").unwrap()),
                ("code_verifier", &verifier),
            ])
            .await;
        Tokens {
            access: tokens["access_token"].as_str().unwrap().to_owned(),
            id: tokens["id_token"].as_str().unwrap().to_owned(),
        }
    }

    /// A token for a service, which signs in by itself (RFC 6749 §4.4).
    pub async fn token_of_service(&self) -> String {
        let tokens = self
            .token(&[
                ("grant_type", "client_credentials"),
                ("client_id", "status-service"),
                ("client_secret", "the secret of the status service"),
                ("scope", "raid"),
            ])
            .await;
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    async fn token(&self, form: &[(&str, &str)]) -> Value {
        let url = format!("{}/token", self.issuer());
        let answer = self.http.post(url).form(form).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{status}: {body}");
        body
    }

    /// Its public keys, the one that signs first.
    pub async fn public_keys(&self) -> Vec<Value> {
        let url = format!("{}/jwks", self.issuer());
        let answer = self.http.get(url).send().await.unwrap();
        let set: Value = answer.json().await.unwrap();
        set["keys"].as_array().unwrap().clone()
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.stop();
    }
}

fn secret() -> String {
    format!("{:032x}", rand::random::<u128>())
}
