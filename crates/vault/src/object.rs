//! The format of a sealed object: a header, then frames, each sealed with AES-256-GCM under the object's own key.
//!
//! ```text
//! "TNDV1"  frame size u32  plain length u64  | frame 0: ciphertext + tag | frame 1 | … | last frame
//! ```
//!
//! The nonce of a frame is its number; the key is used for this object alone, so no nonce repeats. What a frame is bound
//! to (id, kind, length, number, whether it is the last) stands in its associated data, so that nothing can be cut,
//! swapped or passed off as something else.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{KeyRing, KeyRingError, Random, Secret};

const MAGIC: &[u8; 5] = b"TNDV1";
const FRAME: usize = 64 * 1024;
const TAG: usize = 16;
const HEADER: usize = MAGIC.len() + 4 + 8;

/// What a sealed object is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub uuid::Uuid);

/// A sealed object and its wrapped key, to be kept apart from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The object.
    pub bytes: Vec<u8>,
    /// Its key, wrapped by the ring.
    pub wrapped_key: Vec<u8>,
}

/// An object that does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Its key does not unwrap.
    #[error(transparent)]
    Key(#[from] KeyRingError),
    /// It is not of this format.
    #[error("the object is not sealed in a format we know")]
    Malformed,
    /// It was altered, cut, or belongs to another id or kind.
    #[error("the object was altered, or is not the one asked for")]
    Altered,
}

/// What a frame is bound to.
fn about(id: ObjectId, kind: &str, length: u64, frame: u64, last: bool) -> Vec<u8> {
    let mut about = Vec::with_capacity(48 + kind.len());
    about.extend_from_slice(MAGIC);
    about.extend_from_slice(id.0.as_bytes());
    about.extend_from_slice(&length.to_be_bytes());
    about.extend_from_slice(&frame.to_be_bytes());
    about.push(u8::from(last));
    about.extend_from_slice(kind.as_bytes());
    about
}

fn about_key(id: ObjectId, kind: &str) -> Vec<u8> {
    [b"data key ".as_slice(), id.0.as_bytes(), kind.as_bytes()].concat()
}

fn nonce(frame: u64) -> Nonce {
    let mut bytes = [0; 12];
    if let Some(low) = bytes.last_chunk_mut::<8>() {
        *low = frame.to_be_bytes();
    }
    Nonce::assume_unique_for_key(bytes)
}

fn cipher(key: &Secret<32>) -> Result<LessSafeKey, OpenError> {
    UnboundKey::new(&AES_256_GCM, key.as_slice()).map(LessSafeKey::new).map_err(|_| OpenError::Malformed)
}

/// The pieces of `length` bytes, with their numbers: at least one, which may be empty.
fn frames(length: usize) -> impl Iterator<Item = (u64, usize, bool)> {
    let count = length.div_ceil(FRAME).max(1);
    (0_u64..).zip(0..count).map(move |(number, n)| (number, (length - n * FRAME).min(FRAME), n + 1 == count))
}

/// Seals bytes under a fresh key.
pub fn seal(plain: &[u8], id: ObjectId, kind: &str, ring: &KeyRing, random: &dyn Random) -> Result<Sealed, OpenError> {
    let key = Secret::random(random);
    let cipher = cipher(&key)?;
    let length = u64::try_from(plain.len()).map_err(|_| OpenError::Malformed)?;
    let mut bytes = Vec::with_capacity(HEADER + plain.len() + (plain.len() / FRAME + 1) * TAG);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&u32::try_from(FRAME).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(&length.to_be_bytes());
    let mut rest = plain;
    for (number, size, last) in frames(plain.len()) {
        let Some((piece, after)) = rest.split_at_checked(size) else { return Err(OpenError::Malformed) };
        rest = after;
        let start = bytes.len();
        bytes.extend_from_slice(piece);
        let Some(frame) = bytes.get_mut(start..) else { return Err(OpenError::Malformed) };
        let tag = cipher
            .seal_in_place_separate_tag(nonce(number), Aad::from(about(id, kind, length, number, last)), frame)
            .map_err(|_| OpenError::Malformed)?;
        bytes.extend_from_slice(tag.as_ref());
    }
    Ok(Sealed { bytes, wrapped_key: ring.wrap(&key, &about_key(id, kind), random)? })
}

/// Opens a sealed object of this id and kind.
pub fn open(sealed: &[u8], id: ObjectId, kind: &str, wrapped_key: &[u8], ring: &KeyRing) -> Result<Vec<u8>, OpenError> {
    let key = ring.unwrap(wrapped_key, &about_key(id, kind))?;
    let cipher = cipher(&key)?;
    let rest = sealed.strip_prefix(MAGIC).ok_or(OpenError::Malformed)?;
    let (size, rest) = rest.split_first_chunk::<4>().ok_or(OpenError::Malformed)?;
    let (length, mut rest) = rest.split_first_chunk::<8>().ok_or(OpenError::Malformed)?;
    let length = u64::from_be_bytes(*length);
    let plain_length = usize::try_from(length).map_err(|_| OpenError::Malformed)?;
    if usize::try_from(u32::from_be_bytes(*size)) != Ok(FRAME) {
        return Err(OpenError::Malformed);
    }
    // Before any memory is taken: a header that promises more than there is.
    if plain_length > sealed.len() {
        return Err(OpenError::Altered);
    }
    // Wiped if a later frame is refused: no part of an altered object leaves this function, or stays in memory.
    let mut plain = Zeroizing::new(vec![0; plain_length]);
    let mut out = plain.as_mut_slice();
    for (number, size, last) in frames(plain_length) {
        let (frame, after) = rest.split_at_checked(size).ok_or(OpenError::Altered)?;
        let (tag, after) = after.split_first_chunk::<TAG>().ok_or(OpenError::Altered)?;
        let (piece, out_after) = out.split_at_mut_checked(size).ok_or(OpenError::Altered)?;
        (rest, out) = (after, out_after);
        cipher
            .open_separate_gather(nonce(number), Aad::from(about(id, kind, length, number, last)), frame, tag, piece)
            .map_err(|_| OpenError::Altered)?;
    }
    if rest.is_empty() { Ok(std::mem::take(&mut *plain)) } else { Err(OpenError::Altered) }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Mutex;

    use proptest::prelude::*;
    use rand::{RngCore, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    use super::*;

    pub(crate) struct Seeded(Mutex<ChaCha20Rng>);

    impl Seeded {
        pub(crate) fn new(seed: u64) -> Self {
            Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
        }
    }

    impl Random for Seeded {
        fn fill(&self, out: &mut [u8]) {
            self.0.lock().unwrap().fill_bytes(out);
        }
    }

    const ID: ObjectId = ObjectId(uuid::Uuid::from_u128(77));
    const SECRET: &[u8] = b"a secret of more than thirty-two characters";

    fn ring() -> KeyRing {
        KeyRing::create(SECRET, &Seeded::new(9)).unwrap().0
    }

    fn plain(length: usize) -> Vec<u8> {
        (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect()
    }

    /// Lengths of any size up to four frames, and often those around a frame's edge.
    fn lengths() -> impl Strategy<Value = usize> {
        prop_oneof![
            0..3 * FRAME,
            (0_usize..4, 0_usize..3).prop_map(|(frames, past)| (frames * FRAME + past).saturating_sub(1))
        ]
    }

    #[test]
    fn has_the_documented_form() {
        let (ring, random) = (ring(), Seeded::new(1));
        let sealed = seal(&plain(FRAME + 3), ID, "media", &ring, &random).unwrap();
        assert_eq!(sealed.bytes[..HEADER], *b"TNDV1\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x03");
        assert_eq!(sealed.bytes.len(), HEADER + FRAME + TAG + 3 + TAG);
        let again = seal(&plain(FRAME + 3), ID, "media", &ring, &random).unwrap();
        assert_ne!(sealed.bytes, again.bytes, "each object has a key of its own");
    }

    /// A ring, a key and an object as the first release wrote them: whatever changes here, they must open for ever.
    #[test]
    fn what_the_first_release_wrote_opens() {
        let ring = KeyRing::open(include_bytes!("../testdata/ring-v1.json"), SECRET).unwrap();
        let (bytes, key) = (include_bytes!("../testdata/object-v1"), include_bytes!("../testdata/wrapped-key-v1"));
        assert_eq!(open(bytes, ID, "media", key, &ring).unwrap(), plain(300));
    }

    #[test]
    fn frames_cannot_be_swapped_cut_or_passed_off() {
        let (ring, random) = (ring(), Seeded::new(1));
        let whole = plain(3 * FRAME);
        let sealed = seal(&whole, ID, "media", &ring, &random).unwrap();
        let other = ObjectId(uuid::Uuid::from_u128(78));
        let opens = |bytes: &[u8], id, kind| open(bytes, id, kind, &sealed.wrapped_key, &ring);
        assert_eq!(opens(&sealed.bytes, ID, "media").unwrap(), whole);
        assert_eq!(opens(&sealed.bytes, other, "media"), Err(KeyRingError::NotWrappedHere.into()));
        assert_eq!(opens(&sealed.bytes, ID, "thread"), Err(KeyRingError::NotWrappedHere.into()));
        let step = FRAME + TAG;
        for (one, two) in [(0, 1), (0, 2), (1, 2)] {
            let mut swapped = sealed.bytes.clone();
            let (first, rest) = swapped[HEADER..].split_at_mut(two * step);
            first[one * step..][..step].swap_with_slice(&mut rest[..step]);
            assert_eq!(opens(&swapped, ID, "media"), Err(OpenError::Altered), "{one} {two}");
        }
        for length in [2 * FRAME, FRAME, 0] {
            // Cut at a frame's edge, once plainly and once with a header that says so.
            let mut cut = sealed.bytes[..HEADER + length / FRAME * step].to_vec();
            assert_eq!(opens(&cut, ID, "media"), Err(OpenError::Altered));
            cut[9..HEADER].copy_from_slice(&(length as u64).to_be_bytes());
            assert_eq!(opens(&cut, ID, "media"), Err(OpenError::Altered));
        }
        assert_eq!(opens(&[sealed.bytes.as_slice(), b"x"].concat(), ID, "media"), Err(OpenError::Altered));
        let (stranger, _) = KeyRing::create(SECRET, &Seeded::new(10)).unwrap();
        assert!(open(&sealed.bytes, ID, "media", &sealed.wrapped_key, &stranger).is_err());
    }

    /// Whoever holds the object's key, but not the row, still cannot pass one object off as another.
    #[test]
    fn frames_are_bound_to_their_object_apart_from_the_key() {
        let (ring, random) = (ring(), Seeded::new(1));
        let sealed = seal(b"it", ID, "media", &ring, &random).unwrap();
        let other = ObjectId(uuid::Uuid::from_u128(78));
        let key = ring.unwrap(&sealed.wrapped_key, &about_key(ID, "media")).unwrap();
        for (id, kind) in [(other, "media"), (ID, "thread")] {
            let moved = ring.wrap(&key, &about_key(id, kind), &random).unwrap();
            assert_eq!(open(&sealed.bytes, id, kind, &moved, &ring), Err(OpenError::Altered));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_length_comes_back(length in lengths()) {
            let (ring, random) = (ring(), Seeded::new(1));
            let plain = plain(length);
            let sealed = seal(&plain, ID, "media", &ring, &random).unwrap();
            prop_assert_eq!(open(&sealed.bytes, ID, "media", &sealed.wrapped_key, &ring).unwrap(), plain);
        }

        #[test]
        fn no_altered_byte_opens(length in lengths(), at in any::<usize>(), flip in 1_u8..) {
            let (ring, random) = (ring(), Seeded::new(1));
            let sealed = seal(&plain(length), ID, "media", &ring, &random).unwrap();
            let mut bent = sealed.bytes.clone();
            // Half of the time in the header, where a few bytes decide much.
            let at = if at % 2 == 0 { at / 2 % HEADER } else { at / 2 % bent.len() };
            bent[at] ^= flip;
            prop_assert!(open(&bent, ID, "media", &sealed.wrapped_key, &ring).is_err());
            prop_assert!(open(&sealed.bytes[..at], ID, "media", &sealed.wrapped_key, &ring).is_err());
        }

        #[test]
        fn any_bytes_are_refused_without_harm(bytes in any::<Vec<u8>>(), framed in any::<bool>()) {
            let (ring, random) = (ring(), Seeded::new(1));
            let sealed = seal(b"", ID, "media", &ring, &random).unwrap();
            let bytes = if framed { [&sealed.bytes[..9], &bytes].concat() } else { bytes };
            prop_assert!(open(&bytes, ID, "media", &sealed.wrapped_key, &ring).is_err());
            prop_assert!(open(&sealed.bytes, ID, "media", &bytes, &ring).is_err());
        }
    }
}
