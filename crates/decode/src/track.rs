//! The picture tracks of a HEIF sequence (ISO/IEC 14496-12): where each sample lies, and how it is coded.

use heifer_isobmff::boxes::{HevcConfig, Property};
use heifer_isobmff::{BoxIter, FourCC};

use crate::Unscanned;
use crate::heif::code;
use crate::raster::ColourCode;

type Result<T> = std::result::Result<T, Unscanned>;

/// No more samples of a track are listed; the limit on frames is far below.
const MOST_SAMPLES: usize = 10_000;

/// How the samples are coded.
pub(crate) enum Coding {
    Av1,
    Hevc(HevcConfig),
}

/// A track of pictures.
pub(crate) struct Track<'a> {
    pub(crate) coding: Coding,
    pub(crate) code: Option<ColourCode>,
    /// How each frame is cut, turned and mirrored.
    pub(crate) properties: Vec<Property>,
    pub(crate) samples: Vec<&'a [u8]>,
    /// No sample is missing from the list.
    pub(crate) complete: bool,
}

/// The boxes in these bytes. Those that cannot be read end the list.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    BoxIter::new(bytes).map_while(std::result::Result::ok).map(|entry| (entry.header.box_type.0, entry.content))
}

fn within<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |bytes, name| boxes(bytes).find(|(found, _)| found == *name).map(|(_, inner)| inner))
}

/// The tracks of pictures in a file. A file without a sequence has none; planes of other tracks (alpha, depth) are left
/// out, as they are for stills.
pub(crate) fn all(media: &[u8]) -> Result<Vec<Track<'_>>> {
    let Some(movie) = within(media, &[b"moov"]) else { return Ok(Vec::new()) };
    let mut tracks = Vec::new();
    for (_, track) in boxes(movie).filter(|(name, _)| name == b"trak") {
        let kind = within(track, &[b"mdia", b"hdlr"]).and_then(|handler| handler.get(8..12));
        if matches!(kind, Some(b"pict" | b"vide"))
            && let Some(track) = read(media, track)?
        {
            tracks.push(track);
        }
    }
    Ok(tracks)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
}

fn read<'a>(media: &'a [u8], track: &[u8]) -> Result<Option<Track<'a>>> {
    let table = within(track, &[b"mdia", b"minf", b"stbl"]).ok_or(Unscanned::Damaged)?;
    let entries = within(table, &[b"stsd"]).and_then(|entries| entries.get(8..)).ok_or(Unscanned::Damaged)?;
    let Some((name, entry)) = boxes(entries).next() else { return Err(Unscanned::Damaged) };
    // What every entry of pictures begins with (clause 12.1.3), before its own boxes.
    let inner = entry.get(78..).unwrap_or(&[]);
    let properties: Vec<Property> =
        boxes(inner).filter_map(|(name, content)| Property::parse(FourCC(name), content).ok()).collect();
    let coding = match &name {
        b"av01" => Coding::Av1,
        b"hvc1" | b"hev1" => {
            let config = properties.iter().find_map(|property| match property {
                Property::HevcConfig(config) => Some(config.clone()),
                _ => None,
            });
            Coding::Hevc(config.ok_or(Unscanned::Damaged)?)
        }
        _ => return Ok(None),
    };
    let (samples, complete) = samples(media, table).ok_or(Unscanned::Damaged)?;
    if samples.is_empty() {
        return Err(Unscanned::Damaged);
    }
    let code = properties.iter().find_map(code);
    let mut properties = properties;
    properties.extend(turn(track));
    Ok(Some(Track { coding, code, properties, samples, complete }))
}

/// How the first track of pictures in the description of a film is turned.
pub(crate) fn turn_of_film(movie: &[u8]) -> Option<Property> {
    let is_shown = |track: &&[u8]| {
        within(track, &[b"mdia", b"hdlr"]).and_then(|handler| handler.get(8..12)) == Some(b"vide".as_slice())
    };
    boxes(movie).filter(|(name, _)| name == b"trak").map(|(_, track)| track).find(is_shown).and_then(turn)
}

/// The quarter turn in the header of a track, if it has one (clause 8.3.2: a matrix).
fn turn(track: &[u8]) -> Option<Property> {
    const ONE: i32 = 1 << 16;
    let header = within(track, &[b"tkhd"])?;
    let start = if header.first() == Some(&1) { 52 } else { 40 };
    let at = |place: usize| number(header, start + 4 * place).map(u32::cast_signed);
    match (at(0)?, at(1)?, at(3)?, at(4)?) {
        (0, ONE, b, 0) if b == -ONE => Some(Property::Rotation(3)),
        (a, 0, 0, d) if a == -ONE && d == -ONE => Some(Property::Rotation(2)),
        (0, b, ONE, 0) if b == -ONE => Some(Property::Rotation(1)),
        (a, 0, 0, ONE) if a == -ONE => Some(Property::Mirror(false)),
        (ONE, 0, 0, d) if d == -ONE => Some(Property::Mirror(true)),
        _ => None,
    }
}

/// The bytes of each sample (clauses 8.7.3 to 8.7.5), and whether the list is complete.
fn samples<'a>(media: &'a [u8], table: &[u8]) -> Option<(Vec<&'a [u8]>, bool)> {
    let sizes = within(table, &[b"stsz"])?;
    let (same, count) = (number(sizes, 4)?, number(sizes, 8)?);
    let size = |sample: usize| if same == 0 { number(sizes, 12 + 4 * sample) } else { Some(same) };
    let (chunks, wide) = match within(table, &[b"stco"]) {
        Some(chunks) => (chunks, false),
        None => (within(table, &[b"co64"])?, true),
    };
    let chunk = |at: usize| {
        if wide {
            let eight = chunks.get(8 + 8 * at..)?.first_chunk().map(|eight| u64::from_be_bytes(*eight))?;
            usize::try_from(eight).ok()
        } else {
            usize::try_from(number(chunks, 8 + 4 * at)?).ok()
        }
    };
    let runs = within(table, &[b"stsc"])?;
    let run = |at: usize| Some((number(runs, 8 + 12 * at)?, number(runs, 12 + 12 * at)?));
    let count = usize::try_from(count).ok()?;
    let listed = count.min(MOST_SAMPLES);
    let mut found = Vec::new();
    let (mut at_run, mut at_chunk) = (0, 0);
    'chunks: while found.len() < listed {
        // The last run whose first chunk (counted from 1) is not behind this one.
        while run(at_run + 1).is_some_and(|(first, _)| usize::try_from(first).is_ok_and(|first| first <= at_chunk + 1))
        {
            at_run += 1;
        }
        let (_, each) = run(at_run)?;
        if each == 0 {
            return None;
        }
        let mut start = chunk(at_chunk)?;
        for _ in 0..each {
            if found.len() == listed {
                break 'chunks;
            }
            let end = start.checked_add(usize::try_from(size(found.len())?).ok()?)?;
            found.push(media.get(start..end)?);
            start = end;
        }
        at_chunk += 1;
    }
    Some((found, listed == count))
}
