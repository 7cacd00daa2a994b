//! The format of a sealed object: a header, then frames, each sealed with AES-256-GCM under the object's own key.
//!
//! ```text
//! "TNDV1"  frame size u32  plain length u64  | frame 0: ciphertext + tag | frame 1 | … | last frame
//! ```
//!
//! The nonce of a frame is its number; the key is used for this object alone, so no nonce repeats. What a frame is bound
//! to (id, kind, length, number, whether it is the last) stands in its associated data, so that nothing can be cut,
//! swapped or passed off as something else.

use std::ops::Range;

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

/// What all frames of one object have in common.
struct Frames {
    cipher: LessSafeKey,
    id: ObjectId,
    kind: String,
    length: u64,
}

impl Frames {
    /// How many there are: at least one, which may be empty.
    fn count(&self) -> u64 {
        self.length.div_ceil(FRAME as u64).max(1)
    }

    /// How many bytes of the original one holds.
    fn size(&self, frame: u64) -> usize {
        let rest = self.length.saturating_sub(frame.saturating_mul(FRAME as u64));
        usize::try_from(rest).unwrap_or(FRAME).min(FRAME)
    }

    fn about(&self, frame: u64) -> Vec<u8> {
        about(self.id, &self.kind, self.length, frame, frame + 1 == self.count())
    }

    fn seal(&self, frame: u64, piece: &mut [u8]) -> Result<[u8; TAG], OpenError> {
        self.cipher
            .seal_in_place_separate_tag(nonce(frame), Aad::from(self.about(frame)), piece)
            .ok()
            .and_then(|tag| tag.as_ref().try_into().ok())
            .ok_or(OpenError::Malformed)
    }

    fn open(&self, frame: u64, sealed: &[u8], tag: &[u8], out: &mut [u8]) -> Result<(), OpenError> {
        self.cipher
            .open_separate_gather(nonce(frame), Aad::from(self.about(frame)), sealed, tag, out)
            .map_err(|_| OpenError::Altered)
    }
}

/// Seals an original that comes in pieces, under a fresh key, holding one frame at a time.
pub struct Sealer {
    frames: Frames,
    next: u64,
    /// The frame that is not full yet.
    open: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("id", &self.frames.id).field("next", &self.next).finish_non_exhaustive()
    }
}

impl Sealer {
    /// Begins an object of this many bytes. Answers the wrapped key; the header goes to `out`.
    pub fn begin(
        length: u64,
        id: ObjectId,
        kind: &str,
        ring: &KeyRing,
        random: &dyn Random,
        out: &mut Vec<u8>,
    ) -> Result<(Self, Vec<u8>), OpenError> {
        let key = Secret::random(random);
        let frames = Frames { cipher: cipher(&key)?, id, kind: kind.to_owned(), length };
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&u32::try_from(FRAME).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        let wrapped = ring.wrap(&key, &about_key(id, kind), random)?;
        Ok((Self { frames, next: 0, open: Zeroizing::new(Vec::new()) }, wrapped))
    }

    /// Seals a piece; the frames that it fills go to `out`.
    pub fn push(&mut self, mut piece: &[u8], out: &mut Vec<u8>) -> Result<(), OpenError> {
        while !piece.is_empty() {
            let size = self.frames.size(self.next);
            if size == 0 {
                // More than was announced.
                return Err(OpenError::Malformed);
            }
            let wanted = size.saturating_sub(self.open.len()).min(piece.len());
            let Some((now, later)) = piece.split_at_checked(wanted) else { return Err(OpenError::Malformed) };
            piece = later;
            if self.open.is_empty() && now.len() == size {
                // A whole frame at once is sealed where it will stand.
                let start = out.len();
                out.extend_from_slice(now);
                self.seal_at(start, out)?;
            } else {
                self.open.extend_from_slice(now);
                if self.open.len() == size {
                    let start = out.len();
                    out.extend_from_slice(&self.open);
                    self.seal_at(start, out)?;
                    self.open.clear();
                }
            }
        }
        Ok(())
    }

    fn seal_at(&mut self, start: usize, out: &mut Vec<u8>) -> Result<(), OpenError> {
        let Some(frame) = out.get_mut(start..) else { return Err(OpenError::Malformed) };
        let tag = self.frames.seal(self.next, frame)?;
        out.extend_from_slice(&tag);
        self.next += 1;
        Ok(())
    }

    /// Ends the object. Refused where less came than was announced.
    pub fn end(mut self, out: &mut Vec<u8>) -> Result<(), OpenError> {
        if self.frames.length == 0 {
            self.seal_at(out.len(), out)?;
        }
        if self.next == self.frames.count() && self.open.is_empty() { Ok(()) } else { Err(OpenError::Malformed) }
    }
}

/// Seals bytes under a fresh key.
pub fn seal(plain: &[u8], id: ObjectId, kind: &str, ring: &KeyRing, random: &dyn Random) -> Result<Sealed, OpenError> {
    let length = u64::try_from(plain.len()).map_err(|_| OpenError::Malformed)?;
    let mut bytes = Vec::with_capacity(HEADER + plain.len() + (plain.len() / FRAME + 1) * TAG);
    let (mut sealer, wrapped_key) = Sealer::begin(length, id, kind, ring, random, &mut bytes)?;
    sealer.push(plain, &mut bytes)?;
    sealer.end(&mut bytes)?;
    Ok(Sealed { bytes, wrapped_key })
}

/// An object whose key and header are at hand, so that any part of it can be opened without the rest.
pub struct Opener {
    frames: Frames,
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("id", &self.frames.id).field("length", &self.length()).finish_non_exhaustive()
    }
}

impl Opener {
    /// How many bytes at the beginning of an object [`Opener::new`] needs.
    pub const HEADER: usize = HEADER;

    /// Reads the header of an object of this id and kind. What it says is believed only as far as frames bear it out.
    pub fn new(header: &[u8], id: ObjectId, kind: &str, wrapped_key: &[u8], ring: &KeyRing) -> Result<Self, OpenError> {
        let key = ring.unwrap(wrapped_key, &about_key(id, kind))?;
        let rest = header.strip_prefix(MAGIC).ok_or(OpenError::Malformed)?;
        let (size, rest) = rest.split_first_chunk::<4>().ok_or(OpenError::Malformed)?;
        let length = u64::from_be_bytes(*rest.first_chunk::<8>().ok_or(OpenError::Malformed)?);
        if usize::try_from(u32::from_be_bytes(*size)) != Ok(FRAME) {
            return Err(OpenError::Malformed);
        }
        Ok(Self { frames: Frames { cipher: cipher(&key)?, id, kind: kind.to_owned(), length } })
    }

    /// The length of the original, as the header has it.
    pub fn length(&self) -> u64 {
        self.frames.length
    }

    /// Which bytes of the object hold this part of the original: whole frames. Empty for an empty part.
    pub fn span(&self, part: &Range<u64>) -> Range<u64> {
        let end = part.end.min(self.frames.length);
        if part.start >= end {
            return 0..0;
        }
        let (header, step, frame) = (HEADER as u64, (FRAME + TAG) as u64, FRAME as u64);
        let last = (end - 1) / frame;
        let end = header + last * step + (self.frames.size(last) + TAG) as u64;
        header + part.start / frame * step..end
    }

    /// Opens a part of the original from the bytes of its [`span`](Self::span).
    pub fn open(&self, part: &Range<u64>, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let end = part.end.min(self.frames.length);
        if part.start >= end {
            return if sealed.is_empty() { Ok(Vec::new()) } else { Err(OpenError::Altered) };
        }
        let first = part.start / FRAME as u64;
        let mut plain = self.open_frames(first..(end - 1) / FRAME as u64 + 1, sealed)?;
        let start = usize::try_from(part.start - first * FRAME as u64).map_err(|_| OpenError::Malformed)?;
        let length = usize::try_from(end - part.start).map_err(|_| OpenError::Malformed)?;
        plain.drain(..start);
        plain.truncate(length);
        Ok(plain)
    }

    /// Opens frames that stand beside each other and fill `sealed` exactly.
    fn open_frames(&self, frames: Range<u64>, mut sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        // Before any memory is taken: a header that promises more than there is.
        let count = usize::try_from(frames.end - frames.start).map_err(|_| OpenError::Malformed)?;
        let length = sealed.len().checked_sub(count.saturating_mul(TAG)).ok_or(OpenError::Altered)?;
        // Wiped if a later frame is refused: no part of an altered object leaves this function, or stays in memory.
        let mut plain = Zeroizing::new(vec![0; length]);
        let mut out = plain.as_mut_slice();
        for frame in frames {
            let size = self.frames.size(frame);
            let (piece, after) = sealed.split_at_checked(size).ok_or(OpenError::Altered)?;
            let (tag, after) = after.split_first_chunk::<TAG>().ok_or(OpenError::Altered)?;
            let (to, out_after) = out.split_at_mut_checked(size).ok_or(OpenError::Altered)?;
            (sealed, out) = (after, out_after);
            self.frames.open(frame, piece, tag, to)?;
        }
        if sealed.is_empty() { Ok(std::mem::take(&mut *plain)) } else { Err(OpenError::Altered) }
    }
}

/// Opens a sealed object of this id and kind.
pub fn open(sealed: &[u8], id: ObjectId, kind: &str, wrapped_key: &[u8], ring: &KeyRing) -> Result<Vec<u8>, OpenError> {
    let opener = Opener::new(sealed, id, kind, wrapped_key, ring)?;
    let frames = sealed.get(HEADER..).ok_or(OpenError::Malformed)?;
    if opener.length() > u64::try_from(frames.len()).unwrap_or(0) {
        return Err(OpenError::Altered);
    }
    opener.open_frames(0..opener.frames.count(), frames)
}

/// Wraps an object's key anew, with the ring's newest key. The object stays as it is.
pub fn rewrap(
    wrapped_key: &[u8],
    id: ObjectId,
    kind: &str,
    ring: &KeyRing,
    random: &dyn Random,
) -> Result<Vec<u8>, OpenError> {
    let key = ring.unwrap(wrapped_key, &about_key(id, kind))?;
    Ok(ring.wrap(&key, &about_key(id, kind), random)?)
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

    #[test]
    fn more_or_less_than_was_announced_is_no_object() {
        let (ring, random) = (ring(), Seeded::new(1));
        for (announced, came) in [(0, 1), (1, 0), (FRAME, FRAME + 1), (FRAME + 1, FRAME), (3, 2)] {
            let mut out = Vec::new();
            let (mut sealer, _) = Sealer::begin(announced as u64, ID, "media", &ring, &random, &mut out).unwrap();
            let pushed = sealer.push(&plain(came), &mut out);
            assert!(pushed.is_err() || sealer.end(&mut out).is_err(), "{announced} {came}");
        }
    }

    #[test]
    fn a_key_wrapped_anew_opens_the_same_object() {
        let (old, random) = (ring(), Seeded::new(1));
        let sealed = seal(b"it", ID, "media", &old, &random).unwrap();
        let (new, _) = old.rotate(&random).unwrap();
        let again = rewrap(&sealed.wrapped_key, ID, "media", &new, &random).unwrap();
        assert_eq!(
            (again[..4].to_vec(), open(&sealed.bytes, ID, "media", &again, &new).unwrap()),
            (vec![0, 0, 0, 2], b"it".to_vec())
        );
        assert!(rewrap(&sealed.wrapped_key, ID, "thread", &new, &random).is_err());
        assert!(open(&sealed.bytes, ID, "media", &again, &old).is_err());
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

        /// In pieces of any size the object is what it is at once, but for its key; and any part of it opens from its frames.
        #[test]
        fn pieces_and_parts(length in lengths(), step in 1_usize..100_000, from in any::<u64>(), to in any::<u64>()) {
            let (ring, plain) = (ring(), plain(length));
            let whole = seal(&plain, ID, "media", &ring, &Seeded::new(1)).unwrap();
            let mut bytes = Vec::new();
            let (mut sealer, key) = Sealer::begin(length as u64, ID, "media", &ring, &Seeded::new(1), &mut bytes).unwrap();
            for piece in plain.chunks(step) {
                sealer.push(piece, &mut bytes).unwrap();
            }
            sealer.end(&mut bytes).unwrap();
            prop_assert!(bytes == whole.bytes && key == whole.wrapped_key);
            let part = from % (length as u64 + 2)..to % (length as u64 + 2);
            let opener = Opener::new(&bytes[..Opener::HEADER], ID, "media", &key, &ring).unwrap();
            let span = opener.span(&part);
            let sealed = &bytes[usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap()];
            let expected = plain.iter().copied().enumerate();
            let expected: Vec<u8> = expected.filter(|(at, _)| part.contains(&(*at as u64))).map(|(_, byte)| byte).collect();
            prop_assert_eq!(opener.open(&part, sealed).unwrap(), expected);
            if !sealed.is_empty() {
                let mut bent = sealed.to_vec();
                let at = usize::try_from(from).unwrap_or(0) % bent.len();
                bent[at] ^= 1;
                prop_assert_eq!(opener.open(&part, &bent), Err(OpenError::Altered));
                prop_assert_eq!(opener.open(&part, &sealed[1..]), Err(OpenError::Altered));
            }
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
