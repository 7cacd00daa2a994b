//! Where sealed objects lie: a folder, or a bucket that speaks S3.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use fs_err::tokio as fs;
use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};

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
    /// An object of this id is there, with other bytes.
    #[error("an object of this id exists and holds something else")]
    Exists,
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
        fs_err::create_dir_all(root)?;
        let store = LocalFileSystem::new_with_prefix(root)?.with_automatic_cleanup(false);
        Ok(Self::Folder { root: root.to_owned(), store: Arc::new(store) })
    }

    /// A bucket. Plain HTTP is used only when the address says so.
    pub fn s3(settings: S3) -> Result<Self, ObjectsError> {
        let mut builder = AmazonS3Builder::new()
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
        let key = key(id);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store().put_opts(&key, PutPayload::from_bytes(bytes.clone()), options).await {
            Ok(_) => {}
            Err(object_store::Error::AlreadyExists { .. }) if self.get(id).await? == bytes => {}
            Err(object_store::Error::AlreadyExists { .. }) => return Err(ObjectsError::Exists),
            Err(error) => return Err(error.into()),
        }
        if let Self::Folder { root, .. } = self {
            // What is acknowledged is on the disk: the file, and the folders that name it.
            let path = root.join(key.as_ref());
            fs::File::open(&path).await?.sync_all().await?;
            for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(root)) {
                fs::File::open(folder).await?.sync_all().await?;
            }
        }
        Ok(())
    }

    /// Gives an object back.
    pub async fn get(&self, id: ObjectId) -> Result<Bytes, ObjectsError> {
        Ok(self.store().get(&key(id)).await?.bytes().await?)
    }

    /// Whether it is there.
    pub async fn exists(&self, id: ObjectId) -> Result<bool, ObjectsError> {
        match self.store().head(&key(id)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object. Deleting what is not there changes nothing.
    pub async fn delete(&self, id: ObjectId) -> Result<(), ObjectsError> {
        match self.store().delete(&key(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Every object that is there.
    pub async fn list(&self) -> Result<Vec<ObjectId>, ObjectsError> {
        let found: Vec<_> = self.store().list(None).try_collect().await?;
        Ok(found
            .iter()
            .filter_map(|meta| uuid::Uuid::try_parse(meta.location.filename()?).ok().map(ObjectId))
            .collect())
    }
}

/// Spread over folders by the random end of the id, so that none grows large.
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
        assert!(objects.get(id).await.is_err());
        objects.put(id, bytes.clone()).await.unwrap();
        objects.put(id, bytes.clone()).await.unwrap();
        assert!(matches!(objects.put(id, Bytes::from_static(b"other")).await, Err(ObjectsError::Exists)));
        assert_eq!(objects.get(id).await.unwrap(), bytes);
        assert!(objects.exists(id).await.unwrap());
        assert_eq!(objects.list().await.unwrap(), vec![id]);
        objects.delete(id).await.unwrap();
        objects.delete(id).await.unwrap();
        assert!(objects.list().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_folder_behaves() {
        let folder = tempfile::tempdir().unwrap();
        behaves(Objects::folder(&folder.path().join("objects")).unwrap()).await;
    }

    /// The same in a bucket, when `TANOD_TEST_S3` names a server that the test may use.
    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "tests learn from the environment which servers were started")]
    async fn a_bucket_behaves() {
        let Ok(endpoint) = std::env::var("TANOD_TEST_S3") else {
            eprintln!("skipped: TANOD_TEST_S3 is not set (script/test sets it in its second run)");
            return;
        };
        let s3 = S3 {
            endpoint: Some(endpoint),
            bucket: "tanod-vault".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "test".to_owned(),
            secret_key: "test".to_owned(),
        };
        behaves(Objects::s3(s3).unwrap()).await;
    }
}
