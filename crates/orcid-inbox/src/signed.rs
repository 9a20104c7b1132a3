//! Signed links. Each says for whom or what it is, in which ORCID environment, and until when;
//! nobody can make or change one without the key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use store::Timestamp;

/// What a link is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Link {
    /// The landing page of one person's permission request; the iD.
    Permission {
        /// Who was asked.
        orcid: String,
    },
    /// An invitation sent by e-mail; its id.
    Invitation {
        /// The invitation.
        id: String,
    },
    /// The page about a service point whose entries a person was informed of.
    ServicePoint {
        /// Who was informed.
        orcid: String,
        /// The service point's number.
        id: i64,
    },
    /// The way back from ORCID; the visit's nonce.
    Visit {
        /// The visit.
        nonce: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(flatten)]
    link: Link,
    env: String,
    exp: i64,
}

/// Why a link is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It was not made here, was changed, or was made for another environment.
    #[error("This link is not valid")]
    Invalid,
    /// The button was not pressed on our own page, or that was too long ago.
    #[error("Please start from our page")]
    Elsewhere,
    /// Its time is over.
    #[error("This link has expired")]
    Expired,
}

/// Makes and checks links.
#[derive(Clone)]
pub struct Signer {
    /// The first one signs, all verify.
    keys: Vec<SecretSlice<u8>>,
    environment: String,
}

const VERSION: &str = "v1";

impl Signer {
    /// A signer for one ORCID environment. The first key signs; what the others signed is verified as
    /// well. Keys should have 32 random bytes.
    pub fn new(
        keys: impl IntoIterator<Item = SecretSlice<u8>>,
        environment: impl Into<String>,
    ) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            environment: environment.into(),
        }
    }

    /// A link that is good until `expires`.
    pub fn sign(&self, link: Link, expires: Timestamp) -> String {
        let exp = expires.assume_utc().unix_timestamp();
        let claims = Claims {
            link,
            env: self.environment.clone(),
            exp,
        };
        // A struct of strings and a number cannot fail to serialise.
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap_or_default());
        format!("{VERSION}.{body}.{}", self.mac(&body))
    }

    /// What a link says, if it was made here and its time is not over.
    ///
    /// # Errors
    /// [`LinkError`] says which of the two.
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<Link, LinkError> {
        let mut parts = text.split('.');
        let (Some(VERSION), Some(body), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(LinkError::Invalid);
        };
        if !self.is_mac_of(mac, body) {
            return Err(LinkError::Invalid);
        }
        let body = URL_SAFE_NO_PAD
            .decode(body)
            .map_err(|_| LinkError::Invalid)?;
        let claims: Claims = serde_json::from_slice(&body).map_err(|_| LinkError::Invalid)?;
        if claims.env != self.environment {
            return Err(LinkError::Invalid);
        }
        if claims.exp <= now.assume_utc().unix_timestamp() {
            return Err(LinkError::Expired);
        }
        Ok(claims.link)
    }

    /// A secret that ties a visit to the browser that set out.
    pub fn cookie(&self, nonce: &str) -> String {
        self.mac(&format!("cookie.{nonce}"))
    }

    /// Whether a browser's cookie belongs to the visit.
    pub fn is_cookie_of(&self, cookie: &str, nonce: &str) -> bool {
        self.is_mac_of(cookie, &format!("cookie.{nonce}"))
    }

    fn mac(&self, body: &str) -> String {
        let mac = self.keys.first().map(|key| mac(key, body).finalize());
        mac.map_or_else(String::new, |mac| URL_SAFE_NO_PAD.encode(mac.into_bytes()))
    }

    /// Whether one of the keys made `text` for `body`. Compared in constant time.
    fn is_mac_of(&self, text: &str, body: &str) -> bool {
        let given = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let is_by = |key: &SecretSlice<u8>| mac(key, body).verify_slice(&given).is_ok();
        self.keys.iter().any(is_by)
    }
}

fn mac(key: &SecretSlice<u8>, body: &str) -> Hmac<Sha256> {
    // HMAC takes a key of any length, so this cannot fail.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.expose_secret()) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac.chain_update(VERSION)
        .chain_update(".")
        .chain_update(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn signer_of(keys: &[u8], environment: &str) -> Signer {
        Signer::new(keys.iter().map(|key| vec![*key; 32].into()), environment)
    }

    fn signer(key: u8, environment: &str) -> Signer {
        signer_of(&[key], environment)
    }

    fn link() -> Link {
        Link::Permission {
            orcid: "0000-0002-1825-0097".into(),
        }
    }

    #[test]
    fn a_link_is_good_until_it_expires() {
        let s = signer(1, "sandbox");
        let signed = s.sign(link(), datetime!(2026-01-02 00:00:00));
        assert_eq!(
            s.verify(&signed, datetime!(2026-01-01 23:59:59)),
            Ok(link())
        );
        assert_eq!(
            s.verify(&signed, datetime!(2026-01-02 00:00:00)),
            Err(LinkError::Expired)
        );
    }

    #[test]
    fn another_key_or_environment_does_not_open_it() {
        let signed = signer(1, "sandbox").sign(link(), datetime!(2026-01-02 00:00:00));
        let now = datetime!(2026-01-01 00:00:00);
        assert_eq!(
            signer(2, "sandbox").verify(&signed, now),
            Err(LinkError::Invalid)
        );
        assert_eq!(
            signer(1, "production").verify(&signed, now),
            Err(LinkError::Invalid)
        );
    }

    #[test]
    fn links_and_cookies_of_a_former_key_are_good() {
        let (expires, now) = (
            datetime!(2026-01-02 00:00:00),
            datetime!(2026-01-01 00:00:00),
        );
        let old = signer(1, "sandbox");
        let both = signer_of(&[2, 1], "sandbox");
        assert_eq!(both.verify(&old.sign(link(), expires), now), Ok(link()));
        assert!(both.is_cookie_of(&old.cookie("a"), "a"));
        // The new key signs.
        let new = both.sign(link(), expires);
        assert_eq!(signer(2, "sandbox").verify(&new, now), Ok(link()));
        assert_eq!(old.verify(&new, now), Err(LinkError::Invalid));
        // Without a key nothing is signed, and nothing is good.
        let none = signer_of(&[], "sandbox");
        let unsigned = none.sign(link(), expires);
        assert_eq!(none.verify(&unsigned, now), Err(LinkError::Invalid));
    }

    #[test]
    fn a_cookie_belongs_to_one_visit() {
        let s = signer(1, "sandbox");
        assert!(s.is_cookie_of(&s.cookie("a"), "a"));
        assert!(!s.is_cookie_of(&s.cookie("a"), "b"));
        assert!(!s.is_cookie_of("", "a"));
    }

    proptest! {
        #[test]
        fn a_changed_link_is_refused(at in 0usize..200, to in "[A-Za-z0-9_.-]") {
            let s = signer(1, "sandbox");
            let signed = s.sign(link(), datetime!(2026-01-02 00:00:00));
            let at = at % signed.len();
            let mut changed = signed.clone();
            changed.replace_range(at..=at, &to);
            let found = s.verify(&changed, datetime!(2026-01-01 00:00:00));
            // The last character of a base64 text has spare bits, and may decode the same.
            prop_assert!(changed == signed || found != Ok(link()) || at == signed.len() - 1);
            prop_assert!(found.is_err() || found == Ok(link()));
        }

        #[test]
        fn any_text_is_refused_without_panic(text in ".{0,200}") {
            let s = signer(1, "sandbox");
            prop_assert!(s.verify(&text, datetime!(2026-01-01 00:00:00)).is_err());
        }
    }
}
