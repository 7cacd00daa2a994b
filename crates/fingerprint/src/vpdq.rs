//! vPDQ: a video is its frames, each with its PDQ hash, its quality and its time; as text in Meta's form, and as bytes.
//!
//! The definition is Meta's (facebook/ThreatExchange, `vpdq/`). Its files have a line `number,quality,hash,seconds` for each
//! frame; python-threatexchange passes `hash,quality,seconds` on, with seconds of three significant digits.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::Pdq;

/// More frames than this are no video that anybody exchanges: a day and a night at one a second.
const MOST_FRAMES: usize = 100_000;
/// No line is longer.
const MOST_LINE: usize = 160;
/// Bytes of a frame in the form that is kept.
const FRAME: usize = 41;

/// The fingerprint of one frame of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VideoFrame {
    /// When it is shown, in milliseconds from the beginning.
    pub at_ms: u32,
    /// Which frame of the video, from 0.
    pub number: u32,
    /// Its hash.
    pub hash: Pdq,
    /// How much the hash says, 0 to 100.
    pub quality: u8,
}

/// The fingerprints of a video's frames, in the order of their times. At least one, and not endlessly many.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Vpdq(Vec<VideoFrame>);

/// What is wrong with a text or with bytes that should be a vPDQ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VpdqError {
    /// A line that is no frame; lines are counted from 1.
    #[error("line {0} is not `frame number,quality 0 to 100,hash of 64 hexadecimal digits,seconds`")]
    Line(usize),
    /// Not one frame.
    #[error("there is no frame in it")]
    Empty,
    /// Too many frames.
    #[error("a video has at most {MOST_FRAMES} frames here")]
    TooMany,
    /// Bytes that no vPDQ is kept as.
    #[error("these bytes are not frames in the order of their times")]
    Bytes,
}

impl Vpdq {
    /// A video of these frames, which are brought into order.
    pub fn new(mut frames: Vec<VideoFrame>) -> Result<Self, VpdqError> {
        match frames.len() {
            0 => Err(VpdqError::Empty),
            1..=MOST_FRAMES => {
                frames.sort_unstable();
                Ok(Self(frames))
            }
            _ => Err(VpdqError::TooMany),
        }
    }

    /// Its frames.
    pub fn frames(&self) -> &[VideoFrame] {
        &self.0
    }

    /// Reads Meta's text: a line for each frame.
    pub fn from_text(text: &str) -> Result<Self, VpdqError> {
        let mut frames = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            if line.trim().is_empty() {
                continue;
            }
            if frames.len() >= MOST_FRAMES {
                return Err(VpdqError::TooMany);
            }
            frames.push(line.parse().map_err(|NoFrame| VpdqError::Line(number))?);
        }
        Self::new(frames)
    }

    /// Reads the frames of python-threatexchange: `hash,quality,seconds`, numbered in their order.
    pub fn from_compact<'a>(frames: impl IntoIterator<Item = &'a str>) -> Result<Self, VpdqError> {
        let mut read = Vec::new();
        for (text, number) in frames.into_iter().zip(0..) {
            if read.len() >= MOST_FRAMES {
                return Err(VpdqError::TooMany);
            }
            read.push(compact(text, number).ok_or(VpdqError::Line(read.len() + 1))?);
        }
        Self::new(read)
    }

    /// The bytes it is kept as: equal videos have equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * FRAME);
        for frame in &self.0 {
            bytes.extend_from_slice(&frame.at_ms.to_be_bytes());
            bytes.extend_from_slice(&frame.number.to_be_bytes());
            bytes.extend_from_slice(frame.hash.as_bytes());
            bytes.push(frame.quality);
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote, and nothing else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VpdqError> {
        let (kept, rest) = bytes.as_chunks::<FRAME>();
        if kept.len() > MOST_FRAMES {
            return Err(VpdqError::TooMany);
        }
        let frames: Option<Vec<VideoFrame>> = kept.iter().map(of_bytes).collect();
        let frames = frames.filter(|frames| rest.is_empty() && frames.is_sorted()).ok_or(VpdqError::Bytes)?;
        Self::new(frames)
    }
}

/// Meta's text.
impl fmt::Display for Vpdq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for frame in &self.0 {
            f.write_str(&frame.to_string())?;
            f.write_char('\n')?;
        }
        Ok(())
    }
}

/// One line of Meta's text, without its end.
impl fmt::Display for VideoFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at_ms, number, hash, quality } = self;
        write!(f, "{number},{quality},{hash},{}.{:03}", at_ms / 1_000, at_ms % 1_000)
    }
}

/// A line that is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not `frame number,quality,hash,seconds`")]
pub struct NoFrame;

impl FromStr for VideoFrame {
    type Err = NoFrame;

    fn from_str(line: &str) -> Result<Self, NoFrame> {
        let read = || {
            let mut fields = line.split(',').map(str::trim);
            let number = fields.next()?.parse().ok()?;
            let (quality, hash) = (quality(fields.next()?)?, fields.next()?.parse().ok()?);
            let at_ms = milliseconds(fields.next()?)?;
            fields.next().is_none().then_some(Self { at_ms, number, hash, quality })
        };
        read().filter(|_| line.len() <= MOST_LINE).ok_or(NoFrame)
    }
}

fn compact(text: &str, number: u32) -> Option<VideoFrame> {
    let mut fields = text.split(',').map(str::trim);
    let (hash, quality) = (fields.next()?.parse().ok()?, quality(fields.next()?)?);
    let at_ms = milliseconds(fields.next()?)?;
    (fields.next().is_none() && text.len() <= MOST_LINE).then_some(VideoFrame { at_ms, number, hash, quality })
}

fn quality(text: &str) -> Option<u8> {
    text.parse().ok().filter(|quality| *quality <= 100)
}

/// Seconds as Meta's programs write them, also `1.2e+02`.
fn milliseconds(text: &str) -> Option<u32> {
    let milliseconds = (text.parse::<f64>().ok()? * 1_000.0).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range of u32")]
    (0.0..=f64::from(u32::MAX)).contains(&milliseconds).then_some(milliseconds as u32)
}

fn of_bytes(bytes: &[u8; FRAME]) -> Option<VideoFrame> {
    let (at_ms, bytes) = bytes.split_first_chunk()?;
    let (number, bytes) = bytes.split_first_chunk()?;
    let (hash, bytes) = bytes.split_first_chunk()?;
    let [quality @ 0..=100] = bytes else { return None };
    let (at_ms, number) = (u32::from_be_bytes(*at_ms), u32::from_be_bytes(*number));
    Some(VideoFrame { at_ms, number, hash: Pdq::from_bytes(*hash), quality: *quality })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames() -> impl Strategy<Value = Vec<VideoFrame>> {
        let frame =
            (any::<u32>(), any::<u32>(), any::<[u8; 32]>(), 0_u8..=100).prop_map(|(at_ms, number, hash, quality)| {
                VideoFrame { at_ms, number, hash: Pdq::from_bytes(hash), quality }
            });
        prop::collection::vec(frame, 1..40)
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(frames in frames()) {
            let video = Vpdq::new(frames).unwrap();
            prop_assert_eq!(Vpdq::from_text(&video.to_string()), Ok(video.clone()));
            prop_assert_eq!(Vpdq::from_bytes(&video.to_bytes()), Ok(video));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "([0-9]{1,12}|[0-9a-f]{60,68}|[,.eE+-]|\\PC|\n){0,60}") {
            if let Ok(video) = Vpdq::from_text(&text) {
                prop_assert_eq!(Vpdq::from_text(&video.to_string()), Ok(video));
            }
            drop(Vpdq::from_compact(text.lines()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            if let Ok(video) = Vpdq::from_bytes(&bytes) {
                prop_assert_eq!(video.to_bytes(), bytes);
            }
        }
    }

    const HASH: &str = "e271017837246aaccddea259648fb7d62f435c89d9e99b2497763e216c8d055c";

    #[test]
    fn metas_lines_old_and_new() {
        let text = format!("0,100,{HASH},0\n30,97,{HASH},1.02\r\n\n3600,0,{HASH},120.000\n");
        let video = Vpdq::from_text(&text).unwrap();
        let read: Vec<_> = video.frames().iter().map(|frame| (frame.number, frame.quality, frame.at_ms)).collect();
        assert_eq!(read, [(0, 100, 0), (30, 97, 1_020), (3_600, 0, 120_000)]);
        assert_eq!(video.frames()[1].to_string(), format!("30,97,{HASH},1.020"));
    }

    #[test]
    fn threatexchanges_frames() {
        let texts = [format!("{HASH},100,0.0"), format!("{HASH},61,1.0"), format!("{HASH},61,1.2e+02")];
        let video = Vpdq::from_compact(texts.iter().map(String::as_str)).unwrap();
        let read: Vec<_> = video.frames().iter().map(|frame| (frame.number, frame.quality, frame.at_ms)).collect();
        assert_eq!(read, [(0, 100, 0), (1, 61, 1_000), (2, 61, 120_000)]);
        assert_eq!(Vpdq::from_compact(["0"]), Err(VpdqError::Line(1)));
    }

    #[test]
    fn what_is_no_frame_is_named_by_its_line() {
        for line in ["", "0,101,HASH,0", "0,-1,HASH,0", "-1,5,HASH,0", "0,5,HASH,-1", "0,5,HASH,nan", "0,5,HASH,5e9"] {
            let text = format!("0,5,{HASH},0\n{}", line.replace("HASH", HASH));
            let expected = if line.is_empty() { None } else { Some(VpdqError::Line(2)) };
            assert_eq!(Vpdq::from_text(&text).err(), expected, "{line}");
        }
        assert_eq!(Vpdq::from_text("\n"), Err(VpdqError::Empty));
        assert_eq!(Vpdq::from_text(&format!("0,5,{HASH},0,1")), Err(VpdqError::Line(1)));
        let many = format!("0,5,{HASH},0\n").repeat(MOST_FRAMES + 1);
        assert_eq!(Vpdq::from_text(&many), Err(VpdqError::TooMany));
    }

    #[test]
    fn bytes_out_of_order_are_not_ours() {
        let text = format!("0,5,{HASH},0\n1,5,{HASH},1");
        let mut bytes = Vpdq::from_text(&text).unwrap().to_bytes();
        bytes.rotate_left(FRAME);
        assert_eq!(Vpdq::from_bytes(&bytes), Err(VpdqError::Bytes));
        assert_eq!(Vpdq::from_bytes(&[]), Err(VpdqError::Empty));
    }
}
