//! A folder that anyone can verify: without our database, without our binary.
//!
//! Layout of C2SP `tlog-tiles`: `tile/L/N` holds up to 256 hashes of level `8·L`, `tile/entries/N` up to 256 entries, each
//! behind its length in two bytes; a part of a tile ends in `.p/W`. Beside them `checkpoint` (the newest), `checkpoints`
//! (all, oldest first) and `vkey`.

use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::{Frontier, Hash, NoteError, Verifier, leaf_hash, root_of};

const TILE: usize = 256;

/// A folder that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The disk did not take it.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// An entry of more than 65,535 bytes has no place in a bundle.
    #[error("entry {0} is longer than 65535 bytes")]
    TooLong(usize),
}

/// What does not fit in an export.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file cannot be read.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// The key or a checkpoint is not acceptable.
    #[error("{what}: {error}")]
    Note {
        /// Which.
        what: String,
        /// Why.
        error: NoteError,
    },
    /// A file is there that does not say what it should.
    #[error("{0}")]
    Wrong(String),
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

/// Every level of tiles: level 0 are the leaf hashes, each further one the roots of full tiles below.
fn levels(leaves: Vec<Hash>) -> Vec<Vec<Hash>> {
    let mut levels = vec![leaves];
    while let Some(below) = levels.last() {
        let above: Vec<Hash> = below.chunks_exact(TILE).map(root_of).collect();
        if above.is_empty() {
            break;
        }
        levels.push(above);
    }
    levels
}

fn tiles(leaves: &[Vec<u8>]) -> Result<Vec<(PathBuf, Vec<u8>)>, WriteError> {
    let mut files = Vec::new();
    for (number, bundle) in leaves.chunks(TILE).enumerate() {
        let mut bytes = Vec::new();
        for (n, entry) in bundle.iter().enumerate() {
            let length = u16::try_from(entry.len()).map_err(|_| WriteError::TooLong(number * TILE + n))?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        files.push((tile_path("entries", number, bundle.len()), bytes));
    }
    let hashes = leaves.iter().map(|entry| leaf_hash(entry)).collect();
    for (level, hashes) in levels(hashes).iter().enumerate() {
        for (number, tile) in hashes.chunks(TILE).enumerate() {
            files.push((tile_path(&level.to_string(), number, tile.len()), tile.concat()));
        }
    }
    Ok(files)
}

/// Writes an export into `dir`.
pub fn write(dir: &Path, leaves: &[Vec<u8>], checkpoints: &[String], vkey: &str) -> Result<(), WriteError> {
    for (path, bytes) in tiles(leaves)? {
        let path = dir.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    fs::create_dir_all(dir)?;
    fs::write(dir.join("vkey"), format!("{vkey}\n"))?;
    fs::write(dir.join("checkpoints"), checkpoints.concat())?;
    if let Some(newest) = checkpoints.last() {
        fs::write(dir.join("checkpoint"), newest)?;
    }
    Ok(())
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

fn entries(bundle: &[u8], path: &Path) -> Result<Vec<Vec<u8>>, VerifyError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        let cut = rest
            .split_first_chunk::<2>()
            .and_then(|(length, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let (entry, after) =
            cut.ok_or_else(|| VerifyError::Wrong(format!("{} ends within an entry", path.display())))?;
        entries.push(entry.to_vec());
        rest = after;
    }
    Ok(entries)
}

/// Re-derives everything in an export from its entries: each tile, each checkpoint, each signature.
pub fn verify(dir: &Path) -> Result<Verified, VerifyError> {
    let read = |name: &str| fs::read_to_string(dir.join(name));
    let note = |what: &str| {
        let what = what.to_owned();
        move |error| VerifyError::Note { what, error }
    };
    let verifier = Verifier::parse(&read("vkey")?).map_err(note("vkey"))?;
    let newest = verifier.open(&read("checkpoint")?).map_err(note("checkpoint"))?;
    let size =
        usize::try_from(newest.size).map_err(|_| VerifyError::Wrong("the checkpoint is too large".to_owned()))?;

    let mut leaves = Vec::new();
    while leaves.len() < size {
        let number = leaves.len() / TILE;
        let width = (size - leaves.len()).min(TILE);
        let path = tile_path("entries", number, width);
        let bundle = entries(&fs::read(dir.join(&path))?, &path)?;
        if bundle.len() != width {
            return Err(VerifyError::Wrong(format!("{} has {} entries, not {width}", path.display(), bundle.len())));
        }
        leaves.extend(bundle);
    }
    let files = tiles(&leaves).map_err(|error| VerifyError::Wrong(error.to_string()))?;
    for (path, bytes) in files {
        if fs::read(dir.join(&path))? != bytes {
            return Err(VerifyError::Wrong(format!("{} is not what its entries give", path.display())));
        }
    }
    let mut waiting = Vec::new();
    for (n, text) in notes(&read("checkpoints")?).iter().enumerate() {
        waiting.push(verifier.open(text).map_err(note(&format!("checkpoint number {n}")))?);
    }
    if waiting.last() != Some(&newest) {
        return Err(VerifyError::Wrong("the newest checkpoint is not the last of all".to_owned()));
    }
    let checkpoints = waiting.len();
    let mut waiting = waiting.into_iter().peekable();
    let mut frontier = Frontier::default();
    let mut rest = leaves.iter();
    loop {
        while let Some(checkpoint) = waiting.next_if(|checkpoint| checkpoint.size <= frontier.size()) {
            if checkpoint.size != frontier.size() || checkpoint.root != frontier.root() {
                let size = checkpoint.size;
                return Err(VerifyError::Wrong(format!(
                    "the checkpoint of size {size} has another root than its entries"
                )));
            }
        }
        let Some(entry) = rest.next() else { break };
        frontier.append(leaf_hash(entry));
    }
    if waiting.next().is_some() {
        return Err(VerifyError::Wrong("a checkpoint promises more entries than there are".to_owned()));
    }
    Ok(Verified { size: frontier.size(), root: hex::encode(frontier.root()), checkpoints })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checkpoint, Signer};

    fn exported(dir: &Path, size: usize) {
        let signer = Signer::from_seed("example.log", &[9; 32]).unwrap();
        let leaves: Vec<Vec<u8>> = (0..size).map(|n| format!("entry {n}").into_bytes()).collect();
        let mut notes = Vec::new();
        for upto in (0..size).step_by(97).skip(1).chain([size]) {
            let hashes: Vec<Hash> = leaves[..upto].iter().map(|entry| leaf_hash(entry)).collect();
            let checkpoint = Checkpoint { origin: "example.log".to_owned(), size: upto as u64, root: root_of(&hashes) };
            notes.push(signer.sign(&checkpoint));
        }
        write(dir, &leaves, &notes, &signer.vkey()).unwrap();
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
    fn an_export_verifies_and_no_altered_byte_does() {
        let dir = tempfile::tempdir().unwrap();
        exported(dir.path(), 700);
        let found = verify(dir.path()).unwrap();
        assert_eq!((found.size, found.checkpoints), (700, 8));
        for path in files(dir.path()) {
            let whole = fs::read(&path).unwrap();
            for at in [0, whole.len() / 2, whole.len() - 1] {
                let mut bent = whole.clone();
                bent[at] ^= 1;
                fs::write(&path, &bent).unwrap();
                // The line break behind the public key carries nothing.
                let harmless = path.ends_with("vkey") && at == whole.len() - 1;
                assert!(verify(dir.path()).is_err() || harmless, "{} at {at}", path.display());
            }
            fs::write(&path, &whole).unwrap();
        }
        assert!(verify(dir.path()).is_ok());
    }

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(tile_path("0", 1_234_067, TILE), Path::new("tile/0/x001/x234/067"));
        assert_eq!(tile_path("entries", 0, 3), Path::new("tile/entries/000.p/3"));
    }

    /// The auditor's way: Python's standard library and nothing of ours but one readable script.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the auditor's script runs in another program")]
    fn the_auditors_script_agrees() {
        let dir = tempfile::tempdir().unwrap();
        exported(dir.path(), 300);
        let found = verify(dir.path()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/verify.py");
        let run = || std::process::Command::new("python3").arg(script).arg(dir.path()).output().unwrap();
        let output = run();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(said.trim(), format!("verified 300 {}", found.root), "{output:?}");
        for path in files(dir.path()) {
            let whole = fs::read(&path).unwrap();
            let mut bent = whole.clone();
            bent[whole.len() / 2] ^= 1;
            fs::write(&path, &bent).unwrap();
            assert!(!run().status.success(), "{}", path.display());
            fs::write(&path, &whole).unwrap();
        }
    }
}
