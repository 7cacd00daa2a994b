//! Films through the pool, with the real ffmpeg and clips that it generates.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected fails")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use decode::{Coverage, Format, Limits, Look, Pool, Sampling, Unscanned, Wanted};
use fingerprint::{Grid, PdqHash};

const SECONDS: Wanted = Wanted { exact: false, turned: false, trimmed: false, sampling: Sampling::Seconds };
/// A picture that never stands still.
const MOVING: &str = "testsrc2=s=320x180:r=25,rotate=t/3";

fn pool(limits: Limits) -> Pool {
    Pool::new(PathBuf::from(env!("CARGO_BIN_EXE_decode-child")), Vec::new(), 2, limits)
}

#[expect(clippy::disallowed_methods, reason = "clips are made by another program")]
fn ffmpeg(words: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A clip of so many seconds in a container, coded as these words say.
fn clip(folder: &Path, name: &str, source: &str, seconds: &str, coded: &[&str]) -> Bytes {
    let path = folder.join(name);
    let words =
        [&["-f", "lavfi", "-i", source, "-t", seconds, "-pix_fmt", "yuv420p"], coded, &[path.to_str().unwrap()]]
            .concat();
    ffmpeg(&words);
    fs_err::read(path).unwrap().into()
}

/// The hashes of all frames, decoded from the first to the last.
fn every_frame(folder: &Path, name: &str) -> Vec<PdqHash> {
    let path = folder.join(name);
    let raw = ffmpeg(&[
        "-threads",
        "1",
        "-i",
        path.to_str().unwrap(),
        "-map",
        "0:V:0",
        "-fps_mode",
        "passthrough",
        "-pix_fmt",
        "gray",
        "-f",
        "rawvideo",
        "pipe:1",
    ]);
    raw.chunks(320 * 180).map(|frame| Grid::of_grey8(320, 180, frame).unwrap().unwrap().fingerprint()).collect()
}

/// Frames are those of a full decode, to the last bit, at the times where they stand. An AVI has no times for frames that
/// are shown in another order than they are coded in: there they are a few frames off.
fn assert_exact(look: &Look, every: &[PdqHash], name: &str) {
    let slack = if name.ends_with("old.avi") { 4 } else { 0 };
    for frame in &look.frames {
        let at = frame.index as usize;
        let near = &every[at.saturating_sub(slack)..=(at + slack).min(every.len() - 1)];
        let ours = PdqHash { hash: frame.hash, quality: frame.quality };
        assert!(near.contains(&ours), "{name}: frame {at} at {} ms", frame.at_ms);
        assert!(frame.at_ms.abs_diff(frame.index * 40) <= 90, "{name}: frame {at} at {} ms", frame.at_ms);
    }
}

const X264: &[&str] = &["-c:v", "libx264", "-preset", "veryfast", "-g", "50"];

/// Clips in these containers, coded so, against a full decode.
async fn assert_as_a_full_decode(cases: &[(&str, Format, &[&str])]) {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(Limits::default());
    for (name, format, coded) in cases {
        let media = clip(folder.path(), name, MOVING, "5", coded);
        let look = pool.look(media, SECONDS).await.unwrap();
        assert_eq!((look.format, look.width, look.height), (*format, 320, 180), "{name}");
        assert_eq!(look.coverage, Coverage::Sampled, "{name}");
        let video = look.video.unwrap();
        assert!(!video.cut_short && (123..=125).contains(&video.frames), "{name}: {video:?}");
        assert!((4_700..5_200).contains(&video.length_ms), "{name}: {video:?}");
        assert!((5..=12).contains(&look.frames.len()), "{name}: {} frames", look.frames.len());
        assert_exact(&look, &every_frame(folder.path(), name), name);
    }
}

#[tokio::test]
async fn h264_in_every_container_gives_the_frames_of_a_full_decode() {
    assert_as_a_full_decode(&[
        ("plain.mp4", Format::Mp4, X264),
        ("front.mp4", Format::Mp4, &["-c:v", "libx264", "-preset", "ultrafast", "-movflags", "+faststart"]),
        ("pyramid.mov", Format::Mp4, &["-c:v", "libx264", "-g", "50", "-bf", "5", "-x264-params", "b-pyramid=normal"]),
        ("open.mkv", Format::Matroska, &["-c:v", "libx264", "-g", "50", "-x264-params", "open-gop=1:bframes=3"]),
        ("refresh.mp4", Format::Mp4, &["-c:v", "libx264", "-x264-params", "intra-refresh=1:keyint=50"]),
        ("old.avi", Format::Avi, X264),
        ("stream.ts", Format::MpegTs, X264),
        ("flash.flv", Format::Flv, X264),
    ])
    .await;
}

#[tokio::test]
async fn every_other_codec_gives_the_frames_of_a_full_decode() {
    let hevc = "keyint=50:log-level=none:bframes=3:pools=1";
    let closed = "keyint=50:log-level=none:open-gop=0:pools=1";
    assert_as_a_full_decode(&[
        ("later.mkv", Format::Matroska, &["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", hevc]),
        ("later.mp4", Format::Mp4, &["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", closed]),
        ("eight.webm", Format::Matroska, &["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "50"]),
        ("nine.webm", Format::Matroska, &["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "50"]),
        ("one.mp4", Format::Mp4, &["-c:v", "libsvtav1", "-preset", "12", "-g", "50"]),
        ("four.avi", Format::Avi, &["-c:v", "mpeg4", "-g", "50", "-bf", "2", "-q:v", "4"]),
        ("four.mp4", Format::Mp4, &["-c:v", "mpeg4", "-g", "50", "-bf", "2", "-q:v", "4"]),
    ])
    .await;
}

#[tokio::test]
async fn the_whole_film_or_its_key_frames_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(Limits::default());
    let media = clip(folder.path(), "a.mp4", MOVING, "4", &["-c:v", "libx264", "-g", "50", "-sc_threshold", "0"]);
    let every = every_frame(folder.path(), "a.mp4");
    let keys = pool.look(media.clone(), Wanted { sampling: Sampling::KeyFrames, ..SECONDS }).await.unwrap();
    assert_eq!(keys.coverage, Coverage::KeyFrames);
    assert_eq!(keys.frames.iter().map(|frame| frame.index).collect::<Vec<_>>(), [0, 50]);
    assert_exact(&keys, &every, "key frames");
    let whole = pool.look(media, Wanted { sampling: Sampling::Whole, exact: true, ..SECONDS }).await.unwrap();
    assert_eq!((whole.coverage, whole.video.unwrap().frames), (Coverage::Whole, 100));
    assert!(whole.frames.len() > 30);
}

/// Cameras held upright write lying pictures and a turn: what is looked at is what is shown.
#[tokio::test]
async fn a_film_that_is_turned_is_seen_as_it_is_shown() {
    const ONE: i32 = 1 << 16;
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(Limits::default());
    let lying = clip(folder.path(), "a.mp4", MOVING, "4", &["-c:v", "libx264", "-g", "25"]);
    let plain = pool.look(lying.clone(), Wanted { turned: true, ..SECONDS }).await.unwrap();
    let to = folder.path().join("b.mp4");
    let matrix = lying.windows(4).position(|four| four == b"tkhd").unwrap() + 44;
    for (turn, [a, b, c, d]) in [("90", [0, ONE, -ONE, 0]), ("180", [-ONE, 0, 0, -ONE]), ("270", [0, -ONE, ONE, 0])] {
        let mut media = lying.to_vec();
        for (place, value) in [(0, a), (1, b), (3, c), (4, d)] {
            media[matrix + 4 * place..][..4].copy_from_slice(&value.to_be_bytes());
        }
        fs_err::write(&to, &media).unwrap();
        let to = to.to_str().unwrap();
        let turned = pool.look(media.clone().into(), Wanted { turned: true, ..SECONDS }).await.unwrap();
        let (width, height) = if turn == "180" { (320, 180) } else { (180, 320) };
        assert_eq!((turned.width, turned.height), (width, height), "{turn}");
        let shown = ffmpeg(&["-i", to, "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "pipe:1"]);
        let grid = Grid::of_grey8(width as usize, height as usize, &shown).unwrap().unwrap();
        let first = &turned.frames[0];
        assert!(grid.fingerprint().hash.distance(&first.hash) <= 2, "{turn}: it is not what ffmpeg shows");
        assert!(first.hash.distance(&plain.frames[0].hash) > 60, "{turn}: it is not turned");
        // Where a list was made of films as they are stored, the hashes of turned pictures find it.
        for (one, other) in turned.frames.iter().zip(&plain.frames) {
            let turns = one.turned.unwrap();
            assert!(turns.iter().any(|turn| turn.distance(&other.hash) <= 31), "{turn}: {} ms", one.at_ms);
        }
        let picture = pool.picture(media.into(), 320, decode::Shows::Whole, decode::Mark::NONE).await;
        let picture = image::load_from_memory(&picture.unwrap()).unwrap();
        assert_eq!(picture.width() < picture.height(), turn != "180", "{turn}");
    }
}

#[tokio::test]
async fn without_ffmpeg_a_film_is_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path(), "a.mp4", MOVING, "1", X264);
    let program = PathBuf::from(env!("CARGO_BIN_EXE_decode-child"));
    let pool = Pool::new(program, vec![decode::child::WITHOUT_FFMPEG.into()], 1, Limits::default());
    assert_eq!(pool.look(media, SECONDS).await, Err(Unscanned::NoFfmpeg));
}

/// A long film does not lie in the memory of a child that has none for it.
#[tokio::test]
async fn a_large_film_is_looked_at_by_children_with_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut media = clip(folder.path(), "a.mkv", MOVING, "4", X264).to_vec();
    // A void of Matroska behind it, which every reader passes over.
    let void = 200_usize << 20;
    media.extend([0xec, 0x01]);
    media.extend((void as u64).to_be_bytes().get(1..).unwrap());
    media.resize(media.len() + void, 0);
    let media = Bytes::from(media);
    let small = pool(Limits { max_memory_bytes: 160 << 20, ..Limits::default() });
    let picture = clip(folder.path(), "b.png", MOVING, "1", &["-frames:v", "1"]);
    assert!(small.look(picture, SECONDS).await.is_ok());
    let large = pool(Limits::default()).look(media.clone(), SECONDS).await.unwrap();
    assert!(large.frames.len() >= 4 && !large.video.unwrap().cut_short);
    // The child for pictures passes over it, and lives.
    let children = small.idle_children();
    assert_eq!(small.exif(media).await, Ok(decode::Exif::default()));
    assert_eq!(small.idle_children(), children);
}

#[tokio::test]
async fn a_change_of_scene_is_seen_between_the_seconds_and_what_stands_still_once() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(Limits::default());
    // Four seconds of one picture, and another one from 4.4 s on.
    let source = "testsrc2=s=320x180:r=25,loop=loop=109:size=1,trim=end_frame=110[a];mandelbrot=s=320x180:r=25,loop=loop=100:size=1,trim=end_frame=60[b];[a][b]concat";
    for (name, cut) in [("cut.mp4", "40"), ("nocut.mp4", "0")] {
        let media = clip(folder.path(), name, source, "6", &["-c:v", "libx264", "-g", "250", "-sc_threshold", cut]);
        let look = pool.look(media, SECONDS).await.unwrap();
        let times: Vec<u32> = look.frames.iter().map(|frame| frame.at_ms).collect();
        // Frames that are shown a little before it may be coded after it, with its help.
        assert!(times.iter().any(|at| (4_400..=4_520).contains(at)), "{name}: {times:?}");
        assert!(look.frames.len() <= 4, "{name}: {times:?}");
    }
}

#[tokio::test]
async fn damage_and_garbage_are_never_a_whole_film() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(Limits { film_time: Duration::from_mins(1), ..Limits::default() });
    let x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25"];
    for name in ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.flv"] {
        let media = clip(folder.path(), name, MOVING, "4", &x264);
        let half = media.slice(..media.len() / 2);
        match pool.look(half, SECONDS).await {
            Ok(look) => assert!(look.video.unwrap().length_ms < 3_000, "{name}: {:?}", look.video),
            Err(why) => assert_eq!((why, name), (Unscanned::Damaged, "a.mp4")),
        }
        for (at, what) in [(40, "head"), (media.len() / 3, "middle")] {
            let mut bent = media.to_vec();
            for byte in &mut bent[at..at + 600] {
                *byte = byte.wrapping_mul(31).wrapping_add(7);
            }
            // Whatever comes of it, the pool lives and says something.
            drop((pool.look(bent.into(), SECONDS).await, what));
        }
        let mut noise = media[..64].to_vec();
        noise.extend((0..40_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
        assert!(pool.look(noise.into(), SECONDS).await.is_err(), "{name}");
        assert!(pool.look(media, SECONDS).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn limits_cut_a_film_short_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path(), "a.mp4", MOVING, "8", &["-c:v", "libx264", "-preset", "ultrafast", "-g", "25"]);
    let few = pool(Limits { max_film_frames: 3, ..Limits::default() });
    let look = few.look(media.clone(), SECONDS).await.unwrap();
    assert!(look.video.unwrap().cut_short);
    assert_eq!(look.frames.len(), 3);
    let narrow = pool(Limits { max_pixels: 10_000, ..Limits::default() });
    assert_eq!(narrow.look(media.clone(), SECONDS).await, Err(Unscanned::TooManyPixels));
    let hasty = pool(Limits { film_time: Duration::from_millis(1), ..Limits::default() });
    match hasty.look(media, SECONDS).await {
        Ok(look) => assert!(look.video.unwrap().cut_short),
        Err(why) => assert_eq!(why, Unscanned::TimedOut),
    }
}

#[tokio::test]
async fn a_picture_and_a_strip_are_new_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(Limits::default());
    let red = clip(folder.path(), "a.mp4", "color=red:s=320x180:r=25", "3", &["-c:v", "libx264"]);
    let picture = image::load_from_memory(
        &pool.picture(red.clone(), 200, decode::Shows::Whole, decode::Mark::NONE).await.unwrap(),
    )
    .unwrap()
    .into_rgb8();
    assert_eq!(picture.dimensions(), (200, 113));
    let [r, g, b] = picture.get_pixel(100, 50).0;
    assert!(r > 200 && g < 60 && b < 60, "{r} {g} {b}");
    let veiled = image::load_from_memory(
        &pool.picture(red.clone(), 900, decode::Shows::default(), decode::Mark::NONE).await.unwrap(),
    )
    .unwrap()
    .into_rgb8();
    let [r, g, b] = veiled.get_pixel(80, 40).0;
    assert!(veiled.width() <= 160 && r.abs_diff(g) < 9 && g.abs_diff(b) < 9);
    let (every_ms, reel) = pool.reel(red.clone(), decode::Shows::Whole, decode::Mark::NONE).await.unwrap();
    assert!(every_ms >= 250 && (2..=120).contains(&reel.len()), "{every_ms} ms, {} pictures", reel.len());
    let sides: Vec<_> =
        reel.iter().map(|jpeg| image::load_from_memory(jpeg).unwrap().into_rgb8().dimensions()).collect();
    assert!(sides.iter().all(|(_, height)| *height <= 360), "{sides:?}");
    let veil = decode::Shows::Veiled(decode::Veil::THIN);
    for jpeg in pool.reel(red.clone(), veil, decode::Mark::NONE).await.unwrap().1 {
        let veiled = image::load_from_memory(&jpeg).unwrap().into_rgb8();
        assert!(veiled.width() <= 160 && veiled.pixels().all(|pixel| pixel.0[0].abs_diff(pixel.0[1]) < 12));
    }
    let strip = image::load_from_memory(&pool.strip(red, decode::Veil::THIN, decode::Mark::NONE).await.unwrap())
        .unwrap()
        .into_rgb8();
    assert_eq!(strip.dimensions(), (12 * 160, 90));
    let [r, g, b] = strip.get_pixel(12 * 160 - 40, 40).0;
    assert!(r > 30 && r.abs_diff(g) < 9 && g.abs_diff(b) < 9, "the last frame is missing: {r} {g} {b}");
}

/// What is shown of a film bears the mark: its frame, veiled or not, and the strip.
#[tokio::test]
async fn what_is_shown_of_a_film_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let pool = pool(Limits::default());
    let red = clip(folder.path(), "a.mp4", "color=red:s=640x360:r=25", "3", &["-c:v", "libx264"]);
    let mark = decode::Mark::new("STAFF 17 CASE 0123456789AB 2026-11-25 12:00Z");
    for what in ["frame", "veiled", "strip"] {
        let shown = async |mark| {
            let shows = if what == "veiled" { decode::Shows::default() } else { decode::Shows::Whole };
            let jpeg = if what == "strip" {
                pool.strip(red.clone(), decode::Veil::THIN, mark).await
            } else {
                pool.picture(red.clone(), 640, shows, mark).await
            };
            image::load_from_memory(&jpeg.unwrap()).unwrap().into_luma8()
        };
        let (plain, marked) = (shown(decode::Mark::NONE).await, shown(mark).await);
        // One that is very small is made larger; its corners are the same.
        let (width, height) = marked.dimensions();
        let step = width / plain.width();
        let change = |(x, y): (u32, u32)| {
            u64::from(marked.get_pixel(x, y).0[0].abs_diff(plain.get_pixel(x / step, y / step).0[0]))
        };
        let points = mark.points(width, height);
        let on_the_letters = points.iter().map(|point| change(*point)).sum::<u64>() / points.len() as u64;
        let all = (0..width).flat_map(|x| (0..height).map(move |y| (x, y))).map(change).sum::<u64>();
        let everywhere = all / u64::from(width * height);
        assert!(on_the_letters >= 15 && everywhere * 3 < on_the_letters, "{what}: {on_the_letters} {everywhere}");
    }
}

/// What ffmpeg does when it is started as it is for a film.
#[expect(clippy::disallowed_methods, reason = "the child is started without its pool, to try what it may do")]
fn held(words: &[&str]) -> (bool, Vec<u8>) {
    let output = Command::new(env!("CARGO_BIN_EXE_decode-child"))
        .args(["ffmpeg", "20", "1073741824", "--", "-v", "error", "-nostdin", "-y"])
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.success(), output.stdout)
}

#[tokio::test]
async fn ffmpeg_reads_no_file_writes_none_and_reaches_no_network() {
    let folder = tempfile::tempdir().unwrap();
    clip(folder.path(), "a.mkv", MOVING, "1", X264);
    let (film, copy) = (folder.path().join("a.mkv"), folder.path().join("copy.mkv"));
    let [film, copy_to] = [&film, &copy].map(|path| path.to_str().unwrap());
    let source = ["-f", "lavfi", "-i", "color=red:s=16x16:r=1", "-frames:v", "1"];
    let (ran, frame) = held(&[&source, ["-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"].as_slice()].concat());
    assert!(ran && frame.len() == 256, "held as it is, it does its work");
    assert!(!held(&["-i", film, "-c", "copy", "-f", "matroska", "pipe:1"]).0, "it read a file");
    assert!(!held(&[&source, [copy_to].as_slice()].concat()).0 && !copy.exists(), "it wrote a file");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    assert!(!held(&[&source, ["-f", "matroska", &address].as_slice()].concat()).0, "it reached the network");
    assert!(listener.accept().is_err(), "somebody connected");
}

#[tokio::test]
async fn no_ffmpeg_outlives_the_look_that_was_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let media =
        clip(folder.path(), "a.mp4", "testsrc2=s=1280x720:r=50", "20", &["-c:v", "libx264", "-preset", "ultrafast"]);
    let pool = pool(Limits::default());
    let marks = || {
        let processes = fs_err::read_dir("/proc").unwrap().filter_map(Result::ok);
        processes
            .filter(|process| {
                let words = fs_err::read(process.path().join("cmdline")).unwrap_or_default();
                let folder = fs_err::read_link(process.path().join("cwd")).unwrap_or_default();
                words.starts_with(b"/usr/bin/ffmpeg")
                    && words.windows(9).any(|at| at == b"mod(pts,2")
                    && folder == Path::new("/")
            })
            .map(|process| process.file_name())
            .collect::<std::collections::BTreeSet<_>>()
    };
    let before = marks();
    let mut looks = tokio::task::JoinSet::new();
    looks.spawn({
        let (pool, media) = (pool.clone(), media.clone());
        async move { pool.look(media, Wanted { sampling: Sampling::Whole, ..SECONDS }).await }
    });
    let ours = loop {
        let ours: Vec<_> = marks().difference(&before).cloned().collect();
        if let [ours] = ours.as_slice() {
            break ours.clone();
        }
        assert!(looks.try_join_next().is_none(), "the film was over too soon");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    looks.shutdown().await;
    while marks().contains(&ours) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
