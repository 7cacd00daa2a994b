//! What parent and child say to each other: frames behind their length, of fixed shape, with every number checked.

use fingerprint::{Pdq, PdqHash};

use crate::exif::{Exif, FIELDS, MOST_VALUE};
use crate::mark::{LONGEST, Mark};
use crate::{Confinement, Coverage, Format, FrameHash, Look, Sampling, Shows, Unscanned, Veil, Video, Wanted};

/// No answer is longer: pictures are the longest, and are made small.
pub(crate) const MOST_ANSWER: u32 = 64 << 20;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// What holds you?
    Hello,
    /// Fingerprints of every frame.
    Fingerprints(Wanted),
    /// The first frame as a new JPEG.
    Picture { max_side: u32, shows: Shows, mark: Mark },
    /// Frames of a film beside each other as a new JPEG, under the veil.
    Strip { veil: Veil, mark: Mark },
    /// Frames of a film one after the other, each a new JPEG.
    Reel { shows: Shows, mark: Mark },
    /// What a camera wrote beside the pixels.
    Exif,
    /// Is this the head of a film?
    Kind,
}

/// As much of a file as says whether it is a film.
pub(crate) const HEAD: usize = 600;

/// Frames of a reel: not more.
pub(crate) const REEL: u32 = 120;

/// A question, before the media that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) ask: Ask,
    pub(crate) max_pixels: u64,
    pub(crate) max_frames: u32,
    /// How long a look at a film may take.
    pub(crate) time_ms: u32,
    pub(crate) media: u64,
}

pub(crate) const REQUEST: usize = 30 + LONGEST;

impl Request {
    pub(crate) fn to_bytes(self) -> [u8; REQUEST] {
        let (kind, side, marks) = match self.ask {
            Ask::Hello => (0, 0, 0),
            Ask::Fingerprints(Wanted { exact, turned, trimmed, sampling }) => {
                (1, u32::from(code(&SAMPLINGS, &sampling)), marks([exact, turned, trimmed]))
            }
            Ask::Picture { max_side, shows, .. } => (2, max_side, shows.code()),
            Ask::Strip { veil, .. } => (3, 0, veil.strength()),
            Ask::Exif => (4, 0, 0),
            Ask::Reel { shows, .. } => (5, 0, shows.code()),
            Ask::Kind => (6, 0, 0),
        };
        let mark = match self.ask {
            Ask::Picture { mark, .. } | Ask::Strip { mark, .. } | Ask::Reel { mark, .. } => mark,
            Ask::Hello | Ask::Fingerprints(_) | Ask::Exif | Ask::Kind => Mark::NONE,
        };
        let mut out = Out(Vec::with_capacity(REQUEST));
        out.u8(kind);
        out.u8(marks);
        out.u32(side);
        out.u64(self.max_pixels);
        out.u32(self.max_frames);
        out.u32(self.time_ms);
        out.u64(self.media);
        out.0.extend_from_slice(mark.bytes());
        out.0.try_into().unwrap_or([0; REQUEST])
    }

    pub(crate) fn from_bytes(bytes: &[u8; REQUEST]) -> Option<Self> {
        let mut input = In(bytes);
        let (kind, marks, max_side) = (input.u8()?, input.u8()?, input.u32()?);
        let mark = Mark::read(bytes.last_chunk()?)?;
        let ask = match (kind, marks, max_side) {
            (0, 0, 0) if mark == Mark::NONE => Ask::Hello,
            (1, 0..8, sampling) if mark == Mark::NONE => {
                let [exact, turned, trimmed] = flags(marks)?;
                let sampling = *SAMPLINGS.get(usize::try_from(sampling).ok()?)?;
                Ask::Fingerprints(Wanted { exact, turned, trimmed, sampling })
            }
            (2, code, _) => Ask::Picture { max_side, shows: Shows::of_code(code)?, mark },
            (3, strength @ 1..=4, 0) => Ask::Strip { veil: Veil::of(strength), mark },
            (4, 0, 0) if mark == Mark::NONE => Ask::Exif,
            (5, code, 0) => Ask::Reel { shows: Shows::of_code(code)?, mark },
            (6, 0, 0) if mark == Mark::NONE => Ask::Kind,
            _ => return None,
        };
        let (max_pixels, max_frames, time_ms) = (input.u64()?, input.u32()?, input.u32()?);
        let request = Self { ask, max_pixels, max_frames, time_ms, media: input.u64()? };
        (input.0.len() == LONGEST).then_some(request)
    }
}

/// Flags as the bits of a byte, the first one lowest.
fn marks<const N: usize>(flags: [bool; N]) -> u8 {
    flags.iter().rev().fold(0, |marks, flag| marks << 1 | u8::from(*flag))
}

/// The same read back; none where another bit is set.
fn flags<const N: usize>(marks: u8) -> Option<[bool; N]> {
    let flags: [bool; N] = std::array::from_fn(|bit| marks >> bit & 1 == 1);
    (self::marks(flags) == marks).then_some(flags)
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Hello(Confinement),
    Look(Look),
    Picture(Vec<u8>),
    Unscanned(Unscanned),
    /// It is a film, which a child of its own looks at.
    Film,
    /// It is the head of no film.
    NoFilm,
    Exif(Exif),
    /// Pictures one after the other, and how many milliseconds of the film lie between two.
    Reel(u32, Vec<Vec<u8>>),
}

const SAMPLINGS: [Sampling; 3] = [Sampling::Seconds, Sampling::KeyFrames, Sampling::Whole];
const FORMATS: [Format; 14] = [
    Format::Jpeg,
    Format::Png,
    Format::Gif,
    Format::WebP,
    Format::Bmp,
    Format::Tiff,
    Format::Heic,
    Format::Avif,
    Format::JpegXl,
    Format::Mp4,
    Format::Matroska,
    Format::Avi,
    Format::MpegTs,
    Format::Flv,
];
const COVERAGES: [Coverage; 5] =
    [Coverage::DigestOnly, Coverage::FirstFrame, Coverage::Sampled, Coverage::Whole, Coverage::KeyFrames];
const UNSCANNED: [Unscanned; 8] = [
    Unscanned::UnsupportedFormat,
    Unscanned::Damaged,
    Unscanned::TooManyPixels,
    Unscanned::TooMuchMemory,
    Unscanned::TimedOut,
    Unscanned::Crashed,
    Unscanned::DecoderDown,
    Unscanned::NoFfmpeg,
];

fn code<T: PartialEq>(table: &[T], value: &T) -> u8 {
    table.iter().position(|entry| entry == value).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

impl Answer {
    /// The body of an answer, without its length.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out(Vec::new());
        match self {
            Self::Hello(confinement) => {
                out.u8(0);
                out.u8(u8::from(confinement.landlock));
                out.u8(u8::from(confinement.seccomp));
            }
            Self::Look(look) => {
                out.u8(1);
                out.u8(code(&FORMATS, &look.format));
                out.u32(look.width);
                out.u32(look.height);
                out.u32(look.frames_seen);
                out.u8(code(&COVERAGES, &look.coverage));
                out.u8(u8::from(look.video.is_some()));
                if let Some(video) = &look.video {
                    out.u32(video.length_ms);
                    out.u32(video.frames);
                    out.u8(u8::from(video.cut_short));
                }
                out.u32(u32::try_from(look.frames.len()).unwrap_or(u32::MAX));
                for frame in &look.frames {
                    out.u32(frame.index);
                    out.u32(frame.at_ms);
                    out.u8(frame.quality);
                    out.0.extend_from_slice(frame.hash.as_bytes());
                    out.u8(marks([frame.turned.is_some(), frame.trimmed.is_some()]));
                    for hash in frame.turned.iter().flatten() {
                        out.0.extend_from_slice(hash.as_bytes());
                    }
                    if let Some(trimmed) = &frame.trimmed {
                        out.u8(trimmed.quality);
                        out.0.extend_from_slice(trimmed.hash.as_bytes());
                    }
                }
            }
            Self::Picture(jpeg) => {
                out.u8(2);
                out.0.extend_from_slice(jpeg);
            }
            Self::Unscanned(why) => {
                out.u8(3);
                out.u8(code(&UNSCANNED, why));
            }
            Self::Film => out.u8(4),
            Self::NoFilm => out.u8(7),
            Self::Reel(every_ms, pictures) => {
                out.u8(6);
                out.u32(*every_ms);
                for jpeg in pictures {
                    out.u32(u32::try_from(jpeg.len()).unwrap_or(u32::MAX));
                    out.0.extend_from_slice(jpeg);
                }
            }
            Self::Exif(Exif(fields)) => {
                out.u8(5);
                out.u8(u8::try_from(fields.len()).unwrap_or(u8::MAX));
                for (field, text) in fields {
                    out.u8(*field);
                    out.u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
                    out.0.extend_from_slice(text.as_bytes());
                }
            }
        }
        out.0
    }

    /// Reads an answer; one that is not exactly of its shape is none.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut input = In(bytes);
        let flag = |value: u8| (value < 2).then_some(value == 1);
        let answer = match input.u8()? {
            0 => Self::Hello(Confinement { landlock: flag(input.u8()?)?, seccomp: flag(input.u8()?)? }),
            1 => {
                let format = *FORMATS.get(usize::from(input.u8()?))?;
                let (width, height, frames_seen) = (input.u32()?, input.u32()?, input.u32()?);
                let coverage = *COVERAGES.get(usize::from(input.u8()?))?;
                let video = if flag(input.u8()?)? {
                    let (length_ms, frames, cut_short) = (input.u32()?, input.u32()?, flag(input.u8()?)?);
                    Some(Video { length_ms, frames, cut_short })
                } else {
                    None
                };
                let count = input.u32()?;
                if count > frames_seen || count == 0 {
                    return None;
                }
                let mut frames = Vec::new();
                for _ in 0..count {
                    let (index, at_ms, quality) = (input.u32()?, input.u32()?, input.u8()?);
                    let hash = input.hash()?;
                    let [turned, trimmed] = flags(input.u8()?)?;
                    let turned = if turned { Some(input.hashes()?) } else { None };
                    let trimmed = if trimmed {
                        let (quality, hash) = (input.u8()?, input.hash()?);
                        Some(PdqHash { hash, quality })
                    } else {
                        None
                    };
                    let qualities = [Some(quality), trimmed.map(|trimmed| trimmed.quality)];
                    if qualities.into_iter().flatten().any(|quality| quality > 100) || index >= frames_seen {
                        return None;
                    }
                    frames.push(FrameHash { index, at_ms, hash, quality, turned, trimmed });
                }
                Self::Look(Look { format, width, height, frames, frames_seen, coverage, video })
            }
            2 => Self::Picture(std::mem::take(&mut input.0).to_vec()),
            3 => Self::Unscanned(*UNSCANNED.get(usize::from(input.u8()?))?),
            4 => Self::Film,
            7 => Self::NoFilm,
            6 => {
                let every_ms = input.u32()?;
                let mut pictures = Vec::new();
                while !input.0.is_empty() {
                    let length = usize::try_from(input.u32()?).ok()?;
                    let (jpeg, rest) = input.0.split_at_checked(length).filter(|(jpeg, _)| !jpeg.is_empty())?;
                    input.0 = rest;
                    pictures.push(jpeg.to_vec());
                    if pictures.len() > usize::try_from(REEL).ok()? {
                        return None;
                    }
                }
                Self::Reel(every_ms, pictures)
            }
            5 => {
                let mut fields: Vec<(u8, String)> = Vec::new();
                for _ in 0..input.u8()? {
                    let (field, text) = (input.u8()?, input.text(MOST_VALUE)?);
                    // Each field at most once, in their order, and readable.
                    let fits = usize::from(field) < FIELDS.len() && fields.last().is_none_or(|(last, _)| *last < field);
                    if !fits || text.is_empty() || text.chars().any(char::is_control) {
                        return None;
                    }
                    fields.push((field, text));
                }
                Self::Exif(Exif(fields))
            }
            _ => return None,
        };
        input.0.is_empty().then_some(answer)
    }
}

struct Out(Vec<u8>);

impl Out {
    fn u8(&mut self, value: u8) {
        self.0.push(value);
    }
    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
}

struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(taken)
    }
    fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| *byte)
    }
    fn text(&mut self, most: usize) -> Option<String> {
        let length = usize::try_from(self.u32()?).ok().filter(|length| *length <= most)?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
    fn hash(&mut self) -> Option<Pdq> {
        self.take().map(|bytes| Pdq::from_bytes(*bytes))
    }
    fn hashes<const N: usize>(&mut self) -> Option<[Pdq; N]> {
        let mut hashes = [Pdq::from_bytes([0; 32]); N];
        for hash in &mut hashes {
            *hash = self.hash()?;
        }
        Some(hashes)
    }
    fn u32(&mut self) -> Option<u32> {
        self.take().map(|bytes| u32::from_le_bytes(*bytes))
    }
    fn u64(&mut self) -> Option<u64> {
        self.take().map(|bytes| u64::from_le_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn look() -> impl Strategy<Value = Look> {
        let pdq = || any::<[u8; 32]>().prop_map(Pdq::from_bytes);
        let turned = prop::option::of(prop::array::uniform7(pdq()));
        let trimmed = prop::option::of((pdq(), 0_u8..=100).prop_map(|(hash, quality)| PdqHash { hash, quality }));
        let frame = (pdq(), 0_u8..=100, turned, trimmed, any::<u32>());
        let video = prop::option::of((any::<u32>(), any::<u32>(), any::<bool>()));
        (0_usize..14, any::<u32>(), any::<u32>(), 0_usize..5, prop::collection::vec(frame, 1..40), video).prop_map(
            |(format, width, height, coverage, frames, video)| Look {
                format: FORMATS[format],
                width,
                height,
                frames_seen: u32::try_from(frames.len()).unwrap() + 3,
                coverage: COVERAGES[coverage],
                video: video.map(|(length_ms, frames, cut_short)| Video { length_ms, frames, cut_short }),
                frames: (0..)
                    .zip(frames)
                    .map(|(index, (hash, quality, turned, trimmed, at_ms))| FrameHash {
                        index,
                        at_ms,
                        hash,
                        quality,
                        turned,
                        trimmed,
                    })
                    .collect(),
            },
        )
    }

    fn exif() -> impl Strategy<Value = Exif> {
        let field = 0..u8::try_from(FIELDS.len()).unwrap();
        prop::collection::btree_map(field, "\\PC{1,60}", 0..FIELDS.len())
            .prop_map(|fields| Exif(fields.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn answers_come_back(look in look(), exif in exif(), jpeg in any::<Vec<u8>>(), why in 0_usize..8, side in any::<u32>(), a in any::<bool>(), b in any::<bool>()) {
            for answer in [
                Answer::Look(look.clone()),
                Answer::Picture(jpeg.clone()),
                Answer::Unscanned(UNSCANNED[why]),
                Answer::Film,
                Answer::NoFilm,
                Answer::Reel(side, vec![vec![1, 2], vec![3]]),
                Answer::Exif(exif),
                Answer::Hello(Confinement { landlock: a, seccomp: b }),
            ] {
                prop_assert_eq!(Answer::from_bytes(&answer.to_bytes()), Some(answer));
            }
        }

        #[test]
        fn questions_come_back(side in any::<u32>(), code in any::<u8>(), [exact, turned, trimmed] in any::<[bool; 3]>(), pixels in any::<u64>(), [frames, time_ms] in any::<[u32; 2]>(), media in any::<u64>(), sampling in 0_usize..3, text in "[A-Z0-9 ]{0,48}") {
            let wanted = Wanted { exact, turned, trimmed, sampling: SAMPLINGS[sampling] };
            let (mark, shows) = (Mark::new(&text), Shows::of_code(code).unwrap_or_default());
            prop_assert_eq!(Shows::of_code(shows.code()), Some(shows));
            for ask in [Ask::Hello, Ask::Fingerprints(wanted), Ask::Picture { max_side: side, shows, mark }, Ask::Strip { veil: Veil::of(code), mark }, Ask::Reel { shows, mark }, Ask::Exif, Ask::Kind] {
                let request = Request { ask, max_pixels: pixels, max_frames: frames, time_ms, media };
                prop_assert_eq!(Request::from_bytes(&request.to_bytes()), Some(request));
            }
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in any::<Vec<u8>>(), request in any::<[u8; REQUEST]>()) {
            // What parses is exactly what would be written again.
            if let Some(answer) = Answer::from_bytes(&bytes) {
                prop_assert_eq!(answer.to_bytes(), bytes);
            }
            Request::from_bytes(&request);
        }
    }
}
