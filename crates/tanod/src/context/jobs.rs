//! Asking the platform, once more at half the time, and telling somebody when nothing comes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Part, State, store};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::plan::App;
use crate::queue::Done;
use crate::refusal::Result;
use crate::store::{CaseId, Recorded, Tx};
use crate::webhooks::{self, Event};

/// Asks what is seen at the addresses of a case's notices.
pub async fn ask_where(app: &App, case: CaseId) -> Result<Done> {
    let mut tx = app.db.write().await?;
    if !webhooks::is_wanted(&mut tx, Event::ContextRequested).await? {
        return Ok(Done::Finished);
    }
    let due = SignedDuration::try_from(app.settings.context.due()).unwrap_or(SignedDuration::MAX);
    let end = tx.now().checked_add(due).unwrap_or(Timestamp::MAX);
    if send(app, &mut tx, case, &[Part::Related], end, 1).await? {
        let detail = json!({"wanted": [Part::Related], "due_at": end});
        let proof = audit::record(&mut tx, Entry::by_tanod("context.requested").case(case).detail(detail)).await?;
        tx.commit(proof).await?;
        app.nudge.notify_waiters();
    }
    Ok(Done::Finished)
}

/// The question, to whoever wants to hear it. False where there is no such case.
async fn send(app: &App, tx: &mut Tx, case: CaseId, wanted: &[Part], due_at: Timestamp, ask: i64) -> Result<bool> {
    let Some(about) = store::about(tx, case).await? else { return Ok(false) };
    let base = app.settings.public_url.trim_end_matches('/');
    let data = json!({
        "case": case, "number": about.number, "account": about.account, "content_ids": about.content_ids,
        "urls": about.urls, "wanted": wanted, "due_at": due_at, "ask": ask,
        "answer": format!("{base}/v1/cases/{case}/context"),
    });
    webhooks::send(tx, Event::ContextRequested, Some(case), &data).await?;
    Ok(true)
}

/// Asks, waits and gives up waiting.
pub async fn ask(app: &App, case: CaseId) -> Result<Done> {
    let mut tx = app.db.write().await?;
    let Some(standing) = store::standing(&mut tx, case).await? else { return Ok(Done::Finished) };
    let now = tx.now();
    let due = app.settings.context.due();
    let at = |after: Duration| {
        let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
        standing.asked_at.checked_add(after).unwrap_or(Timestamp::MAX)
    };
    let until = |time: Timestamp| Duration::try_from(time.duration_since(now)).unwrap_or_default();
    let (half, end) = (at(due / 2), standing.due_at.unwrap_or_else(|| at(due)));
    match standing.state {
        State::NotAsked | State::Received | State::Late => Ok(Done::Finished),
        State::Asked if standing.asks == 0 && !webhooks::is_wanted(&mut tx, Event::ContextRequested).await? => {
            // Nobody would hear the question: what waits for the answer waits for nothing.
            store::set_state(&mut tx, case, State::NotAsked).await?;
            let proof = audit::record(&mut tx, Entry::by_tanod("context.not_asked").case(case)).await?;
            super::over(&mut tx, case).await?;
            tx.commit(proof).await?;
            Ok(Done::Finished)
        }
        State::Asked if standing.asks == 0 || (standing.asks == 1 && now >= half && now < end) => {
            store::asked(&mut tx, case, end).await?;
            if !send(app, &mut tx, case, &Part::ASKED, end, standing.asks + 1).await? {
                return Ok(Done::Finished);
            }
            let detail = json!({"ask": standing.asks + 1, "due_at": end});
            let proof = audit::record(&mut tx, Entry::by_tanod("context.requested").case(case).detail(detail)).await?;
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            Ok(Done::Later(until(if standing.asks == 0 { half } else { end })))
        }
        State::Asked | State::Partial if now < end => Ok(Done::Later(until(end))),
        State::Partial => {
            super::over(&mut tx, case).await?;
            tx.commit(Recorded::unrecorded("what came is on record; that no more is waited for changes nothing of it"))
                .await?;
            app.nudge.notify_waiters();
            Ok(Done::Finished)
        }
        State::Asked => {
            store::set_state(&mut tx, case, State::Late).await?;
            let proof = audit::record(&mut tx, Entry::by_tanod("context.late").case(case)).await?;
            alarms::raise(&mut tx, alarms::Kind::ContextLate, &case.to_string(), Some(case)).await?;
            super::over(&mut tx, case).await?;
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            Ok(Done::Finished)
        }
    }
}
