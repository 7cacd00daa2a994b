//! The child that looks at a stream: it sieves what it is shown, has an ffmpeg decode it, and says what it sees of each frame.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::process::{ChildStdin, Stdio};

use fingerprint::Grid;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage};

use super::{Mode, Sieve};
use crate::film::mkv::Packet;
use crate::film::nut::Reader;
use crate::film::{RAW, Starter, ffmpeg};
use crate::protocol::Answer;
use crate::{Coverage, Format, Look, Veil, Wanted, confine, pictures};

/// Frames that are larger are made smaller before they are looked at. Others are looked at as they are: making them smaller costs
/// as much as it saves, and moves their fingerprints.
const MOST_SIDE: &str = "scale=w='min(iw,1920)':h='min(ih,1920)':force_original_aspect_ratio=decrease";
/// Bytes of a frame of that size.
const MOST_FRAME: usize = 1920 * 1920 + 16;
/// Which frames come of those that are decoded: a little less than a quarter of a second apart, for frames are not exactly in time, and
/// key frames a little nearer. A time that goes back begins anew.
const CLOSELY: &str = "isnan(prev_selected_t)+gte(abs(t-prev_selected_t)\\,if(key\\,0.2\\,0.24))";
/// Frames that are nearer than this to the one before are not looked at: in milliseconds.
const APART: i64 = 200;
/// Milliseconds of the stream between two thumbnails.
const THUMBNAIL_EVERY: i64 = 2_000;
/// The longest side of one.
const THUMBNAIL: u32 = 160;

/// Looks at what comes on standard input, until it ends.
pub(crate) fn look(
    prefix: &[OsString],
    mode: Mode,
    wanted: Wanted,
    max_memory: u64,
    input: &mut (impl Read + Send),
    output: &mut impl Write,
) -> io::Result<()> {
    let program = std::env::current_exe()?;
    let nowhere = File::options().write(true).open("/dev/null")?;
    let ffmpeg = ffmpeg().ok_or(io::ErrorKind::NotFound)?;
    confine::as_starter(&program, &ffmpeg, max_memory);
    confine::write_nothing();
    // It runs as long as the stream does: no limit of computing.
    let starter = Starter { program, prefix: prefix.to_vec(), seconds: u64::MAX, max_memory, nowhere };
    let filter = format!("select='{CLOSELY}',{MOST_SIDE},format=gray");
    let words = [
        "-threads",
        "1",
        "-copyts",
        "-fflags",
        // Every unit is one frame with its times: nothing is parsed, and so nothing waited for.
        "+discardcorrupt+noparse+nofillin",
        "-flags",
        "low_delay",
        // Frames that no other is made with the help of are as good to leave out as any.
        "-skip_frame",
        "noref",
        "-probesize",
        // The first frame says everything.
        "32",
        "-analyzeduration",
        "500000",
        "-protocol_whitelist",
        "pipe",
        "-noautorotate",
        "-f",
        "mpegts",
        "-i",
        "pipe:0",
        "-map",
        "0:V:0",
        "-filter_threads",
        "1",
        "-vf",
        &filter,
        "-flush_packets",
        "1",
    ];
    let words = [words.as_slice(), &RAW].concat();
    let mut decoder = starter.start(Stdio::piped(), &words)?;
    let (Some(feed), Some(frames)) = (decoder.stdin.take(), decoder.stdout.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            confine::as_reader();
            // When it is shown nothing more, or the decoder is gone, the other side sees the end.
            drop(sieve(input, feed, mode));
        });
        confine::as_reader();
        let seen = see(frames, wanted, output);
        // The sieve may still wait for more: nobody looks at it any more.
        std::process::exit(i32::from(seen.is_err()))
    })
}

fn sieve(input: &mut impl Read, mut feed: ChildStdin, mode: Mode) -> io::Result<()> {
    let mut sieve = Sieve::new(mode);
    let (mut out, mut bytes) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let read = input.read(&mut bytes)?;
        if read == 0 {
            return Ok(());
        }
        sieve.take(bytes.get(..read).unwrap_or_default(), &mut out);
        if !out.is_empty() {
            feed.write_all(&out)?;
            out.clear();
        }
    }
}

fn see(frames: impl Read, wanted: Wanted, output: &mut impl Write) -> io::Result<()> {
    let mut frames = Reader::new(BufReader::with_capacity(1 << 20, frames), MOST_FRAME);
    let (width, height) = frames.size()?;
    let (across, down) = (width as usize, height as usize);
    let (mut last, mut thumbnail) = (None::<i64>, None::<i64>);
    // A time that goes back begins anew.
    let due = |last: Option<i64>, at: i64, apart: i64| last.is_none_or(|last| at < last || at - last >= apart);
    while let Some(Packet { at, data, .. }) = frames.packet()? {
        // Frames of another size: it is begun anew.
        if data.len() != across.saturating_mul(down) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if !due(last, at, APART) {
            continue;
        }
        last = Some(at);
        let grid = Grid::of_grey8(across, down, &data).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut hash = pictures::frame(0, grid.as_ref(), wanted);
        hash.at_ms = u32::try_from(at.max(0)).unwrap_or(u32::MAX);
        let grey = GrayImage::from_raw(width, height, data).map(DynamicImage::ImageLuma8);
        let Some(grey) = grey else { return Err(io::ErrorKind::InvalidData.into()) };
        if wanted.trimmed && grid.is_some_and(|grid| grid.may_have_borders()) {
            hash.trimmed = pictures::trimmed(&grey.to_rgb8(), wanted).ok().flatten();
        }
        let look = Look {
            format: Format::MpegTs,
            width,
            height,
            frames: vec![hash],
            frames_seen: 1,
            coverage: Coverage::Sampled,
            video: None,
        };
        say(output, &Answer::Look(look))?;
        if due(thumbnail, at, THUMBNAIL_EVERY) {
            thumbnail = Some(at);
            let small = grey.thumbnail(THUMBNAIL, THUMBNAIL).fast_blur(Veil::of(4).blur()).into_luma8();
            let mut jpeg = Vec::new();
            if JpegEncoder::new_with_quality(&mut jpeg, 70).encode_image(&small).is_ok() {
                say(output, &Answer::Picture(jpeg))?;
            }
        }
    }
    Ok(())
}

fn say(output: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let body = answer.to_bytes();
    let length = u32::try_from(body.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    output.write_all(&[length.to_le_bytes().as_slice(), &body].concat())?;
    output.flush()
}
