//! Checkpoints, signed: what the log promises about itself, in text that a person can read.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

use crate::Hash;

/// The algorithm byte of Ed25519 in a signed note.
const ALGORITHM: u8 = 1;

/// A note has room for more than the 16 signatures that every reader must take, also of the long ones after quantum computers.
const LONGEST: usize = 256 * 1024;

/// A note or key that cannot be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not of the form that C2SP describes.
    #[error("it does not have the form of a signed note")]
    Malformed,
    /// No signature by the key.
    #[error("it carries no signature of this key")]
    NotSigned,
    /// A signature that does not fit the text.
    #[error("its signature does not fit its text")]
    BadSignature,
    /// The checkpoint belongs to another log.
    #[error("it belongs to another log")]
    OtherLog,
}

/// The size and root of a log at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root))
    }

    /// Lines beyond the third are extensions: opaque, signed like the rest, and never written by us.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let canonical = !size.starts_with('0') || size == "0";
        let digits = size.bytes().all(|byte| byte.is_ascii_digit());
        if lines.any(str::is_empty) || origin.is_empty() || !canonical || !digits {
            return None;
        }
        let root = BASE64.decode(root).ok()?.try_into().ok()?;
        Some(Self { origin: origin.to_owned(), size: size.parse().ok()?, root })
    }
}

/// The first four bytes of what names a key.
pub(crate) fn key_id(name: &str, algorithm: u8, public: &[u8]) -> [u8; 4] {
    let hash: Hash = Sha256::new()
        .chain_update(name)
        .chain_update("\n")
        .chain_update([algorithm])
        .chain_update(public)
        .finalize()
        .into();
    let [a, b, c, d, ..] = hash;
    [a, b, c, d]
}

pub(crate) fn good_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

/// A public key as verifiers read it: `name+id+base64`.
pub(crate) fn vkey(name: &str, algorithm: u8, public: &[u8]) -> String {
    let body = [&[algorithm], public].concat();
    format!("{name}+{}+{}", hex::encode(key_id(name, algorithm, public)), BASE64.encode(body))
}

/// Name, id and bytes of such a key.
pub(crate) fn parse_vkey(vkey: &str, algorithm: u8) -> Result<(String, [u8; 4], Vec<u8>), NoteError> {
    let mut parts = vkey.trim().splitn(3, '+');
    let (Some(name), Some(id), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::Malformed);
    };
    let body = BASE64.decode(body).map_err(|_| NoteError::Malformed)?;
    let Some((found, public)) = body.split_first() else { return Err(NoteError::Malformed) };
    let expected = key_id(name, algorithm, public);
    if *found != algorithm || !good_name(name) || public.len() != 32 || hex::encode(expected) != id {
        return Err(NoteError::Malformed);
    }
    Ok((name.to_owned(), expected, public.to_vec()))
}

/// Text and signature lines of a note: the last empty line parts them, and there is no other control character than line ends.
pub(crate) fn split(note: &str) -> Result<(&str, &str), NoteError> {
    if note.len() > LONGEST || note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::Malformed);
    }
    let at = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    note.split_at_checked(at + 1)
        .and_then(|(text, rest)| Some((text, rest.strip_prefix('\n')?)))
        .ok_or(NoteError::Malformed)
}

/// The signatures of a key among the lines of a note, each of which must hold. Lines of other keys may stand beside them; lines
/// of another form may not.
pub(crate) fn signatures_of(lines: &str, name: &str, id: [u8; 4]) -> Result<Vec<Vec<u8>>, NoteError> {
    let mut mine = Vec::new();
    for line in lines.strip_suffix('\n').ok_or(NoteError::Malformed)?.split('\n') {
        let (signer, signature) =
            line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' ')).ok_or(NoteError::Malformed)?;
        let signature = BASE64.decode(signature).map_err(|_| NoteError::Malformed)?;
        let (found, signature) = signature.split_first_chunk::<4>().ok_or(NoteError::Malformed)?;
        if !good_name(signer) {
            return Err(NoteError::Malformed);
        }
        if signer == name && *found == id {
            mine.push(signature.to_vec());
        }
    }
    if mine.is_empty() { Err(NoteError::NotSigned) } else { Ok(mine) }
}

/// Signs checkpoints.
pub struct Signer {
    name: String,
    key: Ed25519KeyPair,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Signer {
    /// The signer of this seed. The name may hold neither blanks nor a plus sign.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        if !good_name(name) {
            return Err(NoteError::Malformed);
        }
        let key = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::Malformed)?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// The log's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key, as verifiers read it: `name+id+base64`.
    pub fn vkey(&self) -> String {
        vkey(&self.name, ALGORITHM, self.key.public_key().as_ref())
    }

    /// The checkpoint as a signed note.
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        self.sign_text(&checkpoint.text())
    }

    /// Any text as a signed note. Its first line says what it is; the log's name there would make it a checkpoint.
    pub fn sign_text(&self, text: &str) -> String {
        let mut signature = key_id(&self.name, ALGORITHM, self.key.public_key().as_ref()).to_vec();
        signature.extend_from_slice(self.key.sign(text.as_bytes()).as_ref());
        format!("{text}\n\u{2014} {} {}\n", self.name, BASE64.encode(signature))
    }
}

/// Verifies checkpoints of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    public: Vec<u8>,
}

impl Verifier {
    /// Reads a public key.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let (name, id, public) = parse_vkey(vkey, ALGORITHM)?;
        Ok(Self { name, id, public })
    }

    /// The text of a note, if this key signed it.
    pub fn open_text(&self, note: &str) -> Result<String, NoteError> {
        let (text, signatures) = split(note)?;
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        for signature in signatures_of(signatures, &self.name, self.id)? {
            key.verify(text.as_bytes(), &signature).map_err(|_| NoteError::BadSignature)?;
        }
        Ok(text.to_owned())
    }

    /// The checkpoint in a note, if this key signed it.
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        let (text, _) = split(note)?;
        let checkpoint = Checkpoint::parse(text).ok_or(NoteError::Malformed)?;
        self.open_text(note)?;
        if checkpoint.origin == self.name { Ok(checkpoint) } else { Err(NoteError::OtherLog) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signed() -> (Signer, String) {
        let signer = Signer::from_seed("example.log/one", &[7; 32]).unwrap();
        let note = signer.sign(&Checkpoint { origin: "example.log/one".to_owned(), size: 12, root: [3; 32] });
        (signer, note)
    }

    #[test]
    fn a_note_opens_with_its_key_alone() {
        let (signer, note) = signed();
        let verifier = Verifier::parse(&signer.vkey()).unwrap();
        assert_eq!(verifier.open(&note).unwrap().size, 12);
        let other = Signer::from_seed("example.log/one", &[8; 32]).unwrap();
        assert_eq!(Verifier::parse(&other.vkey()).unwrap().open(&note), Err(NoteError::NotSigned));
        assert!(Signer::from_seed("two words", &[7; 32]).is_err());
    }

    /// Keys of the Go checksum database and of the `signed-note` documentation: their ids are derived as ours are.
    #[test]
    fn keys_of_others_are_read() {
        for vkey in [
            "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        ] {
            assert!(Verifier::parse(vkey).is_ok(), "{vkey}");
            assert!(Verifier::parse(&vkey.replace('+', "x+")).is_err());
        }
    }

    /// The example of C2SP `signed-note`, and a checkpoint in the form of its own examples that was signed by another program.
    #[test]
    fn the_specifications_own_example_opens() {
        let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        let line = "\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        let verifier = Verifier::parse(key).unwrap();
        let text = "This is an example message.\n";
        assert_eq!(verifier.open_text(&format!("{text}\n{line}")).unwrap(), text);
        // Signatures of unknown keys are ignored; a second one of the known key must hold too.
        let unknown = "\u{2014} example.com/bar AAAAAGE=\n";
        assert!(verifier.open_text(&format!("{text}\n{unknown}{line}{unknown}")).is_ok());
        let bent = line.replace("Uw2QOkn8", "Uw2QOkn9");
        assert_eq!(verifier.open_text(&format!("{text}\n{line}{bent}")), Err(NoteError::BadSignature));
        assert_eq!(
            verifier.open_text(&format!("{text}\n{}", line.replace("example.com/foo", "two words"))),
            Err(NoteError::Malformed)
        );
        assert_eq!(verifier.open_text(&format!("{text}\n")), Err(NoteError::Malformed), "without any signature");
        assert_eq!(
            verifier.open_text(&format!("{text}\t\n\n{line}")),
            Err(NoteError::Malformed),
            "a control character"
        );
    }

    #[test]
    fn texts_may_have_empty_lines_and_checkpoints_extensions() {
        let (signer, note) = signed();
        let verifier = Verifier::parse(&signer.vkey()).unwrap();
        let verse = "one\n\ntwo\n";
        assert_eq!(verifier.open_text(&signer.sign_text(verse)).unwrap(), verse);
        let text = note.split_once("\n\n").unwrap().0;
        assert_eq!(verifier.open(&signer.sign_text(&format!("{text}\nan extension\n"))).unwrap().size, 12);
        assert_eq!(verifier.open(&signer.sign_text(&format!("{text}\n\nan extension\n"))), Err(NoteError::Malformed));
        let lines: Vec<String> =
            (0..16).map(|n| format!("\u{2014} witness{n} {}\n", BASE64.encode([7; 5_000]))).collect();
        let many = lines.concat();
        assert!(verifier.open(&format!("{note}{many}")).is_ok(), "sixteen long signatures fit");
        assert_eq!(verifier.open(&format!("{note}{}", many.repeat(10))), Err(NoteError::Malformed));
    }

    #[test]
    fn other_signatures_may_stand_beside_ours() {
        let (signer, note) = signed();
        let verifier = Verifier::parse(&signer.vkey()).unwrap();
        let (text, ours) = note.split_once("\n\n").unwrap();
        let witness = Signer::from_seed("witness", &[5; 32]).unwrap().sign(&verifier.open(&note).unwrap());
        let theirs = witness.split_once("\n\n").unwrap().1;
        assert!(verifier.open(&format!("{text}\n\n{theirs}{ours}")).is_ok());
        assert_eq!(verifier.open(&format!("{text}\n\n{theirs}")), Err(NoteError::NotSigned));
        assert_eq!(verifier.open(&format!("{note}a word more\n")), Err(NoteError::Malformed));
        assert_eq!(verifier.open(&note.replace('\n', "\r\n")), Err(NoteError::Malformed));
        let elsewhere = Checkpoint { origin: "example.log/two".to_owned(), size: 12, root: [3; 32] };
        assert_eq!(verifier.open(&signer.sign(&elsewhere)), Err(NoteError::OtherLog));
    }

    #[test]
    fn every_altered_byte_is_refused() {
        let (signer, note) = signed();
        let verifier = Verifier::parse(&signer.vkey()).unwrap();
        for at in 0..note.len() {
            for flip in 1_u8..=255 {
                let mut bytes = note.clone().into_bytes();
                bytes[at] ^= flip;
                let opens = String::from_utf8(bytes).is_ok_and(|text| verifier.open(&text).is_ok());
                assert!(!opens, "byte {at} with {flip}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC*", key in "\\PC*") {
            let (signer, _) = signed();
            prop_assert!(Verifier::parse(&signer.vkey()).unwrap().open(&text).is_err());
            prop_assert!(Verifier::parse(&key).is_err());
        }
    }
}
