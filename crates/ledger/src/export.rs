//! A folder that anyone can verify: without our database, without our binary.
//!
//! The files of `tlog-tiles`, and beside them `checkpoint` (the newest), `checkpoints` (all, oldest first) and `vkey`.

use std::path::{Path, PathBuf};

use fs_err as fs;
use sha2::{Digest as _, Sha256};

use crate::tiles::{TILE, Tile, Tiles, entries, read_tile, tile_path};
use crate::{Checkpoint, Frontier, NoteError, Verifier, WriteError, Writer, leaf_hash};

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
    /// A time stamp that does not hold.
    #[error("{}: {error}", path.display())]
    Stamp {
        /// Which.
        path: PathBuf,
        /// Why.
        error: crate::stamp::StampError,
    },
    /// There are fewer entries than somebody was promised before.
    #[error("rolled back: {promised} entries were promised before, and there are {size}")]
    RolledBack {
        /// How many were promised.
        promised: u64,
        /// How many there are.
        size: u64,
    },
    /// The first entries are not those that somebody was promised before.
    #[error("rewritten: the first {size} entries are not those that were promised before")]
    Rewritten {
        /// How many were promised.
        size: u64,
    },
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
    let mut writer = Writer::new(dir, false);
    for entry in leaves {
        writer.append(entry.as_ref())?;
    }
    finish(&writer, checkpoints, vkey)
}

/// The same for entries that were appended one after the other.
pub fn finish(writer: &Writer, checkpoints: &[String], vkey: &str) -> Result<(), WriteError> {
    writer.flush()?;
    writer.put(Path::new("vkey"), format!("{vkey}\n").as_bytes())?;
    writer.put(Path::new("checkpoints"), checkpoints.concat().as_bytes())?;
    // The checkpoint last: what it promises is there.
    checkpoints.last().map_or(Ok(()), |newest| writer.put(Path::new("checkpoint"), newest.as_bytes()))
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

/// Compares a tile with its file.
fn compare(dir: &Path, tile: &Tile) -> Result<(), VerifyError> {
    let width = tile.hashes.len();
    let (path, mut found) = read_tile(dir, &tile.level.to_string(), tile.number, width)?;
    if path != tile.path() {
        found.truncate(width * 32);
    }
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

/// Compares the tree with what somebody kept, once it has that size.
fn same_as(earlier: Option<&Checkpoint>, tree: &Frontier) -> Result<(), VerifyError> {
    match earlier {
        Some(earlier) if earlier.size == tree.size() && earlier.root != tree.root() => {
            Err(VerifyError::Rewritten { size: earlier.size })
        }
        _ => Ok(()),
    }
}

/// Whether every time stamp in an export fits the checkpoint that it is about, in number. Without roots the signature counts alone.
pub fn verify_stamps(dir: &Path, roots: Option<&crate::stamp::Roots>) -> Result<usize, VerifyError> {
    let mut names = Vec::new();
    match fs::read_dir(dir.join("stamps")) {
        Ok(found) => {
            for entry in found {
                names.push(entry?.path());
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error.into()),
    }
    let vkey = fs::read_to_string(dir.join("vkey"))?;
    let verifier = Verifier::parse(&vkey).map_err(VerifyError::Key)?;
    let promised = notes(&fs::read_to_string(dir.join("checkpoints"))?);
    names.retain(|path| path.extension().is_some_and(|kind| kind == "tsr"));
    names.sort();
    for path in &names {
        let why = |error| VerifyError::Stamp { path: path.clone(), error };
        let text = fs::read_to_string(path.with_extension("txt"))?;
        let mut own = promised.iter().filter_map(|note| verifier.open_text(note).ok());
        if !own.any(|known| known == text) {
            return Err(why(crate::stamp::StampError::Other));
        }
        let what = Sha256::digest(text.as_bytes()).into();
        crate::stamp::verify(&fs::read(path)?, &what, None, roots).map_err(why)?;
    }
    Ok(names.len())
}

/// Re-derives everything in an export from its entries: each tile, each checkpoint's root, each signature. So is the folder of
/// a log that goes on growing: it is verified as it was promised when this began.
pub fn verify(dir: &Path) -> Result<Verified, VerifyError> {
    verify_since(dir, None)
}

/// The same, against a checkpoint that somebody kept: nothing that it promised may be gone or changed.
pub fn verify_since(dir: &Path, earlier: Option<&Checkpoint>) -> Result<Verified, VerifyError> {
    let vkey = fs::read_to_string(dir.join("vkey"))?;
    let vkey = vkey.strip_suffix('\n').filter(|vkey| vkey.trim() == *vkey);
    let verifier = vkey.ok_or(NoteError::Malformed).and_then(Verifier::parse).map_err(VerifyError::Key)?;
    let newest = verifier.open(&fs::read_to_string(dir.join("checkpoint"))?).map_err(VerifyError::Newest)?;
    let mut checkpoints = Vec::new();
    match fs::read_to_string(dir.join("checkpoints")) {
        Ok(text) => {
            for (number, text) in notes(&text).iter().enumerate() {
                checkpoints.push(verifier.open(text).map_err(|error| VerifyError::Note { number, error })?);
            }
        }
        // A log that is served as it grows offers its newest alone.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => checkpoints.push(newest.clone()),
        Err(error) => return Err(error.into()),
    }
    if let Some(at) = checkpoints.iter().zip(checkpoints.iter().skip(1)).position(|(one, next)| next.size < one.size) {
        return Err(VerifyError::Order { number: at + 1 });
    }
    if checkpoints.last() != Some(&newest) {
        return Err(VerifyError::NotLast);
    }
    if let Some(earlier) = earlier.filter(|earlier| earlier.size > newest.size) {
        return Err(VerifyError::RolledBack { promised: earlier.size, size: newest.size });
    }
    let agreed = checkpoints.len();

    let (mut tree, mut tiles) = (Frontier::default(), Tiles::default());
    let mut promises = Promises(checkpoints.into_iter().enumerate().peekable());
    promises.keep(&tree)?;
    same_as(earlier, &tree)?;
    for number in 0.. {
        let left = newest.size - tree.size();
        let width = usize::try_from(left).unwrap_or(usize::MAX).min(TILE);
        if width == 0 {
            break;
        }
        let (path, bundle) = read_tile(dir, "entries", number, width)?;
        let whole = path == tile_path("entries", number, width);
        let Some((entries, _)) = entries(&bundle, width).filter(|(_, taken)| !whole || *taken == bundle.len()) else {
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
            same_as(earlier, &tree)?;
        }
    }
    for tile in tiles.open().filter(|tile| tile.level > 0) {
        compare(dir, tile)?;
    }
    Ok(Verified { size: tree.size(), root: hex::encode(tree.root()), checkpoints: agreed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Hash, Signer, root_of};

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
            let all = path.ends_with("checkpoints");
            assert!(all || matches!(verify(dir.path()), Err(VerifyError::Disk(_))), "{}", path.display());
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

    /// What only a checkpoint that somebody kept can tell: an older state, whole and well signed, or another past.
    #[test]
    fn an_older_state_and_another_past_are_told_by_a_kept_checkpoint() {
        let kept = |size: usize, entries: &[Vec<u8>]| {
            Verifier::parse(&signer().vkey()).unwrap().open(&promise(&entries[..size])).unwrap()
        };
        let dir = tempfile::tempdir().unwrap();
        exported(dir.path(), &[100, 300]);
        for size in [0, 1, 100, 255, 256, 257, 300] {
            assert_eq!(verify_since(dir.path(), Some(&kept(size, &leaves(300)))).unwrap().size, 300);
        }
        let said = |kept: &Checkpoint| verify_since(dir.path(), Some(kept)).unwrap_err().to_string();
        let rolled = "rolled back: 301 entries were promised before, and there are 300";
        assert_eq!(said(&kept(301, &leaves(301))), rolled);
        let mut other = leaves(300);
        other[40] = b"another past".to_vec();
        let rewritten = "rewritten: the first 200 entries are not those that were promised before";
        assert_eq!(said(&kept(200, &other)), rewritten);
        assert!(verify_since(dir.path(), Some(&kept(40, &other))).is_ok(), "until then the two are one");
    }

    /// A folder that is served while it grows: whoever began to verify it goes on with what was promised then.
    #[test]
    fn a_growing_folder_verifies_at_every_moment() {
        let dir = tempfile::tempdir().unwrap();
        let all = leaves(900);
        let mut writer = Writer::new(dir.path(), false);
        writer.put(Path::new("vkey"), format!("{}\n", signer().vkey()).as_bytes()).unwrap();
        writer.put(Path::new("checkpoint"), promise(&[]).as_bytes()).unwrap();
        for entry in &all {
            writer.append(entry).unwrap();
            let size = usize::try_from(writer.tree().size()).unwrap();
            if size.is_multiple_of(37) || size == 256 {
                writer.flush().unwrap();
                assert!(verify(dir.path()).is_ok(), "more is there than is promised");
                writer.put(Path::new("checkpoint"), promise(&all[..size]).as_bytes()).unwrap();
                assert_eq!(verify(dir.path()).unwrap().size, size as u64);
            }
        }
        // A part of a tile that is full by now is not kept for ever.
        fs::remove_dir_all(dir.path().join("tile/entries/001.p")).unwrap();
        fs::remove_dir_all(dir.path().join("tile/0/001.p")).unwrap();
        writer.put(Path::new("checkpoint"), promise(&all[..300]).as_bytes()).unwrap();
        assert_eq!(verify(dir.path()).unwrap().size, 300);
        if let Some(said) = script(dir.path()) {
            assert!(said.unwrap().starts_with("verified 300 "));
        }
    }

    /// The auditor's way: one readable script, and a package for its signatures.
    #[expect(clippy::disallowed_methods, reason = "the auditor's script runs in another program")]
    fn script(dir: &Path) -> Option<Result<String, String>> {
        let made = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/venv/bin/python");
        let made = Path::new(made).exists().then(|| made.to_owned());
        let Some(python) = std::env::var("TANOD_TEST_PYTHON").ok().or(made) else {
            eprintln!("skipped: script/setup makes a Python with the package `cryptography`, and there is none yet");
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contrib/verify-ledger.py");
        let output = std::process::Command::new(python).arg("-B").arg(script).arg(dir).output().unwrap();
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
