//! Harmless pictures for demos and tests, generated from numbers.

use std::io::Cursor;

pub use image::DynamicImage as Picture;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A grid of values between which the picture is blended; no two seeds share one.
struct Grid {
    seed: u32,
    across: u32,
    down: u32,
}

impl Grid {
    fn at(&self, column: u32, row: u32) -> f32 {
        // A small integer hash (after R. Mueller): neighbours have nothing to do with each other.
        let mut bits =
            self.seed.wrapping_mul(0x9e37_79b9) ^ column.wrapping_mul(0x85eb_ca6b) ^ row.wrapping_mul(0xc2b2_ae35);
        for _ in 0..2 {
            bits = (bits ^ (bits >> 16)).wrapping_mul(0x45d9_f3b5);
        }
        f32::from(u16::try_from(bits >> 16).unwrap_or(0)) / 65_535.0
    }

    fn blend(&self, u: f32, v: f32) -> f32 {
        let split = |place: f32, cells: u32| {
            let place = place * f32::from(u16::try_from(cells).unwrap_or(1));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place within a small grid")]
            let cell = place as u32;
            (cell, place.fract())
        };
        let ((column, x), (row, y)) = (split(u, self.across), split(v, self.down));
        let edge = |row| self.at(column, row) * (1.0 - x) + self.at(column + 1, row) * x;
        edge(row) * (1.0 - y) + edge(row + 1) * y
    }
}

/// Patches of colour with some structure in them.
pub fn picture(seed: u32, width: u32, height: u32) -> DynamicImage {
    let coarse = [0, 1, 2].map(|channel| Grid { seed: seed * 8 + channel, across: 5, down: 4 });
    let fine = Grid { seed: seed * 8 + 5, across: 17, down: 13 };
    let share = |n: u32, of: u32| f32::from(u16::try_from(n).unwrap_or(0)) / f32::from(u16::try_from(of).unwrap_or(1));
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (share(x, width), share(y, height));
        let detail = fine.blend(u, v);
        Rgb(coarse.each_ref().map(|grid| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
            let byte = (grid.blend(u, v) * 130.0 + detail * 125.0).clamp(0.0, 255.0) as u8;
            byte
        }))
    }))
}

/// As a JPEG of this quality.
pub fn jpeg(picture: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory does not fail.
    JpegEncoder::new_with_quality(&mut out, quality).encode_image(picture).ok();
    out
}

/// As a PNG.
pub fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).ok();
    out.into_inner()
}

/// The same picture in another size.
pub fn resized(picture: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    picture.resize_exact(width, height, FilterType::CatmullRom)
}
