//! Entries of one kind, ordered by id: what was found says who it is, and an id is found without a map.

use bytemuck::Pod;

use super::Id;
use super::pages::Pages;

/// Ids, labels and values, row by row; ids rise strictly.
pub(crate) struct Column<V> {
    pub(crate) ids: Pages<Id>,
    pub(crate) labels: Pages<u32>,
    pub(crate) values: Pages<V>,
}

impl<V> Default for Column<V> {
    fn default() -> Self {
        Self { ids: Pages::default(), labels: Pages::default(), values: Pages::default() }
    }
}

impl<V: Pod> Column<V> {
    /// A column of at most `most` rows that come in the order of their ids.
    pub(crate) fn of(most: usize, rows: impl Iterator<Item = (Id, u32, V)>) -> Self {
        let mut column = Self { ids: Pages::zeroed(most), labels: Pages::zeroed(most), values: Pages::zeroed(most) };
        let mut len = 0;
        let places = column.ids.as_mut_slice().iter_mut().zip(column.labels.as_mut_slice());
        for (((id, label), value), row) in places.zip(column.values.as_mut_slice()).zip(rows) {
            (*id, *label, *value) = row;
            len += 1;
        }
        column.ids.truncate(len);
        column.labels.truncate(len);
        column.values.truncate(len);
        column
    }

    /// The row of an id.
    pub(crate) fn row(&self, id: &Id) -> Option<usize> {
        let ids = self.ids.as_slice();
        // New ids are mostly later than all there are.
        if ids.last().is_none_or(|last| last < id) {
            return None;
        }
        ids.binary_search(id).ok()
    }

    /// Who and what a row is.
    pub(crate) fn at(&self, row: usize) -> Option<(Id, u32, &V)> {
        let (id, label) = (self.ids.as_slice().get(row)?, self.labels.as_slice().get(row)?);
        Some((*id, *label, self.values.as_slice().get(row)?))
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.ids.memory_bytes() + self.labels.memory_bytes() + self.values.memory_bytes()
    }

    /// The rows that are not gone, in order.
    pub(crate) fn live<'a>(&'a self, gone: &'a Gone) -> impl Iterator<Item = (Id, u32, V)> + 'a {
        let (labels, values) = (self.labels.as_slice(), self.values.as_slice());
        let rows = self.ids.as_slice().iter().zip(labels).zip(values).enumerate();
        rows.filter(|(row, _)| !gone.has(*row)).map(|(_, ((id, label), value))| (*id, *label, *value))
    }
}

/// Rows that were taken out of a column that nobody may change any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) words: Vec<u64>,
    count: usize,
}

impl Gone {
    pub(crate) fn of(words: Vec<u64>) -> Self {
        let count = words.iter().map(|word| word.count_ones() as usize).sum();
        Self { words, count }
    }

    /// Takes a row of `rows` out; says whether it was there.
    pub(crate) fn add(&mut self, row: usize, rows: usize) -> bool {
        if self.words.is_empty() {
            self.words = vec![0; rows.div_ceil(64)];
        }
        let bit = 1_u64 << (row % 64);
        let Some(word) = self.words.get_mut(row / 64).filter(|word| **word & bit == 0) else { return false };
        *word |= bit;
        self.count += 1;
        true
    }

    pub(crate) fn has(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

/// Several sequences ordered by id as one. No id is in two of them.
pub(crate) struct Merged<I: Iterator> {
    sources: Vec<std::iter::Peekable<I>>,
}

impl<V, I: Iterator<Item = (Id, u32, V)>> Merged<I> {
    pub(crate) fn of(sources: impl Iterator<Item = I>) -> Self {
        Self { sources: sources.map(Iterator::peekable).collect() }
    }
}

impl<V, I: Iterator<Item = (Id, u32, V)>> Iterator for Merged<I> {
    type Item = (Id, u32, V);

    fn next(&mut self) -> Option<Self::Item> {
        let mut first: Option<(usize, Id)> = None;
        for (n, source) in self.sources.iter_mut().enumerate() {
            if let Some((id, _, _)) = source.peek()
                && first.is_none_or(|(_, least)| *id < least)
            {
                first = Some((n, *id));
            }
        }
        self.sources.get_mut(first?.0)?.next()
    }
}
