//! What of a case its clocks depend on, read from where it is kept.

use super::{Clock, ClockFacts, FiledWith, store};
use crate::accounts::{Caller, Permission};
use crate::actions::{self, Action};
use crate::operator::Operator;
use crate::refusal::Result;
use crate::reporting::{self, ReportState, filings};
use crate::review::UNKNOWN_CASE;
use crate::store::{CaseId, Tx};

/// The facts of a case, now.
pub async fn facts(tx: &mut Tx, case: CaseId) -> Result<ClockFacts> {
    let kept = store::case(tx, case).await?.ok_or(&UNKNOWN_CASE)?;
    let told = store::notices(tx, case).await?;
    let reports = reporting::of_case(tx, case).await?;
    let actions = actions::of_case(tx, case).await?;
    let restricted = |action: &Action| action.kind.restricts() && action.state == actions::State::Acknowledged;
    let finished = reports.iter().filter(|report| report.state == ReportState::Finished);
    let finished_at = finished.filter_map(|report| report.finished_at).min();
    // What came after a report, or beside one that is stuck, was not reported by it: for that the time runs anew (US-07).
    let unsettled = store::unsettled_since(tx, case).await?.filter(|_| finished_at.is_some());
    let by_hand = reports.iter().filter_map(|report| {
        let told = report.elsewhere.as_ref()?;
        Some(FiledWith { authority: told.authority.clone(), at: report.finished_at?, covers: report.created_at })
    });
    let beside = filings::of_case(tx, case).await?.into_iter();
    let beside = beside.map(|told| FiledWith {
        authority: told.elsewhere.authority,
        at: told.elsewhere.at,
        covers: told.written_at,
    });
    Ok(ClockFacts {
        now: tx.now(),
        knowledge_at: unsettled.unwrap_or(kept.knowledge_at),
        notice_at: told.iter().filter(|told| told.names_content).map(|told| told.at).min(),
        restricted_at: actions.iter().filter(|action| restricted(action)).filter_map(|action| action.settled_at).min(),
        decided_at: store::decided_at(tx, case).await?,
        finished_at: finished_at.filter(|_| unsettled.is_none()),
        first_known_at: kept.knowledge_at,
        signals: store::signals(tx, case).await?,
        filed: by_hand.chain(beside).collect(),
        closed_at: kept.closed_at,
        danger: kept.danger,
        intimate_adult: told.iter().any(|told| told.intimate_adult),
        authority: told.iter().any(|told| told.authority),
    })
}

/// The clocks of a case, the next deadline first.
pub async fn of_case(tx: &mut Tx, caller: &Caller, operator: &Operator, case: CaseId) -> Result<Vec<Clock>> {
    caller.require(Permission::ReadCases)?;
    Ok(super::of(operator, &facts(tx, case).await?))
}
