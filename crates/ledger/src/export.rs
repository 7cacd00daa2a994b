//! A folder that anyone can verify: without our database, without our binary.
//!
//! Layout of C2SP `tlog-tiles`: `tile/L/N` holds up to 256 hashes of level `8·L`, `tile/entries/N` up to 256 entries, each
//! behind its length in two bytes; a part of a tile ends in `.p/W`. Beside them `checkpoint` (the newest), `checkpoints`
//! (all, oldest first) and `vkey`. Both ways are streams: one open tile of each level is all that is held in memory.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::{Checkpoint, Frontier, Hash, NoteError, Verifier, leaf_hash, root_of};

const TILE: usize = 256;

/// A folder that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk did not take it.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// An entry of more than 65,535 bytes has no place in a bundle.
    #[error("entry {0} is longer than 65535 bytes")]
    TooLong(u64),
}

/// What does not fit in an export. Entries, hashes and checkpoints are counted from 0.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file cannot be read.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// The key is not one.
    #[error("vkey: {0}")]
    Key(NoteError),
    /// The newest checkpoint is not acceptable.
    #[error("checkpoint: {0}")]
    Newest(NoteError),
    /// A checkpoint is not acceptable.
    #[error("checkpoint {number} of checkpoints: {error}")]
    Note {
        /// Which.
        number: usize,
        /// Why.
        error: NoteError,
    },
    /// A bundle does not hold the entries that belong there.
    #[error("{}: it does not hold exactly {entries} entries", path.display())]
    Bundle {
        /// Which.
        path: PathBuf,
        /// How many it should hold.
        entries: usize,
    },
    /// An entry and its hash in the lowest level of tiles differ: one of the two was altered.
    #[error("entry {index}: its hash is not the one in {}", path.display())]
    Entry {
        /// Which entry.
        index: u64,
        /// The tile with its hash.
        path: PathBuf,
    },
    /// A tile is not what the entries give.
    #[error("{}: hash {hash} is not what its entries give", path.display())]
    Tile {
        /// Which.
        path: PathBuf,
        /// The first hash in it that is wrong, missing, or too many.
        hash: usize,
    },
    /// A checkpoint has another root than the entries up to its size.
    #[error("checkpoint {number} of checkpoints: {size} entries give another root")]
    Root {
        /// Which.
        number: usize,
        /// Its size.
        size: u64,
    },
    /// A checkpoint is smaller than the one before it.
    #[error("checkpoint {number} of checkpoints: it takes back entries that the one before it promised")]
    Order {
        /// Which.
        number: usize,
    },
    /// The newest checkpoint is not the last of all.
    #[error("checkpoint: it is not the last of checkpoints")]
    NotLast,
}

/// What an export was found to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries.
    pub size: u64,
    /// The root over them, in hexadecimal.
    pub root: String,
    /// How many checkpoints agree with it.
    pub checkpoints: usize,
}

/// The path of a tile: groups of three digits, all but the last behind an `x`.
fn tile_path(level: &str, number: usize, width: usize) -> PathBuf {
    let mut groups = vec![format!("{:03}", number % 1_000)];
    let mut rest = number / 1_000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1_000));
        rest /= 1_000;
    }
    groups.reverse();
    let mut path = PathBuf::from("tile").join(level);
    path.extend(groups);
    if width < TILE { PathBuf::from(format!("{}.p", path.display())).join(width.to_string()) } else { path }
}

/// Hashes of one level that stand beside each other.
struct Tile {
    level: usize,
    number: usize,
    hashes: Vec<Hash>,
}

impl Tile {
    fn path(&self) -> PathBuf {
        tile_path(&self.level.to_string(), self.number, self.hashes.len())
    }
}

/// The open tile of each level: level 0 takes leaf hashes, each further one the roots of full tiles below.
#[derive(Default)]
struct Tiles(Vec<Tile>);

impl Tiles {
    /// Appends the hash of an entry. Answers the tiles that it fills, lowest first.
    fn append(&mut self, leaf: Hash) -> Vec<Tile> {
        let (mut full, mut hash) = (Vec::new(), leaf);
        for level in 0.. {
            if self.0.len() == level {
                self.0.push(Tile { level, number: 0, hashes: Vec::with_capacity(TILE) });
            }
            let Some(tile) = self.0.get_mut(level) else { break };
            tile.hashes.push(hash);
            if tile.hashes.len() < TILE {
                break;
            }
            hash = root_of(&tile.hashes);
            let next = Tile { level, number: tile.number + 1, hashes: Vec::with_capacity(TILE) };
            full.push(std::mem::replace(tile, next));
        }
        full
    }

    /// The tiles that are not full.
    fn rest(self) -> impl Iterator<Item = Tile> {
        self.0.into_iter().filter(|tile| !tile.hashes.is_empty())
    }
}

fn put(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let path = dir.join(path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(fs::write(path, bytes)?)
}

/// Writes an export into `dir`: the entries in order, all checkpoints as signed notes, oldest first, and the public key.
///
/// The newest checkpoint must be over exactly these entries; [`verify`] says whether it is. The folder may hold an earlier
/// export of the same log.
pub fn write(
    dir: &Path,
    leaves: impl IntoIterator<Item = impl AsRef<[u8]>>,
    checkpoints: &[String],
    vkey: &str,
) -> Result<(), WriteError> {
    let (mut tiles, mut bundle) = (Tiles::default(), Vec::new());
    let (mut number, mut width) = (0, 0);
    for (index, entry) in (0_u64..).zip(leaves) {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| WriteError::TooLong(index))?;
        bundle.extend_from_slice(&length.to_be_bytes());
        bundle.extend_from_slice(entry);
        width += 1;
        if width == TILE {
            put(dir, &tile_path("entries", number, width), &bundle)?;
            bundle.clear();
            (number, width) = (number + 1, 0);
        }
        for tile in tiles.append(leaf_hash(entry)) {
            put(dir, &tile.path(), tile.hashes.as_flattened())?;
        }
    }
    if width > 0 {
        put(dir, &tile_path("entries", number, width), &bundle)?;
    }
    for tile in tiles.rest() {
        put(dir, &tile.path(), tile.hashes.as_flattened())?;
    }
    put(dir, Path::new("vkey"), format!("{vkey}\n").as_bytes())?;
    put(dir, Path::new("checkpoints"), checkpoints.concat().as_bytes())?;
    // The checkpoint last: what it promises is there.
    checkpoints.last().map_or(Ok(()), |newest| put(dir, Path::new("checkpoint"), newest.as_bytes()))
}

/// Splits the file of all checkpoints: a note is its text, an empty line, and its signatures.
fn notes(text: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let (mut note, mut signed) = (String::new(), false);
    for line in text.split_inclusive('\n') {
        if signed && !line.starts_with('\u{2014}') {
            notes.push(std::mem::take(&mut note));
            signed = false;
        }
        signed |= line.starts_with('\u{2014}');
        note += line;
    }
    if !note.is_empty() {
        notes.push(note);
    }
    notes
}

/// The entries of a bundle that fill it exactly.
fn entries(bundle: &[u8], count: usize) -> Option<Vec<&[u8]>> {
    let (mut entries, mut rest) = (Vec::with_capacity(count), bundle);
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = after;
    }
    rest.is_empty().then_some(entries)
}

/// Compares a tile with its file.
fn compare(dir: &Path, tile: &Tile) -> Result<(), VerifyError> {
    let path = tile.path();
    let found = fs::read(dir.join(&path))?;
    let (hashes, odd) = found.as_chunks::<32>();
    let differs = tile.hashes.iter().zip(hashes).position(|(ours, theirs)| ours != theirs);
    let same_length = hashes.len() == tile.hashes.len() && odd.is_empty();
    let hash = match differs {
        None if same_length => return Ok(()),
        Some(at) if same_length && tile.level == 0 => {
            let index = u64::try_from(tile.number * TILE + at).unwrap_or(u64::MAX);
            return Err(VerifyError::Entry { index, path });
        }
        Some(at) => at,
        None => hashes.len().min(tile.hashes.len()),
    };
    Err(VerifyError::Tile { path, hash })
}

/// The checkpoints that wait for the tree to reach their size.
struct Promises(std::iter::Peekable<std::iter::Enumerate<std::vec::IntoIter<Checkpoint>>>);

impl Promises {
    /// Compares those that are due with the tree as it is.
    fn keep(&mut self, tree: &Frontier) -> Result<(), VerifyError> {
        while let Some((number, due)) = self.0.next_if(|(_, checkpoint)| checkpoint.size <= tree.size()) {
            if due.size < tree.size() {
                return Err(VerifyError::Order { number });
            }
            if due.root != tree.root() {
                return Err(VerifyError::Root { number, size: due.size });
            }
        }
        Ok(())
    }
}

/// Re-derives everything in an export from its entries: each tile, each checkpoint's root, each signature.
pub fn verify(dir: &Path) -> Result<Verified, VerifyError> {
    let vkey = fs::read_to_string(dir.join("vkey"))?;
    let vkey = vkey.strip_suffix('\n').filter(|vkey| vkey.trim() == *vkey);
    let verifier = vkey.ok_or(NoteError::Malformed).and_then(Verifier::parse).map_err(VerifyError::Key)?;
    let newest = verifier.open(&fs::read_to_string(dir.join("checkpoint"))?).map_err(VerifyError::Newest)?;
    let mut checkpoints = Vec::new();
    for (number, text) in notes(&fs::read_to_string(dir.join("checkpoints"))?).iter().enumerate() {
        checkpoints.push(verifier.open(text).map_err(|error| VerifyError::Note { number, error })?);
    }
    if let Some(at) = checkpoints.iter().zip(checkpoints.iter().skip(1)).position(|(one, next)| next.size < one.size) {
        return Err(VerifyError::Order { number: at + 1 });
    }
    if checkpoints.last() != Some(&newest) {
        return Err(VerifyError::NotLast);
    }
    let agreed = checkpoints.len();

    let (mut tree, mut tiles) = (Frontier::default(), Tiles::default());
    let mut promises = Promises(checkpoints.into_iter().enumerate().peekable());
    promises.keep(&tree)?;
    for number in 0.. {
        let left = newest.size - tree.size();
        let width = usize::try_from(left).unwrap_or(usize::MAX).min(TILE);
        if width == 0 {
            break;
        }
        let path = tile_path("entries", number, width);
        let bundle = fs::read(dir.join(&path))?;
        let Some(entries) = entries(&bundle, width) else {
            return Err(VerifyError::Bundle { path, entries: width });
        };
        for entry in entries {
            let hash = leaf_hash(entry);
            tree.append(hash);
            // The tile before the promise: a tile says which entry is wrong, a root only that one is.
            for tile in tiles.append(hash) {
                compare(dir, &tile)?;
            }
            promises.keep(&tree).or_else(|broken| {
                tiles
                    .0
                    .iter()
                    .filter(|tile| tree.size() == newest.size && !tile.hashes.is_empty())
                    .try_for_each(|tile| compare(dir, tile))?;
                Err(broken)
            })?;
        }
    }
    for tile in tiles.rest() {
        compare(dir, &tile)?;
    }
    Ok(Verified { size: tree.size(), root: hex::encode(tree.root()), checkpoints: agreed })
}
