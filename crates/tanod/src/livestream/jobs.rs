//! Sealing who took part in a stream, as soon as somebody says something of it, a moment later, and at its end.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::{State, store};
use crate::context::{self, Context};
use crate::plan::App;
use crate::queue::Done;
use crate::refusal::{Error, Result};
use crate::store::{ObjectId, StreamSignalId, new_uuid};

/// Seals who takes part. Killed anywhere, it seals once more rather than not at all.
pub async fn seal(app: &App, id: StreamSignalId) -> Result<Done> {
    let again = Duration::from_secs(u64::from(app.settings.live.again_seconds.max(1)));
    let mut tx = app.db.read().await?;
    let Some((signal, stream)) = store::signal(&mut tx, id).await? else { return Ok(Done::Finished) };
    let closed = context::is_closed(&mut tx, signal.case).await?;
    // Everything since then is in what was sealed after the end.
    let last = stream.ended_at.map(|end| end.max(stream.stirred_at));
    let whole = last.is_some_and(|last| signal.sealed_at.is_some_and(|sealed| sealed > last));
    if closed || whole || stream.forgotten_at.is_some() {
        return Ok(Done::Finished);
    }
    let snapshot = super::snapshot(&mut tx, &stream).await?;
    drop(tx);
    let context = Context { streams: Some(vec![snapshot.clone()]), ..Context::default() };
    let body = serde_json::to_vec(&context).map_err(|error| Error::internal("writing a snapshot", error))?;
    let object = ObjectId(new_uuid(app.db.clock().now(), app.db.random()));
    let sha256 = Sha256::digest(&body).into();
    let sealed = app.vault.seal_as(object, &body.into(), context::SEALED_AS).await?;
    let answer = context::Answer { context, sha256, sealed };
    let mut tx = app.db.write().await?;
    if let Some(proof) = super::keep_snapshot(&mut tx, &signal, &snapshot, &answer).await? {
        tx.commit(proof).await?;
        app.nudge.notify_waiters();
    }
    let first = signal.snapshots == 0 && stream.state == State::Live;
    Ok(if first { Done::Later(again) } else { Done::Finished })
}

/// Lets go of what no signal asks to keep.
pub async fn watch(app: &App) -> Result<()> {
    let mut tx = app.db.write().await?;
    if let Some(proof) = super::forget(&mut tx, &app.settings.live).await? {
        tx.commit(proof).await?;
    }
    Ok(())
}
