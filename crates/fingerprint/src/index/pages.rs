//! Long arrays of plain numbers, on huge pages where the system has them.
//!
//! A query of the index reads a few thousand places of arrays that are far larger than any cache. With pages of 4 KiB
//! most of these reads also miss the table of pages; with pages of 2 MiB they do not.

use bytemuck::Pod;
use memmap2::MmapMut;

/// Arrays under this many bytes gain nothing from huge pages.
const LARGE: usize = 2 << 20;

/// An array of a length that is known when it is made.
pub(crate) struct Pages<T> {
    place: Place<T>,
    len: usize,
}

enum Place<T> {
    Heap(Vec<T>),
    Mapped(MmapMut),
}

/// Memory that the system did not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoMemory;

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { place: Place::Heap(Vec::new()), len: 0 }
    }
}

impl<T: Pod> Pages<T> {
    /// Zeros. Pages that are never written cost address space only.
    pub(crate) fn try_zeroed(len: usize) -> Result<Self, NoMemory> {
        let bytes = len.checked_mul(size_of::<T>()).ok_or(NoMemory)?;
        if bytes < LARGE {
            return Ok(Self { place: Place::Heap(vec![T::zeroed(); len]), len });
        }
        let map = MmapMut::map_anon(bytes).map_err(|_| NoMemory)?;
        // Where the system refuses, ordinary pages serve as well, only slower.
        #[cfg(target_os = "linux")]
        drop(map.advise(memmap2::Advice::HugePage));
        Ok(Self { place: Place::Mapped(map), len })
    }

    /// Zeros, on the heap if there is no other place.
    pub(crate) fn zeroed(len: usize) -> Self {
        Self::try_zeroed(len).unwrap_or_else(|NoMemory| Self { place: Place::Heap(vec![T::zeroed(); len]), len })
    }

    /// The first `len` of them; the rest stays unused.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        let all = match &self.place {
            Place::Heap(values) => values,
            Place::Mapped(map) => bytemuck::try_cast_slice::<u8, T>(map).unwrap_or_default(),
        };
        all.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        let all = match &mut self.place {
            Place::Heap(values) => values.as_mut_slice(),
            Place::Mapped(map) => bytemuck::try_cast_slice_mut::<u8, T>(map).unwrap_or_default(),
        };
        all.get_mut(..self.len).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// What is in use, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.len * size_of::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_small_hold_the_same() {
        for len in [0, 3, LARGE / 32 + 5] {
            let mut pages = Pages::<[u64; 4]>::zeroed(len);
            assert_eq!(pages.as_slice().len(), len);
            for (n, row) in pages.as_mut_slice().iter_mut().enumerate() {
                *row = [n as u64; 4];
            }
            pages.truncate(len / 2);
            assert_eq!(pages.as_slice().len(), len / 2);
            assert!(pages.as_slice().iter().enumerate().all(|(n, row)| *row == [n as u64; 4]));
        }
    }

    #[test]
    fn more_than_there_is_is_refused() {
        assert!(Pages::<[u64; 4]>::try_zeroed(usize::MAX / 3).is_err());
    }
}
