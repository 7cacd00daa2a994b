//! What we read from HEIC, AVIF, JPEG XL and JPEG, and what the formats' own libraries read.
//!
//! Needs `TANOD_TEST_PYTHON`, the path of a Python that has the wheels; `script/test` makes one. `TANOD_TEST_PEER` may
//! name a folder with pairs that `peer.py` wrote before.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use decode::{Coverage, Limits, Pool, Wanted};

fn pool() -> Pool {
    let limits = Limits {
        max_pixels: 10_000_000,
        max_frames: 5,
        max_memory_bytes: 2 << 30,
        time: Duration::from_mins(2),
        ..Limits::default()
    };
    Pool::new(PathBuf::from(env!("CARGO_BIN_EXE_decode-child")), Vec::new(), 2, limits)
}

#[test]
#[ignore = "needs TANOD_TEST_PYTHON with the wheels; script/test runs it"]
#[expect(clippy::disallowed_methods, reason = "the wheels run in another program")]
fn an_exact_look_at_a_jpeg_is_to_the_last_bit_that_of_other_programs() {
    let made = tempfile::tempdir().unwrap();
    let python = std::env::var("TANOD_TEST_PYTHON").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jpeg_peer.py");
    let output = std::process::Command::new(python).arg(script).arg(made.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = String::from_utf8(output.stdout).unwrap();
    let (mut files, mut faults) = (0, Vec::new());
    for line in list.lines() {
        let parts: Vec<&str> = line.split(' ').collect();
        let [file, raw, width, height, hash, quality] = parts.try_into().unwrap();
        let (media, theirs) = (fs_err::read(file).unwrap(), fs_err::read(raw).unwrap());
        let ours = decode::sides::jpeg_pixels(&media).unwrap();
        let pixels = ours == (width.parse().unwrap(), height.parse().unwrap(), theirs);
        let seen = decode::sides::look(&media, Wanted { exact: true, ..Wanted::default() }).unwrap();
        let frame = seen.frames.first().unwrap();
        // A tiny picture is blown up: most of its frequencies are nothing but how an addition was rounded.
        let tiny = seen.width.min(seen.height) < 17;
        let same = tiny || (frame.hash.to_string(), frame.quality.to_string()) == (hash.into(), quality.into());
        files += 1;
        if !(pixels && same) {
            faults.push(format!("{file}, {width} by {height}: same pixels {pixels}, same hash {same}"));
        }
    }
    assert!(faults.is_empty(), "{} of {files}:\n{}", faults.len(), faults.join("\n"));
    assert!(files > 300, "only {files} files");
}

/// How far the brightness of two pictures of one size is from each other, in the mean. Colours are not compared: how
/// coarse colour planes are made fine again is each library's own matter.
async fn apart(pool: &Pool, ours: &Bytes, theirs: &Bytes) -> f64 {
    let read = async |bytes: &Bytes| {
        image::load_from_memory(
            &pool.picture(bytes.clone(), 8_192, decode::Shows::Whole, decode::Mark::NONE).await.unwrap(),
        )
        .unwrap()
        .into_luma8()
    };
    let (ours, theirs) = (read(ours).await, read(theirs).await);
    assert_eq!(ours.dimensions(), theirs.dimensions());
    let sum: u64 = ours.iter().zip(theirs.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    #[expect(clippy::cast_precision_loss, reason = "a mean of bytes")]
    let mean = sum as f64 / ours.len() as f64;
    mean
}

#[tokio::test]
#[ignore = "needs TANOD_TEST_PYTHON with the wheels; script/test runs it"]
#[expect(clippy::disallowed_methods, reason = "the wheels run in another program")]
async fn every_setting_reads_as_the_formats_own_library_reads_it() {
    let made = tempfile::tempdir().unwrap();
    let list = if let Ok(folder) = std::env::var("TANOD_TEST_PEER") {
        fs_err::read_to_string(Path::new(&folder).join("list")).unwrap()
    } else {
        let python = std::env::var("TANOD_TEST_PYTHON").unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
        let output = std::process::Command::new(python).arg(script).arg(made.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let pool = pool();
    let (mut pairs, mut bits, mut worst, mut farthest, mut faults) = (0_u32, 0, 0, 0.0_f64, Vec::new());
    for line in list.lines() {
        let (file, png) = line.split_once(' ').unwrap();
        let (ours, theirs): (Bytes, Bytes) = (fs_err::read(file).unwrap().into(), fs_err::read(png).unwrap().into());
        let theirs_seen = pool.look(theirs.clone(), Wanted::default()).await.unwrap();
        let seen = match pool.look(ours.clone(), Wanted::default()).await {
            Ok(seen) => seen,
            Err(error) => {
                faults.push(format!("{file}: {error}"));
                continue;
            }
        };
        assert_eq!((seen.width, seen.height), (theirs_seen.width, theirs_seen.height), "{file}");
        assert_eq!(seen.coverage, Coverage::Whole, "{file}");
        let (Some(a), Some(b)) = (seen.frames.first(), theirs_seen.frames.first()) else { panic!("{file}") };
        let distance = a.hash.distance(&b.hash);
        let mean = apart(&pool, &ours, &theirs).await;
        pairs += 1;
        bits += distance;
        worst = worst.max(distance);
        farthest = farthest.max(mean);
        if (distance > 4 && b.quality >= 50) || mean > 2.0 {
            faults.push(format!("{file}: {distance} bits, {mean:.2} apart, quality {} and {}", a.quality, b.quality));
        }
    }
    println!("{pairs} pairs, {bits} bits apart together, at most {worst}, and at most {farthest:.2} in the mean");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(pairs > 300, "only {pairs} pairs");
}
