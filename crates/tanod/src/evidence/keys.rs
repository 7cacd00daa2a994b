//! The ring of this process, which another process may have given a newer key; and wrapping every data key anew.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use fs_err as fs;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use vault::{KeyRing, KeyRingError, Kms, KmsError, OpenError};
use zeroize::Zeroizing;

use super::{MEDIA, store};
use crate::accounts::Caller;
use crate::audit::{self, Entry};
use crate::clock::{Clock, Random};
use crate::refusal::{Error, Kind, Result};
use crate::store::{ObjectId, Recorded, Tx};

/// The key management service does not open the ring.
pub static KEYS_AWAY: Kind = Kind::new(
    503,
    "keys-away",
    "The key management service does not open the key ring, so nothing can be sealed or opened now.",
    "Try again in a minute; nothing that was answered is lost. An administrator looks at the service and at its key, then at tanod doctor.",
);

/// A ring that is not opened, made or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// It does not open.
    #[error("the key ring cannot be used: {0}")]
    Ring(#[from] KeyRingError),
    /// The service that opens it.
    #[error("the key ring cannot be used: {0}")]
    Kms(#[from] KmsError),
    /// Nothing here is closed for this key.
    #[error("this key of the key management service opens no lock of the key ring")]
    OtherKey,
    /// Its file.
    #[error("the key ring cannot be read or written: {0}")]
    Disk(#[from] std::io::Error),
}

impl From<KeysError> for Error {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Kms(KmsError::Away(words) | KmsError::Refused(words)) => KEYS_AWAY.because(words),
            other => Self::internal("using the key ring", other),
        }
    }
}

/// What opens a ring.
#[derive(Debug)]
pub enum Opens {
    /// The secret, or the recovery identity in its place.
    Secret(Zeroizing<String>),
    /// A key of a key management service, and how long what it gave is kept in memory after it last said yes. So revoking the key
    /// takes effect without a restart, and a short outage of the service takes nothing away.
    Kms(Kms, SignedDuration),
}

impl Opens {
    async fn open(&self, file: &[u8]) -> std::result::Result<KeyRing, KeysError> {
        match self {
            Self::Secret(secret) => Ok(KeyRing::open(file, secret.as_bytes())?),
            Self::Kms(kms, _) => kms.open(file).await?.ok_or(KeysError::OtherKey),
        }
    }
}

/// A ring in memory, and when the service was asked.
#[derive(Debug)]
struct Known {
    ring: Arc<KeyRing>,
    /// When it last said yes.
    opened_at: Timestamp,
    /// When it was last asked.
    asked_at: Timestamp,
}

/// The key ring as this process knows it. Where something was wrapped with a key that it does not know, the file is read
/// again: `tanod keys rotate` need not stop the service.
#[derive(Debug)]
pub struct Ring {
    known: RwLock<Option<Known>>,
    file: PathBuf,
    opens: Opens,
    clock: Clock,
    /// One question to the service at a time.
    asking: tokio::sync::Mutex<()>,
}

/// A service that did not answer is not asked again before.
const REST: SignedDuration = SignedDuration::from_secs(15);

impl Ring {
    /// Opens the ring of this file. A file of an earlier form is written anew.
    pub async fn open(
        file: &Path,
        opens: Opens,
        random: &Random,
        clock: &Clock,
    ) -> std::result::Result<Self, KeysError> {
        let found = fs::read(file)?;
        let ring = opens.open(&found).await?;
        let outdated = ring.upgraded(&found, random)?.is_some();
        let now = clock.now();
        let known = Known { ring: Arc::new(ring), opened_at: now, asked_at: now };
        let asking = tokio::sync::Mutex::default();
        let this = Self { known: RwLock::new(Some(known)), file: file.to_owned(), opens, clock: clock.clone(), asking };
        if outdated {
            let alone = this.alone()?;
            let found = fs::read(file)?;
            let ring = this.opens.open(&found).await?;
            if let Some(newer) = ring.upgraded(&found, random)? {
                keep(file, &newer)?;
            }
            this.know(ring);
            drop(alone);
        }
        Ok(this)
    }

    /// Makes a ring. Of two processes that start at once one makes it, and the other reads it.
    pub async fn make(
        file: &Path,
        opens: Opens,
        random: &Random,
        clock: &Clock,
    ) -> std::result::Result<Self, KeysError> {
        let (_, made) = match &opens {
            Opens::Secret(secret) => KeyRing::create(secret.as_bytes(), random)?,
            Opens::Kms(kms, _) => kms.create(random).await?,
        };
        let staged = file.with_extension(format!("new-{}", hex::encode(random.bytes::<8>())));
        fs::write(&staged, &made)?;
        fs::File::open(&staged)?.sync_all()?;
        let first = fs::hard_link(&staged, file);
        fs::remove_file(&staged)?;
        // What is sealed under this ring is acknowledged soon: the ring's name must last as long.
        sync_folder(file)?;
        match first {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
            _ => Self::open(file, opens, random, clock).await,
        }
    }

    /// Lets a key of a key management service open a ring that the secret opens now.
    pub async fn adopt(&self, kms: &Kms, random: &Random) -> std::result::Result<(), KeysError> {
        let lock = kms.lock(&*self.now()?).await?;
        self.change(|ring| ring.with_lock(lock, random)).map(drop)
    }

    /// Where it is kept.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What opens it.
    pub fn opens(&self) -> &Opens {
        &self.opens
    }

    /// The ring as it is in memory.
    pub fn now(&self) -> std::result::Result<Arc<KeyRing>, KeysError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let gone = || KmsError::Away("it was last asked too long ago".to_owned()).into();
        known.as_ref().map(|known| known.ring.clone()).ok_or_else(gone)
    }

    /// The ring, which the service still opens as far as we know.
    pub async fn ready(&self) -> Result<Arc<KeyRing>> {
        let Opens::Kms(_, kept) = &self.opens else { return Ok(self.now()?) };
        if let Some(ring) = self.fresh(*kept) {
            return Ok(ring);
        }
        let _asking = self.asking.lock().await;
        if let Some(ring) = self.fresh(*kept) {
            return Ok(ring);
        }
        let opened = async { self.opens.open(&fs::read(&self.file)?).await }.await;
        let now = self.clock.now();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match (opened, known.as_mut()) {
            (Ok(ring), _) => {
                let ring = Arc::new(ring);
                *known = Some(Known { ring: ring.clone(), opened_at: now, asked_at: now });
                Ok(ring)
            }
            // It may be back in a moment, and what it gave is not too old.
            (Err(KeysError::Kms(KmsError::Away(_))), Some(known)) if now.duration_since(known.opened_at) < *kept => {
                known.asked_at = now;
                Ok(known.ring.clone())
            }
            (Err(error), _) => {
                *known = None;
                Err(error.into())
            }
        }
    }

    /// The ring, where the service need not be asked now: at half of the time it is, so that an outage has the other half to end.
    fn fresh(&self, kept: SignedDuration) -> Option<Arc<KeyRing>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (known, now) = (known.as_ref()?, self.clock.now());
        let age = now.duration_since(known.opened_at);
        let rests = now.duration_since(known.asked_at) < REST && age < kept;
        (age < kept / 2 || rests).then(|| known.ring.clone())
    }

    fn know(&self, ring: KeyRing) -> Arc<KeyRing> {
        let ring = Arc::new(ring);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_mut() {
            known.ring = ring.clone();
        }
        ring
    }

    /// Uses the ring, and once more after reading its file anew where a key is not known.
    pub async fn with<T>(
        &self,
        doing: &'static str,
        work: impl Fn(&KeyRing) -> std::result::Result<T, OpenError>,
    ) -> Result<T> {
        let ring = self.ready().await?;
        let done = match work(&ring) {
            Err(OpenError::Key(KeyRingError::UnknownKey)) => {
                let newer = fs::read(&self.file).map_err(KeysError::from).and_then(|file| Ok(ring.reread(&file)?))?;
                work(&self.know(newer))
            }
            done => done,
        };
        done.map_err(|error| Error::internal(doing, error))
    }

    /// Wraps a data key anew with the newest key. What it opens is not touched.
    pub async fn rewrap(&self, wrapped: &[u8], object: ObjectId, what: &str, random: &Random) -> Result<Vec<u8>> {
        let anew = |ring: &_| vault::rewrap(wrapped, vault::ObjectId(object.0), what, ring, random);
        self.with("wrapping a key anew", anew).await
    }

    /// Puts a changed ring in the place of the one before: its file first, durably. Two who change it at once do so one after the
    /// other, each from what the other left: no key is lost.
    pub fn change(
        &self,
        change: impl FnOnce(&KeyRing) -> std::result::Result<(KeyRing, Vec<u8>), KeyRingError>,
    ) -> std::result::Result<Arc<KeyRing>, KeysError> {
        let _changing = self.alone()?;
        let (newer, file) = change(&self.now()?.reread(&fs::read(&self.file)?)?)?;
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
        let again = ring.rewrap(&wrapped, object, what, &random).await?;
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
