//! Odd and hostile files through the pool, each with the answer that is expected, and decoders that fail.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails")]

use std::ffi::OsString;
use std::io::Cursor;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use decode::{Coverage, Format, Limits, Look, Pool, Unscanned, Wanted};
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, GrayImage, ImageFormat, Rgb, RgbImage};

const FORMATS: [ImageFormat; 6] =
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff];

fn pool_of(args: &[&str], limits: Limits) -> Pool {
    let args = args.iter().map(OsString::from).collect();
    Pool::new(PathBuf::from(env!("CARGO_BIN_EXE_decode-child")), args, 2, limits)
}

fn pool() -> Pool {
    pool_of(&[], small())
}

fn small() -> Limits {
    Limits {
        max_pixels: 4_000_000,
        max_frames: 8,
        max_memory_bytes: 1 << 30,
        time: Duration::from_secs(20),
        ..Limits::default()
    }
}

fn kept(name: &str) -> Vec<u8> {
    fs_err::read(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn original() -> DynamicImage {
    image::load_from_memory(&kept("original.png")).unwrap()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn distance(a: &Look, b: &Look) -> u32 {
    a.frames[0].hash.distance(&b.frames[0].hash)
}

#[tokio::test]
async fn nothing_and_next_to_nothing() {
    let pool = pool();
    assert_eq!(pool.look(Bytes::new(), Wanted::default()).await, Err(Unscanned::UnsupportedFormat));
    for format in FORMATS {
        let one = DynamicImage::ImageRgb8(RgbImage::from_pixel(1, 1, Rgb([9, 80, 200])));
        let look = pool.look(encoded(&one, format).into(), Wanted::default()).await.unwrap();
        assert_eq!((look.width, look.height, look.frames[0].quality), (1, 1, 0), "{format:?}");
        let flat = DynamicImage::ImageRgb8(RgbImage::from_pixel(200, 150, Rgb([9, 80, 200])));
        let look = pool.look(encoded(&flat, format).into(), Wanted::default()).await.unwrap();
        assert_eq!((look.coverage, look.frames[0].quality), (Coverage::Whole, 0), "{format:?}");
    }
}

#[tokio::test]
async fn a_very_wide_picture_is_looked_at_and_a_wider_one_is_not() {
    let pool = pool();
    let wave = |x: u32, y: u32| u8::try_from(x * x / 900 % 97 + x / 40 % 60 + y * 7 % 80).unwrap();
    let wide = DynamicImage::ImageLuma8(GrayImage::from_fn(30_000, 64, |x, y| image::Luma([wave(x, y)])));
    for format in [ImageFormat::Png, ImageFormat::Jpeg] {
        let look = pool.look(encoded(&wide, format).into(), Wanted::default()).await.unwrap();
        assert_eq!((look.width, look.height, look.coverage), (30_000, 64, Coverage::Whole));
    }
    let square = DynamicImage::ImageLuma8(GrayImage::new(30_000, 140));
    assert_eq!(
        pool.look(encoded(&square, ImageFormat::Png).into(), Wanted::default()).await,
        Err(Unscanned::TooManyPixels)
    );
}

#[tokio::test]
async fn half_a_file_is_damaged_or_not_whole_in_every_format() {
    let pool = pool();
    for format in FORMATS {
        let whole = encoded(&original(), format);
        let look = pool.look(whole[..whole.len() / 2].to_vec().into(), Wanted::default()).await;
        assert_eq!(look, Err(Unscanned::Damaged), "{format:?}");
    }
}

/// A picture of 96 by 64 pixels whose header says that it is enormous.
fn claiming(format: ImageFormat) -> Vec<u8> {
    let mut bytes = encoded(&original(), format);
    match format {
        ImageFormat::Gif => bytes[6..10].fill(0xff),
        // VP8L: fourteen bits less one for each side, behind the signature.
        ImageFormat::WebP => {
            let at = bytes.windows(4).position(|four| four == b"VP8L").unwrap() + 9;
            bytes[at..at + 4].copy_from_slice(&(0x3ffe_u32 | 0x3ffe << 14).to_le_bytes());
        }
        ImageFormat::Bmp => bytes[18..26].copy_from_slice(&[0x60, 0xea, 0, 0, 0x60, 0xea, 0, 0]),
        ImageFormat::Tiff => {
            // The tags for width, height and rows in a strip, in the directory of a little-endian file.
            let directory = usize::try_from(u32::from_le_bytes(bytes[4..8].try_into().unwrap())).unwrap();
            let entries = usize::from(u16::from_le_bytes(bytes[directory..directory + 2].try_into().unwrap()));
            for entry in (0..entries).map(|entry| directory + 2 + 12 * entry) {
                if matches!(u16::from_le_bytes(bytes[entry..entry + 2].try_into().unwrap()), 256 | 257 | 278) {
                    bytes[entry + 2..entry + 12].copy_from_slice(&[4, 0, 1, 0, 0, 0, 0, 0, 1, 0]);
                }
            }
        }
        _ => {}
    }
    bytes
}

#[tokio::test]
async fn a_small_file_that_claims_to_be_enormous_is_refused() {
    let pool = pool();
    for format in [ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff] {
        let look = pool.look(claiming(format).into(), Wanted::default()).await;
        assert_eq!(look, Err(Unscanned::TooManyPixels), "{format:?}");
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
    let named = [name.as_slice(), body].concat();
    [&u32::try_from(body.len()).unwrap().to_be_bytes(), named.as_slice(), &crc32(&named).to_be_bytes()].concat()
}

/// The chunks of a PNG: their names and contents.
fn chunks(png: &[u8]) -> Vec<([u8; 4], Vec<u8>)> {
    let (mut at, mut found) = (8, Vec::new());
    while at < png.len() {
        let length = usize::try_from(u32::from_be_bytes(png[at..at + 4].try_into().unwrap())).unwrap();
        found.push((png[at + 4..at + 8].try_into().unwrap(), png[at + 8..at + 8 + length].to_vec()));
        at += 12 + length;
    }
    found
}

fn pictures() -> [DynamicImage; 3] {
    let turned = original().rotate180();
    let mut inverted = original();
    inverted.invert();
    [original(), turned, inverted]
}

/// An animated PNG of these pictures, all of one size.
fn apng(pictures: &[DynamicImage]) -> Vec<u8> {
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut number = 0_u32;
    for (at, picture) in pictures.iter().enumerate() {
        let parts = chunks(&encoded(picture, ImageFormat::Png));
        if at == 0 {
            out.extend(chunk(*b"IHDR", &parts[0].1));
            let control = [u32::try_from(pictures.len()).unwrap().to_be_bytes(), [0; 4]].concat();
            out.extend(chunk(*b"acTL", &control));
        }
        let places = [number, picture.width(), picture.height(), 0, 0].map(u32::to_be_bytes).concat();
        out.extend(chunk(*b"fcTL", &[places.as_slice(), &[0, 1, 0, 10, 0, 0]].concat()));
        number += 1;
        for (_, data) in parts.iter().filter(|(name, _)| name == b"IDAT") {
            if at == 0 {
                out.extend(chunk(*b"IDAT", data));
            } else {
                out.extend(chunk(*b"fdAT", &[&number.to_be_bytes(), data.as_slice()].concat()));
                number += 1;
            }
        }
    }
    out.extend(chunk(*b"IEND", b""));
    out
}

/// An animated WebP of these pictures, all of one size.
fn webp(pictures: &[DynamicImage]) -> Vec<u8> {
    let riff = |name: &[u8; 4], body: &[u8]| {
        let odd = if body.len() % 2 == 1 { &[0_u8][..] } else { &[] };
        [name.as_slice(), &u32::try_from(body.len()).unwrap().to_le_bytes(), body, odd].concat()
    };
    let less_one = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let (width, height) = (less_one(pictures[0].width()), less_one(pictures[0].height()));
    let mut body = b"WEBP".to_vec();
    body.extend(riff(b"VP8X", &[&[2, 0, 0, 0], width.as_slice(), &height].concat()));
    body.extend(riff(b"ANIM", &[0; 6]));
    for picture in pictures {
        let still = encoded(picture, ImageFormat::WebP);
        let frame = [&[0; 6], width.as_slice(), &height, &[100, 0, 0, 0], &still[12..]].concat();
        body.extend(riff(b"ANMF", &frame));
    }
    riff(b"RIFF", &body)
}

fn gif(pictures: &[DynamicImage]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new(&mut out);
    for picture in pictures {
        encoder.encode_frame(Frame::new(picture.to_rgba8())).unwrap();
    }
    drop(encoder);
    out
}

#[tokio::test]
async fn every_frame_of_every_kind_of_animation_is_looked_at() {
    let (pool, pictures) = (pool(), pictures());
    let mut looks = Vec::new();
    for picture in &pictures {
        looks.push(pool.look(encoded(picture, ImageFormat::Png).into(), Wanted::default()).await.unwrap());
    }
    for (animation, format) in
        [(gif(&pictures), Format::Gif), (apng(&pictures), Format::Png), (webp(&pictures), Format::WebP)]
    {
        let look = pool.look(animation.into(), Wanted::default()).await.unwrap();
        assert_eq!((look.format, look.frames_seen, look.coverage), (format, 3, Coverage::Whole));
        for (frame, alone) in look.frames.iter().zip(&looks) {
            assert!(frame.hash.distance(&alone.frames[0].hash) <= 16, "{format:?}, frame {}", frame.index);
        }
    }
    let two = pool_of(&[], Limits { max_frames: 2, ..small() });
    for animation in [gif(&pictures), apng(&pictures), webp(&pictures)] {
        let look = two.look(animation.into(), Wanted::default()).await.unwrap();
        assert_eq!((look.frames_seen, look.coverage), (2, Coverage::Sampled));
    }
}

#[tokio::test]
async fn inks_palettes_and_sixteen_bits_are_the_same_picture() {
    let pool = pool();
    let reference = pool.look(kept("original.png").into(), Wanted::default()).await.unwrap();
    for name in ["cmyk.jpg", "palette.png"] {
        let look = pool.look(kept(name).into(), Wanted::default()).await.unwrap();
        assert!(distance(&look, &reference) <= 16, "{name}: {}", distance(&look, &reference));
    }
    let deep = [
        encoded(&DynamicImage::ImageRgb16(original().to_rgb16()), ImageFormat::Tiff),
        encoded(&DynamicImage::ImageRgba16(original().to_rgba16()), ImageFormat::Png),
    ];
    for media in deep {
        let look = pool.look(media.into(), Wanted::default()).await.unwrap();
        assert!(distance(&look, &reference) <= 16, "{:?}: {}", look.format, distance(&look, &reference));
    }
    let grey = pool
        .look(encoded(&DynamicImage::ImageLuma8(original().to_luma8()), ImageFormat::Png).into(), Wanted::default())
        .await;
    let see_through = DynamicImage::ImageLumaA8(original().to_luma_alpha8());
    assert_eq!(pool.look(encoded(&see_through, ImageFormat::Png).into(), Wanted::default()).await, grey);
    assert!(distance(&grey.unwrap(), &reference) <= 24);
}

#[tokio::test]
async fn a_decoder_that_hangs_leaks_or_dies_is_said_so_and_the_pool_recovers() {
    let pool = pool_of(&["faulty"], Limits { max_memory_bytes: 256 << 20, time: Duration::from_secs(3), ..small() });
    let good: Bytes = kept("original.png").into();
    let expected = pool.look(good.clone(), Wanted::default()).await.unwrap();
    for (fault, why) in [
        ("hang", Unscanned::TimedOut),
        ("leak", Unscanned::Crashed),
        ("panic", Unscanned::Crashed),
        ("abort", Unscanned::Crashed),
        ("deep", Unscanned::Crashed),
    ] {
        let gone = pool.idle_children();
        assert_eq!(pool.look(Bytes::from_static(fault.as_bytes()), Wanted::default()).await, Err(why), "{fault}");
        // The child that failed is not asked again, and the next file does not notice.
        assert!(pool.idle_children().iter().all(|child| gone.len() > 1 || !gone.contains(child)), "{fault}");
        assert_eq!(pool.look(good.clone(), Wanted::default()).await.as_ref(), Ok(&expected), "{fault}");
    }
}
