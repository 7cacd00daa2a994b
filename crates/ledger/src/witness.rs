//! Witnesses: others who vouch that they saw a log only grow. Their lines stand beside ours in a note (C2SP
//! `tlog-cosignature`).

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::note::{key_id, signatures_of, split};
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
        let (text, signatures) = split(note)?;
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        let mut latest = 0;
        for signature in signatures_of(signatures, &self.name, self.id)? {
            let (time, signature) = signature.split_first_chunk::<8>().ok_or(NoteError::Malformed)?;
            let time = u64::from_be_bytes(*time);
            // A time in seconds, and no larger than a signed number holds.
            if i64::try_from(time).is_err() {
                return Err(NoteError::Malformed);
            }
            key.verify(&said(time, text), signature).map_err(|_| NoteError::BadSignature)?;
            latest = latest.max(time);
        }
        Ok(latest)
    }

    /// The note with this witness's line of an answer beside the others; refused unless there is one over this note. Lines of
    /// keys that nobody here knows are left out.
    pub fn add(&self, note: &str, answer: &str) -> Result<String, NoteError> {
        let ours = format!("\u{2014} {} ", self.name);
        let mut found = Err(NoteError::NotSigned);
        for line in answer.lines().filter(|line| line.starts_with(&ours)) {
            let cosigned = format!("{note}{line}\n");
            match self.vouched(&cosigned) {
                Ok(_) => return Ok(cosigned),
                Err(error) => found = Err(error),
            }
        }
        found
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
        let (text, _) = split(&request.note)?;
        let mut line = key_id(&self.name, ALGORITHM, self.key.public_key().as_ref()).to_vec();
        line.extend_from_slice(&time.to_be_bytes());
        line.extend_from_slice(self.key.sign(&said(time, text)).as_ref());
        Ok(format!("\u{2014} {} {}\n", self.name, BASE64.encode(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checkpoint, Hash, Signer, consistency_proof, leaf_hash, root_of};

    /// The checkpoint of the specification's example, cosigned by another program with a key of its own.
    #[test]
    fn a_cosignature_of_another_program_is_accepted() {
        let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            \u{2014} witness.example.com/w1 EACK6wAAAABkGFDL7s5OOUhHwp4p21TTCJeMSo1Bl2UAhoc80ZEyygI4mjAEyrcw3omPMCGsE8sDMQ4TJ7l/j9PTUaUqfUtqLx2GBA==\n";
        let key = "witness.example.com/w1+10008aeb+BG56HN0psLeP0Tr0xVmP7/TvKpcWbjym8uT7/M2AUFvx";
        let witness = Witness::parse(key).unwrap();
        assert_eq!(witness.vouched(note), Ok(1_679_315_147));
        assert_eq!(witness.vouched(&note.replace("20852163", "20852164")), Err(NoteError::BadSignature));
        assert_eq!(Cosigned::from_seed("witness.example.com/w1", &[5; 32]).unwrap().vkey(), key);
    }

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
        // An answer may hold lines of others; they stay out of our note.
        let stranger = Cosigned::from_seed("witness.example", &[6; 32]).unwrap();
        let others = stranger.vouch(&growth, &verifier, &at(4), 1_800_000_000).unwrap();
        assert_eq!(known.add(&note, &format!("{others}{line}{others}")).unwrap(), cosigned);
        assert!(witness.vouch(&growth, &verifier, &at(4), u64::MAX).is_ok_and(|line| known.add(&note, &line).is_err()));
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
