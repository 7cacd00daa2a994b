//! The little of an MPEG transport stream that is needed to leave out what need not be decoded: which packets are of the picture, and
//! where a frame begins on which nothing before it has a bearing (ISO/IEC 13818-1, 2.4.3).

use super::Mode;
use super::parameters::{Coding, Unit};

/// Bytes of a packet.
pub(crate) const PACKET: usize = 188;
/// How each begins.
const SYNC: u8 = 0x47;
/// Where the reader of the network puts the table of its parts, and the picture: it is told so.
pub(crate) const TABLE: u16 = 0x1000;
pub(crate) const PICTURE: u16 = 0x100;
/// No reader of the network writes this one: a packet of it is said to the sieve by whoever shows the stream. A reader that was taken over
/// could, as it could show whatever it likes; when frames come too seldom by that, the record says so.
const ORDER: u16 = 0x1ffe;
/// So many packets that were left out are held at most, 8 MiB: what lies between two key frames, and more.
const MOST_HELD: usize = (8 << 20) / PACKET;
/// So many packets at the beginning of a frame are read together at most, until its picture begins: what its coding says of itself stands
/// there, and encoders may write a page about themselves before it.
const HEAD: usize = 256;

type Packet = [u8; PACKET];

/// What of a stream is decoded: all of its picture from the first frame on that can be entered by, or of each group that frame alone.
/// A decoder is told that it has to wait for nothing, so that it gives every frame at once.
pub(crate) struct Sieve {
    /// Whether key frames alone are asked for.
    keys: bool,
    /// Whether everything is decoded all the same, for key frames lean on what is before them.
    leans: bool,
    coding: Option<Coding>,
    /// Whether what comes belongs to a frame that is decoded.
    passing: bool,
    /// The beginning of a frame that can be entered by, as long as it is waited for.
    head: Option<Vec<Packet>>,
    /// The last bytes of such a frame, until its picture begins.
    window: Option<u32>,
    /// What was left out since, where it leans on nothing but what was passed.
    left_out: Option<Vec<Packet>>,
    counter: u8,
    rest: Vec<u8>,
}

impl Sieve {
    /// One that passes what this mode looks at.
    pub(crate) fn new(mode: Mode) -> Self {
        let keys = mode == Mode::Economical;
        let (head, window) = (None, None);
        Self {
            keys,
            leans: false,
            coding: None,
            passing: false,
            head,
            window,
            left_out: None,
            counter: 0,
            rest: Vec::new(),
        }
    }

    fn whole(&self) -> bool {
        self.leans || !self.keys
    }

    /// From here on this mode is looked at. More closely, it begins with what was left out since the last key frame.
    fn turn(&mut self, mode: Mode, out: &mut Vec<u8>) {
        self.keys = mode == Mode::Economical;
        if self.whole()
            && let Some(packets) = self.left_out.take()
        {
            for packet in packets {
                self.pass(packet, out);
            }
            self.passing = true;
        }
    }

    /// Takes what came; what is to be decoded of it is added to `out`.
    pub(crate) fn take(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        if !self.rest.is_empty() {
            let (head, tail) = bytes.split_at_checked(PACKET - self.rest.len()).unwrap_or((bytes, &[]));
            self.rest.extend_from_slice(head);
            bytes = tail;
            if let Ok(packet) = Packet::try_from(self.rest.as_slice()) {
                self.rest.clear();
                self.packet(packet, out);
            }
        }
        let (packets, rest) = bytes.as_chunks::<PACKET>();
        for packet in packets {
            self.packet(*packet, out);
        }
        self.rest.extend_from_slice(rest);
    }

    fn packet(&mut self, packet: Packet, out: &mut Vec<u8>) {
        let [sync, high, low, flags, length, marks, ..] = packet;
        if sync != SYNC {
            return;
        }
        match u16::from_be_bytes([high & 0x1f, low]) {
            0 => out.extend_from_slice(&packet),
            TABLE => {
                self.coding = coding(&packet).or(self.coding);
                out.extend_from_slice(&packet);
            }
            PICTURE => {
                if high & 0x40 != 0 {
                    // The field says that the frame that begins here can be entered by.
                    self.begin(flags & 0x20 != 0 && length > 0 && marks & 0x40 != 0, out);
                }
                let begun = self.scan(&packet);
                match &mut self.head {
                    _ if !self.passing => self.hold(packet),
                    Some(head) => {
                        head.push(packet);
                        if begun || head.len() >= HEAD {
                            self.release(out);
                        }
                    }
                    None => self.pass(packet, out),
                }
            }
            ORDER => self.turn(if flags & MODE == 0 { Mode::Economical } else { Mode::Thorough }, out),
            _ => {}
        }
    }

    fn hold(&mut self, packet: Packet) {
        match &mut self.left_out {
            Some(packets) if packets.len() < MOST_HELD => packets.push(packet),
            // What is not whole is of no use.
            _ => self.left_out = None,
        }
    }

    fn begin(&mut self, enters: bool, out: &mut Vec<u8>) {
        self.release(out);
        if self.passing && !self.whole() {
            self.pass(OVER, out);
            self.left_out = Some(Vec::new());
        }
        self.passing = enters || (self.whole() && self.passing);
        if self.passing {
            self.left_out = None;
        }
        self.head = enters.then(Vec::new);
        self.window = enters.then_some(u32::MAX);
    }

    /// Passes the beginning of a frame.
    fn release(&mut self, out: &mut Vec<u8>) {
        let Some(mut head) = self.head.take() else { return };
        // Who looks at everything would see HEVC's frames in the order in which they came.
        match self.coding {
            Some(coding) if !self.whole() || coding == Coding::Avc => hurry(coding, &mut head),
            _ => {}
        }
        for packet in head {
            self.pass(packet, out);
        }
    }

    /// The decoder sees no hole where something was left out.
    fn pass(&mut self, mut packet: Packet, out: &mut Vec<u8>) {
        let [_, _, _, flags, ..] = &mut packet;
        if *flags & 0x10 != 0 {
            self.counter = (self.counter + 1) & 0x0f;
        }
        *flags = *flags & 0xf0 | self.counter;
        out.extend_from_slice(&packet);
    }

    /// Whether the picture of a frame that can be entered by has begun, as far as its coding is known. Of a stream whose groups lean on each
    /// other everything is decoded: its key frames alone are none.
    fn scan(&mut self, packet: &Packet) -> bool {
        let (Some(coding), Some(window)) = (self.coding, &mut self.window) else { return true };
        for byte in packet.get(payload(packet)..).unwrap_or_default() {
            let unit = if *window & 0x00ff_ffff == 1 { coding.unit(*byte) } else { Unit::Other };
            *window = *window << 8 | u32::from(*byte);
            if matches!(unit, Unit::Fresh | Unit::Slice) {
                self.leans |= unit == Unit::Slice;
                self.window = None;
                return true;
            }
        }
        false
    }
}

/// A packet that begins a frame without a byte: the one before is over, and a decoder need not wait for the next.
const OVER: Packet = {
    let mut packet = [0xff; PACKET];
    let (head, _) = packet.split_at_mut(6);
    head.copy_from_slice(&[SYNC, 0x40 | (PICTURE >> 8) as u8, 0, 0x30, 174, 0]);
    let (_, unit) = packet.split_at_mut(PACKET - 9);
    unit.copy_from_slice(&[0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0]);
    packet
};

/// The bit of an order that stands for [`Mode::Thorough`].
const MODE: u8 = 0x01;

/// What says to an eye that it is to look so from here on, in what it is shown.
pub(super) const fn order(mode: Mode) -> Packet {
    let mut packet = [0xff; PACKET];
    let (head, _) = packet.split_at_mut(4);
    let [high, low] = ORDER.to_be_bytes();
    head.copy_from_slice(&[SYNC, high, low, if matches!(mode, Mode::Thorough) { MODE } else { 0 }]);
    packet
}

/// Where a packet's own bytes begin.
fn payload(packet: &Packet) -> usize {
    let [_, high, _, flags, length, ..] = packet;
    let begins = match flags & 0x30 {
        0x10 => 4,
        0x30 => 5 + usize::from(*length),
        _ => PACKET,
    };
    // Behind what a frame is packed in (2.4.3.6).
    let header = match packet.get(begins..).unwrap_or_default() {
        [0, 0, 1, 0xe0..=0xef, _, _, _, _, length, ..] if high & 0x40 != 0 => 9 + usize::from(*length),
        _ => 0,
    };
    begins + header
}

/// How the picture is coded, as the table says (2.4.4.8).
fn coding(packet: &Packet) -> Option<Coding> {
    let table = packet.get(payload(packet)..)?;
    let table = table.get(1 + usize::from(*table.first()?)..)?;
    let [2, high, low, _, _, _, _, _, _, _, more_high, more_low, rest @ ..] = table else { return None };
    let of = |high: &u8, low: &u8| usize::from(u16::from_be_bytes([high & 0x0f, *low]));
    // A checksum stands behind it; nine bytes of it are before.
    let rest = rest.get(..of(high, low).checked_sub(9 + 4)?)?;
    let mut rest = rest.get(of(more_high, more_low)..)?;
    while let [kind, id_high, id_low, more_high, more_low, behind @ ..] = rest {
        if u16::from_be_bytes([id_high & 0x1f, *id_low]) == PICTURE {
            return Coding::of_type(*kind);
        }
        rest = behind.get(of(more_high, more_low)..)?;
    }
    None
}

/// Where the beginning of a frame says how many frames are waited for, it says none.
fn hurry(coding: Coding, head: &mut [Packet]) {
    let bytes: Vec<u8> =
        head.iter().flat_map(|packet| packet.get(payload(packet)..).unwrap_or_default()).copied().collect();
    let begins: Vec<usize> =
        bytes.windows(3).enumerate().filter(|(_, three)| **three == [0, 0, 1]).map(|(at, _)| at).collect();
    for pair in begins.windows(2) {
        let [from, to] = *pair else { continue };
        let unit = bytes.get(from + 3..to).unwrap_or_default();
        let is = unit.first().is_some_and(|first| coding.unit(*first) == Unit::Parameters);
        let Some(hurried) = is.then(|| coding.without_waiting(unit)).flatten() else { continue };
        let places = head.iter_mut().flat_map(|packet| {
            let at = payload(packet);
            packet.get_mut(at..).unwrap_or_default()
        });
        places.skip(from + 3).zip(hurried).for_each(|(place, byte)| *place = byte);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A packet that may begin a frame, which may be one to enter by.
    fn packet(id: u16, begins: bool, enters: bool, mark: u8) -> Packet {
        let mut packet = [mark; PACKET];
        let [high, low] = id.to_be_bytes();
        let head = [SYNC, high | u8::from(begins) << 6, low, 0x30, 1, if enters { 0x40 } else { 0 }];
        packet[..6].copy_from_slice(&head);
        if begins {
            packet[6..15].copy_from_slice(&[0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0]);
        }
        packet
    }

    /// The table of a stream with a picture of this type.
    fn table(kind: u8) -> Packet {
        let mut packet = [0xff; PACKET];
        let section = [2, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, kind, 0xe1, 0, 0xf0, 0, 1, 2, 3, 4];
        packet[..5].copy_from_slice(&[SYNC, 0x40 | 0x10, 0, 0x10, 0]);
        packet[5..5 + section.len()].copy_from_slice(&section);
        packet
    }

    fn sieved(sieve: &mut Sieve, packets: &[Packet]) -> Vec<u8> {
        let mut out = Vec::new();
        sieve.take(&packets.concat(), &mut out);
        out.as_chunks::<PACKET>().0.iter().map(|packet| packet[100]).collect()
    }

    fn group(first: &[u8]) -> Vec<Packet> {
        let mut key = packet(PICTURE, true, true, 3);
        key[15..15 + first.len()].copy_from_slice(first);
        let rest =
            [(0x101, false, 4), (PICTURE, false, 5), (PICTURE, true, 6), (PICTURE, false, 7), (PICTURE, true, 8)];
        let rest = rest.into_iter().map(|(id, begins, mark)| packet(id, begins, false, mark));
        [packet(0, false, false, 1), table(0x1b), key].into_iter().chain(rest).collect()
    }

    #[test]
    fn of_a_group_its_first_frame_is_passed_and_said_to_be_over() {
        let fresh = [0, 0, 1, 0x65];
        let mut sieve = Sieve::new(Mode::Economical);
        assert_eq!(sieved(&mut sieve, &group(&fresh)), [1, 0xff, 3, 5, 0xff], "no sound, and no other frame");
        assert_eq!(sieved(&mut sieve, &group(&fresh)), [1, 0xff, 3, 5, 0xff]);
        let mut sieve = Sieve::new(Mode::Thorough);
        let before = [packet(PICTURE, true, false, 9), packet(PICTURE, false, false, 9)];
        assert_eq!(sieved(&mut sieve, &before), [], "nothing before a frame that can be entered by");
        assert_eq!(sieved(&mut sieve, &group(&fresh)), [1, 0xff, 3, 5, 6, 7, 8]);
    }

    #[test]
    fn of_a_stream_whose_groups_lean_on_each_other_everything_is_decoded() {
        let mut sieve = Sieve::new(Mode::Economical);
        assert_eq!(sieved(&mut sieve, &group(&[0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41])), [1, 0xff, 3, 5, 6, 7, 8]);
    }

    #[test]
    fn a_closer_look_begins_behind_the_last_key_frame_and_a_key_frame_ends_it() {
        const NOTHING: [u8; 0] = [];
        let one = group(&[0, 0, 1, 0x65]);
        let (key, rest) = one.split_at(3);
        let mut sieve = Sieve::new(Mode::Economical);
        sieved(&mut sieve, &one);
        assert_eq!(sieved(&mut sieve, key), [1, 0xff, 3]);
        assert_eq!(sieved(&mut sieve, rest), [5, 0xff]);
        assert_eq!(sieved(&mut sieve, &[order(Mode::Thorough)]), [6, 7, 8], "what was left out of this group");
        assert_eq!(sieved(&mut sieve, &[order(Mode::Thorough)]), NOTHING, "once");
        assert_eq!(sieved(&mut sieve, &rest[1..]), [5, 6, 7, 8]);
        assert_eq!(sieved(&mut sieve, &[order(Mode::Economical)]), NOTHING);
        assert_eq!(sieved(&mut sieve, &rest[1..]), [5, 0xff], "the frame that had begun, and no other");
        assert_eq!(sieved(&mut sieve, &[order(Mode::Thorough)]), [6, 7, 8], "and it can be leaned on");
        // Before the first key frame there is nothing to begin with.
        let mut sieve = Sieve::new(Mode::Economical);
        assert_eq!(sieved(&mut sieve, rest), NOTHING);
        assert_eq!(sieved(&mut sieve, &[order(Mode::Thorough)]), NOTHING);
        assert_eq!(sieved(&mut sieve, &rest[1..]), NOTHING);
        assert_eq!(sieved(&mut sieve, &one), [1, 0xff, 3, 5, 6, 7, 8]);
        // Nor where more was left out than is held.
        let mut sieve = Sieve::new(Mode::Economical);
        sieved(&mut sieve, &one);
        sieved(&mut sieve, &vec![rest[1]; MOST_HELD + 1]);
        assert_eq!(sieved(&mut sieve, &[order(Mode::Thorough)]), NOTHING);
        assert_eq!(sieved(&mut sieve, &one), [1, 0xff, 3, 5, 6, 7, 8]);
    }

    #[test]
    fn a_frame_is_not_waited_for() {
        // As x264 writes it for 1280 by 720 with B-frames: two frames are shown later than they come.
        let set = [
            0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
            0x00, 0x03, 0x03, 0xc0, 0xf1, 0x83, 0x19, 0x60,
        ];
        let hurried = Coding::Avc.without_waiting(&set).unwrap();
        assert_eq!(hurried.len(), set.len());
        assert_eq!(hurried[..9], set[..9], "profile and size stay");
        let last = hurried.iter().rposition(|byte| *byte != 0).unwrap();
        assert!(last < 12, "wishes for showing it are gone: {hurried:x?}");
        let unit = [&[0, 0, 1, 9, 0xf0, 0, 0, 1][..], &set, &[0, 0, 1, 0x65]].concat();
        let mut sieve = Sieve::new(Mode::Economical);
        let mut out = Vec::new();
        sieve.take(&group(&unit).concat(), &mut out);
        let key = out.as_chunks::<PACKET>().0[2];
        assert_eq!(key[15 + 8..15 + 8 + set.len()], hurried);
        assert_eq!(key[15 + 8 + set.len()..][..4], [0, 0, 1, 0x65]);
    }

    #[test]
    fn a_frame_is_not_waited_for_whatever_its_encoder_says_of_itself_before() {
        let set = [0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x10, 0, 0, 3, 0, 0x10, 0x80];
        let page = [&[0, 0, 1, 6, 5, 255][..], &[b'x'; 1_200], &[0x80]].concat();
        let unit = [&[0, 0, 1, 9, 0xf0], page.as_slice(), &[0, 0, 1], &set, &[0, 0, 1, 0x65], &[7; 400]].concat();
        let (mut sieve, mut out) = (Sieve::new(Mode::Economical), Vec::new());
        let mut packets = vec![packet(0, false, false, 1), table(0x1b)];
        for (nth, part) in unit.chunks(PACKET - 15).enumerate() {
            let mut one = packet(PICTURE, nth == 0, nth == 0, 0xff);
            let from = if nth == 0 { 15 } else { 6 };
            one[from..from + part.len()].copy_from_slice(part);
            packets.push(one);
        }
        sieve.take(&packets.concat(), &mut out);
        let hurried = Coding::Avc.without_waiting(&set).unwrap();
        assert_ne!(hurried, set);
        let passed: Vec<u8> =
            out.as_chunks::<PACKET>().0.iter().flat_map(|packet| packet[payload(packet)..].to_vec()).collect();
        let whole: Vec<u8> = passed.into_iter().filter(|byte| *byte != 0xff).collect();
        assert!(whole.windows(hurried.len()).any(|part| part == hurried), "its parameters stand behind the page");
    }

    proptest! {
        /// However it is cut, the same comes out; what comes out has no hole that the counter shows.
        #[test]
        fn any_bytes_are_read_without_harm(
            bytes in prop::collection::vec(any::<u8>(), 0..2_000),
            packets in prop::collection::vec(
                (prop::sample::select(vec![0, TABLE, PICTURE, PICTURE, 0x101, ORDER]), any::<bool>(), any::<bool>(), any::<u8>()), 0..30,
            ),
            kind in prop::sample::select(vec![0x1b, 0x24, 2]),
            set in prop::collection::vec(prop::sample::select(vec![0, 1, 3, 7, 0x42, 0x64, 0x67, 0x80, 0xff]), 0..170),
            cut in 1_usize..400,
            mode in prop::sample::select(vec![Mode::Economical, Mode::Thorough]),
        ) {
            let packets = packets.into_iter().map(|(id, begins, enters, mark)| match id {
                ORDER => order(if begins { Mode::Thorough } else { Mode::Economical }),
                _ => packet(id, begins, enters, mark),
            });
            let mut first = packet(PICTURE, true, true, 7);
            first[15..15 + set.len()].copy_from_slice(&set);
            let all: Vec<u8> = [table(kind), first].into_iter().chain(packets).flatten().chain(bytes).collect();
            let (mut whole, mut out) = (Sieve::new(mode), Vec::new());
            whole.take(&all, &mut out);
            let (mut pieces, mut cut_out) = (Sieve::new(mode), Vec::new());
            for piece in all.chunks(cut) {
                pieces.take(piece, &mut cut_out);
            }
            prop_assert_eq!(&out, &cut_out);
            let (packets, rest) = out.as_chunks::<PACKET>();
            prop_assert!(rest.is_empty());
            let mut last = None;
            for packet in packets.iter().filter(|packet| u16::from_be_bytes([packet[1] & 0x1f, packet[2]]) == PICTURE) {
                let (counts, counter) = (packet[3] & 0x10 != 0, packet[3] & 0x0f);
                if let Some(last) = last {
                    prop_assert_eq!(counter, if counts { (last + 1) & 0x0f } else { last });
                }
                last = Some(counter);
            }
        }

        /// A set of parameters keeps its length, whatever it holds.
        #[test]
        fn parameters_keep_their_length(set in any::<Vec<u8>>()) {
            for coding in [Coding::Avc, Coding::Hevc] {
                if let Some(hurried) = coding.without_waiting(&set) {
                    prop_assert_eq!(hurried.len(), set.len());
                }
            }
        }
    }
}
