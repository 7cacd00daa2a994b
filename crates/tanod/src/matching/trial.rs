//! One list alone against uploads that came before it: what it would have matched, and how far away. Pure.
//!
//! It goes the other way round than a verdict: the uploads, which are few, stand in the index, and the entries pass by.

use std::collections::HashMap;

use fingerprint::{Digests, Id, Index, Pdq, Print};

use crate::banks::{Entry, usual_quality};

/// Uploads to try a list on.
pub struct Trial {
    index: Index,
    within: u32,
    least_quality: u8,
    best: HashMap<u32, Closeness>,
}

/// How close the closest entry is to an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// The same bytes.
    Exact,
    /// So many bits differ.
    Bits(u32),
}

/// Which upload and which of its prints an id of the index stands for.
fn id(upload: u32, print: u32) -> Id {
    let mut id = [0; 16];
    let bytes = upload.to_be_bytes().into_iter().chain(print.to_be_bytes());
    id.iter_mut().zip(bytes).for_each(|(into, byte)| *into = byte);
    id
}

fn upload_of(id: &Id) -> u32 {
    id.first_chunk().map_or(0, |number| u32::from_be_bytes(*number))
}

impl Trial {
    /// Uploads, each with its digests and the hash and quality of its frames, in the order of their numbers.
    pub fn new<'a>(
        uploads: impl IntoIterator<Item = (&'a Digests, &'a [(Pdq, u8)])>,
        within: u32,
        least_quality: u8,
    ) -> Self {
        let mut prints = Vec::new();
        for ((digests, frames), upload) in uploads.into_iter().zip(0_u32..) {
            let digests = [Print::Md5(digests.md5), Print::Sha1(digests.sha1), Print::Sha256(digests.sha256)];
            let digests = digests.into_iter().map(|print| (0, print));
            let frames = frames.iter().map(|(hash, quality)| (u32::from(*quality), Print::Pdq(*hash)));
            let all = digests.chain(frames).zip(0_u32..);
            prints.extend(all.map(|((quality, print), number)| (id(upload, number), quality, print)));
        }
        Self { index: Index::from_entries(prints), within, least_quality, best: HashMap::new() }
    }

    /// Lets entries pass by.
    pub fn meet(&mut self, entries: &[Entry]) {
        let mut hashes = Vec::new();
        for entry in entries.iter().filter(|entry| entry.enabled) {
            // Of a film the frames that tell, each by itself: when uploads showed theirs was not kept.
            if let Some(film) = entry.film() {
                let telling = film.frames().iter().filter(|frame| frame.quality >= usual_quality());
                hashes.extend(telling.map(|frame| frame.hash));
                continue;
            }
            match entry.signal.print(&entry.value) {
                Some(Print::Pdq(hash)) => hashes.push(hash),
                Some(digest) => {
                    for same in self.index.same_print(&digest) {
                        self.best.insert(upload_of(&same.id), Closeness::Exact);
                    }
                }
                None => {}
            }
        }
        let limit = |quality| (quality >= u32::from(self.least_quality)).then_some(self.within);
        for near in self.index.near_many(&hashes, self.within, limit).into_iter().flatten() {
            let bits = Closeness::Bits(near.distance);
            self.best.entry(upload_of(&near.id)).and_modify(|best| *best = bits.min(*best)).or_insert(bits);
        }
    }

    /// Uploads that the list would have matched, by their numbers, the closest first.
    pub fn found(self) -> Vec<(usize, Closeness)> {
        let found = self.best.into_iter().filter_map(|(upload, how)| Some((usize::try_from(upload).ok()?, how)));
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|(upload, how)| (*how, *upload));
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::banks::Signal;
    use crate::store::{BankId, EntryId};

    fn entry(signal: Signal, value: Vec<u8>, enabled: bool) -> Entry {
        Entry {
            id: EntryId(uuid::Uuid::nil()),
            bank: BankId(uuid::Uuid::nil()),
            signal,
            value,
            frames: None,
            classification: None,
            source: None,
            provenance: None,
            enabled,
            removed: false,
            feed: 0,
        }
    }

    fn hash(flipped: &[u8]) -> Pdq {
        let mut bytes = [0x5a; 32];
        for bit in flipped {
            bytes[usize::from(bit / 8)] ^= 1 << (bit % 8);
        }
        Pdq::from_bytes(bytes)
    }

    proptest! {
        /// What is found, and how far away, is what comparing everything with everything finds.
        #[test]
        fn finds_what_comparing_everything_finds(
            frames in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), 0_u8..=100), 0..12),
            known in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
            within in 0_u32..=63, least in 0_u8..=100, digest in 0_usize..14,
        ) {
            let hashes: Vec<(Pdq, u8)> = frames.iter().map(|(bits, quality)| (hash(bits), *quality)).collect();
            let digests: Vec<Digests> = (0..frames.len()).map(|n| Digests::of(&[u8::try_from(n).unwrap()])).collect();
            let uploads = digests.iter().zip(hashes.chunks(1));
            let mut trial = Trial::new(uploads, within, least);
            let mut entries: Vec<Entry> =
                known.iter().map(|bits| entry(Signal::Pdq, hash(bits).as_bytes().to_vec(), true)).collect();
            if let Some(known) = digests.get(digest) {
                entries.push(entry(Signal::Sha1, known.sha1.to_vec(), true));
            }
            // An entry that is switched off finds nothing.
            entries.extend(digests.iter().map(|all| entry(Signal::Sha256, all.sha256.to_vec(), false)));
            trial.meet(&entries);
            let mut expected = Vec::new();
            for (n, (frame, quality)) in hashes.iter().enumerate() {
                let near = known.iter().map(|bits| frame.distance(&hash(bits))).min().filter(|bits| *bits <= within && *quality >= least);
                if n == digest {
                    expected.push((n, Closeness::Exact));
                } else if let Some(bits) = near {
                    expected.push((n, Closeness::Bits(bits)));
                }
            }
            expected.sort_by_key(|(n, how)| (*how, *n));
            prop_assert_eq!(trial.found(), expected);
        }
    }
}
