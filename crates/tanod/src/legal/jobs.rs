//! The clock of legal process: near and passed page, as the deadlines of cases do.

use jiff::{SignedDuration, Timestamp};

use super::{Process, store};
use crate::alarms::{self, Kind};
use crate::plan::App;
use crate::refusal::Result;
use crate::store::{LegalProcessId, Recorded};

/// So many that are due soonest are looked at in a round.
const ROUND: i64 = 500;

/// What an alarm about a process names.
pub(super) fn subject(id: LegalProcessId) -> String {
    format!("{id} due")
}

/// What the clock of a process says now: nothing, near or passed. Near is the last quarter of its time, a day at most.
pub(super) fn says(process: &Process, now: Timestamp) -> Option<Kind> {
    let due = process.due_at.filter(|_| process.is_open())?;
    if due <= now {
        return Some(Kind::ClockPassed);
    }
    let quarter = due.duration_since(process.received_at) / 4;
    let near = quarter.min(SignedDuration::from_hours(24));
    (due.duration_since(now) <= near).then_some(Kind::ClockNear)
}

/// Pages about what is due.
pub async fn watch(app: &App) -> Result<()> {
    let mut tx = app.db.read().await?;
    let (now, due) = (tx.now(), store::ticking(&mut tx, ROUND).await?);
    drop(tx);
    let speaking: Vec<_> = due.iter().filter_map(|process| Some((process, says(process, now)?))).collect();
    if speaking.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.write().await?;
    for (process, kind) in speaking {
        if kind == Kind::ClockPassed {
            alarms::clear(&mut tx, Kind::ClockNear, &subject(process.id)).await?;
        }
        alarms::raise(&mut tx, kind, &subject(process.id), process.case).await?;
    }
    tx.commit(Recorded::unrecorded("an alarm that is raised or cleared has its own entry")).await?;
    Ok(())
}
