//! `/v1/cases/{case}/context`: what the platform answers, and what is known by it.

use axum::extract::{Path, State as Shared};
use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{Answer as Given, Context, Standing, Version};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::review::UNKNOWN_CASE;
use crate::store::{CaseId, ObjectId, new_uuid};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer};

/// The longest answer that is taken, in bytes.
pub const MOST_BYTES: usize = 8 << 20;

/// An answer as it is kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Kept {
    case: CaseId,
    #[serde(flatten)]
    version: Version,
    /// How far you have answered.
    context: Option<Standing>,
}

/// Say what you know around a case. Each part replaces what you said of it before; every answer is kept, sealed. The same
/// body again changes nothing.
#[utoipa::path(put, path = "/v1/cases/{case}/context", tag = "context", params(("case" = String, Path)),
    request_body = Context, responses((status = 200, body = Kept), (status = "default", body = ProblemBody)))]
pub async fn take(Shared(app): Shared<App>, caller: Caller, Path(case): Path<String>, body: Bytes) -> Answer {
    caller.require(Permission::WriteContext)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let context = Context::read(&body)?;
    let sha256: [u8; 32] = Sha256::digest(&body).into();
    let mut tx = app.db.read().await.map_err(Error::from)?;
    super::wanted(&mut tx, &caller, id).await?;
    if let Some(version) = super::is_newest(&mut tx, id, &sha256).await? {
        return web::ok(&Kept { case: id, version, context: super::standing(&mut tx, id).await? });
    }
    drop(tx);
    // Media before row: what is sealed and never named is swept up.
    let object = ObjectId(new_uuid(app.db.clock().now(), app.db.random()));
    let sealed = app.vault.seal_as(object, &body, super::SEALED_AS).await?;
    let given = Given { context, sha256, sealed };
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (version, proof) = super::take(&mut tx, &caller, id, &given).await?;
    let context = super::standing(&mut tx, id).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    app.nudge.notify_waiters();
    web::ok(&Kept { case: id, version, context })
}

/// What is known around a case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AllOfIt {
    /// How far the platform has answered.
    standing: Option<Standing>,
    /// Its answers, oldest first.
    versions: Vec<Version>,
    /// Of each part the newest.
    known: Context,
}

/// What the platform said around a case. Reading it is on record.
#[utoipa::path(get, path = "/v1/cases/{case}/context", tag = "context", params(("case" = String, Path)),
    responses((status = 200, body = AllOfIt), (status = "default", body = ProblemBody)))]
pub async fn show(Shared(app): Shared<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    crate::review::find(&mut tx, &caller, id).await?;
    let (known, proof) = super::read(&mut tx, &caller, id).await?;
    let versions = super::versions(&mut tx, &caller, id).await?;
    let standing = super::standing(&mut tx, id).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&AllOfIt { standing, versions, known })
}
