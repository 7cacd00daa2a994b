//! PDQ at full resolution: 256 bits that stay close when a picture is resized or re-encoded.
//!
//! The definition is Meta's (facebook/ThreatExchange, `pdq/`), without the optional shrinking to 512 pixels that its
//! command-line tool does first: this is what HMA and threatexchange compute. Float operations are in the reference's
//! order, so that hash and quality agree with it.

use std::fmt;
use std::str::FromStr;

const SIDE: usize = 64;
const BITS_SIDE: usize = 16;
/// Smaller than this on a side, the reference gives no hash.
const SMALLEST: usize = 5;
const PASSES: usize = 2;

/// A PDQ hash: 256 bits, printed as Meta prints it (the highest bit first).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pdq([u8; 32]);

impl Pdq {
    /// A hash from its bytes, in printed order.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes, in printed order.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// How many of the 256 bits differ. 31 and less is what the exchanges call a match.
    pub fn distance(&self, other: &Self) -> u32 {
        self.words().iter().zip(other.words()).map(|(a, b)| (a ^ b).count_ones()).sum()
    }

    /// The same bits as four words, for counting.
    pub(crate) fn words(&self) -> [u64; 4] {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(self.0.as_chunks::<8>().0) {
            *word = u64::from_be_bytes(*bytes);
        }
        words
    }
}

impl fmt::Display for Pdq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Pdq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pdq({self})")
    }
}

/// Text that is no PDQ hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a PDQ hash is 64 hexadecimal digits")]
pub struct ParsePdqError;

impl FromStr for Pdq {
    type Err = ParsePdqError;

    fn from_str(text: &str) -> Result<Self, ParsePdqError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParsePdqError)?;
        Ok(Self(bytes))
    }
}

/// A hash with its quality, 0 to 100. Below 50 it says little, and the exchanges drop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PdqHash {
    /// The hash.
    pub hash: Pdq,
    /// How much structure the picture has.
    pub quality: u8,
}

/// A picture whose pixels do not fit its sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a picture of {width} by {height} does not have {values} values")]
pub struct LumaError {
    width: usize,
    height: usize,
    values: usize,
}

/// Brightness of a picture, row by row, 0 to 255.
#[derive(Clone, Debug, PartialEq)]
pub struct Luma {
    width: usize,
    height: usize,
    pixels: Vec<f32>,
}

impl Luma {
    /// A picture from its brightness values.
    pub fn new(width: usize, height: usize, pixels: Vec<f32>) -> Result<Self, LumaError> {
        if width.checked_mul(height) == Some(pixels.len()) {
            Ok(Self { width, height, pixels })
        } else {
            Err(LumaError { width, height, values: pixels.len() })
        }
    }

    /// A picture from 8-bit red, green and blue, with the reference's weights.
    pub fn from_rgb8(width: usize, height: usize, rgb: &[u8]) -> Result<Self, LumaError> {
        let (triples, rest) = rgb.as_chunks::<3>();
        if !rest.is_empty() {
            return Err(LumaError { width, height, values: rgb.len() });
        }
        let weigh =
            |[r, g, b]: &[u8; 3]| 0.299_f32 * f32::from(*r) + 0.587_f32 * f32::from(*g) + 0.114_f32 * f32::from(*b);
        Self::new(width, height, triples.iter().map(weigh).collect())
    }

    /// A picture from 8-bit grey.
    pub fn from_grey8(width: usize, height: usize, grey: &[u8]) -> Result<Self, LumaError> {
        Self::new(width, height, grey.iter().map(|value| f32::from(*value)).collect())
    }

    /// Pixels in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }
}

/// The PDQ hash of a picture. A picture under 5 pixels on a side has the zero hash and quality 0.
pub fn pdq(luma: Luma) -> PdqHash {
    let Luma { width, height, mut pixels } = luma;
    if width < SMALLEST || height < SMALLEST {
        return PdqHash { hash: Pdq([0; 32]), quality: 0 };
    }
    if (width, height) != (SIDE, SIDE) {
        let mut other = vec![0.0; pixels.len()];
        for _ in 0..PASSES {
            for (row, out) in pixels.chunks_exact(width).zip(other.chunks_exact_mut(width)) {
                box_row(row, out, window(width));
            }
            box_columns(&other, &mut pixels, width, height, window(height));
        }
    }
    let small = decimate(&pixels, width, height);
    PdqHash { hash: bits(&dct(&small)), quality: quality(&small) }
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
#[expect(clippy::indexing_slicing, reason = "every index is below the row's length by the sum of the stretches")]
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
#[expect(clippy::indexing_slicing, reason = "every index is a row below the height, by the sum of the stretches")]
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
#[expect(clippy::indexing_slicing, reason = "the middle of a cell lies inside the picture")]
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused(text in "\\PC*") {
            let parsed = text.parse::<Pdq>();
            prop_assert_eq!(parsed.is_ok(), text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()));
        }

        #[test]
        fn printing_and_parsing_agree(bytes in any::<[u8; 32]>()) {
            let hash = Pdq::from_bytes(bytes);
            prop_assert_eq!(hash.to_string().parse::<Pdq>(), Ok(hash));
            prop_assert_eq!(hash.to_string().to_uppercase().parse::<Pdq>(), Ok(hash));
        }

        #[test]
        fn distance_is_a_metric(a in any::<[u8; 32]>(), b in any::<[u8; 32]>(), c in any::<[u8; 32]>()) {
            let (a, b, c) = (Pdq(a), Pdq(b), Pdq(c));
            prop_assert_eq!(a.distance(&a), 0);
            prop_assert_eq!(a.distance(&b), b.distance(&a));
            prop_assert!(a.distance(&c) <= a.distance(&b) + b.distance(&c));
        }

        #[test]
        fn every_size_has_a_hash(width in 0_usize..200, height in 0_usize..200, seed in any::<u8>()) {
            let pixels = (0..width * height).map(|n| f32::from(u8::try_from((n * 31) % 251).unwrap() ^ seed)).collect();
            let hash = pdq(Luma::new(width, height, pixels).unwrap());
            prop_assert!(hash.quality <= 100);
            if width < 5 || height < 5 {
                prop_assert_eq!(hash, PdqHash { hash: Pdq([0; 32]), quality: 0 });
            }
        }
    }

    #[test]
    fn a_flat_picture_says_nothing() {
        assert_eq!(pdq(Luma::from_grey8(100, 80, &[90; 8_000]).unwrap()).quality, 0);
    }

    #[test]
    fn pixels_must_fit_the_sides() {
        assert!(Luma::from_rgb8(2, 2, &[0; 11]).is_err());
        assert!(Luma::from_grey8(2, 2, &[0; 5]).is_err());
        assert!(Luma::new(usize::MAX, 2, Vec::new()).is_err());
    }
}
