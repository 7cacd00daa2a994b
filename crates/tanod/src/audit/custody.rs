//! The chain of custody of a case: its entries in order, each with its proof in the ledger.

use ledger::{Hash, inclusion_proof};

use super::{Written, log, store};
use crate::refusal::{Error, Result};
use crate::store::{CaseId, Tx};

/// An entry's place, and the hashes that lead from it to the checkpoint's root.
pub struct Proof {
    /// Its place.
    pub position: u64,
    /// The bytes that the ledger commits to.
    pub leaf: Vec<u8>,
    /// From the leaf upwards.
    pub path: Vec<Hash>,
}

/// Everything on record about a case.
pub struct Custody {
    /// Its entries, oldest first.
    pub entries: Vec<Written>,
    /// The newest checkpoint.
    pub checkpoint: String,
    /// The proofs of those entries that it vouches for.
    pub proofs: Vec<Proof>,
}

const PAGE: i64 = 1_000;

/// Reads the record of a case. Publish first, so that every entry is promised.
pub async fn custody(tx: &mut Tx, case: CaseId, vkey: &str) -> Result<Custody> {
    let (mut entries, mut before) = (Vec::new(), None);
    loop {
        let page = store::page(tx, before, Some(case), PAGE).await?;
        before = page.last().map(|entry| entry.id);
        let full = i64::try_from(page.len()).is_ok_and(|n| n == PAGE);
        entries.extend(page);
        if !full {
            break;
        }
    }
    entries.reverse();
    let (checkpoint, promise) = log::newest(tx, vkey).await?;
    let hashes = log::hashes(tx, promise.size).await?;
    let mut proofs = Vec::new();
    for place in entries.iter().filter_map(|entry| entry.position) {
        let index = usize::try_from(place).map_err(|error| Error::internal("reading the ledger", error))?;
        let Some((_, leaf)) = store::leaves(tx, place, 1).await?.pop().filter(|_| index < hashes.len()) else {
            continue;
        };
        let path = inclusion_proof(&hashes, index);
        proofs.push(Proof { position: u64::try_from(place).unwrap_or(0), leaf, path });
    }
    Ok(Custody { entries, checkpoint, proofs })
}
