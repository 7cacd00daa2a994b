//! The scheduler's round over the clocks: a deadline that is near or has passed pages, one that is met pages no more.

use std::collections::HashSet;

use super::{Clock, State, facts_of, store};
use crate::alarms::{self, Kind};
use crate::plan::App;
use crate::refusal::Result;
use crate::review;
use crate::store::{CaseId, Recorded, Tx};

/// So many cases are read at a time.
const ROUND: i64 = 500;

/// Looks at every clock that may say something new. Most have nothing new to say: what stands is read beside them, and only what
/// changed is written.
pub async fn watch(app: &App) -> Result<()> {
    let mut after = None;
    loop {
        let mut tx = app.db.read().await?;
        let ticking = store::ticking(&mut tx, after, ROUND).await?;
        let Some(last) = ticking.last() else { return Ok(()) };
        after = Some(last.case);
        let ids: Vec<CaseId> = ticking.iter().map(|one| one.case).collect();
        let mut facts = facts_of(&mut tx, &ids).await?;
        let standing = alarms::standing_on(&mut tx, &ids, &[Kind::ClockNear, Kind::ClockPassed]).await?;
        drop(tx);
        let (mut moved, mut speaking) = (Vec::new(), Vec::new());
        for one in ticking {
            let Some(facts) = facts.remove(&one.case) else { continue };
            let clocks = super::of(&app.settings.operator, &facts);
            let due = super::next(&clocks).map(|clock| clock.due_at);
            if due != one.due_at {
                moved.push((one.case, due));
            }
            if clocks.iter().any(|clock| has_news(one.case, clock, &standing)) {
                speaking.push((one.case, clocks));
            }
        }
        if moved.is_empty() && speaking.is_empty() {
            continue;
        }
        let mut tx = app.db.write().await?;
        review::worklist::due(&mut tx, &moved).await?;
        for (case, clocks) in speaking {
            say(&mut tx, case, &clocks).await?;
        }
        tx.commit(said()).await?;
    }
}

fn subject(case: CaseId, clock: &Clock) -> String {
    format!("{case} {}", clock.id)
}

/// Whether the alarms that stand say something else than the clock does.
fn has_news(case: CaseId, clock: &Clock, standing: &HashSet<(Kind, String)>) -> bool {
    let stands = |kind| standing.contains(&(kind, subject(case, clock)));
    match clock.state {
        State::Running => false,
        State::Near => !stands(Kind::ClockNear),
        State::Passed => stands(Kind::ClockNear) || !stands(Kind::ClockPassed),
        State::Met => stands(Kind::ClockNear) || stands(Kind::ClockPassed),
    }
}

/// What lets a round over deadlines be committed.
pub(crate) fn said() -> Recorded {
    Recorded::unrecorded("an alarm that is raised or cleared has its own entry")
}

/// Raises and clears the alarms of a case's clocks. Saying the same twice changes nothing.
async fn say(tx: &mut Tx, case: CaseId, clocks: &[Clock]) -> Result<()> {
    for clock in clocks {
        let subject = subject(case, clock);
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
