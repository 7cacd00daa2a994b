//! Asking the platform when an action's turn has come, and again while it does not answer.

use std::time::Duration;

use super::turn::{self, Known};
use super::{ASK_AGAIN, HOURLY, Kind, State, Waits, store};
use crate::context;
use crate::evidence;
use crate::livestream;
use crate::plan::App;
use crate::queue::Done;
use crate::refusal::Result;
use crate::reporting::{self, ReportState};
use crate::store::{ActionId, CaseId, Recorded, Tx};

/// How often it is looked whether a turn has come. What it waits for nudges it as well.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Takes one action as far as it goes now.
pub async fn ask(app: &App, id: ActionId) -> Result<Done> {
    let mut tx = app.db.write().await?;
    let Some(action) = store::action(&mut tx, id).await? else { return Ok(Done::Finished) };
    let now = tx.now();
    match action.state {
        State::Acknowledged | State::Failed | State::Cancelled => return Ok(Done::Finished),
        State::Sent => {
            let wait = if action.requests < HOURLY { ASK_AGAIN } else { Duration::from_hours(24) };
            let passed = action.requested_at.map(|at| Duration::try_from(now.duration_since(at)).unwrap_or_default());
            if let Some(left) = wait.checked_sub(passed.unwrap_or_default()).filter(|left| !left.is_zero()) {
                return Ok(Done::Later(left));
            }
        }
        State::Waiting => {
            let known = known(&mut tx, action.case).await?;
            if let Some(waits) = turn::waits(&action, known) {
                if action.waits_for != Some(waits) {
                    store::set_waits(&mut tx, id, waits).await?;
                    tx.commit(Recorded::unrecorded("what an action waits for is told, not decided")).await?;
                }
                return Ok(Done::Later(soon(&action, waits, now)));
            }
            // What was said of the account since then counts too.
            if action.kind == Kind::Suspend
                && action.permanent
                && super::is_protected(&mut tx, action.case, action.target.account.as_deref()).await?
            {
                if let Some(proof) = super::stop(&mut tx, id, super::PROTECTED.title).await? {
                    tx.commit(proof).await?;
                }
                return Ok(Done::Finished);
            }
        }
    }
    let proof = super::send(&mut tx, &action).await?;
    tx.commit(proof).await?;
    app.nudge.notify_waiters();
    Ok(Done::Later(ASK_AGAIN))
}

/// When it is worth looking again.
fn soon(action: &super::Action, waits: Waits, now: jiff::Timestamp) -> Duration {
    let until = action.delay.as_ref().filter(|_| waits == Waits::Delay).map(|delay| delay.until.duration_since(now));
    let until = until.and_then(|until| Duration::try_from(until).ok());
    // A delay that nobody approves ends sooner than it says.
    until.unwrap_or(LOOK_AGAIN).clamp(LOOK_AGAIN, Duration::from_hours(1))
}

async fn known(tx: &mut Tx, case: CaseId) -> Result<Known> {
    let now = tx.now();
    let held = evidence::is_case_held(tx, case).await?;
    let context = context::standing(tx, case).await?.is_none_or(|standing| standing.is_over(now));
    let reports = reporting::of_case(tx, case).await?;
    let open = |state| matches!(state, ReportState::Waiting | ReportState::Filing | ReportState::Dead);
    let finished = reports.iter().any(|report| report.state == ReportState::Finished);
    let (danger, dismissed) = store::urgency(tx, case).await?;
    let over = dismissed || (finished && !reports.iter().any(|report| open(report.state)));
    let sealed = livestream::is_sealed(tx, case).await?;
    Ok(Known { held, context, sealed, danger, over, now })
}
