//! Sequential scans: luma coefficients are kept as far as they are needed, everything else is only measured.

#![expect(clippy::inline_always, reason = "the steps must become part of the kernel for wide registers")]

use multiversion::multiversion;

use super::huffman::{Bits, END, Leaps, Pair, Passed, STEPS, Sought};
use super::segments::Entropy;

/// How a scan goes through its blocks.
pub(super) struct Layout<'a> {
    /// Units across and down: a unit holds the blocks of all components that belong together.
    pub(super) units: (usize, usize),
    /// Units until the coding begins anew; 0 for never.
    pub(super) restart: usize,
    /// Luma blocks of a unit across and down.
    pub(super) luma: (usize, usize),
    pub(super) tables: &'a Sought,
    /// Blocks of each other component in a unit, with its tables.
    pub(super) others: Vec<(usize, Passed)>,
}

/// Why a scan gives nothing: its bits are no code, or end early.
#[derive(Debug)]
pub(super) struct Broken;

/// Decodes a scan. After each row of units, `done` gets its number and the luma blocks of its rows, one row of blocks
/// after the other.
pub(super) fn decode<const STRIDE: usize>(
    layout: &Layout<'_>,
    entropy: &Entropy,
    places: &[u8; 64],
    last: u32,
    mut done: impl FnMut(usize, &[i16]),
) -> Result<(), Broken> {
    let wide = layout.units.0 * layout.luma.0;
    let mut blocks = vec![[0_i16; STRIDE]; wide * layout.luma.1];
    let mut reader = Reader::new(layout, entropy)?;
    for row in 0..layout.units.1 {
        blocks.fill([0; STRIDE]);
        units(&mut reader, layout, entropy, &mut blocks, places, last)?;
        done(row, blocks.as_flattened());
    }
    reader.finish()
}

struct Reader<'a> {
    bits: Bits<'a>,
    /// The segment being read, and where it ends.
    segment: usize,
    end: usize,
    left: usize,
    before: i32,
}

impl<'a> Reader<'a> {
    fn new(layout: &Layout<'_>, entropy: &'a Entropy) -> Result<Self, Broken> {
        let units = layout.units.0 * layout.units.1;
        let segments = if layout.restart == 0 { 1 } else { units.div_ceil(layout.restart) };
        let end = entropy.ends.first().copied().ok_or(Broken)?;
        let left = if layout.restart == 0 { units } else { layout.restart };
        (entropy.ends.len() == segments).then_some(()).ok_or(Broken)?;
        Ok(Self { bits: Bits::new(&entropy.bytes, 0), segment: 0, end, left, before: 0 })
    }

    #[cold]
    fn next_segment(&mut self, layout: &Layout<'_>, entropy: &'a Entropy) -> Result<(), Broken> {
        if self.bits.past(self.end) {
            return Err(Broken);
        }
        self.segment += 1;
        let end = entropy.ends.get(self.segment).copied().ok_or(Broken)?;
        *self = Self {
            bits: Bits::new(&entropy.bytes, self.end),
            segment: self.segment,
            end,
            left: layout.restart,
            before: 0,
        };
        Ok(())
    }

    fn finish(&self) -> Result<(), Broken> {
        if self.bits.past(self.end) { Err(Broken) } else { Ok(()) }
    }
}

/// One row of units.
#[multiversion(targets("x86_64+bmi1+bmi2+avx2"))]
fn units<'a, const STRIDE: usize>(
    reader: &mut Reader<'a>,
    layout: &Layout<'_>,
    entropy: &'a Entropy,
    blocks: &mut [[i16; STRIDE]],
    places: &[u8; 64],
    last: u32,
) -> Result<(), Broken> {
    let wide = layout.units.0 * layout.luma.0;
    let mut bits = reader.bits.clone();
    for unit in 0..layout.units.0 {
        if reader.left == 0 {
            reader.bits = bits;
            reader.next_segment(layout, entropy)?;
            bits = reader.bits.clone();
        }
        reader.left -= 1;
        for row in 0..layout.luma.1 {
            let first = row * wide + unit * layout.luma.0;
            for block in blocks.get_mut(first..first + layout.luma.0).unwrap_or_default() {
                keep(&mut bits, layout.tables, &mut reader.before, block, places, last).ok_or(Broken)?;
            }
        }
        for (count, tables) in &layout.others {
            for _ in 0..*count {
                pass(&mut bits, tables).ok_or(Broken)?;
            }
        }
    }
    reader.bits = bits;
    reader.finish()
}

/// A block whose first coefficients are kept.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "places and the block have powers of two, to which the index is cut")]
fn keep<const STRIDE: usize>(
    bits: &mut Bits<'_>,
    tables: &Sought,
    before: &mut i32,
    block: &mut [i16; STRIDE],
    places: &[u8; 64],
    last: u32,
) -> Option<()> {
    bits.refill();
    let dc = match tables.dc.next(bits.ahead()) {
        Some(dc) => {
            bits.take(u32::from(dc.used));
            dc
        }
        None => slow(bits, |ahead| tables.dc.long(ahead), |dc| u32::from(dc.used))?,
    };
    *before = before.wrapping_add(i32::from(dc.value));
    #[expect(clippy::cast_possible_truncation, reason = "only a broken file has more than 16 bits here")]
    let level = *before as i16;
    block[0] = level;
    let mut at = 1;
    'kept: while at < last {
        // As many steps as one refill is good for, beside the first coefficient.
        for _ in 0..STEPS - 1 {
            let mut pair = tables.ac.many(bits.ahead());
            let mut next = at + pair.map_or(u32::MAX >> 1, |pair| u32::from(pair.advance));
            // Two symbols may reach into the next block; then the first is taken alone.
            if next > 64 && (next <= END || next >= 64 + END) {
                let one = slow(bits, |ahead| tables.ac.one(ahead), |pair| u32::from(pair.used))?;
                next = at + u32::from(one.advance);
                if next > 64 && next <= END {
                    return None;
                }
                pair = Some(Pair { used: 0, ..one });
            }
            let pair = pair?;
            bits.take(u32::from(pair.used));
            for n in [1, 0] {
                let place = places[(at as usize + usize::from(pair.places[n])) & 63];
                block[usize::from(place) & (STRIDE - 1)] = pair.values[n];
            }
            at = next;
            if at >= last {
                break 'kept;
            }
        }
        bits.refill();
    }
    if at < 64 {
        bits.refill();
        return rest(bits, &tables.rest, at, STEPS);
    }
    Some(())
}

/// A step that may be as long as the longest code and value: bits are refilled before it and after it.
#[inline(always)]
fn slow<T>(bits: &mut Bits<'_>, read: impl Fn(u64) -> Option<T>, used: impl Fn(&T) -> u32) -> Option<T> {
    bits.refill();
    let step = read(bits.ahead())?;
    bits.take(used(&step));
    bits.refill();
    Some(step)
}

/// A block of which nothing is kept.
#[inline(always)]
fn pass(bits: &mut Bits<'_>, tables: &Passed) -> Option<()> {
    bits.refill();
    let moved = match tables.first.many(bits.ahead()) {
        Some((used, moved)) => {
            bits.take(used);
            moved
        }
        None => slow(bits, |ahead| tables.first.one(ahead), |(used, _)| *used)?.1,
    };
    if moved > END {
        return Some(());
    }
    rest(bits, &tables.rest, 1 + moved, STEPS - 1)
}

/// The rest of a block, of which nothing is kept. The bits are good for this many steps.
#[inline(always)]
fn rest(bits: &mut Bits<'_>, leaps: &Leaps, mut at: u32, steps: u32) -> Option<()> {
    while at < 64 {
        for _ in 0..steps {
            let leap = leaps.many(bits.ahead());
            let mut next = at + leap.map_or(u32::MAX >> 1, |(_, moved)| moved);
            // Several symbols may reach into the next block; then they are taken one by one.
            if next > 64 && (next <= END || next >= 64 + END) {
                let (_, moved) = slow(bits, |ahead| leaps.one(ahead), |(used, _)| *used)?;
                next = at + moved;
                if next > 64 && next <= END {
                    return None;
                }
            } else if let Some((used, _)) = leap {
                bits.take(used);
            }
            at = next;
            if at >= 64 {
                return Some(());
            }
        }
        bits.refill();
    }
    Some(())
}
