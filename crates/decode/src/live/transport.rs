//! The little of an MPEG transport stream that is needed to leave out what need not be decoded: which packets are of the picture, and
//! where a frame begins on which nothing before it has a bearing (ISO/IEC 13818-1, 2.4.3).

/// Bytes of a packet.
pub(crate) const PACKET: usize = 188;
/// How each begins.
const SYNC: u8 = 0x47;
/// Where the reader of the network puts the table of its parts, and the picture: it is told so.
pub(crate) const TABLE: u16 = 0x1000;
pub(crate) const PICTURE: u16 = 0x100;
/// A packet that is for us: how closely to look from here on.
const CLOSELY: u16 = 0x1ffe;
/// After so many milliseconds its times begin anew.
const ROUND_MS: i64 = (1 << 33) / 90;
/// So many bytes of a group wait for somebody to ask for them; what is over that is not kept.
const MOST_WAITING: usize = 8 << 20;

/// A packet that says how closely to look from here on.
pub(crate) fn closely(yes: bool) -> [u8; PACKET] {
    let mut packet = [0xff; PACKET];
    let [high, low] = CLOSELY.to_be_bytes();
    let head = [SYNC, high, low, 0x10, u8::from(yes)];
    packet.iter_mut().zip(head).for_each(|(byte, head)| *byte = head);
    packet
}

/// Whether the first frame of a group is still to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    /// It was shown.
    Nothing,
    /// It has this time, in milliseconds.
    At(i64),
    /// Nobody can say when it is shown.
    Sometime,
}

/// What of a stream is decoded: all of the picture, or of each group its first frame, and what follows until that was shown.
pub(crate) struct Sieve {
    closely: bool,
    /// Whether the first frame of the group is still to be shown.
    owed: Owed,
    /// What of this group was left out, in case it is asked for.
    left_out: Vec<u8>,
    /// Too much was left out: the group cannot be gone on with.
    torn: bool,
    counter: u8,
    rest: Vec<u8>,
}

impl Sieve {
    pub(crate) fn new(closely: bool) -> Self {
        Self { closely, owed: Owed::Sometime, left_out: Vec::new(), torn: true, counter: 0, rest: Vec::new() }
    }

    /// A frame of this time was shown. Where it is not before the first of the group, nothing more is needed to show that.
    pub(crate) fn shown(&mut self, at_ms: i64) {
        let shown = |owed: i64| (at_ms - owed).rem_euclid(ROUND_MS) < ROUND_MS / 2;
        if matches!(self.owed, Owed::At(owed) if shown(owed)) {
            self.owed = Owed::Nothing;
        }
    }

    /// Takes what came; what is to be decoded of it is added to `out`.
    pub(crate) fn take(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        if !self.rest.is_empty() {
            let (head, tail) = bytes.split_at_checked(PACKET - self.rest.len()).unwrap_or((bytes, &[]));
            self.rest.extend_from_slice(head);
            bytes = tail;
            if let Ok(packet) = <[u8; PACKET]>::try_from(self.rest.as_slice()) {
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

    fn packet(&mut self, packet: [u8; PACKET], out: &mut Vec<u8>) {
        let [sync, high, low, flags, more @ ..] = &packet;
        let id = u16::from_be_bytes([*high & 0x1f, *low]);
        if *sync != SYNC {
            return;
        }
        match id {
            0 | TABLE => out.extend_from_slice(&packet),
            CLOSELY => {
                let [yes, ..] = more;
                self.look_closely(*yes == 1, out);
            }
            PICTURE => {
                let [length, marks, ..] = more;
                // A unit begins here, and the field says that it can be entered by.
                let begins = *high & 0x40 != 0 && *flags & 0x20 != 0 && *length > 0 && *marks & 0x40 != 0;
                if begins {
                    (self.owed, self.torn) = (time(more).map_or(Owed::Sometime, Owed::At), false);
                    self.left_out.clear();
                }
                if self.closely || self.owed != Owed::Nothing {
                    self.pass(packet, out);
                } else if self.left_out.len() < MOST_WAITING {
                    self.left_out.extend_from_slice(&packet);
                } else {
                    self.torn = true;
                }
            }
            _ => {}
        }
    }

    fn look_closely(&mut self, yes: bool, out: &mut Vec<u8>) {
        if yes && !self.closely && !self.torn {
            let left_out = std::mem::take(&mut self.left_out);
            for packet in left_out.as_chunks::<PACKET>().0 {
                self.pass(*packet, out);
            }
        }
        self.left_out.clear();
        // What was not kept is missing between here and the next group.
        self.torn |= !yes;
        self.closely = yes;
    }

    /// The decoder sees no hole where something was left out.
    fn pass(&mut self, mut packet: [u8; PACKET], out: &mut Vec<u8>) {
        let [_, _, _, flags, ..] = &mut packet;
        if *flags & 0x10 != 0 {
            self.counter = (self.counter + 1) & 0x0f;
        }
        *flags = *flags & 0xf0 | self.counter;
        out.extend_from_slice(&packet);
    }
}

/// When the unit that begins behind a field is shown, in milliseconds (2.4.3.6).
fn time(field: &[u8]) -> Option<i64> {
    let (length, rest) = field.split_first()?;
    let unit = rest.get(usize::from(*length)..)?;
    let [0, 0, 1, _, _, _, _, marks, _, time @ ..] = unit else { return None };
    let part = |byte: &u8, bits: u8, shift: u32| i64::from(byte & bits) << shift;
    // Three bits, eight, seven, eight, and seven, with marks between them.
    let parts = [(0x0e, 29), (0xff, 22), (0xfe, 14), (0xff, 7)];
    let (high, rest) = time.split_at_checked(parts.len())?;
    let ticks = high.iter().zip(parts).map(|(byte, (bits, shift))| part(byte, bits, shift)).sum::<i64>();
    let ticks = ticks | i64::from(rest.first()? >> 1);
    (marks & 0x80 != 0).then_some(ticks / 90)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(id: u16, begins: bool, mark: u8) -> Vec<u8> {
        let mut packet = vec![mark; PACKET];
        let [high, low] = id.to_be_bytes();
        let head = [SYNC, high | u8::from(begins) << 6, low, 0x30, 1, if begins { 0x40 } else { 0 }];
        packet[..6].copy_from_slice(&head);
        if begins {
            // Shown after 1000 ms: 90,000 ticks.
            packet[6..20].copy_from_slice(&[0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 5, 0xbf, 0x20]);
        }
        packet
    }

    fn marks(out: &[u8]) -> Vec<u8> {
        out.as_chunks::<PACKET>().0.iter().map(|packet| packet[100]).collect()
    }

    #[test]
    fn of_a_group_its_first_frame_is_passed_and_what_follows_until_it_was_shown() {
        let (mut sieve, mut out) = (Sieve::new(false), Vec::new());
        let group: Vec<u8> =
            [packet(0, false, 1), packet(TABLE, false, 2), packet(PICTURE, true, 3), packet(0x101, false, 4)]
                .into_iter()
                .chain([packet(PICTURE, false, 5)])
                .flatten()
                .collect();
        sieve.take(&group, &mut out);
        assert_eq!(marks(&out), [1, 2, 3, 5], "sound is not decoded");
        assert_eq!(sieve.owed, Owed::At(1_000));
        sieve.shown(999);
        assert_eq!(sieve.owed, Owed::At(1_000), "a frame of the group before");
        sieve.shown(1_000);
        out.clear();
        sieve.take(&[packet(PICTURE, false, 6), packet(PICTURE, false, 7)].concat(), &mut out);
        assert!(out.is_empty());
        // Somebody wants to look closely: what was left out of the group comes after all, and everything from here on.
        sieve.take(&[closely(true).to_vec(), packet(PICTURE, false, 8)].concat(), &mut out);
        assert_eq!(marks(&out), [6, 7, 8]);
        out.clear();
        sieve.take(&[closely(false).to_vec(), packet(PICTURE, false, 9), packet(PICTURE, true, 10)].concat(), &mut out);
        assert_eq!(marks(&out), [10]);
    }

    proptest! {
        /// However it is cut, the same comes out; what comes out has no hole that the counter shows.
        #[test]
        fn any_bytes_are_read_without_harm(
            bytes in prop::collection::vec(any::<u8>(), 0..2_000),
            packets in prop::collection::vec((prop::sample::select(vec![0, TABLE, PICTURE, 0x101, CLOSELY]), any::<bool>(), any::<u8>()), 0..30),
            cut in 1_usize..400,
            close in any::<bool>(),
        ) {
            let all: Vec<u8> = packets.iter().flat_map(|(id, begins, mark)| packet(*id, *begins, *mark)).chain(bytes).collect();
            let (mut whole, mut out) = (Sieve::new(close), Vec::new());
            whole.take(&all, &mut out);
            let (mut pieces, mut cut_out) = (Sieve::new(close), Vec::new());
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
    }
}
