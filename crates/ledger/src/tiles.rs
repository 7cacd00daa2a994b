//! The files of a log, as C2SP `tlog-tiles` lays them out: any static server can offer them.
//!
//! `tile/L/N` holds up to 256 hashes of level `8·L`, `tile/entries/N` up to 256 entries, each behind its length in two bytes;
//! a part of a tile ends in `.p/W`. Writing is a stream: one open tile of each level is all that is held in memory.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::{Frontier, Hash, leaf_hash, root_of};

/// Hashes or entries in a full tile.
pub(crate) const TILE: usize = 256;

/// Files that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk did not take it.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// An entry of more than 65,535 bytes has no place in a bundle.
    #[error("entry {0} is longer than 65535 bytes")]
    TooLong(u64),
}

/// The path of a tile: groups of three digits, all but the last behind an `x`.
pub(crate) fn tile_path(level: &str, number: usize, width: usize) -> PathBuf {
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

/// Reads a tile, or what of a full one was there when it was still a part: parts may be gone once a tile is full.
pub(crate) fn read_tile(dir: &Path, level: &str, number: usize, width: usize) -> std::io::Result<(PathBuf, Vec<u8>)> {
    let path = tile_path(level, number, width);
    match fs::read(dir.join(&path)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && width < TILE => {
            let full = tile_path(level, number, TILE);
            // The part is what was asked for: when neither is there, its name is said.
            fs::read(dir.join(&full)).map(|bytes| (full, bytes)).map_err(|_| error)
        }
        found => found.map(|bytes| (path, bytes)),
    }
}

/// Hashes of one level that stand beside each other.
pub(crate) struct Tile {
    pub(crate) level: usize,
    pub(crate) number: usize,
    pub(crate) hashes: Vec<Hash>,
}

impl Tile {
    pub(crate) fn path(&self) -> PathBuf {
        tile_path(&self.level.to_string(), self.number, self.hashes.len())
    }
}

/// The open tile of each level: level 0 takes leaf hashes, each further one the roots of full tiles below.
#[derive(Default)]
pub(crate) struct Tiles(Vec<Tile>);

impl Tiles {
    /// Appends the hash of an entry. Answers the tiles that it fills, lowest first.
    pub(crate) fn append(&mut self, leaf: Hash) -> Vec<Tile> {
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
    pub(crate) fn open(&self) -> impl Iterator<Item = &Tile> {
        self.0.iter().filter(|tile| !tile.hashes.is_empty())
    }

    /// The right edge of the tree that these tiles are the end of: each open tile stands for the subtrees that it fills.
    fn edge(&self) -> Vec<Hash> {
        let mut edge = Vec::new();
        for tile in self.0.iter().rev() {
            let mut rest = tile.hashes.as_slice();
            while !rest.is_empty() {
                let (left, right) = rest.split_at(1 << (usize::BITS - 1 - rest.len().leading_zeros()));
                edge.push(root_of(left));
                rest = right;
            }
        }
        edge
    }
}

/// Writes the files of a growing log.
pub struct Writer {
    dir: PathBuf,
    lasting: bool,
    tree: Frontier,
    tiles: Tiles,
    bundle: Vec<u8>,
}

impl Writer {
    /// From the first entry on. `lasting`: each file is on the disk before its name is; without it a power cut may leave
    /// empty ones.
    pub fn new(dir: &Path, lasting: bool) -> Self {
        let (tree, tiles, bundle) = (Frontier::default(), Tiles::default(), Vec::new());
        Self { dir: dir.to_owned(), lasting, tree, tiles, bundle }
    }

    /// From the end of this tree on, where its open tiles lie in the folder as they should. `None` where they do not: then it
    /// is written anew.
    pub fn resume(dir: &Path, lasting: bool, tree: Frontier) -> Option<Self> {
        let mut tiles = Tiles::default();
        let mut count = usize::try_from(tree.size()).ok()?;
        let mut bundle = Vec::new();
        for level in 0.. {
            if count == 0 {
                break;
            }
            let (number, width) = (count / TILE, count % TILE);
            let mut hashes = Vec::with_capacity(TILE);
            if width > 0 {
                let (_, bytes) = read_tile(dir, &level.to_string(), number, width).ok()?;
                hashes.extend(bytes.as_chunks::<32>().0.get(..width)?);
            }
            if width > 0 && level == 0 {
                let (_, bytes) = read_tile(dir, "entries", number, width).ok()?;
                let (found, length) = entries(&bytes, width)?;
                if !found.iter().map(|entry| leaf_hash(entry)).eq(hashes.iter().copied()) {
                    return None;
                }
                bundle = bytes.get(..length)?.to_vec();
            }
            tiles.0.push(Tile { level, number, hashes });
            count = number;
        }
        (tiles.edge() == tree.hashes()).then(|| Self { dir: dir.to_owned(), lasting, tree, tiles, bundle })
    }

    /// The tree over everything appended.
    pub fn tree(&self) -> &Frontier {
        &self.tree
    }

    /// Appends an entry; tiles that it fills are written.
    pub fn append(&mut self, entry: &[u8]) -> Result<(), WriteError> {
        let length = u16::try_from(entry.len()).map_err(|_| WriteError::TooLong(self.tree.size()))?;
        self.bundle.extend_from_slice(&length.to_be_bytes());
        self.bundle.extend_from_slice(entry);
        let hash = leaf_hash(entry);
        self.tree.append(hash);
        for tile in self.tiles.append(hash) {
            if tile.level == 0 {
                self.put(&tile_path("entries", tile.number, TILE), &self.bundle)?;
                self.bundle.clear();
            }
            self.put(&tile.path(), tile.hashes.as_flattened())?;
        }
        Ok(())
    }

    /// Writes the tiles that are not full. After it everything that was appended is there.
    pub fn flush(&self) -> Result<(), WriteError> {
        for tile in self.tiles.open() {
            if tile.level == 0 {
                self.put(&tile_path("entries", tile.number, tile.hashes.len()), &self.bundle)?;
            }
            self.put(&tile.path(), tile.hashes.as_flattened())?;
        }
        Ok(())
    }

    /// Writes a file so that whoever reads it sees all of it or the one before.
    pub fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
        let path = self.dir.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut unfinished = path.clone().into_os_string();
        unfinished.push(".new");
        let mut file = fs::File::create(&unfinished)?;
        std::io::Write::write_all(&mut file, bytes)?;
        if self.lasting {
            file.sync_all()?;
        }
        Ok(fs::rename(&unfinished, path)?)
    }
}

/// The first entries of a bundle, and how many bytes they take.
pub(crate) fn entries(bundle: &[u8], count: usize) -> Option<(Vec<&[u8]>, usize)> {
    let (mut entries, mut rest) = (Vec::with_capacity(count), bundle);
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = after;
    }
    Some((entries, bundle.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_stand_on_tiles() {
        let hashes: Vec<Hash> = (0_u32..66_000).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let mut tiles = Tiles::default();
        let mut found: Vec<Tile> = hashes.iter().flat_map(|hash| tiles.append(*hash)).collect();
        found.extend(tiles.0);
        let tile = |path: &str| &found.iter().find(|tile| tile.path() == Path::new(path)).unwrap().hashes;
        assert_eq!(found.len(), 258 + 2 + 1);
        assert_eq!(tile("tile/0/000")[..], hashes[..256]);
        assert_eq!(tile("tile/0/257.p/208")[..], hashes[65_792..]);
        assert_eq!(tile("tile/1/000")[255], root_of(&hashes[65_280..65_536]));
        assert_eq!(tile("tile/1/001.p/1")[..], [root_of(&hashes[65_536..65_792])]);
        assert_eq!(tile("tile/2/000.p/1")[..], [root_of(&hashes[..65_536])]);
    }

    /// The figures that C2SP `tlog-tiles` gives for trees of 70,000 and 256 entries.
    #[test]
    fn trees_have_the_tiles_of_the_specification() {
        let shape = |size: u32| {
            let mut tiles = Tiles::default();
            let full: Vec<usize> =
                (0..size).flat_map(|n| tiles.append(leaf_hash(&n.to_be_bytes()))).map(|tile| tile.level).collect();
            let open: Vec<(usize, usize)> = tiles.open().map(|tile| (tile.level, tile.hashes.len())).collect();
            ((0..3).map(|level| full.iter().filter(|one| **one == level).count()).collect::<Vec<_>>(), open)
        };
        assert_eq!(shape(70_000), (vec![273, 1, 0], vec![(0, 112), (1, 17), (2, 1)]));
        assert_eq!(shape(256), (vec![1, 0, 0], vec![(1, 1)]));
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(tile_path("0", 1_234_067, TILE), Path::new("tile/0/x001/x234/067"));
        assert_eq!(tile_path("entries", 0, 3), Path::new("tile/entries/000.p/3"));
    }

    /// Stopped after any entry and begun again, the files are those of a log that was never stopped.
    #[test]
    fn a_stopped_writer_goes_on_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let mut tree = Frontier::default();
        for stop in [0, 1, 2, 3, 255, 256, 257, 512, 700, 65_536, 65_793] {
            let mut writer = Writer::resume(dir.path(), false, tree.clone()).unwrap();
            while writer.tree().size() < stop {
                writer.append(&writer.tree().size().to_be_bytes()).unwrap();
            }
            writer.flush().unwrap();
            tree = writer.tree().clone();
        }
        let whole = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(whole.path(), true);
        for n in 0..tree.size() {
            writer.append(&n.to_be_bytes()).unwrap();
        }
        writer.flush().unwrap();
        for path in ["tile/0/000", "tile/0/257.p/1", "tile/1/001.p/1", "tile/2/000.p/1", "tile/entries/257.p/1"] {
            assert_eq!(fs::read(dir.path().join(path)).unwrap(), fs::read(whole.path().join(path)).unwrap(), "{path}");
        }
        // Bent, cut or gone: it is not gone on with.
        for path in ["tile/0/257.p/1", "tile/1/001.p/1", "tile/2/000.p/1", "tile/entries/257.p/1"] {
            let place = whole.path().join(path);
            let bytes = fs::read(&place).unwrap();
            let mut bent = bytes.clone();
            *bent.last_mut().unwrap() ^= 1;
            for other in [bent.as_slice(), &bytes[1..], b""] {
                fs::write(&place, other).unwrap();
                assert!(Writer::resume(whole.path(), false, tree.clone()).is_none(), "{path}");
            }
            fs::remove_file(&place).unwrap();
            assert!(Writer::resume(whole.path(), false, tree.clone()).is_none(), "{path}");
            fs::write(&place, bytes).unwrap();
        }
        assert!(Writer::resume(whole.path(), false, tree).is_some());
    }

    #[test]
    fn bundles_are_those_of_the_specification() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::new(dir.path(), false);
        for entry in ["ab", "", "c"] {
            writer.append(entry.as_bytes()).unwrap();
        }
        writer.flush().unwrap();
        assert_eq!(fs::read(dir.path().join("tile/entries/000.p/3")).unwrap(), b"\0\x02ab\0\0\0\x01c");
        let hashes = [leaf_hash(b"ab"), leaf_hash(b""), leaf_hash(b"c")].concat();
        assert_eq!(fs::read(dir.path().join("tile/0/000.p/3")).unwrap(), hashes);
        assert!(writer.append(&vec![7; 65_535]).is_ok());
        assert!(matches!(writer.append(&vec![7; 65_536]), Err(WriteError::TooLong(4))));
    }
}
