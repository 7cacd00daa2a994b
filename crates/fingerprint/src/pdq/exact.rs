//! The grid to the last bit: every sum and quotient in the reference's order, several rows side by side.
//!
//! One sweep down the picture: four rows are weighed and averaged along themselves, added to the running sums of the
//! columns, and what comes out of those is averaged along the rows again, where only 64 places are kept. The last running
//! means, down these 64 columns, are small. Nothing but a few rows of the window is in memory.

use multiversion::multiversion;

use super::grid::{weigh, widen};
use super::{Grid, SIDE, SMALLEST, Small, Stretch, middle, window};

/// Rows that go side by side: enough to hide how long one addition takes, few enough for the registers of their places.
const SIDE_BY_SIDE: usize = 4;

/// Where brightness comes from.
pub(super) enum Rows<'a> {
    Luma(&'a [f32]),
    Rgb(&'a [u8]),
    #[cfg_attr(not(test), expect(dead_code, reason = "video frames come as grey planes; tests hold it to the others"))]
    Grey(&'a [u8]),
}

impl Rows<'_> {
    fn read(&self, y: usize, width: usize, out: &mut [f32]) {
        match self {
            Self::Luma(values) => {
                if let Some(row) = values.get(y * width..(y + 1) * width) {
                    out.copy_from_slice(row);
                }
            }
            Self::Rgb(values) => weigh(values.get(3 * y * width..3 * (y + 1) * width).unwrap_or_default(), out),
            Self::Grey(values) => widen(values.get(y * width..(y + 1) * width).unwrap_or_default(), out),
        }
    }
}

/// The decimated picture, or none under 5 pixels on a side.
pub(super) fn grid(width: usize, height: usize, rows: &Rows<'_>) -> Option<Grid> {
    grid_of(width, height, &mut |y, out| rows.read(y, width, out))
}

/// Puts the brightness of a row into its place.
pub(super) type Read<'a> = dyn FnMut(usize, &mut [f32]) + 'a;

/// The same, where rows are asked for one after the other.
pub(super) fn grid_of(width: usize, height: usize, read: &mut Read<'_>) -> Option<Grid> {
    if width < SMALLEST || height < SMALLEST {
        return None;
    }
    let mut small = Box::new([[0.0; SIDE]; SIDE]);
    if (width, height) == (SIDE, SIDE) {
        for (y, row) in small.iter_mut().enumerate() {
            read(y, row);
        }
        return Some(Grid(small));
    }
    let narrow = sweep(width, height, read);
    last_columns(&narrow, window(height), &mut small);
    Some(Grid(small))
}

/// The first three running means: along rows, down columns, along rows at 64 places.
fn sweep(width: usize, height: usize, read: &mut Read<'_>) -> Vec<[f32; SIDE]> {
    let (across, down) = (window(width), window(height));
    let mut raw = vec![0.0_f32; SIDE_BY_SIDE * width];
    let mut means = vec![0.0_f32; SIDE_BY_SIDE * width];
    let mut columns = Columns::new(width, down);
    let mut keep = Narrow::new(width, height, across);
    let half = usize::midpoint(down, 2);
    for first in (0..height).step_by(SIDE_BY_SIDE) {
        let many = SIDE_BY_SIDE.min(height - first);
        for (n, row) in raw.chunks_exact_mut(width).take(many).enumerate() {
            read(first + n, row);
        }
        along_rows(&raw, &mut means, width, across, true);
        for (y, row) in (first..).zip(means.chunks_exact(width).take(many)) {
            columns.add(y, row);
            if y + 1 >= half {
                columns.write(keep.next());
                keep.done();
            }
        }
    }
    for _ in 1..half {
        columns.drop_oldest();
        columns.write(keep.next());
        keep.done();
    }
    keep.finish()
}

/// Running sums of every column, with the rows that are in them.
struct Columns {
    width: usize,
    window: usize,
    sums: Vec<f32>,
    held: Vec<f32>,
    oldest: usize,
    size: usize,
}

impl Columns {
    fn new(width: usize, window: usize) -> Self {
        Self { width, window, sums: vec![0.0; width], held: vec![0.0; width * window], oldest: 0, size: 0 }
    }

    /// Adds a row, and takes away the one that leaves the window.
    fn add(&mut self, y: usize, row: &[f32]) {
        let at = y % self.window * self.width;
        let Some(place) = self.held.get_mut(at..at + self.width) else { return };
        if self.size < self.window {
            add_row(&mut self.sums, row);
            self.size += 1;
        } else {
            exchange_row(&mut self.sums, row, place);
            self.oldest += 1;
        }
        place.copy_from_slice(row);
    }

    fn drop_oldest(&mut self) {
        let at = self.oldest % self.window * self.width;
        if let Some(place) = self.held.get(at..at + self.width) {
            drop_row(&mut self.sums, place);
        }
        self.oldest += 1;
        self.size -= 1;
    }

    fn write(&self, out: &mut [f32]) {
        divide(out, &self.sums, as_f32(self.size));
    }
}

/// Collects rows until enough stand side by side, and keeps 64 running means of each.
struct Narrow {
    width: usize,
    window: usize,
    places: [(usize, f32); SIDE],
    rows: Vec<f32>,
    sums: Vec<f32>,
    waiting: usize,
    kept: Vec<[f32; SIDE]>,
}

impl Narrow {
    fn new(width: usize, height: usize, window: usize) -> Self {
        let places = std::array::from_fn(|cell| {
            let at = middle(cell, width);
            let stretch = Stretch::around(at, width, window);
            (at, as_f32(stretch.end - stretch.start))
        });
        let (rows, sums) = (vec![0.0; SIDE_BY_SIDE * width], vec![0.0; SIDE_BY_SIDE * width]);
        Self { width, window, places, rows, sums, waiting: 0, kept: Vec::with_capacity(height) }
    }

    /// Where the next row goes.
    fn next(&mut self) -> &mut [f32] {
        self.rows.get_mut(self.waiting * self.width..(self.waiting + 1) * self.width).unwrap_or_default()
    }

    fn done(&mut self) {
        self.waiting += 1;
        if self.waiting == SIDE_BY_SIDE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        along_rows(&self.rows, &mut self.sums, self.width, self.window, false);
        for row in self.sums.chunks_exact(self.width).take(self.waiting) {
            self.kept.push(self.places.map(|(at, size)| row.get(at).copied().unwrap_or_default() / size));
        }
        self.waiting = 0;
    }

    fn finish(mut self) -> Vec<[f32; SIDE]> {
        self.flush();
        self.kept
    }
}

fn last_columns(rows: &[[f32; SIDE]], window: usize, small: &mut Small) {
    let half = usize::midpoint(window, 2);
    let mut sums = [0.0_f32; SIDE];
    let mut cells = small.iter_mut().enumerate().map(|(cell, out)| (middle(cell, rows.len()), out)).peekable();
    for end in 0..rows.len() + half {
        if let Some(row) = rows.get(end) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        if let Some(row) = end.checked_sub(window).and_then(|start| rows.get(start)) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum -= value;
            }
        }
        let Some(at) = (end + 1).checked_sub(half) else { continue };
        // A short picture has a row in several cells.
        while let Some((_, out)) = cells.next_if(|(middle, _)| *middle == at) {
            let stretch = Stretch::around(at, rows.len(), window);
            let size = as_f32(stretch.end - stretch.start);
            for (out, sum) in out.iter_mut().zip(&sums) {
                *out = sum / size;
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "windows are far below 2^24")]
fn as_f32(count: usize) -> f32 {
    count as f32
}

/// Running means along each of the rows, or running sums where `divided` is false. Within a row the order is the
/// reference's: gather, grow, slide, shrink.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
#[expect(clippy::indexing_slicing, reason = "every index is below the row's length by the sum of the stretches")]
fn along_rows(from: &[f32], to: &mut [f32], width: usize, window: usize, divided: bool) {
    let half = usize::midpoint(window, 2);
    let mut chunks = from.chunks_exact(width);
    let rows: [&[f32]; SIDE_BY_SIDE] = std::array::from_fn(|_| chunks.next().unwrap_or_default());
    let mut chunks = to.chunks_exact_mut(width);
    let outs: [&mut [f32]; SIDE_BY_SIDE] = std::array::from_fn(|_| chunks.next().unwrap_or_default());
    let mut sums = [0.0_f32; SIDE_BY_SIDE];
    let slide = width - window;
    for n in 0..SIDE_BY_SIDE {
        for x in 0..window {
            sums[n] += rows[n][x];
            if x + 1 >= half {
                outs[n][x + 1 - half] = sums[n] / if divided { as_f32(x + 1) } else { 1.0 };
            }
        }
    }
    {
        let right = rows.map(|row| &row[window..window + slide]);
        let left = rows.map(|row| &row[..slide]);
        let grown = window + 1 - half;
        let to = outs.map(|row| &mut row[grown..grown + slide]);
        for x in 0..slide {
            for n in 0..SIDE_BY_SIDE {
                sums[n] += right[n][x];
                sums[n] -= left[n][x];
                to[n][x] = sums[n];
            }
        }
        if divided {
            for row in to {
                for value in row {
                    *value /= as_f32(window);
                }
            }
        }
    }
    for (n, out) in to.chunks_exact_mut(width).enumerate().take(SIDE_BY_SIDE) {
        let mut size = window;
        for x in slide..slide + half - 1 {
            sums[n] -= rows[n][x];
            size -= 1;
            out[x + window + 1 - half] = sums[n] / if divided { as_f32(size) } else { 1.0 };
        }
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn add_row(sums: &mut [f32], row: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += value;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn exchange_row(sums: &mut [f32], row: &[f32], left: &[f32]) {
    for ((sum, value), left) in sums.iter_mut().zip(row).zip(left) {
        *sum += value;
        *sum -= left;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn drop_row(sums: &mut [f32], row: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum -= value;
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn divide(out: &mut [f32], sums: &[f32], size: f32) {
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = sum / size;
    }
}
