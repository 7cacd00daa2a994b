//! The straightforward version, in the reference's order of operations: the oracle of the fast ones.

use super::{BITS_SIDE, Luma, Pdq, PdqHash, SIDE, SMALLEST};

const PASSES: usize = 2;

/// The PDQ hash of a picture. A picture under 5 pixels on a side has the zero hash and quality 0.
pub(super) fn pdq(luma: Luma) -> PdqHash {
    if luma.width < SMALLEST || luma.height < SMALLEST {
        return PdqHash { hash: Pdq([0; 32]), quality: 0 };
    }
    let small = grid(luma);
    PdqHash { hash: bits(&dct(&small)), quality: quality(&small) }
}

/// The decimated picture.
pub(super) fn grid(luma: Luma) -> Small {
    let Luma { width, height, mut pixels } = luma;
    if (width, height) != (SIDE, SIDE) {
        let mut other = vec![0.0; pixels.len()];
        for _ in 0..PASSES {
            for (row, out) in pixels.chunks_exact(width).zip(other.chunks_exact_mut(width)) {
                box_row(row, out, window(width));
            }
            box_columns(&other, &mut pixels, width, height, window(height));
        }
    }
    decimate(&pixels, width, height)
}

/// The Jarosz filter's window for a side of this many pixels.
fn window(side: usize) -> usize {
    side.div_ceil(2 * SIDE)
}

/// The four stretches of a running mean: gather, grow, slide, shrink.
struct Stretches {
    gather: usize,
    grow: usize,
    slide: usize,
    shrink: usize,
}

impl Stretches {
    fn of(length: usize, window: usize) -> Self {
        let half = usize::midpoint(window, 2);
        Self { gather: half - 1, grow: window - half + 1, slide: length - window, shrink: half - 1 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "windows are far below 2^24")]
fn as_f32(count: usize) -> f32 {
    count as f32
}

/// A running mean along one row.
fn box_row(row: &[f32], out: &mut [f32], window: usize) {
    let Stretches { gather, grow, slide, shrink } = Stretches::of(row.len(), window);
    let (mut sum, mut size) = (0.0_f32, 0_usize);
    let (mut left, mut right, mut at) = (0, 0, 0);
    for _ in 0..gather {
        sum += row[right];
        size += 1;
        right += 1;
    }
    for _ in 0..grow {
        sum += row[right];
        size += 1;
        out[at] = sum / as_f32(size);
        right += 1;
        at += 1;
    }
    for _ in 0..slide {
        sum += row[right];
        sum -= row[left];
        out[at] = sum / as_f32(size);
        left += 1;
        right += 1;
        at += 1;
    }
    for _ in 0..shrink {
        sum -= row[left];
        size -= 1;
        out[at] = sum / as_f32(size);
        left += 1;
        at += 1;
    }
}

/// A running mean down every column at once: the sums of one column are added in the same order as one by one, and
/// neighbours share a cache line.
fn box_columns(from: &[f32], to: &mut [f32], width: usize, height: usize, window: usize) {
    let Stretches { gather, grow, slide, shrink } = Stretches::of(height, window);
    let mut sums = vec![0.0_f32; width];
    let mut size = 0_usize;
    let (mut left, mut right, mut at) = (0, 0, 0);
    let row = |n: usize| &from[n * width..(n + 1) * width];
    let add = |sums: &mut [f32], n: usize| {
        for (sum, value) in sums.iter_mut().zip(row(n)) {
            *sum += value;
        }
    };
    let drop = |sums: &mut [f32], n: usize| {
        for (sum, value) in sums.iter_mut().zip(row(n)) {
            *sum -= value;
        }
    };
    let mut write = |sums: &[f32], n: usize, size: usize| {
        let size = as_f32(size);
        for (out, sum) in to[n * width..(n + 1) * width].iter_mut().zip(sums) {
            *out = sum / size;
        }
    };
    for _ in 0..gather {
        add(&mut sums, right);
        size += 1;
        right += 1;
    }
    for _ in 0..grow {
        add(&mut sums, right);
        size += 1;
        write(&sums, at, size);
        right += 1;
        at += 1;
    }
    for _ in 0..slide {
        add(&mut sums, right);
        drop(&mut sums, left);
        write(&sums, at, size);
        left += 1;
        right += 1;
        at += 1;
    }
    for _ in 0..shrink {
        drop(&mut sums, left);
        size -= 1;
        write(&sums, at, size);
        left += 1;
        at += 1;
    }
}

type Small = [[f32; SIDE]; SIDE];

/// The pixel in the middle of each of 64 by 64 cells.
fn decimate(pixels: &[f32], width: usize, height: usize) -> Small {
    let middle = |n: usize, side: usize| (2 * n + 1) * side / (2 * SIDE);
    let mut small = [[0.0; SIDE]; SIDE];
    for (i, row) in small.iter_mut().enumerate() {
        let start = middle(i, height) * width;
        for (j, value) in row.iter_mut().enumerate() {
            *value = pixels[start + middle(j, width)];
        }
    }
    small
}

/// How much neighbouring cells differ, as the reference counts it.
fn quality(small: &Small) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 100; the reference cuts to an integer here")]
    let step = |u: f32, v: f32| i64::from((((u - v) * 100.0) / 255.0) as i32).abs();
    let mut sum = 0;
    for (row, below) in small.iter().zip(small.iter().skip(1)) {
        sum += row.iter().zip(below).map(|(u, v)| step(*u, *v)).sum::<i64>();
    }
    for row in small {
        sum += row.iter().zip(row.iter().skip(1)).map(|(u, v)| step(*u, *v)).sum::<i64>();
    }
    u8::try_from((sum / 90).min(100)).unwrap_or(100)
}

/// Rows 1 to 16 of the 64-point cosine transform.
fn cosines() -> [[f32; SIDE]; BITS_SIDE] {
    #[expect(clippy::cast_possible_truncation, reason = "the reference keeps its matrix in single precision")]
    let scale = (2.0 / 64.0_f64).sqrt() as f32;
    let mut rows = [[0.0; SIDE]; BITS_SIDE];
    for (row, i) in rows.iter_mut().zip(1_u32..) {
        for (value, j) in row.iter_mut().zip(0_u32..) {
            let angle = std::f64::consts::PI / 2.0 / 64.0 * f64::from(i) * f64::from(2 * j + 1);
            #[expect(clippy::cast_possible_truncation, reason = "the reference keeps its matrix in single precision")]
            let rounded = (f64::from(scale) * angle.cos()) as f32;
            *value = rounded;
        }
    }
    rows
}

/// The 16 by 16 lowest frequencies but the constant ones.
fn dct(small: &Small) -> [[f32; BITS_SIDE]; BITS_SIDE] {
    let cosines = cosines();
    let mut half = [[0.0_f32; SIDE]; BITS_SIDE];
    for (out, row) in half.iter_mut().zip(&cosines) {
        for (weight, values) in row.iter().zip(small) {
            for (sum, value) in out.iter_mut().zip(values) {
                *sum += weight * value;
            }
        }
    }
    let mut whole = [[0.0_f32; BITS_SIDE]; BITS_SIDE];
    for (out, row) in whole.iter_mut().zip(&half) {
        for (value, weights) in out.iter_mut().zip(&cosines) {
            for (a, b) in row.iter().zip(weights) {
                *value += a * b;
            }
        }
    }
    whole
}

/// One bit for each frequency above the median; the first frequency is the lowest bit.
fn bits(frequencies: &[[f32; BITS_SIDE]; BITS_SIDE]) -> Pdq {
    let mut sorted: Vec<f32> = frequencies.iter().flatten().copied().collect();
    sorted.sort_unstable_by(f32::total_cmp);
    // The lower of the two middle ones, as the reference's search by Torben finds it.
    let median = sorted.get(sorted.len() / 2 - 1).copied().unwrap_or(0.0);
    let mut hash = [0_u8; 32];
    for (byte, eight) in hash.iter_mut().rev().zip(frequencies.as_flattened().as_chunks::<8>().0) {
        for (value, bit) in eight.iter().zip(0_u32..) {
            *byte |= u8::from(*value > median) << bit;
        }
    }
    Pdq(hash)
}
