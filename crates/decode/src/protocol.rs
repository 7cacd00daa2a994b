//! What parent and child say to each other: frames behind their length, of fixed shape, with every number checked.

use fingerprint::Pdq;

use crate::{Confinement, Coverage, Format, FrameHash, Look, Unscanned};

/// No answer is longer: pictures are the longest, and are made small.
pub(crate) const MOST_ANSWER: u32 = 64 << 20;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// What holds you?
    Hello,
    /// Fingerprints of every frame.
    Fingerprints,
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
        let (kind, side, veil) = match self.ask {
            Ask::Hello => (0, 0, false),
            Ask::Fingerprints => (1, 0, false),
            Ask::Picture { max_side, veil } => (2, max_side, veil),
        };
        let mut out = Out(Vec::with_capacity(REQUEST));
        out.u8(kind);
        out.u8(u8::from(veil));
        out.u32(side);
        out.u64(self.max_pixels);
        out.u32(self.max_frames);
        out.u64(self.media);
        out.0.try_into().unwrap_or([0; REQUEST])
    }

    pub(crate) fn from_bytes(bytes: &[u8; REQUEST]) -> Option<Self> {
        let mut input = In(bytes);
        let (kind, veil, max_side) = (input.u8()?, input.u8()?, input.u32()?);
        let ask = match (kind, veil, max_side) {
            (0, 0, 0) => Ask::Hello,
            (1, 0, 0) => Ask::Fingerprints,
            (2, 0 | 1, _) => Ask::Picture { max_side, veil: veil == 1 },
            _ => return None,
        };
        let request = Self { ask, max_pixels: input.u64()?, max_frames: input.u32()?, media: input.u64()? };
        input.0.is_empty().then_some(request)
    }
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
                    let hash = Pdq::from_bytes(*input.take::<32>()?);
                    if quality > 100 || index >= frames_seen {
                        return None;
                    }
                    frames.push(FrameHash { index, hash, quality });
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
        let frame = (any::<[u8; 32]>(), 0_u8..=100);
        (0_usize..9, any::<u32>(), any::<u32>(), 0_usize..4, prop::collection::vec(frame, 1..40)).prop_map(
            |(format, width, height, coverage, frames)| Look {
                format: FORMATS[format],
                width,
                height,
                frames_seen: u32::try_from(frames.len()).unwrap() + 3,
                coverage: COVERAGES[coverage],
                frames: (0..)
                    .zip(frames)
                    .map(|(index, (hash, quality))| FrameHash { index, hash: Pdq::from_bytes(hash), quality })
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
        fn questions_come_back(side in any::<u32>(), veil in any::<bool>(), pixels in any::<u64>(), frames in any::<u32>(), media in any::<u64>()) {
            for ask in [Ask::Hello, Ask::Fingerprints, Ask::Picture { max_side: side, veil }] {
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
