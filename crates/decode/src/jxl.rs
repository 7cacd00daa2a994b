//! JPEG XL (ISO/IEC 18181), a bare codestream or in its container, also animated.

use jxl_oxide::color::{ColourEncoding, TransferFunction};
use jxl_oxide::{AllocTracker, InitializeResult, JxlImage, PixelFormat};

use crate::Unscanned;
use crate::raster::{Raster, Tone};

type Result<T> = std::result::Result<T, Unscanned>;

/// Bytes are handed over in pieces, so that the size of the picture is known before the picture is read.
const PIECE: usize = 4_096;

/// Whether the file says that it is JPEG XL.
pub(crate) fn is_jxl(media: &[u8]) -> bool {
    media.starts_with(b"\xff\x0a") || media.starts_with(b"\0\0\0\x0cJXL \r\n\x87\n")
}

fn unscanned(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Unscanned {
    // The error of a full tracker has no name outside its crate.
    if error.to_string().contains("allocate") { Unscanned::TooMuchMemory } else { Unscanned::Damaged }
}

/// A JPEG XL file that is open.
pub(crate) struct Jxl {
    image: JxlImage,
    whole: bool,
}

impl Jxl {
    pub(crate) fn open(media: &[u8], max_pixels: u64, max_memory: u64) -> Result<Self> {
        let tracker = AllocTracker::with_limit(usize::try_from(max_memory).unwrap_or(usize::MAX));
        let mut waiting = JxlImage::builder().alloc_tracker(tracker).build_uninit();
        let mut rest = media;
        let mut image = loop {
            let piece = rest.get(..PIECE).unwrap_or(rest);
            let taken = waiting.feed_bytes(piece).map_err(|error| unscanned(&*error))?;
            rest = rest.get(taken..).unwrap_or_default();
            match waiting.try_init().map_err(|error| unscanned(&*error))? {
                InitializeResult::Initialized(image) => break image,
                InitializeResult::NeedMoreData(_) if taken == 0 => return Err(Unscanned::Damaged),
                InitializeResult::NeedMoreData(again) => waiting = again,
            }
        };
        if u64::from(image.width()) * u64::from(image.height()) > max_pixels {
            return Err(Unscanned::TooManyPixels);
        }
        let mut whole = true;
        while !rest.is_empty() && !image.is_loading_done() {
            let piece = rest.get(..PIECE).unwrap_or(rest);
            let Ok(taken @ 1..) = image.feed_bytes(piece) else {
                whole = false;
                break;
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
        whole &= image.is_loading_done();
        let header = image.image_header();
        if !whole && (header.metadata.animation.is_none() || image.num_loaded_keyframes() == 0) {
            return Err(Unscanned::Damaged);
        }
        // Light that is stored linearly or for bright screens is brought to the curve that other files have.
        if let ColourEncoding::Enum(encoding) = &header.metadata.colour_encoding
            && matches!(encoding.tf, TransferFunction::Linear | TransferFunction::Pq | TransferFunction::Hlg)
        {
            let mut encoding = encoding.clone();
            encoding.tf = TransferFunction::Srgb;
            image.request_color_encoding(encoding);
        }
        Ok(Self { image, whole })
    }

    /// Every frame that is shown, upright. Ends when told so. True when all were seen.
    pub(crate) fn each<T: Tone>(&self, see: &mut dyn FnMut(Raster<T>) -> Result<bool>) -> Result<bool> {
        for at in 0..self.image.num_loaded_keyframes() {
            match self.frame(at) {
                Ok(raster) => {
                    if !see(raster)? {
                        return Ok(false);
                    }
                }
                Err(error) if at == 0 => return Err(error),
                Err(_) => return Ok(false),
            }
        }
        Ok(self.whole)
    }

    fn frame<T: Tone>(&self, at: usize) -> Result<Raster<T>> {
        let render = self.image.render_frame(at).map_err(|error| unscanned(&*error))?;
        let mut stream = render.stream_no_alpha();
        let side = |pixels: u32| usize::try_from(pixels).map_err(|_| Unscanned::TooManyPixels);
        let (width, height) = (side(stream.width())?, side(stream.height())?);
        let channels = side(stream.channels())?;
        let black = matches!(self.image.pixel_format(), PixelFormat::Cmyk | PixelFormat::Cmyka);
        let mut row = vec![0.0_f32; width.saturating_mul(channels)];
        let mut tones = Raster::<T>::room(width, height)?;
        for _ in 0..height {
            if stream.write_to_buffer(&mut row) != row.len() || row.is_empty() {
                return Err(Unscanned::Damaged);
            }
            tones.extend(row.chunks_exact(channels).map(|values| match *values {
                // Inks: none is 1, all is 0.
                [cyan, magenta, yellow, key, ..] if black => T::from_rgb([cyan, magenta, yellow].map(|ink| ink * key)),
                [red, green, blue, ..] => T::from_rgb([red, green, blue]),
                [grey, ..] => T::from_rgb([grey; 3]),
                [] => T::default(),
            }));
        }
        Ok(Raster { width, height, tones })
    }
}
