//! The ring of this process, which another process may have given a newer key; and wrapping every data key anew.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use fs_err as fs;
use serde_json::json;
use vault::{KeyRing, KeyRingError, OpenError};
use zeroize::Zeroizing;

use super::{MEDIA, store};
use crate::accounts::Caller;
use crate::audit::{self, Entry};
use crate::clock::Random;
use crate::refusal::{Error, Result};
use crate::store::{ObjectId, Recorded, Tx};

/// A ring that is not opened, made or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It does not open.
    #[error("the key ring cannot be used: {0}")]
    Ring(#[from] KeyRingError),
    /// Its file.
    #[error("the key ring cannot be read or written: {0}")]
    Disk(#[from] std::io::Error),
}

impl From<KeysError> for Error {
    fn from(error: KeysError) -> Self {
        Self::internal("using the key ring", error)
    }
}

/// The key ring as this process knows it. Where something was wrapped with a key that it does not know, the file is read
/// again: `tanod keys rotate` need not stop the service.
#[derive(Debug)]
pub struct Ring {
    known: RwLock<Arc<KeyRing>>,
    file: PathBuf,
}

impl Ring {
    /// Opens the ring of this file with the secret, or with what else opens it. A file of an earlier form is written anew.
    pub fn open(file: &Path, secret: &[u8], random: &Random) -> std::result::Result<Self, KeysError> {
        let ring = KeyRing::open(&fs::read(file)?, secret)?;
        let this = Self { known: RwLock::new(Arc::new(ring)), file: file.to_owned() };
        if this.now().upgraded(&fs::read(file)?, random)?.is_some() {
            let _changing = this.alone()?;
            let found = fs::read(file)?;
            let ring = KeyRing::open(&found, secret)?;
            if let Some(newer) = ring.upgraded(&found, random)? {
                keep(file, &newer)?;
                this.know(ring);
            }
        }
        Ok(this)
    }

    /// Makes a ring that this secret opens. Of two processes that start at once one makes it, and the other reads it.
    pub fn make(file: &Path, secret: &[u8], random: &Random) -> std::result::Result<Self, KeysError> {
        let (_, made) = KeyRing::create(secret, random)?;
        let staged = file.with_extension(format!("new-{}", hex::encode(random.bytes::<8>())));
        fs::write(&staged, &made)?;
        fs::File::open(&staged)?.sync_all()?;
        let first = fs::hard_link(&staged, file);
        fs::remove_file(&staged)?;
        // What is sealed under this ring is acknowledged soon: the ring's name must last as long.
        sync_folder(file)?;
        match first {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
            _ => Self::open(file, secret, random),
        }
    }

    /// Where it is kept.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The ring as it is known.
    pub fn now(&self) -> Arc<KeyRing> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn know(&self, ring: KeyRing) -> Arc<KeyRing> {
        let ring = Arc::new(ring);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = ring.clone();
        ring
    }

    /// Uses the ring, and once more after reading its file anew where a key is not known.
    pub fn with<T>(
        &self,
        work: impl Fn(&KeyRing) -> std::result::Result<T, OpenError>,
    ) -> std::result::Result<T, OpenError> {
        let ring = self.now();
        match work(&ring) {
            Err(OpenError::Key(KeyRingError::UnknownKey)) => {
                let file = fs::read(&self.file).map_err(|_| OpenError::Key(KeyRingError::UnknownKey))?;
                work(&self.know(ring.reread(&file)?))
            }
            done => done,
        }
    }

    /// Puts a changed ring in the place of the one before: its file first, durably. Two who change it at once do so one after the
    /// other, each from what the other left: no key is lost.
    pub fn change(
        &self,
        change: impl FnOnce(&KeyRing) -> std::result::Result<(KeyRing, Vec<u8>), KeyRingError>,
    ) -> std::result::Result<Arc<KeyRing>, KeysError> {
        let _changing = self.alone()?;
        let (newer, file) = change(&self.now().reread(&fs::read(&self.file)?)?)?;
        keep(&self.file, &file)?;
        Ok(self.know(newer))
    }

    /// Keeps other processes from changing the file, as long as what is returned.
    fn alone(&self) -> std::io::Result<std::fs::File> {
        let lock = self.file.with_extension("lock");
        let lock = fs::OpenOptions::new().create(true).append(true).open(lock)?.into_file();
        lock.lock()?;
        Ok(lock)
    }
}

/// Puts a newer ring's file in the place of the one before: whole, and on the disk before its name is.
pub fn keep(path: &Path, file: &[u8]) -> std::io::Result<()> {
    let staged = path.with_extension("newer");
    fs::write(&staged, file)?;
    fs::File::open(&staged)?.sync_all()?;
    fs::rename(&staged, path)?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// Wraps a batch of data keys anew with the ring's newest key. No object is touched. Answers how many were, and where to go on.
pub async fn rewrap(tx: &mut Tx, ring: &Ring, after: Option<ObjectId>) -> Result<(u64, Option<ObjectId>)> {
    let rows = store::keys_after(tx, after, 1_000).await?;
    let last = rows.last().map(|(object, ..)| *object);
    let random = tx.random().clone();
    let mut count = 0;
    for (object, wrapped, context) in rows {
        let what = if context { crate::context::SEALED_AS } else { MEDIA };
        let again = ring
            .with(|ring| vault::rewrap(&wrapped, vault::ObjectId(object.0), what, ring, &random))
            .map_err(|error| Error::internal("wrapping a key anew", error))?;
        store::set_key(tx, object, &wrapped, &again).await?;
        count += 1;
    }
    Ok((count, last))
}

/// Lets the identity of this age recipient open the ring, in the place of an earlier one. It is on record.
pub async fn set_recovery(tx: &mut Tx, ring: &Ring, recipient: &str) -> Result<Recorded> {
    let random = tx.random().clone();
    let newer = ring.change(|ring| ring.with_recovery(recipient, &random))?;
    let entry = Entry::by(&Caller::Operator, "keys.recovery_made");
    audit::record(tx, entry.detail(json!({"recipient": newer.recovery()}))).await
}

/// Puts a new secret in the place of a lost one, in a ring that the recovery identity opened. It is on record.
pub async fn recover(tx: &mut Tx, ring: &Ring) -> Result<(Zeroizing<String>, Recorded)> {
    let random = tx.random().clone();
    let secret = Zeroizing::new(hex::encode(random.bytes::<32>()));
    ring.change(|ring| ring.with_secret(secret.as_bytes(), &random))?;
    let proof = audit::record(tx, Entry::by(&Caller::Operator, "keys.recovered")).await?;
    Ok((secret, proof))
}
