//! Bytes become pixels: every colour model and depth is brought to the same brightness, upright, frame by frame.

use std::io::Cursor;

use fingerprint::{Grid, PdqHash};
use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::{ImageError, LimitErrorKind};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, Frames, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use crate::later::Later;
use crate::protocol::{Answer, Ask, Request};
use crate::{Coverage, Format, FrameHash, Look, Mark, Shows, Unscanned, Wanted};
use crate::{borders, exif, film, jpeg};

type Result<T> = std::result::Result<T, Unscanned>;

/// Answers one question about one file.
pub(crate) fn examine(request: &Request, media: &[u8], max_memory_bytes: u64) -> Answer {
    let open = Open { media, max_pixels: request.max_pixels, max_memory: max_memory_bytes };
    let answer = match request.ask {
        Ask::Hello | Ask::Kind => return Answer::Unscanned(Unscanned::UnsupportedFormat),
        Ask::Strip { .. } | Ask::Reel { .. } => Err(Unscanned::UnsupportedFormat),
        Ask::Exif => return Answer::Exif(exif::read(media)),
        Ask::Fingerprints(wanted) => open.look(request.max_frames, wanted).map(Answer::Look),
        Ask::Picture { max_side, shows, mark } => open.picture(max_side, shows, mark).map(Answer::Picture),
    };
    match answer {
        // What no reader of pictures takes may be a film, which another child looks at.
        Err(Unscanned::UnsupportedFormat) if film::recognise(media).is_some() => Answer::Film,
        answer => answer.unwrap_or_else(Answer::Unscanned),
    }
}

fn unscanned(error: &ImageError) -> Unscanned {
    match error {
        ImageError::Limits(limit) if matches!(limit.kind(), LimitErrorKind::DimensionError) => Unscanned::TooManyPixels,
        ImageError::Limits(_) => Unscanned::TooMuchMemory,
        ImageError::Unsupported(_) => Unscanned::UnsupportedFormat,
        _ => Unscanned::Damaged,
    }
}

struct Open<'a> {
    media: &'a [u8],
    max_pixels: u64,
    max_memory: u64,
}

impl<'a> Open<'a> {
    fn format(&self) -> Result<(ImageFormat, Format)> {
        let guessed = image::guess_format(self.media).map_err(|_| Unscanned::UnsupportedFormat)?;
        let format = match guessed {
            ImageFormat::Jpeg => Format::Jpeg,
            ImageFormat::Png => Format::Png,
            ImageFormat::Gif => Format::Gif,
            ImageFormat::WebP => Format::WebP,
            ImageFormat::Bmp => Format::Bmp,
            ImageFormat::Tiff => Format::Tiff,
            _ => return Err(Unscanned::UnsupportedFormat),
        };
        Ok((guessed, format))
    }

    fn cursor(&self) -> Cursor<&'a [u8]> {
        Cursor::new(self.media)
    }

    fn limits(&self) -> image::Limits {
        let mut limits = image::Limits::default();
        limits.max_alloc = Some(self.max_memory / 2);
        limits
    }

    fn check_size(&self, (width, height): (u32, u32)) -> Result<()> {
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(Unscanned::TooManyPixels);
        }
        if width == 0 || height == 0 { Err(Unscanned::Damaged) } else { Ok(()) }
    }

    /// The first or only picture, upright.
    fn still(&self, format: ImageFormat) -> Result<DynamicImage> {
        if format == ImageFormat::Jpeg && !jpeg_is_complete(self.media) {
            // The decoder would fill the rest with grey, and grey is not what the file shows.
            return Err(Unscanned::Damaged);
        }
        let mut reader = ImageReader::with_format(self.cursor(), format);
        reader.limits(self.limits());
        let mut decoder = reader.into_decoder().map_err(|error| unscanned(&error))?;
        self.check_size(decoder.dimensions())?;
        let orientation = decoder.orientation().map_err(|error| unscanned(&error))?;
        let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| unscanned(&error))?;
        picture.apply_orientation(orientation);
        Ok(picture)
    }

    /// The frames of an animation, or nothing for a still.
    fn animation(&self, format: ImageFormat) -> Result<Option<Frames<'a>>> {
        let fault = |error: ImageError| unscanned(&error);
        Ok(match format {
            ImageFormat::Gif => {
                let mut decoder = GifDecoder::new(self.cursor()).map_err(fault)?;
                self.check_size(decoder.dimensions())?;
                decoder.set_limits(self.limits()).map_err(fault)?;
                Some(decoder.into_frames())
            }
            ImageFormat::WebP => {
                let mut decoder = WebPDecoder::new(self.cursor()).map_err(fault)?;
                self.check_size(decoder.dimensions())?;
                decoder.set_limits(self.limits()).map_err(fault)?;
                decoder.has_animation().then(|| decoder.into_frames())
            }
            ImageFormat::Png => {
                let decoder = PngDecoder::with_limits(self.cursor(), self.limits()).map_err(fault)?;
                self.check_size(decoder.dimensions())?;
                if decoder.is_apng().map_err(fault)? {
                    Some(decoder.apng().map_err(fault)?.into_frames())
                } else {
                    None
                }
            }
            _ => None,
        })
    }

    fn look(&self, max_frames: u32, wanted: Wanted) -> Result<Look> {
        if let Some(later) = Later::open(self.media, self.max_pixels, self.max_memory)? {
            return later.look(max_frames, wanted);
        }
        let (decoder, format) = self.format()?;
        if decoder == ImageFormat::Jpeg
            && !wanted.exact
            && let Some(jpeg::Sketch { grid, width, height }) =
                jpeg::sketch(self.media, self.max_pixels, self.max_memory)?
        {
            let mut frame = frame(0, Some(&grid), wanted);
            if wanted.trimmed && grid.may_have_borders() {
                frame.trimmed = trimmed(&self.still(decoder)?.into_rgb8(), wanted)?;
            }
            return Ok(Look {
                format,
                width,
                height,
                frames: vec![frame],
                frames_seen: 1,
                coverage: Coverage::Whole,
                video: None,
            });
        }
        if decoder == ImageFormat::Jpeg
            && wanted.exact
            && let Some(pixels) = jpeg::pixels(self.media, self.max_pixels, self.max_memory)?
        {
            return exactly(&pixels, wanted);
        }
        let Some(animation) = self.animation(decoder)? else {
            let picture = self.still(decoder)?;
            let (width, height) = (picture.width(), picture.height());
            let frame = hash(0, &picture.into_rgb8(), wanted)?;
            let more = decoder == ImageFormat::Tiff && tiff_has_more_pages(self.media);
            let coverage = if more { Coverage::FirstFrame } else { Coverage::Whole };
            return Ok(Look { format, width, height, frames: vec![frame], frames_seen: 1, coverage, video: None });
        };
        let (mut width, mut height, mut seen) = (0, 0, 0);
        let mut frames: Vec<FrameHash> = Vec::new();
        let mut whole = true;
        for frame in animation {
            if seen >= max_frames.max(1) {
                whole = false;
                break;
            }
            match frame {
                Ok(frame) => {
                    let picture = DynamicImage::ImageRgba8(frame.into_buffer());
                    (width, height) = (picture.width(), picture.height());
                    let frame = hash(seen, &picture.into_rgb8(), wanted)?;
                    if frames.last().is_none_or(|last| last.hash != frame.hash || last.quality != frame.quality) {
                        frames.push(frame);
                    }
                    seen += 1;
                }
                Err(error) if seen == 0 => return Err(unscanned(&error)),
                // What came before the damage was seen, and the answer says that it was not all.
                Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        if frames.is_empty() {
            return Err(Unscanned::Damaged);
        }
        let coverage = match (whole, seen) {
            (true, _) => Coverage::Whole,
            (false, 1) => Coverage::FirstFrame,
            (false, _) => Coverage::Sampled,
        };
        Ok(Look { format, width, height, frames, frames_seen: seen, coverage, video: None })
    }

    fn first(&self) -> Result<DynamicImage> {
        if let Some(later) = Later::open(self.media, self.max_pixels, self.max_memory)? {
            return later.first();
        }
        let (decoder, _) = self.format()?;
        Ok(match self.animation(decoder)? {
            Some(mut frames) => {
                let first = frames.next().ok_or(Unscanned::Damaged)?.map_err(|error| unscanned(&error))?;
                DynamicImage::ImageRgba8(first.into_buffer())
            }
            None => self.still(decoder)?,
        })
    }

    /// New pixels, never original bytes: scaled, and blurred and grey under the veil.
    fn picture(&self, max_side: u32, shows: Shows, mark: Mark) -> Result<Vec<u8>> {
        re_encoded(self.first()?, max_side, shows, mark)
    }
}

/// New pixels: scaled, and blurred and grey under the veil; with the mark on them.
pub(crate) fn re_encoded(picture: DynamicImage, max_side: u32, shows: Shows, mark: Mark) -> Result<Vec<u8>> {
    let side = max_side.clamp(16, 8_192);
    let fitted = |picture: DynamicImage| {
        let fits = picture.width() <= side && picture.height() <= side;
        if fits { picture } else { picture.resize(side, side, FilterType::Triangle) }
    };
    let picture = match shows {
        Shows::Whole => fitted(picture),
        Shows::Part(part) => fitted(part.of(&picture)),
        Shows::Veiled(veil) => picture.thumbnail(side.min(160), side.min(160)).grayscale().fast_blur(veil.blur()),
        Shows::Edges => edges(&picture.thumbnail(side.min(480), side.min(480))),
    };
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 88)
        .encode_image(&mark.draw(picture.into_rgb8()))
        .map_err(|error| unscanned(&error))?;
    Ok(jpeg)
}

/// Where brightness changes much: lines, black on white, and nothing between. No shade of the picture is left.
fn edges(picture: &DynamicImage) -> DynamicImage {
    /// So much change of brightness is a line.
    const LINE: i32 = 96;
    let grey = picture.grayscale().fast_blur(1.2).into_luma8();
    let at = |x: i64, y: i64| {
        let within = |value: i64, most: u32| u32::try_from(value.max(0)).unwrap_or(0).min(most.saturating_sub(1));
        i32::from(grey.get_pixel(within(x, grey.width()), within(y, grey.height())).0[0])
    };
    let lines = image::GrayImage::from_fn(grey.width(), grey.height(), |x, y| {
        let (x, y) = (i64::from(x), i64::from(y));
        // Sobel's operator.
        let across = at(x + 1, y - 1) + 2 * at(x + 1, y) + at(x + 1, y + 1)
            - at(x - 1, y - 1)
            - 2 * at(x - 1, y)
            - at(x - 1, y + 1);
        let down = at(x - 1, y + 1) + 2 * at(x, y + 1) + at(x + 1, y + 1)
            - at(x - 1, y - 1)
            - 2 * at(x, y - 1)
            - at(x + 1, y - 1);
        image::Luma([if across.abs() + down.abs() >= LINE { 0 } else { 255 }])
    });
    DynamicImage::ImageLuma8(lines)
}

/// An exact look at a JPEG.
fn exactly(pixels: &jpeg::Pixels, wanted: Wanted) -> Result<Look> {
    let (width, height, frame) = if pixels.orientation == Orientation::NoTransforms && !wanted.trimmed {
        let side = |side: usize| u32::try_from(side).map_err(|_| Unscanned::TooManyPixels);
        (side(pixels.width)?, side(pixels.height)?, frame(0, pixels.grid().as_ref(), wanted))
    } else {
        let mut picture = DynamicImage::ImageRgb8(pixels.picture().ok_or(Unscanned::TooMuchMemory)?);
        picture.apply_orientation(pixels.orientation);
        (picture.width(), picture.height(), hash(0, &picture.into_rgb8(), wanted)?)
    };
    let (format, frames) = (Format::Jpeg, vec![frame]);
    Ok(Look { format, width, height, frames, frames_seen: 1, coverage: Coverage::Whole, video: None })
}

fn hash(index: u32, picture: &RgbImage, wanted: Wanted) -> Result<FrameHash> {
    let grid = grid(picture, wanted)?;
    let mut frame = frame(index, grid.as_ref(), wanted);
    if wanted.trimmed && grid.is_some_and(|grid| grid.may_have_borders()) {
        frame.trimmed = trimmed(picture, wanted)?;
    }
    Ok(frame)
}

fn grid(picture: &RgbImage, wanted: Wanted) -> Result<Option<Grid>> {
    let (width, height) = (side(picture.width())?, side(picture.height())?);
    let make = if wanted.exact { Grid::exact_of_rgb8 } else { Grid::of_rgb8 };
    make(width, height, picture.as_raw()).map_err(|_| Unscanned::Damaged)
}

pub(crate) fn frame(index: u32, grid: Option<&Grid>, wanted: Wanted) -> FrameHash {
    let PdqHash { hash, quality } = grid.map_or(PdqHash::NONE, Grid::fingerprint);
    let turned = wanted.turned.then(|| grid.map_or([PdqHash::NONE.hash; 7], Grid::turns));
    FrameHash { index, at_ms: 0, hash, quality, turned, trimmed: None }
}

/// The fingerprint of a picture without its borders, if it has some.
pub(crate) fn trimmed(picture: &RgbImage, wanted: Wanted) -> Result<Option<PdqHash>> {
    let Some((x, y, width, height)) = borders::within(picture) else { return Ok(None) };
    let inner = image::imageops::crop_imm(picture, x, y, width, height).to_image();
    Ok(grid(&inner, wanted)?.map(|grid| grid.fingerprint()))
}

fn side(pixels: u32) -> Result<usize> {
    usize::try_from(pixels).map_err(|_| Unscanned::TooManyPixels)
}

/// Walks a JPEG's markers (ITU-T T.81, annex B) to the end of its picture. False when the file ends before.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    let mut at = 2;
    loop {
        // Within a scan everything up to a marker that is neither stuffing nor a restart is picture data.
        while let (Some(byte), Some(next)) = (bytes.get(at), bytes.get(at + 1)) {
            if *byte == 0xff && !matches!(next, 0x00 | 0xff | 0xd0..=0xd7) {
                break;
            }
            at += 1;
        }
        let Some(marker) = bytes.get(at + 1) else { return false };
        if *marker == 0xd9 {
            return true;
        }
        let (Some(high), Some(low)) = (bytes.get(at + 2), bytes.get(at + 3)) else { return false };
        at += 2 + usize::from(u16::from_be_bytes([*high, *low])).max(2);
    }
}

/// Whether the first directory of a TIFF names a second one.
fn tiff_has_more_pages(bytes: &[u8]) -> bool {
    let little = bytes.starts_with(b"II");
    let u16_at = |at: usize| {
        let pair = <[u8; 2]>::try_from(bytes.get(at..at.checked_add(2)?)?).ok()?;
        Some(usize::from(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }))
    };
    let u32_at = |at: usize| {
        let four = <[u8; 4]>::try_from(bytes.get(at..at.checked_add(4)?)?).ok()?;
        usize::try_from(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) }).ok()
    };
    let next = || {
        let first = u32_at(4)?;
        let entries = u16_at(first)?;
        u32_at(first.checked_add(2 + entries * 12)?)
    };
    // A BigTIFF, or a directory outside the file: nobody can say that there is one page only.
    if u16_at(2) != Some(42) {
        return true;
    }
    next().is_none_or(|next| next != 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(ask: Ask) -> Request {
        Request { ask, max_pixels: 1_000_000, max_frames: 8, time_ms: 0, media: 0 }
    }

    proptest! {
        #[test]
        fn any_bytes_are_examined_without_harm(
            magic in prop::sample::select(vec![
                &b""[..], b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"BM", b"II*\0", b"MM\0*",
                b"\0\0\0\x14ftypheic\0\0\0\0mif1", b"\0\0\0\x14ftypavif\0\0\0\0mif1", b"\xff\x0a",
                b"\0\0\0\x0cJXL \r\n\x87\n",
            ]),
            bytes in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            let media = [magic, bytes.as_slice()].concat();
            examine(&ask(Ask::Fingerprints(Wanted::default())), &media, 64 << 20);
            let all = Wanted { exact: true, turned: true, trimmed: true, ..Wanted::default() };
            examine(&ask(Ask::Fingerprints(all)), &media, 64 << 20);
            examine(&ask(Ask::Picture { max_side: 64, shows: Shows::default(), mark: Mark::new("STAFF 1") }), &media, 64 << 20);
        }
    }
}
