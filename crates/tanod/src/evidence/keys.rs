//! The ring of this process, which another process may have given a newer key; and wrapping every data key anew.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use vault::{KeyRing, KeyRingError, OpenError};

use super::{MEDIA, store};
use crate::refusal::{Error, Result};
use crate::store::{ObjectId, Tx};

/// The key ring as this process knows it. Where something was wrapped with a key that it does not know, the file is read
/// again: `tanod keys rotate` need not stop the service.
#[derive(Debug)]
pub struct Ring {
    known: RwLock<Arc<KeyRing>>,
    file: PathBuf,
}

impl Ring {
    /// A ring that was opened from this file.
    pub fn new(ring: KeyRing, file: PathBuf) -> Self {
        Self { known: RwLock::new(Arc::new(ring)), file }
    }

    /// Where it is kept.
    pub fn file(&self) -> &std::path::Path {
        &self.file
    }

    /// The ring as it is known.
    pub fn now(&self) -> Arc<KeyRing> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uses the ring, and once more after reading its file anew where a key is not known.
    pub fn with<T>(
        &self,
        work: impl Fn(&KeyRing) -> std::result::Result<T, OpenError>,
    ) -> std::result::Result<T, OpenError> {
        let ring = self.now();
        match work(&ring) {
            Err(OpenError::Key(KeyRingError::UnknownKey)) => {
                let file = fs_err::read(&self.file).map_err(|_| OpenError::Key(KeyRingError::UnknownKey))?;
                let newer = Arc::new(ring.reread(&file)?);
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = newer.clone();
                work(&newer)
            }
            done => done,
        }
    }

    /// Puts a newer ring in the place of this one: its file first, durably.
    pub fn replace(&self, ring: KeyRing, file: &[u8]) -> Result<()> {
        let failed = |error| Error::internal("writing the key ring", error);
        crate::plan::keep_ring(&self.file, file).map_err(failed)?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(())
    }
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
