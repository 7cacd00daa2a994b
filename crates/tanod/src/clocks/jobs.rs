//! The scheduler's round over the clocks: a deadline that is near or has passed pages, one that is met pages no more.

use super::{Clock, State, facts, store};
use crate::alarms::{self, Kind};
use crate::plan::App;
use crate::refusal::Result;
use crate::store::{CaseId, Recorded, Tx};

/// So many cases are read at a time.
const ROUND: i64 = 500;

/// Looks at every clock that may say something new.
pub async fn watch(app: &App) -> Result<()> {
    let mut after = None;
    loop {
        let mut tx = app.db.read().await?;
        let cases = store::ticking(&mut tx, after, ROUND).await?;
        let Some(last) = cases.last() else { return Ok(()) };
        after = Some(*last);
        let mut speaking = Vec::new();
        for case in cases {
            let clocks = super::of(&app.settings.operator, &facts(&mut tx, case).await?);
            if clocks.iter().any(|clock| clock.state != State::Running) {
                speaking.push((case, clocks));
            }
        }
        drop(tx);
        for (case, clocks) in speaking {
            let mut tx = app.db.write().await?;
            say(&mut tx, case, &clocks).await?;
            tx.commit(said()).await?;
        }
    }
}

/// What lets a round over deadlines be committed.
pub(crate) fn said() -> Recorded {
    Recorded::unrecorded("an alarm that is raised or cleared has its own entry")
}

/// Raises and clears the alarms of a case's clocks. Saying the same twice changes nothing.
async fn say(tx: &mut Tx, case: CaseId, clocks: &[Clock]) -> Result<()> {
    for clock in clocks {
        let subject = format!("{case} {}", clock.id);
        match clock.state {
            State::Running => {}
            State::Near => alarms::raise(tx, Kind::ClockNear, &subject, Some(case)).await?,
            State::Passed => {
                alarms::clear(tx, Kind::ClockNear, &subject).await?;
                alarms::raise(tx, Kind::ClockPassed, &subject, Some(case)).await?;
            }
            State::Met => {
                alarms::clear(tx, Kind::ClockNear, &subject).await?;
                alarms::clear(tx, Kind::ClockPassed, &subject).await?;
            }
        }
    }
    Ok(())
}
