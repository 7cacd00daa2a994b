//! One coded picture, of HEVC or AV1, becomes planes.

use heifer_hevc_dec::decoder::{DecodeOptions, decode_picture};
use re_rav1d::dav1d::{Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings, pixel};

use crate::Unscanned;
use crate::raster::{ColourCode, Plane, Planes};

type Result<T> = std::result::Result<T, Unscanned>;

fn side(pixels: u32) -> Result<usize> {
    usize::try_from(pixels).map_err(|_| Unscanned::TooManyPixels)
}

/// The first picture of an HEVC stream with start codes.
pub(crate) fn hevc(stream: &[u8], max_pixels: u64) -> Result<Planes> {
    let options = DecodeOptions { max_pixels: max_pixels.max(1), ..DecodeOptions::default() };
    let frame = decode_picture(stream, options).map_err(|error| match error {
        heifer_hevc_dec::Error::Unimplemented(what) if what.contains("limit") => Unscanned::TooManyPixels,
        heifer_hevc_dec::Error::Unimplemented(_) => Unscanned::UnsupportedFormat,
        _ => Unscanned::Damaged,
    })?;
    let [width, across, _] = frame.widths;
    let [height, down, _] = frame.heights;
    let plane =
        |samples, width, height| Ok::<_, Unscanned>(Plane { width: side(width)?, height: side(height)?, samples });
    let [brightness, blue, red] = frame.planes;
    let colour = match frame.chroma_format {
        0 => None,
        _ => Some([plane(blue, across, down)?, plane(red, across, down)?]),
    };
    let code = ColourCode { matrix: u16::from(frame.matrix_coeffs), full_range: frame.full_range };
    Ok(Planes { brightness: plane(brightness, width, height)?, colour, depth: frame.bit_depth, code })
}

/// A decoder of AV1, for the samples of a sequence in their order or for one still picture.
pub(crate) struct Av1 {
    decoder: Decoder,
}

impl Av1 {
    pub(crate) fn new(max_pixels: u64) -> Result<Self> {
        let mut settings = Settings::new();
        // A child may not start threads.
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        // Of a picture in layers the last is the whole picture.
        settings.set_all_layers(false);
        settings.set_frame_size_limit(u32::try_from(max_pixels).unwrap_or(u32::MAX));
        let decoder = Decoder::with_settings(&settings).map_err(|_| Unscanned::TooMuchMemory)?;
        Ok(Self { decoder })
    }

    /// The picture that these bytes show.
    pub(crate) fn picture(&mut self, bytes: &[u8]) -> Result<Planes> {
        if bytes.is_empty() {
            return Err(Unscanned::Damaged);
        }
        let mut shown = None;
        let mut sent = self.decoder.send_data(bytes.to_vec(), None, None, None);
        // Each turn takes a picture out, so that the decoder reads on; no sample has more pictures than these.
        for _ in 0..64 {
            if let Err(error) = sent
                && error != Error::Again
            {
                return Err(unscanned(error));
            }
            match self.decoder.get_picture() {
                Ok(picture) => {
                    shown.get_or_insert(picture);
                }
                Err(Error::Again) if sent == Err(Error::Again) => {}
                Err(Error::Again) => break,
                Err(error) => return Err(unscanned(error)),
            }
            if sent == Err(Error::Again) {
                sent = self.decoder.send_pending_data();
            }
        }
        match (sent, shown) {
            (Ok(()), Some(picture)) => planes(&picture),
            (Ok(()), None) => Err(Unscanned::Damaged),
            (Err(error), _) => Err(unscanned(error)),
        }
    }
}

fn unscanned(error: Error) -> Unscanned {
    match error {
        Error::NotEnoughMemory => Unscanned::TooMuchMemory,
        Error::UnsupportedBitstream => Unscanned::UnsupportedFormat,
        // The word for a picture beyond the limit can only be read here.
        Error::UnknownError(why) if format!("{why:?}") == "ERANGE" => Unscanned::TooManyPixels,
        _ => Unscanned::Damaged,
    }
}

fn planes(picture: &Picture) -> Result<Planes> {
    let (width, height) = (side(picture.width())?, side(picture.height())?);
    let depth = picture.bits_per_component().map_or(8, |bits| bits.0);
    let plane = |component: PlanarImageComponent, width: usize, height: usize| {
        let stride = side(picture.stride(component))?;
        let data = picture.plane(component);
        let mut samples = Vec::new();
        samples.try_reserve_exact(width.saturating_mul(height)).map_err(|_| Unscanned::TooMuchMemory)?;
        for row in data.chunks(stride.max(1)).take(height) {
            if depth > 8 {
                samples.extend(row.as_chunks::<2>().0.iter().take(width).map(|pair| u16::from_ne_bytes(*pair)));
            } else {
                samples.extend(row.iter().take(width).map(|byte| u16::from(*byte)));
            }
        }
        if samples.len() == width * height { Ok(Plane { width, height, samples }) } else { Err(Unscanned::Damaged) }
    };
    let (across, down) = match picture.pixel_layout() {
        PixelLayout::I420 => (width.div_ceil(2), height.div_ceil(2)),
        PixelLayout::I422 => (width.div_ceil(2), height),
        PixelLayout::I400 | PixelLayout::I444 => (width, height),
    };
    let colour = match picture.pixel_layout() {
        PixelLayout::I400 => None,
        _ => Some([plane(PlanarImageComponent::U, across, down)?, plane(PlanarImageComponent::V, across, down)?]),
    };
    let matrix = match picture.matrix_coefficients() {
        pixel::MatrixCoefficients::Identity => 0,
        pixel::MatrixCoefficients::BT709 => 1,
        pixel::MatrixCoefficients::BT470M => 4,
        pixel::MatrixCoefficients::ST240M => 7,
        pixel::MatrixCoefficients::YCgCo => 8,
        pixel::MatrixCoefficients::BT2020NonConstantLuminance => 9,
        pixel::MatrixCoefficients::BT2020ConstantLuminance => 10,
        pixel::MatrixCoefficients::ICtCp => 14,
        _ => 2,
    };
    let code = ColourCode { matrix, full_range: picture.color_range() == pixel::YUVRange::Full };
    let bits = u8::try_from(depth).unwrap_or(8);
    Ok(Planes { brightness: plane(PlanarImageComponent::Y, width, height)?, colour, depth: [bits; 2], code })
}
