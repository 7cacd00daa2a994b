//! What NCMEC issued for us: sealed by the key ring, one for each environment, never printed.

use exchange::ncmec::Credentials;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::store;
use crate::accounts::Caller;
use crate::audit::{self, Entry};
use crate::clock::Random;
use crate::evidence::Ring;
use crate::refusal::{Error, Result};
use crate::store::{ObjectId, Recorded, Tx};

/// What the sealed ones are bound to.
const SEALED_AS: &str = "credentials";

/// Which of the CyberTipline's environments: credentials of one are worth nothing in another, and never sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// The real one.
    Production,
    /// NCMEC's own for tests.
    Exttest,
    /// A simulator on this machine.
    Simulator,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Plain {
    #[zeroize(skip)]
    environment: Environment,
    username: String,
    password: String,
}

/// Credentials as a row keeps them.
pub(super) struct Sealed {
    pub(super) object: ObjectId,
    pub(super) bytes: Vec<u8>,
    pub(super) wrapped_key: Vec<u8>,
}

/// Keeps credentials sealed. Those of before are written over.
pub async fn keep(
    tx: &mut Tx,
    caller: &Caller,
    environment: Environment,
    credentials: &Credentials,
    ring: &vault::KeyRing,
    random: &Random,
) -> Result<Recorded> {
    let (username, password) = (credentials.username.clone(), credentials.password.to_string());
    let plain = Plain { environment, username, password };
    let plain = serde_json::to_vec(&plain).map_err(|error| Error::internal("writing credentials", error))?;
    let plain = Zeroizing::new(plain);
    let object: ObjectId = tx.id();
    let sealed = vault::seal(&plain, vault::ObjectId(object.0), SEALED_AS, ring, random)
        .map_err(|error| Error::internal("sealing credentials", error))?;
    let sealed = Sealed { object, bytes: sealed.bytes, wrapped_key: sealed.wrapped_key };
    store::keep_credentials(tx, environment, &sealed).await?;
    let detail = serde_json::json!({"environment": environment});
    audit::record(tx, Entry::by(caller, "credentials.changed").detail(detail)).await
}

/// Wraps the key of all credentials anew with the ring's newest. Answers how many there were.
pub async fn rewrap(tx: &mut Tx, ring: &Ring) -> Result<u64> {
    let (random, mut count) = (tx.random().clone(), 0);
    for environment in [Environment::Production, Environment::Exttest, Environment::Simulator] {
        let Some(row) = store::credentials(tx, environment).await? else { continue };
        let wrapped_key = ring.rewrap(&row.wrapped_key, row.object, SEALED_AS, &random).await?;
        store::rewrap_credentials(tx, environment, &Sealed { wrapped_key, ..row }).await?;
        count += 1;
    }
    Ok(count)
}

/// The credentials that are kept for an environment.
pub async fn kept(tx: &mut Tx, environment: Environment, ring: &vault::KeyRing) -> Result<Option<Credentials>> {
    let Some(row) = store::credentials(tx, environment).await? else { return Ok(None) };
    let plain = vault::open(&row.bytes, vault::ObjectId(row.object.0), SEALED_AS, &row.wrapped_key, ring)
        .map_err(|error| Error::internal("opening credentials", error))?;
    let plain = Zeroizing::new(plain);
    let mut plain: Plain =
        serde_json::from_slice(&plain).map_err(|error| Error::internal("reading credentials", error))?;
    // A row that was moved opens, for the same ring sealed it; it is not used for another environment.
    Ok((plain.environment == environment).then(|| Credentials {
        username: std::mem::take(&mut plain.username),
        password: std::mem::take(&mut plain.password).into(),
    }))
}
