//! Folding: the head becomes part of a base, without making anybody wait.
//!
//! [`Index::fold`] takes what is to be folded (quick), [`Folding::run`] builds the new base (long, and with no lock held),
//! [`Index::adopt`] puts it in place and repeats what changed meanwhile (quick).

use std::collections::HashSet;
use std::sync::Arc;

use super::Index;
use super::base::{Base, Tier};
use super::head::{Copied, Head};

/// A head of so many entries adds some microseconds to each query.
const HEAD: usize = 16 * 1024;
/// A tier that is at most so many times larger than what is folded is folded with it.
const GROWTH: usize = 8;
/// So many rows may be gone before anybody asks for folding.
const GONE: usize = 4 * 1024;

/// What is to be folded.
pub struct Folding {
    number: u64,
    /// The first of the tiers that are folded.
    from: usize,
    tiers: Vec<Tier>,
    head: Copied,
}

/// What was folded.
pub struct Folded {
    number: u64,
    from: usize,
    base: Base,
}

/// What an index no longer needs. Giving a gigabyte back to the system takes a while: drop it where nobody waits.
#[must_use = "dropping this takes a while: do it without a lock"]
pub struct Retired {
    _tiers: Vec<Tier>,
    _head: Head,
    _folded: Option<Base>,
}

impl Folding {
    /// Builds the new base: seconds for millions. Needs no lock, and memory for the new base beside the old one.
    pub fn run(self) -> Folded {
        Folded { number: self.number, from: self.from, base: Base::merged(&self.tiers, &self.head.sorted()) }
    }
}

impl Index {
    /// Whether folding would make queries quicker or save memory.
    pub fn wants_folding(&self) -> bool {
        self.head.len() >= HEAD || self.tiers.iter().any(|tier| wasteful(tier) && tier.gone.count() >= GONE)
    }

    /// Begins a folding. Another one that was begun before and not adopted yet is forgotten.
    pub fn fold(&mut self) -> Folding {
        let mut from = self.tiers.len();
        let mut entries = self.head.len();
        for (n, tier) in self.tiers.iter().enumerate().rev() {
            if tier.len() > GROWTH * entries {
                break;
            }
            from = n;
            entries += tier.len();
        }
        from = self.tiers.iter().position(wasteful).map_or(from, |wasteful| wasteful.min(from));
        self.folding += 1;
        self.touched = Some(HashSet::new());
        let tiers = self.tiers.get(from..).unwrap_or_default().to_vec();
        Folding { number: self.folding, from, tiers, head: self.head.copied() }
    }

    /// Puts in place what was folded, with everything that was inserted and removed since the folding was begun. What another
    /// folding has overtaken changes nothing.
    pub fn adopt(&mut self, folded: Folded) -> Retired {
        let Folded { number, from, base } = folded;
        let Some(touched) = self.touched.take_if(|_| number == self.folding) else {
            return Retired { _tiers: Vec::new(), _head: Head::default(), _folded: Some(base) };
        };
        let retired = self.tiers.drain(from.min(self.tiers.len())..).collect();
        let mut tier = Tier { base: Arc::new(base), ..Tier::default() };
        let mut head = Head::default();
        for id in touched {
            tier.remove(&id);
            if let Some((label, print)) = self.head.get(&id) {
                head.insert(id, label, print);
            }
        }
        if tier.base.len() > 0 {
            self.tiers.push(tier);
        }
        Retired { _tiers: retired, _head: std::mem::replace(&mut self.head, head), _folded: None }
    }
}

/// Whether a quarter of it is gone.
fn wasteful(tier: &Tier) -> bool {
    tier.gone.count() >= tier.base.len() / 4
}
