//! The key ring: wrapping keys, kept in a file that opens with a secret from outside the data folder.
//!
//! The file is JSON. An outer key seals the wrapping `keys`, oldest first, each bound to its number and to how many there are.
//! Each of the `locks` holds the outer key as an age file (age-encryption.org/v1, in base64): to the secret as its passphrase, to
//! the recovery recipient, whose identity lies on paper; or it is what a key management service encrypted. So losing one way in
//! is survivable, also with the program `age` and without us. A `digest` tells a damaged file from a wrong secret; it protects
//! nothing, the seals do.
//!
//! Files of the first version have one lock, whose key is the outer key itself; those of the second closed it with keys derived
//! from the secret and from a recovery code (HKDF-SHA256). They open for ever, and are written anew in the form of now.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::lock::{Lock, Way};
use crate::{Random, Secret};

/// A shorter secret is refused: it protects every key there is.
pub const LEAST_SECRET: usize = 32;

pub(crate) const KEY: usize = 32;
const NONCE: usize = 12;
/// The format of the file, and its version.
const FORMAT: &str = "tanod-keyring-v3";
/// The second version: locks closed with derived keys.
const FORMAT_2: &str = "tanod-keyring-v2";
/// The first version: the secret's key is the outer key.
const FORMAT_1: &str = "tanod-keyring-v1";
/// What the secret's key is used for, in the first version.
const OUTER: &[u8] = b"tanod key ring";

/// A key ring that does not open, or a key that does not unwrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// The secret is too short to protect anything.
    #[error("the secret has fewer than 32 characters")]
    ShortSecret,
    /// The file is not one of ours, or no longer says what we wrote.
    #[error("the key ring is damaged: restore its file from a backup")]
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
    /// The recovery recipient is none.
    #[error("the recovery recipient is no public key of age, which begins with age1")]
    BadRecipient,
}

struct WrappingKey {
    id: u32,
    key: Secret<KEY>,
}

/// Keys that wrap keys. The newest wraps; all unwrap.
pub struct KeyRing {
    locks: Vec<Lock>,
    /// What each lock gives: it seals the wrapping keys.
    outer: Secret<KEY>,
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
    /// Of the first version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    locks: Vec<Lock>,
    keys: Vec<FileKey>,
    digest: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    id: u32,
    wrapped: String,
}

impl File {
    fn read(bytes: &[u8]) -> Result<Self, KeyRingError> {
        let file: Self = serde_json::from_slice(bytes).map_err(|_| KeyRingError::Damaged)?;
        let known = match file.format.as_str() {
            FORMAT | FORMAT_2 => file.salt.is_none() && !file.locks.is_empty(),
            FORMAT_1 => file.salt.is_some() && file.locks.is_empty(),
            _ => false,
        };
        if known && file.digest == file.digest() { Ok(file) } else { Err(KeyRingError::Damaged) }
    }

    /// A digest over everything else in the file.
    fn digest(&self) -> String {
        let mut all = vec![self.format.clone()];
        all.extend(self.salt.clone());
        all.extend(self.locks.iter().map(Lock::line));
        all.extend(self.keys.iter().map(|key| format!("{} {}", key.id, key.wrapped)));
        BASE64.encode(digest(&SHA256, all.join("\n").as_bytes()))
    }
}

fn aead(key: &Secret<KEY>) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key.as_slice()).ok().map(LessSafeKey::new)
}

/// Derives a key for one use from a secret (HKDF, RFC 5869).
pub(crate) fn derive(secret: &[u8], salt: &[u8], used_for: &[u8]) -> Result<Secret<KEY>, KeyRingError> {
    let extracted = Salt::new(HKDF_SHA256, salt).extract(secret);
    let used_for = [used_for];
    let expanded = extracted.expand(&used_for, HKDF_SHA256).map_err(|_| KeyRingError::Damaged)?;
    let mut outcome = Ok(());
    let derived = Secret::filled(|out| outcome = expanded.fill(out));
    outcome.map(|()| derived).map_err(|_| KeyRingError::Damaged)
}

pub(crate) fn encrypt(key: &Secret<KEY>, plain: &Secret<KEY>, about: &[u8], random: &dyn Random) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE];
    random.fill(&mut nonce);
    let mut sealed = [nonce.as_slice(), plain.as_slice()].concat();
    let body = sealed.get_mut(NONCE..)?;
    let tag =
        aead(key)?.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), body).ok()?;
    sealed.extend_from_slice(tag.as_ref());
    Some(sealed)
}

pub(crate) fn decrypt(key: &Secret<KEY>, sealed: &[u8], about: &[u8]) -> Option<Secret<KEY>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
    let mut body = Zeroizing::new(body.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let plain = aead(key)?.open_in_place(nonce, Aad::from(about), &mut body).ok()?;
    Secret::copied(plain)
}

/// A key of the ring is bound to its number and to how many there are, so that none can be taken out or put in.
fn about_ring_key(id: u32, of: u32) -> Vec<u8> {
    [b"ring key ".as_slice(), &id.to_be_bytes(), &of.to_be_bytes()].concat()
}

impl KeyRing {
    /// A new ring with one wrapping key, and the file to keep it in. Keep it durably before anything is wrapped.
    pub fn create(secret: &[u8], random: &dyn Random) -> Result<(Self, Vec<u8>), KeyRingError> {
        let outer = Secret::random(random);
        Self { locks: vec![Lock::with_secret(&outer, secret)?], outer, keys: Vec::new() }.rotate(random)
    }

    /// The same, where a key management service keeps the outer key: `key` names its key, and `sealed` is `outer` as it
    /// encrypted it.
    pub fn create_with_kms(
        key: &str,
        sealed: &[u8],
        outer: Secret<KEY>,
        random: &dyn Random,
    ) -> Result<(Self, Vec<u8>), KeyRingError> {
        Self { locks: vec![Lock::kms(key, sealed)], outer, keys: Vec::new() }.rotate(random)
    }

    /// The keys of a key management service that open this file, and what they are to decrypt.
    pub fn kms(file: &[u8]) -> Result<Vec<(String, Vec<u8>)>, KeyRingError> {
        let decoded = File::read(file)?.locks.into_iter().filter_map(|lock| match lock {
            Lock::Kms { key, sealed } => Some(BASE64.decode(sealed).map(|sealed| (key, sealed))),
            _ => None,
        });
        decoded.collect::<Result<_, _>>().map_err(|_| KeyRingError::Damaged)
    }

    /// Opens a ring with its secret, with the identity of its recovery recipient, or with an earlier recovery code.
    pub fn open(file: &[u8], secret: &[u8]) -> Result<Self, KeyRingError> {
        if secret.len() < LEAST_SECRET {
            return Err(KeyRingError::ShortSecret);
        }
        let mut file = File::read(file)?;
        let (outer, first) = match &file.salt {
            Some(salt) => {
                let salt = BASE64.decode(salt).map_err(|_| KeyRingError::Damaged)?;
                file.locks = vec![Lock::EarlierSecret { salt: String::new(), sealed: String::new() }];
                // The file is as it was written, so a first key that does not open means another secret.
                (Some(derive(secret, &salt, OUTER)?), KeyRingError::WrongSecret)
            }
            None => (None, KeyRingError::Damaged),
        };
        let by_lock = || {
            let opened = |(at, lock): (usize, &Lock)| lock.opened(secret).map(|outer| (at, outer));
            file.locks.iter().enumerate().find_map(opened).ok_or(KeyRingError::WrongSecret)
        };
        let (at, outer) = match outer {
            Some(outer) => (0, outer),
            None => by_lock()?,
        };
        let keys = Self::keys(&file, &outer, first)?;
        // Written anew, an earlier lock of the secret is one of now.
        if let Some(lock @ Lock::EarlierSecret { .. }) = file.locks.get_mut(at) {
            *lock = Lock::with_secret(&outer, secret)?;
        }
        Ok(Self { locks: file.locks, outer, keys })
    }

    /// This ring's file as it is written now, where the one that it was opened from has an earlier form.
    pub fn upgraded(&self, file: &[u8], random: &dyn Random) -> Result<Option<Vec<u8>>, KeyRingError> {
        let file = File::read(file)?;
        if file.format == FORMAT && file.locks == self.locks { Ok(None) } else { self.file(random).map(Some) }
    }

    /// Opens a ring with what a key management service decrypted.
    pub fn open_with(file: &[u8], outer: &[u8]) -> Result<Self, KeyRingError> {
        Self::open_outer(File::read(file)?, Secret::copied(outer).ok_or(KeyRingError::WrongSecret)?)
    }

    /// The ring as its file has it now: another process may have given it a newer key.
    pub fn reread(&self, file: &[u8]) -> Result<Self, KeyRingError> {
        let outer = Secret::copied(self.outer.as_slice()).ok_or(KeyRingError::Damaged)?;
        Self::open_outer(File::read(file)?, outer)
    }

    fn open_outer(file: File, outer: Secret<KEY>) -> Result<Self, KeyRingError> {
        let keys = Self::keys(&file, &outer, KeyRingError::Damaged)?;
        Ok(Self { locks: file.locks, outer, keys })
    }

    fn keys(file: &File, outer: &Secret<KEY>, first: KeyRingError) -> Result<Vec<WrappingKey>, KeyRingError> {
        let of = u32::try_from(file.keys.len()).map_err(|_| KeyRingError::Damaged)?;
        let mut keys: Vec<WrappingKey> = Vec::new();
        for (id, key) in (1..).zip(&file.keys) {
            let wrapped = BASE64.decode(&key.wrapped).map_err(|_| KeyRingError::Damaged)?;
            let refusal = if keys.is_empty() { first } else { KeyRingError::Damaged };
            let opened = decrypt(outer, &wrapped, &about_ring_key(key.id, of)).ok_or(refusal)?;
            if key.id != id {
                return Err(KeyRingError::Damaged);
            }
            keys.push(WrappingKey { id, key: opened });
        }
        if keys.is_empty() { Err(KeyRingError::Damaged) } else { Ok(keys) }
    }

    /// The ways in, without what they give.
    pub fn locks(&self) -> &[Lock] {
        &self.locks
    }

    /// How many wrapping keys there are; the newest wraps.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// A ring without keys wraps nothing; there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// A ring with one more key, which wraps from now on, and its file.
    ///
    /// The old ring stays as it is: use the new one only after its file is durably in the place of the old, or a crash
    /// loses what was wrapped between. A wrapping key may wrap some 2^32 keys (NIST SP 800-38D, section 8.3).
    pub fn rotate(&self, random: &dyn Random) -> Result<(Self, Vec<u8>), KeyRingError> {
        let next = u32::try_from(self.keys.len() + 1).map_err(|_| KeyRingError::Damaged)?;
        let mut ring = self.copy()?;
        ring.keys.push(WrappingKey { id: next, key: Secret::random(random) });
        let file = ring.file(random)?;
        Ok((ring, file))
    }

    /// A ring that the identity of this recipient opens too, in the place of an earlier one, and its file.
    pub fn with_recovery(&self, recipient: &str, random: &dyn Random) -> Result<(Self, Vec<u8>), KeyRingError> {
        self.with_lock(Lock::with_recovery(&self.outer, recipient)?, random)
    }

    /// A ring that this secret opens instead of the one before, and its file.
    pub fn with_secret(&self, secret: &[u8], random: &dyn Random) -> Result<(Self, Vec<u8>), KeyRingError> {
        self.with_lock(Lock::with_secret(&self.outer, secret)?, random)
    }

    /// A ring with this lock in the place of those of its kind, and its file.
    pub fn with_lock(&self, lock: Lock, random: &dyn Random) -> Result<(Self, Vec<u8>), KeyRingError> {
        let mut ring = self.copy()?;
        ring.locks.retain(|other| other.way() != lock.way());
        ring.locks.push(lock);
        let file = ring.file(random)?;
        Ok((ring, file))
    }

    /// A ring that its secret does not open any more, and its file. It needs another lock: a file that nothing opens is damaged.
    pub fn without_secret(&self, random: &dyn Random) -> Result<(Self, Vec<u8>), KeyRingError> {
        let mut ring = self.copy()?;
        ring.locks.retain(|lock| lock.way() != Way::Secret);
        if ring.locks.is_empty() {
            return Err(KeyRingError::Damaged);
        }
        let file = ring.file(random)?;
        Ok((ring, file))
    }

    pub(crate) fn outer(&self) -> &Secret<KEY> {
        &self.outer
    }

    /// The recovery recipient, if there is one.
    pub fn recovery(&self) -> Option<&str> {
        self.locks.iter().find_map(|lock| match lock {
            Lock::Recovery { recipient, .. } => Some(recipient.as_str()),
            _ => None,
        })
    }

    fn copy(&self) -> Result<Self, KeyRingError> {
        let copied = |key: &Secret<KEY>| Secret::copied(key.as_slice()).ok_or(KeyRingError::Damaged);
        let keys = self.keys.iter().map(|old| Ok(WrappingKey { id: old.id, key: copied(&old.key)? }));
        Ok(Self { locks: self.locks.clone(), outer: copied(&self.outer)?, keys: keys.collect::<Result<_, _>>()? })
    }

    fn file(&self, random: &dyn Random) -> Result<Vec<u8>, KeyRingError> {
        let of = u32::try_from(self.keys.len()).map_err(|_| KeyRingError::Damaged)?;
        let kept = self.keys.iter().map(|key| {
            let wrapped = encrypt(&self.outer, &key.key, &about_ring_key(key.id, of), random)?;
            Some(FileKey { id: key.id, wrapped: BASE64.encode(wrapped) })
        });
        let keys = kept.collect::<Option<Vec<_>>>().ok_or(KeyRingError::Damaged)?;
        let mut file =
            File { format: FORMAT.to_owned(), salt: None, locks: self.locks.clone(), keys, digest: String::new() };
        file.digest = file.digest();
        serde_json::to_vec_pretty(&file).map_err(|_| KeyRingError::Damaged)
    }

    /// Wraps a data key: the wrapping key's id (u32), a nonce, the sealed key, a tag. `about` says what it belongs to, and
    /// must be said again to unwrap it.
    pub fn wrap(&self, data_key: &Secret<KEY>, about: &[u8], random: &dyn Random) -> Result<Vec<u8>, KeyRingError> {
        let newest = self.keys.last().ok_or(KeyRingError::UnknownKey)?;
        let wrapped = encrypt(&newest.key, data_key, about, random).ok_or(KeyRingError::Damaged)?;
        Ok([newest.id.to_be_bytes().as_slice(), &wrapped].concat())
    }

    /// Unwraps a data key.
    pub fn unwrap(&self, wrapped: &[u8], about: &[u8]) -> Result<Secret<KEY>, KeyRingError> {
        let (id, body) = wrapped.split_first_chunk::<4>().ok_or(KeyRingError::NotWrappedHere)?;
        let id = u32::from_be_bytes(*id);
        let key = self.keys.iter().find(|key| key.id == id).ok_or(KeyRingError::UnknownKey)?;
        decrypt(&key.key, body, about).ok_or(KeyRingError::NotWrappedHere)
    }

    /// Thirty-two bytes for one other use, such as a signing seed. They stay the same through every rotation.
    pub fn derived(&self, used_for: &str) -> Result<Secret<32>, KeyRingError> {
        let first = self.keys.first().ok_or(KeyRingError::UnknownKey)?;
        derive(first.key.as_slice(), b"tanod derived", used_for.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::object::tests::Seeded;
    use crate::recovery_identity;

    const SECRET: &[u8] = b"a secret of more than thirty-two characters";
    const OTHER: &[u8] = b"another secret of more than thirty-two characters";

    fn data_key(byte: u8) -> Secret<KEY> {
        Secret::filled(|out| out.fill(byte))
    }

    fn refusal(file: &[u8]) -> KeyRingError {
        KeyRing::open(file, SECRET).unwrap_err()
    }

    #[test]
    fn opens_with_its_secret_alone() {
        let random = Seeded::new(1);
        let (ring, file) = KeyRing::create(SECRET, &random).unwrap();
        let wrapped = ring.wrap(&data_key(5), b"it", &random).unwrap();
        assert_eq!(wrapped.len(), 4 + NONCE + KEY + 16);
        let again = KeyRing::open(&file, SECRET).unwrap();
        assert_eq!(*again.unwrap(&wrapped, b"it").unwrap(), [5; 32]);
        assert_eq!(again.unwrap(&wrapped, b"another").unwrap_err(), KeyRingError::NotWrappedHere);
        assert_eq!(KeyRing::open(&file, OTHER).unwrap_err(), KeyRingError::WrongSecret);
        assert_eq!(KeyRing::open(&file, &SECRET[..31]).unwrap_err(), KeyRingError::ShortSecret);
        assert_eq!(KeyRing::create(&SECRET[..31], &random).unwrap_err(), KeyRingError::ShortSecret);
        assert_eq!(format!("{ring:?}"), "KeyRing(1 keys)");
        let text = String::from_utf8(file).unwrap();
        for secret in [SECRET, ring.outer.as_slice(), ring.keys[0].key.as_slice()] {
            assert!(!text.contains(&BASE64.encode(secret)) && !text.contains(&*String::from_utf8_lossy(secret)));
        }
    }

    /// Whoever lost the secret comes in by the recovery identity, and sets another secret; the lost one opens no more.
    #[test]
    fn losing_one_way_in_is_survivable() {
        let random = Seeded::new(5);
        let first = include_bytes!("../testdata/ring-v1.json").as_slice();
        let second = include_bytes!("../testdata/ring-v2.json").as_slice();
        let (made, file) = KeyRing::create(SECRET, &random).unwrap();
        for file in [first, second, &file] {
            let ring = KeyRing::open(file, SECRET).unwrap();
            let wrapped = ring.wrap(&data_key(5), b"it", &random).unwrap();
            let (identity, recipient) = recovery_identity();
            let code = identity.as_bytes();
            let (_, file) = ring.with_recovery(&recipient, &random).unwrap();
            assert!(KeyRing::open(&file, SECRET).is_ok());
            let recovered = KeyRing::open(&file, code).unwrap();
            assert_eq!(recovered.recovery(), Some(recipient.as_str()));
            assert_eq!(*recovered.unwrap(&wrapped, b"it").unwrap(), [5; 32]);
            let (_, file) = recovered.with_secret(OTHER, &random).unwrap();
            assert_eq!(KeyRing::open(&file, SECRET).unwrap_err(), KeyRingError::WrongSecret);
            assert_eq!(KeyRing::open(&file, recovery_identity().0.as_bytes()).unwrap_err(), KeyRingError::WrongSecret);
            let (ring, file) = KeyRing::open(&file, OTHER).unwrap().rotate(&random).unwrap();
            assert_eq!((ring.len(), ring.locks().len()), (2, 2));
            let again = KeyRing::open(&file, code).unwrap();
            assert_eq!(*again.unwrap(&wrapped, b"it").unwrap(), [5; 32]);
            assert_eq!(*again.derived("log").unwrap(), *recovered.derived("log").unwrap());
            assert_eq!(ring.with_secret(&OTHER[..31], &random).unwrap_err(), KeyRingError::ShortSecret);
            assert_eq!(ring.with_recovery("age1none", &random).unwrap_err(), KeyRingError::BadRecipient);
        }
        assert_eq!(made.locks().len(), 1);
    }

    #[test]
    fn a_key_management_service_opens_it_without_a_secret() {
        let random = Seeded::new(6);
        let outer = [7; KEY];
        let (ring, file) =
            KeyRing::create_with_kms("key/1", b"sealed", Secret::copied(&outer).unwrap(), &random).unwrap();
        let wrapped = ring.wrap(&data_key(5), b"it", &random).unwrap();
        assert_eq!(KeyRing::kms(&file).unwrap(), vec![("key/1".to_owned(), b"sealed".to_vec())]);
        assert_eq!(*KeyRing::open_with(&file, &outer).unwrap().unwrap(&wrapped, b"it").unwrap(), [5; 32]);
        assert!(KeyRing::open_with(&file, &[8; KEY]).is_err() && KeyRing::open_with(&file, b"short").is_err());
        assert_eq!(KeyRing::open(&file, SECRET).unwrap_err(), KeyRingError::WrongSecret);
        let (identity, recipient) = recovery_identity();
        let (_, file) = ring.with_recovery(&recipient, &random).unwrap();
        assert_eq!(*KeyRing::open(&file, identity.as_bytes()).unwrap().unwrap(&wrapped, b"it").unwrap(), [5; 32]);
    }

    /// Files of earlier versions open with what opened them, and are then written in the form of now.
    #[test]
    fn earlier_files_are_upgraded() {
        const CODE: &[u8] = b"a recovery code of sixty-four digits that lies in a safe";
        let random = Seeded::new(8);
        for (file, code) in [
            (include_bytes!("../testdata/ring-v1.json").as_slice(), None),
            (include_bytes!("../testdata/ring-v2.json").as_slice(), Some(CODE)),
        ] {
            let ring = KeyRing::open(file, SECRET).unwrap();
            let newer = ring.upgraded(file, &random).unwrap().unwrap();
            assert!(String::from_utf8_lossy(&newer).contains("tanod-keyring-v3"));
            assert!(matches!(ring.locks()[0], Lock::Secret { .. }));
            for secret in [Some(SECRET), code].into_iter().flatten() {
                let again = KeyRing::open(&newer, secret).unwrap();
                assert_eq!(*again.derived("log").unwrap(), *ring.derived("log").unwrap());
                assert_eq!(again.upgraded(&newer, &random).unwrap(), None);
            }
            assert_eq!(KeyRing::open(&newer, OTHER).unwrap_err(), KeyRingError::WrongSecret);
            if let Some(code) = code {
                // The code alone cannot close the secret's lock anew; the secret does so later.
                let by_code = KeyRing::open(file, code).unwrap();
                let between = by_code.upgraded(file, &random).unwrap().unwrap();
                let again = KeyRing::open(&between, SECRET).unwrap();
                assert!(again.upgraded(&between, &random).unwrap().is_some());
                // A recovery recipient takes the code's place.
                let (_, file) = again.with_recovery(&recovery_identity().1, &random).unwrap();
                assert_eq!(KeyRing::open(&file, code).unwrap_err(), KeyRingError::WrongSecret);
            }
        }
    }

    #[test]
    fn a_rotated_ring_opens_old_and_new() {
        let random = Seeded::new(2);
        let (old, old_file) = KeyRing::create(SECRET, &random).unwrap();
        let (new, file) = old.rotate(&random).unwrap();
        let before = old.wrap(&data_key(6), b"it", &random).unwrap();
        let after = new.wrap(&data_key(7), b"it", &random).unwrap();
        assert_eq!((&before[..4], &after[..4]), ([0, 0, 0, 1].as_slice(), [0, 0, 0, 2].as_slice()));
        let again = KeyRing::open(&file, SECRET).unwrap();
        assert_eq!(*again.unwrap(&before, b"it").unwrap(), [6; 32]);
        assert_eq!(*again.unwrap(&after, b"it").unwrap(), [7; 32]);
        assert_eq!(KeyRing::open(&file, OTHER).unwrap_err(), KeyRingError::WrongSecret);
        let old = KeyRing::open(&old_file, SECRET).unwrap();
        assert_eq!(old.unwrap(&after, b"it").unwrap_err(), KeyRingError::UnknownKey);
        assert_eq!(*old.reread(&file).unwrap().unwrap(&after, b"it").unwrap(), [7; 32]);
        assert_eq!(*old.derived("log").unwrap(), *again.derived("log").unwrap());
        assert_ne!(*old.derived("log").unwrap(), *again.derived("other").unwrap());
    }

    #[test]
    fn a_file_with_a_key_taken_out_or_moved_is_damaged() {
        let random = Seeded::new(3);
        let (ring, _) = KeyRing::create(SECRET, &random).unwrap();
        let (_, file) = ring.rotate(&random).unwrap().0.rotate(&random).unwrap();
        let changed = |change: &dyn Fn(&mut Vec<FileKey>)| {
            let mut file: File = serde_json::from_slice(&file).unwrap();
            change(&mut file.keys);
            // Somebody who means it mends the digest too.
            file.digest = file.digest();
            refusal(&serde_json::to_vec(&file).unwrap())
        };
        assert_eq!(changed(&|keys| keys.clear()), KeyRingError::Damaged);
        assert_eq!(changed(&|keys| keys.swap(1, 2)), KeyRingError::Damaged);
        assert_eq!(changed(&|keys| keys[2].id = 9), KeyRingError::Damaged);
        assert_eq!(changed(&|keys| keys.truncate(2)), KeyRingError::Damaged);
        assert_eq!(refusal(b""), KeyRingError::Damaged);
        assert_eq!(refusal(b"{}"), KeyRingError::Damaged);
    }

    proptest! {
        #[test]
        fn an_altered_ring_is_damaged(at in any::<usize>(), flip in 1_u8..) {
            let random = Seeded::new(3);
            let (ring, file) = KeyRing::create(SECRET, &random).unwrap();
            let wrapped = ring.wrap(&data_key(5), b"it", &random).unwrap();
            let at = at % file.len();
            let mut bent = file.clone();
            bent[at] ^= flip;
            // White space may change; the keys may not, and the secret is never blamed.
            match KeyRing::open(&bent, SECRET) {
                Ok(again) => prop_assert_eq!(*again.unwrap(&wrapped, b"it").unwrap(), [5; 32]),
                Err(error) => prop_assert_eq!(error, KeyRingError::Damaged),
            }
            prop_assert_eq!(refusal(&file[..at]), KeyRingError::Damaged);
        }

        #[test]
        fn an_altered_key_is_refused(at in any::<usize>(), flip in 1_u8..) {
            let random = Seeded::new(4);
            let (ring, _) = KeyRing::create(SECRET, &random).unwrap();
            let wrapped = ring.wrap(&data_key(5), b"it", &random).unwrap();
            let at = at % wrapped.len();
            let mut bent = wrapped.clone();
            bent[at] ^= flip;
            prop_assert!(ring.unwrap(&bent, b"it").is_err());
            prop_assert!(ring.unwrap(&wrapped[..at], b"it").is_err());
        }
    }
}
