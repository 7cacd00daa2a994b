//! MD5, SHA-1 and SHA-256 of the same bytes, in one pass: the three that lists and NCMEC speak.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The three digests of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digests {
    /// MD5, RFC 1321. Named by lists; never sufficient alone.
    pub md5: [u8; 16],
    /// SHA-1, FIPS 180-4.
    pub sha1: [u8; 20],
    /// SHA-256, FIPS 180-4.
    pub sha256: [u8; 32],
}

impl Digests {
    /// Digests of bytes that are all there.
    pub fn of(bytes: &[u8]) -> Self {
        let mut stream = DigestStream::new();
        stream.update(bytes);
        stream.finish()
    }

    /// MD5 in lower-case hexadecimal.
    pub fn md5_hex(&self) -> String {
        hex::encode(self.md5)
    }

    /// SHA-1 in lower-case hexadecimal.
    pub fn sha1_hex(&self) -> String {
        hex::encode(self.sha1)
    }

    /// SHA-256 in lower-case hexadecimal.
    pub fn sha256_hex(&self) -> String {
        hex::encode(self.sha256)
    }
}

/// Digests of bytes that come piece by piece.
#[derive(Clone, Debug, Default)]
pub struct DigestStream {
    md5: Md5,
    sha1: Sha1,
    sha256: Sha256,
}

impl DigestStream {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece. Pieces of a few KiB keep all three passes inside the cache.
    pub fn update(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(16 * 1024) {
            self.md5.update(piece);
            self.sha1.update(piece);
            self.sha256.update(piece);
        }
    }

    /// The digests of everything taken.
    pub fn finish(self) -> Digests {
        Digests {
            md5: self.md5.finalize().into(),
            sha1: self.sha1.finalize().into(),
            sha256: self.sha256.finalize().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_answers() {
        let digests = Digests::of(b"abc");
        assert_eq!(digests.md5_hex(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digests.sha1_hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(digests.sha256_hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes in prop::collection::vec(any::<u8>(), 0..50_000), cut in 0_usize..50_000) {
            let cut = cut.min(bytes.len());
            let mut stream = DigestStream::new();
            stream.update(&bytes[..cut]);
            stream.update(&bytes[cut..]);
            prop_assert_eq!(stream.finish(), Digests::of(&bytes));
        }
    }
}
