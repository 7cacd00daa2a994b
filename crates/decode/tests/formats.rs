//! HEIC, AVIF and JPEG XL through the pool, with the small files that `data/make.py` makes of one picture.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails")]

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use decode::{Coverage, Format, Limits, Look, Pool, Unscanned, Wanted};

fn pool(limits: Limits) -> Pool {
    Pool::new(PathBuf::from(env!("CARGO_BIN_EXE_decode-child")), Vec::new(), 2, limits)
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

fn distance(a: &Look, b: &Look) -> u32 {
    a.frames[0].hash.distance(&b.frames[0].hash)
}

#[tokio::test]
async fn every_colour_model_depth_and_turn_gives_the_same_picture() {
    let pool = pool(small());
    let original = pool.look(kept("original.png").into(), Wanted::default()).await.unwrap();
    assert!(original.frames[0].quality >= 50);
    for (name, format) in [
        ("still.heic", Format::Heic),
        ("grey.heic", Format::Heic),
        ("alpha.heic", Format::Heic),
        ("444.heic", Format::Heic),
        ("tiles.heic", Format::Heic),
        ("turned.heic", Format::Heic),
        ("deep.heic", Format::Heic),
        ("still.avif", Format::Avif),
        ("grey.avif", Format::Avif),
        ("alpha.avif", Format::Avif),
        ("limited.avif", Format::Avif),
        ("turned.avif", Format::Avif),
        ("deep.avif", Format::Avif),
        ("still.jxl", Format::JpegXl),
        ("grey.jxl", Format::JpegXl),
        ("alpha.jxl", Format::JpegXl),
        ("container.jxl", Format::JpegXl),
        ("turned.jxl", Format::JpegXl),
    ] {
        let look = pool.look(kept(name).into(), Wanted::default()).await.unwrap();
        assert_eq!((look.format, look.width, look.height), (format, 96, 64), "{name}");
        assert_eq!((look.coverage, look.frames_seen), (Coverage::Whole, 1), "{name}");
        assert!(distance(&look, &original) <= 12, "{name}: {}", distance(&look, &original));
        let shown = image::load_from_memory(
            &pool.picture(kept(name).into(), 400, decode::Shows::Whole, decode::Mark::NONE).await.unwrap(),
        )
        .unwrap();
        assert_eq!((shown.width(), shown.height()), (96, 64), "{name}");
        // What a person is shown is what was fingerprinted.
        let mut png = std::io::Cursor::new(Vec::new());
        shown.write_to(&mut png, image::ImageFormat::Png).unwrap();
        let again = pool.look(png.into_inner().into(), Wanted::default()).await.unwrap();
        assert!(distance(&look, &again) <= 12, "{name}: {}", distance(&look, &again));
    }
}

#[tokio::test]
async fn every_frame_and_every_still_of_a_file_is_looked_at() {
    let pool = pool(small());
    let original = pool.look(kept("original.png").into(), Wanted::default()).await.unwrap();
    for name in ["animated.avif", "animated.jxl", "sequence.heic", "several.heic"] {
        let look = pool.look(kept(name).into(), Wanted::default()).await.unwrap();
        assert_eq!((look.coverage, look.frames_seen, look.frames.len()), (Coverage::Whole, 3, 3), "{name}");
        assert!(distance(&look, &original) <= 12, "{name}: {}", distance(&look, &original));
        assert!(look.frames[1].hash.distance(&look.frames[0].hash) > 60, "{name}");
        assert_eq!(look.frames.iter().map(|frame| frame.index).collect::<Vec<_>>(), [0, 1, 2], "{name}");
    }
    let two = self::pool(Limits { max_frames: 2, ..small() });
    let one = self::pool(Limits { max_frames: 1, ..small() });
    for name in ["animated.avif", "animated.jxl", "sequence.heic", "several.heic"] {
        let look = two.look(kept(name).into(), Wanted::default()).await.unwrap();
        assert_eq!((look.coverage, look.frames_seen), (Coverage::Sampled, 2), "{name}");
        let look = one.look(kept(name).into(), Wanted::default()).await.unwrap();
        assert_eq!((look.coverage, look.frames_seen), (Coverage::FirstFrame, 1), "{name}");
    }
}

#[tokio::test]
async fn a_torn_file_is_damaged_or_not_whole() {
    let pool = pool(small());
    for name in ["still.heic", "tiles.heic", "still.avif", "still.jxl", "container.jxl"] {
        let whole = kept(name);
        for part in [3, 5, 8, 9] {
            let torn = whole[..whole.len() * part / 10].to_vec();
            assert_eq!(
                pool.look(torn.into(), Wanted::default()).await,
                Err(Unscanned::Damaged),
                "{name}, {part} tenths"
            );
        }
    }
    // What came before the damage was seen, and the answer says that it was not all.
    let whole = kept("animated.jxl");
    let look = pool.look(whole[..whole.len() * 2 / 3].to_vec().into(), Wanted::default()).await.unwrap();
    assert_ne!(look.coverage, Coverage::Whole);
    let mut spoilt = kept("sequence.heic");
    let length = spoilt.len();
    spoilt[length - 400..].fill(0xff);
    let look = pool.look(spoilt.into(), Wanted::default()).await.unwrap();
    assert_eq!((look.coverage, look.frames_seen), (Coverage::Sampled, 2));
}

/// The bytes with one piece, which must be there once, exchanged.
fn exchanged(bytes: &[u8], old: &[u8], new: &[u8]) -> Bytes {
    let places: Vec<_> = (0..bytes.len() - old.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    assert_eq!(places.len(), 1, "{old:?}");
    [&bytes[..places[0]], new, &bytes[places[0] + old.len()..]].concat().into()
}

#[tokio::test]
async fn a_claim_of_many_pixels_is_refused_before_memory_is_taken() {
    let pool = pool(small());
    // A grid of one row and two columns that says it is 65,535 on a side.
    let grid = exchanged(&kept("tiles.heic"), &[0, 0, 0, 1, 0, 96, 0, 64], &[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(pool.look(grid, Wanted::default()).await, Err(Unscanned::TooManyPixels));
    for name in ["still.heic", "still.avif"] {
        let size = [b"ispe\0\0\0\0".as_slice(), &96_u32.to_be_bytes(), &64_u32.to_be_bytes()].concat();
        let large = [b"ispe\0\0\0\0".as_slice(), &60_000_u32.to_be_bytes(), &60_000_u32.to_be_bytes()].concat();
        let claimed = exchanged(&kept(name), &size, &large);
        assert_eq!(pool.look(claimed, Wanted::default()).await, Err(Unscanned::TooManyPixels), "{name}");
    }
    // Hardly fourteen thousand bytes, a hundred million pixels: too many for the limits that are set when nobody says.
    assert_eq!(pool.look(kept("bomb.jxl").into(), Wanted::default()).await, Err(Unscanned::TooManyPixels));
    assert_eq!(
        self::pool(Limits::default()).look(kept("bomb.jxl").into(), Wanted::default()).await,
        Err(Unscanned::TooManyPixels)
    );
    // What is coded counts, whatever the container says.
    let tight = self::pool(Limits { max_pixels: 1_000, ..small() });
    for name in ["still.heic", "tiles.heic", "still.avif", "animated.avif", "sequence.heic", "still.jxl"] {
        assert_eq!(tight.look(kept(name).into(), Wanted::default()).await, Err(Unscanned::TooManyPixels), "{name}");
    }
    assert!(pool.look(kept("still.heic").into(), Wanted::default()).await.is_ok());
}

#[tokio::test]
async fn what_a_container_holds_decides() {
    let pool = pool(small());
    // HEVC that calls itself AVIF is what it is.
    let mut misnamed = kept("still.heic");
    misnamed[8..12].copy_from_slice(b"avif");
    assert_eq!(pool.look(misnamed.into(), Wanted::default()).await.unwrap().format, Format::Heic);
    // A picture of a kind that is not read, in a container that is.
    let other = exchanged(&kept("still.heic"), b"hvc1\0", b"j2k1\0");
    assert_eq!(pool.look(other, Wanted::default()).await, Err(Unscanned::UnsupportedFormat));
    // A film without anything in it.
    let film = [b"\0\0\0\x14ftypisom\0\0\0\0mp42".as_slice(), &[0; 64]].concat();
    assert_eq!(pool.look(film.into(), Wanted::default()).await, Err(Unscanned::Damaged));
    let empty = b"\0\0\0\x14ftypheic\0\0\0\0mif1".to_vec();
    assert_eq!(pool.look(empty.into(), Wanted::default()).await, Err(Unscanned::Damaged));
}
