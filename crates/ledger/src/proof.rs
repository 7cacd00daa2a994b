//! Proofs as text that travels: C2SP `tlog-proof` for the place of an entry, and for growth what C2SP `tlog-witness` sends.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::{Checkpoint, Hash, NoteError, Verifier, leaf_hash, verify_consistency, verify_inclusion};

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A proof that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It cannot be read.
    #[error("it does not have the form of a proof")]
    Malformed,
    /// Its checkpoint is not acceptable.
    #[error("its checkpoint: {0}")]
    Checkpoint(#[from] NoteError),
    /// The entry does not stand there.
    #[error("the entry does not stand at place {index} of the {size} that the checkpoint promises")]
    NotThere {
        /// The claimed place.
        index: u64,
        /// The size of the log.
        size: u64,
    },
    /// The log took something back.
    #[error("the log of {new} entries does not begin with the {old} that were promised before")]
    TakenBack {
        /// What was promised.
        old: u64,
        /// What is promised now.
        new: u64,
    },
}

/// That an entry stands at a place of the log. The entry itself is the proof's `extra` data, so that nothing else is needed
/// to check it but the log's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The entry.
    pub entry: Vec<u8>,
    /// Its place, from 0.
    pub index: u64,
    /// What leads from it to the root.
    pub hashes: Vec<Hash>,
    /// The checkpoint, signed.
    pub note: String,
}

impl Inclusion {
    /// The proof as text.
    pub fn text(&self) -> String {
        let extra = BASE64.encode(&self.entry);
        format!("{FIRST_LINE}\nextra {extra}\nindex {}\n{}\n{}", self.index, lines(&self.hashes), self.note)
    }

    /// Reads a proof.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let read = || {
            let (head, note) = text.split_once("\n\n")?;
            let mut head = head.split('\n');
            if head.next()? != FIRST_LINE {
                return None;
            }
            let entry = BASE64.decode(head.next()?.strip_prefix("extra ")?).ok()?;
            let index = number(head.next()?.strip_prefix("index ")?)?;
            Some(Self { entry, index, hashes: hashes(head)?, note: note.to_owned() })
        };
        read().ok_or(ProofError::Malformed)
    }

    /// Whether it holds, by the log's key: then the checkpoint that it rests on.
    pub fn verify(&self, verifier: &Verifier) -> Result<Checkpoint, ProofError> {
        let promise = verifier.open(&self.note)?;
        let leaf = leaf_hash(&self.entry);
        if verify_inclusion(&leaf, self.index, promise.size, &self.hashes, &promise.root) {
            Ok(promise)
        } else {
            Err(ProofError::NotThere { index: self.index, size: promise.size })
        }
    }
}

/// That the log of a checkpoint begins with an older one: nothing was taken back or changed in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The older size.
    pub old: u64,
    /// The proof.
    pub hashes: Vec<Hash>,
    /// The newer checkpoint, signed.
    pub note: String,
}

impl Growth {
    /// The proof as text: the body of a `tlog-witness` request.
    pub fn text(&self) -> String {
        format!("old {}\n{}\n{}", self.old, lines(&self.hashes), self.note)
    }

    /// Reads a proof.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let read = || {
            let (head, note) = text.split_once("\n\n")?;
            let mut head = head.split('\n');
            let old = number(head.next()?.strip_prefix("old ")?)?;
            Some(Self { old, hashes: hashes(head)?, note: note.to_owned() })
        };
        read().ok_or(ProofError::Malformed)
    }

    /// Whether it holds, from this older checkpoint: then the newer one.
    pub fn verify(&self, verifier: &Verifier, older: &Checkpoint) -> Result<Checkpoint, ProofError> {
        let newer = verifier.open(&self.note)?;
        let (old, new) = ((older.size, &older.root), (newer.size, &newer.root));
        if self.old == older.size && verify_consistency(old, new, &self.hashes) {
            Ok(newer)
        } else {
            Err(ProofError::TakenBack { old: older.size, new: newer.size })
        }
    }
}

fn lines(hashes: &[Hash]) -> String {
    hashes.iter().map(|hash| BASE64.encode(hash) + "\n").collect()
}

/// A witness takes no more than 63 (C2SP `tlog-witness`), and no path in a tree that anybody fills is longer.
fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Vec<Hash>> {
    let hashes: Option<Vec<Hash>> = lines.take(64).map(|line| BASE64.decode(line).ok()?.try_into().ok()).collect();
    hashes.filter(|hashes| hashes.len() < 64)
}

fn number(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Signer, consistency_proof, inclusion_proof, root_of};

    fn signer() -> Signer {
        Signer::from_seed("example.log", &[9; 32]).unwrap()
    }

    fn verifier() -> Verifier {
        Verifier::parse(&signer().vkey()).unwrap()
    }

    fn entry(n: usize) -> Vec<u8> {
        format!("entry {n}").into_bytes()
    }

    fn checkpoint(leaves: &[Hash]) -> Checkpoint {
        Checkpoint { origin: "example.log".to_owned(), size: leaves.len() as u64, root: root_of(leaves) }
    }

    #[test]
    fn a_proof_has_the_form_of_the_specification() {
        let leaves: Vec<Hash> = (0..3).map(|n| leaf_hash(&entry(n))).collect();
        let note = signer().sign(&checkpoint(&leaves));
        let proof = Inclusion { entry: entry(2), index: 2, hashes: inclusion_proof(&leaves, 2), note: note.clone() };
        let sibling = BASE64.encode(root_of(&leaves[..2]));
        let expected = format!("c2sp.org/tlog-proof@v1\nextra ZW50cnkgMg==\nindex 2\n{sibling}\n\n{note}");
        assert_eq!(proof.text(), expected);
        let growth = Growth { old: 2, hashes: consistency_proof(&leaves, 2), note: note.clone() };
        assert_eq!(growth.text(), format!("old 2\n{}\n\n{note}", BASE64.encode(leaves[2])));
    }

    proptest! {
        #[test]
        fn a_proof_holds_as_it_was_written_and_no_other_way(
            size in 1_usize..400, index in 0_usize..400, old in 0_usize..400, at in any::<usize>(), flip in 1_u8..,
        ) {
            let (index, old) = (index % size, old % (size + 1));
            let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&entry(n))).collect();
            let note = signer().sign(&checkpoint(&leaves));
            let older = checkpoint(&leaves[..old]);
            let hashes = inclusion_proof(&leaves, index);
            let placed = Inclusion { entry: entry(index), index: index as u64, hashes, note: note.clone() }.text();
            let grown = Growth { old: old as u64, hashes: consistency_proof(&leaves, old), note }.text();
            let place = |text: &str| Inclusion::parse(text)?.verify(&verifier());
            let growth = |text: &str| Growth::parse(text)?.verify(&verifier(), &older);
            prop_assert_eq!(place(&placed).unwrap().size, size as u64);
            prop_assert_eq!(growth(&grown).unwrap().size, size as u64);
            for (text, holds) in [(placed, &place as &dyn Fn(&str) -> Result<Checkpoint, ProofError>), (grown, &growth)] {
                let mut bent = text.clone().into_bytes();
                let at = at % bent.len();
                bent[at] ^= flip;
                let held = String::from_utf8(bent).is_ok_and(|bent| holds(&bent).is_ok());
                prop_assert!(!held, "byte {} with {} of\n{}", at, flip, text);
            }
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC*", lines in "(old|index|extra) [0-9a-zA-Z+/=]*\n\n?") {
            for text in [&text, &lines] {
                prop_assert!(Inclusion::parse(text).and_then(|proof| proof.verify(&verifier())).is_err());
                let older = checkpoint(&[]);
                prop_assert!(Growth::parse(text).and_then(|proof| proof.verify(&verifier(), &older)).is_err());
            }
        }
    }
}
