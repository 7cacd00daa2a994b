//! A key of AWS KMS that opens a ring. The service sees the ring's outer key alone: one call when a ring is opened, none for an object.

use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_kms::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use zeroize::Zeroizing;

use crate::lock::Lock;
use crate::{KeyRing, KeyRingError, Random, Secret};

/// How a key is reached. Nothing is read from the surroundings: no variables, no files, no address but this one.
#[derive(Clone)]
pub struct KmsKey {
    /// The key's ARN or id.
    pub key: String,
    /// Its region.
    pub region: String,
    /// The service's address; absent for AWS itself.
    pub endpoint: Option<String>,
    /// Who we are.
    pub access_key: String,
    /// How we prove it.
    pub secret_key: String,
    /// With credentials that last for a while.
    pub session_token: Option<String>,
}

/// A service that does not encrypt or decrypt.
#[derive(Debug, thiserror::Error)]
pub enum KmsError {
    /// It does not answer, or asks for another try.
    #[error("the key management service does not answer: {0}")]
    Away(String),
    /// It answered no: the key is disabled, gone, or not ours.
    #[error("the key management service refuses: {0}")]
    Refused(String),
    /// What it gave opens no ring.
    #[error(transparent)]
    Ring(#[from] KeyRingError),
}

/// A key, and the way to it.
#[derive(Clone, Debug)]
pub struct Kms {
    client: Client,
    key: String,
}

/// Bound to what the service encrypts, and written into its own record of calls.
const CONTEXT: (&str, &str) = ("tanod", "key ring");

impl Kms {
    /// The way to a key. Plain HTTP is used only when the address says so.
    pub fn new(to: KmsKey) -> Self {
        let plain = to.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        let http = if plain {
            Builder::new().build_http()
        } else {
            Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https()
        };
        let times = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(3))
            .operation_attempt_timeout(Duration::from_secs(5))
            .operation_timeout(Duration::from_secs(12));
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(to.region))
            .credentials_provider(Credentials::new(to.access_key, to.secret_key, to.session_token, None, "settings"))
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(times.build())
            .http_client(http);
        if let Some(endpoint) = to.endpoint {
            config = config.endpoint_url(endpoint);
        }
        Self { client: Client::from_conf(config.build()), key: to.key }
    }

    /// Makes a ring that this key opens, and the file to keep it in.
    pub async fn create(&self, random: &dyn Random) -> Result<(KeyRing, Vec<u8>), KmsError> {
        let outer = Secret::random(random);
        let sealed = self.encrypt(outer.as_slice()).await?;
        Ok(KeyRing::create_with_kms(&self.key, &sealed, outer, random)?)
    }

    /// Opens the ring of this file. None where none of its locks is this key's.
    pub async fn open(&self, file: &[u8]) -> Result<Option<KeyRing>, KmsError> {
        let Some((_, sealed)) = KeyRing::kms(file)?.into_iter().find(|(key, _)| *key == self.key) else {
            return Ok(None);
        };
        let asked = self.client.decrypt().key_id(&self.key).encryption_context(CONTEXT.0, CONTEXT.1);
        // Boxed: what the client holds meanwhile is large.
        let answer = Box::pin(asked.ciphertext_blob(Blob::new(sealed)).send()).await;
        let answer = answer.map_err(|error| trouble(&error))?;
        let outer = answer.plaintext.map(|blob| Zeroizing::new(blob.into_inner())).unwrap_or_default();
        Ok(Some(KeyRing::open_with(file, &outer)?))
    }

    /// A lock on a ring that this key opens, closed by the key as the service has it now.
    pub async fn lock(&self, ring: &KeyRing) -> Result<Lock, KmsError> {
        let sealed = self.encrypt(ring.outer().as_slice()).await?;
        Ok(Lock::kms(&self.key, &sealed))
    }

    async fn encrypt(&self, outer: &[u8]) -> Result<Vec<u8>, KmsError> {
        let asked = self.client.encrypt().key_id(&self.key).encryption_context(CONTEXT.0, CONTEXT.1);
        let answer = Box::pin(asked.plaintext(Blob::new(outer)).send()).await;
        let answer = answer.map_err(|error| trouble(&error))?;
        Ok(answer.ciphertext_blob.map(Blob::into_inner).unwrap_or_default())
    }
}

/// What the service calls a fault of its own, or asks us to try again.
const PASSING: [&str; 6] = [
    "KMSInternalException",
    "DependencyTimeoutException",
    "KeyUnavailableException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
];

fn trouble<E>(error: &SdkError<E>) -> KmsError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match error {
        SdkError::ServiceError(said) if said.raw().status().as_u16() < 500 => {
            let code = said.err().code().unwrap_or("no code");
            let words = format!("{code}: {}", said.err().message().unwrap_or_default());
            if PASSING.contains(&code) { KmsError::Away(words) } else { KmsError::Refused(words) }
        }
        other => KmsError::Away(DisplayErrorContext(other).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    /// Against a local service: the ring opens with its key, another key opens nothing, and a service that is not there says so.
    #[tokio::test]
    #[ignore = "needs TANOD_TEST_S3, a server; script/test runs it"]
    #[expect(clippy::disallowed_methods, reason = "tests learn from the environment which servers were started")]
    async fn a_kms_behaves() {
        let endpoint = std::env::var("TANOD_TEST_S3").unwrap();
        let to = |key: &str, endpoint: &str| KmsKey {
            key: key.to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint.to_owned()),
            access_key: "test".to_owned(),
            secret_key: "test".to_owned(),
            session_token: None,
        };
        let admin = Kms::new(to("none", &endpoint));
        let made = admin.client.create_key().send().await.unwrap().key_metadata.unwrap();
        let kms = Kms::new(to(made.arn().unwrap(), &endpoint));
        let (ring, file) = kms.create(&SystemRandom).await.unwrap();
        let opened = kms.open(&file).await.unwrap().unwrap();
        assert_eq!(*opened.derived("log").unwrap(), *ring.derived("log").unwrap());
        let lock = kms.lock(&ring).await.unwrap();
        let (_, again) = ring.with_lock(lock, &SystemRandom).unwrap();
        assert!(kms.open(&again).await.unwrap().is_some());
        let other = admin.client.create_key().send().await.unwrap().key_metadata.unwrap();
        assert!(Kms::new(to(other.arn().unwrap(), &endpoint)).open(&file).await.unwrap().is_none());
        let nobody = Kms::new(to(made.arn().unwrap(), "http://127.0.0.1:9"));
        assert!(matches!(nobody.open(&file).await, Err(KmsError::Away(_))));
    }
}
