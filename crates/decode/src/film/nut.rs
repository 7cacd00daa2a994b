//! The little of NUT that brings raw frames from an ffmpeg to us: one video stream, frame after frame, each as soon as it is there.
//! Matroska would hold a frame back until the next one comes, and copy it more often.
//!
//! After the format's specification, version 3 (Michael Niedermayer, Oded Shimon, Alexander Strange). What an ffmpeg says is read as a
//! stranger's: it has parsed a hostile file.

use std::io::{self, Read};

use super::mkv::Packet;

/// How the format begins.
const BEGINNING: &[u8; 25] = b"nut/multimedia container\0";
/// The first byte of everything that is no frame.
const NO_FRAME: u8 = b'N';
const MAIN: u64 = 0x4e4d_7a56_1f5f_04ad;
const STREAM: u64 = 0x4e53_1140_5bf2_f9db;
const SYNCPOINT: u64 = 0x4e4b_e4ad_eeca_4569;
/// Bytes of a packet that is no frame, at most.
const MOST_SAID: u64 = 1 << 20;
/// A packet that is longer carries a checksum of its head.
const LONG: u64 = 4_096;

/// What a frame code says of the fields behind it.
mod flag {
    pub(super) const KEY: u64 = 1;
    pub(super) const CODED_PTS: u64 = 8;
    pub(super) const STREAM_ID: u64 = 16;
    pub(super) const SIZE_MSB: u64 = 32;
    pub(super) const CHECKSUM: u64 = 64;
    pub(super) const RESERVED: u64 = 128;
    pub(super) const HEADER_IDX: u64 = 1_024;
    pub(super) const MATCH_TIME: u64 = 2_048;
    pub(super) const CODED: u64 = 4_096;
    pub(super) const INVALID: u64 = 8_192;
}

/// What one frame code stands for.
#[derive(Clone, Copy, Debug, Default)]
struct Code {
    flags: u64,
    pts_delta: i64,
    stream: u64,
    size_mul: u64,
    size_lsb: u64,
    reserved: u64,
    header: u64,
}

/// What stands before the first frame.
#[derive(Clone, Debug, Default)]
struct Main {
    codes: Vec<Code>,
    /// Numerator and denominator of a second's part in which times are told.
    unit: (i64, i64),
    units: u64,
    /// What frames may begin with and leave out.
    headers: Vec<Vec<u8>>,
    pts_shift: u64,
    width: u32,
    height: u32,
}

/// Reads raw frames, as ffmpeg writes them into a pipe.
pub(crate) struct Reader<R> {
    from: R,
    /// The longest frame that is read.
    most: usize,
    main: Main,
    last_pts: i64,
    /// A byte that was read too far.
    ahead: Option<u8>,
}

fn bent() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// A number whose bytes but the last have their highest bit set.
fn number(from: &mut impl Read) -> io::Result<u64> {
    let mut value = 0_u64;
    loop {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        let [byte] = byte;
        if value >> 57 != 0 {
            return Err(bent());
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
}

/// A number with its sign in the lowest bit.
fn signed(from: &mut impl Read) -> io::Result<i64> {
    let value = i64::try_from(number(from)?).map_err(|_| bent())?.saturating_add(1);
    Ok(if value & 1 == 1 { -(value >> 1) } else { value >> 1 })
}

fn bytes(from: &mut impl Read, size: u64, most: u64) -> io::Result<Vec<u8>> {
    if size > most {
        return Err(bent());
    }
    let mut bytes = Vec::new();
    if from.take(size).read_to_end(&mut bytes)? as u64 != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

impl Main {
    fn read(&mut self, mut said: &[u8]) -> io::Result<()> {
        let from = &mut said;
        let (version, streams, _most_distance) = (number(from)?, number(from)?, number(from)?);
        if version != 3 || streams != 1 {
            return Err(bent());
        }
        self.units = number(from)?;
        if !(1..=8).contains(&self.units) {
            return Err(bent());
        }
        for nth in 0..self.units {
            let one =
                |value: u64| i64::try_from(value).ok().filter(|value| (1..=1 << 31).contains(value)).ok_or_else(bent);
            let unit = (one(number(from)?)?, one(number(from)?)?);
            if nth == 0 {
                self.unit = unit;
            }
        }
        self.codes.clear();
        let mut code = Code { size_mul: 1, ..Code::default() };
        while self.codes.len() < 256 {
            code.flags = number(from)?;
            let fields = number(from)?;
            if fields > 0 {
                code.pts_delta = signed(from)?;
            }
            if fields > 1 {
                code.size_mul = number(from)?;
            }
            if fields > 2 {
                code.stream = number(from)?;
            }
            let first = if fields > 3 { number(from)? } else { 0 };
            code.reserved = if fields > 4 { number(from)? } else { 0 };
            let count = if fields > 5 { number(from)? } else { code.size_mul.saturating_sub(first) };
            if fields > 6 {
                signed(from)?;
            }
            if fields > 7 {
                code.header = number(from)?;
            }
            for _ in 8..fields.min(64) {
                number(from)?;
            }
            if count == 0 || count > 256 {
                return Err(bent());
            }
            for nth in 0..count {
                if self.codes.len() == usize::from(NO_FRAME) {
                    self.codes.push(Code { flags: flag::INVALID, ..Code::default() });
                }
                self.codes.push(Code { size_lsb: first.saturating_add(nth), ..code });
            }
        }
        self.headers = vec![Vec::new()];
        for _ in 0..number(from)?.min(127) {
            let size = number(from)?;
            self.headers.push(bytes(from, size, 256)?);
        }
        Ok(())
    }

    fn read_stream(&mut self, mut said: &[u8]) -> io::Result<()> {
        let from = &mut said;
        let (_id, class, fourcc) = (number(from)?, number(from)?, number(from)?);
        bytes(from, fourcc, 16)?;
        let _unit = number(from)?;
        self.pts_shift = number(from)?;
        let (_most_distance, _delay, _flags, extra) = (number(from)?, number(from)?, number(from)?, number(from)?);
        bytes(from, extra, MOST_SAID)?;
        if class != 0 || self.pts_shift > 16 {
            return Err(bent());
        }
        let side = |value: u64| u32::try_from(value).ok().filter(|side| *side > 0).ok_or_else(bent);
        (self.width, self.height) = (side(number(from)?)?, side(number(from)?)?);
        Ok(())
    }

    /// A time in milliseconds.
    fn ms(&self, pts: i64) -> i64 {
        let (part, whole) = self.unit;
        let ms = i128::from(pts) * 1_000 * i128::from(part) / i128::from(whole.max(1));
        i64::try_from(ms).unwrap_or(i64::MAX)
    }
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(from: R, most: usize) -> Self {
        Self { from, most, main: Main::default(), last_pts: 0, ahead: None }
    }

    /// Width and height of the frames; to be read first.
    pub(crate) fn size(&mut self) -> io::Result<(u32, u32)> {
        let mut beginning = [0; BEGINNING.len()];
        self.from.read_exact(&mut beginning)?;
        if &beginning != BEGINNING {
            return Err(bent());
        }
        loop {
            match self.byte()? {
                Some(NO_FRAME) => self.said()?,
                Some(code) => {
                    self.ahead = Some(code);
                    break;
                }
                None => break,
            }
        }
        if self.main.width == 0 || self.main.codes.is_empty() {
            return Err(bent());
        }
        Ok((self.main.width, self.main.height))
    }

    /// The next frame, with its time in milliseconds; none at the end.
    pub(crate) fn packet(&mut self) -> io::Result<Option<Packet>> {
        loop {
            let code = match self.ahead.take() {
                Some(code) => Some(code),
                None => self.byte()?,
            };
            match code {
                Some(NO_FRAME) => self.said()?,
                Some(code) => return self.frame(code).map(Some),
                None => return Ok(None),
            }
        }
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        Ok((self.from.read(&mut byte)? == 1).then_some(byte[0]))
    }

    /// Something that is no frame, behind its first byte.
    fn said(&mut self) -> io::Result<()> {
        let mut code = [NO_FRAME; 8];
        self.from.read_exact(code.last_chunk_mut::<7>().ok_or_else(bent)?)?;
        let length = number(&mut self.from)?;
        if length > LONG {
            bytes(&mut self.from, 4, 4)?;
        }
        let said = bytes(&mut self.from, length, MOST_SAID)?;
        match u64::from_be_bytes(code) {
            MAIN => self.main.read(&said),
            STREAM => self.main.read_stream(&said),
            SYNCPOINT => {
                // With one stream, its unit is the first.
                let time = number(&mut said.as_slice())?;
                self.last_pts = i64::try_from(time / self.main.units.max(1)).map_err(|_| bent())?;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn frame(&mut self, code: u8) -> io::Result<Packet> {
        let code = *self.main.codes.get(usize::from(code)).ok_or_else(bent)?;
        let (from, mut flags) = (&mut self.from, code.flags);
        if flags & flag::INVALID != 0 {
            return Err(bent());
        }
        if flags & flag::CODED != 0 {
            flags ^= number(from)?;
        }
        let stream = if flags & flag::STREAM_ID != 0 { number(from)? } else { code.stream };
        let pts = if flags & flag::CODED_PTS != 0 {
            let (coded, low) = (i64::try_from(number(from)?).map_err(|_| bent())?, 1_i64 << self.main.pts_shift);
            if coded < low {
                // The nearest time with these lowest bits.
                let least = self.last_pts.saturating_sub((low - 1) / 2);
                (coded.wrapping_sub(least) & (low - 1)).saturating_add(least)
            } else {
                coded - low
            }
        } else {
            self.last_pts.saturating_add(code.pts_delta)
        };
        let mut size = code.size_lsb;
        if flags & flag::SIZE_MSB != 0 {
            size = size.saturating_add(code.size_mul.saturating_mul(number(from)?));
        }
        if flags & flag::MATCH_TIME != 0 {
            signed(from)?;
        }
        let mut header = if flags & flag::HEADER_IDX != 0 { number(from)? } else { code.header };
        let reserved = if flags & flag::RESERVED != 0 { number(from)? } else { code.reserved };
        for _ in 0..reserved.min(256) {
            number(from)?;
        }
        if size > LONG {
            header = 0;
        }
        let header = usize::try_from(header).ok().and_then(|nth| self.main.headers.get(nth)).ok_or_else(bent)?;
        if flags & flag::CHECKSUM != 0 {
            bytes(from, 4, 4)?;
        }
        if stream != 0 {
            return Err(bent());
        }
        let left = size.checked_sub(header.len() as u64).ok_or_else(bent)?;
        if usize::try_from(size).map_or(true, |size| size > self.most) {
            return Err(bent());
        }
        let mut data = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        data.extend_from_slice(header);
        if from.take(left).read_to_end(&mut data)? as u64 != left {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.last_pts = pts;
        Ok(Packet { at: self.main.ms(pts), key: flags & flag::KEY != 0, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn coded(mut value: u64, into: &mut Vec<u8>) {
        let mut bytes = vec![u8::try_from(value & 0x7f).unwrap()];
        while value > 0x7f {
            value >>= 7;
            bytes.push(0x80 | u8::try_from(value & 0x7f).unwrap());
        }
        bytes.reverse();
        into.extend(bytes);
    }

    fn said(code: u64, numbers: &[u64]) -> Vec<u8> {
        let mut body = Vec::new();
        for value in numbers {
            coded(*value, &mut body);
        }
        body.extend([0; 4]);
        let mut all = code.to_be_bytes().to_vec();
        coded(body.len() as u64, &mut all);
        all.extend(body);
        all
    }

    /// A header with the unit 1/64000 and one code for every frame: everything is coded.
    fn header() -> Vec<u8> {
        let everything = flag::CODED_PTS | flag::SIZE_MSB | flag::KEY;
        // version, streams, distance, units, 1/64000; flags, six fields: delta 0, mul 1, stream 0, first 0, none reserved, 255 of them.
        let main = [3, 1, 1 << 16, 1, 1, 64_000, everything, 6, 1, 1, 0, 0, 0, 255, 0];
        // id, class, four letters; unit, shift, distance, delay, flags, no settings; 640 by 360.
        let stream = [0, 0, 4, 89, 56, 48, 48, 0, 7, 100, 0, 0, 0, 640, 360, 1, 1, 0];
        [BEGINNING.to_vec(), said(MAIN, &main), said(STREAM, &stream), said(0x4e00_0000_0000_0001, &[1, 2, 3])].concat()
    }

    fn written(frames: &[(u32, Vec<u8>)]) -> Vec<u8> {
        let mut all = header();
        for (at, data) in frames {
            all.extend(said(SYNCPOINT, &[u64::from(*at) * 64, 0]));
            all.push(0);
            coded(u64::from(*at) * 64 + (1 << 7), &mut all);
            coded(data.len() as u64, &mut all);
            all.extend(data);
        }
        all
    }

    fn read(bytes: &[u8]) -> io::Result<((u32, u32), Vec<Packet>)> {
        let mut reader = Reader::new(bytes, 1 << 20);
        let size = reader.size()?;
        let mut packets = Vec::new();
        while let Some(packet) = reader.packet()? {
            packets.push(packet);
        }
        Ok((size, packets))
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(frames in prop::collection::vec((any::<u32>(), any::<Vec<u8>>()), 1..8)) {
            let (size, packets) = read(&written(&frames)).unwrap();
            prop_assert_eq!(size, (640, 360));
            let expected: Vec<_> =
                frames.into_iter().map(|(at, data)| Packet { at: i64::from(at), key: true, data }).collect();
            prop_assert_eq!(packets, expected);
        }

        #[test]
        fn any_bytes_are_read_without_harm(
            bytes in any::<Vec<u8>>(), cut in any::<prop::sample::Index>(), bent in any::<(prop::sample::Index, u8)>(),
        ) {
            drop(read(&bytes));
            let mut ours = written(&[(5, bytes)]);
            drop(read(&ours[..cut.index(ours.len())]));
            let at = bent.0.index(ours.len());
            ours[at] = bent.1;
            drop(read(&ours));
        }
    }
}
