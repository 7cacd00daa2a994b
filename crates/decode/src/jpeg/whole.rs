//! A JPEG's pixels, to the last bit those of libjpeg, which other programs read with: its inverse transform, its way to make
//! coarse colour planes fine again, its colours. For hashes that must be the same as those that others compute.

#![expect(clippy::inline_always, reason = "must become part of the kernels for wide registers")]

use fingerprint::Grid;
use image::RgbImage;
use image::metadata::Orientation;
use multiversion::multiversion;

use super::cosine::{TOGETHER, even, samples};
use super::progressive::Plane;
use super::project::Kept;
use super::segments::{Frame, Scan};
use crate::Unscanned;

/// A decoded picture as it is stored in its file.
pub(crate) struct Pixels {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) orientation: Orientation,
    planes: Vec<Samples>,
}

/// The samples of one component.
struct Samples {
    values: Vec<u8>,
    /// Samples in a row of `values`, and those of a row and the rows that the picture has.
    stride: usize,
    width: usize,
    height: usize,
    wider: Wider,
}

/// How samples become as many as the picture has pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wider {
    /// There are as many.
    No,
    /// Twice as many across, weighed 3 to 1.
    Across,
    /// Twice as many down.
    Down,
    /// Both.
    Both,
    /// Each so many times across and down.
    Again(usize, usize),
}

/// Where the coefficient at each place of the zigzag lies in a block, row by row.
pub(super) fn places() -> [u8; 64] {
    // The other way round they lie column by column.
    Kept::All.places().map(|place| place % 8 * 8 + place / 8)
}

/// A picture that is being decoded.
pub(super) struct Whole {
    components: Vec<Component>,
}

/// One component of it.
struct Component {
    samples: Samples,
    /// The coefficients of a progressive file.
    plane: Option<Plane>,
    /// Steps of quantisation, row by row; known when its first scan begins.
    steps: Option<[i32; 64]>,
    /// Rows of samples that came.
    rows: usize,
}

impl Whole {
    /// Room for a picture; none where samples cannot be brought to full resolution.
    pub(super) fn new(frame: &Frame, most_bytes: u64) -> Result<Option<Self>, Unscanned> {
        let (widest, highest) = frame.sampling();
        let units = (frame.width.div_ceil(8 * widest), frame.height.div_ceil(8 * highest));
        let mut left = usize::try_from(most_bytes).unwrap_or(usize::MAX);
        let mut components = Vec::new();
        for component in &frame.components {
            if widest % component.across != 0 || highest % component.down != 0 {
                return Ok(None);
            }
            let (width, height) = frame.size_of(component);
            let wider = match (widest / component.across, highest / component.down) {
                (1, 1) => Wider::No,
                (2, 1) if width > 2 => Wider::Across,
                (1, 2) => Wider::Down,
                (2, 2) if width > 2 => Wider::Both,
                (across, down) => Wider::Again(across, down),
            };
            let padded = (units.0 * component.across, units.1 * component.down);
            let (stride, size) = (8 * padded.0, 64 * padded.0 * padded.1);
            left = left.checked_sub(size).ok_or(Unscanned::TooMuchMemory)?;
            let plane = if frame.progressive {
                let real = (width.div_ceil(8), height.div_ceil(8));
                left = left.checked_sub(2 * size).ok_or(Unscanned::TooMuchMemory)?;
                let plane = Plane::new(Kept::All, places(), padded, real, u64::MAX);
                Some(plane.ok_or(Unscanned::TooMuchMemory)?)
            } else {
                None
            };
            let mut values = Vec::new();
            values.try_reserve_exact(size).map_err(|_| Unscanned::TooMuchMemory)?;
            values.resize(size, 0);
            let samples = Samples { values, stride, width, height, wider };
            components.push(Component { samples, plane, steps: None, rows: 0 });
        }
        Ok(Some(Self { components }))
    }

    /// The steps of a component, in the order of the file. The first that are said are those that hold.
    pub(super) fn quantise(&mut self, component: usize, steps: &[u16; 64]) {
        let Some(component) = self.components.get_mut(component) else { return };
        component.steps.get_or_insert_with(|| {
            let mut rows = [0; 64];
            for (place, step) in places().iter().zip(steps) {
                if let Some(out) = rows.get_mut(usize::from(*place)) {
                    *out = i32::from(*step);
                }
            }
            rows
        });
    }

    /// Adds a row of units of a component: its blocks in the order of the file, so many across and down in each unit.
    pub(super) fn add(&mut self, component: usize, row: usize, unit: (usize, usize), blocks: &[[i16; 64]]) {
        if let Some(component) = self.components.get_mut(component) {
            component.add(row, unit, blocks);
        }
    }

    /// The coefficients of a progressive file.
    pub(super) fn planes(&mut self) -> Vec<Option<&mut Plane>> {
        self.components.iter_mut().map(|component| component.plane.as_mut()).collect()
    }

    /// Whether the planes can be made from this scan.
    pub(super) fn understands(&self, scan: &Scan) -> bool {
        self.components.iter().filter_map(|component| component.plane.as_ref()).all(|plane| plane.understands(scan))
    }

    /// The picture, when every component has come.
    pub(super) fn finish(mut self, frame: &Frame, orientation: Option<Orientation>) -> Option<Pixels> {
        for component in &mut self.components {
            if let Some(plane) = component.plane.take() {
                for (row, blocks) in plane.rows()?.enumerate() {
                    component.add(row, (1, 1), blocks.as_chunks().0);
                }
            }
            if component.rows < component.samples.height {
                return None;
            }
        }
        let planes = self.components.into_iter().map(|component| component.samples).collect();
        let orientation = orientation.unwrap_or(Orientation::NoTransforms);
        Some(Pixels { width: frame.width, height: frame.height, orientation, planes })
    }
}

impl Component {
    fn add(&mut self, row: usize, unit: (usize, usize), blocks: &[[i16; 64]]) {
        let Some(steps) = &self.steps else { return };
        let stride = self.samples.stride;
        let rows = 8 * unit.1 * stride;
        let Some(out) = self.samples.values.get_mut(row * rows..(row + 1) * rows) else { return };
        put(out, stride, unit, blocks, steps);
        self.rows = self.rows.max(8 * unit.1 * (row + 1));
    }
}

/// Samples of a row of units.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn put(out: &mut [u8], stride: usize, unit: (usize, usize), blocks: &[[i16; 64]], steps: &[i32; 64]) {
    let count = unit.0 * unit.1;
    let mut waiting = [(0, &[0; 64]); TOGETHER];
    let mut many = 0;
    let flush = |waiting: &[(usize, &[i16; 64]); TOGETHER], many: usize, out: &mut [u8]| {
        for (y, line) in samples(waiting.map(|(_, block)| block), steps).iter().enumerate() {
            for ((at, _), values) in waiting.iter().zip(line).take(many) {
                if let Some(place) = out.get_mut(at + y * stride..at + y * stride + 8) {
                    place.copy_from_slice(values);
                }
            }
        }
    };
    for (n, block) in blocks.iter().enumerate() {
        let (unit_at, within) = (n / count, n % count);
        let at = 8 * (within / unit.0 * stride + unit_at * unit.0 + within % unit.0);
        if let Some(sample) = even(block, steps) {
            for y in 0..8 {
                out.get_mut(at + y * stride..at + y * stride + 8).unwrap_or_default().fill(sample);
            }
            continue;
        }
        if let Some(place) = waiting.get_mut(many) {
            *place = (at, block);
        }
        many += 1;
        if many == TOGETHER {
            flush(&waiting, many, out);
            many = 0;
        }
    }
    flush(&waiting, many, out);
}

impl Samples {
    /// A row of the coarse plane. Above the first and below the last row these come again.
    fn line(&self, row: usize) -> &[u8] {
        let at = row.min(self.height - 1) * self.stride;
        self.values.get(at..at + self.width).unwrap_or_default()
    }

    /// Row `y` of the picture, one sample for each pixel.
    fn row<'a>(&'a self, y: usize, sums: &mut Vec<u16>, out: &'a mut Vec<u8>) -> &'a [u8] {
        // The nearer and the farther row that a row between them is made of.
        let pair = |y: usize| {
            let near = y / 2;
            (self.line(near), self.line(if y.is_multiple_of(2) { near.saturating_sub(1) } else { near + 1 }))
        };
        out.resize(2 * self.width, 0);
        match self.wider {
            Wider::No => return self.line(y),
            Wider::Across => across(self.line(y), out),
            Wider::Down => {
                let (near, far) = pair(y);
                down(near, far, if y.is_multiple_of(2) { 1 } else { 2 }, out);
            }
            Wider::Both => {
                let (near, far) = pair(y);
                sums.resize(self.width, 0);
                both(near, far, sums, out);
            }
            Wider::Again(across, down) => {
                out.clear();
                out.extend(self.line(y / down).iter().flat_map(|value| std::iter::repeat_n(*value, across)));
            }
        }
        out
    }
}

/// Each new sample is three parts of the nearer and one of the farther old one. Rounding goes down and up in turns.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn across(line: &[u8], out: &mut [u8]) {
    let pairs = out.as_chunks_mut::<2>().0;
    let (Some((first, _)), Some((last, _))) = (line.split_first(), line.split_last()) else { return };
    let weighed = |near: u8, far: u8, more: u16| quarter(3 * u16::from(near) + u16::from(far) + more);
    for ([left, right], trio) in pairs.iter_mut().skip(1).zip(line.array_windows::<3>()) {
        let [before, this, after] = *trio;
        (*left, *right) = (weighed(this, before, 1), weighed(this, after, 2));
    }
    if let (Some([left, right]), Some(after)) = (pairs.first_mut(), line.get(1)) {
        (*left, *right) = (*first, weighed(*first, *after, 2));
    }
    let before = line.len().checked_sub(2).and_then(|at| line.get(at));
    if let (Some([left, right]), Some(before)) = (pairs.last_mut(), before) {
        (*left, *right) = (weighed(*last, *before, 1), *last);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a mean of bytes")]
fn quarter(sum: u16) -> u8 {
    (sum >> 2) as u8
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn down(near: &[u8], far: &[u8], more: u16, out: &mut [u8]) {
    for (out, (near, far)) in out.iter_mut().zip(near.iter().zip(far)) {
        *out = quarter(3 * u16::from(*near) + u16::from(*far) + more);
    }
}

/// Down first, kept whole, then across.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn both(near: &[u8], far: &[u8], sums: &mut [u16], out: &mut [u8]) {
    for (sum, (near, far)) in sums.iter_mut().zip(near.iter().zip(far)) {
        *sum = 3 * u16::from(*near) + u16::from(*far);
    }
    let pairs = out.as_chunks_mut::<2>().0;
    #[expect(clippy::cast_possible_truncation, reason = "a mean of bytes")]
    let weighed = |near: u16, far: u16, more: u16| ((3 * near + far + more) >> 4) as u8;
    for ([left, right], trio) in pairs.iter_mut().skip(1).zip(sums.array_windows::<3>()) {
        let [before, this, after] = *trio;
        (*left, *right) = (weighed(this, before, 8), weighed(this, after, 7));
    }
    if let (Some([left, right]), [first, after, ..]) = (pairs.first_mut(), &*sums) {
        (*left, *right) = (weighed(*first, *first, 8), weighed(*first, *after, 7));
    }
    if let (Some([left, right]), [.., before, last]) = (pairs.last_mut(), &*sums) {
        (*left, *right) = (weighed(*last, *before, 8), weighed(*last, *last, 7));
    }
}

/// Colours of a row from brightness and the two colour differences, with 16 bits behind the point.
#[inline(always)]
fn rgb(y: u8, blue: u8, red: u8) -> [i32; 3] {
    const HALF: i32 = 1 << 15;
    let (y, blue, red) = (i32::from(y), i32::from(blue) - 128, i32::from(red) - 128);
    let r = y + ((91_881 * red + HALF) >> 16);
    let g = y + ((-22_554 * blue - 46_802 * red + HALF) >> 16);
    let b = y + ((116_130 * blue + HALF) >> 16);
    [r, g, b].map(|value| value.clamp(0, 255))
}

#[expect(clippy::cast_precision_loss, reason = "bytes")]
#[inline(always)]
fn weighed([r, g, b]: [i32; 3]) -> f32 {
    0.299_f32 * r as f32 + 0.587_f32 * g as f32 + 0.114_f32 * b as f32
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn brightness(y: &[u8], blue: &[u8], red: &[u8], out: &mut [f32]) {
    for (out, (y, (blue, red))) in out.iter_mut().zip(y.iter().zip(blue.iter().zip(red))) {
        *out = weighed(rgb(*y, *blue, *red));
    }
}

/// Room for the rows of a picture's planes.
#[derive(Default)]
struct Room {
    sums: Vec<u16>,
    rows: [Vec<u8>; 3],
}

impl Pixels {
    /// Row `y` of the three planes; of a grey picture that of its one.
    fn planes<'a>(&'a self, y: usize, room: &'a mut Room) -> (&'a [u8], Option<[&'a [u8]; 2]>) {
        let Room { sums, rows: [first, second, third] } = room;
        match self.planes.as_slice() {
            [luma, blue, red] => (luma.row(y, sums, first), Some([blue.row(y, sums, second), red.row(y, sums, third)])),
            [grey, ..] => (grey.row(y, sums, first), None),
            [] => (&[], None),
        }
    }

    /// The grid of the picture as it lies in the file.
    pub(crate) fn grid(&self) -> Option<Grid> {
        let mut room = Room::default();
        Grid::exact_of_rows(self.width, self.height, |y, out| match self.planes(y, &mut room) {
            (luma, Some([blue, red])) => brightness(luma, blue, red, out),
            (grey, None) => out.iter_mut().zip(grey).for_each(|(out, grey)| *out = weighed([i32::from(*grey); 3])),
        })
    }

    /// The picture as it lies in the file.
    pub(crate) fn picture(&self) -> Option<RgbImage> {
        let mut pixels = Vec::new();
        pixels.try_reserve_exact(3 * self.width * self.height).ok()?;
        let mut room = Room::default();
        for y in 0..self.height {
            match self.planes(y, &mut room) {
                (luma, Some([blue, red])) => {
                    let colours = luma.iter().zip(blue.iter().zip(red)).take(self.width);
                    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
                    pixels.extend(colours.flat_map(|(y, (blue, red))| rgb(*y, *blue, *red).map(|value| value as u8)));
                }
                (grey, None) => pixels.extend(grey.iter().take(self.width).flat_map(|value| [*value; 3])),
            }
        }
        RgbImage::from_raw(u32::try_from(self.width).ok()?, u32::try_from(self.height).ok()?, pixels)
    }
}
