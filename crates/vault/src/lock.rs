//! The ways into a key ring: each lock holds the ring's outer key, closed for one who may open it.

use age::secrecy::{ExposeSecret as _, SecretString};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::ring::{KEY, decrypt, derive};
use crate::{KeyRingError, LEAST_SECRET, Secret};

/// What derived keys are used for, in the second version.
const LOCK: &[u8] = b"tanod key ring lock";
/// scrypt's work, as the logarithm of its rounds: 4 MiB and some milliseconds. The secret that we make has 256 random bits and
/// needs no stretching; one that somebody chose gets some.
const WORK: u8 = 12;
/// More work than this is refused: a bent file must not keep us busy.
const MOST_WORK: u8 = 16;

/// A way into a ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "opens_with", rename_all = "snake_case", deny_unknown_fields)]
pub enum Lock {
    /// The secret.
    #[serde(rename = "age_secret")]
    Secret {
        /// The outer key, as age encrypted it to this passphrase.
        sealed: String,
    },
    /// The identity of the recovery recipient, used where the secret is lost.
    #[serde(rename = "age_recovery")]
    Recovery {
        /// The public half.
        recipient: String,
        /// The outer key, as age encrypted it to the recipient.
        sealed: String,
    },
    /// A key of a key management service, named as that service names it.
    Kms {
        /// Which key.
        key: String,
        /// The outer key, as the service encrypted it.
        sealed: String,
    },
    /// The secret, in a file of the second version.
    #[serde(rename = "secret")]
    EarlierSecret {
        /// What its key is derived with.
        salt: String,
        /// The outer key.
        sealed: String,
    },
    /// A recovery code, as the second version had it. It stays until there is a recovery recipient.
    #[serde(rename = "recovery")]
    EarlierCode {
        /// What its key is derived with.
        salt: String,
        /// The outer key.
        sealed: String,
    },
}

/// What a lock is for; a ring has one of each, but may ask several keys of a service.
#[derive(PartialEq, Eq)]
pub(crate) enum Way {
    Secret,
    Recovery,
    Kms,
}

impl Lock {
    /// A lock that a service's key opens.
    pub(crate) fn kms(key: &str, sealed: &[u8]) -> Self {
        Self::Kms { key: key.to_owned(), sealed: BASE64.encode(sealed) }
    }

    pub(crate) fn way(&self) -> Way {
        match self {
            Self::Secret { .. } | Self::EarlierSecret { .. } => Way::Secret,
            Self::Recovery { .. } | Self::EarlierCode { .. } => Way::Recovery,
            Self::Kms { .. } => Way::Kms,
        }
    }

    pub(crate) fn line(&self) -> String {
        match self {
            Self::Secret { sealed } => format!("age_secret {sealed}"),
            Self::Recovery { recipient, sealed } => format!("age_recovery {recipient} {sealed}"),
            Self::Kms { key, sealed } => format!("kms {key} {sealed}"),
            Self::EarlierSecret { salt, sealed } => format!("secret {salt} {sealed}"),
            Self::EarlierCode { salt, sealed } => format!("recovery {salt} {sealed}"),
        }
    }

    pub(crate) fn with_secret(outer: &Secret<KEY>, secret: &[u8]) -> Result<Self, KeyRingError> {
        if secret.len() < LEAST_SECRET {
            return Err(KeyRingError::ShortSecret);
        }
        let mut to = age::scrypt::Recipient::new(passphrase(secret)?);
        to.set_work_factor(WORK);
        Ok(Self::Secret { sealed: sealed_to(&to, outer)? })
    }

    pub(crate) fn with_recovery(outer: &Secret<KEY>, recipient: &str) -> Result<Self, KeyRingError> {
        let to: age::x25519::Recipient = recipient.trim().parse().map_err(|_| KeyRingError::BadRecipient)?;
        Ok(Self::Recovery { sealed: sealed_to(&to, outer)?, recipient: to.to_string() })
    }

    /// The outer key, where this secret, identity or code gives it.
    pub(crate) fn opened(&self, secret: &[u8]) -> Option<Secret<KEY>> {
        match self {
            Self::Secret { sealed } => {
                let mut of = age::scrypt::Identity::new(passphrase(secret).ok()?);
                of.set_max_work_factor(MOST_WORK);
                opened_by(&of, sealed)
            }
            Self::Recovery { sealed, .. } => {
                let identity: age::x25519::Identity = std::str::from_utf8(secret).ok()?.trim().parse().ok()?;
                opened_by(&identity, sealed)
            }
            Self::Kms { .. } => None,
            Self::EarlierSecret { salt, sealed } | Self::EarlierCode { salt, sealed } => {
                let key = derive(secret, &BASE64.decode(salt).ok()?, LOCK).ok()?;
                decrypt(&key, &BASE64.decode(sealed).ok()?, LOCK)
            }
        }
    }
}

fn passphrase(secret: &[u8]) -> Result<SecretString, KeyRingError> {
    std::str::from_utf8(secret).map(SecretString::from).map_err(|_| KeyRingError::WrongSecret)
}

fn sealed_to(to: &impl age::Recipient, outer: &Secret<KEY>) -> Result<String, KeyRingError> {
    age::encrypt(to, outer.as_slice()).map(|file| BASE64.encode(file)).map_err(|_| KeyRingError::Damaged)
}

fn opened_by(identity: &impl age::Identity, sealed: &str) -> Option<Secret<KEY>> {
    let outer = Zeroizing::new(age::decrypt(identity, &BASE64.decode(sealed).ok()?).ok()?);
    Secret::copied(&outer)
}

/// Whether this is a public key of age that a ring can be closed for.
pub fn is_recipient(text: &str) -> bool {
    text.parse::<age::x25519::Recipient>().is_ok()
}

/// A new recovery identity and the recipient that belongs to it, as age writes them. Only the recipient is ever kept.
pub fn recovery_identity() -> (Zeroizing<String>, String) {
    let identity = age::x25519::Identity::generate();
    (Zeroizing::new(identity.to_string().expose_secret().to_owned()), identity.to_public().to_string())
}
