//! The decimated picture of 64 by 64 cells, and what is read from it: hash, quality, the hashes of its turns.

use std::sync::LazyLock;

use multiversion::multiversion;

use super::tents::Axis;
use super::{BITS_SIDE, Luma, LumaError, Pdq, PdqHash, SIDE, SMALLEST, Small, exact, fits};

/// Brightness that cells of a border may differ by: re-encoded bars are not quite even.
const BORDER_RANGE: f32 = 12.0;

/// A picture filtered and decimated to 64 by 64 brightness values: all that a PDQ hash is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid(pub(super) Box<Small>);

type Frequencies = [[f32; BITS_SIDE]; BITS_SIDE];

impl Grid {
    /// A grid from its values, row by row.
    pub fn from_rows(rows: [[f32; SIDE]; SIDE]) -> Self {
        Self(Box::new(rows))
    }

    /// Its values, row by row.
    pub fn rows(&self) -> &[[f32; SIDE]; SIDE] {
        &self.0
    }

    /// The grid of 8-bit red, green and blue, by tents instead of running means: the same map but for the rounding of its
    /// sums, at a fraction of the time.
    /// None under 5 pixels on a side, where there is no hash.
    pub fn of_rgb8(width: usize, height: usize, rgb: &[u8]) -> Result<Option<Self>, LumaError> {
        fits(width, height, 3, rgb.len())?;
        Ok((width.min(height) >= SMALLEST).then(|| Self(project(width, height, rgb, Depth::Rgb))))
    }

    /// The grid of 8-bit brightness: a grey picture, or the first plane of a video frame.
    pub fn of_grey8(width: usize, height: usize, grey: &[u8]) -> Result<Option<Self>, LumaError> {
        fits(width, height, 1, grey.len())?;
        Ok((width.min(height) >= SMALLEST).then(|| Self(project(width, height, grey, Depth::Grey))))
    }

    /// The grid of 8-bit red, green and blue as the reference makes it, to the last bit: for hashes that are published.
    pub fn exact_of_rgb8(width: usize, height: usize, rgb: &[u8]) -> Result<Option<Self>, LumaError> {
        fits(width, height, 3, rgb.len())?;
        Ok(exact::grid(width, height, &exact::Rows::Rgb(rgb)))
    }

    /// The same of a picture whose brightness is asked for row by row, from the first one on: 0.299 of red, 0.587 of green and
    /// 0.114 of blue, added in this order. None under 5 pixels on a side.
    pub fn exact_of_rows(width: usize, height: usize, mut read: impl FnMut(usize, &mut [f32])) -> Option<Self> {
        exact::grid_of(width, height, &mut read)
    }

    /// The grid of brightness values as the reference makes it, to the last bit. None under 5 pixels on a side.
    pub fn exact_of_luma(luma: &Luma) -> Option<Self> {
        exact::grid(luma.width, luma.height, &exact::Rows::Luma(&luma.pixels))
    }

    /// Whether an edge of the picture may be a border: its outermost cells are nearly of one brightness.
    pub fn may_have_borders(&self) -> bool {
        let even = |cells: &mut dyn Iterator<Item = f32>| {
            let (mut low, mut high) = (f32::MAX, f32::MIN);
            cells.for_each(|value| (low, high) = (low.min(value), high.max(value)));
            high - low < BORDER_RANGE
        };
        let ends = |row: &[f32; SIDE]| (row[0], row[SIDE - 1]);
        [self.0.first(), self.0.last()].into_iter().flatten().any(|row| even(&mut row.iter().copied()))
            || even(&mut self.0.iter().map(|row| ends(row).0))
            || even(&mut self.0.iter().map(|row| ends(row).1))
    }

    /// Hash and quality of this picture.
    pub fn fingerprint(&self) -> PdqHash {
        let frequencies = dct(&self.0);
        PdqHash { hash: bits(&frequencies, median(&frequencies)), quality: quality(&self.0) }
    }

    /// Hashes of the same picture in its seven other orientations: turned by 90, 180 and 270 degrees clockwise, mirrored
    /// left to right, mirrored top to bottom, mirrored at the falling diagonal, mirrored at the rising one.
    ///
    /// Turning a picture changes signs in its frequencies and swaps the axes, so no pixel is read again. Hashes differ by a
    /// few bits from those of turned pixels: windows of even width lean to one side.
    pub fn turns(&self) -> [Pdq; 7] {
        let plain = dct(&self.0);
        let [across, down, both] = [(true, false), (false, true), (true, true)].map(|(x, y)| mirrored(&plain, x, y));
        let [across_median, down_median, both_median] = [&across, &down, &both].map(median);
        let plain_median = median(&plain);
        // Swapping the axes leaves the values, and so the median, as they are.
        [
            bits(&swapped(&down), down_median),
            bits(&both, both_median),
            bits(&swapped(&across), across_median),
            bits(&across, across_median),
            bits(&down, down_median),
            bits(&swapped(&plain), plain_median),
            bits(&swapped(&both), both_median),
        ]
    }
}

/// Frequencies of the picture mirrored left to right, top to bottom, or both. Row and column 0 hold frequency 1, which is
/// odd: under a mirror it changes its sign.
fn mirrored(plain: &Frequencies, across: bool, down: bool) -> Frequencies {
    let mut turned = *plain;
    for (y, row) in turned.iter_mut().enumerate() {
        for (x, value) in row.iter_mut().enumerate() {
            if (across && x % 2 == 0) != (down && y % 2 == 0) {
                *value = -*value;
            }
        }
    }
    turned
}

fn swapped(plain: &Frequencies) -> Frequencies {
    let mut turned = [[0.0; BITS_SIDE]; BITS_SIDE];
    for (x, row) in plain.iter().enumerate() {
        for (value, into) in row.iter().zip(&mut turned) {
            if let Some(cell) = into.get_mut(x) {
                *cell = *value;
            }
        }
    }
    turned
}

/// What a pixel is made of.
#[derive(Clone, Copy, PartialEq)]
enum Depth {
    Rgb,
    Grey,
}

/// Rows are added to the cells that see them, and each finished row of cells is then summed across.
fn project(width: usize, height: usize, pixels: &[u8], depth: Depth) -> Box<Small> {
    let mut small = Box::new([[0.0; SIDE]; SIDE]);
    if width == 0 || height == 0 {
        return small;
    }
    let (across, down) = (Axis::new(width, false), Axis::new(height, false).by_pixel());
    let mut tall = vec![0.0_f32; width * SIDE];
    let mut luma = vec![0.0_f32; width];
    let stride = if depth == Depth::Rgb { 3 * width } else { width };
    for (row, cells) in pixels.chunks_exact(stride).zip(&down) {
        if cells.is_empty() {
            continue;
        }
        match depth {
            Depth::Rgb => weigh(row, &mut luma),
            Depth::Grey => widen(row, &mut luma),
        }
        for (cell, weight) in cells {
            if let Some(sums) = tall.get_mut(cell * width..(cell + 1) * width) {
                accumulate(sums, &luma, *weight);
            }
        }
    }
    for (sums, row) in tall.chunks_exact(width).zip(small.iter_mut()) {
        for ((first, weights), cell) in across.tents().zip(row) {
            *cell = sums.iter().skip(first).zip(weights).map(|(sum, weight)| sum * weight).sum();
        }
    }
    small
}

/// Brightness of a row of red, green and blue, with the reference's weights and in its order.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
pub(super) fn weigh(rgb: &[u8], luma: &mut [f32]) {
    for ([r, g, b], out) in rgb.as_chunks::<3>().0.iter().zip(luma) {
        *out = 0.299_f32 * f32::from(*r) + 0.587_f32 * f32::from(*g) + 0.114_f32 * f32::from(*b);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
pub(super) fn widen(grey: &[u8], luma: &mut [f32]) {
    for (value, out) in grey.iter().zip(luma) {
        *out = f32::from(*value);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn accumulate(sums: &mut [f32], row: &[f32], weight: f32) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += weight * value;
    }
}

/// How much neighbouring cells differ, as the reference counts it.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn quality(small: &Small) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 100; the reference cuts to an integer here")]
    let step = |u: f32, v: f32| (((u - v) * 100.0) / 255.0) as i32;
    let mut sum = 0;
    for (row, below) in small.iter().zip(small.iter().skip(1)) {
        sum += row.iter().zip(below).map(|(u, v)| step(*u, *v).abs()).sum::<i32>();
    }
    for row in small {
        sum += row.iter().zip(row.iter().skip(1)).map(|(u, v)| step(*u, *v).abs()).sum::<i32>();
    }
    u8::try_from((sum / 90).min(100)).unwrap_or(100)
}

/// Rows 1 to 16 of the 64-point cosine transform, and the same turned on its side.
struct Cosines {
    rows: [[f32; SIDE]; BITS_SIDE],
    columns: [[f32; BITS_SIDE]; SIDE],
}

static COSINES: LazyLock<Cosines> = LazyLock::new(|| {
    #[expect(clippy::cast_possible_truncation, reason = "the reference keeps its matrix in single precision")]
    let scale = (2.0 / 64.0_f64).sqrt() as f32;
    let mut all = Cosines { rows: [[0.0; SIDE]; BITS_SIDE], columns: [[0.0; BITS_SIDE]; SIDE] };
    for ((n, row), i) in all.rows.iter_mut().enumerate().zip(1_u32..) {
        for ((value, column), j) in row.iter_mut().zip(&mut all.columns).zip(0_u32..) {
            let angle = std::f64::consts::PI / 2.0 / 64.0 * f64::from(i) * f64::from(2 * j + 1);
            #[expect(clippy::cast_possible_truncation, reason = "the reference keeps its matrix in single precision")]
            let rounded = (f64::from(scale) * angle.cos()) as f32;
            *value = rounded;
            if let Some(cell) = column.get_mut(n) {
                *cell = rounded;
            }
        }
    }
    all
});

/// The 16 by 16 lowest frequencies but the constant ones.
fn dct(small: &Small) -> Frequencies {
    transform(small, &COSINES)
}

/// Each value is summed in the reference's order; many are summed side by side.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn transform(small: &Small, cosines: &Cosines) -> Frequencies {
    let mut whole = [[0.0_f32; BITS_SIDE]; BITS_SIDE];
    for (out, row) in whole.iter_mut().zip(&cosines.rows) {
        let mut half = [0.0_f32; SIDE];
        for (weight, values) in row.iter().zip(small) {
            for (sum, value) in half.iter_mut().zip(values) {
                *sum += weight * value;
            }
        }
        for (value, weights) in half.iter().zip(&cosines.columns) {
            for (sum, weight) in out.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
    }
    whole
}

/// The lower of the two middle values, as the reference's search by Torben finds it.
fn median(frequencies: &Frequencies) -> f32 {
    let mut values = [0.0; BITS_SIDE * BITS_SIDE];
    values.copy_from_slice(frequencies.as_flattened());
    let (_, median, _) = values.select_nth_unstable_by(BITS_SIDE * BITS_SIDE / 2 - 1, f32::total_cmp);
    *median
}

/// One bit for each frequency above the median; the first frequency is the lowest bit.
fn bits(frequencies: &Frequencies, median: f32) -> Pdq {
    let mut hash = [0_u8; 32];
    for (byte, eight) in hash.iter_mut().rev().zip(frequencies.as_flattened().as_chunks::<8>().0) {
        for (value, bit) in eight.iter().zip(0_u32..) {
            *byte |= u8::from(*value > median) << bit;
        }
    }
    Pdq(hash)
}
