//! The newest entries, in memory that may change. They are looked at one by one, so there must not be too many.

use std::collections::HashMap;

use super::scan::scan_planes;
use super::{Id, Print, hash_of};
use crate::Pdq;

/// Entries that were not folded yet.
#[derive(Clone, Default)]
pub(crate) struct Head {
    /// The first, second, third and fourth word of each hash.
    planes: [Vec<u64>; 4],
    near: Vec<(Id, u32)>,
    digests: HashMap<Print, Vec<(Id, u32)>>,
    places: HashMap<Id, Place>,
}

#[derive(Clone, Copy)]
enum Place {
    Near(usize),
    Same(Print),
}

impl Head {
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn insert(&mut self, id: Id, label: u32, print: Print) {
        self.remove(&id);
        match print {
            Print::Pdq(hash) => {
                self.places.insert(id, Place::Near(self.near.len()));
                for (plane, word) in self.planes.iter_mut().zip(hash.words()) {
                    plane.push(word);
                }
                self.near.push((id, label));
            }
            digest => {
                self.places.insert(id, Place::Same(digest));
                self.digests.entry(digest).or_default().push((id, label));
            }
        }
    }

    pub(crate) fn remove(&mut self, id: &Id) -> bool {
        match self.places.remove(id) {
            None => false,
            Some(Place::Near(at)) => {
                for plane in &mut self.planes {
                    plane.swap_remove(at);
                }
                self.near.swap_remove(at);
                // The last entry moved into the gap.
                if let Some((moved, _)) = self.near.get(at) {
                    self.places.insert(*moved, Place::Near(at));
                }
                true
            }
            Some(Place::Same(digest)) => {
                if let Some(entries) = self.digests.get_mut(&digest) {
                    entries.retain(|(kept, _)| kept != id);
                    if entries.is_empty() {
                        self.digests.remove(&digest);
                    }
                }
                true
            }
        }
    }

    pub(crate) fn get(&self, id: &Id) -> Option<(u32, Print)> {
        match self.places.get(id)? {
            Place::Near(at) => Some((self.near.get(*at)?.1, Print::Pdq(self.hash(*at)?))),
            Place::Same(digest) => {
                let entries = self.digests.get(digest)?;
                entries.iter().find(|(kept, _)| kept == id).map(|(_, label)| (*label, *digest))
            }
        }
    }

    fn hash(&self, at: usize) -> Option<Pdq> {
        let [a, b, c, d] = &self.planes;
        Some(hash_of([*a.get(at)?, *b.get(at)?, *c.get(at)?, *d.get(at)?]))
    }

    /// Every row within a distance.
    pub(crate) fn near(&self, query: [u64; 4], within: u32, found: &mut Vec<(usize, u32)>) {
        let [a, b, c, d] = &self.planes;
        scan_planes([a, b, c, d], query, within, found);
    }

    /// Who a row is.
    pub(crate) fn at(&self, row: usize) -> Option<(Id, u32)> {
        self.near.get(row).copied()
    }

    pub(crate) fn same(&self, digest: &Print) -> &[(Id, u32)] {
        self.digests.get(digest).map(Vec::as_slice).unwrap_or_default()
    }

    /// All entries, copied as quickly as memory allows: somebody waits.
    pub(crate) fn copied(&self) -> Copied {
        let of = |(digest, held): (&Print, &Vec<(Id, u32)>)| {
            let digest = *digest;
            held.iter().map(move |(id, label)| (*id, *label, digest)).collect::<Vec<_>>()
        };
        Copied {
            planes: self.planes.clone(),
            near: self.near.clone(),
            digests: self.digests.iter().flat_map(of).collect(),
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let planes: usize = self.planes.iter().map(|plane| plane.capacity() * size_of::<u64>()).sum();
        planes
            + self.near.capacity() * size_of::<(Id, u32)>()
            + self.places.capacity() * (size_of::<(Id, Place)>() + 1)
            + self.digests.capacity() * (size_of::<(Print, Vec<(Id, u32)>)>() + 1)
            + self.digests.len() * size_of::<(Id, u32)>()
    }
}

/// What a head held, in no order.
pub(crate) struct Copied {
    planes: [Vec<u64>; 4],
    near: Vec<(Id, u32)>,
    digests: Vec<(Id, u32, Print)>,
}

impl Copied {
    /// All entries, in the order of their ids.
    pub(crate) fn sorted(self) -> Vec<(Id, u32, Print)> {
        let [first, second, third, fourth] = self.planes;
        let words = first.into_iter().zip(second).zip(third.into_iter().zip(fourth));
        let hashes = words.map(|((first, second), (third, fourth))| hash_of([first, second, third, fourth]));
        let near = self.near.into_iter().zip(hashes).map(|((id, label), hash)| (id, label, Print::Pdq(hash)));
        let mut all: Vec<_> = near.chain(self.digests).collect();
        all.sort_unstable_by_key(|(id, _, _)| *id);
        all
    }
}
