//! How much of a picture is shown: all of it, a part, lines, or what is left under the veil.

use image::DynamicImage;

/// How thick the veil is: what is under it is always small and grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Veil(u8);

impl Veil {
    /// The thinnest.
    pub const THIN: Self = Self(1);
    /// The thickest.
    pub const THICK: Self = Self(4);

    /// From 1 to 4; what is beyond is the nearest of them.
    pub fn of(strength: u8) -> Self {
        Self(strength.clamp(Self::THIN.0, Self::THICK.0))
    }

    /// From 1 to 4.
    pub fn strength(self) -> u8 {
        self.0
    }

    /// How wide the blur is, on a picture of at most 160 pixels a side.
    pub(crate) fn blur(self) -> f32 {
        match self.0 {
            1 => 4.0,
            2 => 7.0,
            3 => 11.0,
            _ => 18.0,
        }
    }
}

/// A ninth of a picture: three rows of three, from 1 in the upper left corner to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part(u8);

impl Part {
    /// From 1 to 9.
    pub fn of_number(number: u8) -> Option<Self> {
        (1..=9).contains(&number).then_some(Self(number))
    }

    /// From 1 to 9.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The pixels of this part.
    pub(crate) fn of(self, picture: &DynamicImage) -> DynamicImage {
        let (column, row) = (u32::from((self.0 - 1) % 3), u32::from((self.0 - 1) / 3));
        let third = |side: u32, nth: u32| (u64::from(side) * u64::from(nth) / 3).try_into().unwrap_or(0);
        let cut = |side: u32, nth: u32| -> (u32, u32) {
            let (from, to): (u32, u32) = (third(side, nth), third(side, nth + 1));
            // A side of one or two pixels has empty thirds.
            if to > from { (from, to - from) } else { (from.min(side.saturating_sub(1)), 1) }
        };
        let ((x, width), (y, height)) = (cut(picture.width(), column), cut(picture.height(), row));
        picture.crop_imm(x, y, width, height)
    }
}

/// How much of a picture is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// All of it.
    Whole,
    /// A part, without the veil.
    Part(Part),
    /// All of it under the veil: small, grey and blurred.
    Veiled(Veil),
    /// Its lines alone.
    Edges,
}

impl Default for Shows {
    fn default() -> Self {
        Self::Veiled(Veil::THIN)
    }
}

impl Shows {
    /// Whether nothing of it is shown as it is.
    pub fn is_veiled(self) -> bool {
        matches!(self, Self::Veiled(_) | Self::Edges)
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Whole => 0,
            Self::Veiled(veil) => veil.0,
            Self::Edges => 5,
            Self::Part(part) => 16 + part.0,
        }
    }

    pub(crate) fn of_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Whole,
            1..=4 => Self::Veiled(Veil(code)),
            5 => Self::Edges,
            17..=25 => Self::Part(Part(code - 16)),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The nine parts are the picture, each pixel once, where a side has three pixels or more.
        #[test]
        fn nine_parts_are_the_picture(width in 3_u32..40, height in 3_u32..40) {
            let picture = DynamicImage::ImageLuma8(image::GrayImage::from_fn(width, height, |x, y| image::Luma([((x * 7 + y * 13) % 251) as u8])));
            let parts: Vec<DynamicImage> = (1..=9).map(|n| Part::of_number(n).unwrap().of(&picture)).collect();
            let pixels: u32 = parts.iter().map(|part| part.width() * part.height()).sum();
            prop_assert_eq!(pixels, width * height);
            prop_assert_eq!(*parts[0].to_luma8().get_pixel(0, 0), *picture.to_luma8().get_pixel(0, 0));
        }
    }

    #[test]
    fn a_picture_of_one_pixel_has_parts_all_the_same() {
        let picture = DynamicImage::new_luma8(1, 2);
        for n in 1..=9 {
            let part = Part::of_number(n).unwrap().of(&picture);
            assert_eq!((part.width(), part.height()), (1, 1));
        }
        assert_eq!(Part::of_number(0), None);
        assert_eq!(Part::of_number(10), None);
    }
}
