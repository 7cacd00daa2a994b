//! What decoders of brightness and colour planes have in common: planes become one raster, of brightness or of pixels.

use crate::Unscanned;

type Result<T> = std::result::Result<T, Unscanned>;

/// One plane of a coded picture, row by row.
#[derive(Default)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) samples: Vec<u16>,
}

impl Plane {
    fn row(&self, at: usize) -> Option<&[u16]> {
        let start = at.min(self.height.checked_sub(1)?).checked_mul(self.width)?;
        self.samples.get(start..start.checked_add(self.width)?)
    }
}

/// A picture as it was coded. Without colour planes it is grey.
pub(crate) struct Planes {
    pub(crate) brightness: Plane,
    /// Cb and Cr, or what the matrix makes of them; coarser than the brightness where they were sampled so.
    pub(crate) colour: Option<[Plane; 2]>,
    /// Bits of a sample, of the brightness and of the colour.
    pub(crate) depth: [u8; 2],
    pub(crate) code: ColourCode,
}

/// How planes are read as colours: code points of ITU-T H.273.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ColourCode {
    /// Which matrix made the planes of red, green and blue.
    pub(crate) matrix: u16,
    /// Whether samples use all values, or leave head and foot room.
    pub(crate) full_range: bool,
}

/// Red, green and blue from the three planes.
type Matrix = [[f32; 3]; 3];

const IDENTITY: u16 = 0;

impl ColourCode {
    /// Equations 38 to 53 of H.273. What is not specified reads as BT.601, as other decoders do; the two matrices that
    /// are no linear map (10 and 14) read as their linear neighbours.
    fn rgb(self) -> Matrix {
        let (kr, kb) = match self.matrix {
            IDENTITY => return [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
            8 => return [[1.0, -1.0, 1.0], [1.0, 1.0, 0.0], [1.0, -1.0, -1.0]],
            1 => (0.2126, 0.0722),
            4 => (0.30, 0.11),
            7 => (0.212, 0.087),
            9 | 10 | 14 => (0.2627, 0.0593),
            _ => (0.299, 0.114),
        };
        let kg: f32 = 1.0 - kr - kb;
        [
            [1.0, 0.0, 2.0 * (1.0 - kr)],
            [1.0, -2.0 * kb * (1.0 - kb) / kg, -2.0 * kr * (1.0 - kr) / kg],
            [1.0, 2.0 * (1.0 - kb), 0.0],
        ]
    }

    /// The value of each sample of a plane: 0 to 1, or −½ to ½ where it is a difference.
    fn values(self, depth: u8, difference: bool) -> Vec<f32> {
        let depth = u32::from(depth.clamp(8, 16));
        let most = f64::from((1_u32 << depth) - 1);
        let unit = f64::from(1_u32 << (depth - 8));
        let (zero, one) = match (self.full_range, difference) {
            (true, false) => (0.0, most),
            (true, true) => (128.0 * unit, most),
            (false, false) => (16.0 * unit, 219.0 * unit),
            (false, true) => (128.0 * unit, 224.0 * unit),
        };
        #[expect(clippy::cast_possible_truncation, reason = "a fraction of one")]
        (0..1_u32 << depth).map(|sample| ((f64::from(sample) - zero) / one) as f32).collect()
    }
}

/// What a raster is made of: [`f32`] is brightness from 0 to 255, `[u8; 3]` is red, green and blue.
pub(crate) trait Tone: Copy + Default {
    fn from_rgb8(rgb: [u8; 3]) -> Self;

    /// From red, green and blue, each from 0 to 1.
    fn from_rgb(rgb: [f32; 3]) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
        Self::from_rgb8(rgb.map(|value| (255.0 * value + 0.5).clamp(0.0, 255.0) as u8))
    }
}

impl Tone for f32 {
    /// PDQ is defined on the brightness of 8-bit red, green and blue. A coded brightness plane is near it, but knows
    /// nothing of rounding and of colours that are cut to what can be shown.
    fn from_rgb8([red, green, blue]: [u8; 3]) -> Self {
        0.299 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)
    }
}

impl Tone for [u8; 3] {
    fn from_rgb8(rgb: [u8; 3]) -> Self {
        rgb
    }
}

fn mixed<T: Tone>(rgb: &Matrix, planes: [f32; 3]) -> T {
    let [a, b, c] = planes;
    T::from_rgb(rgb.each_ref().map(|[x, y, z]| x * a + y * b + z * c))
}

/// A picture, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Raster<T> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) tones: Vec<T>,
}

impl<T: Tone> Raster<T> {
    /// Room for so many tones, or that there is none.
    pub(crate) fn room(width: usize, height: usize) -> Result<Vec<T>> {
        let count = width.checked_mul(height).ok_or(Unscanned::TooManyPixels)?;
        let mut tones = Vec::new();
        tones.try_reserve_exact(count).map_err(|_| Unscanned::TooMuchMemory)?;
        Ok(tones)
    }

    /// All of one tone.
    pub(crate) fn plain(width: usize, height: usize, tone: T) -> Result<Self> {
        let mut tones = Self::room(width, height)?;
        tones.resize(width * height, tone);
        Ok(Self { width, height, tones })
    }

    /// The upper left part of a coded picture.
    pub(crate) fn of(planes: &Planes, width: usize, height: usize) -> Result<Self> {
        let (width, height) = (width.min(planes.brightness.width), height.min(planes.brightness.height));
        let mut tones = Self::room(width, height)?;
        let rgb = planes.code.rgb();
        let [depth, colour_depth] = planes.depth;
        let brightness = planes.code.values(depth, false);
        let value = |values: &[f32], sample: u16| values.get(usize::from(sample)).copied().unwrap_or(1.0);
        let grey = |row: &[u16], tones: &mut Vec<T>| {
            tones.extend(row.iter().map(|sample| T::from_rgb([value(&brightness, *sample); 3])));
        };
        let colour = planes.colour.as_ref().map(|colour| {
            let difference = planes.code.matrix != IDENTITY;
            (colour, planes.code.values(colour_depth, difference))
        });
        for at in 0..height {
            let row = planes.brightness.row(at).and_then(|row| row.get(..width)).ok_or(Unscanned::Damaged)?;
            let Some(([first, second], values)) = &colour else {
                grey(row, &mut tones);
                continue;
            };
            let halved = |whole: usize, part: usize| usize::from(part < whole);
            let below = at >> halved(planes.brightness.height, first.height);
            let aside = halved(planes.brightness.width, first.width);
            let (first, second) = (first.row(below), second.row(below));
            let (first, second) = first.zip(second).ok_or(Unscanned::Damaged)?;
            let pair = |x: usize| first.get(x >> aside).zip(second.get(x >> aside));
            for (x, sample) in row.iter().enumerate() {
                let (first, second) = pair(x).ok_or(Unscanned::Damaged)?;
                let planes = [value(&brightness, *sample), value(values, *first), value(values, *second)];
                tones.push(mixed(&rgb, planes));
            }
        }
        Ok(Self { width, height, tones })
    }

    /// Puts a picture on this one; what falls outside is cut.
    pub(crate) fn put(&mut self, other: &Self, x: i64, y: i64) {
        let (width, height) = (self.width, self.height);
        let within = |at: i64, by: usize, most: usize| {
            let place = at.checked_add(i64::try_from(by).ok()?)?;
            usize::try_from(place).ok().filter(|place| *place < most)
        };
        // Columns that are cut on the left, and where the rest begins.
        let cut = usize::try_from(x.saturating_neg()).unwrap_or(0);
        let Some(start) = within(x, cut, width) else { return };
        for (at, row) in other.tones.chunks_exact(other.width.max(1)).enumerate() {
            let Some(line) = within(y, at, height) else { continue };
            let Some(source) = row.get(cut..) else { return };
            let Some(target) = self.tones.get_mut(line * width + start..(line + 1) * width) else { return };
            for (to, from) in target.iter_mut().zip(source) {
                *to = *from;
            }
        }
    }

    /// Turned against the clock by so many quarters.
    pub(crate) fn turned(mut self, quarters: u8) -> Result<Self> {
        let (width, height) = (self.width, self.height);
        match quarters % 4 {
            0 => return Ok(self),
            2 => {
                self.tones.reverse();
                return Ok(self);
            }
            quarter => {
                let mut tones = Self::room(width, height)?;
                let column = |x: usize| self.tones.iter().skip(x).step_by(width.max(1));
                if quarter == 1 {
                    (0..width).rev().for_each(|x| tones.extend(column(x)));
                } else {
                    (0..width).for_each(|x| tones.extend(column(x).rev()));
                }
                self.tones = tones;
            }
        }
        (self.width, self.height) = (height, width);
        Ok(self)
    }

    /// Its left side on the right.
    pub(crate) fn left_right(mut self) -> Self {
        self.tones.chunks_exact_mut(self.width.max(1)).for_each(<[T]>::reverse);
        self
    }

    /// Its upper side below.
    pub(crate) fn upside_down(self) -> Result<Self> {
        Ok(self.turned(2)?.left_right())
    }

    /// A part of it; `None` when there is no such part.
    pub(crate) fn part(&self, left: usize, top: usize, width: usize, height: usize) -> Option<Self> {
        if width == 0 || height == 0 || left.checked_add(width)? > self.width || top.checked_add(height)? > self.height
        {
            return None;
        }
        let rows = self.tones.chunks_exact(self.width).skip(top).take(height);
        let tones = rows.filter_map(|row| row.get(left..left + width)).flatten().copied().collect();
        Some(Self { width, height, tones })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Raster<f32> {
        Raster { width: 3, height: 2, tones: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0] }
    }

    #[test]
    fn turning_and_mirroring() {
        let turned = small().turned(1).unwrap();
        assert_eq!((turned.width, turned.height), (2, 3));
        assert_eq!(turned.tones, [3.0, 6.0, 2.0, 5.0, 1.0, 4.0]);
        assert_eq!(small().turned(3).unwrap().tones, [4.0, 1.0, 5.0, 2.0, 6.0, 3.0]);
        assert_eq!(small().turned(2).unwrap().tones, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
        assert_eq!(small().left_right().tones, [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
        assert_eq!(small().upside_down().unwrap().tones, [4.0, 5.0, 6.0, 1.0, 2.0, 3.0]);
        assert_eq!(turned.turned(3).unwrap(), small());
    }

    #[test]
    fn parts_and_puts() {
        assert_eq!(small().part(1, 0, 2, 2).unwrap().tones, [2.0, 3.0, 5.0, 6.0]);
        assert_eq!(small().part(2, 0, 2, 2), None);
        assert_eq!(small().part(0, 0, 0, 2), None);
        let put = |x, y| {
            let mut canvas = Raster::plain(3, 2, 0.0).unwrap();
            canvas.put(&small(), x, y);
            canvas.tones
        };
        assert_eq!(put(1, 1), [0.0, 0.0, 0.0, 0.0, 1.0, 2.0]);
        assert_eq!(put(-1, -1), [5.0, 6.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(put(-3, 0), [0.0; 6]);
        assert_eq!(put(i64::MAX, i64::MIN), [0.0; 6]);
    }

    /// One colour, coded with a matrix at a depth and range, and read back.
    fn through(rgb: [f32; 3], matrix: u16, full_range: bool, depth: u8) -> (f32, [u8; 3]) {
        let code = ColourCode { matrix, full_range };
        let (kr, kb) = match matrix {
            1 => (0.2126, 0.0722),
            9 => (0.2627, 0.0593),
            _ => (0.299, 0.114),
        };
        let [r, g, b] = rgb;
        let (y, first, second) = match matrix {
            0 => (g, b, r),
            8 => (0.25 * r + 0.5 * g + 0.25 * b, -0.25 * r + 0.5 * g - 0.25 * b, 0.5 * r - 0.5 * b),
            _ => {
                let y = kr * r + (1.0 - kr - kb) * g + kb * b;
                (y, (b - y) / (2.0 * (1.0 - kb)), (r - y) / (2.0 * (1.0 - kr)))
            }
        };
        let unit = f32::from(1_u16 << (depth - 8));
        let most = f32::from(u16::MAX >> (16 - depth));
        let coded = |value: f32, difference: bool| {
            let value = match (full_range, difference) {
                (true, false) => value * most,
                (true, true) => value * most + 128.0 * unit,
                (false, false) => value * 219.0 * unit + 16.0 * unit,
                (false, true) => value * 224.0 * unit + 128.0 * unit,
            };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
            let sample = value.round().clamp(0.0, most) as u16;
            Plane { width: 1, height: 1, samples: vec![sample] }
        };
        let planes = Planes {
            brightness: coded(y, false),
            colour: Some([coded(first, matrix != 0), coded(second, matrix != 0)]),
            depth: [depth; 2],
            code,
        };
        let luma = Raster::<f32>::of(&planes, 1, 1).unwrap().tones[0];
        (luma, Raster::<[u8; 3]>::of(&planes, 1, 1).unwrap().tones[0])
    }

    #[test]
    fn every_matrix_range_and_depth_gives_the_same_brightness() {
        for rgb in [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.9, 0.1, 0.2], [0.1, 0.2, 0.95], [0.2, 0.8, 0.3]] {
            let expected = 255.0 * (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]);
            for matrix in [0, 1, 2, 5, 6, 8, 9] {
                for (full_range, depth) in [(true, 8), (false, 8), (true, 10), (false, 10), (false, 12), (true, 12)] {
                    let (luma, pixel) = through(rgb, matrix, full_range, depth);
                    assert!((luma - expected).abs() < 1.6, "{rgb:?} {matrix} {full_range} {depth}: {luma}, {expected}");
                    for (value, original) in pixel.iter().zip(rgb) {
                        assert!((f32::from(*value) - 255.0 * original).abs() < 2.6, "{rgb:?} {matrix}: {pixel:?}");
                    }
                }
            }
        }
    }
}
