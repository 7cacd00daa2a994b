//! Huffman codes and the bits they are read from.
//!
//! Three kinds of table, each as wide as fits a first-level cache: symbols alone; one or two coefficients with their
//! values; and several symbols at once for what nobody needs, of which only the length matters.

#![expect(
    clippy::inline_always,
    reason = "a look-up is shorter than a call, and must become part of the kernel for wide registers"
)]

use std::sync::{Arc, LazyLock};

/// Bits that a table looks at.
const LOOK: u32 = 11;
const ENTRIES: usize = 1 << LOOK;
/// Steps within what a table looks at that one refill is good for.
pub(super) const STEPS: u32 = 56 / LOOK;
/// Added to the place in a block when it has ended before its last coefficient.
pub(super) const END: u32 = 128;
/// No coefficient of an 8-bit picture has more bits.
const LARGEST: u8 = 11;

/// A Huffman table as the file states it: how many codes of each length, and their symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    counts: [u8; 16],
    symbols: Vec<u8>,
}

impl Spec {
    /// A table from the body of its segment, with what follows it. None if there are more codes than bits can tell apart.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (counts, rest) = bytes.split_first_chunk::<16>()?;
        let mut room = 1_i32;
        for count in counts {
            room = room * 2 - i32::from(*count);
            if room < 0 {
                return None;
            }
        }
        let (symbols, rest) = rest.split_at_checked(counts.iter().map(|count| usize::from(*count)).sum())?;
        (symbols.len() <= 256).then(|| (Self { counts: *counts, symbols: symbols.to_vec() }, rest))
    }

    /// Every code: its length, its bits, its symbol.
    fn codes(&self) -> impl Iterator<Item = (u32, u32, u8)> {
        let lengths = (1_u32..).zip(self.counts).flat_map(|(length, count)| (0..count).map(move |_| length));
        let mut next = (0_u32, 0_u32);
        lengths.zip(&self.symbols).map(move |(length, symbol)| {
            let (code, before) = next;
            let code = code << (length - before);
            next = (code + 1, length);
            (length, code, *symbol)
        })
    }
}

/// Symbols by the bits they begin with.
#[derive(Debug)]
pub(super) struct Symbols {
    /// Length and symbol; length 0 where the code is longer than the table looks.
    short: Box<[(u8, u8); ENTRIES]>,
    /// For each length the first bits, aligned to 16, that are beyond its codes, and where its symbols lie.
    long: [(u32, u32); 17],
    all: [u8; 256],
}

impl Symbols {
    pub(super) fn new(spec: &Spec) -> Self {
        let mut short = Box::new([(0, 0); ENTRIES]);
        let (mut long, mut symbols) = ([(0, 0); 17], [0; 256]);
        for (n, (length, code, symbol)) in (0_u32..).zip(spec.codes()) {
            if length <= LOOK {
                let shift = LOOK - length;
                let first = usize_of(code << shift);
                for entry in short.iter_mut().skip(first).take(1 << shift) {
                    *entry = (u8_of(length), symbol);
                }
            }
            if let (Some(place), Some(kept)) = (long.get_mut(usize_of(length)), symbols.get_mut(usize_of(n))) {
                *place = ((code + 1) << (16 - length), code.wrapping_sub(n));
                *kept = symbol;
            }
        }
        Self { short, long, all: symbols }
    }

    /// The next symbol and the length of its code. None if no code begins so.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "the shift leaves no more bits than the table has")]
    pub(super) fn next(&self, ahead: u64) -> Option<(u32, u8)> {
        let (length, symbol) = self.short[index(ahead)];
        if length > 0 { Some((u32::from(length), symbol)) } else { self.next_long(ahead) }
    }

    #[cold]
    #[inline(never)]
    fn next_long(&self, ahead: u64) -> Option<(u32, u8)> {
        let sixteen = u32::try_from(ahead >> 48).unwrap_or_default();
        for (length, (beyond, before)) in (0_u32..).zip(self.long).skip(usize_of(LOOK) + 1) {
            if sixteen < beyond {
                let n = (sixteen >> (16 - length)).wrapping_sub(before);
                return Some((length, *self.all.get(usize_of(n))?));
            }
        }
        None
    }
}

/// How symbols are to be understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Dc,
    Ac,
}

impl Kind {
    /// How far a symbol moves the place in its block and how many bits its value has. None for what stands for nothing.
    fn meaning(self, symbol: u8) -> Option<(u32, u8)> {
        let (run, size) = (symbol >> 4, symbol & 15);
        match (self, run, size) {
            (Self::Dc, 0, 0..=LARGEST) => Some((1, size)),
            (Self::Ac, 0, 0) => Some((END, 0)),
            (Self::Ac, _, 1..=LARGEST) | (Self::Ac, 15, 0) => Some((u32::from(run) + 1, size)),
            _ => None,
        }
    }
}

/// Bits ahead, after the code, as the signed number they stand for.
#[inline(always)]
pub(super) fn extend(ahead: u64, size: u8) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 16 bits are left")]
    let bits = ((ahead >> 1) >> (63 - u32::from(size))) as i32;
    let negative = i32::from(bits < (1 << size >> 1));
    bits + negative * (1 - (1 << size))
}

/// One symbol: bits of its code and value, how far it moves the place in its block, and the value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) used: u32,
    pub(super) advance: u32,
    pub(super) value: i16,
}

impl Symbols {
    /// The next symbol with its value, however long.
    #[cold]
    #[inline(never)]
    pub(super) fn step(&self, kind: Kind, ahead: u64) -> Option<Step> {
        let (length, symbol) = self.next(ahead)?;
        Self::meant(kind, length, symbol, ahead)
    }

    /// The same if these many bits hold all of it. What lies beyond them may be anything.
    fn step_within(&self, kind: Kind, ahead: u64, most: u32) -> Option<Step> {
        let (length, symbol) = *self.short.get(index(ahead))?;
        let step = Self::meant(kind, u32::from(length), symbol, ahead)?;
        (length > 0 && step.used <= most).then_some(step)
    }

    fn meant(kind: Kind, length: u32, symbol: u8, ahead: u64) -> Option<Step> {
        let (advance, size) = kind.meaning(symbol)?;
        let value = i16::try_from(extend(ahead << length, size)).ok()?;
        Some(Step { used: length + u32::from(size), advance, value })
    }
}

/// Bits that one or several symbols take, in the lowest six, and above them how far they move the place in the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Move(u16);

impl Move {
    /// For what a table does not see all of: it moves to where no place is.
    const UNSEEN: Self = Self(64 << 6);

    fn new(used: u32, advance: u32) -> Self {
        Self(u16::try_from(advance << 6 | used).unwrap_or(Self::UNSEEN.0))
    }

    /// How far the place moves.
    #[inline(always)]
    pub(super) fn advance(self) -> u32 {
        u32::from(self.0 >> 6)
    }
}

/// One or two coefficients. The last lies before the place that the block is moved to, the first so many places behind the
/// one it was at. Where there is only one, both are the same; where there is none, a zero is put where one is already.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Values(u32);

impl Values {
    const NONE: Self = Self(0);

    fn new(place: u32, first: i16, last: i16) -> Self {
        let twelve = |value: i16| (i32::from(value) << 20).cast_unsigned();
        Self(place & 31 | twelve(first) >> 15 | twelve(last))
    }

    /// Of a symbol and perhaps one more. At the end of a block a zero is put to the place that would have been next.
    fn of(kind: Kind, step: Step, second: Option<Step>) -> Self {
        let ends = |step: Step| step.advance == END;
        match second {
            _ if ends(step) => Self::NONE,
            None => Self::new(step.advance - 1, step.value, step.value),
            // The first coefficient of a block is always taken as the last.
            Some(second) if kind == Kind::Dc && ends(second) => Self::new(1, 0, step.value),
            Some(second) if kind == Kind::Dc => Self::new(second.advance, second.value, step.value),
            Some(second) if ends(second) => Self::new(step.advance - 1, step.value, 0),
            Some(second) => Self::new(step.advance - 1, step.value, second.value),
        }
    }

    /// How far from the place in the block the first belongs.
    #[inline(always)]
    pub(super) fn place(self) -> u32 {
        self.0 & 31
    }

    #[inline(always)]
    pub(super) fn first(self) -> i16 {
        ((self.0 << 15).cast_signed() >> 20) as i16
    }

    #[inline(always)]
    pub(super) fn last(self) -> i16 {
        (self.0.cast_signed() >> 20) as i16
    }
}

/// As many symbols at once as a table sees, for their length only.
#[derive(Debug)]
pub(super) struct Leaps([Move; ENTRIES]);

impl Leaps {
    /// The first symbol is of this kind.
    fn new(kind: Kind, first: &Symbols, after: &Symbols) -> Arc<Self> {
        let mut leaps = Self([Move::UNSEEN; ENTRIES]);
        for (n, leap) in (0_u64..).zip(&mut leaps.0) {
            let ahead = n << (64 - LOOK);
            let (mut used, mut moved, mut kind, mut symbols) = (0, 0, kind, first);
            while let Some(step) = symbols.step_within(kind, ahead << used, LOOK - used) {
                if step.advance != END && moved + step.advance > 63 {
                    break;
                }
                (used, moved, kind, symbols) = (used + step.used, moved + step.advance, Kind::Ac, after);
                *leap = Move::new(used, moved);
                if step.advance == END {
                    break;
                }
            }
        }
        Arc::new(leaps)
    }

    /// What the bits ahead say.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "the shift leaves no more bits than the table has entries")]
    pub(super) fn next(&self, ahead: u64) -> Move {
        self.0[index(ahead)]
    }
}

/// One symbol or two, with their coefficients.
#[derive(Debug)]
pub(super) struct Pairs {
    moves: [Move; ENTRIES],
    values: [Values; ENTRIES],
}

impl Pairs {
    /// The first symbol is of this kind.
    fn new(kind: Kind, first: &Symbols, after: &Symbols) -> Arc<Self> {
        let mut pairs = Self { moves: [Move::UNSEEN; ENTRIES], values: [Values::NONE; ENTRIES] };
        for (n, (movement, values)) in (0_u64..).zip(pairs.moves.iter_mut().zip(&mut pairs.values)) {
            let ahead = n << (64 - LOOK);
            let Some(step) = first.step_within(kind, ahead, LOOK) else { continue };
            let second = after.step_within(Kind::Ac, ahead << step.used, LOOK - step.used);
            let second = second.filter(|_| step.advance != END);
            let (used, moved) = second.map_or((0, 0), |second| (second.used, second.advance));
            (*movement, *values) = (Move::new(step.used + used, step.advance + moved), Values::of(kind, step, second));
        }
        Arc::new(pairs)
    }

    /// What the bits ahead say.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "the shift leaves no more bits than the table has entries")]
    pub(super) fn next(&self, ahead: u64) -> (Move, Values) {
        let at = index(ahead);
        (self.moves[at], self.values[at])
    }
}

/// What a scan needs of the component that is looked at.
#[derive(Clone, Debug)]
pub(super) struct Sought {
    pub(super) symbols: Arc<[Symbols; 2]>,
    /// For the beginning of a block, for what else is kept of it, and for the rest.
    pub(super) begin: Arc<Pairs>,
    pub(super) within: Arc<Pairs>,
    pub(super) rest: Arc<Leaps>,
}

/// What a scan needs of a component that is passed over.
#[derive(Clone, Debug)]
pub(super) struct Passed {
    pub(super) symbols: Arc<[Symbols; 2]>,
    pub(super) begin: Arc<Leaps>,
    pub(super) rest: Arc<Leaps>,
}

impl Sought {
    /// Tables for these codes.
    pub(super) fn new(dc: &Spec, ac: &Spec) -> Self {
        if (dc, ac) == (&USUAL.luma.0, &USUAL.luma.1) {
            return USUAL.sought.clone();
        }
        if (dc, ac) == (&USUAL.chroma.0, &USUAL.chroma.1) {
            return USUAL.sought_chroma.clone();
        }
        Self::build(dc, ac)
    }

    fn build(dc: &Spec, ac: &Spec) -> Self {
        let symbols = Arc::new([Symbols::new(dc), Symbols::new(ac)]);
        let [dc, ac] = symbols.as_ref();
        let (begin, within) = (Pairs::new(Kind::Dc, dc, ac), Pairs::new(Kind::Ac, ac, ac));
        Self { begin, within, rest: Leaps::new(Kind::Ac, ac, ac), symbols }
    }
}

impl Passed {
    /// Tables for these codes.
    pub(super) fn new(dc: &Spec, ac: &Spec) -> Self {
        if (dc, ac) == (&USUAL.chroma.0, &USUAL.chroma.1) {
            return USUAL.passed.clone();
        }
        Self::build(dc, ac)
    }

    fn build(dc: &Spec, ac: &Spec) -> Self {
        let symbols = Arc::new([Symbols::new(dc), Symbols::new(ac)]);
        let [dc, ac] = symbols.as_ref();
        Self { begin: Leaps::new(Kind::Dc, dc, ac), rest: Leaps::new(Kind::Ac, ac, ac), symbols }
    }
}

/// The tables of T.81, annex K, which most files have: built once.
struct Usual {
    luma: (Spec, Spec),
    chroma: (Spec, Spec),
    sought: Sought,
    sought_chroma: Sought,
    passed: Passed,
}

static USUAL: LazyLock<Usual> = LazyLock::new(|| {
    let spec = |counts: [u8; 16], symbols: &[u8]| Spec { counts, symbols: symbols.to_vec() };
    let luma = (
        spec([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], &DC_SYMBOLS),
        spec([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d], &LUMA_SYMBOLS),
    );
    let chroma = (
        spec([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], &DC_SYMBOLS),
        spec([0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77], &CHROMA_SYMBOLS),
    );
    let (sought, passed) = (Sought::build(&luma.0, &luma.1), Passed::build(&chroma.0, &chroma.1));
    let sought_chroma = Sought::build(&chroma.0, &chroma.1);
    Usual { luma, chroma, sought, sought_chroma, passed }
});

const DC_SYMBOLS: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
#[rustfmt::skip]
const LUMA_SYMBOLS: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71,
    0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72,
    0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37,
    0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59,
    0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83,
    0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3,
    0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2,
    0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];
#[rustfmt::skip]
const CHROMA_SYMBOLS: [u8; 162] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71, 0x13, 0x22,
    0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xa1, 0xb1, 0xc1, 0x09, 0x23, 0x33, 0x52, 0xf0, 0x15, 0x62, 0x72, 0xd1,
    0x0a, 0x16, 0x24, 0x34, 0xe1, 0x25, 0xf1, 0x17, 0x18, 0x19, 0x1a, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x35, 0x36,
    0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
    0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
    0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a,
    0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba,
    0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda,
    0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

#[inline(always)]
fn index(ahead: u64) -> usize {
    (ahead >> (64 - LOOK)) as usize
}

fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Lengths and movements are below 256.
fn u8_of(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// Bits of one segment of a scan, from which the stuffing has been taken.
#[derive(Clone, Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next byte that is not yet in `ahead`.
    at: usize,
    /// The next bits, the highest first. Only `count` of them are vouched for, more may be there.
    ahead: u64,
    /// Only the lowest six bits count.
    count: u32,
}

/// What follows the last segment, so that looking ahead needs no care.
pub(super) const MARGIN: usize = 16;

impl<'a> Bits<'a> {
    /// Bits from this place on.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, ahead: 0, count: 0 }
    }

    /// At least 56 bits ahead. Beyond the end there are zeros.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let next = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>());
        let next = next.map_or(0, |bytes| u64::from_be_bytes(*bytes));
        self.ahead |= next.wrapping_shr(self.count);
        self.at += usize_of(((self.count & 63) ^ 63) >> 3);
        self.count |= 0x38; // at least 56
    }

    /// The next bits, the highest first.
    #[inline(always)]
    pub(super) fn ahead(&self) -> u64 {
        self.ahead
    }

    /// Takes bits that were looked at. No more than were refilled.
    #[inline(always)]
    pub(super) fn take(&mut self, used: u32) {
        self.ahead = self.ahead.wrapping_shl(used);
        self.count = self.count.wrapping_sub(used);
    }

    /// Takes the bits of a move, in whose number they are the lowest six.
    #[inline(always)]
    pub(super) fn follow(&mut self, movement: Move) {
        self.take(u32::from(movement.0));
    }

    /// Whether more was taken than there is before this place.
    pub(super) fn past(&self, end: usize) -> bool {
        (self.at * 8).saturating_sub(usize_of(self.count & 63)) > end * 8
    }
}
