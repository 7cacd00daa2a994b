//! What of a case its clocks depend on, read from where it is kept.

use std::collections::HashMap;

use super::{Clock, ClockFacts, FiledWith, store};
use crate::accounts::{Caller, Permission};
use crate::operator::Operator;
use crate::refusal::Result;
use crate::review::UNKNOWN_CASE;
use crate::store::{CaseId, Tx};

/// The facts of a case, now.
pub async fn facts(tx: &mut Tx, case: CaseId) -> Result<ClockFacts> {
    facts_of(tx, &[case]).await?.remove(&case).ok_or_else(|| (&UNKNOWN_CASE).into())
}

/// The facts of many cases, now: a few questions for all of them.
pub async fn facts_of(tx: &mut Tx, cases: &[CaseId]) -> Result<HashMap<CaseId, ClockFacts>> {
    let mut all = HashMap::new();
    for (case, kept) in store::cases(tx, cases).await? {
        let plain = ClockFacts::plain(tx.now(), kept.knowledge_at, kept.danger);
        all.insert(case, ClockFacts { closed_at: kept.closed_at, signals: Vec::new(), ..plain });
    }
    for (case, told) in store::notices(tx, cases).await? {
        let Some(facts) = all.get_mut(&case) else { continue };
        let first = facts.notice_at.is_none_or(|at| told.at < at);
        if told.names_content && first {
            facts.notice_at = Some(told.at);
        }
        facts.intimate_adult |= told.intimate_adult;
        facts.authority |= told.authority;
    }
    for (case, kind, at) in store::acknowledged(tx, cases).await? {
        let Some(facts) = all.get_mut(&case).filter(|_| kind.restricts()) else { continue };
        facts.restricted_at = facts.restricted_at.into_iter().chain(at).min();
    }
    for (case, at) in store::decided(tx, cases).await? {
        let Some(facts) = all.get_mut(&case) else { continue };
        facts.decided_at = Some(at);
    }
    for (case, at, by_hand) in store::finished(tx, cases).await? {
        let Some(facts) = all.get_mut(&case) else { continue };
        facts.finished_at = Some(facts.finished_at.map_or(at, |before| before.min(at)));
        facts.filed.extend(by_hand.map(|(authority, covers)| FiledWith { authority, at, covers }));
    }
    for (case, filed) in store::filings(tx, cases).await? {
        let Some(facts) = all.get_mut(&case) else { continue };
        facts.filed.push(filed);
    }
    for (case, at) in store::signals(tx, cases).await? {
        let Some(facts) = all.get_mut(&case) else { continue };
        facts.signals.push(at);
    }
    // What came after a report, or beside one that is stuck, was not reported by it: for that the time runs anew (US-07).
    let reported: Vec<CaseId> =
        all.iter().filter(|(_, facts)| facts.finished_at.is_some()).map(|(case, _)| *case).collect();
    for (case, at) in store::unsettled(tx, &reported).await? {
        let Some(facts) = all.get_mut(&case) else { continue };
        (facts.knowledge_at, facts.finished_at) = (at, None);
    }
    Ok(all)
}

/// The clocks of a case, the next deadline first.
pub async fn of_case(tx: &mut Tx, caller: &Caller, operator: &Operator, case: CaseId) -> Result<Vec<Clock>> {
    caller.require(Permission::ReadCases)?;
    Ok(super::of(operator, &facts(tx, case).await?))
}
