//! JPEGs that are hashed without pixels: the same hash as by pixels, upright, and nothing from half a file.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails")]

use decode::sides::{jpeg_pixels, look};
use decode::{Coverage, FrameHash, Sampling, Unscanned, Wanted};
use fingerprint::pdq_rgb8;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, Rgb, RgbImage};
use proptest::prelude::*;

const PLAIN: Wanted = Wanted { exact: false, turned: false, trimmed: false, sampling: Sampling::Seconds };
const EXACT: Wanted = Wanted { exact: true, ..PLAIN };

/// Small files of kinds that our encoder does not write; drawn by `draw.py` beside them.
const SAMPLES: [(&str, &[u8]); 7] = [
    ("baseline, 4:2:0", include_bytes!("../testdata/jpeg/baseline-420.jpg")),
    ("baseline, 4:2:2, restarts", include_bytes!("../testdata/jpeg/baseline-422-restart.jpg")),
    ("baseline, own codes", include_bytes!("../testdata/jpeg/baseline-optimised.jpg")),
    ("grey", include_bytes!("../testdata/jpeg/grey.jpg")),
    ("grey, progressive, restarts", include_bytes!("../testdata/jpeg/grey-progressive-restart.jpg")),
    ("progressive, 4:2:0", include_bytes!("../testdata/jpeg/progressive-420.jpg")),
    ("four inks", include_bytes!("../testdata/jpeg/cmyk.jpg")),
];

fn picture(width: u32, height: u32) -> DynamicImage {
    sim::pictures::picture(77, width, height)
}

fn jpeg(picture: &DynamicImage) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 92).encode_image(picture).unwrap();
    out
}

/// With an EXIF block that says how the picture is to be turned.
fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let tiff =
        [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation], b"\0\0\0\0\0\0"].concat();
    let body = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &body, &jpeg[2..]].concat()
}

fn first(media: &[u8], wanted: Wanted) -> FrameHash {
    look(media, wanted).unwrap().frames.remove(0)
}

#[test]
fn every_kind_of_file_has_the_hash_of_its_pixels() {
    for (name, sample) in SAMPLES {
        let (ours, exact) = (look(sample, PLAIN).unwrap(), look(sample, EXACT).unwrap());
        assert_eq!((ours.width, ours.height, ours.coverage), (88, 80, Coverage::Whole), "{name}");
        let (ours, exact) = (&ours.frames[0], &exact.frames[0]);
        assert!(exact.quality >= 50, "{name}");
        assert!(ours.hash.distance(&exact.hash) <= 4, "{name}: {}", ours.hash.distance(&exact.hash));
        assert!(ours.quality.abs_diff(exact.quality) <= 2, "{name}: {} and {}", ours.quality, exact.quality);
    }
}

#[test]
fn an_exact_look_is_the_reference_on_the_decoded_pixels() {
    let side = |side: u32| usize::try_from(side).unwrap();
    let (photo, drawing) = (jpeg(&picture(301, 222)), sim::pictures::png(&picture(222, 301)));
    let from_jpeg = jpeg_pixels(&photo).unwrap();
    let png = image::load_from_memory(&drawing).unwrap().into_rgb8();
    for (media, (width, height, pixels)) in [(photo, from_jpeg), (drawing, (png.width(), png.height(), png.into_raw()))]
    {
        let reference = pdq_rgb8(side(width), side(height), &pixels).unwrap();
        let exact = first(&media, EXACT);
        assert_eq!((exact.hash, exact.quality), (reference.hash, reference.quality));
    }
}

#[test]
fn pixels_are_those_of_another_reader_but_for_rounding() {
    for (name, sample) in SAMPLES.into_iter().filter(|(name, _)| *name != "four inks") {
        let (width, height, ours) = jpeg_pixels(sample).unwrap();
        let theirs = image::load_from_memory(sample).unwrap().into_rgb8();
        assert_eq!((width, height), theirs.dimensions(), "{name}");
        let apart: u64 = ours.iter().zip(theirs.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(apart <= 2 * ours.len() as u64, "{name}: {apart} in {} values", ours.len());
    }
}

#[test]
fn an_exact_look_turns_the_picture_upright() {
    let stored = picture(330, 201);
    let media = jpeg(&stored);
    let (width, height, pixels) = jpeg_pixels(&media).unwrap();
    for orientation in 1..=8 {
        let mut upright = DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, pixels.clone()).unwrap());
        upright.apply_orientation(Orientation::from_exif(orientation).unwrap());
        let reference = first(&sim::pictures::png(&upright), EXACT);
        let seen = look(&turned(&media, orientation), EXACT).unwrap();
        assert_eq!((seen.width, seen.height), (upright.width(), upright.height()));
        assert_eq!(seen.frames[0], reference, "orientation {orientation}");
    }
}

#[test]
fn nothing_is_exact_about_half_a_file() {
    for (name, sample) in SAMPLES {
        for end in (sample.len() / 2..sample.len()).step_by(7) {
            assert_eq!(look(&sample[..end], EXACT), Err(Unscanned::Damaged), "{name}, {end} bytes");
        }
    }
}

#[test]
fn damage_that_the_hash_does_not_see_is_noticed_by_an_exact_look() {
    let (_, whole) = SAMPLES.into_iter().find(|(name, _)| *name == "progressive, 4:2:0").unwrap();
    // The first scan of a colour alone: half of its data is missing.
    let scan = whole.windows(6).position(|bytes| bytes == [0xff, 0xda, 0, 8, 1, 2]).unwrap() + 10;
    let length = whole[scan..].windows(2).position(|pair| pair[0] == 0xff && pair[1] != 0).unwrap();
    let cut = [&whole[..scan + length / 2], &whole[scan + length..]].concat();
    assert_eq!(first(&cut, PLAIN), first(whole, PLAIN));
    assert_eq!(look(&cut, EXACT), Err(Unscanned::Damaged));
}

#[test]
fn all_eight_orientations_are_hashed_upright() {
    // One size for each share of the coefficients: all, ten, five.
    for (width, height) in [(330, 201), (1_500, 1_030), (2_300, 2_060)] {
        let stored = picture(width, height);
        let media = jpeg(&stored);
        let pixels = image::load_from_memory(&media).unwrap();
        for orientation in 1..=8 {
            let ours = look(&turned(&media, orientation), PLAIN).unwrap();
            let mut upright = pixels.clone();
            upright.apply_orientation(Orientation::from_exif(orientation).unwrap());
            assert_eq!((ours.width, ours.height), (upright.width(), upright.height()));
            let reference = first(&sim::pictures::png(&upright), EXACT);
            let distance = ours.frames[0].hash.distance(&reference.hash);
            assert!(distance <= 4, "{width} by {height}, orientation {orientation}: {distance}");
            if width > 1_000 && orientation == 2 {
                break; // the large ones are slow to turn, and turned by the same code
            }
        }
    }
}

#[test]
fn turns_are_the_hashes_of_the_turned_picture() {
    let upright = picture(360, 280);
    let turns = first(&jpeg(&upright), Wanted { turned: true, ..PLAIN }).turned.unwrap();
    let expected = [
        upright.rotate90(),
        upright.rotate180(),
        upright.rotate270(),
        upright.fliph(),
        upright.flipv(),
        upright.rotate90().fliph(),
        upright.rotate270().fliph(),
    ];
    for (n, (turn, picture)) in turns.iter().zip(expected).enumerate() {
        let distance = turn.distance(&first(&jpeg(&picture), PLAIN).hash);
        assert!(distance <= 16, "turn {n}: {distance}");
    }
    assert_eq!(first(&jpeg(&upright), PLAIN).turned, None);
}

#[test]
fn a_framed_picture_has_a_second_fingerprint() {
    let inner = picture(320, 180).into_rgb8();
    let mut framed = RgbImage::from_pixel(320, 240, Rgb([4, 4, 4]));
    image::imageops::replace(&mut framed, &inner, 0, 30);
    let framed = DynamicImage::ImageRgb8(framed);
    let plain = first(&jpeg(&DynamicImage::ImageRgb8(inner)), PLAIN);
    let trimmed = Wanted { trimmed: true, ..PLAIN };
    for media in [jpeg(&framed), sim::pictures::png(&framed)] {
        let seen = first(&media, trimmed);
        let distance = seen.trimmed.unwrap().hash.distance(&plain.hash);
        assert!(distance <= 12, "{distance}");
        assert!(seen.hash.distance(&plain.hash) > 31);
        assert_eq!(first(&media, PLAIN).trimmed, None);
    }
    assert_eq!(first(&jpeg(&picture(320, 180)), trimmed).trimmed, None);
}

#[test]
fn there_is_no_hash_of_half_a_file() {
    for (name, sample) in SAMPLES {
        for end in (sample.len() / 2..sample.len()).step_by(7) {
            assert_eq!(look(&sample[..end], PLAIN), Err(Unscanned::Damaged), "{name}, {end} bytes");
        }
    }
    // Its end is there, but a piece of the coded data is not.
    let (_, whole) = SAMPLES[0];
    let gap = [&whole[..whole.len() - 300], &whole[whole.len() - 2..]].concat();
    assert_eq!(look(&gap, PLAIN), Err(Unscanned::Damaged));
    // A restart is missing.
    let (_, restarts) = SAMPLES[1];
    let at = restarts.windows(2).position(|pair| pair == [0xff, 0xd2]).unwrap();
    let merged = [&restarts[..at], &restarts[at + 2..]].concat();
    assert_eq!(look(&merged, PLAIN), Err(Unscanned::Damaged));
}

#[test]
fn a_picture_of_too_many_pixels_is_refused_before_it_is_read() {
    let (_, sample) = SAMPLES[0];
    let mut huge = sample.to_vec();
    let frame = huge.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    huge[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert_eq!(look(&huge, PLAIN), Err(Unscanned::TooManyPixels));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bent_files_are_read_without_harm(n in 0..SAMPLES.len(), bends in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut media = SAMPLES[n].1.to_vec();
        for (at, value) in bends {
            let at = at.index(media.len());
            media[at] = value;
        }
        for exact in [false, true] {
            if let Ok(seen) = look(&media, Wanted { exact, turned: true, trimmed: true, ..PLAIN }) {
                prop_assert!(!seen.frames.is_empty());
            }
        }
    }
}
