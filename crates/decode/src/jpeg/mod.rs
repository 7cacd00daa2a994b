//! JPEG without pixels: the luma coefficients of a file go straight onto the grid that its hash is made from.
//!
//! Only what is surely understood is read here: Huffman-coded pictures of 8 bits, grey or with luma first. Anything else
//! is left to the full decoder. Entropy-coded data that is no code, or ends early, is damage: there is no hash of half a
//! picture. Scans of a progressive file that the hash does not need are only walked to their end, so damage within them goes
//! unnoticed: the hash is that of what everybody sees of the picture, and to decode them would cost what was saved. An exact
//! look decodes everything, and notices.

mod cosine;
mod huffman;
mod progressive;
mod project;
mod scan;
mod segments;
mod whole;

use fingerprint::{Axis, Grid};
use image::metadata::Orientation;

use crate::Unscanned;
use huffman::{Passed, Sought, Spec};
use progressive::{Level, Plane, levels};
use project::{Kept, Projection};
use scan::{Layout, Luma, Part};
use segments::{Frame, Scan, entropy, segment};
pub(crate) use whole::Pixels;
use whole::Whole;

/// A picture as far as its hash needs it, upright.
pub(crate) struct Sketch {
    pub(crate) grid: Grid,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Smaller pictures are left to the full decoder: a block would be many cells.
const SMALLEST: usize = 64;

/// The sketch of a JPEG. None where the full decoder must look.
pub(crate) fn sketch(media: &[u8], max_pixels: u64, max_memory: u64) -> Result<Option<Sketch>, Unscanned> {
    let mut open = Open { max_memory, smallest: SMALLEST, ..Open::default() };
    if open.read(media, max_pixels)? { open.sketched() } else { Ok(None) }
}

/// The pixels of a JPEG as libjpeg makes them. None where the full decoder must look.
pub(crate) fn pixels(media: &[u8], max_pixels: u64, max_memory: u64) -> Result<Option<Pixels>, Unscanned> {
    let mut open = Open { max_memory, exact: true, smallest: 1, ..Open::default() };
    let complete = open.read(media, max_pixels)?;
    let (Some(whole), Some(frame)) = (open.whole.filter(|_| complete), &open.frame) else { return Ok(None) };
    Ok(whole.finish(frame, open.orientation))
}

/// What is known of the file so far.
#[derive(Default)]
struct Open {
    jfif: bool,
    adobe: Option<u8>,
    orientation: Option<Orientation>,
    steps: [Option<[u16; 64]>; 4],
    dc: [Option<Spec>; 4],
    ac: [Option<Spec>; 4],
    restart: usize,
    frame: Option<Frame>,
    max_memory: u64,
    /// Whether all pixels are wanted.
    exact: bool,
    /// Pixels that a side must have.
    smallest: usize,
    plane: Option<Plane>,
    sketch: Option<Sketch>,
    whole: Option<Whole>,
}

impl Open {
    /// Reads a file to the end of its picture. False where something in it is not understood.
    fn read(&mut self, media: &[u8], max_pixels: u64) -> Result<bool, Unscanned> {
        let Some(mut rest) = media.strip_prefix(b"\xff\xd8") else { return Ok(false) };
        loop {
            let Some((marker, body, after)) = segment(rest) else { return Ok(false) };
            rest = after;
            let understood = match marker {
                0xc0..=0xc2 => self.frame(body, marker == 0xc2),
                0xc4 => self.codes(body),
                0xdb => self.steps(body),
                0xdd => self.restart(body),
                0xe0..=0xef | 0xfe => {
                    self.words(marker, body);
                    Some(())
                }
                0xda => {
                    let Some(scan) = self.scan(body) else { return Ok(false) };
                    self.check_size(max_pixels)?;
                    self.decode(&scan, rest)?.map(|after| rest = after)
                }
                0xd9 => return Ok(true),
                _ => None,
            };
            if understood.is_none() {
                return Ok(false);
            }
        }
    }

    fn steps(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((kind, rest)) = body.split_first() {
            let mut table = [0; 64];
            let bytes = if kind >> 4 == 0 { 64 } else { 128 };
            let (values, rest) = rest.split_at_checked(bytes)?;
            if bytes == 64 {
                table.iter_mut().zip(values).for_each(|(step, value)| *step = u16::from(*value));
            } else {
                let pairs = values.as_chunks::<2>().0;
                table.iter_mut().zip(pairs).for_each(|(step, pair)| *step = u16::from_be_bytes(*pair));
            }
            *self.steps.get_mut(usize::from(kind & 15))? = Some(table);
            body = rest;
        }
        Some(())
    }

    fn codes(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((kind, rest)) = body.split_first() {
            let (spec, rest) = Spec::read(rest)?;
            let tables = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(kind & 15))? = Some(spec);
            body = rest;
        }
        Some(())
    }

    fn restart(&mut self, body: &[u8]) -> Option<()> {
        self.restart = usize::from(u16::from_be_bytes(body.try_into().ok()?));
        Some(())
    }

    /// What programs say beside the picture: its colours, and which way is up.
    fn words(&mut self, marker: u8, body: &[u8]) {
        let after = |name: &[u8]| body.strip_prefix(name);
        match marker {
            0xe0 => self.jfif |= after(b"JFIF\0").is_some(),
            0xe1 if self.sketch.is_none() && self.plane.is_none() && self.whole.is_none() => {
                if let Some(exif) = after(b"Exif\0\0") {
                    self.orientation = Orientation::from_exif_chunk(exif);
                }
            }
            0xee => {
                if let Some(rest) = after(b"Adobe") {
                    self.adobe = rest.get(6).copied();
                }
            }
            _ => {}
        }
    }

    /// A frame whose first component is brightness at full resolution.
    fn frame(&mut self, body: &[u8], progressive: bool) -> Option<()> {
        let frame = Frame::read(body, progressive)?;
        let first = frame.components.first()?;
        let largest = frame.components.iter().all(|c| c.across <= first.across && c.down <= first.down);
        let sampled = frame.components.iter().map(|c| c.across * c.down).sum::<usize>() <= 10;
        let usable = largest && sampled && frame.width.min(frame.height) >= self.smallest && self.frame.is_none();
        self.frame = Some(frame).filter(|_| usable);
        self.frame.as_ref().map(|_| ())
    }

    fn scan(&self, body: &[u8]) -> Option<Scan> {
        let frame = self.frame.as_ref()?;
        let ids = || frame.components.iter().map(|component| component.id);
        let luma_first = match (frame.components.len(), self.adobe) {
            (1, _) | (3, Some(1)) => true,
            (3, None) => self.jfif || ids().eq([1, 2, 3]) || ids().eq([0, 1, 2]),
            _ => false,
        };
        if luma_first { Scan::read(body, frame) } else { None }
    }

    fn check_size(&self, max_pixels: u64) -> Result<(), Unscanned> {
        let pixels = self.frame.as_ref().and_then(|frame| u64::try_from(frame.width * frame.height).ok());
        if pixels.is_some_and(|pixels| pixels > max_pixels) { Err(Unscanned::TooManyPixels) } else { Ok(()) }
    }

    /// Reads the data of a scan if luma is in it. Gives what follows.
    fn decode<'a>(&mut self, scan: &Scan, data: &'a [u8]) -> Result<Option<&'a [u8]>, Unscanned> {
        match &self.frame {
            None => Ok(None),
            Some(_) if self.exact => self.whole(scan, data),
            Some(frame) if frame.progressive => self.progressive(scan, data),
            Some(_) if scan.band != (0, 63) || scan.precision != (0, 0) => Ok(None),
            Some(_) => self.sequential(scan, data),
        }
    }

    fn sequential<'a>(&mut self, scan: &Scan, data: &'a [u8]) -> Result<Option<&'a [u8]>, Unscanned> {
        let luma = scan.parts.iter().find(|part| part.component == 0);
        let (entropy, after) = entropy(data, luma.is_some()).map_err(|_| Unscanned::Damaged)?;
        let Some(luma) = luma else { return Ok(Some(after)) };
        // Luma comes once, and first.
        if self.sketch.is_some() || scan.parts.first().is_none_or(|part| part.component != 0) {
            return Ok(None);
        }
        let (Some(frame), Some(dc), Some(ac)) = (&self.frame, code(&self.dc, luma.dc), code(&self.ac, luma.ac)) else {
            return Ok(None);
        };
        let luma = frame.blocks(scan, 0);
        let mut others = Vec::new();
        for part in scan.parts.iter().filter(|part| part.component != 0) {
            let (Some(dc), Some(ac)) = (code(&self.dc, part.dc), code(&self.ac, part.ac)) else { return Ok(None) };
            let Some(component) = frame.components.get(part.component) else { return Ok(None) };
            others.push((component.across * component.down, Passed::new(dc, ac)));
        }
        let tables = Sought::new(dc, ac);
        let layout = Layout { units: frame.units(scan), restart: self.restart };
        let kept = Kept::of(frame.width.min(frame.height));
        let (places, last) = (kept.places(), kept.count());
        let sought = Luma { blocks: luma.0 * luma.1, tables: &tables, others, places, last };
        let Some(view) = View::of(frame, &self.steps, self.orientation, kept) else { return Ok(None) };
        let grid = match kept {
            Kept::First(_) => {
                let mut onto = view.projection::<4>(luma);
                let rows = |row: usize, blocks: &[i16]| onto.add(row, blocks);
                scan::decode::<16>(&layout, &sought, &entropy, rows).map_err(|_| Unscanned::Damaged)?;
                onto.finish(view.turn.swapped)
            }
            Kept::All => {
                let mut onto = view.projection::<8>(luma);
                let rows = |row: usize, blocks: &[i16]| onto.add(row, blocks);
                scan::decode::<64>(&layout, &sought, &entropy, rows).map_err(|_| Unscanned::Damaged)?;
                onto.finish(view.turn.swapped)
            }
        };
        self.sketch = Some(view.sketch(grid)?);
        Ok(Some(after))
    }

    fn progressive<'a>(&mut self, scan: &Scan, data: &'a [u8]) -> Result<Option<&'a [u8]>, Unscanned> {
        let Some(frame) = &self.frame else { return Ok(None) };
        let Some(luma) = frame.components.first() else { return Ok(None) };
        if self.plane.is_none() {
            let real = (frame.width.div_ceil(8), frame.height.div_ceil(8));
            let padded = (real.0.next_multiple_of(luma.across), real.1.next_multiple_of(luma.down));
            let kept = Kept::of_progressive(frame.width.min(frame.height));
            self.plane = Plane::new(kept, kept.places(), padded, real, self.max_memory / 2);
        }
        let plane = self.plane.as_mut().ok_or(Unscanned::TooMuchMemory)?;
        let (first, luma) = (scan.band.0 == 0, scan.parts.iter().find(|part| part.component == 0));
        let needed = luma.is_some() && (first || plane.needs(scan));
        let (entropy, after) = entropy(data, needed).map_err(|_| Unscanned::Damaged)?;
        let Some(luma) = luma.filter(|_| needed) else { return Ok(Some(after)) };
        if !plane.understands(scan) || (first && scan.band.1 != 0) || (!first && scan.parts.len() != 1) {
            return Ok(None);
        }
        let read = if first {
            let mut plane = Some(plane);
            let wanted = |component| plane.take_if(|_| component == 0);
            let Some(mut parts) = level_parts(frame, &self.dc, scan, wanted) else { return Ok(None) };
            levels(&mut parts, frame.units(scan), scan, self.restart, &entropy)
        } else {
            let Some(spec) = code(&self.ac, luma.ac) else { return Ok(None) };
            plane.others(spec, scan, self.restart, &entropy)
        };
        read.map_err(|_| Unscanned::Damaged)?;
        Ok(Some(after))
    }

    /// Reads the data of a scan of which everything is kept. Gives what follows.
    fn whole<'a>(&mut self, scan: &Scan, data: &'a [u8]) -> Result<Option<&'a [u8]>, Unscanned> {
        let Some(frame) = &self.frame else { return Ok(None) };
        let (entropy, after) = entropy(data, true).map_err(|_| Unscanned::Damaged)?;
        if self.whole.is_none() {
            self.whole = Whole::new(frame, self.max_memory / 2)?;
        }
        let Some(whole) = &mut self.whole else { return Ok(None) };
        for part in &scan.parts {
            let number = frame.components.get(part.component).map(|component| usize::from(component.quantisation));
            let Some(steps) = number.and_then(|number| self.steps.get(number)?.as_ref()) else { return Ok(None) };
            whole.quantise(part.component, steps);
        }
        let (units, first) = (frame.units(scan), scan.band.0 == 0);
        let layout = Layout { units, restart: self.restart };
        let read = if !frame.progressive {
            let mut parts = Vec::new();
            for part in &scan.parts {
                let (Some(dc), Some(ac)) = (code(&self.dc, part.dc), code(&self.ac, part.ac)) else { return Ok(None) };
                let (across, down) = frame.blocks(scan, part.component);
                let blocks = vec![[0; 64]; units.0 * across * down];
                parts.push(Part { count: across * down, tables: Sought::new(dc, ac), blocks, before: 0 });
            }
            let done = |row: usize, parts: &[Part]| {
                for (part, known) in parts.iter().zip(&scan.parts) {
                    whole.add(known.component, row, frame.blocks(scan, known.component), &part.blocks);
                }
            };
            scan::decode_all(&layout, parts, &whole::places(), &entropy, done)
        } else if !whole.understands(scan) || (first && scan.band.1 != 0) || (!first && scan.parts.len() != 1) {
            return Ok(None);
        } else if first {
            let mut planes = whole.planes();
            let wanted = |component| planes.get_mut(component).and_then(Option::take);
            let Some(mut parts) = level_parts(frame, &self.dc, scan, wanted) else { return Ok(None) };
            levels(&mut parts, units, scan, self.restart, &entropy)
        } else {
            let part = scan.parts.first();
            let spec = part.and_then(|part| code(&self.ac, part.ac));
            let plane = part.and_then(|part| whole.planes().get_mut(part.component).and_then(Option::take));
            let (Some(spec), Some(plane)) = (spec, plane) else { return Ok(None) };
            plane.others(spec, scan, self.restart, &entropy)
        };
        read.map_err(|_| Unscanned::Damaged)?;
        Ok(Some(after))
    }

    /// What was found, at the end of the file.
    fn sketched(self) -> Result<Option<Sketch>, Unscanned> {
        let (Some(plane), Some(frame)) = (&self.plane, &self.frame) else { return Ok(self.sketch) };
        let kept = Kept::of_progressive(frame.width.min(frame.height));
        let Some(view) = View::of(frame, &self.steps, self.orientation, kept) else { return Ok(None) };
        let Some(rows) = plane.rows() else { return Ok(None) };
        let grid = match kept {
            Kept::First(_) => project_rows(view.projection::<4>((1, 1)), rows, view.turn),
            Kept::All => project_rows(view.projection::<8>((1, 1)), rows, view.turn),
        };
        view.sketch(grid).map(Some)
    }
}

/// Everything that a projection needs to know of a picture.
struct View<'a> {
    frame: &'a Frame,
    steps: &'a [u16; 64],
    turn: Turn,
    kept: Kept,
}

impl<'a> View<'a> {
    fn of(
        frame: &'a Frame,
        steps: &'a [Option<[u16; 64]>; 4],
        orientation: Option<Orientation>,
        kept: Kept,
    ) -> Option<Self> {
        let steps = steps.get(usize::from(frame.components.first()?.quantisation))?.as_ref()?;
        Some(Self { frame, steps, turn: Turn::of(orientation), kept })
    }

    /// For units of so many blocks across and down.
    fn projection<const N: usize>(&self, unit: (usize, usize)) -> Projection<N> {
        let across = Axis::new(self.frame.width, self.turn.across_mirrored);
        let down = Axis::new(self.frame.height, self.turn.down_mirrored);
        Projection::new(&across, &down, unit, self.kept, self.steps)
    }

    fn sketch(&self, grid: Grid) -> Result<Sketch, Unscanned> {
        let side = |side: usize| u32::try_from(side).map_err(|_| Unscanned::TooManyPixels);
        let (width, height) = (side(self.frame.width)?, side(self.frame.height)?);
        let (width, height) = if self.turn.swapped { (height, width) } else { (width, height) };
        Ok(Sketch { grid, width, height })
    }
}

/// The components of a scan of first coefficients, with the planes that are wanted of them.
fn level_parts<'a>(
    frame: &Frame,
    codes: &'a [Option<Spec>; 4],
    scan: &Scan,
    mut wanted: impl FnMut(usize) -> Option<&'a mut Plane>,
) -> Option<Vec<Level<'a>>> {
    let mut parts = Vec::new();
    for part in &scan.parts {
        // Later bits have no codes.
        let spec = code(codes, part.dc).or(codes.iter().flatten().next())?;
        let (across, down) = frame.blocks(scan, part.component);
        parts.push(Level { plane: wanted(part.component), across, down, spec });
    }
    Some(parts)
}

fn code(tables: &[Option<Spec>; 4], number: usize) -> Option<&Spec> {
    tables.get(number).and_then(Option::as_ref)
}

fn project_rows<'a, const N: usize>(
    mut onto: Projection<N>,
    rows: impl Iterator<Item = &'a [i16]>,
    turn: Turn,
) -> Grid {
    for (row, blocks) in rows.enumerate() {
        onto.add(row, blocks);
    }
    onto.finish(turn.swapped)
}

/// How a stored picture becomes upright: its axes are counted from the other end, then exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    across_mirrored: bool,
    down_mirrored: bool,
    swapped: bool,
}

impl Turn {
    fn of(orientation: Option<Orientation>) -> Self {
        let (across_mirrored, down_mirrored, swapped) = match orientation.unwrap_or(Orientation::NoTransforms) {
            Orientation::NoTransforms => (false, false, false),
            Orientation::FlipHorizontal => (true, false, false),
            Orientation::FlipVertical => (false, true, false),
            Orientation::Rotate180 => (true, true, false),
            Orientation::Rotate90FlipH => (false, false, true),
            Orientation::Rotate90 => (false, true, true),
            Orientation::Rotate270 => (true, false, true),
            Orientation::Rotate270FlipH => (true, true, true),
        };
        Self { across_mirrored, down_mirrored, swapped }
    }
}
