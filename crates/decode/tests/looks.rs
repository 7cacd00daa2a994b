//! The pool with real children: every format, hostile files, and recovery.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails")]

use std::io::Cursor;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use decode::{Coverage, Format, Limits, Look, Pool, Sampling, Unscanned, Wanted};

use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, ImageFormat, RgbImage};
use landlock::{AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};

const PLAIN: Wanted = Wanted { exact: false, turned: false, trimmed: false, sampling: Sampling::Seconds };

fn pool(limits: Limits) -> Pool {
    Pool::new(PathBuf::from(env!("CARGO_BIN_EXE_decode-child")), Vec::new(), 2, limits)
}

fn small() -> Limits {
    Limits {
        max_pixels: 4_000_000,
        max_frames: 5,
        max_memory_bytes: 1 << 30,
        time: Duration::from_secs(20),
        ..Limits::default()
    }
}

/// Soft blobs that no two seeds share.
fn picture(width: u32, height: u32, seed: u32) -> DynamicImage {
    let wave = |n: u32, by: u32| f64::from(n * by % 997) / 997.0 * 6.3;
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let value = |shift: f64| {
            let sum: f64 = (1..6)
                .map(|n| {
                    (u * 4.0 * f64::from(n) + wave(seed + n, 131) + shift).sin()
                        * (v * 3.0 * f64::from(n) + wave(seed * 7 + n, 57)).cos()
                })
                .sum();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
            let byte = (128.0 + 45.0 * sum).clamp(0.0, 255.0) as u8;
            byte
        };
        image::Rgb([value(0.0), value(0.4), value(0.8)])
    }))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Bytes {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner().into()
}

fn distance(a: &Look, b: &Look) -> u32 {
    a.frames[0].hash.distance(&b.frames[0].hash)
}

#[tokio::test]
async fn every_format_and_depth_gives_the_same_picture() {
    let (pool, original) = (pool(small()), picture(300, 220, 1));
    let reference = pool.look(encoded(&original, ImageFormat::Png), PLAIN).await.unwrap();
    assert_eq!((reference.format, reference.width, reference.height), (Format::Png, 300, 220));
    assert_eq!((reference.coverage, reference.frames_seen), (Coverage::Whole, 1));
    assert!(reference.frames[0].quality >= 50);
    let formats = [
        (ImageFormat::Jpeg, Format::Jpeg),
        (ImageFormat::Bmp, Format::Bmp),
        (ImageFormat::Tiff, Format::Tiff),
        (ImageFormat::WebP, Format::WebP),
    ];
    for (format, expected) in formats {
        let look = pool.look(encoded(&original, format), PLAIN).await.unwrap();
        assert_eq!((look.format, look.coverage), (expected, Coverage::Whole));
        assert!(distance(&look, &reference) <= 6, "{format:?}: {}", distance(&look, &reference));
    }
    for other in [
        DynamicImage::ImageRgb16(original.to_rgb16()),
        DynamicImage::ImageRgba8(original.to_rgba8()),
        DynamicImage::ImageRgba16(original.to_rgba16()),
        DynamicImage::ImageLuma8(original.to_luma8()),
        DynamicImage::ImageLumaA8(original.to_luma_alpha8()),
        DynamicImage::ImageLuma16(original.to_luma16()),
    ] {
        let look = pool.look(encoded(&other, ImageFormat::Png), PLAIN).await.unwrap();
        assert!(distance(&look, &reference) <= 16, "{:?}: {}", other.color(), distance(&look, &reference));
    }
    let stranger = pool.look(encoded(&picture(300, 220, 2), ImageFormat::Png), PLAIN).await.unwrap();
    assert!(distance(&stranger, &reference) > 60);
}

/// A JPEG with an EXIF block that says: turn me.
fn turned(picture: &DynamicImage, orientation: u8) -> Bytes {
    let jpeg = encoded(picture, ImageFormat::Jpeg);
    let tiff =
        [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation], b"\0\0\0\0\0\0"].concat();
    let body = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &body, &jpeg[2..]].concat().into()
}

#[tokio::test]
async fn a_turned_picture_is_looked_at_upright() {
    let (pool, original) = (pool(small()), picture(320, 200, 3));
    let upright = pool.look(encoded(&original, ImageFormat::Jpeg), PLAIN).await.unwrap();
    let look = pool.look(turned(&original.rotate270(), 6), PLAIN).await.unwrap();
    assert_eq!((look.width, look.height), (320, 200));
    assert!(distance(&look, &upright) <= 8, "{}", distance(&look, &upright));
}

fn gif(frames: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new(&mut out);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    for seed in 0..frames {
        encoder.encode_frame(Frame::new(picture(96, 96, seed * 3).to_rgba8())).unwrap();
    }
    drop(encoder);
    out
}

#[tokio::test]
async fn an_animation_is_looked_at_frame_by_frame_up_to_the_limit() {
    let pool = pool(small());
    let look = pool.look(gif(3).into(), PLAIN).await.unwrap();
    assert_eq!((look.frames_seen, look.coverage, look.frames.len()), (3, Coverage::Whole, 3));
    let look = pool.look(gif(9).into(), PLAIN).await.unwrap();
    assert_eq!((look.frames_seen, look.coverage), (5, Coverage::Sampled));
    let whole = gif(4);
    let look = pool.look(whole[..whole.len() * 2 / 3].to_vec().into(), PLAIN).await.unwrap();
    assert_ne!(look.coverage, Coverage::Whole);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_said_so() {
    let (pool, original) = (pool(small()), picture(300, 220, 5));
    let look = async |bytes: &[u8]| pool.look(Bytes::copy_from_slice(bytes), PLAIN).await.unwrap_err();
    assert_eq!(look(b"").await, Unscanned::UnsupportedFormat);
    assert_eq!(look(b"just some text that is no picture").await, Unscanned::UnsupportedFormat);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP] {
        let whole = encoded(&original, format);
        assert_eq!(look(&whole[..whole.len() / 2]).await, Unscanned::Damaged, "{format:?}");
    }
    // A header that promises thirty thousand by thirty thousand pixels.
    let mut bomb = encoded(&original, ImageFormat::Png).to_vec();
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let crc = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(look(&bomb).await, Unscanned::TooManyPixels);
    // And the pool is as good as before.
    assert!(pool.look(encoded(&original, ImageFormat::Jpeg), PLAIN).await.is_ok());
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[tokio::test]
async fn a_child_that_ends_is_replaced() {
    let (pool, media) = (pool(small()), encoded(&picture(200, 200, 7), ImageFormat::Png));
    pool.look(media.clone(), PLAIN).await.unwrap();
    let [child] = pool.idle_children()[..] else { panic!("one child waits") };
    let child = rustix::process::Pid::from_raw(i32::try_from(child).unwrap()).unwrap();
    rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    // The next look either meets the dead child or a fresh one; after it the pool is whole.
    drop(pool.look(media.clone(), PLAIN).await);
    assert!(pool.look(media, PLAIN).await.is_ok());
    // A million pixels take longer than a millisecond anywhere.
    let slow = pool_with_time(Duration::from_millis(1));
    let large = encoded(&picture(1_000, 1_000, 7), ImageFormat::Png);
    assert_eq!(slow.look(large, PLAIN).await, Err(Unscanned::TimedOut));
    let missing = Pool::new(PathBuf::from("/nonexistent"), Vec::new(), 1, small());
    assert_eq!(missing.warm().await.unwrap_err(), Unscanned::DecoderDown);
}

fn pool_with_time(time: Duration) -> Pool {
    pool(Limits { time, ..small() })
}

#[tokio::test]
async fn many_looks_share_few_children() {
    let (pool, media) = (pool(small()), encoded(&picture(200, 200, 7), ImageFormat::Png));
    let mut looks = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let (pool, media) = (pool.clone(), media.clone());
        looks.spawn(async move { pool.look(media, PLAIN).await });
    }
    let all = looks.join_all().await;
    assert!(all.iter().all(|look| look == &all[0] && look.is_ok()));
    assert!(pool.idle_children().len() <= 2);
}

#[tokio::test]
async fn a_pool_at_work_is_known_to_work_without_waiting_for_it() {
    let one = Pool::new(PathBuf::from(env!("CARGO_BIN_EXE_decode-child")), Vec::new(), 1, small());
    let large = encoded(&picture(2_000, 1_900, 7), ImageFormat::Png);
    one.works().await.unwrap();
    let mut look = std::pin::pin!(one.look(large, PLAIN));
    tokio::select! {
        biased;
        _ = &mut look => panic!("it is still looking"),
        works = one.works() => works.unwrap(),
    }
    assert!(look.await.is_ok());
}

fn offers_landlock() -> bool {
    let asked = Ruleset::default().set_compatibility(CompatLevel::HardRequirement).handle_access(AccessFs::Execute);
    asked.and_then(Ruleset::create).is_ok()
}

#[tokio::test]
async fn a_child_says_what_holds_it_and_the_kernel_agrees() {
    let pool = pool(small());
    let confinement = pool.warm().await.unwrap();
    let [child] = pool.idle_children()[..] else { panic!("one child waits") };
    let status = fs_err::read_to_string(format!("/proc/{child}/status")).unwrap();
    let seccomp = status.lines().find_map(|line| line.strip_prefix("Seccomp:")).map(str::trim);
    assert_eq!(seccomp == Some("2"), confinement.seccomp, "{status}");
    assert_eq!(confinement.landlock, offers_landlock(), "what the kernel offers is used");
    let limits = fs_err::read_to_string(format!("/proc/{child}/limits")).unwrap();
    let open_files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert!(open_files.split_whitespace().nth(3) == Some("3"), "{open_files}");
    let environment = fs_err::read(format!("/proc/{child}/environ")).unwrap();
    assert!(environment.is_empty());
}

#[tokio::test]
async fn a_picture_is_new_pixels_and_veiled_when_asked() {
    let (pool, original) = (pool(small()), picture(900, 600, 8));
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 90).encode_image(&original).unwrap();
    // A comment that must not survive.
    let marked: Bytes = [&jpeg[..2], b"\xff\xfe\0\x0bTRACEABLE", &jpeg[2..]].concat().into();
    let shown = pool.picture(marked.clone(), 400, decode::Shows::Whole, decode::Mark::NONE).await.unwrap();
    let (shown_picture, veiled) = (
        image::load_from_memory(&shown).unwrap(),
        pool.picture(marked, 400, decode::Shows::default(), decode::Mark::NONE).await.unwrap(),
    );
    assert_eq!((shown_picture.width(), shown_picture.height()), (400, 267));
    assert!(!shown.windows(9).any(|window| window == b"TRACEABLE"));
    let veiled = image::load_from_memory(&veiled).unwrap().to_rgb8();
    assert!(veiled.width() <= 160);
    assert!(veiled.pixels().all(|pixel| pixel.0[0].abs_diff(pixel.0[1]) < 4 && pixel.0[1].abs_diff(pixel.0[2]) < 4));
}

/// How much brightness changes from each pixel to the next, on average: what the veil takes away.
fn detail(jpeg: &[u8]) -> f64 {
    let grey = image::load_from_memory(jpeg).unwrap().to_luma8();
    let row = |y| (1..grey.width()).map(move |x| (x, y));
    let all: Vec<f64> = (0..grey.height())
        .flat_map(row)
        .map(|(x, y)| f64::from(grey.get_pixel(x, y).0[0].abs_diff(grey.get_pixel(x - 1, y).0[0])))
        .collect();
    all.iter().sum::<f64>() / f64::from(u32::try_from(all.len()).unwrap())
}

#[tokio::test]
async fn a_thicker_veil_leaves_less_lines_leave_no_shade_and_a_part_is_a_part() {
    use decode::{Part, Shows, Veil};
    let pool = pool(small());
    let mut original = picture(900, 600, 8).to_rgb8();
    // Something with a sharp border, for there must be a line.
    for (x, y) in (60..240).flat_map(|x| (60..160).map(move |y| (x, y))) {
        original.put_pixel(x, y, image::Rgb(if x < 150 { [0; 3] } else { [255; 3] }));
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 95).encode_image(&original).unwrap();
    let jpeg: Bytes = jpeg.into();
    let mut before = f64::MAX;
    for strength in 1..=4 {
        let shows = Shows::Veiled(Veil::of(strength));
        let left = detail(&pool.picture(jpeg.clone(), 400, shows, decode::Mark::NONE).await.unwrap());
        assert!(left < before, "{strength}: {left} of {before}");
        before = left;
    }
    let edges = pool.picture(jpeg.clone(), 1_600, Shows::Edges, decode::Mark::NONE).await.unwrap();
    let edges = image::load_from_memory(&edges).unwrap().to_luma8();
    assert!(edges.width() <= 480);
    // JPEG rings at a line, so that a few pixels are neither black nor white.
    let between = edges.pixels().filter(|pixel| (64..192).contains(&pixel.0[0])).count();
    assert!(between * 8 < edges.pixels().len(), "{between} of {}", edges.pixels().len());
    assert!(edges.pixels().any(|pixel| pixel.0[0] < 64), "there are lines");
    let part = pool.picture(jpeg.clone(), 1_600, Shows::Part(Part::of_number(5).unwrap()), decode::Mark::NONE).await;
    let part = image::load_from_memory(&part.unwrap()).unwrap().to_rgb8();
    assert_eq!((part.width(), part.height()), (300, 200));
    let middle = original.get_pixel(450, 300).0[0];
    assert!(part.get_pixel(150, 100).0[0].abs_diff(middle) < 24, "it is the middle of the picture, as it is");
}
