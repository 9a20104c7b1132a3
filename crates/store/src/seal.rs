//! Secrets at rest: XChaCha20-Poly1305 with the owner and the key's id as associated data, so
//! that a sealed token copied to another person's row does not open. And keyed hashes (HMAC-SHA256),
//! by which a secret is recognised without being kept.

use crate::error::StoreError;
use crate::key_id::{KeyId, hexadecimal, mac};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use rand::RngExt as _;
use sha2::Sha256;
use std::sync::Arc;

const NONCE_LENGTH: usize = 24;
/// What the key of hashes is derived with, so that no key serves two purposes.
const HASH_KEY: &[u8] = b"raid-agency hash key 1";

/// The keys that seal and open secrets: new secrets use the current one, old ones stay readable
/// as long as their key is in the ring.
///
/// A sealed secret names its key by the [`KeyId`]. Those from before ids were derived have a
/// configured name instead, which says little: two keys may have had the same. They are tried with
/// each key of the ring.
#[derive(Clone)]
pub struct KeyRing {
    /// The current one first.
    keys: Arc<[Key]>,
}

struct Key {
    id: KeyId,
    cipher: XChaCha20Poly1305,
    /// Has its key, derived from the one that seals.
    hash: Hmac<Sha256>,
}

impl Key {
    fn new(key: &[u8; 32]) -> Self {
        let derived = mac(key).chain_update(HASH_KEY).finalize().into_bytes();
        Self {
            id: KeyId::of(key),
            cipher: XChaCha20Poly1305::new(key.into()),
            hash: mac(&derived),
        }
    }

    fn open(&self, owner: &str, sealed: &Sealed<'_>) -> Option<String> {
        let aad = associated(owner, sealed.id);
        let payload = Payload {
            msg: sealed.body,
            aad: &aad,
        };
        let plain = self.cipher.decrypt(&XNonce::from(*sealed.nonce), payload);
        String::from_utf8(plain.ok()?).ok()
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// A sealed secret in its parts.
struct Sealed<'a> {
    id: &'a str,
    nonce: &'a [u8; NONCE_LENGTH],
    body: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&id_length, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_at_checked(id_length.into())?;
        let (nonce, body) = rest.split_first_chunk()?;
        let id = std::str::from_utf8(id).ok()?;
        Some(Self { id, nonce, body })
    }
}

impl KeyRing {
    /// A ring of 256-bit keys: `current` seals, the `former` ones only open.
    pub fn new(current: &[u8; 32], former: &[[u8; 32]]) -> Self {
        let mut keys = vec![Key::new(current)];
        for key in former.iter().map(Key::new) {
            if keys.iter().all(|known| known.id != key.id) {
                keys.push(key);
            }
        }
        Self { keys: keys.into() }
    }

    /// The ids of its keys, the current one first.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.iter().map(|key| &key.id)
    }

    /// Seals `secret` for `owner` (an iD, or another row's key).
    ///
    /// # Errors
    /// [`StoreError::Unsealable`] if the cipher refuses (it does only for gigantic input).
    pub fn seal(&self, owner: &str, secret: &str) -> Result<Vec<u8>, StoreError> {
        let Some(key) = self.keys.first() else {
            unreachable!("a ring has a current key")
        };
        let id = key.id.as_str();
        let refused = || StoreError::Unsealable(id.to_owned());
        let nonce: [u8; NONCE_LENGTH] = rand::rng().random();
        let aad = associated(owner, id);
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: &aad,
        };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| refused())?;
        let id_length = u8::try_from(id.len()).map_err(|_| refused())?;
        Ok([&[id_length], id.as_bytes(), &nonce, sealed.as_slice()].concat())
    }

    /// Opens what [`KeyRing::seal`] made for the same `owner`.
    ///
    /// # Errors
    /// [`StoreError::Unsealable`] for another owner, a missing key, or changed bytes.
    pub fn open(&self, owner: &str, sealed: &[u8]) -> Result<String, StoreError> {
        let sealed = Sealed::read(sealed)
            .ok_or_else(|| StoreError::Corrupt("a sealed secret is too short".into()))?;
        let is_derived = KeyId::is_one(sealed.id);
        self.keys
            .iter()
            .filter(|key| !is_derived || key.id.as_str() == sealed.id)
            .find_map(|key| key.open(owner, &sealed))
            .ok_or_else(|| StoreError::Unsealable(sealed.id.to_owned()))
    }

    /// Whether the current key sealed this.
    pub(crate) fn is_current(&self, sealed: &[u8]) -> bool {
        let id = self.keys.first().map(|key| key.id.as_str());
        Sealed::read(sealed).map(|sealed| sealed.id) == id
    }

    /// By which key this was sealed; a configured name if it is from before ids were derived.
    pub(crate) fn id_in(sealed: &[u8]) -> &str {
        Sealed::read(sealed).map_or("damaged", |sealed| sealed.id)
    }

    /// Keyed hashes of `secret` for `owner`, in hexadecimal: one for each key of the ring, that of
    /// the current key first. To recognise a secret, keep the first and compare with all.
    pub fn hashes(&self, owner: &str, secret: &str) -> Vec<String> {
        self.keys
            .iter()
            .map(|key| {
                let mac = key.hash.clone().chain_update(owner).chain_update([0]);
                hexadecimal(&mac.chain_update(secret).finalize().into_bytes())
            })
            .collect()
    }
}

fn associated(owner: &str, key_id: &str) -> Vec<u8> {
    [owner.as_bytes(), &[0], key_id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first one is the current one.
    fn ring(keys: &[u8]) -> KeyRing {
        let keys: Vec<_> = keys.iter().map(|byte| [*byte; 32]).collect();
        KeyRing::new(&keys[0], &keys[1..])
    }

    /// As versions sealed that named keys by their configured ids.
    fn sealed_with_a_name(key: u8, name: &str, owner: &str, secret: &str) -> Vec<u8> {
        let nonce = [9; NONCE_LENGTH];
        let aad = associated(owner, name);
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: &aad,
        };
        let key = Key::new(&[key; 32]);
        let body = key.cipher.encrypt(&XNonce::from(nonce), payload).unwrap();
        let length = u8::try_from(name.len()).unwrap();
        [&[length], name.as_bytes(), &nonce, body.as_slice()].concat()
    }

    #[test]
    fn opens_for_its_owner_only() {
        let r = ring(&[1]);
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
        let r = ring(&[1]);
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
        let a = ring(&[1]);
        assert_eq!(a.hashes("o", "x"), a.hashes("o", "x"));
        let mut seen = vec![
            a.hashes("o", "x"),
            a.hashes("p", "x"),
            a.hashes("o", "y"),
            a.hashes("", "ox"),
            ring(&[2]).hashes("o", "x"),
        ];
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5);
        assert!(seen.iter().all(|hashes| hashes[0].len() == 64));
        // After a rotation the old hashes are recognised, and the new key makes the first one.
        let both = ring(&[2, 1]).hashes("o", "x");
        assert_eq!(both[0], ring(&[2]).hashes("o", "x")[0]);
        assert_eq!(both[1], a.hashes("o", "x")[0]);
    }

    #[test]
    fn old_keys_open_and_new_ones_seal() {
        let old = ring(&[1]).seal("o", "t").unwrap();
        let both = ring(&[2, 1]);
        assert_eq!(both.open("o", &old).unwrap(), "t");
        let new = both.seal("o", "t").unwrap();
        assert!(ring(&[1]).open("o", &new).is_err());
        assert_eq!(ring(&[2]).open("o", &new).unwrap(), "t");
        assert!(both.is_current(&new) && !both.is_current(&old));
        assert_eq!(KeyRing::id_in(&old), KeyId::of(&[1; 32]).as_str());
    }

    /// Also where two keys had the same name one after the other.
    #[test]
    fn what_was_sealed_under_a_configured_name_is_readable() {
        let first = sealed_with_a_name(1, "1", "o", "first");
        let second = sealed_with_a_name(2, "1", "o", "second");
        let both = ring(&[2, 1]);
        assert_eq!(both.open("o", &first).unwrap(), "first");
        assert_eq!(both.open("o", &second).unwrap(), "second");
        assert!(both.open("p", &first).is_err());
        let refused = ring(&[2]).open("o", &first).unwrap_err();
        assert!(matches!(&refused, StoreError::Unsealable(name) if name == "1"));
        assert_eq!(KeyRing::id_in(&first), "1");
        assert!(!both.is_current(&second));
    }

    #[test]
    fn a_key_counts_once() {
        assert_eq!(ring(&[1, 1, 2, 1]).ids().count(), 2);
    }
}
