//! What parent and child say to each other: frames behind their length, of fixed shape, with every number checked.

use fingerprint::{Pdq, PdqHash};

use crate::{Confinement, Coverage, Format, FrameHash, Look, Unscanned, Wanted};

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
    Picture { max_side: u32, veil: bool },
}

/// A question, before the media that follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) ask: Ask,
    pub(crate) max_pixels: u64,
    pub(crate) max_frames: u32,
    pub(crate) media: u64,
}

pub(crate) const REQUEST: usize = 26;

impl Request {
    pub(crate) fn to_bytes(self) -> [u8; REQUEST] {
        let (kind, side, marks) = match self.ask {
            Ask::Hello => (0, 0, 0),
            Ask::Fingerprints(Wanted { exact, turned, trimmed }) => (1, 0, marks([exact, turned, trimmed])),
            Ask::Picture { max_side, veil } => (2, max_side, u8::from(veil)),
        };
        let mut out = Out(Vec::with_capacity(REQUEST));
        out.u8(kind);
        out.u8(marks);
        out.u32(side);
        out.u64(self.max_pixels);
        out.u32(self.max_frames);
        out.u64(self.media);
        out.0.try_into().unwrap_or([0; REQUEST])
    }

    pub(crate) fn from_bytes(bytes: &[u8; REQUEST]) -> Option<Self> {
        let mut input = In(bytes);
        let (kind, marks, max_side) = (input.u8()?, input.u8()?, input.u32()?);
        let ask = match (kind, marks, max_side) {
            (0, 0, 0) => Ask::Hello,
            (1, 0..8, 0) => {
                let [exact, turned, trimmed] = flags(marks)?;
                Ask::Fingerprints(Wanted { exact, turned, trimmed })
            }
            (2, 0 | 1, _) => Ask::Picture { max_side, veil: marks == 1 },
            _ => return None,
        };
        let request = Self { ask, max_pixels: input.u64()?, max_frames: input.u32()?, media: input.u64()? };
        input.0.is_empty().then_some(request)
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
}

const FORMATS: [Format; 9] = [
    Format::Jpeg,
    Format::Png,
    Format::Gif,
    Format::WebP,
    Format::Bmp,
    Format::Tiff,
    Format::Heic,
    Format::Avif,
    Format::JpegXl,
];
const COVERAGES: [Coverage; 4] = [Coverage::DigestOnly, Coverage::FirstFrame, Coverage::Sampled, Coverage::Whole];
const UNSCANNED: [Unscanned; 7] = [
    Unscanned::UnsupportedFormat,
    Unscanned::Damaged,
    Unscanned::TooManyPixels,
    Unscanned::TooMuchMemory,
    Unscanned::TimedOut,
    Unscanned::Crashed,
    Unscanned::DecoderDown,
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
                out.u32(u32::try_from(look.frames.len()).unwrap_or(u32::MAX));
                for frame in &look.frames {
                    out.u32(frame.index);
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
                let count = input.u32()?;
                if count > frames_seen || count == 0 {
                    return None;
                }
                let mut frames = Vec::new();
                for _ in 0..count {
                    let (index, quality) = (input.u32()?, input.u8()?);
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
                    frames.push(FrameHash { index, hash, quality, turned, trimmed });
                }
                Self::Look(Look { format, width, height, frames, frames_seen, coverage })
            }
            2 => Self::Picture(std::mem::take(&mut input.0).to_vec()),
            3 => Self::Unscanned(*UNSCANNED.get(usize::from(input.u8()?))?),
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
        let frame = (pdq(), 0_u8..=100, turned, trimmed);
        (0_usize..9, any::<u32>(), any::<u32>(), 0_usize..4, prop::collection::vec(frame, 1..40)).prop_map(
            |(format, width, height, coverage, frames)| Look {
                format: FORMATS[format],
                width,
                height,
                frames_seen: u32::try_from(frames.len()).unwrap() + 3,
                coverage: COVERAGES[coverage],
                frames: (0..)
                    .zip(frames)
                    .map(|(index, (hash, quality, turned, trimmed))| FrameHash {
                        index,
                        hash,
                        quality,
                        turned,
                        trimmed,
                    })
                    .collect(),
            },
        )
    }

    proptest! {
        #[test]
        fn answers_come_back(look in look(), jpeg in any::<Vec<u8>>(), why in 0_usize..7, a in any::<bool>(), b in any::<bool>()) {
            for answer in [
                Answer::Look(look.clone()),
                Answer::Picture(jpeg.clone()),
                Answer::Unscanned(UNSCANNED[why]),
                Answer::Hello(Confinement { landlock: a, seccomp: b }),
            ] {
                prop_assert_eq!(Answer::from_bytes(&answer.to_bytes()), Some(answer));
            }
        }

        #[test]
        fn questions_come_back(side in any::<u32>(), [veil, exact, turned, trimmed] in any::<[bool; 4]>(), pixels in any::<u64>(), frames in any::<u32>(), media in any::<u64>()) {
            let wanted = Wanted { exact, turned, trimmed };
            for ask in [Ask::Hello, Ask::Fingerprints(wanted), Ask::Picture { max_side: side, veil }] {
                let request = Request { ask, max_pixels: pixels, max_frames: frames, media };
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
