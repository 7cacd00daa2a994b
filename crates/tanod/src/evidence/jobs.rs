//! What is done about evidence without anybody asking: time is believed, what is due goes, what was destroyed is tried.

use super::destruction;
use super::{holds, store};
use crate::alarms;
use crate::plan::App;
use crate::queue::Done;
use crate::refusal::{Error, Result};
use crate::store::{CaseId, DestructionId, Recorded};

/// Follows the clock, and lets go what is due.
pub async fn watch(app: &App) -> Result<()> {
    let mut tx = app.db.write().await?;
    let (_, proof) = holds::believe(&mut tx).await?;
    tx.commit(proof).await?;
    let mut tx = app.db.write().await?;
    let proof = crate::accounts::tidy_roster(&mut tx, app.settings.review.most_who_look).await?;
    tx.commit(proof).await?;
    let mut tx = app.db.read().await?;
    let believed = holds::believed_now(&mut tx).await?;
    let cases: Vec<CaseId> = store::worth_a_look(&mut tx, believed).await?;
    let review: Vec<CaseId> = store::to_be_reviewed(&mut tx, believed).await?;
    drop(tx);
    for case in cases {
        let mut tx = app.db.write().await?;
        let proof = destruction::destroy_due(&mut tx, case).await?;
        let proof = proof.unwrap_or(Recorded::unrecorded("a case that went to counsel or came back has its own entry"));
        tx.commit(proof).await?;
        app.nudge.notify_waiters();
    }
    for case in review {
        let mut tx = app.db.write().await?;
        alarms::raise(&mut tx, alarms::Kind::HoldReview, &case.to_string(), Some(case)).await?;
        tx.commit(Recorded::unrecorded("an alarm that is raised or cleared has its own entry")).await?;
    }
    Ok(())
}

/// Deletes a destroyed object and tries every copy that we know of.
pub async fn verify(app: &App, id: DestructionId) -> Result<Done> {
    let mut tx = app.db.read().await?;
    let Some(what) = destruction::destruction(&mut tx, id).await?.filter(|what| what.verified_at.is_none()) else {
        return Ok(Done::Finished);
    };
    drop(tx);
    let object = vault::ObjectId(what.object.0);
    let failed = |error| Error::internal("deleting what was destroyed", error);
    // Where objects lie it stands that this one is gone: a restore of an older database reads it.
    app.vault.objects.bury(object).await.map_err(failed)?;
    app.vault.objects.delete(object).await.map_err(failed)?;
    if app.vault.objects.exists(object).await.map_err(failed)? {
        return Ok(Done::Failed("the object store still gives the object; does it keep versions?".to_owned()));
    }
    let scoured = app.db.scour().await?;
    let traces = destruction::Traces { scoured, archive_days: app.settings.keeping.archive_days };
    let mut tx = app.db.write().await?;
    if let Some(proof) = destruction::certify(&mut tx, &app.signer, traces, id).await? {
        tx.commit(proof).await?;
    }
    Ok(Done::Finished)
}

/// Settles what lies between objects and rows: orphans go, and somebody is paged about each object that is missing.
pub async fn sweep(app: &App) -> Result<super::Swept> {
    let mut tx = app.db.read().await?;
    let swept = super::sweep(&mut tx, &app.vault).await?;
    drop(tx);
    if swept.orphans > 0 {
        tracing::info!(swept = swept.orphans, "deleted sealed objects that no row names");
    }
    if !swept.missing.is_empty() {
        let mut tx = app.db.write().await?;
        let proof = super::tell_missing(&mut tx, &swept.missing).await?;
        tx.commit(proof).await?;
    }
    Ok(swept)
}

/// Lets the recovery recipient that the settings name open the ring, where it does not yet.
pub async fn recovery(app: &App) -> Result<()> {
    let recipient = app.settings.recovery_recipient.trim();
    if recipient.is_empty() || app.vault.ring.now()?.recovery() == Some(recipient) {
        return Ok(());
    }
    let mut tx = app.db.write().await?;
    let proof = super::set_recovery(&mut tx, &app.vault.ring, recipient).await?;
    Ok(tx.commit(proof).await?)
}
