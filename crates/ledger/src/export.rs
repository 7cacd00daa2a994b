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
        // The lowest tile before the rest: it says which entry is wrong, a root only that one is.
        let lowest = Tile { level: 0, number, hashes: entries.into_iter().map(leaf_hash).collect() };
        compare(dir, &lowest)?;
        for hash in lowest.hashes {
            for tile in tiles.append(hash).iter().filter(|tile| tile.level > 0) {
                compare(dir, tile)?;
            }
            tree.append(hash);
            promises.keep(&tree)?;
        }
    }
    for tile in tiles.rest().filter(|tile| tile.level > 0) {
        compare(dir, &tile)?;
    }
    Ok(Verified { size: tree.size(), root: hex::encode(tree.root()), checkpoints: agreed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Signer;

    fn signer() -> Signer {
        Signer::from_seed("example.log", &[9; 32]).unwrap()
    }

    fn leaves(size: usize) -> Vec<Vec<u8>> {
        (0..size).map(|n| format!("entry {n}").into_bytes()).collect()
    }

    fn promise(leaves: &[Vec<u8>]) -> String {
        let hashes: Vec<Hash> = leaves.iter().map(|entry| leaf_hash(entry)).collect();
        let size = leaves.len() as u64;
        signer().sign(&Checkpoint { origin: "example.log".to_owned(), size, root: root_of(&hashes) })
    }

    /// An export with a checkpoint at each of these sizes, the last of which is its own.
    fn exported(dir: &Path, sizes: &[usize]) {
        let leaves = leaves(*sizes.last().unwrap());
        let notes: Vec<String> = sizes.iter().map(|size| promise(&leaves[..*size])).collect();
        write(dir, &leaves, &notes, &signer().vkey()).unwrap();
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
        }
        found.sort();
        found
    }

    #[test]
    fn exports_of_every_shape_verify() {
        for size in [0, 1, 2, 255, 256, 257, 511, 512, 700] {
            let dir = tempfile::tempdir().unwrap();
            exported(dir.path(), &[0, size / 3, size / 3, size]);
            let hashes: Vec<Hash> = leaves(size).iter().map(|entry| leaf_hash(entry)).collect();
            let root = hex::encode(root_of(&hashes));
            assert_eq!(verify(dir.path()).unwrap(), Verified { size: size as u64, root, checkpoints: 4 });
        }
    }

    #[test]
    fn a_grown_log_is_exported_over_the_earlier_export() {
        let dir = tempfile::tempdir().unwrap();
        exported(dir.path(), &[300]);
        exported(dir.path(), &[300, 600]);
        assert_eq!(verify(dir.path()).unwrap().size, 600);
    }

    #[test]
    fn tiles_stand_on_tiles() {
        let hashes: Vec<Hash> = (0_u32..66_000).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let mut tiles = Tiles::default();
        let mut found: Vec<Tile> = hashes.iter().flat_map(|hash| tiles.append(*hash)).collect();
        found.extend(tiles.rest());
        let tile = |path: &str| &found.iter().find(|tile| tile.path() == Path::new(path)).unwrap().hashes;
        assert_eq!(found.len(), 258 + 2 + 1);
        assert_eq!(tile("tile/0/000")[..], hashes[..256]);
        assert_eq!(tile("tile/0/257.p/208")[..], hashes[65_792..]);
        assert_eq!(tile("tile/1/000")[255], root_of(&hashes[65_280..65_536]));
        assert_eq!(tile("tile/1/001.p/1")[..], [root_of(&hashes[65_536..65_792])]);
        assert_eq!(tile("tile/2/000.p/1")[..], [root_of(&hashes[..65_536])]);
    }

    #[test]
    fn paths_and_bundles_are_those_of_the_specification() {
        assert_eq!(tile_path("0", 1_234_067, TILE), Path::new("tile/0/x001/x234/067"));
        assert_eq!(tile_path("entries", 0, 3), Path::new("tile/entries/000.p/3"));
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), ["ab", "", "c"], &[], "key").unwrap();
        assert_eq!(fs::read(dir.path().join("tile/entries/000.p/3")).unwrap(), b"\0\x02ab\0\0\0\x01c");
        let hashes = [leaf_hash(b"ab"), leaf_hash(b""), leaf_hash(b"c")].concat();
        assert_eq!(fs::read(dir.path().join("tile/0/000.p/3")).unwrap(), hashes);
    }

    #[test]
    fn the_longest_entry_fits_and_a_longer_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let longest = vec![vec![7; 65_535], vec![8]];
        write(dir.path(), &longest, &[promise(&longest)], &signer().vkey()).unwrap();
        assert_eq!(verify(dir.path()).unwrap().size, 2);
        let refused = write(dir.path(), [vec![8], vec![7; 65_536]], &[], "key");
        assert!(matches!(refused, Err(WriteError::TooLong(1))));
    }

    #[test]
    fn no_altered_byte_of_any_file_is_accepted() {
        let dir = tempfile::tempdir().unwrap();
        exported(dir.path(), &[3, 9]);
        for path in files(dir.path()) {
            let whole = fs::read(&path).unwrap();
            for at in 0..whole.len() {
                for flip in [1, 7, 0x20, 0x80] {
                    let mut bent = whole.clone();
                    bent[at] ^= flip;
                    fs::write(&path, &bent).unwrap();
                    assert!(verify(dir.path()).is_err(), "{} at {at} with {flip}", path.display());
                }
            }
            for bent in [&whole[..whole.len() - 1], &[whole.as_slice(), b"\n"].concat(), b""] {
                fs::write(&path, bent).unwrap();
                assert!(verify(dir.path()).is_err(), "{} of {} bytes", path.display(), bent.len());
            }
            fs::remove_file(&path).unwrap();
            assert!(matches!(verify(dir.path()), Err(VerifyError::Disk(_))));
            fs::write(&path, &whole).unwrap();
        }
        assert!(verify(dir.path()).is_ok());
    }

    #[test]
    fn a_fault_says_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        exported(dir.path(), &[100, 600]);
        let fault = |file: &str, bend: &dyn Fn(&mut Vec<u8>)| {
            let path = dir.path().join(file);
            let whole = fs::read(&path).unwrap();
            let mut bent = whole.clone();
            bend(&mut bent);
            fs::write(&path, &bent).unwrap();
            let said = verify(dir.path()).unwrap_err().to_string();
            fs::write(&path, &whole).unwrap();
            said
        };
        let entry = "entry 259: its hash is not the one in tile/0/001";
        // Entries 256 to 258 take 11 bytes each; the last digit of 259 stands at the end of the fourth.
        assert_eq!(fault("tile/entries/001", &|bytes| bytes[43] ^= 1), entry);
        assert_eq!(fault("tile/0/001", &|bytes| bytes[3 * 32] ^= 1), entry);
        let bundle = "tile/entries/001: it does not hold exactly 256 entries";
        assert_eq!(fault("tile/entries/001", &|bytes| bytes.extend([0, 0])), bundle);
        assert_eq!(fault("tile/entries/001", &|bytes| bytes.truncate(40)), bundle);
        let tile = "tile/1/000.p/2: hash 1 is not what its entries give";
        assert_eq!(fault("tile/1/000.p/2", &|bytes| bytes[32] ^= 1), tile);
        assert_eq!(fault("tile/1/000.p/2", &|bytes| bytes.truncate(32)), tile);
        let signature = "checkpoint 0 of checkpoints: its signature does not fit its text";
        assert_eq!(fault("checkpoints", &|bytes| bytes[12] = b'2'), signature);
        assert_eq!(fault("checkpoint", &|bytes| bytes[12] = b'2'), "checkpoint: its signature does not fit its text");
        let dropped = fault("checkpoints", &|bytes| bytes.truncate(bytes.len() / 2));
        assert_eq!(dropped, "checkpoint: it is not the last of checkpoints");
    }

    /// What only the holder of the key can do: sign two stories.
    #[test]
    fn a_signed_checkpoint_that_its_entries_do_not_bear_out_is_refused() {
        let other = vec![b"another past".to_vec(), b"entry 1".to_vec()];
        let mine = leaves(5);
        for (notes, expected) in [
            (vec![promise(&other), promise(&mine)], "checkpoint 0 of checkpoints: 2 entries give another root"),
            (
                vec![promise(&mine[..4]), promise(&mine[..3]), promise(&mine)],
                "checkpoint 1 of checkpoints: it takes back entries that the one before it promised",
            ),
            (
                vec![promise(&mine), promise(&mine[..4])],
                "checkpoint 1 of checkpoints: it takes back entries that the one before it promised",
            ),
        ] {
            let dir = tempfile::tempdir().unwrap();
            write(dir.path(), &mine, &notes, &signer().vkey()).unwrap();
            assert_eq!(verify(dir.path()).unwrap_err().to_string(), expected);
        }
        // A whole log that was written anew, beside the checkpoint that somebody kept.
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &other, &[promise(&mine[..2])], &signer().vkey()).unwrap();
        assert!(matches!(verify(dir.path()), Err(VerifyError::Root { number: 0, size: 2 })));
    }

    /// The auditor's way: Python's standard library and nothing of ours but one readable script.
    #[expect(clippy::disallowed_methods, reason = "the auditor's script runs in another program")]
    fn script(dir: &Path) -> Option<Result<String, String>> {
        let python = std::env::var("TANOD_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/verify.py");
        let output = match std::process::Command::new(python).arg("-B").arg(script).arg(dir).output() {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                eprintln!("skipped: there is no Python here, and TANOD_PYTHON names none");
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let said = String::from_utf8(output.stdout).unwrap();
        Some(if output.status.success() { Ok(said) } else { Err(String::from_utf8(output.stderr).unwrap()) })
    }

    #[test]
    fn the_auditors_script_agrees() {
        for sizes in [&[0_usize][..], &[1], &[97, 256, 256], &[0, 100, 257, 700]] {
            let dir = tempfile::tempdir().unwrap();
            exported(dir.path(), sizes);
            let found = verify(dir.path()).unwrap();
            let Some(said) = script(dir.path()) else { return };
            assert_eq!(said.unwrap(), format!("verified {} {}\n", found.size, found.root));
        }
    }

    #[test]
    fn the_auditors_script_refuses_what_we_refuse() {
        let dir = tempfile::tempdir().unwrap();
        exported(dir.path(), &[3, 9]);
        for path in files(dir.path()) {
            let whole = fs::read(&path).unwrap();
            // In the middle, at both ends, in the slack bits of a signature, and a line that ends in another way.
            let mut places = vec![(0, 1), (whole.len() / 2, 1), (whole.len() - 1, 1), (whole.len() - 1, 7)];
            if path.ends_with("checkpoint") || path.ends_with("checkpoints") {
                places.extend([(11, 7), (whole.len() - 3, 1), (whole.len() - 3, 7)]);
            }
            for (at, flip) in places {
                let mut bent = whole.clone();
                bent[at] ^= flip;
                fs::write(&path, &bent).unwrap();
                let Some(said) = script(dir.path()) else { return };
                assert!(said.unwrap_err().contains("not verified: "), "{} at {at} with {flip}", path.display());
            }
            fs::write(&path, [whole.as_slice(), b"\n"].concat()).unwrap();
            assert!(script(dir.path()).is_none_or(|said| said.is_err()), "{} with a line more", path.display());
            fs::write(&path, &whole).unwrap();
        }
        let dir = tempfile::tempdir().unwrap();
        let (mine, other) = (leaves(2), vec![b"another past".to_vec()]);
        write(dir.path(), &mine, &[promise(&other), promise(&mine)], &signer().vkey()).unwrap();
        assert!(script(dir.path()).is_none_or(|said| said.is_err()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn an_altered_export_is_refused(size in 1_usize..600, file in any::<usize>(), at in any::<usize>(), flip in 1_u8..) {
            let dir = tempfile::tempdir().unwrap();
            exported(dir.path(), &[size / 2, size]);
            prop_assert!(verify(dir.path()).is_ok());
            let files = files(dir.path());
            let path = &files[file % files.len()];
            let mut bytes = fs::read(path).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= flip;
            fs::write(path, bytes).unwrap();
            prop_assert!(verify(dir.path()).is_err(), "{} at {}", path.display(), at);
        }
    }
}
