//! Sequential scans: luma coefficients are kept as far as they are needed, everything else is only measured.

#![expect(clippy::inline_always, reason = "the steps must become part of the kernel for wide registers")]

use std::ops::Range;

use multiversion::multiversion;

use super::huffman::{Bits, END, Kind, Leaps, Passed, STEPS, Sought, Step, Symbols};
use super::segments::Entropy;

/// How a scan goes through its blocks.
pub(super) struct Layout {
    /// Units across and down: a unit holds the blocks of all components that belong together.
    pub(super) units: (usize, usize),
    /// Units until the coding begins anew; 0 for never.
    pub(super) restart: usize,
}

/// Why a scan gives nothing: its bits are no code, or end early.
#[derive(Debug)]
pub(super) struct Broken;

/// What is made of the bits of a scan.
trait Rows {
    /// Reads these units of a row. None if their bits are no code.
    fn read(&mut self, bits: &mut Bits<'_>, units: Range<usize>) -> Option<()>;
    /// The coding begins anew.
    fn begin_anew(&mut self);
    /// A row is complete.
    fn done(&mut self, row: usize);
}

impl Layout {
    fn decode(&self, entropy: &Entropy, rows: &mut impl Rows) -> Result<(), Broken> {
        let units = self.units.0 * self.units.1;
        let segments = if self.restart == 0 { 1 } else { units.div_ceil(self.restart) };
        let mut ends = entropy.ends.iter().copied();
        let mut end = ends.next().filter(|_| entropy.ends.len() == segments).ok_or(Broken)?;
        let (mut bits, mut fresh) = (Bits::new(&entropy.bytes, 0), 0);
        for row in 0..self.units.1 {
            let mut at = 0;
            while at < self.units.0 {
                if self.restart > 0 && fresh == self.restart {
                    if bits.past(end) {
                        return Err(Broken);
                    }
                    (bits, fresh) = (Bits::new(&entropy.bytes, end), 0);
                    end = ends.next().ok_or(Broken)?;
                    rows.begin_anew();
                }
                let left = self.units.0 - at;
                let now = if self.restart == 0 { left } else { left.min(self.restart - fresh) };
                rows.read(&mut bits, at..at + now).ok_or(Broken)?;
                (at, fresh) = (at + now, fresh + now);
            }
            // Looked at often, so that a file cut short does not cost the time of a whole one.
            if bits.past(end) {
                return Err(Broken);
            }
            rows.done(row);
        }
        Ok(())
    }
}

/// The luma of a scan, and what is passed over.
pub(super) struct Luma<'a> {
    /// Luma blocks of a unit.
    pub(super) blocks: usize,
    pub(super) tables: &'a Sought,
    /// Blocks of each other component in a unit, with its tables.
    pub(super) others: Vec<(usize, Passed)>,
    /// Where coefficients are kept, in the order of the file, and how many of them.
    pub(super) places: [u8; 64],
    pub(super) last: u32,
}

/// Decodes the luma of a scan. After each row of units, `done` gets its number and the blocks in the order of the file: unit
/// by unit, and in these row by row.
pub(super) fn decode<const STRIDE: usize>(
    layout: &Layout,
    luma: &Luma<'_>,
    entropy: &Entropy,
    done: impl FnMut(usize, &[i16]),
) -> Result<(), Broken> {
    let places = places_of_moves(&luma.places);
    let blocks = vec![[0_i16; STRIDE]; layout.units.0 * luma.blocks];
    layout.decode(entropy, &mut Sketched { luma, places, blocks, before: 0, done })
}

struct Sketched<'a, const STRIDE: usize, F> {
    luma: &'a Luma<'a>,
    places: [u8; 256],
    blocks: Vec<[i16; STRIDE]>,
    before: i16,
    done: F,
}

impl<const STRIDE: usize, F: FnMut(usize, &[i16])> Rows for Sketched<'_, STRIDE, F> {
    fn read(&mut self, bits: &mut Bits<'_>, units: Range<usize>) -> Option<()> {
        let blocks = self.blocks.get_mut(units.start * self.luma.blocks..units.end * self.luma.blocks)?;
        self::units(bits, self.luma, blocks, &mut self.before, &self.places)
    }

    fn begin_anew(&mut self) {
        self.before = 0;
    }

    fn done(&mut self, row: usize) {
        (self.done)(row, self.blocks.as_flattened());
        self.blocks.fill([0; STRIDE]);
    }
}

/// One component of a scan of which everything is kept.
pub(super) struct Part {
    /// Its blocks in a unit, and its tables.
    pub(super) count: usize,
    pub(super) tables: Sought,
    /// Those of a row of units, in the order of the file.
    pub(super) blocks: Vec<[i16; 64]>,
    pub(super) before: i16,
}

/// Decodes all components of a scan. After each row of units, `done` gets its number, and them with their blocks.
pub(super) fn decode_all(
    layout: &Layout,
    parts: Vec<Part>,
    places: &[u8; 64],
    entropy: &Entropy,
    done: impl FnMut(usize, &[Part]),
) -> Result<(), Broken> {
    layout.decode(entropy, &mut All { parts, places: places_of_moves(places), done })
}

struct All<F> {
    parts: Vec<Part>,
    places: [u8; 256],
    done: F,
}

impl<F: FnMut(usize, &[Part])> Rows for All<F> {
    fn read(&mut self, bits: &mut Bits<'_>, units: Range<usize>) -> Option<()> {
        all(bits, &mut self.parts, units, &self.places)
    }

    fn begin_anew(&mut self) {
        self.parts.iter_mut().for_each(|part| part.before = 0);
    }

    fn done(&mut self, row: usize) {
        (self.done)(row, &self.parts);
        self.parts.iter_mut().for_each(|part| part.blocks.fill([0; 64]));
    }
}

/// Units of which all is kept.
#[multiversion(targets("x86_64+bmi1+bmi2+avx2"))]
fn all(whole: &mut Bits<'_>, parts: &mut [Part], units: Range<usize>, places: &[u8; 256]) -> Option<()> {
    let mut bits = whole.clone();
    for unit in units {
        for part in &mut *parts {
            for block in part.blocks.get_mut(unit * part.count..(unit + 1) * part.count)? {
                keep(&mut bits, &part.tables, &mut part.before, block, places, 64)?;
            }
        }
    }
    *whole = bits;
    Some(())
}

/// Where a coefficient is kept, by the place in the block that follows it. Where a block has ended, a zero is put to the
/// place that would have been next.
fn places_of_moves(places: &[u8; 64]) -> [u8; 256] {
    std::array::from_fn(|n| {
        let place = if n < 128 { n.checked_sub(1) } else { Some(n - 128) };
        place.and_then(|place| places.get(place)).copied().unwrap_or_default()
    })
}

/// Units up to the end of a row or a restart.
#[multiversion(targets("x86_64+bmi1+bmi2+avx2"))]
fn units<const STRIDE: usize>(
    whole: &mut Bits<'_>,
    luma: &Luma<'_>,
    blocks: &mut [[i16; STRIDE]],
    before: &mut i16,
    places: &[u8; 256],
) -> Option<()> {
    // A copy of its own stays in registers.
    let mut bits = whole.clone();
    for unit in blocks.chunks_exact_mut(luma.blocks.max(1)) {
        for block in unit {
            keep(&mut bits, luma.tables, before, block, places, luma.last)?;
        }
        for (count, tables) in &luma.others {
            for _ in 0..*count {
                pass(&mut bits, tables)?;
            }
        }
    }
    *whole = bits;
    Some(())
}

/// A block whose first coefficients are kept.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices are bytes for 256 places, or cut to the block, a power of two")]
fn keep<const STRIDE: usize>(
    bits: &mut Bits<'_>,
    tables: &Sought,
    before: &mut i16,
    block: &mut [i16; STRIDE],
    places: &[u8; 256],
    last: u32,
) -> Option<()> {
    let place = |at: u32| usize::from(places[(at & 0xff) as usize]) & (STRIDE - 1);
    bits.refill();
    let (begin, values) = tables.begin.next(bits.ahead());
    let mut at = begin.advance();
    if at & 64 == 0 {
        bits.follow(begin);
        block[place(values.place() + 1)] = values.first();
        *before = before.wrapping_add(values.last());
    } else {
        let step = one(bits, &tables.symbols, Kind::Dc)?;
        *before = before.wrapping_add(step.value);
        at = 1;
    }
    block[0] = *before;
    if at >= 64 {
        return Some(());
    }
    while at < last {
        // Nothing asks in between whether enough is kept: to guess that wrong costs more than a few steps too many.
        bits.refill();
        for _ in 0..STEPS {
            let (movement, values) = tables.within.next(bits.ahead());
            let next = at + movement.advance();
            if next & 64 == 0 {
                bits.follow(movement);
                block[place(next)] = values.last();
                block[place(at + values.place() + 1)] = values.first();
                at = next;
            } else {
                // Two symbols may reach into the next block, or the first may be longer than the table looks.
                let step = one(bits, &tables.symbols, Kind::Ac)?;
                at = after(at, &step)?;
                block[place(at)] = step.value;
            }
            if at >= 64 {
                return Some(());
            }
        }
    }
    bits.refill();
    rest(bits, &tables.symbols, &tables.rest, at, STEPS)
}

/// A block of which nothing is kept.
#[inline(always)]
fn pass(bits: &mut Bits<'_>, tables: &Passed) -> Option<()> {
    bits.refill();
    let begin = tables.begin.next(bits.ahead());
    let mut at = begin.advance();
    if at & 64 == 0 {
        bits.follow(begin);
    } else {
        one(bits, &tables.symbols, Kind::Dc)?;
        at = 1;
    }
    if at >= END { Some(()) } else { rest(bits, &tables.symbols, &tables.rest, at, STEPS - 1) }
}

/// The rest of a block, of which nothing is kept. The bits are good for this many steps.
#[inline(always)]
fn rest(bits: &mut Bits<'_>, symbols: &[Symbols; 2], leaps: &Leaps, mut at: u32, steps: u32) -> Option<()> {
    loop {
        for _ in 0..steps {
            let movement = leaps.next(bits.ahead());
            at += movement.advance();
            if at < 64 {
                bits.follow(movement);
            } else if at & 64 == 0 {
                bits.follow(movement);
                return Some(());
            } else {
                let step = one(bits, symbols, Kind::Ac)?;
                at = after(at - movement.advance(), &step)?;
                if at >= 64 {
                    return Some(());
                }
            }
        }
        bits.refill();
    }
}

/// The place after a symbol. None if it lies in no block.
#[inline(always)]
fn after(at: u32, step: &Step) -> Option<u32> {
    Some(at + step.advance).filter(|next| *next <= 64 || *next >= END)
}

/// One symbol, which may be as long as the longest code and value: bits are refilled before it and after it.
#[inline(always)]
fn one(bits: &mut Bits<'_>, symbols: &[Symbols; 2], kind: Kind) -> Option<Step> {
    bits.refill();
    let [dc, ac] = symbols;
    let step = if kind == Kind::Dc { dc } else { ac }.step(kind, bits.ahead())?;
    bits.take(step.used);
    bits.refill();
    Some(step)
}
