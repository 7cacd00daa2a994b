//! The scheduler's round over requests: nobody's 48 hours pass in silence.

use super::{store, subject};
use crate::alarms;
use crate::clocks;
use crate::plan::App;
use crate::refusal::Result;

/// A request whose time is nearly over or has passed pages.
pub async fn watch(app: &App) -> Result<()> {
    let mut tx = app.db.read().await?;
    let now = tx.now();
    let mut speaking = Vec::new();
    for id in store::running(&mut tx).await? {
        if let Some(kept) = store::find(&mut tx, id).await?.filter(|kept| kept.clock(now) != clocks::State::Running) {
            speaking.push((id, kept.clock(now)));
        }
    }
    drop(tx);
    for (id, clock) in speaking {
        let mut tx = app.db.write().await?;
        if clock == clocks::State::Passed {
            alarms::clear(&mut tx, alarms::Kind::ClockNear, &subject(id)).await?;
            alarms::raise(&mut tx, alarms::Kind::ClockPassed, &subject(id), None).await?;
        } else {
            alarms::raise(&mut tx, alarms::Kind::ClockNear, &subject(id), None).await?;
        }
        tx.commit(clocks::jobs::said()).await?;
    }
    Ok(())
}
