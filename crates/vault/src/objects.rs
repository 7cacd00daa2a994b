//! Where sealed objects lie: a folder, or a bucket that speaks S3.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fs_err::tokio as fs;
use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, RetryConfig};

use crate::ObjectId;

/// A place that does not keep or give what it should.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The store answered with an error.
    #[error("the object store failed")]
    Store(#[from] object_store::Error),
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// There is no object of this id.
    #[error("there is no object of this id")]
    Missing,
    /// An object of this id is there, with other bytes.
    #[error("an object of this id exists and holds something else")]
    Exists,
}

impl ObjectsError {
    /// The fault of the disk behind it, however deep it lies.
    fn disk(&self) -> Option<std::io::ErrorKind> {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<std::io::Error>() {
                return Some(error.kind());
            }
            next = error.source();
        }
        None
    }

    /// No room is left: on the disk, within a quota, or for a file of this length.
    pub fn is_full(&self) -> bool {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        matches!(self.disk(), Some(StorageFull | QuotaExceeded | FileTooLarge))
    }

    /// The place cannot be used now. Not so where it answered, and what it holds is not what it should be.
    pub fn is_away(&self) -> bool {
        !self.is_full() && !matches!(self, Self::Missing | Self::Exists)
    }
}

/// How a bucket is reached. Nothing is asked of any address but this one.
#[derive(Clone)]
pub struct S3 {
    /// The service's address; absent for AWS itself.
    pub endpoint: Option<String>,
    /// The bucket.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// Who we are.
    pub access_key: String,
    /// How we prove it.
    pub secret_key: String,
    /// How long one call may take; one that fails is tried again for as long.
    pub time: Duration,
}

/// A place for sealed objects.
#[derive(Clone, Debug)]
pub enum Objects {
    /// A folder on this machine.
    Folder {
        /// Where.
        root: PathBuf,
        /// The way to it.
        store: Arc<LocalFileSystem>,
    },
    /// A bucket.
    S3(Arc<object_store::aws::AmazonS3>),
}

impl Objects {
    /// A folder, made if need be.
    pub fn folder(root: &Path) -> Result<Self, ObjectsError> {
        let missing = root.ancestors().take_while(|folder| !folder.exists()).count();
        fs_err::create_dir_all(root)?;
        for folder in root.ancestors().skip(1).take(missing) {
            // A new folder is on the disk once the one that names it is. A relative path ends in an empty one: here.
            let here = Path::new(".");
            fs_err::File::open(if folder.as_os_str().is_empty() { here } else { folder })?.sync_all()?;
        }
        // Its own fsync comes before the object gets its name, so that no crash leaves half an object under it.
        let store = LocalFileSystem::new_with_prefix(root)?.with_automatic_cleanup(false).with_fsync(true);
        Ok(Self::Folder { root: root.to_owned(), store: Arc::new(store) })
    }

    /// A bucket. Plain HTTP is used only when the address says so.
    pub fn s3(settings: S3) -> Result<Self, ObjectsError> {
        let again = RetryConfig { max_retries: 3, retry_timeout: settings.time, ..RetryConfig::default() };
        let options = ClientOptions::new().with_timeout(settings.time).with_connect_timeout(settings.time);
        let mut builder = AmazonS3Builder::new()
            .with_client_options(options)
            .with_retry(again)
            .with_bucket_name(settings.bucket)
            .with_region(settings.region)
            .with_access_key_id(settings.access_key)
            .with_secret_access_key(settings.secret_key);
        if let Some(endpoint) = settings.endpoint {
            builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
        }
        Ok(Self::S3(Arc::new(builder.build()?)))
    }

    fn store(&self) -> &dyn ObjectStore {
        match self {
            Self::Folder { store, .. } => store.as_ref(),
            Self::S3(store) => store.as_ref(),
        }
    }

    /// Keeps an object, durably, and never over another. Keeping the same again changes nothing.
    pub async fn put(&self, id: ObjectId, bytes: Bytes) -> Result<(), ObjectsError> {
        self.put_at(&key(id), bytes).await
    }

    async fn put_at(&self, key: &Key, bytes: Bytes) -> Result<(), ObjectsError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store().put_opts(key, PutPayload::from_bytes(bytes.clone()), options).await {
            Ok(_) => {}
            Err(object_store::Error::AlreadyExists { .. }) if self.get_at(key).await? == bytes => {}
            Err(object_store::Error::AlreadyExists { .. }) => return Err(ObjectsError::Exists),
            Err(error) => return Err(error.into()),
        }
        self.settle(key).await
    }

    /// Marks this place as one installation's, or finds the mark in place. Another installation's mark is refused
    /// ([`ObjectsError::Exists`]): what does not know the objects here must not sweep them.
    pub async fn claim(&self, mark: uuid::Uuid) -> Result<(), ObjectsError> {
        self.put_at(&Key::from("installation"), mark.to_string().into_bytes().into()).await
    }

    /// Puts on the disk what the folders above an object say. The store syncs only the folders that it made itself, which
    /// is too little when two writers share a new one, and never those of a deletion.
    async fn settle(&self, key: &Key) -> Result<(), ObjectsError> {
        let Self::Folder { root, .. } = self else { return Ok(()) };
        for folder in root.join(key.as_ref()).ancestors().skip(1).take_while(|folder| folder.starts_with(root)) {
            match fs::File::open(folder).await {
                Ok(folder) => folder.sync_all().await?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Gives an object back.
    pub async fn get(&self, id: ObjectId) -> Result<Bytes, ObjectsError> {
        self.get_at(&key(id)).await
    }

    async fn get_at(&self, key: &Key) -> Result<Bytes, ObjectsError> {
        match self.store().get(key).await {
            Ok(found) => Ok(found.bytes().await?),
            Err(object_store::Error::NotFound { .. }) => Err(ObjectsError::Missing),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a part of an object back. Bytes that are not there are left out.
    pub async fn get_range(&self, id: ObjectId, range: Range<u64>) -> Result<Bytes, ObjectsError> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        match self.store().get_range(&key(id), range).await {
            Ok(found) => Ok(found),
            Err(object_store::Error::NotFound { .. }) => Err(ObjectsError::Missing),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it is there.
    pub async fn exists(&self, id: ObjectId) -> Result<bool, ObjectsError> {
        match self.store().head(&key(id)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object, durably. Deleting what is not there changes nothing.
    pub async fn delete(&self, id: ObjectId) -> Result<(), ObjectsError> {
        let key = key(id);
        match self.store().delete(&key).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => self.settle(&key).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Leaves word that an object was destroyed. It outlives the object, and any database that knew of it.
    pub async fn bury(&self, id: ObjectId) -> Result<(), ObjectsError> {
        self.put_at(&grave(id), Bytes::from_static(b"destroyed")).await
    }

    /// Every object that was destroyed.
    pub async fn buried(&self) -> Result<Vec<ObjectId>, ObjectsError> {
        let graves = self.store().list(Some(&Key::from("gone"))).try_filter_map(|meta| {
            let id = meta.location.filename().and_then(|name| uuid::Uuid::try_parse(name).ok()).map(ObjectId);
            std::future::ready(Ok(id.filter(|id| grave(*id) == meta.location)))
        });
        Ok(graves.try_collect().await?)
    }

    /// Every object that is there, in no order. Files that are not ours are passed over.
    pub async fn list(&self) -> Result<Vec<ObjectId>, ObjectsError> {
        let ids = self.store().list(None).try_filter_map(|meta| {
            let id = meta.location.filename().and_then(|name| uuid::Uuid::try_parse(name).ok()).map(ObjectId);
            std::future::ready(Ok(id.filter(|id| key(*id) == meta.location)))
        });
        Ok(ids.try_collect().await?)
    }
}

fn grave(id: ObjectId) -> Key {
    Key::from_iter(["gone".to_owned(), id.0.simple().to_string()])
}

/// `cd/ef/<id>`: spread over folders by the random end of the id, because its beginning is the time of day.
fn key(id: ObjectId) -> Key {
    let name = id.0.simple().to_string();
    let end = |from: usize| name.get(from..from + 2).unwrap_or("00").to_owned();
    Key::from_iter([end(28), end(30), name.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn behaves(objects: Objects) {
        let id = ObjectId(uuid::Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_1234_abcd));
        let bytes = Bytes::from_static(b"sealed");
        objects.delete(id).await.unwrap();
        assert!(!objects.exists(id).await.unwrap());
        assert!(matches!(objects.get(id).await, Err(ObjectsError::Missing)));
        assert!(matches!(objects.get_range(id, 0..1).await, Err(ObjectsError::Missing)));
        objects.put(id, bytes.clone()).await.unwrap();
        objects.put(id, bytes.clone()).await.unwrap();
        assert!(matches!(objects.put(id, Bytes::from_static(b"other")).await, Err(ObjectsError::Exists)));
        assert_eq!(objects.get(id).await.unwrap(), bytes);
        assert_eq!(objects.get_range(id, 1..3).await.unwrap(), "ea");
        assert_eq!(objects.get_range(id, 4..99).await.unwrap(), "ed");
        assert!(objects.get_range(id, 2..2).await.unwrap().is_empty());
        assert!(objects.exists(id).await.unwrap());
        assert_eq!(objects.list().await.unwrap(), vec![id]);
        objects.delete(id).await.unwrap();
        objects.delete(id).await.unwrap();
        objects.bury(id).await.unwrap();
        objects.bury(id).await.unwrap();
        assert_eq!(objects.buried().await.unwrap(), vec![id]);
        assert!(objects.list().await.unwrap().is_empty(), "a grave is no object");
        let marks = [7, 8].map(uuid::Uuid::from_u128);
        objects.claim(marks[0]).await.unwrap();
        objects.claim(marks[0]).await.unwrap();
        assert!(matches!(objects.claim(marks[1]).await, Err(ObjectsError::Exists)));
        assert!(objects.list().await.unwrap().is_empty(), "the mark is no object");
    }

    #[tokio::test]
    async fn a_folder_behaves() {
        let folder = tempfile::tempdir().unwrap();
        behaves(Objects::folder(&folder.path().join("new/objects")).unwrap()).await;
    }

    #[tokio::test]
    async fn a_folder_is_what_it_was_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let objects = || Objects::folder(folder.path()).unwrap();
        let ids: Vec<_> = (0..40).map(|n| ObjectId(uuid::Uuid::from_u128(n * 0x0101_0101))).collect();
        for id in &ids {
            objects().put(*id, Bytes::copy_from_slice(id.0.as_bytes())).await.unwrap();
        }
        let path = folder.path().join("03/03/00000000000000000000000003030303");
        assert_eq!(fs::read(path).await.unwrap(), ids[3].0.as_bytes());
        // What somebody else left there is not ours: a stray file, and an object in the wrong place.
        for stray in
            ["03/notes.txt", "03/00000000000000000000000003030303", "03/03/{00000000-0000-0000-0000-000003030303}"]
        {
            fs::write(folder.path().join(stray), b"stray").await.unwrap();
        }
        let mut found = objects().list().await.unwrap();
        found.sort();
        assert_eq!(found, ids);
    }

    #[tokio::test]
    async fn of_two_writers_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::folder(folder.path()).unwrap();
        let id = ObjectId(uuid::Uuid::from_u128(5));
        let (one, two) = (Bytes::from(vec![1; 100_000]), Bytes::from(vec![2; 100_000]));
        let outcomes = tokio::join!(objects.put(id, one.clone()), objects.put(id, two.clone()));
        let winner = match outcomes {
            (Ok(()), Err(ObjectsError::Exists)) => one,
            (Err(ObjectsError::Exists), Ok(())) => two,
            other => panic!("{other:?}"),
        };
        assert_eq!(objects.get(id).await.unwrap(), winner);
    }

    /// The same in a bucket.
    #[tokio::test]
    #[ignore = "needs TANOD_TEST_S3, a server; script/test runs it"]
    #[expect(clippy::disallowed_methods, reason = "tests learn from the environment which servers were started")]
    async fn a_bucket_behaves() {
        let endpoint = std::env::var("TANOD_TEST_S3").unwrap();
        let s3 = S3 {
            endpoint: Some(endpoint),
            bucket: "tanod-vault".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "test".to_owned(),
            secret_key: "test".to_owned(),
            time: Duration::from_secs(20),
        };
        let keeps = s3.keeps().await;
        assert_eq!(
            keeps.iter().map(|one| (one.what, one.on.clone())).collect::<Vec<_>>(),
            [("versioning", Ok(false)), ("replication", Ok(false)), ("object-lock", Ok(false)),]
        );
        behaves(Objects::s3(s3).unwrap()).await;
    }
}
