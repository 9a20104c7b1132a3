//! Secrets at rest: XChaCha20-Poly1305 with the owner and the key's id as associated data, so
//! that a sealed token copied to another person's row does not open. And keyed hashes (HMAC-SHA256),
//! by which a secret is recognised without being kept.

use crate::error::StoreError;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use rand::RngExt as _;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;

const NONCE_LENGTH: usize = 24;
const MAX_KEY_ID: usize = 64;
/// What the key of hashes is derived with, so that no key serves two purposes.
const HASH_KEY: &[u8] = b"raid-agency hash key 1";

/// The keys that seal and open secrets: new secrets use the current one, old ones stay readable
/// as long as their key is in the ring.
#[derive(Clone)]
pub struct KeyRing {
    current: String,
    keys: Arc<BTreeMap<String, Key>>,
}

struct Key {
    cipher: XChaCha20Poly1305,
    /// Has its key, derived from the one that seals.
    hash: Hmac<Sha256>,
}

impl Key {
    fn new(key: [u8; 32]) -> Self {
        let derived = mac(&key).chain_update(HASH_KEY).finalize().into_bytes();
        Self {
            cipher: XChaCha20Poly1305::new(&key.into()),
            hash: mac(&derived),
        }
    }
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<_> = self.keys.keys().collect();
        f.debug_struct("KeyRing")
            .field("current", &self.current)
            .field("ids", &ids)
            .finish()
    }
}

/// Why a key ring cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The id of the current key is not among the keys.
    #[error("there is no key with the id `{0}`")]
    NoCurrent(String),
    /// A key's id is empty or too long.
    #[error("a key's id must have 1 to {MAX_KEY_ID} characters")]
    BadId,
}

impl KeyRing {
    /// A ring of 256-bit keys by id; `current` seals.
    ///
    /// # Errors
    /// When `current` is not among `keys` or an id is empty or longer than 64 bytes.
    pub fn new(
        current: &str,
        keys: impl IntoIterator<Item = (String, [u8; 32])>,
    ) -> Result<Self, KeyRingError> {
        let mut ring = BTreeMap::new();
        for (id, key) in keys {
            if id.is_empty() || id.len() > MAX_KEY_ID {
                return Err(KeyRingError::BadId);
            }
            ring.insert(id, Key::new(key));
        }
        if !ring.contains_key(current) {
            return Err(KeyRingError::NoCurrent(current.to_owned()));
        }
        Ok(Self {
            current: current.to_owned(),
            keys: Arc::new(ring),
        })
    }

    /// Seals `secret` for `owner` (an iD, or another row's key).
    ///
    /// # Errors
    /// [`StoreError::Unsealable`] if the cipher refuses (it does only for gigantic input).
    pub fn seal(&self, owner: &str, secret: &str) -> Result<Vec<u8>, StoreError> {
        let refused = || StoreError::Unsealable(self.current.clone());
        let cipher = &self.keys.get(&self.current).ok_or_else(refused)?.cipher;
        let nonce: [u8; NONCE_LENGTH] = rand::rng().random();
        let aad = associated(owner, &self.current);
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: &aad,
        };
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| refused())?;
        let id = self.current.as_bytes();
        let id_length = u8::try_from(id.len()).map_err(|_| refused())?;
        Ok([&[id_length], id, &nonce, sealed.as_slice()].concat())
    }

    /// Opens what [`KeyRing::seal`] made for the same `owner`.
    ///
    /// # Errors
    /// [`StoreError::Unsealable`] for another owner, a missing key, or changed bytes.
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Result<String, StoreError> {
        let damaged = || StoreError::Corrupt("a sealed secret is too short".into());
        let (&id_length, rest) = sealed.split_first().ok_or_else(damaged)?;
        let (id, rest) = rest
            .split_at_checked(id_length.into())
            .ok_or_else(damaged)?;
        let (nonce, body) = rest
            .split_first_chunk::<NONCE_LENGTH>()
            .ok_or_else(damaged)?;
        let id = String::from_utf8_lossy(id).into_owned();
        let key = self.keys.get(&id);
        let cipher = &key
            .ok_or_else(|| StoreError::Unsealable(id.clone()))?
            .cipher;
        let aad = associated(owner, &id);
        let payload = Payload {
            msg: body,
            aad: &aad,
        };
        let plain = cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| StoreError::Unsealable(id.clone()))?;
        String::from_utf8(plain).map_err(|_| StoreError::Unsealable(id))
    }

    /// Keyed hashes of `secret` for `owner`, in hexadecimal: one for each key of the ring, that of
    /// the current key first. To recognise a secret, keep the first and compare with all.
    pub fn hashes(&self, owner: &str, secret: &str) -> Vec<String> {
        let current = self.keys.get_key_value(&self.current);
        let others = self.keys.iter().filter(|(id, _)| **id != self.current);
        current
            .into_iter()
            .chain(others)
            .map(|(_, key)| {
                let mac = key.hash.clone().chain_update(owner).chain_update([0]);
                hexadecimal(&mac.chain_update(secret).finalize().into_bytes())
            })
            .collect()
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn associated(owner: &str, key_id: &str) -> Vec<u8> {
    [owner.as_bytes(), &[0], key_id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(current: &str, ids: &[(&str, u8)]) -> KeyRing {
        KeyRing::new(
            current,
            ids.iter().map(|(id, b)| ((*id).to_owned(), [*b; 32])),
        )
        .unwrap()
    }

    #[test]
    fn opens_for_its_owner_only() {
        let r = ring("a", &[("a", 1)]);
        let sealed = r.seal("0000-0002-1825-0097", "token").unwrap();
        assert_eq!(r.open("0000-0002-1825-0097", &sealed).unwrap(), "token");
        assert!(matches!(
            r.open("0000-0001-5109-3700", &sealed),
            Err(StoreError::Unsealable(_))
        ));
        assert!(!sealed.windows(5).any(|w| w == b"token"));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let r = ring("a", &[("a", 1)]);
        let sealed = r.seal("o", "secret").unwrap();
        for i in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[i] ^= 1;
            assert!(r.open("o", &broken).is_err(), "byte {i}");
        }
        for n in 0..sealed.len() {
            assert!(r.open("o", &sealed[..n]).is_err(), "cut to {n}");
        }
    }

    #[test]
    fn a_hash_is_of_its_owner_secret_and_key() {
        let a = ring("a", &[("a", 1)]);
        assert_eq!(a.hashes("o", "x"), a.hashes("o", "x"));
        let mut seen = vec![
            a.hashes("o", "x"),
            a.hashes("p", "x"),
            a.hashes("o", "y"),
            a.hashes("", "ox"),
            ring("a", &[("a", 2)]).hashes("o", "x"),
        ];
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5);
        assert!(seen.iter().all(|hashes| hashes[0].len() == 64));
        // After a rotation the old hashes are recognised, and the new key makes the first one.
        let both = ring("b", &[("a", 1), ("b", 2)]).hashes("o", "x");
        assert_eq!(both[0], ring("b", &[("b", 2)]).hashes("o", "x")[0]);
        assert_eq!(both[1], a.hashes("o", "x")[0]);
    }

    #[test]
    fn old_keys_open_and_new_ones_seal() {
        let old = ring("2026", &[("2026", 1)]).seal("o", "t").unwrap();
        let both = ring("2027", &[("2026", 1), ("2027", 2)]);
        assert_eq!(both.open("o", &old).unwrap(), "t");
        let new = both.seal("o", "t").unwrap();
        assert!(ring("2026", &[("2026", 1)]).open("o", &new).is_err());
        assert_eq!(ring("2027", &[("2027", 2)]).open("o", &new).unwrap(), "t");
    }
}
