//! The mark on a picture that somebody is shown: a line of small letters over all of it, faint, and still legible in a
//! photograph of the screen. It says who looked, at which case, and when.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

/// The longest line.
pub(crate) const LONGEST: usize = 48;

/// What stands on a picture; nothing stands on it where it is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark([u8; LONGEST]);

const LETTERS: &[u8; 41] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ:-. /";

/// Five columns of seven points each, of the letters in their order: a bit a column, the leftmost highest.
#[rustfmt::skip]
const GLYPHS: [[u8; 7]; 41] = [
    [14, 17, 19, 21, 25, 17, 14], [4, 12, 4, 4, 4, 4, 14], [14, 17, 1, 2, 4, 8, 31], [31, 2, 4, 2, 1, 17, 14],
    [2, 6, 10, 18, 31, 2, 2], [31, 16, 30, 1, 1, 17, 14], [6, 8, 16, 30, 17, 17, 14], [31, 1, 2, 4, 8, 8, 8],
    [14, 17, 17, 14, 17, 17, 14], [14, 17, 17, 15, 1, 2, 12], [14, 17, 17, 31, 17, 17, 17], [30, 17, 17, 30, 17, 17, 30],
    [14, 17, 16, 16, 16, 17, 14], [28, 18, 17, 17, 17, 18, 28], [31, 16, 16, 30, 16, 16, 31], [31, 16, 16, 30, 16, 16, 16],
    [14, 17, 16, 23, 17, 17, 15], [17, 17, 17, 31, 17, 17, 17], [14, 4, 4, 4, 4, 4, 14], [7, 2, 2, 2, 2, 18, 12],
    [17, 18, 20, 24, 20, 18, 17], [16, 16, 16, 16, 16, 16, 31], [17, 27, 21, 21, 17, 17, 17], [17, 17, 25, 21, 19, 17, 17],
    [14, 17, 17, 17, 17, 17, 14], [30, 17, 17, 30, 16, 16, 16], [14, 17, 17, 17, 21, 18, 13], [30, 17, 17, 30, 20, 18, 17],
    [15, 16, 16, 14, 1, 1, 30], [31, 4, 4, 4, 4, 4, 4], [17, 17, 17, 17, 17, 17, 14], [17, 17, 17, 17, 17, 10, 4],
    [17, 17, 17, 21, 21, 21, 10], [17, 17, 10, 4, 10, 17, 17], [17, 17, 17, 10, 4, 4, 4], [31, 1, 2, 4, 8, 16, 31],
    [0, 4, 4, 0, 4, 4, 0], [0, 0, 0, 31, 0, 0, 0], [0, 0, 0, 0, 0, 12, 12], [0, 0, 0, 0, 0, 0, 0], [0, 1, 2, 4, 8, 16, 0],
];

/// A letter and the space behind it, a line and the space below, in points.
const ACROSS: u32 = 6;
const DOWN: u32 = 9;
/// Smaller pictures are made larger, so that the mark fits.
const LEAST_SIDE: u32 = 120;
/// How much lighter or darker the letters are than what lies below, of 255.
const FAINT: i16 = 30;

impl Mark {
    /// Nothing.
    pub const NONE: Self = Self([b' '; LONGEST]);

    /// A line of capitals, digits and `:-. /`; small letters become capitals, everything else a space. What is too long is cut.
    pub fn new(text: &str) -> Self {
        let mut line = Self::NONE;
        for (to, letter) in line.0.iter_mut().zip(text.chars()) {
            let letter = u8::try_from(letter.to_ascii_uppercase()).unwrap_or(b' ');
            *to = if LETTERS.contains(&letter) { letter } else { b' ' };
        }
        line
    }

    /// As it crosses the pipe.
    pub(crate) fn bytes(&self) -> &[u8; LONGEST] {
        &self.0
    }

    /// Read back; none where a letter is not one of ours.
    pub(crate) fn read(bytes: &[u8; LONGEST]) -> Option<Self> {
        bytes.iter().all(|letter| LETTERS.contains(letter)).then_some(Self(*bytes))
    }

    fn line(&self) -> &[u8] {
        self.0.trim_ascii_end()
    }

    /// Every point of the letters, on a picture of this size: the line again and again, wrapped where it is too long, each
    /// repetition a little further right, so that no corner is without it.
    pub fn points(&self, width: u32, height: u32) -> Vec<(u32, u32)> {
        let line = self.line();
        let mut points = Vec::new();
        if line.is_empty() {
            return points;
        }
        let dot = (width.min(height) / 400).clamp(1, 4);
        let (across, down) = (ACROSS * dot, DOWN * dot);
        let columns = usize::try_from((width / across).max(1)).unwrap_or(1);
        let rows = line.chunks(columns);
        let block = u32::try_from(rows.len()).unwrap_or(1) * down;
        // As much space between the repetitions as they are high, and at most a quarter of the picture.
        let step = block + (block * 2).clamp(down, (height / 4).max(down));
        let (mut top, mut shift) = (dot, 0);
        while top + down <= height {
            for (row, letters) in rows.clone().enumerate() {
                let y = top + u32::try_from(row).unwrap_or(0) * down;
                let used = u32::try_from(letters.len()).unwrap_or(0) * across;
                let indent = if rows.len() == 1 { shift % (width.saturating_sub(used) + 1) } else { 0 };
                for (at, letter) in (0_u32..).zip(letters) {
                    let glyph = LETTERS.iter().position(|other| other == letter).and_then(|at| GLYPHS.get(at));
                    for (down, bits) in (0_u32..).zip(glyph.into_iter().flatten()) {
                        for right in (0..5_u32).filter(|right| bits >> (4 - right) & 1 == 1) {
                            let x = indent + at * across + right * dot;
                            points.extend((0..dot * dot).map(|n| (x + n % dot, y + down * dot + n / dot)));
                        }
                    }
                }
            }
            top += step;
            shift += width / 3;
        }
        points.retain(|(x, y)| *x < width && *y < height);
        points
    }

    /// Draws it.
    pub(crate) fn draw(&self, mut picture: RgbImage) -> RgbImage {
        if self.line().is_empty() {
            return picture;
        }
        let least = picture.width().min(picture.height()).max(1);
        if least < LEAST_SIDE {
            // One point high becomes a line high, and no side longer than a JPEG's may be.
            let longest = picture.width().max(picture.height()).max(1);
            let times = LEAST_SIDE.div_ceil(least).min(12).min(60_000 / longest).max(1);
            picture =
                imageops::resize(&picture, picture.width() * times, picture.height() * times, FilterType::Nearest);
        }
        for (x, y) in self.points(picture.width(), picture.height()) {
            if let Some(Rgb(pixel)) = picture.get_pixel_mut_checked(x, y) {
                let bright = pixel.iter().map(|value| u32::from(*value)).sum::<u32>() > 3 * 127;
                let by = if bright { -FAINT } else { FAINT };
                for value in pixel {
                    *value = u8::try_from((i16::from(*value) + by).clamp(0, 255)).unwrap_or(*value);
                }
            }
        }
        picture
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_have_glyphs_of_their_own() {
        for (at, glyph) in GLYPHS.iter().enumerate() {
            assert!(GLYPHS.iter().skip(at + 1).all(|other| other != glyph), "{}", char::from(LETTERS[at]));
        }
        let mark = Mark::new("staff 17 case é9");
        assert_eq!(mark.line(), b"STAFF 17 CASE  9");
        assert_eq!(Mark::read(mark.bytes()), Some(mark));
        assert_eq!(Mark::read(&[0; LONGEST]), None);
    }

    proptest! {
        /// It stands in every quarter of a picture of any size, lies within it, and without a text nothing is drawn.
        #[test]
        fn it_stands_everywhere(width in 120_u32..2_000, height in 120_u32..2_000, text in "[A-Z0-9]{40,48}") {
            let points = Mark::new(&text).points(width, height);
            for (left, top) in [(0, 0), (width / 2, 0), (0, height / 2), (width / 2, height / 2)] {
                let within = |(x, y): &&(u32, u32)| *x >= left && *x < left + width / 2 && *y >= top && *y < top + height / 2;
                prop_assert!(points.iter().filter(within).count() > 50, "{left} {top} of {width} {height}");
            }
            prop_assert!(points.iter().all(|(x, y)| *x < width && *y < height));
            prop_assert!(Mark::NONE.points(width, height).is_empty());
        }

        #[test]
        fn a_picture_of_any_size_is_marked(width in 1_u32..300, height in 1_u32..300, value in any::<u8>()) {
            let marked = Mark::new("STAFF 17").draw(RgbImage::from_pixel(width, height, Rgb([value; 3])));
            prop_assert!(marked.pixels().any(|pixel| u16::from(pixel.0[0].abs_diff(value)) == FAINT.unsigned_abs()));
            let plain = Mark::NONE.draw(RgbImage::from_pixel(width, height, Rgb([value; 3])));
            prop_assert_eq!(plain.dimensions(), (width, height));
        }
    }
}
