//! Sequential scans: luma coefficients are kept as far as they are needed, everything else is only measured.

use multiversion::multiversion;

use super::huffman::{Bits, END, Leaps, Passed, Wanted};
use super::segments::Entropy;

/// How a scan goes through its blocks.
pub(super) struct Layout<'a> {
    /// Units across and down: a unit holds the blocks of all components that belong together.
    pub(super) units: (usize, usize),
    /// Units until the coding begins anew; 0 for never.
    pub(super) restart: usize,
    /// Luma blocks of a unit across and down.
    pub(super) luma: (usize, usize),
    pub(super) tables: &'a Wanted,
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
    tables: &Wanted,
    before: &mut i32,
    block: &mut [i16; STRIDE],
    places: &[u8; 64],
    last: u32,
) -> Option<()> {
    bits.refill();
    let dc = tables.dc.next(bits.ahead())?;
    bits.take(u32::from(dc.used));
    *before = before.wrapping_add(i32::from(dc.value));
    #[expect(clippy::cast_possible_truncation, reason = "only a broken file has more than 16 bits here")]
    let level = *before as i16;
    block[0] = level;
    let mut at = 1;
    // A refill gives bits for two steps, however long, and the first was just used.
    let mut fresh = false;
    while at < last {
        let step = tables.ac.next(bits.ahead())?;
        bits.take(u32::from(step.used));
        at += u32::from(step.advance);
        if at > 64 {
            break;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 64")]
        let place = places[(at as usize - 1) & 63];
        block[usize::from(place) & (STRIDE - 1)] = step.value;
        if !fresh {
            bits.refill();
        }
        fresh = !fresh;
    }
    if at < 64 {
        return rest(bits, &tables.rest, at);
    }
    (at == 64 || at > END).then_some(())
}

/// A block of which nothing is kept.
#[inline(always)]
fn pass(bits: &mut Bits<'_>, tables: &Passed) -> Option<()> {
    bits.refill();
    let (used, moved) = tables.first.many(bits.ahead())?;
    bits.take(used);
    if moved > END {
        return Some(());
    }
    rest(bits, &tables.rest, 1 + moved)
}

/// The rest of a block, of which nothing is kept.
#[inline(always)]
fn rest(bits: &mut Bits<'_>, leaps: &Leaps, mut at: u32) -> Option<()> {
    while at < 64 {
        bits.refill();
        let (mut used, moved) = leaps.many(bits.ahead())?;
        let mut next = at + moved;
        // Several symbols may reach into the next block; then they are taken one by one.
        if next > 64 && (next <= END || next >= 64 + END) {
            (used, next) = leaps.one(bits.ahead()).map(|(used, moved)| (used, at + moved))?;
            if next > 64 && next <= END {
                return None;
            }
        }
        bits.take(used);
        at = next;
    }
    Some(())
}
