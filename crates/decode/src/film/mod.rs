//! A film becomes frames: one ffmpeg takes its packets out of the container, we choose which of them matter, and a second one
//! decodes those to raw brightness over a pipe. Nothing is written to disk: the film lies in sealed memory.

pub(crate) mod mkv;
pub(crate) mod nut;
mod plan;
mod start;
mod turn;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fingerprint::Grid;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GenericImage as _, GrayImage, RgbImage};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use self::mkv::{Packet, Reader, Track};
use self::plan::Planner;
use self::turn::Turn;
use crate::protocol::{Answer, Ask, REEL, Request};
use crate::{
    Confinement, Coverage, Format, Look, Mark, Sampling, Shows, Unscanned, Veil, Video, Wanted, confine, pictures,
};

pub(crate) use self::start::{Starter, ffmpeg, hand_over, wide};

type Result<T> = std::result::Result<T, Unscanned>;

/// Bits by which a frame may differ from the one before and still be the same picture.
const SAME_WITHIN: u32 = 6;
/// Frames of a strip.
const STRIP: u32 = 12;
/// Pixels that a frame of a strip is high.
const STRIP_HEIGHT: u32 = 90;
/// Pixels that a frame of a reel is high.
const REEL_HEIGHT: u32 = 360;
/// Frames of a reel are not closer.
const REEL_EVERY_MS: u32 = 250;
/// ffmpeg's name for where the film lies: its own standard input, which it can seek in.
const HERE: &str = "/proc/self/fd/0";
/// How an ffmpeg writes down packets: Matroska to its standard output. Where its tracks had random names, it would search for
/// randomness for a tenth of a second, for it can open no file; and nobody looks at a checksum within one machine.
const OUT: [&str; 7] = ["-fflags", "+bitexact", "-write_crc32", "0", "-f", "matroska", "pipe:1"];

/// How one writes down frames: raw, each with its own time in milliseconds and none held back for others.
pub(crate) const RAW: [&str; 13] = [
    "-fps_mode",
    "passthrough",
    "-enc_time_base",
    "1/1000",
    "-threads",
    "1",
    "-c:v",
    "rawvideo",
    "-fflags",
    "+bitexact",
    "-f",
    "nut",
    "pipe:1",
];

/// What a film is, by its first bytes, and what ffmpeg calls its container.
pub(crate) fn recognise(media: &[u8]) -> Option<(Format, &'static str)> {
    let at = |at: usize, mark: &[u8]| media.get(at..at + mark.len()) == Some(mark);
    let atom = |kinds: &[&[u8]]| kinds.iter().any(|kind| at(4, kind));
    let packets = |first: usize, each: usize| {
        let mut marks = (0..3).map(|n| media.get(first + n * each));
        marks.all(|mark| mark.is_none_or(|byte| *byte == 0x47)) && media.len() >= first + each
    };
    // A small atom, not a text that has the word there; and none of the brands of still pictures.
    let small = media.first() == Some(&0);
    let stills: [&[u8]; 11] =
        [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"mif2"];
    let is_still = stills.iter().any(|brand| at(8, brand));
    if (atom(&[b"ftyp"]) && !is_still) || atom(&[b"moov", b"mdat"]) || (small && atom(&[b"wide", b"free", b"skip"])) {
        Some((Format::Mp4, "mov"))
    } else if at(0, &[0x1a, 0x45, 0xdf, 0xa3]) {
        Some((Format::Matroska, "matroska"))
    } else if at(0, b"RIFF") && at(8, b"AVI ") {
        Some((Format::Avi, "avi"))
    } else if at(0, b"FLV\x01") {
        Some((Format::Flv, "flv"))
    } else if packets(0, 188) || packets(4, 192) {
        Some((Format::MpegTs, "mpegts"))
    } else {
        None
    }
}

/// How a film is turned, without a look at it, for fuzzing.
pub(crate) fn turned(media: &[u8]) {
    turn::of(&mut io::Cursor::new(media));
}

/// The child that looks at one film: it is started for it and ends with it.
pub(crate) struct FilmChild {
    starter: Starter,
    confinement: Confinement,
}

impl FilmChild {
    /// Gives up everything but what is needed to start ffmpeg. None without an ffmpeg.
    pub(crate) fn new(prefix: &[OsString], seconds: u64, max_memory: u64) -> Option<Self> {
        let program = std::env::current_exe().ok()?;
        let nowhere = File::options().write(true).open("/dev/null").ok()?;
        let confinement = confine::as_starter(&program, &ffmpeg()?, max_memory);
        let starter = Starter { program, prefix: prefix.to_vec(), seconds, max_memory, nowhere };
        Some(Self { starter, confinement })
    }

    /// Reads the film into sealed memory, and answers.
    pub(crate) fn answer(&self, request: &Request, input: &mut impl Read) -> io::Result<Answer> {
        let mut film = File::from(memfd_create("film", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
        if io::copy(&mut input.take(request.media), &mut film)? != request.media {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        fcntl_add_seals(&film, SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE)?;
        film.rewind()?;
        let mut head = Vec::new();
        (&film).take(600).read_to_end(&mut head)?;
        film.rewind()?;
        confine::write_nothing();
        let Some((format, container)) = recognise(&head) else {
            return Ok(Answer::Unscanned(Unscanned::UnsupportedFormat));
        };
        let turn = turn::of(&mut film);
        film.rewind()?;
        let deadline = Instant::now() + Duration::from_millis(u64::from(request.time_ms));
        let look = Looking { child: self, request, film: &film, container, turn, deadline };
        let answer = match request.ask {
            Ask::Hello => return Ok(Answer::Hello(self.confinement)),
            Ask::Kind => return Ok(Answer::Film),
            // No camera's fields are read of a film.
            Ask::Exif => return Ok(Answer::Exif(crate::Exif::default())),
            Ask::Fingerprints(wanted) => look.fingerprints(format, wanted).map(Answer::Look),
            Ask::Picture { max_side, shows, mark } => look.picture(max_side, shows, mark).map(Answer::Picture),
            Ask::Strip { veil, mark } => look.strip(veil, mark).map(Answer::Picture),
            Ask::Reel { shows, mark } => look.reel(shows, mark),
        };
        Ok(answer.unwrap_or_else(Answer::Unscanned))
    }
}

/// Frames that were asked for: when, and which of the film.
type Asked = Arc<Mutex<BTreeMap<i64, u32>>>;

/// What the packets said once all were read.
#[derive(Clone, Copy, Debug, Default)]
struct Passed {
    frames: u32,
    end_ms: i64,
    /// Whether it was left before its end.
    cut_short: bool,
}

/// One raw frame.
struct Frame {
    at_ms: u32,
    number: u32,
    pixels: Vec<u8>,
}

/// How frames are to come.
#[derive(Clone, Copy)]
struct Form {
    sampling: Sampling,
    every_ms: u32,
    /// Whether frames where the scene changes are wanted too.
    scenes: bool,
    /// Red, green and blue instead of brightness, and no higher than this.
    colour: Option<u32>,
    max_frames: u32,
}

struct Looking<'a> {
    child: &'a FilmChild,
    request: &'a Request,
    film: &'a File,
    container: &'static str,
    turn: Turn,
    deadline: Instant,
}

impl Looking<'_> {
    /// The packets of the film's first video track.
    fn packets(&self) -> Result<(Reader<BufReader<ChildStdout>>, Track, Child)> {
        let film = self.film.try_clone().map_err(|_| Unscanned::Crashed)?;
        let words = ["-protocol_whitelist", "file", "-fflags", "+genpts", "-f", self.container, "-i", HERE];
        let out = ["-map", "0:V:0", "-map_metadata", "-1", "-map_chapters", "-1", "-c", "copy"];
        let mut child =
            self.child.starter.start(Stdio::from(film), &[words.as_slice(), &out, &OUT].concat()).map_err(down)?;
        let output = child.stdout.take().ok_or(Unscanned::DecoderDown)?;
        let most = usize::try_from(self.request.media).unwrap_or(usize::MAX).saturating_add(1 << 16);
        let mut reader = Reader::new(BufReader::with_capacity(1 << 16, output), most);
        let track = reader.track().map_err(|_| Unscanned::Damaged)?;
        let pixels = u64::from(track.width) * u64::from(track.height);
        match pixels {
            0 => Err(Unscanned::Damaged),
            _ if pixels > self.request.max_pixels => Err(Unscanned::TooManyPixels),
            _ => Ok((reader, track, child)),
        }
    }

    /// Every wanted frame in turn. Says the size of frames, and what was read of the film.
    fn frames(&self, form: Form, mut each: impl FnMut((u32, u32), Frame) -> Result<()>) -> Result<Passed> {
        let (packets, track, mut taker) = self.packets()?;
        let (width, height) = form.size(&track, self.turn);
        let depth = if form.colour.is_some() { 3 } else { 1 };
        let shape = if depth == 3 { "rgb24" } else { "gray" };
        let Turn { filter: turn, lies } = self.turn;
        let size = if lies { (height, width) } else { (width, height) };
        // Wanted frames have odd times.
        let filter = format!("select='mod(pts,2)',scale={width}:{height},format={shape}{turn}");
        let words = [
            "-threads",
            "1",
            "-copyts",
            "-protocol_whitelist",
            "pipe",
            "-noautorotate",
            "-f",
            "matroska",
            "-i",
            "pipe:0",
            "-map",
            "0:V:0",
            "-filter_threads",
            "1",
            "-vf",
            &filter,
        ];
        let words = [words.as_slice(), &RAW].concat();
        let mut decoder = self.child.starter.start(Stdio::piped(), &words).map_err(down)?;
        let (Some(input), Some(output)) = (decoder.stdin.take(), decoder.stdout.take()) else {
            return Err(Unscanned::DecoderDown);
        };
        let asked = Asked::default();
        let planner = Planner::new(&track, form.sampling, form.every_ms, form.scenes);
        let feed = Feed {
            packets,
            input: BufWriter::new(input),
            planner,
            asked: Arc::clone(&asked),
            max_frames: form.max_frames,
            deadline: self.deadline,
        };
        std::thread::scope(|scope| {
            let header = track.header.as_slice();
            // Both ffmpegs run: from here on nothing is started and nothing opened, in either thread.
            let passing = scope.spawn(move || {
                confine::as_reader();
                feed.run(header)
            });
            confine::as_reader();
            let length = (width as usize).saturating_mul(height as usize).saturating_mul(depth);
            let mut frames = nut::Reader::new(BufReader::with_capacity(1 << 20, output), length.saturating_add(16));
            let mut late = false;
            if frames.size().is_ok() {
                while let Ok(Some(Packet { at, data, .. })) = frames.packet() {
                    if Instant::now() >= self.deadline {
                        late = true;
                        break;
                    }
                    let number = asked.lock().unwrap_or_else(PoisonError::into_inner).remove(&at);
                    let (Some(number), true) = (number, data.len() == length) else { continue };
                    let at_ms = u32::try_from(at.max(0) / 2).unwrap_or(u32::MAX);
                    each(size, Frame { at_ms, number, pixels: data })?;
                }
            }
            // The one that feeds ends when the one that reads is gone.
            drop(frames);
            let mut read = passing.join().map_err(|_| Unscanned::Crashed)?;
            // Their pipes are closed: they end, and what they cost counts as ours.
            drop((taker.wait(), decoder.wait()));
            read.cut_short |= late;
            Ok(read)
        })
    }

    fn fingerprints(&self, format: Format, wanted: Wanted) -> Result<Look> {
        let form = Form {
            sampling: wanted.sampling,
            every_ms: 1_000,
            scenes: true,
            colour: None,
            max_frames: self.request.max_frames,
        };
        let (mut frames, mut seen, mut sides) = (Vec::new(), 0, (0, 0));
        let mut last = None;
        let read = self.frames(form, |(width, height), frame| {
            (seen, sides) = (seen + 1, (width, height));
            let (across, down) = (width as usize, height as usize);
            let grid = if wanted.exact {
                Grid::exact_of_rows(across, down, |row, into| {
                    let pixels = frame.pixels.chunks_exact(across).nth(row).unwrap_or_default();
                    into.iter_mut().zip(pixels).for_each(|(value, pixel)| *value = f32::from(*pixel));
                })
            } else {
                Grid::of_grey8(across, down, &frame.pixels).map_err(|_| Unscanned::Damaged)?
            };
            let mut hash = pictures::frame(frame.number, grid.as_ref(), wanted);
            hash.at_ms = frame.at_ms;
            if wanted.trimmed && grid.is_some_and(|grid| grid.may_have_borders()) {
                let grey = GrayImage::from_raw(width, height, frame.pixels).ok_or(Unscanned::Damaged)?;
                hash.trimmed = pictures::trimmed(&DynamicImage::ImageLuma8(grey).into_rgb8(), wanted)?;
            }
            // A neighbour that shows the same is dropped; the last one stays, for it says how long the film is.
            let same = frames.last().is_some_and(|before: &crate::FrameHash| {
                before.quality.abs_diff(hash.quality) <= 5 && before.hash.distance(&hash.hash) <= SAME_WITHIN
            });
            if same {
                last = Some(hash);
            } else {
                last = None;
                frames.push(hash);
            }
            Ok(())
        })?;
        frames.extend(last);
        if frames.is_empty() {
            return Err(if read.cut_short { Unscanned::TimedOut } else { Unscanned::Damaged });
        }
        let coverage = match wanted.sampling {
            Sampling::KeyFrames => Coverage::KeyFrames,
            Sampling::Whole if seen == read.frames && !read.cut_short => Coverage::Whole,
            Sampling::Seconds | Sampling::Whole => Coverage::Sampled,
        };
        let end = u32::try_from(read.end_ms.max(0)).unwrap_or(u32::MAX);
        let video = Video { length_ms: end, frames: read.frames, cut_short: read.cut_short };
        let (width, height) = sides;
        Ok(Look { format, width, height, frames, frames_seen: read.frames.max(1), coverage, video: Some(video) })
    }

    /// The first frame as a new JPEG.
    fn picture(&self, max_side: u32, shows: Shows, mark: Mark) -> Result<Vec<u8>> {
        let form = Form {
            sampling: Sampling::KeyFrames,
            every_ms: 1_000,
            scenes: false,
            colour: Some(u32::MAX),
            max_frames: 1,
        };
        let mut first = None;
        self.frames(form, |(width, height), frame| {
            first = first.take().or_else(|| RgbImage::from_raw(width, height, frame.pixels));
            Ok(())
        })?;
        pictures::re_encoded(DynamicImage::ImageRgb8(first.ok_or(Unscanned::Damaged)?), max_side, shows, mark)
    }

    /// So many frames of the whole length, evenly spaced, and no higher than this.
    fn over_all(&self, frames: u32, height: u32) -> Result<Form> {
        let (mut packets, _, mut taker) = self.packets()?;
        let mut end = 0;
        while let Ok(Some(packet)) = packets.packet() {
            end = end.max(packet.at);
        }
        drop(packets);
        taker.wait().ok();
        let every_ms = u32::try_from(end / i64::from(frames) + 1).unwrap_or(u32::MAX);
        Ok(Form { sampling: Sampling::Seconds, every_ms, scenes: false, colour: Some(height), max_frames: frames })
    }

    /// Frames one after the other, each drawn like a picture.
    fn reel(&self, shows: Shows, mark: Mark) -> Result<Answer> {
        let form = self.over_all(REEL, REEL_HEIGHT)?;
        let form = Form { every_ms: form.every_ms.max(REEL_EVERY_MS), ..form };
        let mut drawn = Vec::new();
        self.frames(form, |(width, height), frame| {
            let picture = RgbImage::from_raw(width, height, frame.pixels).ok_or(Unscanned::Damaged)?;
            if drawn.len() < REEL as usize {
                drawn.push(pictures::re_encoded(DynamicImage::ImageRgb8(picture), 4 * REEL_HEIGHT, shows, mark)?);
            }
            Ok(())
        })?;
        if drawn.is_empty() { Err(Unscanned::Damaged) } else { Ok(Answer::Reel(form.every_ms, drawn)) }
    }

    /// Frames of the whole length beside each other, small, grey and blurred.
    fn strip(&self, veil: Veil, mark: Mark) -> Result<Vec<u8>> {
        let form = self.over_all(STRIP, STRIP_HEIGHT)?;
        let mut strip: Option<(u32, RgbImage)> = None;
        self.frames(form, |(width, height), frame| {
            let (filled, canvas) = strip.get_or_insert_with(|| (0, RgbImage::new(width.saturating_mul(STRIP), height)));
            let small = RgbImage::from_raw(width, height, frame.pixels).ok_or(Unscanned::Damaged)?;
            let veiled = DynamicImage::ImageRgb8(small).grayscale().fast_blur(veil.blur()).into_rgb8();
            if *filled < STRIP {
                canvas.copy_from(&veiled, *filled * width, 0).map_err(|_| Unscanned::Damaged)?;
                *filled += 1;
            }
            Ok(())
        })?;
        let canvas = mark.draw(strip.ok_or(Unscanned::Damaged)?.1);
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 85).encode_image(&canvas).map_err(|_| Unscanned::TooMuchMemory)?;
        Ok(jpeg)
    }
}

fn down(_: io::Error) -> Unscanned {
    Unscanned::DecoderDown
}

impl Form {
    /// The size of frames before they are turned: that of the film, or small enough as it is shown.
    fn size(self, track: &Track, turn: Turn) -> (u32, u32) {
        let (high, wide) = if turn.lies { (track.width, track.height) } else { (track.height, track.width) };
        let (wide, high) = match self.colour {
            Some(most) if high > most => {
                let across = u64::from(wide) * u64::from(most) / u64::from(high.max(1));
                (u32::try_from(across).unwrap_or(most).clamp(2, 4 * most), most)
            }
            _ => (wide, high),
        };
        if turn.lies { (high, wide) } else { (wide, high) }
    }
}

/// What stands between the two: it passes on what must be decoded.
struct Feed {
    packets: Reader<BufReader<ChildStdout>>,
    input: BufWriter<ChildStdin>,
    planner: Planner,
    asked: Asked,
    max_frames: u32,
    deadline: Instant,
}

impl Feed {
    fn run(mut self, header: &[u8]) -> Passed {
        let mut read = Passed::default();
        // A pipe that breaks is the other side's matter: what was shown by then was shown.
        drop(self.feed(header, &mut read));
        read.frames = self.planner.frames();
        read
    }

    fn feed(&mut self, header: &[u8], read: &mut Passed) -> io::Result<()> {
        self.input.write_all(header)?;
        let (mut group, mut asked) = (Vec::new(), 0);
        loop {
            let next = self.packets.packet()?;
            if let Some(packet) = &next {
                read.end_ms = read.end_ms.max(packet.at);
            }
            if next.as_ref().is_none_or(|packet| packet.key) && !group.is_empty() {
                asked += self.pass(&group, next.as_ref(), self.max_frames.saturating_sub(asked))?;
                group.clear();
                let ends = asked >= self.max_frames || Instant::now() >= self.deadline;
                if asked > self.max_frames || (next.is_some() && ends) {
                    read.cut_short = true;
                    break;
                }
            }
            match next {
                Some(packet) => group.push(packet),
                None => break,
            }
        }
        self.input.flush()
    }

    /// Passes one group on; says how many of its frames are wanted.
    fn pass(&mut self, group: &[Packet], next: Option<&Packet>, left: u32) -> io::Result<u32> {
        let mut wanted = 0;
        for (packet, fate) in group.iter().zip(self.planner.plan(group, next)) {
            // Times are doubled, and odd for what is wanted.
            let at = packet.at.saturating_mul(2) | i64::from(fate.wanted);
            if fate.wanted {
                wanted += 1;
            }
            if fate.wanted && wanted <= left {
                self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(at, fate.number);
            }
            if let (true, Ok(at)) = (fate.decode, u64::try_from(at)) {
                mkv::write(&mut self.input, at, packet.key, &packet.data)?;
            }
        }
        Ok(wanted)
    }
}
