//! Progressive scans (T.81, annex G): luma coefficients gather in memory until all scans that matter were read.

use super::huffman::{Bits, Spec, Symbols, extend};
use super::project::Kept;
use super::scan::Broken;
use super::segments::{Entropy, Scan};

/// The luma coefficients of a picture, block by block.
pub(super) struct Plane {
    kept: Kept,
    places: [u8; 64],
    /// Blocks in a row and rows of blocks, with those that only fill a unit.
    wide: usize,
    /// Blocks in a row and rows of blocks that the picture has.
    real: (usize, usize),
    blocks: Vec<i16>,
    /// Whether the first coefficients have come.
    begun: bool,
}

/// One component of a scan of first coefficients: the plane it goes to, if it is wanted, and its blocks in a unit across
/// and down. Luma may be anywhere among them.
pub(super) struct Level<'a> {
    pub(super) plane: Option<&'a mut Plane>,
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) spec: &'a Spec,
}

impl Plane {
    /// An empty plane with its coefficients at these places. None if it does not fit this much memory.
    pub(super) fn new(
        kept: Kept,
        places: [u8; 64],
        padded: (usize, usize),
        real: (usize, usize),
        most_bytes: u64,
    ) -> Option<Self> {
        let values = padded.0 * padded.1 * kept.stride();
        if u64::try_from(2 * values).ok()? > most_bytes {
            return None;
        }
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(values).ok()?;
        blocks.resize(values, 0);
        Some(Self { kept, places, wide: padded.0, real, blocks, begun: false })
    }

    /// Whether a scan of luma's higher frequencies says something that is needed. A picture with many blocks to a cell needs
    /// neither the high ones nor the last bits of the low ones.
    pub(super) fn needs(&self, scan: &Scan) -> bool {
        match self.kept {
            Kept::All => true,
            Kept::First(count) => scan.band.0 < count && scan.precision.0 == 0,
        }
    }

    /// Whether the plane can be made from this scan: what is left out for good must be small.
    pub(super) fn understands(&self, scan: &Scan) -> bool {
        let (before, after) = scan.precision;
        let step = before == 0 || before == after + 1;
        let small = scan.band.0 == 0 || self.kept == Kept::All || after <= 2;
        step && after <= 13 && small
    }

    /// Blocks that the picture has, row by row; none if the file never gave any.
    pub(super) fn rows(&self) -> Option<impl Iterator<Item = &[i16]>> {
        self.begun.then(|| self.blocks.chunks_exact(self.wide * self.kept.stride()).take(self.real.1))
    }

    /// A scan of other coefficients, or of one more bit of each.
    pub(super) fn others(&mut self, spec: &Spec, scan: &Scan, restart: usize, entropy: &Entropy) -> Result<(), Broken> {
        let symbols = Symbols::new(spec);
        let (wide, real, stride) = (self.wide, self.real, self.kept.stride());
        let (blocks, places) = (&mut self.blocks, &self.places);
        let band = Band { first: scan.band.0, last: scan.band.1, shift: scan.precision.1 };
        let mut run = 0;
        each_unit(real.0 * real.1, restart, entropy, |bits, unit, fresh| {
            if fresh {
                run = 0;
            }
            let at = (unit / real.0 * wide + unit % real.0) * stride;
            let block = blocks.get_mut(at..at + stride)?;
            if scan.precision.0 == 0 {
                band.begin(bits, &symbols, &mut run, block, places)
            } else {
                band.refine(bits, &symbols, &mut run, block, places)
            }
        })
    }
}

/// A scan of first coefficients, or of one more bit of each, in so many units across and down.
pub(super) fn levels(
    parts: &mut [Level<'_>],
    units: (usize, usize),
    scan: &Scan,
    restart: usize,
    entropy: &Entropy,
) -> Result<(), Broken> {
    let (missing, shift) = scan.precision;
    let mut tables: Vec<(&mut Level<'_>, Symbols, i32)> = parts
        .iter_mut()
        .map(|part| (Symbols::new(part.spec), part))
        .map(|(symbols, part)| (part, symbols, 0))
        .collect();
    for plane in tables.iter_mut().filter_map(|(part, _, _)| part.plane.as_mut()) {
        plane.begun |= missing == 0;
    }
    each_unit(units.0 * units.1, restart, entropy, |bits, unit, fresh| {
        let (row, column) = (unit / units.0, unit % units.0);
        for (part, symbols, before) in &mut tables {
            if fresh {
                *before = 0;
            }
            for n in 0..part.across * part.down {
                let value = if missing == 0 {
                    bits.refill();
                    let (length, size) = symbols.next(bits.ahead()).filter(|(_, size)| *size <= 11)?;
                    let difference = extend(bits.ahead() << length, size);
                    bits.take(length + u32::from(size));
                    difference
                } else {
                    i32::from(bit(bits))
                };
                let Some(plane) = &mut part.plane else { continue };
                let (x, y) = (column * part.across + n % part.across, row * part.down + n / part.across);
                let level = plane.blocks.get_mut((y * plane.wide + x) * plane.kept.stride())?;
                if missing == 0 {
                    *before = before.wrapping_add(value);
                    *level = cut(before.wrapping_shl(shift));
                } else {
                    *level |= cut(value << shift);
                }
            }
        }
        Some(())
    })
}

/// Goes through the units of a scan with the bits of the right segment. `fresh` where the coding begins anew.
fn each_unit(
    units: usize,
    restart: usize,
    entropy: &Entropy,
    mut read: impl FnMut(&mut Bits<'_>, usize, bool) -> Option<()>,
) -> Result<(), Broken> {
    let each = if restart == 0 { units } else { restart }.max(1);
    if entropy.ends.len() != units.div_ceil(each) {
        return Err(Broken);
    }
    let mut begin = 0;
    for (segment, end) in entropy.ends.iter().enumerate() {
        let mut bits = Bits::new(&entropy.bytes, begin);
        let first = segment * each;
        for unit in first..(first + each).min(units) {
            read(&mut bits, unit, unit == first).ok_or(Broken)?;
            // Looked at often, so that a file cut short does not cost the time of a whole one.
            if unit % 1_024 == 0 && bits.past(*end) {
                return Err(Broken);
            }
        }
        if bits.past(*end) {
            return Err(Broken);
        }
        begin = *end;
    }
    Ok(())
}

/// Coefficients of a scan in the order of the file, and the bits that are still missing.
struct Band {
    first: u32,
    last: u32,
    shift: u32,
}

impl Band {
    /// One block of a first scan. `run` counts the blocks that are over before they begin.
    fn begin(
        &self,
        bits: &mut Bits<'_>,
        symbols: &Symbols,
        run: &mut u32,
        block: &mut [i16],
        places: &[u8; 64],
    ) -> Option<()> {
        if *run > 0 {
            *run -= 1;
            return Some(());
        }
        let mut at = self.first;
        while at <= self.last {
            bits.refill();
            let (length, symbol) = symbols.next(bits.ahead())?;
            bits.take(length);
            let (zeros, size) = (u32::from(symbol >> 4), symbol & 15);
            match (zeros, size) {
                (15, 0) => at += 16,
                (_, 0) => {
                    *run = (1 << zeros) - 1 + some_bits(bits, zeros);
                    return Some(());
                }
                (_, 1..=11) => {
                    let value = extend(bits.ahead(), size);
                    bits.take(u32::from(size));
                    at += zeros;
                    if at > self.last {
                        return None;
                    }
                    *coefficient(block, places, at)? = cut(value.wrapping_shl(self.shift));
                    at += 1;
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// One block of a later scan: a bit for each coefficient that is there, and new ones between them.
    fn refine(
        &self,
        bits: &mut Bits<'_>,
        symbols: &Symbols,
        run: &mut u32,
        block: &mut [i16],
        places: &[u8; 64],
    ) -> Option<()> {
        let one = cut(1 << self.shift);
        let mut at = self.first;
        if *run == 0 {
            while at <= self.last {
                bits.refill();
                let (length, symbol) = symbols.next(bits.ahead())?;
                bits.take(length);
                let (mut zeros, size) = (u32::from(symbol >> 4), symbol & 15);
                let fresh = match (zeros, size) {
                    (15, 0) => 0,
                    (_, 0) => {
                        *run = (1 << zeros) + some_bits(bits, zeros);
                        break;
                    }
                    (_, 1) if bit(bits) => one,
                    (_, 1) => -one,
                    _ => return None,
                };
                while at <= self.last {
                    let value = coefficient(block, places, at)?;
                    if *value == 0 {
                        if zeros == 0 {
                            *value = fresh;
                            break;
                        }
                        zeros -= 1;
                    } else {
                        sharpen(bits, value, one);
                    }
                    at += 1;
                }
                if at > self.last && (fresh != 0 || zeros > 0) {
                    return None;
                }
                at += 1;
            }
        }
        if *run > 0 {
            for at in at..=self.last {
                let value = coefficient(block, places, at)?;
                if *value != 0 {
                    sharpen(bits, value, one);
                }
            }
            *run -= 1;
        }
        Some(())
    }
}

/// A coefficient that is not zero gets its next bit.
fn sharpen(bits: &mut Bits<'_>, value: &mut i16, one: i16) {
    if bit(bits) {
        *value = value.wrapping_add(if *value > 0 { one } else { -one });
    }
}

fn coefficient<'a>(block: &'a mut [i16], places: &[u8; 64], at: u32) -> Option<&'a mut i16> {
    let place = places.get(usize::try_from(at).ok()?)?;
    block.get_mut(usize::from(*place))
}

fn bit(bits: &mut Bits<'_>) -> bool {
    some_bits(bits, 1) == 1
}

/// Up to 14 bits.
fn some_bits(bits: &mut Bits<'_>, count: u32) -> u32 {
    bits.refill();
    let value = (bits.ahead() >> 1) >> (63 - count);
    bits.take(count);
    u32::try_from(value).unwrap_or_default()
}

/// Only a broken file has more than 16 bits here.
#[expect(clippy::cast_possible_truncation, reason = "a broken file's values may be anything")]
fn cut(value: i32) -> i16 {
    value as i16
}
