//! PDQ at full resolution: 256 bits that stay close when a picture is resized or re-encoded.
//!
//! The definition is Meta's (facebook/ThreatExchange, `pdq/`), without the optional shrinking to 512 pixels that its
//! command-line tool does first: this is what HMA and threatexchange compute. Float operations are in the reference's
//! order, so that hash and quality agree with it.

mod exact;
mod grid;
#[cfg(test)]
mod plain;
mod tents;

use std::fmt;
use std::str::FromStr;

pub use grid::Grid;
pub use tents::Axis;

const SIDE: usize = 64;
const BITS_SIDE: usize = 16;
/// Smaller than this on a side, the reference gives no hash.
const SMALLEST: usize = 5;

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

impl PdqHash {
    /// What the reference says of a picture under 5 pixels on a side.
    pub const NONE: Self = Self { hash: Pdq([0; 32]), quality: 0 };
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

/// The PDQ hash of a picture, exact: hash and quality are those of the reference on the same pixels, to the last bit. A
/// picture under 5 pixels on a side has the zero hash and quality 0.
pub fn pdq(luma: &Luma) -> PdqHash {
    Grid::exact_of_luma(luma).map_or(PdqHash::NONE, |grid| grid.fingerprint())
}

/// The same for 8-bit red, green and blue, without a copy of the picture.
pub fn pdq_rgb8(width: usize, height: usize, rgb: &[u8]) -> Result<PdqHash, LumaError> {
    Ok(Grid::exact_of_rgb8(width, height, rgb)?.map_or(PdqHash::NONE, |grid| grid.fingerprint()))
}

fn fits(width: usize, height: usize, each: usize, values: usize) -> Result<(), LumaError> {
    let expected = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(each));
    if expected == Some(values) { Ok(()) } else { Err(LumaError { width, height, values }) }
}

/// The Jarosz filter's window for a side of this many pixels.
fn window(side: usize) -> usize {
    side.div_ceil(2 * SIDE)
}

/// The pixel in the middle of a cell.
fn middle(cell: usize, side: usize) -> usize {
    (2 * cell + 1) * side / (2 * SIDE)
}

/// The pixels that a running mean sums for one of its values.
struct Stretch {
    start: usize,
    end: usize,
}

impl Stretch {
    fn around(at: usize, length: usize, window: usize) -> Self {
        let half = usize::midpoint(window, 2);
        Self { start: (at + half).saturating_sub(window), end: (at + half).min(length) }
    }
}

/// Rows of cells.
type Small = [[f32; SIDE]; SIDE];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;

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
            let hash = pdq(&Luma::new(width, height, pixels).unwrap());
            prop_assert!(hash.quality <= 100);
            if width < 5 || height < 5 {
                prop_assert_eq!(hash, PdqHash { hash: Pdq([0; 32]), quality: 0 });
            }
        }
    }

    /// Noise over waves: no sum comes out round, and the last bit shows every change of order.
    fn drawn(width: usize, height: usize, seed: u64) -> Vec<u8> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let (by_x, by_y) = (rng.random_range(3..90_usize), rng.random_range(3..90_usize));
        (0..width * height * 3)
            .map(|n| {
                let (x, y) = (n / 3 % width, n / 3 / width);
                let wave = (x * 255 / by_x % 160 + y * 255 / by_y % 60 + n % 3 * 7) % 230;
                u8::try_from(wave).unwrap() + rng.random_range(0..25_u8)
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        #[test]
        fn the_fast_way_is_the_plain_way_to_the_last_bit(width in 5_usize..700, height in 5_usize..700, seed in any::<u64>()) {
            let rgb = drawn(width, height, seed);
            let luma = Luma::from_rgb8(width, height, &rgb).unwrap();
            let plain = plain::grid(luma.clone());
            let fast = exact::grid(width, height, &exact::Rows::Luma(&luma.pixels)).unwrap();
            let bits = |grid: &Small| grid.as_flattened().iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&plain), bits(&fast.0));
            let from_rgb = exact::grid(width, height, &exact::Rows::Rgb(&rgb)).unwrap();
            prop_assert_eq!(&from_rgb, &fast);
            prop_assert_eq!(plain::pdq(luma.clone()), pdq(&luma));
            let grey: Vec<u8> = rgb.iter().step_by(3).copied().collect();
            let same = Luma::from_grey8(width, height, &grey).unwrap();
            prop_assert_eq!(plain::pdq(same), exact::grid(width, height, &exact::Rows::Grey(&grey)).unwrap().fingerprint());
        }

        #[test]
        fn tents_are_the_same_map_but_for_rounding(width in 5_usize..700, height in 5_usize..700, seed in any::<u64>()) {
            let rgb = drawn(width, height, seed);
            let plain = plain::grid(Luma::from_rgb8(width, height, &rgb).unwrap());
            let tents = Grid::of_rgb8(width, height, &rgb).unwrap().unwrap();
            for (a, b) in plain.as_flattened().iter().zip(tents.rows().as_flattened()) {
                prop_assert!((a - b).abs() < 0.02, "{} and {}", a, b);
            }
        }

        #[test]
        fn turns_are_the_hashes_of_the_turned_grid(seed in any::<u64>()) {
            let rgb = drawn(SIDE, SIDE, seed);
            let grid = Grid::of_rgb8(SIDE, SIDE, &rgb).unwrap().unwrap();
            let turned = |at: fn(usize, usize) -> (usize, usize)| {
                let mut rows = [[0.0; SIDE]; SIDE];
                for (y, row) in rows.iter_mut().enumerate() {
                    for (x, value) in row.iter_mut().enumerate() {
                        let (from_x, from_y) = at(x, y);
                        *value = grid.rows()[from_y][from_x];
                    }
                }
                Grid::from_rows(rows).fingerprint().hash
            };
            let expected = [
                turned(|x, y| (y, SIDE - 1 - x)),
                turned(|x, y| (SIDE - 1 - x, SIDE - 1 - y)),
                turned(|x, y| (SIDE - 1 - y, x)),
                turned(|x, y| (SIDE - 1 - x, y)),
                turned(|x, y| (x, SIDE - 1 - y)),
                turned(|x, y| (y, x)),
                turned(|x, y| (SIDE - 1 - y, SIDE - 1 - x)),
            ];
            for (n, (ours, theirs)) in grid.turns().iter().zip(&expected).enumerate() {
                prop_assert!(ours.distance(theirs) <= 2, "turn {}: {}", n, ours.distance(theirs));
            }
        }
    }

    #[test]
    fn a_flat_picture_says_nothing() {
        assert_eq!(pdq(&Luma::from_grey8(100, 80, &[90; 8_000]).unwrap()).quality, 0);
    }

    #[test]
    fn pixels_must_fit_the_sides() {
        assert!(Luma::from_rgb8(2, 2, &[0; 11]).is_err());
        assert!(Luma::from_grey8(2, 2, &[0; 5]).is_err());
        assert!(Luma::new(usize::MAX, 2, Vec::new()).is_err());
    }
}
