//! From cosine coefficients to the 64 by 64 grid, without pixels in between.
//!
//! Filters, decimation and the inverse transform are linear. So each axis's tents are folded onto the cosines of its
//! blocks once, and a block's coefficients are weighed straight into the cells that see it.

use fingerprint::{Axis, Grid};
use multiversion::multiversion;

const CELLS: usize = 64;

/// What coefficients of a block are kept: those of the lowest `side` frequencies on each axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Of 4 by 4 the first ones only, in the order of the file.
    First(u32),
    /// All 8 by 8.
    All,
}

impl Kept {
    /// How many coefficients a picture of this shorter side needs, so that its hash is that of full resolution: the
    /// smaller a cell, the higher the frequencies that move it.
    pub(super) fn of(shorter: usize) -> Self {
        match shorter {
            0..1024 => Self::All,
            1024..2048 => Self::First(10),
            2048.. => Self::First(5),
        }
    }

    /// The same for a progressive file, whose first scan beside the averages gives the first six.
    pub(super) fn of_progressive(shorter: usize) -> Self {
        match Self::of(shorter) {
            Self::First(count) => Self::First(count.min(6)),
            Self::All => Self::All,
        }
    }

    /// Coefficients of a block, in the order of the file.
    pub(super) fn count(self) -> u32 {
        match self {
            Self::First(count) => count,
            Self::All => 64,
        }
    }

    pub(super) fn side(self) -> usize {
        match self {
            Self::First(_) => 4,
            Self::All => 8,
        }
    }

    /// Values that a block takes in memory.
    pub(super) fn stride(self) -> usize {
        self.side() * self.side()
    }

    /// Where the coefficient at this place of the zigzag is kept, columns first. What is not kept goes to the last place,
    /// which then weighs nothing.
    pub(super) fn places(self) -> [u8; 64] {
        let (side, mut places) = (self.side(), [0; 64]);
        let mut path = Zigzag::default();
        for (n, place) in (0..).zip(&mut places) {
            let kept = if n < self.count() { path.across * side + path.down } else { side * side - 1 };
            *place = u8::try_from(kept).unwrap_or_default();
            path.step();
        }
        places
    }
}

/// The path through a block (T.81, figure A.6).
#[derive(Default)]
struct Zigzag {
    across: usize,
    down: usize,
}

impl Zigzag {
    fn step(&mut self) {
        let rising = (self.across + self.down).is_multiple_of(2);
        match (rising, self.across, self.down) {
            (true, 7, _) => self.down += 1,
            (true, _, 0) | (false, _, 7) => self.across += 1,
            (true, ..) => (self.across, self.down) = (self.across + 1, self.down - 1),
            (false, 0, _) => self.down += 1,
            (false, ..) => (self.across, self.down) = (self.across - 1, self.down + 1),
        }
    }
}

/// How one cell weighs the frequencies of one block on an axis.
#[derive(Clone, Copy, Debug)]
struct Fold<const N: usize> {
    block: usize,
    cell: usize,
    weights: [f32; N],
}

/// The tents of an axis on the cosines of its blocks.
fn folded<const N: usize>(axis: &Axis) -> Vec<Fold<N>> {
    let mut cosines = [[0.0_f32; N]; 8];
    for (x, pixel) in (0_u8..).zip(&mut cosines) {
        for (u, value) in (0_u8..).zip(pixel) {
            let angle = f64::from(2 * x + 1) * f64::from(u) * std::f64::consts::PI / 16.0;
            #[expect(clippy::cast_possible_truncation, reason = "weights need no more than single precision")]
            let exact = (angle.cos() * if u == 0 { 0.125_f64.sqrt() } else { 0.5 }) as f32;
            *value = exact;
        }
    }
    let mut folds: Vec<Fold<N>> = Vec::with_capacity(axis.length() / 4 + 2 * CELLS);
    for (cell, (first, tent)) in axis.tents().enumerate() {
        for (x, weight) in (first..).zip(tent) {
            let block = x / 8;
            if folds.last().is_none_or(|last| (last.block, last.cell) != (block, cell)) {
                folds.push(Fold { block, cell, weights: [0.0; N] });
            }
            if let (Some(fold), Some(pixel)) = (folds.last_mut(), cosines.get(x % 8)) {
                for (sum, cosine) in fold.weights.iter_mut().zip(pixel) {
                    *sum += weight * cosine;
                }
            }
        }
    }
    folds
}

/// The grid, while rows of blocks come in.
pub(super) struct Projection<const N: usize> {
    across: Vec<Fold<N>>,
    /// Sorted by block.
    down: Vec<Fold<N>>,
    /// Blocks of a unit across and down.
    unit: (usize, usize),
    /// What a coefficient as stored is multiplied with, by the place it is kept at.
    steps: [[f32; N]; N],
    sums: Box<[[f32; N]; CELLS]>,
    grid: Box<[[f32; CELLS]; CELLS]>,
}

impl<const N: usize> Projection<N> {
    /// For a luma plane with these axes, units of so many blocks across and down, and quantisation steps, the latter in the
    /// order of the file.
    pub(super) fn new(across: &Axis, down: &Axis, unit: (usize, usize), kept: Kept, quantisation: &[u16; 64]) -> Self {
        let mut steps = [[0.0; N]; N];
        let count = usize::try_from(kept.count()).unwrap_or(64);
        for (place, step) in kept.places().iter().zip(quantisation).take(count) {
            if let Some(value) = steps.as_flattened_mut().get_mut(usize::from(*place)) {
                *value = f32::from(*step);
            }
        }
        let (mut across, mut down) = (folded(across), folded(down));
        down.sort_by_key(|fold| fold.block);
        for fold in &mut across {
            // Where the block of a unit's first row lies among those of the row of units.
            fold.block = fold.block / unit.0 * unit.0 * unit.1 + fold.block % unit.0;
        }
        Self { across, down, unit, steps, sums: Box::new([[0.0; N]; CELLS]), grid: Box::new([[0.0; CELLS]; CELLS]) }
    }

    /// Adds a row of units: their blocks in the order of the file, each of N by N coefficients, columns first.
    pub(super) fn add(&mut self, units: usize, blocks: &[i16]) {
        for row in 0..self.unit.1 {
            let blocks = blocks.get(row * self.unit.0 * N * N..).unwrap_or_default();
            self.add_row(units * self.unit.1 + row, blocks);
        }
    }

    fn add_row(&mut self, row: usize, blocks: &[i16]) {
        let first = self.down.partition_point(|fold| fold.block < row);
        let cells = self.down.iter().skip(first).take_while(|fold| fold.block == row);
        if cells.clone().next().is_none() {
            return;
        }
        *self.sums = [[0.0; N]; CELLS];
        across(&self.across, blocks.as_chunks::<N>().0.as_chunks::<N>().0, &self.steps, &mut self.sums);
        let mut turned = [[0.0; CELLS]; N];
        for (cell, sums) in self.sums.iter().enumerate() {
            for (value, row) in sums.iter().zip(&mut turned) {
                if let Some(place) = row.get_mut(cell) {
                    *place = *value;
                }
            }
        }
        for fold in cells {
            if let Some(out) = self.grid.get_mut(fold.cell) {
                down(&fold.weights, &turned, out);
            }
        }
    }

    /// The grid; `swapped` when the picture is stored with its axes exchanged.
    pub(super) fn finish(self, swapped: bool) -> Grid {
        // The transform is of brightness less 128, and the weights of a cell sum to 1.
        let rows = self.grid.map(|row| row.map(|value| value + 128.0));
        if !swapped {
            return Grid::from_rows(rows);
        }
        let mut turned = [[0.0; CELLS]; CELLS];
        for (y, row) in rows.iter().enumerate() {
            for (value, into) in row.iter().zip(&mut turned) {
                if let Some(cell) = into.get_mut(y) {
                    *cell = *value;
                }
            }
        }
        Grid::from_rows(turned)
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn across<const N: usize>(
    folds: &[Fold<N>],
    blocks: &[[[i16; N]; N]],
    steps: &[[f32; N]; N],
    sums: &mut [[f32; N]; CELLS],
) {
    for fold in folds {
        let (Some(block), Some(sum)) = (blocks.get(fold.block), sums.get_mut(fold.cell)) else { continue };
        let mut total = *sum;
        for ((column, step), weight) in block.iter().zip(steps).zip(fold.weights) {
            for ((total, value), step) in total.iter_mut().zip(column).zip(step) {
                *total += f32::from(*value) * (weight * step);
            }
        }
        *sum = total;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn down<const N: usize>(weights: &[f32; N], rows: &[[f32; CELLS]; N], out: &mut [f32; CELLS]) {
    for (weight, row) in weights.iter().zip(rows) {
        for (value, sum) in row.iter().zip(out.iter_mut()) {
            *sum += weight * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zigzag_is_that_of_the_standard() {
        let places = Kept::All.places();
        // Row 0 of figure A.6, read along the columns: 0, 1, 5, 6, 14, 15, 27, 28.
        for (across, n) in [0, 1, 5, 6, 14, 15, 27, 28].into_iter().enumerate() {
            assert_eq!(usize::from(places[n]), across * 8);
        }
        assert_eq!(places[2], 1);
        // The last but one is in the lowest row, one before the end of it.
        assert_eq!((places[62], places[63]), (6 * 8 + 7, 63));
        let mut sorted = places;
        sorted.sort_unstable();
        assert!((0..64).eq(sorted));
        assert_eq!(Kept::First(5).places()[..6], [0, 4, 1, 2, 5, 15]);
    }
}
