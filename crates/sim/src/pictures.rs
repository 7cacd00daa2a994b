//! Harmless pictures for demos and tests, generated from numbers.

use std::io::Cursor;

pub use image::DynamicImage as Picture;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, ImageReader, Rgb, RgbImage};

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

/// Numbers between 0 and 1 that follow from a seed, in order.
struct Draws(u32);

impl Draws {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(1);
        Grid { seed: self.0, across: 1, down: 1 }.at(3, 7)
    }

    fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.next()
    }

    fn colour(&mut self, least: f32, most: f32) -> [f32; 3] {
        [0; 3].map(|_: u8| self.between(least, most))
    }
}

/// Several grids, each twice as fine and half as strong as the one before: clouds, grass, plaster.
struct Texture([Grid; 5]);

impl Texture {
    fn new(seed: u32, across: u32) -> Self {
        Self([0_u32, 1, 2, 3, 4].map(|n| {
            let cells = across << n;
            Grid { seed: seed.wrapping_mul(31).wrapping_add(n), across: cells, down: cells }
        }))
    }

    /// Around nought, within one half on either side.
    fn at(&self, u: f32, v: f32) -> f32 {
        let mut weight = 0.5;
        let mut sum = 0.0;
        for grid in &self.0 {
            sum += (grid.blend(u, v) - 0.5) * weight;
            weight *= 0.55;
        }
        sum
    }
}

/// Something that stands before the background: an ellipse or a box, lit from one side.
struct Thing {
    centre: [f32; 2],
    reach: [f32; 2],
    round: bool,
    colour: [f32; 3],
    roughness: f32,
}

impl Thing {
    fn drawn(draws: &mut Draws) -> Self {
        Self {
            centre: [draws.between(0.08, 0.92), draws.between(0.2, 0.92)],
            reach: [draws.between(0.05, 0.22), draws.between(0.06, 0.26)],
            round: draws.next() < 0.6,
            colour: draws.colour(20.0, 235.0),
            roughness: draws.between(10.0, 90.0),
        }
    }

    /// How bright it is here, or nothing where it is not.
    fn light(&self, u: f32, v: f32) -> Option<f32> {
        let [x, y] = [(u - self.centre[0]) / self.reach[0], (v - self.centre[1]) / self.reach[1]];
        let inside = if self.round { x * x + y * y < 1.0 } else { x.abs() < 1.0 && y.abs() < 1.0 };
        inside.then_some(1.0 - 0.35 * (x + y) / 2.0)
    }
}

/// A scene as a camera might see it: a sky over a ground, things before them, texture, light that falls off, grain.
pub fn photograph(seed: u32, width: u32, height: u32) -> DynamicImage {
    let mut draws = Draws(seed.wrapping_mul(0x0100_0193));
    let horizon = draws.between(0.25, 0.7);
    let slope = draws.between(-0.12, 0.12);
    let (above, below) = (draws.colour(90.0, 240.0), draws.colour(60.0, 220.0));
    let ground = draws.colour(20.0, 170.0);
    let (cloud, hill, soil) = (
        Texture::new(seed.wrapping_mul(7).wrapping_add(1), 3),
        Texture::new(seed.wrapping_mul(7).wrapping_add(2), 2),
        Texture::new(seed.wrapping_mul(7).wrapping_add(3), 9),
    );
    let (clouds, soils) = (draws.between(20.0, 200.0), draws.between(60.0, 240.0));
    let things: Vec<Thing> = (0..5 + seed % 6).map(|_| Thing::drawn(&mut draws)).collect();
    let light = [draws.next(), draws.next()];
    let grain = Grid { seed: seed.wrapping_mul(13).wrapping_add(5), across: 1, down: 1 };
    let noise = draws.between(2.0, 14.0);
    let share = |n: u32, of: u32| f32::from(u16::try_from(n).unwrap_or(0)) / f32::from(u16::try_from(of).unwrap_or(1));
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (share(x, width), share(y, height));
        let edge = horizon + slope * (u - 0.5) + hill.at(u, 0.5) * 0.5;
        let mut colour = if v < edge {
            let down = v / edge.max(0.01);
            let puff = cloud.at(u, v) * clouds;
            std::array::from_fn(|n| blend(above.get(n), below.get(n), down) + puff)
        } else {
            let rough = soil.at(u, v) * soils * (0.4 + v);
            ground.map(|value| value + rough)
        };
        for thing in &things {
            if let Some(bright) = thing.light(u, v) {
                let rough = soil.at(v, u) * thing.roughness;
                colour = thing.colour.map(|value| value * bright + rough);
            }
        }
        let far = (u - light[0]) * (u - light[0]) + (v - light[1]) * (v - light[1]);
        let speck = (grain.at(x, y) - 0.5) * noise;
        Rgb(colour.map(|value| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
            let byte = (value * (1.1 - 0.45 * far) + speck).clamp(0.0, 255.0) as u8;
            byte
        }))
    }))
}

fn blend(from: Option<&f32>, to: Option<&f32>, share: f32) -> f32 {
    from.copied().unwrap_or(0.0) * (1.0 - share) + to.copied().unwrap_or(0.0) * share
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

/// Reads a picture back, within limits. For our own and other harmless files, in a process that has nothing to lose.
pub fn read(file: &[u8]) -> Option<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().ok()?;
    reader.limits(image::Limits::default());
    reader.decode().ok()
}

/// The same picture in another size.
pub fn resized(picture: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    picture.resize_exact(width, height, FilterType::CatmullRom)
}
