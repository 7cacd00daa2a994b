//! HEIF files (ISO/IEC 23008-12), coded as HEVC (HEIC) or AV1 (AVIF): which pictures there are, and how each is made.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use heifer_isobmff::boxes::{ColorInfo, HevcConfig, Property};
use heifer_isobmff::{Error, FourCC, HeifFile, Item, ItemId};

use crate::coded::{Av1, hevc};
use crate::raster::{ColourCode, Raster, Tone};
use crate::track::{self, Coding, Track};
use crate::{Format, Unscanned};

type Result<T> = std::result::Result<T, Unscanned>;

/// Derived pictures may be made of derived pictures; deeper than this nobody makes them.
const DEEPEST: u32 = 4;
/// A picture may have parts under other parts. All that is decoded for it is at most this many times what it may show.
const MOST_DECODED: u64 = 4;
/// What even the smallest part costs, in pixels.
const LEAST_DECODED: u64 = 4_096;

/// Whether the file says that it is HEIF.
pub(crate) fn is_heif(media: &[u8]) -> bool {
    const BRANDS: [&[u8; 4]; 11] =
        [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"avif", b"avis"];
    let Some((size, rest)) = media.split_first_chunk::<4>() else { return false };
    let Some(brands) = rest.strip_prefix(b"ftyp") else { return false };
    let size = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(0).clamp(12, 512) - 8;
    let brands = brands.get(..size).unwrap_or(brands);
    // The version stands between the first brand and the others, and is no brand.
    brands.as_chunks::<4>().0.iter().any(|brand| BRANDS.contains(&brand))
}

/// A HEIF file that is open.
pub(crate) struct Heif<'a> {
    file: Option<HeifFile<'a>>,
    tracks: Vec<Track<'a>>,
    max_pixels: u64,
    decoded: Cell<u64>,
    format: RefCell<Option<Format>>,
}

/// What of a file was seen.
pub(crate) struct Seen {
    pub(crate) format: Format,
    /// Nothing was left out.
    pub(crate) whole: bool,
}

fn unscanned(error: &Error) -> Unscanned {
    match error {
        Error::Unimplemented(_) => Unscanned::UnsupportedFormat,
        _ => Unscanned::Damaged,
    }
}

fn damaged<T>(answer: std::result::Result<T, Error>) -> Result<T> {
    answer.map_err(|error| unscanned(&error))
}

impl<'a> Heif<'a> {
    pub(crate) fn open(media: &'a [u8], max_pixels: u64) -> Result<Self> {
        let tracks = track::all(media)?;
        let file = match HeifFile::parse(media) {
            Ok(file) => Some(file),
            // A sequence needs no stills beside it.
            Err(Error::MissingBox(FourCC([b'm', b'e', b't', b'a']))) if !tracks.is_empty() => None,
            Err(error) => return Err(unscanned(&error)),
        };
        Ok(Self { file, tracks, max_pixels, decoded: Cell::new(0), format: RefCell::new(None) })
    }

    /// Every picture, the primary one first: other stills of the file, then the sequence. Ends when told so.
    pub(crate) fn each<T: Tone>(&self, see: &mut dyn FnMut(Raster<T>) -> Result<bool>) -> Result<Seen> {
        let mut whole = true;
        let mut seen = false;
        let mut first = None;
        if let Some(file) = &self.file {
            for id in stills(file) {
                self.decoded.set(0);
                let primary = id == file.primary_id;
                match self.item(file, id, 0, None) {
                    Ok(raster) => {
                        seen = true;
                        if !see(raster)? {
                            return self.seen(false);
                        }
                    }
                    Err(error) if primary && self.tracks.is_empty() => return Err(error),
                    Err(_) => whole = false,
                }
            }
            first = file.item_data(file.primary_id).ok();
        }
        for track in &self.tracks {
            let start = track.samples.first().copied();
            // The still beside a sequence usually is its first frame, and no other picture.
            let known = seen && start.is_some() && start == first.as_deref();
            match self.frames(track, known, see) {
                Ok(more) => whole &= more,
                Err(error) if !seen => return Err(error),
                Err(_) => whole = false,
            }
            seen = true;
        }
        self.seen(whole)
    }

    fn seen(&self, whole: bool) -> Result<Seen> {
        Ok(Seen { format: self.format.borrow().ok_or(Unscanned::UnsupportedFormat)?, whole })
    }

    /// The frames of a sequence; whether all were seen. The first `known` is passed over.
    fn frames<T: Tone>(
        &self,
        track: &Track<'_>,
        known: bool,
        see: &mut dyn FnMut(Raster<T>) -> Result<bool>,
    ) -> Result<bool> {
        let mut av1 = None;
        let mut any = known;
        let mut whole = track.complete;
        for (at, sample) in track.samples.iter().enumerate() {
            self.decoded.set(0);
            let planes = match &track.coding {
                Coding::Av1 => {
                    self.format.borrow_mut().get_or_insert(Format::Avif);
                    let decoder = match &mut av1 {
                        Some(decoder) => decoder,
                        None => av1.insert(Av1::new(self.max_pixels)?),
                    };
                    decoder.picture(sample)
                }
                Coding::Hevc(config) => {
                    self.format.borrow_mut().get_or_insert(Format::Heic);
                    // Frames that build on others are not read, and the answer says that they were not.
                    let Some(stream) = stream(config, sample, true)? else {
                        whole = false;
                        continue;
                    };
                    hevc(&stream, self.max_pixels)
                }
            };
            let mut planes = match planes {
                Ok(planes) => planes,
                Err(error) if !any => return Err(error),
                Err(_) => return Ok(false),
            };
            if known && at == 0 {
                continue;
            }
            if let Some(code) = track.code {
                planes.code = code;
            }
            let raster = Raster::of(&planes, usize::MAX, usize::MAX)?;
            drop(planes);
            let raster = track.properties.iter().try_fold(raster, changed)?;
            any = true;
            if !see(raster)? {
                return Ok(false);
            }
        }
        if any { Ok(whole) } else { Err(Unscanned::UnsupportedFormat) }
    }

    /// Counts what is decoded for one picture.
    fn count(&self, width: usize, height: usize) -> Result<()> {
        let pixels = u64::try_from(width.saturating_mul(height)).unwrap_or(u64::MAX);
        let decoded = self.decoded.get().saturating_add(pixels.max(LEAST_DECODED));
        self.decoded.set(decoded);
        let most = self.max_pixels.max(1 << 20).saturating_mul(MOST_DECODED);
        if pixels > self.max_pixels || decoded > most { Err(Unscanned::TooManyPixels) } else { Ok(()) }
    }

    fn item<T: Tone>(
        &self,
        file: &HeifFile<'_>,
        id: ItemId,
        depth: u32,
        around: Option<ColourCode>,
    ) -> Result<Raster<T>> {
        if depth > DEEPEST {
            return Err(Unscanned::Damaged);
        }
        let item = damaged(file.item(id))?;
        let code = properties(file, item).find_map(code).or(around);
        let size = damaged(file.image_size(id))?;
        if let Some((width, height)) = size {
            self.count(side(width)?, side(height)?)?;
        }
        let raster = match &item.item_type.0 {
            b"hvc1" | b"hev1" | b"av01" => {
                let planes = if item.item_type.0 == *b"av01" {
                    self.format.borrow_mut().get_or_insert(Format::Avif);
                    Av1::new(self.max_pixels)?.picture(&damaged(file.item_data(id))?)
                } else {
                    self.format.borrow_mut().get_or_insert(Format::Heic);
                    hevc(&damaged(file.hevc_bitstream(id))?, self.max_pixels)
                };
                let mut planes = planes?;
                self.count(planes.brightness.width, planes.brightness.height)?;
                planes.code = code.unwrap_or(planes.code);
                // A coded picture may be padded to whole blocks; the file says how much of it is meant.
                let (width, height) = size.unwrap_or((u32::MAX, u32::MAX));
                Raster::of(&planes, side(width)?, side(height)?)?
            }
            b"grid" => self.grid(file, id, depth, code)?,
            b"iovl" => self.overlay(file, id, depth, code)?,
            b"iden" => match file.referenced_items(id, b"dimg") {
                [source] => self.item(file, *source, depth + 1, code)?,
                _ => return Err(Unscanned::Damaged),
            },
            _ => return Err(Unscanned::UnsupportedFormat),
        };
        if raster.width == 0 || raster.height == 0 {
            return Err(Unscanned::Damaged);
        }
        properties(file, item).try_fold(raster, changed)
    }

    /// A picture of tiles, row by row.
    fn grid<T: Tone>(
        &self,
        file: &HeifFile<'_>,
        id: ItemId,
        depth: u32,
        code: Option<ColourCode>,
    ) -> Result<Raster<T>> {
        let grid = damaged(file.grid(id))?;
        let tiles = file.referenced_items(id, b"dimg");
        let (rows, columns) = (usize::from(grid.rows), usize::from(grid.columns));
        let (width, height) = (side(grid.output_width)?, side(grid.output_height)?);
        if tiles.len() != rows * columns || width == 0 || height == 0 {
            return Err(Unscanned::Damaged);
        }
        self.count(width, height)?;
        let mut canvas: Option<(Raster<T>, usize, usize)> = None;
        for (at, tile) in tiles.iter().enumerate() {
            let tile = self.item::<T>(file, *tile, depth + 1, code)?;
            let (canvas, across, down) = match &mut canvas {
                Some((canvas, across, down)) if (*across, *down) == (tile.width, tile.height) => {
                    (canvas, *across, *down)
                }
                Some(_) => return Err(Unscanned::Damaged),
                none => {
                    let (across, down) = (tile.width, tile.height);
                    // Tiles that do not reach the edges leave a part of the picture to nobody.
                    if across.saturating_mul(columns) < width || down.saturating_mul(rows) < height {
                        return Err(Unscanned::Damaged);
                    }
                    let (canvas, ..) = none.insert((Raster::plain(width, height, T::default())?, across, down));
                    (canvas, across, down)
                }
            };
            let place = |part: usize, by: usize| i64::try_from(part.saturating_mul(by)).unwrap_or(i64::MAX);
            canvas.put(&tile, place(at % columns, across), place(at / columns, down));
        }
        canvas.map(|(canvas, ..)| canvas).ok_or(Unscanned::Damaged)
    }

    /// Pictures laid over each other on one colour (clause 6.6.2.2).
    fn overlay<T: Tone>(
        &self,
        file: &HeifFile<'_>,
        id: ItemId,
        depth: u32,
        code: Option<ColourCode>,
    ) -> Result<Raster<T>> {
        let data = damaged(file.item_data(id))?;
        let mut rest: &[u8] = &data;
        let mut take = |bytes: usize| {
            let (taken, after) = rest.split_at_checked(bytes).ok_or(Unscanned::Damaged)?;
            rest = after;
            Ok(taken.iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte)))
        };
        let (0, flags) = (take(1)?, take(1)?) else { return Err(Unscanned::UnsupportedFormat) };
        let mut shade = || Ok(f32::from(u16::try_from(take(2)?).unwrap_or(u16::MAX)) / 65_535.0);
        let ground = [shade()?, shade()?, shade()?];
        let bytes = if flags & 1 == 1 { 4 } else { 2 };
        take(2)?;
        let (width, height) = (side(take(bytes)?)?, side(take(bytes)?)?);
        self.count(width, height)?;
        let mut canvas = Raster::plain(width, height, T::from_rgb(ground))?;
        for source in file.referenced_items(id, b"dimg") {
            let mut place = || {
                let place = take(bytes)?;
                Ok::<_, Unscanned>(i64::from(match bytes {
                    4 => place.cast_signed(),
                    _ => i32::from(u16::try_from(place).unwrap_or(0).cast_signed()),
                }))
            };
            let (x, y) = (place()?, place()?);
            canvas.put(&self.item(file, *source, depth + 1, code)?, x, y);
        }
        Ok(canvas)
    }
}

fn side(pixels: u32) -> Result<usize> {
    usize::try_from(pixels).map_err(|_| Unscanned::TooManyPixels)
}

fn properties<'f>(file: &'f HeifFile<'_>, item: &'f Item) -> impl Iterator<Item = &'f Property> {
    let named = item.properties.iter().filter_map(|named| usize::from(named.index).checked_sub(1));
    named.filter_map(|at| file.properties.get(at))
}

/// What a property says about colours.
pub(crate) fn code(property: &Property) -> Option<ColourCode> {
    match property {
        Property::Color(ColorInfo::Nclx { matrix, full_range, .. }) => {
            Some(ColourCode { matrix: *matrix, full_range: *full_range })
        }
        _ => None,
    }
}

/// Cut, turned or mirrored as a property says. EXIF says nothing here: the format leaves this to its properties.
pub(crate) fn changed<T: Tone>(raster: Raster<T>, property: &Property) -> Result<Raster<T>> {
    match *property {
        Property::Rotation(quarters) => raster.turned(quarters),
        Property::Mirror(true) => raster.upside_down(),
        Property::Mirror(false) => Ok(raster.left_right()),
        Property::CleanAperture { width, height, horiz_offset, vert_offset } => {
            let across = aperture(raster.width, width, horiz_offset).ok_or(Unscanned::Damaged)?;
            let down = aperture(raster.height, height, vert_offset).ok_or(Unscanned::Damaged)?;
            raster.part(across.0, down.0, across.1, down.1).ok_or(Unscanned::Damaged)
        }
        _ => Ok(raster),
    }
}

/// Where a clean aperture begins on one axis, and how long it is (ISO/IEC 14496-12, clause 12.1.4).
fn aperture(whole: usize, (size, size_by): (u32, u32), (shift, shift_by): (i32, u32)) -> Option<(usize, usize)> {
    if size_by == 0 || shift_by == 0 {
        return None;
    }
    let length = f64::from(size) / f64::from(size_by);
    let middle = f64::from(shift) / f64::from(shift_by) + f64::from(u32::try_from(whole).ok()?) / 2.0;
    let (start, length) = ((middle - length / 2.0).round(), length.round());
    let most = f64::from(u32::MAX);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within")]
    let places = ((0.0..=most).contains(&start) && (1.0..=most).contains(&length))
        .then_some((start as usize, length as usize))?;
    Some(places)
}

/// The pictures of a file that are shown for themselves: the primary one, then those that are no tile, thumbnail or
/// plane of another.
fn stills(file: &HeifFile<'_>) -> Vec<ItemId> {
    let mut inner = HashSet::new();
    for reference in &file.references {
        match &reference.ref_type.0 {
            b"dimg" => inner.extend(reference.to.iter().copied()),
            b"thmb" | b"auxl" => {
                inner.insert(reference.from);
            }
            _ => {}
        }
    }
    inner.insert(file.primary_id);
    // A tone map (`tmap`) shows its base again, and its base is listed.
    let shown = |item: &&Item| {
        !item.hidden && matches!(&item.item_type.0, b"hvc1" | b"hev1" | b"av01" | b"grid" | b"iovl" | b"iden")
    };
    let others = file.items.iter().filter(shown).map(|item| item.id).filter(|id| !inner.contains(id));
    std::iter::once(file.primary_id).chain(others).collect()
}

/// A sample as an HEVC stream with start codes. `None` if only a picture that stands alone is wanted and this is none.
fn stream(config: &HevcConfig, sample: &[u8], alone: bool) -> Result<Option<Cow<'static, [u8]>>> {
    let mut out = Vec::new();
    let mut add = |unit: &[u8]| {
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(unit);
    };
    config.nal_units.iter().for_each(|unit| add(unit));
    let mut rest = sample;
    while !rest.is_empty() {
        let cut = || rest.split_at_checked(usize::from(config.nal_length_size));
        let (length, after) = cut().ok_or(Unscanned::Damaged)?;
        let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let (unit, after) = after.split_at_checked(length).ok_or(Unscanned::Damaged)?;
        // Types of ITU-T H.265, table 7-1: slices are below 32, and 16 to 23 stand alone.
        let kind = unit.first().map_or(63, |byte| byte >> 1 & 63);
        if alone && kind < 16 {
            return Ok(None);
        }
        add(unit);
        rest = after;
    }
    Ok(Some(Cow::Owned(out)))
}
