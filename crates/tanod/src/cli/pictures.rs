//! Harmless pictures for the demo, generated from numbers.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Soft shapes that no two seeds share.
pub(super) fn picture(seed: u32, width: u32, height: u32) -> DynamicImage {
    let wave = |n: u32, by: u32| f64::from(n.wrapping_mul(by) % 9_973) / 9_973.0 * std::f64::consts::TAU;
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let value = |shift: f64| {
            let sum: f64 = (1..7)
                .map(|n| {
                    let turn = wave(seed + n, 7_919);
                    let along = u * turn.cos() + v * turn.sin();
                    (along * 3.0 * f64::from(n) + wave(seed * 31 + n, 104_729) + shift).sin() / f64::from(n).sqrt()
                })
                .sum();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
            let byte = (128.0 + 42.0 * sum).clamp(0.0, 255.0) as u8;
            byte
        };
        Rgb([value(0.0), value(0.5), value(1.1)])
    }))
}

/// As a JPEG of this quality.
pub(super) fn jpeg(picture: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing to memory does not fail.
    JpegEncoder::new_with_quality(&mut out, quality).encode_image(picture).ok();
    out
}

/// As a PNG.
pub(super) fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).ok();
    out.into_inner()
}

/// The same picture in another size.
pub(super) fn resized(picture: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    picture.resize_exact(width, height, FilterType::CatmullRom)
}
