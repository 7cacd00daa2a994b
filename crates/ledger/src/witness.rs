//! Witnesses: others who vouch that they saw a log only grow. Their lines stand beside ours in a note (C2SP
//! `tlog-cosignature`).

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::note::{key_id, signature_of};
use crate::{Growth, NoteError, ProofError, Verifier, note};

/// The algorithm byte of a time-stamped Ed25519 cosignature.
const ALGORITHM: u8 = 4;

/// A witness whose word counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    name: String,
    id: [u8; 4],
    public: Vec<u8>,
}

/// What a witness says with its time, in seconds since 1970.
fn said(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

impl Witness {
    /// Reads a witness's public key, `name+id+base64`.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let (name, id, public) = note::parse_vkey(vkey, ALGORITHM)?;
        Ok(Self { name, id, public })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it vouched for a note, in seconds since 1970. Whether the log itself signed it is not asked here.
    pub fn vouched(&self, note: &str) -> Result<u64, NoteError> {
        let (text, signatures) = note.split_once("\n\n").ok_or(NoteError::Malformed)?;
        let signature = signature_of(signatures, &self.name, self.id)?;
        let (time, signature) = signature.split_first_chunk::<8>().ok_or(NoteError::Malformed)?;
        let time = u64::from_be_bytes(*time);
        UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(&said(time, &format!("{text}\n")), signature)
            .map_err(|_| NoteError::BadSignature)?;
        Ok(time)
    }

    /// The note with the witness's answer, a signature line, beside the others; refused unless it is a line of this witness
    /// over this note.
    pub fn add(&self, note: &str, line: &str) -> Result<String, NoteError> {
        let cosigned = format!("{note}{}\n", line.trim_end_matches('\n'));
        self.vouched(&cosigned).map(|_| cosigned)
    }
}

/// Vouches for logs of others: remembers nothing itself, so whoever uses it keeps the last checkpoint of each log.
pub struct Cosigned {
    name: String,
    key: Ed25519KeyPair,
}

impl std::fmt::Debug for Cosigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cosigned").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Cosigned {
    /// The witness of this seed.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let key = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::Malformed)?;
        if note::good_name(name) { Ok(Self { name: name.to_owned(), key }) } else { Err(NoteError::Malformed) }
    }

    /// Its public key, as verifiers read it.
    pub fn vkey(&self) -> String {
        note::vkey(&self.name, ALGORITHM, self.key.public_key().as_ref())
    }

    /// Vouches for the newer checkpoint of a request, where it was shown that its log begins with the older one. Answers the
    /// line that is added to the note.
    pub fn vouch(
        &self,
        request: &Growth,
        log: &Verifier,
        older: &crate::Checkpoint,
        time: u64,
    ) -> Result<String, ProofError> {
        request.verify(log, older)?;
        let (text, _) = request.note.split_once("\n\n").ok_or(ProofError::Malformed)?;
        let mut line = key_id(&self.name, ALGORITHM, self.key.public_key().as_ref()).to_vec();
        line.extend_from_slice(&time.to_be_bytes());
        line.extend_from_slice(self.key.sign(&said(time, &format!("{text}\n"))).as_ref());
        Ok(format!("\u{2014} {} {}\n", self.name, BASE64.encode(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checkpoint, Hash, Signer, consistency_proof, leaf_hash, root_of};

    #[test]
    fn a_witness_vouches_for_growth_alone() {
        let leaves: Vec<Hash> = (0_u8..9).map(|n| leaf_hash(&[n])).collect();
        let log = Signer::from_seed("example.log", &[9; 32]).unwrap();
        let verifier = Verifier::parse(&log.vkey()).unwrap();
        let at = |size: usize| Checkpoint {
            origin: "example.log".to_owned(),
            size: size as u64,
            root: root_of(&leaves[..size]),
        };
        let witness = Cosigned::from_seed("witness.example", &[5; 32]).unwrap();
        let known = Witness::parse(&witness.vkey()).unwrap();
        let note = log.sign(&at(9));
        let growth = Growth { old: 4, hashes: consistency_proof(&leaves, 4), note: note.clone() };
        let line = witness.vouch(&growth, &verifier, &at(4), 1_800_000_000).unwrap();
        assert_eq!(known.vouched(&note), Err(NoteError::NotSigned));
        let cosigned = known.add(&note, &line).unwrap();
        assert_eq!(known.vouched(&cosigned), Ok(1_800_000_000));
        assert_eq!(verifier.open(&cosigned).unwrap(), at(9), "the log's own signature still counts");
        // Over another note, of another witness, bent, or over a log that took something back.
        assert_eq!(known.add(&log.sign(&at(8)), &line), Err(NoteError::BadSignature));
        let other = Cosigned::from_seed("witness.example", &[6; 32]).unwrap();
        assert_eq!(Witness::parse(&other.vkey()).unwrap().add(&note, &line), Err(NoteError::NotSigned));
        for at in 0..line.len() - 1 {
            let mut bent = line.clone().into_bytes();
            bent[at] ^= 1;
            assert!(String::from_utf8(bent).map_or(true, |bent| known.add(&note, &bent).is_err()), "byte {at}");
        }
        let mut past = at(4);
        past.root = leaf_hash(b"another past");
        assert_eq!(witness.vouch(&growth, &verifier, &past, 1), Err(ProofError::TakenBack { old: 4, new: 9 }));
        assert!(Witness::parse(&log.vkey()).is_err(), "a log's key is no witness's");
        assert!(Verifier::parse(&witness.vkey()).is_err());
    }
}
