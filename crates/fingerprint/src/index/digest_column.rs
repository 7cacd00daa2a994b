//! Entries of one kind of digest: found by value through a directory of the digest's first bits.

use super::column::Column;
use super::pages::Pages;

/// Rows ordered by id, with an order by value beside them.
pub(crate) struct DigestColumn<const N: usize> {
    pub(crate) rows: Column<[u8; N]>,
    bits: u32,
    /// Where the digests with these first bits begin in the order, and the end.
    pub(crate) begins: Pages<u32>,
    /// Rows in the order of their digests.
    pub(crate) order: Pages<u32>,
}

impl<const N: usize> Default for DigestColumn<N> {
    fn default() -> Self {
        Self { rows: Column::default(), bits: 0, begins: Pages::default(), order: Pages::default() }
    }
}

/// How many first bits, so that one to four digests share them.
pub(crate) fn first_bits(rows: usize) -> u32 {
    rows.max(2).ilog2() - 1
}

fn first<const N: usize>(digest: &[u8; N], bits: u32) -> usize {
    let number = digest.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
    number.checked_shr(32 - bits.min(32)).unwrap_or(0) as usize
}

impl<const N: usize> DigestColumn<N> {
    /// Room for so many rows; nothing in it yet.
    pub(crate) fn room(rows: Column<[u8; N]>) -> Self {
        let bits = first_bits(rows.len());
        let begins = Pages::zeroed((1 << bits) + 1);
        let order = Pages::zeroed(rows.len());
        Self { rows, bits, begins, order }
    }

    /// These rows, findable.
    #[expect(
        clippy::indexing_slicing,
        reason = "first bits are below 2^bits, places below the number of rows, as counted"
    )]
    pub(crate) fn of(rows: Column<[u8; N]>) -> Self {
        if rows.len() == 0 {
            return Self::default();
        }
        let mut column = Self::room(rows);
        let (digests, begins, order) =
            (column.rows.values.as_slice(), column.begins.as_mut_slice(), column.order.as_mut_slice());
        for digest in digests {
            begins[first(digest, column.bits) + 1] += 1;
        }
        let mut sum = 0;
        for begin in begins.iter_mut() {
            sum += *begin;
            *begin = sum;
        }
        let mut nexts = begins.to_vec();
        for (digest, row) in digests.iter().zip(0_u32..) {
            let next = &mut nexts[first(digest, column.bits)];
            order[*next as usize] = row;
            *next += 1;
        }
        for ends in begins.windows(2) {
            order[ends[0] as usize..ends[1] as usize].sort_unstable_by_key(|row| digests[*row as usize]);
        }
        column
    }

    /// Every row with this digest.
    pub(crate) fn same(&self, digest: &[u8; N]) -> impl Iterator<Item = usize> {
        let from = first(digest, self.bits);
        let ends: Option<&[u32; 2]> = self.begins.as_slice().get(from..).and_then(|rest| rest.first_chunk());
        let among = ends.and_then(|[start, end]| self.order.as_slice().get(*start as usize..*end as usize));
        let among = among.unwrap_or_default();
        let values = self.rows.values.as_slice();
        let start = among.partition_point(|row| values.get(*row as usize).is_some_and(|value| value < digest));
        let rest = among.get(start..).unwrap_or_default().iter().map(|row| *row as usize);
        rest.take_while(move |row| values.get(*row) == Some(digest))
    }

    /// Whether directory and order can be what they should.
    pub(crate) fn is_sound(&self) -> bool {
        let (begins, rows) = (self.begins.as_slice(), self.rows.len());
        begins.first().is_none_or(|first| *first == 0)
            && begins.is_sorted()
            && begins.last().is_none_or(|last| *last as usize == rows)
            && self.order.as_slice().iter().all(|row| (*row as usize) < rows)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.rows.memory_bytes() + self.begins.memory_bytes() + self.order.memory_bytes()
    }
}
