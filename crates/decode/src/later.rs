//! HEIC, AVIF and JPEG XL, which crate `image` does not read: told by content, then seen frame by frame.

use fingerprint::{Grid, Luma};
use image::{DynamicImage, RgbImage};

use crate::heif::{Heif, is_heif};
use crate::jxl::{Jxl, is_jxl};
use crate::raster::{Raster, Tone};
use crate::{Coverage, Format, FrameHash, Look, Unscanned, Wanted, pictures};

type Result<T> = std::result::Result<T, Unscanned>;

enum File<'a> {
    Heif(Heif<'a>),
    Jxl(Box<Jxl>),
}

/// A file of one of these formats, or nothing when it is of another.
pub(crate) struct Later<'a>(File<'a>);

impl<'a> Later<'a> {
    pub(crate) fn open(media: &'a [u8], max_pixels: u64, max_memory: u64) -> Result<Option<Self>> {
        Ok(if is_heif(media) {
            Some(Self(File::Heif(Heif::open(media, max_pixels)?)))
        } else if is_jxl(media) {
            // Half for the decoder; the other half is for the raster and its fingerprint.
            Some(Self(File::Jxl(Box::new(Jxl::open(media, max_pixels, max_memory / 2)?))))
        } else {
            None
        })
    }

    fn each<T: Tone>(&self, see: &mut dyn FnMut(Raster<T>) -> Result<bool>) -> Result<(Format, bool)> {
        match &self.0 {
            File::Heif(file) => file.each(see).map(|seen| (seen.format, seen.whole)),
            File::Jxl(file) => file.each(see).map(|whole| (Format::JpegXl, whole)),
        }
    }

    /// Fingerprints of the frames, up to a limit.
    pub(crate) fn look(&self, max_frames: u32, wanted: Wanted) -> Result<Look> {
        let mut size = None;
        let mut frames_seen = 0;
        let mut frames: Vec<FrameHash> = Vec::new();
        let (mut more, mut bordered) = (false, false);
        let (format, whole) = self.each::<f32>(&mut |raster| {
            if frames_seen >= max_frames.max(1) {
                more = true;
                return Ok(false);
            }
            let Raster { width, height, tones } = raster;
            size.get_or_insert((side(width)?, side(height)?));
            let grid = Grid::exact_of_luma(&Luma::new(width, height, tones).map_err(|_| Unscanned::Damaged)?);
            let frame = pictures::frame(frames_seen, grid.as_ref(), wanted);
            if frames.last().is_none_or(|last| last.hash != frame.hash || last.quality != frame.quality) {
                bordered |= grid.is_some_and(|grid| grid.may_have_borders());
                frames.push(frame);
            }
            frames_seen += 1;
            Ok(true)
        })?;
        if wanted.trimmed && bordered {
            self.trim(&mut frames, wanted)?;
        }
        let (width, height) = size.ok_or(Unscanned::Damaged)?;
        let coverage = match (whole && !more, frames_seen) {
            (true, _) => Coverage::Whole,
            (false, 1) => Coverage::FirstFrame,
            (false, _) => Coverage::Sampled,
        };
        Ok(Look { format, width, height, frames, frames_seen, coverage, video: None })
    }

    /// Gives the frames their fingerprints without borders. Borders are seen in colours, so the file is read again.
    fn trim(&self, frames: &mut [FrameHash], wanted: Wanted) -> Result<()> {
        let mut index = 0;
        let mut waiting = frames.iter_mut().peekable();
        self.each::<[u8; 3]>(&mut |raster| {
            if let Some(frame) = waiting.next_if(|frame| frame.index == index) {
                frame.trimmed = pictures::trimmed(&rgb(raster)?, wanted)?;
            }
            index += 1;
            Ok(waiting.peek().is_some())
        })
        .map(drop)
    }

    /// The pixels of the first frame.
    pub(crate) fn first(&self) -> Result<DynamicImage> {
        let mut first = None;
        self.each::<[u8; 3]>(&mut |raster| {
            first.get_or_insert(raster);
            Ok(false)
        })?;
        rgb(first.ok_or(Unscanned::Damaged)?).map(DynamicImage::ImageRgb8)
    }
}

fn rgb(Raster { width, height, tones }: Raster<[u8; 3]>) -> Result<RgbImage> {
    RgbImage::from_raw(side(width)?, side(height)?, tones.into_flattened()).ok_or(Unscanned::Damaged)
}

fn side(pixels: usize) -> Result<u32> {
    u32::try_from(pixels).map_err(|_| Unscanned::TooManyPixels)
}
