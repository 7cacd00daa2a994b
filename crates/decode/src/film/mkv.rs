//! The little of Matroska that passes between us and ffmpeg: one video track, packet after packet.
//!
//! What an ffmpeg says is read as a stranger's: it has parsed a hostile file. Everything has a limit, and what is not
//! understood is passed over.

use std::io::{self, Read, Write};

/// Bytes before the first packet, at most: settings of a codec and little else.
const MOST_HEADER: usize = 4 << 20;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const TIMESTAMP: u32 = 0xe7;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK_GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const REFERENCE: u32 = 0xfb;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const VIDEO: u32 = 0xe0;
const CODEC: u32 = 0x86;
const CODEC_SETTINGS: u32 = 0x63a2;
const WIDTH: u32 = 0xb0;
const HEIGHT: u32 = 0xba;

/// The one video track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Track {
    /// As Matroska names it.
    pub(crate) codec: String,
    /// What the codec must know before the first packet.
    pub(crate) settings: Vec<u8>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Everything before the first cluster, as it came.
    pub(crate) header: Vec<u8>,
}

/// One packet, or one raw frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    /// When it is shown, in the track's units (milliseconds).
    pub(crate) at: i64,
    /// Whether nothing that was shown before is needed to show it.
    pub(crate) key: bool,
    pub(crate) data: Vec<u8>,
}

/// Reads a stream of Matroska, as ffmpeg writes it into a pipe.
pub(crate) struct Reader<R> {
    from: R,
    /// The longest packet that is read.
    most: usize,
    /// While the header is read, everything read so far.
    header: Option<Vec<u8>>,
    cluster_at: i64,
    /// A block whose group has not said yet whether it refers to another.
    waiting: Option<Packet>,
}

struct Element {
    id: u32,
    /// None where it ends with what holds it.
    size: Option<u64>,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(from: R, most: usize) -> Self {
        Self { from, most, header: Some(Vec::new()), cluster_at: 0, waiting: None }
    }

    /// What stands before the first packet; to be read first.
    pub(crate) fn track(&mut self) -> io::Result<Track> {
        let mut track = Track::default();
        loop {
            let before = self.header.as_ref().map_or(0, Vec::len);
            let Some(Element { id, size }) = self.element()? else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            match (id, size) {
                (CLUSTER, _) => {
                    let mut header = self.header.take().unwrap_or_default();
                    header.truncate(before);
                    track.header = header;
                    return Ok(track);
                }
                (SEGMENT | TRACKS | TRACK | VIDEO, _) => {}
                (CODEC, Some(size)) => track.codec = String::from_utf8_lossy(&self.bytes(size, 100)?).into_owned(),
                (CODEC_SETTINGS, Some(size)) => track.settings = self.bytes(size, MOST_HEADER)?,
                (WIDTH, Some(size)) => track.width = self.number(size)?.try_into().unwrap_or(u32::MAX),
                (HEIGHT, Some(size)) => track.height = self.number(size)?.try_into().unwrap_or(u32::MAX),
                (_, Some(size)) => drop(self.bytes(size, MOST_HEADER)?),
                (_, None) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }

    /// The next packet; none at the end.
    pub(crate) fn packet(&mut self) -> io::Result<Option<Packet>> {
        loop {
            let Some(Element { id, size }) = self.element()? else { return Ok(self.waiting.take()) };
            match (id, size) {
                (CLUSTER | SEGMENT | EBML, _) => {}
                (BLOCK_GROUP, _) => {
                    if let Some(done) = self.waiting.take() {
                        return Ok(Some(done));
                    }
                }
                (TIMESTAMP, Some(size)) => {
                    self.cluster_at = i64::try_from(self.number(size)?).map_err(|_| io::ErrorKind::InvalidData)?;
                }
                (SIMPLE_BLOCK | BLOCK, Some(size)) => {
                    let packet = self.block(size, id == BLOCK)?;
                    if id == SIMPLE_BLOCK {
                        return Ok(Some(packet));
                    }
                    self.waiting = Some(packet);
                }
                (REFERENCE, Some(size)) => {
                    self.bytes(size, 16)?;
                    if let Some(packet) = &mut self.waiting {
                        packet.key = false;
                    }
                }
                (_, Some(size)) => {
                    // Indexes and tags at the end may be long.
                    if io::copy(&mut (&mut self.from).take(size), &mut io::sink())? != size {
                        return Ok(self.waiting.take());
                    }
                }
                (_, None) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }

    fn block(&mut self, size: u64, in_group: bool) -> io::Result<Packet> {
        let most = self.most;
        let mut data = self.bytes(size, most)?;
        let Some([_, high, low, flags]) = data.first_chunk::<4>().copied() else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        // Several frames in one block are nothing that ffmpeg writes for video.
        if flags & 0x06 != 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        data.drain(..4);
        let at = self.cluster_at.saturating_add(i64::from(i16::from_be_bytes([high, low])));
        Ok(Packet { at, key: in_group || flags & 0x80 != 0, data })
    }

    fn element(&mut self) -> io::Result<Option<Element>> {
        let mut first = [0];
        if self.from.read(&mut first)? == 0 {
            return Ok(None);
        }
        self.remember(&first)?;
        let [first] = first;
        let id = match first.leading_zeros() {
            length @ 0..4 => self.rest(u64::from(first), length)?,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        };
        let mut first = [0];
        self.fill(&mut first)?;
        let [first] = first;
        let length = first.leading_zeros();
        if length > 7 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let marker = 0x80_u8 >> length;
        let value = self.rest(u64::from(first ^ marker), length)?;
        let unknown = (1_u64 << (7 * (length + 1))) - 1;
        let id = u32::try_from(id).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(Some(Element { id, size: (value != unknown).then_some(value) }))
    }

    fn rest(&mut self, mut value: u64, length: u32) -> io::Result<u64> {
        for _ in 0..length {
            let mut next = [0];
            self.fill(&mut next)?;
            value = value << 8 | u64::from(next[0]);
        }
        Ok(value)
    }

    fn number(&mut self, size: u64) -> io::Result<u64> {
        Ok(self.bytes(size, 8)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn fill(&mut self, into: &mut [u8]) -> io::Result<()> {
        self.from.read_exact(into)?;
        self.remember(into)
    }

    fn bytes(&mut self, size: u64, most: usize) -> io::Result<Vec<u8>> {
        let size = usize::try_from(size).ok().filter(|size| *size <= most).ok_or(io::ErrorKind::InvalidData)?;
        let mut bytes = Vec::new();
        if (&mut self.from).take(size as u64).read_to_end(&mut bytes)? != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.remember(&bytes)?;
        Ok(bytes)
    }

    fn remember(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(header) = &mut self.header else { return Ok(()) };
        if header.len() + bytes.len() > MOST_HEADER {
            return Err(io::ErrorKind::InvalidData.into());
        }
        header.extend_from_slice(bytes);
        Ok(())
    }
}

/// Writes one packet as a cluster of its own.
pub(crate) fn write(to: &mut impl Write, at: u64, key: bool, data: &[u8]) -> io::Result<()> {
    let size = |size: usize| (size as u64 | 1 << 56).to_be_bytes();
    let block = 4 + data.len();
    let mut head = Vec::with_capacity(40);
    head.extend_from_slice(&CLUSTER.to_be_bytes());
    // The timestamp's ten bytes, then the block's own head of nine.
    head.extend_from_slice(&size(10 + 9 + block));
    head.extend_from_slice(&[0xe7, 0x88]);
    head.extend_from_slice(&at.to_be_bytes());
    head.push(0xa3);
    head.extend_from_slice(&size(block));
    head.extend_from_slice(&[0x81, 0, 0, if key { 0x80 } else { 0 }]);
    to.write_all(&head)?;
    to.write_all(data)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A header as ffmpeg's: a segment without an end, a track, and something unknown.
    fn header() -> Vec<u8> {
        let mut bytes = EBML.to_be_bytes().to_vec();
        bytes.extend([0x83, 1, 2, 3]);
        bytes.extend(SEGMENT.to_be_bytes());
        bytes.extend([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        bytes.extend([0xec, 0x82, 9, 9]);
        bytes.extend(TRACKS.to_be_bytes());
        bytes.extend([0xff, 0xae, 0xff, 0x86, 0x83, b'V', b'_', b'X', 0x63, 0xa2, 0x82, 7, 8]);
        bytes.extend([0xe0, 0x88, 0xb0, 0x82, 2, 0x80, 0xba, 0x82, 1, 0x68]);
        bytes
    }

    fn all(bytes: &[u8]) -> io::Result<(Track, Vec<Packet>)> {
        let mut reader = Reader::new(bytes, 1 << 20);
        let track = reader.track()?;
        let mut packets = Vec::new();
        while let Some(packet) = reader.packet()? {
            packets.push(packet);
        }
        Ok((track, packets))
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(packets in prop::collection::vec((0_u32.., any::<bool>(), any::<Vec<u8>>()), 1..8)) {
            let mut bytes = header();
            for (at, key, data) in &packets {
                write(&mut bytes, u64::from(*at), *key, data).unwrap();
            }
            let (track, read) = all(&bytes).unwrap();
            prop_assert_eq!((track.codec.as_str(), track.settings.as_slice()), ("V_X", [7, 8].as_slice()));
            prop_assert_eq!((track.width, track.height, track.header), (640, 360, header()));
            let expected: Vec<Packet> =
                packets.into_iter().map(|(at, key, data)| Packet { at: i64::from(at), key, data }).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in any::<Vec<u8>>(), cut in any::<prop::sample::Index>(), bent in any::<(prop::sample::Index, u8)>()) {
            drop(all(&bytes));
            let mut ours = header();
            write(&mut ours, 5, true, &bytes).unwrap();
            drop(all(&ours[..cut.index(ours.len())]));
            let at = bent.0.index(ours.len());
            ours[at] = bent.1;
            drop(all(&ours));
        }
    }

    #[test]
    fn a_block_in_a_group_is_a_key_unless_it_refers_to_another() {
        let mut bytes = header();
        bytes.extend(CLUSTER.to_be_bytes());
        bytes.extend([0xff, 0xe7, 0x81, 100]);
        bytes.extend([0xa0, 0xff, 0xa1, 0x85, 0x81, 0, 5, 0, b'k']);
        bytes.extend([0xa0, 0xff, 0xa1, 0x85, 0x81, 0xff, 0xff, 0, b'p', 0xfb, 0x81, 1]);
        let (_, packets) = all(&bytes).unwrap();
        let read: Vec<_> = packets.iter().map(|packet| (packet.at, packet.key, packet.data.as_slice())).collect();
        assert_eq!(read, [(105, true, b"k".as_slice()), (99, false, b"p".as_slice())]);
    }
}
