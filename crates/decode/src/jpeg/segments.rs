//! The segments of a file (ITU-T T.81, annex B): headers, tables, and the entropy-coded data between them.

use memchr::memchr;

use super::huffman::MARGIN;

/// The entropy-coded data of one scan without its stuffing.
#[derive(Debug)]
pub(super) struct Entropy {
    pub(super) bytes: Vec<u8>,
    /// Where each segment between restarts ends.
    pub(super) ends: Vec<usize>,
}

/// What ends a file's data.
#[derive(Debug)]
pub(super) struct Truncated;

/// Takes a scan's data from the front of these bytes. Gives it with what follows, which begins with a marker; or nothing
/// but what follows, where the scan is not `wanted`.
pub(super) fn entropy(bytes: &[u8], wanted: bool) -> Result<(Entropy, &[u8]), Truncated> {
    let mut clean = Vec::with_capacity(if wanted { bytes.len() + MARGIN } else { 0 });
    let (mut ends, mut rest, mut restarts) = (Vec::new(), bytes, 0_u8);
    loop {
        let at = memchr(0xff, rest).ok_or(Truncated)?;
        let (data, marker) = rest.split_at(at);
        if wanted {
            clean.extend_from_slice(data);
        }
        match marker.get(1).ok_or(Truncated)? {
            0 => {
                if wanted {
                    clean.push(0xff);
                }
                rest = marker.get(2..).ok_or(Truncated)?;
            }
            // Any number of these may stand before a marker.
            0xff => rest = marker.get(1..).ok_or(Truncated)?,
            number @ 0xd0..=0xd7 => {
                ends.push(clean.len());
                if number & 7 != restarts & 7 {
                    // A restart is missing or doubled. The count of segments will not fit.
                    ends.push(clean.len());
                }
                restarts = restarts.wrapping_add(1);
                rest = marker.get(2..).ok_or(Truncated)?;
            }
            _ => {
                ends.push(clean.len());
                clean.extend_from_slice(&[0; MARGIN]);
                return Ok((Entropy { bytes: clean, ends }, marker));
            }
        }
    }
}

/// One component of the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks of a unit across and down.
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) quantisation: u8,
}

/// The frame header.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) components: Vec<Component>,
}

impl Frame {
    /// A frame header of 8 bits a sample.
    pub(super) fn read(body: &[u8], progressive: bool) -> Option<Self> {
        let ([8, h1, h0, w1, w0, count], rest) = body.split_first_chunk::<6>()? else { return None };
        let components: Vec<Component> = rest
            .as_chunks::<3>()
            .0
            .iter()
            .map(|[id, sampling, quantisation]| Component {
                id: *id,
                across: usize::from(sampling >> 4),
                down: usize::from(sampling & 15),
                quantisation: *quantisation,
            })
            .collect();
        let fits = components.iter().all(|c| (1..=4).contains(&c.across) && (1..=4).contains(&c.down));
        let (width, height) = (u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0]));
        (fits && rest.len() == 3 * usize::from(*count)).then(|| Self {
            progressive,
            width: width.into(),
            height: height.into(),
            components,
        })
    }
}

impl Frame {
    /// Blocks of a unit across and down, of the finest component.
    pub(super) fn sampling(&self) -> (usize, usize) {
        let most = |of: fn(&Component) -> usize| self.components.iter().map(of).max().unwrap_or(1);
        (most(|component| component.across), most(|component| component.down))
    }

    /// Units of a scan across and down. In a scan of its own a component's blocks go row by row; beside others they go unit by
    /// unit.
    pub(super) fn units(&self, scan: &Scan) -> (usize, usize) {
        if let [part] = scan.parts.as_slice()
            && let Some(component) = self.components.get(part.component)
        {
            let (width, height) = self.size_of(component);
            return (width.div_ceil(8), height.div_ceil(8));
        }
        let (widest, highest) = self.sampling();
        (self.width.div_ceil(8 * widest), self.height.div_ceil(8 * highest))
    }

    /// Blocks of a component in a unit of a scan, across and down.
    pub(super) fn blocks(&self, scan: &Scan, component: usize) -> (usize, usize) {
        match self.components.get(component) {
            Some(component) if scan.parts.len() > 1 => (component.across, component.down),
            _ => (1, 1),
        }
    }

    /// Samples that a component has across and down.
    pub(super) fn size_of(&self, component: &Component) -> (usize, usize) {
        let (widest, highest) = self.sampling();
        ((self.width * component.across).div_ceil(widest), (self.height * component.down).div_ceil(highest))
    }
}

/// One component of a scan: its number in the frame, and its tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) component: usize,
    pub(super) dc: usize,
    pub(super) ac: usize,
}

/// The scan header.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub(super) parts: Vec<Part>,
    /// First and last coefficient.
    pub(super) band: (u32, u32),
    /// Bits of precision that were missing before, and that are still missing after.
    pub(super) precision: (u32, u32),
}

impl Scan {
    /// A scan header of this frame.
    pub(super) fn read(body: &[u8], frame: &Frame) -> Option<Self> {
        let (count, rest) = body.split_first()?;
        let (parts, rest) = rest.split_at_checked(2 * usize::from(*count))?;
        let [first, last, precision] = rest else { return None };
        let parts: Option<Vec<Part>> = parts
            .as_chunks::<2>()
            .0
            .iter()
            .map(|[id, tables]| {
                let component = frame.components.iter().position(|component| component.id == *id)?;
                let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
                (dc < 4 && ac < 4).then_some(Part { component, dc, ac })
            })
            .collect();
        let parts = parts.filter(|parts| !parts.is_empty() && parts.len() <= 4)?;
        let doubled = parts
            .iter()
            .enumerate()
            .any(|(n, part)| parts.iter().skip(n + 1).any(|other| other.component == part.component));
        (!doubled && first <= last && *last < 64).then_some(Self {
            parts,
            band: (u32::from(*first), u32::from(*last)),
            precision: (u32::from(precision >> 4), u32::from(precision & 15)),
        })
    }
}

/// The next segment: its marker, its body, and what follows. None where no marker stands or the segment is cut.
pub(super) fn segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let fill = bytes.iter().take_while(|byte| **byte == 0xff).count();
    let rest = bytes.get(fill..).filter(|_| fill > 0)?;
    let (marker, rest) = rest.split_first()?;
    if matches!(marker, 0xd8 | 0xd9 | 0x01) {
        return Some((*marker, &[], rest));
    }
    let length = usize::from(u16::from_be_bytes(*rest.first_chunk::<2>()?));
    let (body, rest) = rest.split_at_checked(length)?;
    Some((*marker, body.get(2..)?, rest))
}
