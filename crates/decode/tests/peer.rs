//! What we read from HEIC, AVIF, JPEG XL and JPEG, and what the formats' own libraries read.
//!
//! Needs `TANOD_TEST_PYTHON`, the path of a Python that has the wheels; `script/test` makes one. `TANOD_TEST_PEER` may
//! name a folder with pairs that `peer.py` wrote before.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use decode::{Coverage, Limits, Pool, Wanted};
use fingerprint::Vpdq;

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

/// Frames that the vpdq wheel and we look at have the same hash, and each reads what the other writes.
#[tokio::test]
#[ignore = "needs TANOD_TEST_PYTHON with the wheels; script/test runs it"]
#[expect(clippy::disallowed_methods, reason = "the wheel and ffmpeg are other programs")]
async fn a_film_has_the_hashes_of_the_vpdq_wheel_and_each_reads_the_other() {
    let made = tempfile::tempdir().unwrap();
    let clips = [
        ("a.mp4", "testsrc2=s=640x360:r=25,rotate=t/3", ["-c:v", "libx264", "-g", "50"]),
        ("b.mkv", "mandelbrot=s=640x360:r=30:end_scale=0.01", ["-c:v", "libx264", "-g", "250"]),
        ("c.mp4", "testsrc2=s=480x270:r=24,noise=alls=12:allf=t", ["-c:v", "mpeg4", "-q:v", "3"]),
        ("d.webm", "testsrc2=s=320x240:r=25,rotate=-t/5", ["-c:v", "libvpx", "-g", "100"]),
    ];
    let mut looks = Vec::new();
    for (name, source, coded) in clips {
        let path = made.path().join(name);
        let words = ["-v", "error", "-nostdin", "-f", "lavfi", "-i", source, "-t", "8", "-pix_fmt", "yuv420p"];
        let output = std::process::Command::new("ffmpeg").args(words).args(coded).arg(&path).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let media = Bytes::from(fs_err::read(&path).unwrap());
        let look = pool().look(media, Wanted { exact: true, ..Wanted::default() }).await.unwrap().vpdq().unwrap();
        fs_err::write(made.path().join(format!("{name}.ours")), look.to_string()).unwrap();
        looks.push((path, look));
    }
    let python = std::env::var("TANOD_TEST_PYTHON").unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vpdq_peer.py");
    let paths = looks.iter().map(|(path, _)| path);
    let output = std::process::Command::new(python).arg(script).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().count(), looks.len());
    for ((path, ours), line) in looks.iter().zip(said.lines()) {
        let name = path.display();
        let said: serde_json::Value = serde_json::from_str(line).unwrap();
        let texts = |field: &str| -> Vec<String> {
            said[field].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
        };
        let theirs = Vpdq::from_text(&texts("lines").join("\n")).unwrap();
        let compact = texts("compact");
        let compact = Vpdq::from_compact(compact.iter().map(String::as_str)).unwrap();
        assert_eq!(compact.frames().len(), theirs.frames().len(), "{name}");
        let mut met = 0;
        for frame in theirs.frames() {
            // What hardly differs from the frame before stands for it and is not told again.
            let Some(same) = ours.frames().iter().find(|ours| ours.number == frame.number) else { continue };
            met += 1;
            assert!(same.at_ms.abs_diff(frame.at_ms) <= 45, "{name}: frame {} at {}", frame.number, frame.at_ms);
            let apart = same.hash.distance(&frame.hash);
            assert!(apart <= 8 && same.quality.abs_diff(frame.quality) <= 2, "{name}: frame {}: {apart}", frame.number);
        }
        assert!(met * 4 >= theirs.frames().len() * 3, "{name}: {met} of {} frames", theirs.frames().len());
        let shares: Vec<f64> = said["shares"].as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).collect();
        assert!(shares.iter().all(|share| *share >= 80.0), "{name}: {shares:?}");
    }
}
