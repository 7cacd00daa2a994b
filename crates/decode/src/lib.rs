//! Hostile files become fingerprints or re-encoded pixels, in a child process without keys, network or privileges.
//!
//! The parent never parses media: [`Pool`] passes bytes to children and checks the shape of what comes back.
//! [`child::run`] is the other side: the same binary, started again with nothing.

mod borders;
pub mod child;
mod coded;
mod confine;
mod exif;
mod film;
mod heif;
mod jpeg;
mod jxl;
mod later;
mod live;
mod mark;
mod pictures;
mod pool;
mod protocol;
mod raster;
mod shows;
mod track;

/// Whether a file of which these are the first bytes may be a film. Nothing is parsed: marks are compared.
pub fn may_be_film(head: &[u8]) -> bool {
    film::recognise(head).is_some()
}

/// The two sides of the pipe without the pipe, for fuzzing.
#[doc(hidden)]
pub mod sides {
    use crate::Wanted;
    use crate::protocol::{Answer, Ask, REQUEST, Request};

    /// What the child does with a file: every question about it, within small limits.
    pub fn child(media: &[u8]) {
        let all = Wanted { exact: true, turned: true, trimmed: true, ..Wanted::default() };
        let asks = [
            Ask::Fingerprints(Wanted::default()),
            Ask::Fingerprints(all),
            Ask::Picture { max_side: 64, shows: crate::Shows::default(), mark: crate::Mark::new("STAFF 1") },
            Ask::Picture { max_side: 64, shows: crate::Shows::Edges, mark: crate::Mark::NONE },
            Ask::Exif,
        ];
        crate::film::turned(media);
        for ask in asks {
            let media_bytes = u64::try_from(media.len()).unwrap_or(u64::MAX);
            let request = Request { ask, max_pixels: 1 << 20, max_frames: 4, time_ms: 1_000, media: media_bytes };
            let answer = crate::pictures::examine(&request, media, 64 << 20);
            // What the child says, the parent understands.
            assert!(Answer::from_bytes(&answer.to_bytes()).is_some(), "the child speaks another language");
        }
    }

    /// What the child reads of a camera's fields, as the parent understands it.
    pub fn exif(media: &[u8]) {
        let answer = Answer::Exif(crate::exif::read(media));
        assert_eq!(Answer::from_bytes(&answer.to_bytes()), Some(answer), "the child speaks another language");
    }

    /// Width, height, and red, green and blue of a JPEG as an exact look sees them, to be compared with another reader's.
    pub fn jpeg_pixels(media: &[u8]) -> Option<(u32, u32, Vec<u8>)> {
        let picture = crate::jpeg::pixels(media, 1 << 30, 2 << 30).ok()??.picture()?;
        Some((picture.width(), picture.height(), picture.into_raw()))
    }

    /// A look without a child, for measuring. Never in a process that has anything to lose.
    pub fn look(media: &[u8], wanted: Wanted) -> Result<crate::Look, crate::Unscanned> {
        let limits = crate::Limits::default();
        let media_bytes = u64::try_from(media.len()).unwrap_or(u64::MAX);
        let crate::Limits { max_pixels, max_frames, max_memory_bytes, .. } = limits;
        let request =
            Request { ask: Ask::Fingerprints(wanted), max_pixels, max_frames, time_ms: 0, media: media_bytes };
        match crate::pictures::examine(&request, media, max_memory_bytes) {
            Answer::Look(look) => Ok(look),
            Answer::Unscanned(why) => Err(why),
            Answer::Film | Answer::NoFilm => Err(crate::Unscanned::UnsupportedFormat),
            Answer::Hello(_) | Answer::Picture(_) | Answer::Reel(..) | Answer::Exif(_) => {
                Err(crate::Unscanned::Crashed)
            }
        }
    }

    /// What an eye leaves out of a stream.
    pub fn stream(bytes: &[u8]) {
        let (mut sieve, mut out) = (crate::live::Sieve::new(crate::Mode::Economical), Vec::new());
        for piece in bytes.chunks(1_000) {
            sieve.take(piece, &mut out);
        }
        // Behind each frame that was given its end may stand.
        assert!(out.len() <= 2 * bytes.len(), "there is more than was given");
    }

    /// What one who sends a stream by RTMP is heard to say.
    pub fn publisher(bytes: &[u8]) {
        let mut out = Vec::new();
        drop(crate::live::hear(bytes, std::io::sink(), &mut out));
        let name = out.first_chunk().map(|length| usize::from(u16::from_le_bytes(*length)));
        assert!(name.is_none_or(|name| out.len() >= 2 + name), "something is written down of one without a name");
    }

    /// Whom an answer names that is to be called by WebRTC.
    pub fn session(bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let named = crate::peer(&text, |ip| ip.is_ipv4());
        assert!(
            named.is_none_or(|address| address.is_ipv4() && address.port() > 0),
            "somebody is called who may not be"
        );
    }

    /// Frames that an ffmpeg writes down.
    pub fn frames(bytes: &[u8]) {
        let mut reader = crate::film::nut::Reader::new(bytes, 1 << 20);
        if reader.size().is_ok() {
            while let Ok(Some(_)) = reader.packet() {}
        }
    }

    /// What the parent does with a child's answer, and the child with a question.
    pub fn parent(bytes: &[u8]) {
        drop(Answer::from_bytes(bytes));
        if let Some(bytes) = bytes.first_chunk::<REQUEST>() {
            let asked = Request::from_bytes(bytes);
            assert!(asked.is_none_or(|request| request.to_bytes() == *bytes), "a question reads in two ways");
        }
    }
}

use std::time::Duration;

use fingerprint::{Pdq, PdqHash, VideoFrame, Vpdq};

pub use exif::Exif;
pub use live::{Eye, Glimpse, Mode, Publisher, Seeing, ShownStream, Source, Way, WebRtc, next_round, peer};
pub use mark::Mark;
pub use pool::Pool;
pub use shows::{Part, Shows, Veil};

/// Whether films can be read on this machine: where its ffmpeg is.
pub fn ffmpeg() -> Option<std::path::PathBuf> {
    film::ffmpeg()
}

/// What a file turned out to be, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JPEG, of any colour model.
    Jpeg,
    /// PNG, also animated.
    Png,
    /// GIF, also animated.
    Gif,
    /// WebP, also animated.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// TIFF.
    Tiff,
    /// HEIF coded as HEVC: stills and sequences.
    Heic,
    /// HEIF coded as AV1: stills and sequences.
    Avif,
    /// JPEG XL, also animated.
    JpegXl,
    /// A film in MP4 or QuickTime's MOV.
    Mp4,
    /// A film in Matroska or WebM.
    Matroska,
    /// A film in AVI.
    Avi,
    /// A film as an MPEG transport stream.
    MpegTs,
    /// A film in Flash's container.
    Flv,
}

/// What of a file was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Its bytes only, by digest.
    DigestOnly,
    /// The first frame of several.
    FirstFrame,
    /// Some frames of several; of a film one a second, and those where the scene changes.
    Sampled,
    /// The key frames of a film, and no others: what was re-encoded may be missed.
    KeyFrames,
    /// All of it.
    Whole,
}

/// Why a file was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unscanned {
    /// Not a format that is read.
    #[error("the format is not read")]
    UnsupportedFormat,
    /// It ends early or contradicts itself.
    #[error("the file is damaged")]
    Damaged,
    /// More pixels than allowed.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// More memory than allowed.
    #[error("the picture needs too much memory")]
    TooMuchMemory,
    /// It took too long.
    #[error("looking took too long")]
    TimedOut,
    /// The child ended without an answer.
    #[error("the decoder ended without an answer")]
    Crashed,
    /// No child can be started.
    #[error("the decoder cannot be started")]
    DecoderDown,
    /// A film, and no ffmpeg to read it.
    #[error("it is a film, and ffmpeg is not installed")]
    NoFfmpeg,
}

impl Unscanned {
    /// Stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::UnsupportedFormat => "unsupported_format",
            Self::Damaged => "damaged",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooMuchMemory => "too_much_memory",
            Self::TimedOut => "timed_out",
            Self::Crashed => "crashed",
            Self::DecoderDown => "decoder_down",
            Self::NoFfmpeg => "no_ffmpeg",
        }
    }
}

/// What a look may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Pixels of one frame.
    pub max_pixels: u64,
    /// Frames of an animation that are looked at.
    pub max_frames: u32,
    /// Address space of a child, in bytes.
    pub max_memory_bytes: u64,
    /// Wall-clock time of one look.
    pub time: Duration,
    /// Frames of a film that are looked at.
    pub max_film_frames: u32,
    /// Wall-clock time of one look at a film; what was seen by then counts, and is said to be a part.
    pub film_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 100_000_000,
            max_frames: 64,
            max_memory_bytes: 2 << 30,
            time: Duration::from_secs(20),
            max_film_frames: 20_000,
            film_time: Duration::from_mins(10),
        }
    }
}

/// What a look is to give beside a fingerprint of every frame. By default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Hash and quality to the last bit those of the reference on the decoded pixels, which for a JPEG are those that libjpeg
    /// reads: for entries that are made or published. Without it a hash may be a few bits off, at a tenth of the time.
    pub exact: bool,
    /// The hashes of the seven other orientations.
    pub turned: bool,
    /// A second fingerprint without borders, where there are borders.
    pub trimmed: bool,
    /// Which frames of a film.
    pub sampling: Sampling,
}

/// Which frames of a film are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// One a second, and those where the scene changes.
    #[default]
    Seconds,
    /// Key frames only: the cheapest, and declared so, for it misses copies that were encoded anew.
    KeyFrames,
    /// Every frame.
    Whole,
}

/// What a film is, beside its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Video {
    /// When its last frame begins, in milliseconds.
    pub length_ms: u32,
    /// Frames that it has, as far as it was read.
    pub frames: u32,
    /// Whether the look ended before the film did, at a limit of time or frames.
    pub cut_short: bool,
}

/// The fingerprint of one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHash {
    /// Which frame, from 0.
    pub index: u32,
    /// When a film shows it, in milliseconds; 0 where there is no time.
    pub at_ms: u32,
    /// Its hash.
    pub hash: Pdq,
    /// How much the hash says, 0 to 100.
    pub quality: u8,
    /// Its hashes turned by 90, 180 and 270 degrees clockwise, mirrored left to right, top to bottom, at the falling and at
    /// the rising diagonal; where they were asked for.
    pub turned: Option<[Pdq; 7]>,
    /// The fingerprint of the frame without its borders; where it was asked for and there are borders.
    pub trimmed: Option<PdqHash>,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What the file is.
    pub format: Format,
    /// Pixels in a row, upright.
    pub width: u32,
    /// Rows, upright.
    pub height: u32,
    /// One fingerprint for each frame that differs from the one before.
    pub frames: Vec<FrameHash>,
    /// How many frames were looked at; of a film, how many it has.
    pub frames_seen: u32,
    /// How much of the file that is.
    pub coverage: Coverage,
    /// Where it is a film.
    pub video: Option<Video>,
}

impl Look {
    /// The fingerprint of a film, as it is exchanged; none of a picture.
    pub fn vpdq(&self) -> Option<Vpdq> {
        self.video?;
        let frame = |frame: &FrameHash| {
            let FrameHash { index: number, at_ms, hash, quality, .. } = *frame;
            VideoFrame { at_ms, number, hash, quality }
        };
        Vpdq::new(self.frames.iter().map(frame).collect()).ok()
    }
}

/// What holds a child. A missing part is said aloud, and live mode refuses to do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// No file can be opened.
    pub landlock: bool,
    /// No system call but the few that arithmetic needs.
    pub seccomp: bool,
}
