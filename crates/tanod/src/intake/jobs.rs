//! A second look at what could not be looked at, and the end of what stayed so.

use std::time::Duration;

use crate::evidence;
use crate::matching::Verdict;
use crate::plan::App;
use crate::queue::Done;
use crate::refusal::{Error, Result};
use crate::store::ItemId;

/// How long until the next try.
const AGAIN: Duration = Duration::from_mins(10);

/// Looks again at an unscanned upload.
pub async fn retry(app: &App, id: ItemId) -> Result<Done> {
    let mut tx = app.db.read().await?;
    let item = super::find(&mut tx, id).await?;
    if item.verdict != Verdict::Unscanned {
        return Ok(Done::Finished);
    }
    let exhibit = match evidence::exhibit(&mut tx, id).await {
        Ok(exhibit) => exhibit,
        // It has expired: there is nothing left to look at.
        Err(error) if error.slug() == Some(evidence::NOT_KEPT.slug) => return Ok(Done::Finished),
        Err(error) => return Err(error),
    };
    drop(tx);
    let media = app.vault.open(&exhibit).await?;
    let now = app.db.clock().now();
    if app.lists.with(|lists| lists.ready(now)).is_err() {
        return Ok(Done::Later(AGAIN));
    }
    let (prints, judgement) = super::judge(app, &media).await;
    if judgement.verdict == Verdict::Unscanned {
        return Ok(Done::Later(AGAIN));
    }
    let exif = if judgement.makes_case() { app.pool.exif(media).await.ok() } else { None };
    let mut tx = app.db.write().await?;
    if let Some(exif) = &exif {
        evidence::note_exif(&mut tx, id, exif).await?;
    }
    if let Some(proof) = super::rejudge(&mut tx, &item, &prints, &judgement, app.settings.review.viral_accounts).await?
    {
        tx.commit(proof).await?;
        app.nudge.notify_waiters();
    }
    Ok(Done::Finished)
}

/// Lets the sealed media of an upload go when its time has come: the key first, then the object.
pub async fn expire(app: &App, id: ItemId) -> Result<Done> {
    let mut tx = app.db.write().await?;
    let Some((object, proof)) = evidence::destroy_expired(&mut tx, id).await? else { return Ok(Done::Finished) };
    tx.commit(proof).await?;
    // Should this fail, the sweeper finds an object that no row names.
    let deleted = app.vault.objects.delete(vault::ObjectId(object.0)).await;
    deleted.map_err(|error| Error::internal("deleting an expired object", error))?;
    Ok(Done::Finished)
}
