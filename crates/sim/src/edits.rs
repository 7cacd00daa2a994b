//! What happens to a picture on its way from place to place: ordinary edits in classes, each with a file as its result.
//!
//! They are what apps and websites do by themselves or offer as a button. The list is fixed, so that figures of two
//! releases compare. Figures are given for a class, never for one edit.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage};

use crate::pictures::{jpeg, png};

/// A sort of edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Brighter, darker, more or less contrast.
    Brightness,
    /// Words on a picture or in a strip beside it.
    Captions,
    /// What a platform does in one go: a thumbnail, a picture forwarded twice.
    Combinations,
    /// A narrow edge is gone.
    Crops,
    /// The same pixels, or nearly, in another file format.
    Formats,
    /// Without colour.
    Greyscale,
    /// Compressed anew.
    ReEncoding,
    /// Larger or smaller.
    Scaling,
    /// Rotated by quarter turns, or mirrored.
    Turns,
}

impl Class {
    /// All of them, by name.
    pub const ALL: [Self; 9] = [
        Self::Brightness,
        Self::Captions,
        Self::Combinations,
        Self::Crops,
        Self::Formats,
        Self::Greyscale,
        Self::ReEncoding,
        Self::Scaling,
        Self::Turns,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Brightness => "brightness and contrast",
            Self::Captions => "captions",
            Self::Combinations => "combinations that platforms make",
            Self::Crops => "crops, small",
            Self::Formats => "formats",
            Self::Greyscale => "greyscale",
            Self::ReEncoding => "re-encoding",
            Self::Scaling => "scaling",
            Self::Turns => "turned or mirrored",
        }
    }
}

/// One edit: a picture in, a file out.
#[derive(Clone, Copy)]
pub struct Edit {
    /// Its class.
    pub class: Class,
    make: fn(&DynamicImage) -> Vec<u8>,
}

impl Edit {
    /// The file that this edit makes of a picture.
    pub fn apply(&self, picture: &DynamicImage) -> Vec<u8> {
        (self.make)(picture)
    }
}

macro_rules! edits {
    ($($class:ident: $($make:expr),+;)+) => {
        &[$($(Edit { class: Class::$class, make: $make }),+),+]
    };
}

/// The list.
pub const EDITS: &[Edit] = edits! {
    Brightness:
        |p| jpeg(&p.brighten(24), 90),
        |p| jpeg(&p.brighten(-24), 90),
        |p| jpeg(&p.adjust_contrast(15.0), 90),
        |p| jpeg(&p.adjust_contrast(-15.0), 90);
    Captions:
        |p| jpeg(&under(p, "A DAY OUT"), 88),
        |p| jpeg(&across(p, "HELLO ALL OF YOU"), 88),
        |p| jpeg(&corner(p, "DAILY"), 88);
    Combinations:
        |p| jpeg(&fit(p, 320), 75),
        |p| jpeg(&again(&jpeg(&fit(p, 480), 70), 70), 65),
        |p| jpeg(&percent(p, 60, 60).grayscale(), 70),
        |p| webp(&percent(&p.brighten(12), 50, 50)),
        |p| jpeg(&corner(&fit(p, 400), "DAILY"), 72),
        |p| png(&percent(&inner(p, 1), 80, 80));
    Crops:
        |p| jpeg(&inner(p, 1), 90),
        |p| jpeg(&inner(p, 2), 90),
        |p| jpeg(&p.crop_imm(0, 0, p.width(), part(p.height(), 97)), 90);
    Formats: png, webp, bmp, tiff, gif;
    Greyscale:
        |p| jpeg(&p.grayscale(), 90),
        |p| png(&p.grayscale());
    ReEncoding:
        |p| jpeg(p, 85),
        |p| jpeg(p, 70),
        |p| jpeg(p, 50),
        |p| jpeg(&again(&jpeg(p, 80), 60), 75);
    Scaling:
        |p| jpeg(&percent(p, 50, 50), 90),
        |p| jpeg(&percent(p, 75, 75), 90),
        |p| jpeg(&percent(p, 140, 140), 90),
        |p| jpeg(&percent(p, 100, 92), 90);
    Turns:
        |p| jpeg(&p.rotate90(), 90),
        |p| jpeg(&p.rotate180(), 90),
        |p| jpeg(&p.rotate270(), 90),
        |p| jpeg(&p.fliph(), 90),
        |p| jpeg(&p.flipv(), 90);
};

fn part(pixels: u32, percent: u32) -> u32 {
    (pixels * percent / 100).max(1)
}

fn percent(picture: &DynamicImage, across: u32, down: u32) -> DynamicImage {
    let (width, height) = (part(picture.width(), across), part(picture.height(), down));
    picture.resize_exact(width, height, FilterType::Triangle)
}

/// At most this long on its longer side.
fn fit(picture: &DynamicImage, side: u32) -> DynamicImage {
    picture.resize(side, side, FilterType::Triangle)
}

/// Without so many hundredths on each side.
fn inner(picture: &DynamicImage, hundredths: u32) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let (x, y) = (part(width, hundredths), part(height, hundredths));
    picture.crop_imm(x, y, width - 2 * x, height - 2 * y)
}

/// Read back from a JPEG and written as another.
fn again(file: &[u8], quality: u8) -> DynamicImage {
    let read = |file: &[u8]| image::load_from_memory_with_format(file, ImageFormat::Jpeg).unwrap_or_default();
    read(&jpeg(&read(file), quality))
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    // Writing to memory does not fail.
    picture.write_to(&mut out, format).ok();
    out.into_inner()
}

fn bmp(picture: &DynamicImage) -> Vec<u8> {
    written(picture, ImageFormat::Bmp)
}

fn tiff(picture: &DynamicImage) -> Vec<u8> {
    written(picture, ImageFormat::Tiff)
}

fn webp(picture: &DynamicImage) -> Vec<u8> {
    written(picture, ImageFormat::WebP)
}

/// With a palette, at the encoder's quickest.
fn gif(picture: &DynamicImage) -> Vec<u8> {
    let mut out = Vec::new();
    GifEncoder::new_with_speed(&mut out, 30).encode_frame(Frame::new(picture.to_rgba8())).ok();
    out
}

/// Letters of three by five blocks, top row first.
fn blocks(letter: char) -> [u8; 5] {
    match letter {
        'A' => [0b010, 0b101, 0b111, 0b101, 0b101],
        'D' => [0b110, 0b101, 0b101, 0b101, 0b110],
        'E' => [0b111, 0b100, 0b110, 0b100, 0b111],
        'F' => [0b111, 0b100, 0b110, 0b100, 0b100],
        'H' => [0b101, 0b101, 0b111, 0b101, 0b101],
        'I' => [0b111, 0b010, 0b010, 0b010, 0b111],
        'L' => [0b100, 0b100, 0b100, 0b100, 0b111],
        'O' => [0b010, 0b101, 0b101, 0b101, 0b010],
        'T' => [0b111, 0b010, 0b010, 0b010, 0b010],
        'U' => [0b101, 0b101, 0b101, 0b101, 0b111],
        'Y' => [0b101, 0b101, 0b010, 0b010, 0b010],
        _ => [0; 5],
    }
}

/// Draws words with blocks of so many pixels.
fn write(on: &mut RgbImage, words: &str, (left, top): (u32, u32), block: u32, colour: [u8; 3]) {
    for (n, letter) in (0_u32..).zip(words.chars()) {
        for (row, bits) in (0_u32..).zip(blocks(letter)) {
            for column in (0..3_u32).filter(|column| bits >> (2 - column) & 1 == 1) {
                let (x, y) = (left + (n * 4 + column) * block, top + row * block);
                for (x, y) in (y..y + block).flat_map(|y| (x..x + block).map(move |x| (x, y))) {
                    if let Some(pixel) = on.get_pixel_mut_checked(x, y) {
                        *pixel = Rgb(colour);
                    }
                }
            }
        }
    }
}

/// How wide a block is for words that take so many hundredths of the width.
fn block(width: u32, words: &str, hundredths: u32) -> u32 {
    let letters = u32::try_from(words.len()).unwrap_or(1);
    (part(width, hundredths) / (letters * 4)).max(1)
}

/// A white strip below, with words in it.
fn under(picture: &DynamicImage, words: &str) -> DynamicImage {
    let (width, height) = (picture.width(), picture.height());
    let block = block(width, words, 40);
    let mut whole = RgbImage::from_pixel(width, height + block * 7, Rgb([255; 3]));
    imageops::replace(&mut whole, &picture.to_rgb8(), 0, 0);
    write(&mut whole, words, (block * 2, height + block), block, [20; 3]);
    whole.into()
}

/// White words with a dark edge, low in the picture.
fn across(picture: &DynamicImage, words: &str) -> DynamicImage {
    let mut whole = picture.to_rgb8();
    let block = block(whole.width(), words, 70);
    let (left, top) = (part(whole.width(), 15), part(whole.height(), 88));
    write(&mut whole, words, (left + block.div_ceil(2), top + block.div_ceil(2)), block, [10; 3]);
    write(&mut whole, words, (left, top), block, [250; 3]);
    whole.into()
}

/// A small mark in a corner.
fn corner(picture: &DynamicImage, words: &str) -> DynamicImage {
    let mut whole = picture.to_rgb8();
    let block = block(whole.width(), words, 16);
    let place = (part(whole.width(), 80), part(whole.height(), 4));
    write(&mut whole, words, place, block, [235; 3]);
    whole.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::photograph;

    #[test]
    fn every_edit_makes_a_file_that_reads_and_is_another_one() {
        let picture = photograph(1, 240, 180);
        let mut files = std::collections::HashSet::new();
        for (n, edit) in EDITS.iter().enumerate() {
            let file = edit.apply(&picture);
            let read = image::load_from_memory(&file).unwrap_or_else(|error| panic!("edit {n}: {error}"));
            assert!(read.width() >= 64 && read.height() >= 64, "edit {n}");
            assert_eq!(file, edit.apply(&picture), "edit {n} is not the same twice");
            assert!(files.insert(file), "edit {n} does what another does");
        }
    }

    #[test]
    fn classes_are_in_order_and_none_is_empty() {
        assert!(Class::ALL.is_sorted_by_key(|class| class.words()));
        assert!(Class::ALL.iter().all(|class| EDITS.iter().any(|edit| edit.class == *class)));
        assert!(EDITS.is_sorted_by_key(|edit| edit.class));
    }

    #[test]
    fn words_are_drawn_where_they_belong() {
        let plain = DynamicImage::ImageRgb8(RgbImage::from_pixel(200, 150, Rgb([90; 3])));
        let strip = under(&plain, "A DAY").to_rgb8();
        assert!(strip.height() > 150);
        assert!(strip.rows().skip(150).flatten().any(|pixel| *pixel == Rgb([20; 3])));
        let lettered = across(&plain, "HELLO").to_rgb8();
        let changed = |from: usize, rows: usize| {
            lettered.rows().skip(from).take(rows).flatten().filter(|pixel| **pixel != Rgb([90; 3])).count()
        };
        assert_eq!(changed(0, 120), 0);
        assert!(changed(120, 30) > 50);
    }
}
