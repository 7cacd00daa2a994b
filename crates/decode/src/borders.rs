//! Uniform borders of a picture: bars above and below a film, a frame around a screenshot.

use image::RgbImage;

/// How far a channel of a border's pixel may be from the border's colour.
const TOLERANCE: u8 = 16;
/// Of this many pixels in a row of the border one may have another colour.
const STRAYS: u32 = 100;
/// A border is at least this part of the side; thinner ones hardly move a fingerprint.
const THINNEST: u32 = 32;
/// What is left is at least this part of the side, and this many pixels.
const SMALLEST: (u32, u32) = (8, 32);

/// The picture within its borders: left, top, width, height. None where there are no borders, or nothing else.
pub(crate) fn within(picture: &RgbImage) -> Option<(u32, u32, u32, u32)> {
    let (width, height) = picture.dimensions();
    let colour = |x, y| picture.get_pixel_checked(x, y).map(|pixel| pixel.0);
    let row = |y| run(width, |x| colour(x, y));
    let (top, bottom) = edges(height, &row);
    let column = |x| run(height - top - bottom, |y| colour(x, y + top));
    let (left, right) = edges(width, &column);
    let thick = |border: u32, side: u32| if border * THINNEST >= side { border } else { 0 };
    let (top, bottom) = (thick(top, height), thick(bottom, height));
    let (left, right) = (thick(left, width), thick(right, width));
    let (inner_width, inner_height) = (width - left - right, height - top - bottom);
    let whole = (inner_width, inner_height) == (width, height);
    let small = |inner: u32, side: u32| inner < SMALLEST.1 || inner * SMALLEST.0 < side;
    (!whole && !small(inner_width, width) && !small(inner_height, height)).then_some((
        left,
        top,
        inner_width,
        inner_height,
    ))
}

/// How many lines from each end are of the colour of the first one. Not more than all together.
fn edges(lines: u32, colour: &dyn Fn(u32) -> Option<[u8; 3]>) -> (u32, u32) {
    let count = |line: &dyn Fn(u32) -> u32, most: u32| {
        let Some(border) = (most > 0).then(|| colour(line(0))).flatten() else { return 0 };
        let same = |n: &u32| colour(line(*n)).is_some_and(|colour| near(colour, border));
        u32::try_from((0..most).take_while(same).count()).unwrap_or(most)
    };
    let first = count(&|n| n, lines);
    let last = count(&|n| lines - 1 - n, lines - first);
    (first, last)
}

/// The colour of a line, if it has one.
fn run(length: u32, colour: impl Fn(u32) -> Option<[u8; 3]>) -> Option<[u8; 3]> {
    let mut sums = [0_u64; 3];
    for n in 0..length {
        for (sum, channel) in sums.iter_mut().zip(colour(n)?) {
            *sum += u64::from(channel);
        }
    }
    let mean = sums.map(|sum| u8::try_from(sum / u64::from(length.max(1))).unwrap_or(u8::MAX));
    let mut strays = 0;
    for n in 0..length {
        strays += u32::from(!near(colour(n)?, mean));
        if strays > length / STRAYS {
            return None;
        }
    }
    (length > 0).then_some(mean)
}

fn near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= TOLERANCE)
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_framed_is_found_again(
            [left, top, right, bottom] in prop::array::uniform4(0_u32..3),
            (width, height) in (40_u32..90, 40_u32..90),
            (colour, seed) in (any::<[u8; 3]>(), any::<u32>()),
        ) {
            let [left, top, right, bottom] = [left, top, right, bottom].map(|n| n * 10);
            let noise = |x: u32, y: u32| (x.wrapping_mul(73) ^ y.wrapping_mul(151)).wrapping_mul(seed | 1).to_le_bytes();
            let picture = RgbImage::from_fn(width + left + right, height + top + bottom, |x, y| {
                let inside = (left..left + width).contains(&x) && (top..top + height).contains(&y);
                let [r, g, b, _] = noise(x, y);
                // Far from the border's colour in at least one channel.
                if inside { Rgb([colour[0].wrapping_add(60 + r % 130), g, b]) } else { Rgb(colour) }
            });
            let found = within(&picture);
            if left + top + right + bottom == 0 {
                prop_assert_eq!(found, None);
            } else {
                prop_assert_eq!(found, Some((left, top, width, height)));
            }
        }
    }

    #[test]
    fn a_picture_of_one_colour_has_no_borders() {
        assert_eq!(within(&RgbImage::from_pixel(100, 80, Rgb([9, 9, 9]))), None);
        assert_eq!(within(&RgbImage::new(0, 0)), None);
        assert_eq!(within(&RgbImage::new(1, 1)), None);
    }
}
