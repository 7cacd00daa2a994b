//! What does not change: entries of all kinds with their indexes, made at once and shared.

use super::column::{Column, Gone, Merged};
use super::digest_column::DigestColumn;
use super::pieces::{FEWEST, Pieces};
use super::{Id, Print, hash_of};

/// Entries that nobody changes.
#[derive(Default)]
pub(crate) struct Base {
    pub(crate) pdq: Column<[u64; 4]>,
    /// Missing when there are few.
    pub(crate) pieces: Option<Pieces>,
    pub(crate) md5: DigestColumn<16>,
    pub(crate) sha1: DigestColumn<20>,
    pub(crate) sha256: DigestColumn<32>,
}

/// Which rows of a base are gone.
#[derive(Clone, Default)]
pub(crate) struct Goners {
    pub(crate) pdq: Gone,
    pub(crate) md5: Gone,
    pub(crate) sha1: Gone,
    pub(crate) sha256: Gone,
}

impl Goners {
    pub(crate) fn count(&self) -> usize {
        self.pdq.count() + self.md5.count() + self.sha1.count() + self.sha256.count()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        [&self.pdq, &self.md5, &self.sha1, &self.sha256].map(|gone| gone.words.len() * size_of::<u64>()).iter().sum()
    }
}

/// A base with what was taken out of it since.
#[derive(Clone, Default)]
pub(crate) struct Tier {
    pub(crate) base: std::sync::Arc<Base>,
    pub(crate) gone: Goners,
}

impl Tier {
    /// Entries that are not gone.
    pub(crate) fn len(&self) -> usize {
        self.base.len() - self.gone.count()
    }

    /// Takes an entry out; says whether it was there.
    pub(crate) fn remove(&mut self, id: &Id) -> bool {
        let (base, gone) = (&self.base, &mut self.gone);
        if let Some(row) = base.pdq.row(id) {
            return gone.pdq.add(row, base.pdq.len());
        }
        if let Some(row) = base.sha256.rows.row(id) {
            return gone.sha256.add(row, base.sha256.rows.len());
        }
        if let Some(row) = base.sha1.rows.row(id) {
            return gone.sha1.add(row, base.sha1.rows.len());
        }
        base.md5.rows.row(id).is_some_and(|row| gone.md5.add(row, base.md5.rows.len()))
    }

    pub(crate) fn get(&self, id: &Id) -> Option<(u32, Print)> {
        let (base, gone) = (&self.base, &self.gone);
        if let Some(row) = base.pdq.row(id) {
            let (_, label, words) = base.pdq.at(row).filter(|_| !gone.pdq.has(row))?;
            return Some((label, Print::Pdq(hash_of(*words))));
        }
        digest(&base.sha256, &gone.sha256, id, Print::Sha256)
            .or_else(|| digest(&base.sha1, &gone.sha1, id, Print::Sha1))
            .or_else(|| digest(&base.md5, &gone.md5, id, Print::Md5))
    }

    /// Calls `found` for every entry with this digest.
    pub(crate) fn same(&self, digest: &Print, mut found: impl FnMut(Id, u32)) {
        let (base, gone) = (&self.base, &self.gone);
        match digest {
            Print::Pdq(_) => {}
            Print::Md5(digest) => same(&base.md5, &gone.md5, digest, &mut found),
            Print::Sha1(digest) => same(&base.sha1, &gone.sha1, digest, &mut found),
            Print::Sha256(digest) => same(&base.sha256, &gone.sha256, digest, &mut found),
        }
    }
}

fn digest<const N: usize>(
    column: &DigestColumn<N>,
    gone: &Gone,
    id: &Id,
    print: impl Fn([u8; N]) -> Print,
) -> Option<(u32, Print)> {
    let row = column.rows.row(id)?;
    let (_, label, value) = column.rows.at(row).filter(|_| !gone.has(row))?;
    Some((label, print(*value)))
}

fn same<const N: usize>(column: &DigestColumn<N>, gone: &Gone, digest: &[u8; N], found: &mut impl FnMut(Id, u32)) {
    for row in column.same(digest).filter(|row| !gone.has(*row)) {
        if let Some((id, label, _)) = column.rows.at(row) {
            found(id, label);
        }
    }
}

type Rows<'a, V> = Box<dyn Iterator<Item = (Id, u32, V)> + 'a>;

impl Base {
    pub(crate) fn len(&self) -> usize {
        self.pdq.len() + self.md5.rows.len() + self.sha1.rows.len() + self.sha256.rows.len()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.pdq.memory_bytes()
            + self.pieces.as_ref().map_or(0, Pieces::memory_bytes)
            + self.md5.memory_bytes()
            + self.sha1.memory_bytes()
            + self.sha256.memory_bytes()
    }

    /// A base of columns, with the indexes built.
    fn of(pdq: Column<[u64; 4]>, md5: Column<[u8; 16]>, sha1: Column<[u8; 20]>, sha256: Column<[u8; 32]>) -> Self {
        let pieces = if pdq.len() < FEWEST { None } else { Pieces::of(pdq.values.as_slice()).ok() };
        // Without memory for the pieces every hash is looked at: slower, and as exact.
        Self { pdq, pieces, md5: DigestColumn::of(md5), sha1: DigestColumn::of(sha1), sha256: DigestColumn::of(sha256) }
    }

    /// A base of entries ordered by id, each id once.
    pub(crate) fn sorted(entries: &[(Id, u32, Print)]) -> Self {
        Self::merged(&[], entries)
    }

    /// The live entries of tiers, and newer ones.
    pub(crate) fn merged(tiers: &[Tier], entries: &[(Id, u32, Print)]) -> Self {
        let column = |count: fn(&Base) -> usize, is: fn(&Print) -> bool| {
            let old: usize = tiers.iter().map(|tier| count(&tier.base)).sum();
            old + entries.iter().filter(|(_, _, print)| is(print)).count()
        };
        let pdq = Column::of(
            column(|base| base.pdq.len(), |print| matches!(print, Print::Pdq(_))),
            Merged::of(tiers.iter().map(|tier| -> Rows<_> { Box::new(tier.base.pdq.live(&tier.gone.pdq)) }).chain(
                std::iter::once(rows(entries, |print| match print {
                    Print::Pdq(hash) => Some(hash.words()),
                    _ => None,
                })),
            )),
        );
        let md5 = Column::of(
            column(|base| base.md5.rows.len(), |print| matches!(print, Print::Md5(_))),
            Merged::of(
                tiers.iter().map(|tier| -> Rows<_> { Box::new(tier.base.md5.rows.live(&tier.gone.md5)) }).chain(
                    std::iter::once(rows(entries, |print| match print {
                        Print::Md5(digest) => Some(*digest),
                        _ => None,
                    })),
                ),
            ),
        );
        let sha1 = Column::of(
            column(|base| base.sha1.rows.len(), |print| matches!(print, Print::Sha1(_))),
            Merged::of(
                tiers.iter().map(|tier| -> Rows<_> { Box::new(tier.base.sha1.rows.live(&tier.gone.sha1)) }).chain(
                    std::iter::once(rows(entries, |print| match print {
                        Print::Sha1(digest) => Some(*digest),
                        _ => None,
                    })),
                ),
            ),
        );
        let sha256 = Column::of(
            column(|base| base.sha256.rows.len(), |print| matches!(print, Print::Sha256(_))),
            Merged::of(
                tiers.iter().map(|tier| -> Rows<_> { Box::new(tier.base.sha256.rows.live(&tier.gone.sha256)) }).chain(
                    std::iter::once(rows(entries, |print| match print {
                        Print::Sha256(digest) => Some(*digest),
                        _ => None,
                    })),
                ),
            ),
        );
        Self::of(pdq, md5, sha1, sha256)
    }
}

fn rows<'a, V: 'a>(entries: &'a [(Id, u32, Print)], value: impl Fn(&Print) -> Option<V> + 'a) -> Rows<'a, V> {
    Box::new(entries.iter().filter_map(move |(id, label, print)| Some((*id, *label, value(print)?))))
}
