//! What happens to a case when a time has come: a decision made alone is carried out, an appeal window ends.

use super::{State, store};
use crate::context;
use crate::evidence;
use crate::intake;
use crate::plan::App;
use crate::queue::Done;
use crate::refusal::Result;
use crate::store::{CaseId, DecisionId};

/// Carries out a decision whose delay is over.
pub async fn settle_alone(app: &App, id: DecisionId) -> Result<Done> {
    let mut tx = app.db.write().await?;
    if let Some(proof) = super::settle_alone(&mut tx, id, &app.settings).await? {
        tx.commit(proof).await?;
        app.nudge.notify_waiters();
    }
    Ok(Done::Finished)
}

/// The appeal window of a dismissed case is over: its hold ends, and its sealed copies go.
pub async fn end_appeal(app: &App, id: CaseId) -> Result<Done> {
    let mut tx = app.db.write().await?;
    let Some(case) = store::locked(&mut tx, id).await? else { return Ok(Done::Finished) };
    if case.state != State::Dismissed {
        return Ok(Done::Finished);
    }
    let Some(proof) = evidence::end_appeal(&mut tx, id).await? else {
        // Closed a second time meanwhile: the window is the newer one's.
        let left = evidence::appeal_left(&mut tx, id).await?;
        return Ok(left.map_or(Done::Finished, Done::Later));
    };
    if evidence::is_case_held(&mut tx, id).await? {
        // A report was filed all the same: its year goes on.
        tx.commit(proof).await?;
        return Ok(Done::Finished);
    }
    for signal in store::signals(&mut tx, id).await? {
        if let Some(item) = signal.item {
            intake::let_go(&mut tx, item).await?;
        }
    }
    context::destroy(&mut tx, id).await?;
    tx.commit(proof).await?;
    app.nudge.notify_waiters();
    Ok(Done::Finished)
}
