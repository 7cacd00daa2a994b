//! An index in a file, so that a start need not build it anew. The store of the entries stays the truth: a snapshot that is not
//! whole is refused, and the caller builds from there.
//!
//! ```text
//! snapshot = "tanodidx" version:u32 block* last
//! block    = length:u32 checksum:u32 payload        length from 1 to 1 MiB
//! last     = 0:u32 checksum:u32
//! ```
//!
//! A checksum is the CRC-32 of the version, the block's number (u64), its length (u32) and its payload, so that no byte of the file
//! can change and no block can be missing, doubled or moved without being noticed; nothing may follow the last one. The payloads
//! together are:
//!
//! ```text
//! order:u32 stamp tiers:u32 tier* head:u64 entry*
//! stamp  = length:u32 byte*
//! tier   = pdq md5 sha1 sha256
//! pdq    = column bits:u32 [begins neighbours lows marks]   bits 0: no pieces
//! digest = column [begins order]                            when there are rows
//! column = rows:u64 ids labels values gone
//! gone   = words:u64 word*
//! entry  = id label:u32 kind:u8 value
//! ```
//!
//! Numbers are in the byte order of the machine that wrote; `order` tells a machine of the other kind.

use std::io::{self, Read, Write};
use std::sync::Arc;

use bytemuck::Pod;

use super::base::{Base, Goners, Tier};
use super::column::{Column, Gone};
use super::digest_column::DigestColumn;
use super::pages::Pages;
use super::pieces::{FEWEST, Pieces, group_bits};
use super::{Id, Index, Print};

const MAGIC: [u8; 8] = *b"tanodidx";
/// Raised when the format or what the arrays mean changes.
const VERSION: u32 = 1;
const ORDER: u32 = 0x0102_0304;
/// Bytes of payload in a block, at most.
const BLOCK: usize = 1 << 20;
const LONGEST_STAMP: u32 = 256 << 20;
const MOST_TIERS: u32 = 64;

/// Why a snapshot is not used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Reading or writing failed, or the bytes ended too early.
    #[error("a snapshot could not be read or written")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("this is no index snapshot")]
    Foreign,
    /// Another release wrote it, or another kind of machine.
    #[error("a snapshot of format {0} is not read here")]
    Version(u32),
    /// A checksum or a length is wrong.
    #[error("a snapshot was altered or torn: {0}")]
    Altered(&'static str),
    /// The stamp is too long to be written.
    #[error("a stamp has at most 256 MiB")]
    Stamp,
}

type Result<T> = std::result::Result<T, SnapshotError>;

impl Index {
    /// Writes the index, with a stamp that says what it is a picture of. Takes seconds for millions: save a clone, without a lock.
    /// Writes in pieces of up to 1 MiB. Whether it reached the disk is the caller's to see to.
    pub fn save(&self, to: &mut impl Write, stamp: &[u8]) -> Result<()> {
        if stamp.len() > LONGEST_STAMP as usize {
            return Err(SnapshotError::Stamp);
        }
        to.write_all(&MAGIC)?;
        to.write_all(&VERSION.to_ne_bytes())?;
        let mut out = Blocks { to, payload: Vec::with_capacity(BLOCK), number: 0 };
        out.number(ORDER)?;
        out.count(stamp.len())?;
        out.array(stamp)?;
        out.count(self.tiers.len())?;
        for Tier { base, gone } in &self.tiers {
            out.column(&base.pdq, &gone.pdq)?;
            out.number(base.pieces.as_ref().map_or(0, Pieces::bits))?;
            if let Some(pieces) = &base.pieces {
                out.array(pieces.begins.as_slice())?;
                out.array(pieces.neighbours.as_slice())?;
                out.array(pieces.lows.as_slice())?;
                out.array(pieces.marks.as_slice())?;
            }
            out.digests(&base.md5, &gone.md5)?;
            out.digests(&base.sha1, &gone.sha1)?;
            out.digests(&base.sha256, &gone.sha256)?;
        }
        let head = self.head.copied().sorted();
        out.array(&[head.len() as u64])?;
        for (id, label, print) in &head {
            out.array(id)?;
            out.number(*label)?;
            match print {
                Print::Pdq(hash) => out.entry(0, hash.as_bytes()),
                Print::Md5(digest) => out.entry(1, digest),
                Print::Sha1(digest) => out.entry(2, digest),
                Print::Sha256(digest) => out.entry(3, digest),
            }?;
        }
        out.finish()
    }

    /// Reads an index and its stamp. `size` is how many bytes there are: no length in them is believed beyond it. Reads blocks
    /// of up to 1 MiB straight to their places: give it the file itself, for a buffer would copy everything once more.
    pub fn load(from: &mut impl Read, size: u64) -> Result<(Self, Vec<u8>)> {
        let mut start = [0; 12];
        from.read_exact(&mut start)?;
        if start.get(..8) != Some(&MAGIC) {
            return Err(SnapshotError::Foreign);
        }
        let version = start.last_chunk().map_or(0, |version| u32::from_ne_bytes(*version));
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let mut from = Unblocked { from, payload: Vec::new(), at: 0, number: 0, size };
        if from.number()? != ORDER {
            return Err(SnapshotError::Altered("byte order"));
        }
        let mut stamp = vec![0; from.bounded(LONGEST_STAMP)?];
        from.fill(&mut stamp)?;
        let tiers = from.number()?;
        if tiers > MOST_TIERS {
            return Err(SnapshotError::Altered("number of tiers"));
        }
        let mut index = Self::new();
        for _ in 0..tiers {
            index.tiers.push(from.tier()?);
        }
        let [mut left] = from.one::<[u64; 1]>()?;
        while left > 0 {
            let (id, label) = (from.one::<Id>()?, from.number()?);
            let [kind] = from.one::<[u8; 1]>()?;
            let print = match kind {
                0 => Print::Pdq(crate::Pdq::from_bytes(from.one()?)),
                1 => Print::Md5(from.one()?),
                2 => Print::Sha1(from.one()?),
                3 => Print::Sha256(from.one()?),
                _ => return Err(SnapshotError::Altered("kind of an entry")),
            };
            index.head.insert(id, label, print);
            left -= 1;
        }
        from.finish()?;
        Ok((index, stamp))
    }
}

/// Writes payload in blocks.
struct Blocks<'a, W> {
    to: &'a mut W,
    payload: Vec<u8>,
    number: u64,
}

fn checksum(number: u64, payload: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&VERSION.to_ne_bytes());
    sum.update(&number.to_ne_bytes());
    sum.update(&(payload.len() as u64).to_ne_bytes());
    sum.update(payload);
    sum.finalize()
}

impl<W: Write> Blocks<'_, W> {
    fn array<T: Pod>(&mut self, values: &[T]) -> Result<()> {
        let mut bytes: &[u8] = bytemuck::cast_slice(values);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK - self.payload.len()));
            self.payload.extend_from_slice(now);
            if self.payload.len() == BLOCK {
                self.block()?;
            }
            bytes = later;
        }
        Ok(())
    }

    fn block(&mut self) -> Result<()> {
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        self.to.write_all(&length.to_ne_bytes())?;
        self.to.write_all(&checksum(self.number, &self.payload).to_ne_bytes())?;
        self.to.write_all(&self.payload)?;
        self.payload.clear();
        self.number += 1;
        Ok(())
    }

    fn number(&mut self, number: u32) -> Result<()> {
        self.array(&[number])
    }

    fn count(&mut self, count: usize) -> Result<()> {
        self.number(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn column<V: Pod>(&mut self, column: &Column<V>, gone: &Gone) -> Result<()> {
        self.array(&[column.len() as u64])?;
        self.array(column.ids.as_slice())?;
        self.array(column.labels.as_slice())?;
        self.array(column.values.as_slice())?;
        self.array(&[gone.words.len() as u64])?;
        self.array(&gone.words)
    }

    fn digests<const N: usize>(&mut self, column: &DigestColumn<N>, gone: &Gone) -> Result<()> {
        self.column(&column.rows, gone)?;
        self.array(column.begins.as_slice())?;
        self.array(column.order.as_slice())
    }

    fn entry(&mut self, kind: u8, value: &[u8]) -> Result<()> {
        self.array(&[kind])?;
        self.array(value)
    }

    fn finish(mut self) -> Result<()> {
        if !self.payload.is_empty() {
            self.block()?;
        }
        self.block()?;
        Ok(self.to.flush()?)
    }
}

/// Reads payload out of blocks; nothing that was not checked leaves it.
struct Unblocked<'a, R> {
    from: &'a mut R,
    payload: Vec<u8>,
    at: usize,
    number: u64,
    size: usize,
}

impl<R: Read> Unblocked<'_, R> {
    /// How long the next block is, and its checksum.
    fn next(&mut self) -> Result<(usize, u32)> {
        let mut start = [[0; 4]; 2];
        self.from.read_exact(start.as_flattened_mut())?;
        let [length, sum] = start.map(u32::from_ne_bytes);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > BLOCK { Err(SnapshotError::Altered("length of a block")) } else { Ok((length, sum)) }
    }

    fn check(&mut self, payload: &[u8], sum: u32) -> Result<()> {
        if checksum(self.number, payload) != sum {
            return Err(SnapshotError::Altered("checksum of a block"));
        }
        self.number += 1;
        Ok(())
    }

    fn next_block(&mut self) -> Result<()> {
        let (length, sum) = self.next()?;
        self.keep(length, sum)
    }

    /// Takes a block whose payload several things share.
    fn keep(&mut self, length: usize, sum: u32) -> Result<()> {
        let mut payload = std::mem::take(&mut self.payload);
        payload.resize(length, 0);
        self.from.read_exact(&mut payload)?;
        self.check(&payload, sum)?;
        (self.payload, self.at) = (payload, 0);
        Ok(())
    }

    fn fill<T: Pod>(&mut self, values: &mut [T]) -> Result<()> {
        let mut bytes: &mut [u8] = bytemuck::cast_slice_mut(values);
        while !bytes.is_empty() {
            if self.at == self.payload.len() {
                let (length, sum) = self.next()?;
                if length == 0 {
                    return Err(SnapshotError::Altered("it ends too early"));
                }
                if length <= bytes.len() {
                    let (whole, later) = bytes.split_at_mut(length);
                    // A block that belongs to one array goes straight there. A false one ends the reading, and the array with it.
                    self.from.read_exact(whole)?;
                    self.check(whole, sum)?;
                    bytes = later;
                    continue;
                }
                self.keep(length, sum)?;
            }
            let ready = self.payload.get(self.at..).unwrap_or_default();
            let length = ready.len().min(bytes.len());
            let (now, later) = bytes.split_at_mut(length);
            now.copy_from_slice(ready.get(..length).unwrap_or_default());
            self.at += length;
            bytes = later;
        }
        Ok(())
    }

    fn one<T: Pod>(&mut self) -> Result<T> {
        let mut one = [T::zeroed()];
        self.fill(&mut one)?;
        let [one] = one;
        Ok(one)
    }

    fn number(&mut self) -> Result<u32> {
        self.one()
    }

    /// A length that is at most this.
    fn bounded(&mut self, most: u32) -> Result<usize> {
        let length = self.number()?;
        let fits = length <= most && length as usize <= self.size;
        if fits { Ok(length as usize) } else { Err(SnapshotError::Altered("a length")) }
    }

    /// A count of things of so many bytes, as many as there can be.
    fn count(&mut self, bytes: usize) -> Result<usize> {
        let count = usize::try_from(self.one::<u64>()?).unwrap_or(usize::MAX);
        let fits = count.checked_mul(bytes).is_some_and(|bytes| bytes <= self.size) && u32::try_from(count).is_ok();
        if fits { Ok(count) } else { Err(SnapshotError::Altered("a count")) }
    }

    fn column<V: Pod>(&mut self) -> Result<(Column<V>, Gone)> {
        let rows = self.count(size_of::<Id>() + size_of::<u32>() + size_of::<V>())?;
        let mut column = Column { ids: Pages::zeroed(rows), labels: Pages::zeroed(rows), values: Pages::zeroed(rows) };
        self.fill(column.ids.as_mut_slice())?;
        self.fill(column.labels.as_mut_slice())?;
        self.fill(column.values.as_mut_slice())?;
        if !column.ids.as_slice().is_sorted_by(|one, next| one < next) {
            return Err(SnapshotError::Altered("order of ids"));
        }
        let words = self.count(size_of::<u64>())?;
        if words != 0 && words != rows.div_ceil(64) {
            return Err(SnapshotError::Altered("marks of what is gone"));
        }
        let mut gone = vec![0; words];
        self.fill(&mut gone)?;
        let beyond = rows % 64;
        if beyond != 0 && gone.last().is_some_and(|last| last >> beyond != 0) {
            return Err(SnapshotError::Altered("marks of what is gone"));
        }
        Ok((column, Gone::of(gone)))
    }

    fn pieces(&mut self, rows: usize) -> Result<Option<Pieces>> {
        let bits = self.number()?;
        if bits == 0 {
            return Ok(None);
        }
        if rows < FEWEST || bits != group_bits(rows) {
            return Err(SnapshotError::Altered("pieces"));
        }
        let mut pieces = Pieces::room(rows, bits).map_err(|_| SnapshotError::Altered("more pieces than memory"))?;
        self.fill(pieces.begins.as_mut_slice())?;
        self.fill(pieces.neighbours.as_mut_slice())?;
        self.fill(pieces.lows.as_mut_slice())?;
        self.fill(pieces.marks.as_mut_slice())?;
        if pieces.is_sound() { Ok(Some(pieces)) } else { Err(SnapshotError::Altered("groups")) }
    }

    fn digests<const N: usize>(&mut self) -> Result<(DigestColumn<N>, Gone)> {
        let (rows, gone) = self.column()?;
        if rows.len() == 0 {
            return Ok((DigestColumn::default(), gone));
        }
        let mut column = DigestColumn::room(rows);
        self.fill(column.begins.as_mut_slice())?;
        self.fill(column.order.as_mut_slice())?;
        if column.is_sound() { Ok((column, gone)) } else { Err(SnapshotError::Altered("order of digests")) }
    }

    fn tier(&mut self) -> Result<Tier> {
        let (pdq, gone_pdq) = self.column::<[u64; 4]>()?;
        let pieces = self.pieces(pdq.len())?;
        let (md5, gone_md5) = self.digests()?;
        let (sha1, gone_sha1) = self.digests()?;
        let (sha256, gone_sha256) = self.digests()?;
        let base = Arc::new(Base { pdq, pieces, md5, sha1, sha256 });
        Ok(Tier { base, gone: Goners { pdq: gone_pdq, md5: gone_md5, sha1: gone_sha1, sha256: gone_sha256 } })
    }

    /// The end must be where the payload ends, and nothing after it.
    fn finish(mut self) -> Result<()> {
        if self.at != self.payload.len() {
            return Err(SnapshotError::Altered("more than an index"));
        }
        self.next_block()?;
        if !self.payload.is_empty() {
            return Err(SnapshotError::Altered("more than an index"));
        }
        if self.from.read(&mut [0])? == 0 { Ok(()) } else { Err(SnapshotError::Altered("more than an index")) }
    }
}
