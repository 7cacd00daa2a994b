//! Huffman codes and the bits they are read from.
//!
//! Three kinds of table, each as wide as fits a first-level cache: symbols alone; coefficients with their values; and
//! several symbols at once for blocks that nobody needs, of which only the length matters.

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
/// Added to the place in a block when it has ended.
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

/// A symbol together with the bits of its value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    /// Bits of code and value; 0 where they are more than the table looks at.
    pub(super) used: u8,
    /// How far the place in the block moves; [`END`] when the block is over.
    pub(super) advance: u8,
    /// The coefficient at the place before the next.
    pub(super) value: i16,
}

/// One symbol, or two that the table sees together. Both values are written, the second first: where there is only one
/// symbol, the second write is the same as the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pair {
    pub(super) used: u8,
    pub(super) advance: u8,
    /// Where the values belong, from the place on at which the symbols were met.
    pub(super) places: [u8; 2],
    pub(super) values: [i16; 2],
}

impl Pair {
    fn of(step: Step) -> Self {
        // At the end of a block a zero is written where there is one already.
        let place = if u32::from(step.advance) == END { 0 } else { step.advance.saturating_sub(1) };
        Self { used: step.used, advance: step.advance, places: [place; 2], values: [step.value; 2] }
    }

    fn and(self, step: Step) -> Self {
        let ends = u32::from(step.advance) == END;
        let advance = self.advance + step.advance;
        let ([place, _], [value, _]) = (self.places, self.values);
        let (second, other) = if ends { (place, value) } else { (advance - 1, step.value) };
        Self { used: self.used + step.used, advance, places: [place, second], values: [value, other] }
    }
}

/// How symbols are to be understood.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Dc,
    Ac,
}

impl Kind {
    /// How far a symbol moves the place in its block and how many bits its value has. None for what stands for nothing.
    fn meaning(self, symbol: u8) -> Option<(u32, u8)> {
        let (run, size) = (symbol >> 4, symbol & 15);
        match (self, run, size) {
            (Self::Dc, 0, 0..=LARGEST) => Some((0, size)),
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

/// Single symbols with their values.
fn steps(kind: Kind, spec: &Spec) -> Box<[Step; ENTRIES]> {
    let mut steps = Box::new([Step::default(); ENTRIES]);
    for (length, code, symbol) in spec.codes() {
        let Some((advance, size)) = kind.meaning(symbol) else { continue };
        let used = length + u32::from(size);
        if used > LOOK {
            continue;
        }
        let first = code << (LOOK - length);
        for (n, step) in (first..).zip(steps.iter_mut().skip(usize_of(first)).take(1 << (LOOK - length))) {
            let ahead = u64::from(n) << (64 - LOOK) << length;
            let value = i16::try_from(extend(ahead, size)).unwrap_or_default();
            *step = Step { used: u8_of(used), advance: u8_of(advance), value };
        }
    }
    steps
}

impl Symbols {
    /// The next symbol with its value, however long.
    #[inline(never)]
    fn step(&self, kind: Kind, ahead: u64) -> Option<Step> {
        let (length, symbol) = self.next(ahead)?;
        let (advance, size) = kind.meaning(symbol)?;
        let value = i16::try_from(extend(ahead << length, size)).unwrap_or_default();
        Some(Step { used: u8_of(length + u32::from(size)), advance: u8_of(advance), value })
    }
}

/// The first coefficient of a block, as its difference from the one before.
#[derive(Debug)]
pub(super) struct Levels {
    steps: Box<[Step; ENTRIES]>,
    symbols: Symbols,
}

impl Levels {
    pub(super) fn new(spec: &Spec) -> Self {
        Self { steps: steps(Kind::Dc, spec), symbols: Symbols::new(spec) }
    }

    /// The next one, if the table sees all of it.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "the shift leaves no more bits than the table has")]
    pub(super) fn next(&self, ahead: u64) -> Option<Step> {
        let step = self.steps[index(ahead)];
        (step.used > 0).then_some(step)
    }

    /// The next one, however long.
    pub(super) fn long(&self, ahead: u64) -> Option<Step> {
        self.symbols.step(Kind::Dc, ahead)
    }
}

/// The other coefficients with their values.
#[derive(Debug)]
pub(super) struct Values {
    pairs: Box<[Pair; ENTRIES]>,
    symbols: Arc<Symbols>,
}

impl Values {
    fn new(spec: &Spec, symbols: Arc<Symbols>) -> Self {
        let steps = steps(Kind::Ac, spec);
        let mut pairs = Box::new([Pair::default(); ENTRIES]);
        for (n, (pair, step)) in (0_u64..).zip(pairs.iter_mut().zip(steps.iter())) {
            *pair = Pair::of(*step);
            if step.used == 0 || u32::from(step.advance) == END {
                continue;
            }
            let next = steps.get(index(n << (64 - LOOK) << step.used)).copied().unwrap_or_default();
            if next.used > 0 && u32::from(step.used + next.used) <= LOOK {
                *pair = pair.and(next);
            }
        }
        Self { pairs, symbols }
    }

    /// The next coefficient or two, if the table sees all of the first.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "the shift leaves no more bits than the table has")]
    pub(super) fn many(&self, ahead: u64) -> Option<Pair> {
        let pair = self.pairs[index(ahead)];
        (pair.used > 0).then_some(pair)
    }

    /// The next coefficient alone, however long.
    pub(super) fn one(&self, ahead: u64) -> Option<Pair> {
        self.symbols.step(Kind::Ac, ahead).map(Pair::of)
    }
}

/// Several symbols at once, for their length only.
#[derive(Debug)]
pub(super) struct Leaps {
    kind: Kind,
    /// Bits, and how far the place moves.
    table: Box<[(u8, u8); ENTRIES]>,
    symbols: Arc<Symbols>,
}

impl Leaps {
    /// Leaps that begin with this kind of symbol and go on with those of `after`.
    fn new(kind: Kind, symbols: &Arc<Symbols>, after: &Symbols) -> Self {
        let mut leaps = Box::new([(0, 0); ENTRIES]);
        for (n, leap) in (0_u64..).zip(leaps.iter_mut()) {
            let ahead = n << (64 - LOOK);
            let (mut used, mut moved, mut next, mut kind) = (0, 0, symbols.as_ref(), kind);
            while let Some((length, symbol)) = next.next_short(ahead << used) {
                let Some((advance, size)) = kind.meaning(symbol) else { break };
                let longer = used + length + u32::from(size);
                if longer > LOOK || (advance < END && moved + advance > 63) || (advance == END && moved > 62) {
                    break;
                }
                (used, moved, next, kind) = (longer, moved + advance, after, Kind::Ac);
                if advance == END {
                    break;
                }
            }
            *leap = (u8_of(used), u8_of(moved));
        }
        Self { kind, table: leaps, symbols: Arc::clone(symbols) }
    }

    /// Bits and movement of as many symbols as the table sees, if it sees one.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "the shift leaves no more bits than the table has")]
    pub(super) fn many(&self, ahead: u64) -> Option<(u32, u32)> {
        let (used, moved) = self.table[index(ahead)];
        (used > 0).then_some((u32::from(used), u32::from(moved)))
    }

    /// The same of one symbol, however long.
    #[inline(never)]
    pub(super) fn one(&self, ahead: u64) -> Option<(u32, u32)> {
        let (length, symbol) = self.symbols.next(ahead)?;
        let (advance, size) = self.kind.meaning(symbol)?;
        Some((length + u32::from(size), advance))
    }
}

impl Symbols {
    /// The next symbol if its code is short. Bits beyond those known are taken as zeros, which the caller notices by the sum.
    fn next_short(&self, ahead: u64) -> Option<(u32, u8)> {
        let (length, symbol) = *self.short.get(index(ahead))?;
        (length > 0).then_some((u32::from(length), symbol))
    }
}

/// What a scan needs of a component that is looked at.
#[derive(Clone, Debug)]
pub(super) struct Sought {
    pub(super) dc: Arc<Levels>,
    pub(super) ac: Arc<Values>,
    pub(super) rest: Arc<Leaps>,
}

/// What a scan needs of a component that is passed over.
#[derive(Clone, Debug)]
pub(super) struct Passed {
    pub(super) first: Arc<Leaps>,
    pub(super) rest: Arc<Leaps>,
}

impl Sought {
    /// Tables for these codes.
    pub(super) fn new(dc: &Spec, ac: &Spec) -> Self {
        if (dc, ac) == (&USUAL.luma.0, &USUAL.luma.1) {
            return USUAL.wanted.clone();
        }
        Self::build(dc, ac)
    }

    fn build(dc: &Spec, ac: &Spec) -> Self {
        let symbols = Arc::new(Symbols::new(ac));
        Self {
            dc: Arc::new(Levels::new(dc)),
            rest: Arc::new(Leaps::new(Kind::Ac, &symbols, &symbols)),
            ac: Arc::new(Values::new(ac, symbols)),
        }
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
        let symbols = Arc::new(Symbols::new(ac));
        Self {
            first: Arc::new(Leaps::new(Kind::Dc, &Arc::new(Symbols::new(dc)), &symbols)),
            rest: Arc::new(Leaps::new(Kind::Ac, &symbols, &symbols)),
        }
    }
}

/// The tables of T.81, annex K, which most files have: built once.
struct Usual {
    luma: (Spec, Spec),
    chroma: (Spec, Spec),
    wanted: Sought,
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
    let (wanted, passed) = (Sought::build(&luma.0, &luma.1), Passed::build(&chroma.0, &chroma.1));
    Usual { luma, chroma, wanted, passed }
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
        self.ahead |= next >> self.count;
        self.at += usize_of((63 - self.count) >> 3);
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
        self.ahead <<= used;
        self.count -= used;
    }

    /// Whether more was taken than there is before this place.
    pub(super) fn past(&self, end: usize) -> bool {
        (self.at * 8).saturating_sub(usize_of(self.count)) > end * 8
    }
}
