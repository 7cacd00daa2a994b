//! The key ring: wrapping keys, kept in a file that opens with a secret from outside the data folder.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::Random;

/// A shorter secret is refused: it protects every key there is.
pub const LEAST_SECRET: usize = 32;

const KEY: usize = 32;
const NONCE: usize = 12;

/// A key ring that does not open, or a key that does not unwrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// The secret is too short to protect anything.
    #[error("the secret has fewer than 32 characters")]
    ShortSecret,
    /// The file is not one of ours.
    #[error("the key ring cannot be read")]
    Damaged,
    /// Another secret was used when it was made.
    #[error("the secret does not open this key ring")]
    WrongSecret,
    /// The key was wrapped by a wrapping key that this ring does not hold.
    #[error("the ring does not hold the key that this was wrapped with")]
    UnknownKey,
    /// The wrapped key was altered, or belongs to something else.
    #[error("the wrapped key does not fit")]
    NotWrappedHere,
}

struct WrappingKey {
    id: u32,
    bytes: [u8; KEY],
}

impl Drop for WrappingKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

/// Keys that wrap keys. The newest wraps; all unwrap.
pub struct KeyRing {
    keys: Vec<WrappingKey>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRing({} keys)", self.keys.len())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    salt: String,
    keys: Vec<FileKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    id: u32,
    wrapped: String,
}

const FORMAT: &str = "tanod-keyring-v1";

fn aead(key: &[u8; KEY]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

/// Derives `N` bytes for one use from a secret (HKDF, RFC 5869).
fn derive<const N: usize>(secret: &[u8], salt: &[u8], used_for: &[u8]) -> Option<Zeroizing<[u8; N]>> {
    struct Length(usize);
    impl aws_lc_rs::hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut out = Zeroizing::new([0; N]);
    let extracted = Salt::new(HKDF_SHA256, salt).extract(secret);
    extracted.expand(&[used_for], Length(N)).ok()?.fill(out.as_mut_slice()).ok()?;
    Some(out)
}

fn encrypt(key: &[u8; KEY], plain: &[u8], about: &[u8], random: &dyn Random) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE];
    random.fill(&mut nonce);
    let mut body = plain.to_vec();
    let nonce_used = Nonce::assume_unique_for_key(nonce);
    aead(key)?.seal_in_place_append_tag(nonce_used, Aad::from(about), &mut body).ok()?;
    Some([nonce.as_slice(), &body].concat())
}

fn decrypt(key: &[u8; KEY], sealed: &[u8], about: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
    let mut body = Zeroizing::new(body.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = aead(key)?.open_in_place(nonce, Aad::from(about), &mut body).ok()?.len();
    body.truncate(length);
    Some(body)
}

fn about_ring_key(id: u32) -> Vec<u8> {
    [b"ring key ".as_slice(), &id.to_be_bytes()].concat()
}

impl KeyRing {
    /// A new ring with one wrapping key, and the file to keep it in.
    pub fn create(secret: &[u8], random: &dyn Random) -> Result<(Self, Vec<u8>), KeyRingError> {
        if secret.len() < LEAST_SECRET {
            return Err(KeyRingError::ShortSecret);
        }
        let mut ring = Self { keys: Vec::new() };
        let file = ring.rotate(secret, random)?;
        Ok((ring, file))
    }

    /// Opens a ring with the secret that it was made with.
    pub fn open(file: &[u8], secret: &[u8]) -> Result<Self, KeyRingError> {
        if secret.len() < LEAST_SECRET {
            return Err(KeyRingError::ShortSecret);
        }
        let file: File = serde_json::from_slice(file).map_err(|_| KeyRingError::Damaged)?;
        if file.format != FORMAT || file.keys.is_empty() {
            return Err(KeyRingError::Damaged);
        }
        let salt = BASE64.decode(&file.salt).map_err(|_| KeyRingError::Damaged)?;
        let outer = derive::<KEY>(secret, &salt, b"tanod key ring").ok_or(KeyRingError::Damaged)?;
        let mut keys: Vec<WrappingKey> = Vec::new();
        for key in file.keys {
            let wrapped = BASE64.decode(&key.wrapped).map_err(|_| KeyRingError::Damaged)?;
            let bytes = decrypt(&outer, &wrapped, &about_ring_key(key.id)).ok_or(KeyRingError::WrongSecret)?;
            let bytes = bytes.as_slice().try_into().map_err(|_| KeyRingError::Damaged)?;
            if keys.last().is_some_and(|last| last.id >= key.id) {
                return Err(KeyRingError::Damaged);
            }
            keys.push(WrappingKey { id: key.id, bytes });
        }
        Ok(Self { keys })
    }

    /// Adds a wrapping key, which wraps from now on; answers the file to keep instead of the old one.
    pub fn rotate(&mut self, secret: &[u8], random: &dyn Random) -> Result<Vec<u8>, KeyRingError> {
        let mut key = WrappingKey { id: self.keys.last().map_or(1, |last| last.id.saturating_add(1)), bytes: [0; KEY] };
        random.fill(&mut key.bytes);
        self.keys.push(key);
        let mut salt = [0; KEY];
        random.fill(&mut salt);
        let outer = derive::<KEY>(secret, &salt, b"tanod key ring").ok_or(KeyRingError::Damaged)?;
        let keys = self.keys.iter().map(|key| {
            let wrapped = encrypt(&outer, &key.bytes, &about_ring_key(key.id), random)?;
            Some(FileKey { id: key.id, wrapped: BASE64.encode(wrapped) })
        });
        let keys = keys.collect::<Option<Vec<_>>>().ok_or(KeyRingError::Damaged)?;
        let file = File { format: FORMAT.to_owned(), salt: BASE64.encode(salt), keys };
        serde_json::to_vec_pretty(&file).map_err(|_| KeyRingError::Damaged)
    }

    /// Wraps a data key. `about` says what it belongs to, and must be said again to unwrap it.
    pub fn wrap(&self, data_key: &[u8; KEY], about: &[u8], random: &dyn Random) -> Result<Vec<u8>, KeyRingError> {
        let newest = self.keys.last().ok_or(KeyRingError::UnknownKey)?;
        let wrapped = encrypt(&newest.bytes, data_key, about, random).ok_or(KeyRingError::Damaged)?;
        Ok([newest.id.to_be_bytes().as_slice(), &wrapped].concat())
    }

    /// Unwraps a data key.
    pub fn unwrap(&self, wrapped: &[u8], about: &[u8]) -> Result<Zeroizing<[u8; KEY]>, KeyRingError> {
        let (id, body) = wrapped.split_first_chunk::<4>().ok_or(KeyRingError::NotWrappedHere)?;
        let id = u32::from_be_bytes(*id);
        let key = self.keys.iter().find(|key| key.id == id).ok_or(KeyRingError::UnknownKey)?;
        let plain = decrypt(&key.bytes, body, about).ok_or(KeyRingError::NotWrappedHere)?;
        plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| KeyRingError::NotWrappedHere)
    }

    /// Thirty-two bytes for one other use, such as a signing seed. They are the same as long as the first wrapping key.
    pub fn derived(&self, used_for: &str) -> Result<Zeroizing<[u8; 32]>, KeyRingError> {
        let first = self.keys.first().ok_or(KeyRingError::UnknownKey)?;
        derive::<32>(&first.bytes, b"tanod derived", used_for.as_bytes()).ok_or(KeyRingError::Damaged)
    }
}

/// How much longer a wrapped key is than a key.
#[cfg(test)]
const WRAPPING: usize = 4 + NONCE + 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::object::tests::Seeded;

    const SECRET: &[u8] = b"a secret of more than thirty-two characters";

    #[test]
    fn opens_with_its_secret_alone() {
        let random = Seeded::new(1);
        let (ring, file) = KeyRing::create(SECRET, &random).unwrap();
        let wrapped = ring.wrap(&[5; 32], b"it", &random).unwrap();
        assert_eq!(wrapped.len(), 32 + WRAPPING);
        let again = KeyRing::open(&file, SECRET).unwrap();
        assert_eq!(*again.unwrap(&wrapped, b"it").unwrap(), [5; 32]);
        assert_eq!(again.unwrap(&wrapped, b"another").unwrap_err(), KeyRingError::NotWrappedHere);
        let other = b"another secret of more than thirty-two characters";
        assert_eq!(KeyRing::open(&file, other).unwrap_err(), KeyRingError::WrongSecret);
        assert_eq!(KeyRing::open(&file, b"short").unwrap_err(), KeyRingError::ShortSecret);
        assert_eq!(KeyRing::create(b"short", &random).unwrap_err(), KeyRingError::ShortSecret);
        assert!(!String::from_utf8_lossy(&file).contains("thirty-two"));
        assert_eq!(format!("{ring:?}"), "KeyRing(1 keys)");
    }

    #[test]
    fn a_rotated_ring_opens_old_and_new() {
        let random = Seeded::new(2);
        let (mut ring, old_file) = KeyRing::create(SECRET, &random).unwrap();
        let before = ring.wrap(&[6; 32], b"it", &random).unwrap();
        let file = ring.rotate(SECRET, &random).unwrap();
        let after = ring.wrap(&[7; 32], b"it", &random).unwrap();
        let again = KeyRing::open(&file, SECRET).unwrap();
        assert_eq!(*again.unwrap(&before, b"it").unwrap(), [6; 32]);
        assert_eq!(*again.unwrap(&after, b"it").unwrap(), [7; 32]);
        let old = KeyRing::open(&old_file, SECRET).unwrap();
        assert_eq!(old.unwrap(&after, b"it").unwrap_err(), KeyRingError::UnknownKey);
        assert_eq!(old.derived("log").unwrap(), again.derived("log").unwrap());
        assert_ne!(old.derived("log").unwrap(), again.derived("other").unwrap());
    }

    proptest! {
        #[test]
        fn an_altered_ring_or_key_is_refused(at in 0_usize..1_000, flip in 1_u8..255) {
            let random = Seeded::new(3);
            let (ring, file) = KeyRing::create(SECRET, &random).unwrap();
            let wrapped = ring.wrap(&[5; 32], b"it", &random).unwrap();
            let mut bent = wrapped.clone();
            let n = at % bent.len();
            bent[n] ^= flip;
            prop_assert!(ring.unwrap(&bent, b"it").is_err());
            prop_assert!(ring.unwrap(&wrapped[..n], b"it").is_err());
            let mut bent = file.clone();
            let n = at % bent.len();
            bent[n] ^= flip;
            // White space may change; the keys may not.
            if let Ok(again) = KeyRing::open(&bent, SECRET) {
                prop_assert_eq!(*again.unwrap(&wrapped, b"it").unwrap(), [5; 32]);
            }
        }
    }
}
