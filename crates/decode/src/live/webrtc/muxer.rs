//! As little of an MPEG transport stream as carries one H.264 picture (ISO/IEC 13818-1): two tables, and a packet of the
//! elementary stream for each frame, with its time.

use super::super::transport::{PACKET, PICTURE, TABLE};

/// Bytes of a packet behind its header.
const BODY: usize = PACKET - 4;
/// The programs: one, whose parts stand in `TABLE`.
const PROGRAMS: [u8; 17] = [0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xf0, 0, 0x2a, 0xb1, 0x04, 0xb2];
/// The parts: one, H.264, in `PICTURE`, where the clock is as well.
const PARTS: [u8; 22] =
    [0, 2, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, 0x1b, 0xe1, 0, 0xf0, 0, 0x15, 0xbd, 0x4d, 0x56];
/// The unit that says that a frame begins; a transport stream has one before each.
const DELIMITER: [u8; 6] = [0, 0, 0, 1, 9, 0xf0];
/// Times are counted with so many bits.
const TIME: u64 = (1 << 33) - 1;
/// So much earlier than a frame is shown the clock says that it has come, in 90 kHz.
const AHEAD: u64 = 9000;

/// Writes frames down as packets.
#[derive(Debug, Default)]
pub(super) struct Muxer {
    programs: u8,
    parts: u8,
    picture: u8,
}

impl Muxer {
    /// Adds one frame, with start codes (Annex B), which is shown at `time` (90 kHz). Before one that can be entered by, the
    /// tables are said again.
    pub(super) fn frame(&mut self, units: &[u8], time: u64, key: bool, out: &mut Vec<u8>) {
        if key {
            table(&PROGRAMS, 0, &mut self.programs, out);
            table(&PARTS, TABLE, &mut self.parts, out);
        }
        let mut unit = Vec::with_capacity(14 + DELIMITER.len() + units.len());
        // A picture, of unsaid length, with the time at which it is shown and no other: no frame waits for a later one.
        unit.extend([0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5]);
        unit.extend(shown(time));
        if !units.starts_with(&[0, 0, 0, 1, 9]) {
            unit.extend(DELIMITER);
        }
        unit.extend(units);

        let clock = clock(time.wrapping_sub(AHEAD), key);
        let mut rest = packet(PICTURE, true, &mut self.picture, &clock, &unit, out);
        while !rest.is_empty() {
            rest = packet(PICTURE, false, &mut self.picture, &[], rest, out);
        }
    }
}

/// Says whether the stream can be entered here, and what the clock says.
fn clock(time: u64, key: bool) -> [u8; 7] {
    let marks = if key { 0x50 } else { 0x10 };
    // 33 bits of 90 kHz, six that are set, nine of 27 MHz.
    let [_, bytes @ ..] = (marks << 48 | (time & TIME) << 15 | 0x7e00_u64).to_be_bytes();
    bytes
}

/// The time at which a frame is shown: three, fifteen and fifteen bits, with a bit that is set behind each.
fn shown(time: u64) -> [u8; 5] {
    let time = time & TIME;
    let spread = 0x21 << 32 | (time >> 30) << 33 | 1 << 16 | (time >> 15 & 0x7fff) << 17 | (time & 0x7fff) << 1 | 1;
    let [_, _, _, bytes @ ..] = spread.to_be_bytes();
    bytes
}

fn table(section: &[u8], place: u16, counter: &mut u8, out: &mut Vec<u8>) {
    let mut body = [0xff; BODY];
    for (to, from) in body.iter_mut().zip(section) {
        *to = *from;
    }
    packet(place, true, counter, &[], &body, out);
}

/// Adds one packet with as much of `payload` as it holds, and gives back what it does not.
fn packet<'a>(
    place: u16,
    begins: bool,
    counter: &mut u8,
    field: &[u8],
    payload: &'a [u8],
    out: &mut Vec<u8>,
) -> &'a [u8] {
    let needed = if field.is_empty() { 0 } else { 1 + field.len() };
    let (now, later) = payload.split_at_checked(BODY.saturating_sub(needed)).unwrap_or((payload, &[]));
    let [high, low] = place.to_be_bytes();
    let filled = BODY - now.len();
    let has_field = if filled == 0 { 0x10 } else { 0x30 };
    out.extend([0x47, if begins { high | 0x40 } else { high }, low, has_field | *counter & 0xf]);
    *counter = counter.wrapping_add(1);
    // The field counts its own length out, and fills what the payload does not.
    let end = out.len() + filled;
    if let Some(length) = filled.checked_sub(1) {
        out.push(u8::try_from(length).unwrap_or_default());
        out.extend(if field.is_empty() && length > 0 { &[0] } else { field });
        out.resize(end, 0xff);
    }
    out.extend(now);
    later
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::live::{Mode, Sieve};

    fn sum(bytes: &[u8]) -> u32 {
        bytes.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(
                sum ^ u32::from(*byte) << 24,
                |sum, _| {
                    if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 }
                },
            )
        })
    }

    #[test]
    fn sums_of_the_tables_are_right() {
        assert_eq!((sum(&PROGRAMS[1..]), sum(&PARTS[1..])), (0, 0));
    }

    proptest! {
        /// Of every frame whole packets are made that hold it, and what looks at key frames alone finds it.
        #[test]
        fn every_frame_is_in_whole_packets(units in prop::collection::vec(any::<u8>(), 0..800), time in 0..=TIME, key in any::<bool>()) {
            let (mut out, mut muxer) = (Vec::new(), Muxer::default());
            muxer.frame(&units, time, key, &mut out);
            let (packets, rest) = out.as_chunks::<PACKET>();
            prop_assert!(rest.is_empty());
            let mut held: Vec<u8> = Vec::new();
            for packet in packets.iter().filter(|packet| packet[1] & 0x1f == 1) {
                let skip = if packet[3] & 0x20 == 0 { 4 } else { 5 + usize::from(packet[4]) };
                held.extend(&packet[skip..]);
            }
            prop_assert!(held.ends_with(&units));
            let [a, b, c, d, e] = held[9..14].try_into().map(|bytes: [u8; 5]| bytes.map(u64::from)).unwrap();
            prop_assert_eq!((a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1, time);
            let (mut sieve, mut found) = (Sieve::new(Mode::Economical), Vec::new());
            // The next frame ends it.
            muxer.frame(&[0, 0, 1, 0x41], time, false, &mut out);
            sieve.take(&out, &mut found);
            prop_assert_eq!(!found.is_empty(), key);
        }
    }
}
