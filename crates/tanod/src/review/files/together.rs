//! One decision on one file, for all accounts that have nothing else: written down for all of them together, however many
//! thousands there are.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::super::decisions::{self, Approval, Decision, Outcome, Particulars};
use super::super::involved::ROLE_UNSET;
use super::super::{Event, NO_INCIDENT_TYPE, WRONG_STATE, second_looks, store as cases};
use super::{Case, FileDecided, FileDecision, State, UNKNOWN_FILE, digest, store};
use crate::accounts::{Caller, Permission};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::config::Settings;
use crate::queue::{self, Work};
use crate::refusal::Result;
use crate::reporting;
use crate::store::{CaseId, PersonId, Recorded, Tx};

/// Decides every open case that rests on one file alone. Nothing is said about viewing: what was seen in one account's copy
/// was not seen in another's (US-15).
pub async fn decide_file(
    tx: &mut Tx,
    caller: &Caller,
    sha256: &str,
    new: &FileDecision,
    settings: &Settings,
) -> Result<(FileDecided, Recorded)> {
    caller.require(Permission::DecideCases)?;
    super::check(new)?;
    let me = caller.person()?;
    let bytes = digest(sha256)?;
    let sha256 = hex::encode(&bytes);
    let now = tx.now();
    let (mut mine, mut left) = (Vec::new(), Vec::new());
    for held in held(tx, &bytes, &sha256).await? {
        let free = held.alone && held.case.state == State::Open && !held_by_another(&held.case, me, now);
        if free { mine.push(held.case) } else { left.push(held.case.id) }
    }
    let ids: Vec<CaseId> = mine.iter().map(|case| case.id).collect();
    let mut entries = Vec::new();
    if let Some(role) = new.role {
        for (case, one) in store::give_roles(tx, &ids, role, me).await? {
            entries.push(Entry::by(caller, "involved.role_set").case(case).about(one).detail(json!({"role": role})));
        }
    }
    if new.outcome == Outcome::Report {
        let kind = new.incident_type.as_deref().ok_or(&NO_INCIDENT_TYPE)?;
        reporting::incident_type(kind).ok_or_else(|| NO_INCIDENT_TYPE.because(format!("not one of them: {kind}")))?;
        if let Some(account) = store::without_role(tx, &ids).await? {
            return Err(ROLE_UNSET.because(account));
        }
    }
    let approval = decisions::approval(tx, me, new.outcome, settings.review.second_approval).await?;
    let decided: Vec<Decision> = ids.iter().map(|case| decision(tx, *case, new, me, approval, &sha256)).collect();
    cases::insert_decisions(tx, &decided).await?;
    store::assign_signals(tx, &decided).await?;
    entries.extend(decided.iter().map(|decision| decisions::entry(caller, decision)));
    audit::record_all(tx, &entries).await?;
    match approval {
        Approval::Asked => move_all(tx, &mine, Event::ApprovalAsked).await?,
        Approval::Alone => {
            move_all(tx, &mine, Event::ApprovalAsked).await?;
            let work: Vec<Work> = decided.iter().map(|one| Work::SettleAloneV1 { decision: one.id }).collect();
            queue::push_all(tx, &work, Duration::from_hours(settings.review.alone_hours)).await?;
            if let Some(first) = decided.first() {
                // One alarm for all of them: nobody is paged a thousand times for one decision.
                alarms::raise(tx, alarms::Kind::ApprovalWaits, &first.waits_as(), None).await?;
            }
        }
        _ => settle_all(tx, &mine, &decided, settings).await?,
    }
    let detail = json!({
        "sha256": sha256, "outcome": new.outcome, "reason": new.reason.trim(), "decided": ids.len(), "left": left.len(),
    });
    let proof = audit::record(tx, Entry::by(caller, "file.decided").detail(detail)).await?;
    Ok((FileDecided { sha256, decided: ids, left }, proof))
}

/// The cases that hold a file, with their rows locked to the end of the transaction: what is read of them stays true.
async fn held(tx: &mut Tx, bytes: &[u8], sha256: &str) -> Result<Vec<store::Held>> {
    store::lock_with_file(tx, bytes).await?;
    let held = store::with_file(tx, bytes, sha256, super::MOST).await?;
    if held.is_empty() && !store::was_held(tx, bytes).await? {
        return Err((&UNKNOWN_FILE).into());
    }
    Ok(held)
}

fn held_by_another(case: &Case, me: PersonId, now: jiff::Timestamp) -> bool {
    case.leased_by.is_some_and(|person| person != me && case.is_leased_by(person, now))
}

fn decision(tx: &Tx, case: CaseId, new: &FileDecision, by: PersonId, approval: Approval, sha256: &str) -> Decision {
    let file_annotations = new.file_annotations.clone();
    Decision {
        id: tx.id(),
        case,
        outcome: new.outcome,
        reason: new.reason.trim().to_owned(),
        incident_type: new.incident_type.clone().filter(|_| new.outcome == Outcome::Report),
        viewed_whole: Vec::new(),
        particulars: Particulars {
            report_annotations: BTreeSet::new(),
            file_annotations,
            file: Some(sha256.to_owned()),
            ..Particulars::default()
        },
        by,
        approval,
        at: tx.now(),
        undone_at: None,
    }
}

/// The same event for many cases; their leases end with it.
async fn move_all(tx: &mut Tx, cases: &[Case], event: Event) -> Result<()> {
    for state in State::ALL {
        let ids: Vec<CaseId> = cases.iter().filter(|case| case.state == state).map(|case| case.id).collect();
        if !ids.is_empty() {
            store::set_state(tx, &ids, state.after(event)?).await?;
        }
    }
    Ok(())
}

/// Carries out decisions that nothing waits for any more.
async fn settle_all(tx: &mut Tx, settled: &[Case], decided: &[Decision], settings: &Settings) -> Result<()> {
    if decided.first().is_some_and(|decision| decision.outcome == Outcome::Report) {
        if let Some(first) = decided.first() {
            second_looks::ask(tx, first).await?;
        }
        move_all(tx, settled, Event::ReportDecided).await?;
        return reporting::intend_all(tx, settled, decided, settings).await;
    }
    // Closed ones go their own ways: holds, copies and users to be told.
    for (case, decision) in settled.iter().zip(decided) {
        decisions::settle(tx, case, decision, settings).await?;
    }
    Ok(())
}

/// The second person's word on a decision that was made for one file.
pub async fn approve_file(
    tx: &mut Tx,
    caller: &Caller,
    sha256: &str,
    yes: bool,
    reason: &str,
    settings: &Settings,
) -> Result<(FileDecided, Recorded)> {
    caller.require(Permission::ApproveDecisions)?;
    if reason.trim().chars().count() < 8 {
        return Err((&super::NO_REASON).into());
    }
    let me = caller.person()?;
    let bytes = digest(sha256)?;
    let sha256 = hex::encode(&bytes);
    let (mut waiting, mut left) = (Vec::new(), Vec::new());
    for held in held(tx, &bytes, &sha256).await?.into_iter().filter(|held| held.case.state == State::Approval) {
        if held.waiting { waiting.push(held.case) } else { left.push(held.case.id) }
    }
    let ids: Vec<CaseId> = waiting.iter().map(|case| case.id).collect();
    let mut decided = store::waiting_for_file(tx, &ids, &sha256).await?;
    decided.sort_by_key(|decision| ids.iter().position(|case| *case == decision.case));
    if decided.len() != waiting.len() {
        return Err(WRONG_STATE.because("one of the cases has more than one decision that waits"));
    }
    if decided.iter().any(|decision| decision.by == me) {
        return Err((&super::SAME_PERSON).into());
    }
    let approval = if yes { Approval::Given } else { Approval::Refused };
    store::settle_approvals(tx, &decided, approval, me, reason.trim()).await?;
    for decision in &mut decided {
        decision.approval = approval;
    }
    let kind = if yes { "decision.approved" } else { "decision.refused" };
    let entry =
        |one: &Decision| Entry::by(caller, kind).case(one.case).about(one.id).detail(json!({"reason": reason.trim()}));
    audit::record_all(tx, &decided.iter().map(entry).collect::<Vec<_>>()).await?;
    if yes {
        settle_all(tx, &waiting, &decided, settings).await?;
    } else {
        store::unassign_signals(tx, &decided).await?;
        move_all(tx, &waiting, Event::ApprovalRefused).await?;
    }
    let detail = json!({"sha256": sha256, "approve": yes, "cases": ids.len()});
    let proof = audit::record(tx, Entry::by(caller, "file.approved").detail(detail)).await?;
    Ok((FileDecided { sha256, decided: ids, left }, proof))
}
