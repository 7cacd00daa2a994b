//! A wrong decision is undone in one press, with everything that rested on it; a bad list likewise.
//!
//! A finished report cannot be taken back, and nothing here pretends so: whoever received it must be told by letter or
//! call, and until somebody has done it that stays open (HR-09).

mod store;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::decisions::{self, Decision, Outcome};
use super::store as cases;
use super::{Case, Event, NO_REASON, State, UNKNOWN_CASE, WRONG_STATE, move_to, undecided};
use crate::accounts::{Caller, Permission};
use crate::actions;
use crate::alarms;
use crate::audit::{self, Entry};
use crate::banks;
use crate::config::Settings;
use crate::evidence;
use crate::intake;
use crate::matching::Strength;
use crate::refusal::{Kind, Result};
use crate::reporting::{self, TakenBack};
use crate::store::{BankId, CaseId, CorrectionId, DecisionId, ItemId, PersonId, Recorded, ReportId, ToldId, Tx};
use crate::webhooks;

/// An id that leads nowhere in this case.
pub static UNKNOWN_DECISION: Kind = Kind::new(
    404,
    "unknown-decision",
    "There is no such decision in this case.",
    "The case's page lists its decisions.",
)
.program("GET /v1/cases/{case} lists them.");
/// An id that leads nowhere.
pub static UNKNOWN_TOLD: Kind = Kind::new(
    404,
    "unknown-correction",
    "There is nobody who waits to be told under this id.",
    "The case's page says who must still be told.",
)
.program("GET /v1/corrections lists them all.");
/// Once is enough.
pub static UNDONE_BEFORE: Kind = Kind::new(
    409,
    "undone-before",
    "This was undone, or told, before.",
    "Read the case again: its corrections stand there, with who did what and when.",
);

/// Why a decision was wrong.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCorrection {
    /// Which decision.
    pub decision: DecisionId,
    /// Why it was wrong, in a sentence.
    pub reason: String,
    /// Whether the files go to the exception bank, so that they do not match again.
    #[serde(default = "yes")]
    pub exception: bool,
}

fn yes() -> bool {
    true
}

/// Whether somebody has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToldState {
    /// Not yet: a person must.
    Open,
    /// Told.
    Told,
    /// Nothing to tell: it was taken back before it was filed.
    TakenBack,
}

/// Somebody who received what was wrong.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Told {
    /// Its id.
    pub id: ToldId,
    /// Which report they received; absent where they received a hash in a list.
    pub report: Option<ReportId>,
    /// Who.
    pub whom: String,
    /// Whether they know.
    pub state: ToldState,
    /// How they were told: letter, call, message.
    pub means: Option<String>,
    /// What was said, and their reference.
    pub words: Option<String>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub told_at: Option<Timestamp>,
    /// By whom.
    pub by: Option<PersonId>,
}

/// The undoing of a wrong decision.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Correction {
    /// Its id.
    pub id: CorrectionId,
    /// In which case; absent where a list as a whole was wrong.
    pub case: Option<CaseId>,
    /// Of which decision.
    pub decision: Option<DecisionId>,
    /// Because of which list.
    pub bank: Option<BankId>,
    /// Why it was wrong.
    pub reason: String,
    /// Who said so.
    pub by: PersonId,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// Who received what was wrong.
    pub told: Vec<Told>,
    /// Other cases that rested on it and wait for a decision again; said once, in the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reopened: Vec<CaseId>,
}

/// The corrections of a case.
pub(super) async fn of(tx: &mut Tx, case: CaseId) -> Result<Vec<Correction>> {
    store::corrections(tx, case).await
}

/// Undoes a wrong decision: reports are taken back where that is possible, whoever received one is to be told, the files go
/// to the exception bank, and every other decision that rested on one of them is open again.
pub async fn correct(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    new: &NewCorrection,
    settings: &Settings,
) -> Result<(Correction, Recorded)> {
    caller.require(Permission::ApproveDecisions)?;
    if new.reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    let case = cases::locked(tx, id).await?.ok_or(&UNKNOWN_CASE)?;
    let decision = cases::decision(tx, new.decision).await?.filter(|decision| decision.case == id);
    let decision = decision.ok_or(&UNKNOWN_DECISION)?;
    if decision.undone_at.is_some() {
        return Err((&UNDONE_BEFORE).into());
    }
    if case.state == State::Approval {
        return Err(WRONG_STATE.because("a decision waits for a second person: refuse it instead"));
    }
    let by = caller.person()?;
    let items = items_of(tx, id, decision.id).await?;
    let mut correction = Correction {
        id: tx.id(),
        case: Some(id),
        decision: Some(decision.id),
        bank: None,
        reason: new.reason.trim().to_owned(),
        by,
        at: tx.now(),
        told: Vec::new(),
        reopened: Vec::new(),
    };
    cases::undo(tx, decision.id, by, new.reason.trim()).await?;
    if matches!(decision.outcome, Outcome::Report | Outcome::AlreadyReported) {
        correction.told = take_back(tx, &decision).await?;
        for item in &items {
            let item = intake::find(tx, *item).await?;
            for whom in banks::receivers_of(tx, &item).await? {
                if correction.told.iter().all(|told| told.whom != whom) {
                    correction.told.push(to_tell(tx, None, whom, ToldState::Open));
                }
            }
        }
        store::insert_correction(tx, &correction).await?;
        if new.exception {
            except(tx, caller, &items).await?;
        }
        actions::undo_all(tx, id, &correction.reason).await.map(drop)?;
        correction.reopened = reopen_what_rested_on(tx, caller, id, &items, &correction).await?;
        found_wrong(tx, &case, settings).await?;
    } else {
        store::insert_correction(tx, &correction).await?;
        reopen(tx, &case, &decision).await?;
    }
    let detail = serde_json::json!({
        "decision": decision.id, "outcome": decision.outcome, "reason": correction.reason, "exception": new.exception,
        "to_tell": correction.told.len(), "reopened": correction.reopened,
    });
    let said = serde_json::json!({"case": id, "correction": correction.id, "outcome": decision.outcome});
    webhooks::send(tx, webhooks::Event::DecisionCorrected, Some(id), &said).await?;
    let entry = Entry::by(caller, "decision.corrected").case(id).about(correction.id).detail(detail);
    let proof = audit::record(tx, entry).await?;
    Ok((correction, proof))
}

/// The decision to report was wrong: the case is closed, or open where something else waits. What a finished report holds
/// in place stays for its year; else the sealed copies go after the appeal window.
async fn found_wrong(tx: &mut Tx, case: &Case, settings: &Settings) -> Result<()> {
    if !matches!(case.state, State::Reporting | State::Reported) {
        return Ok(());
    }
    if undecided(tx, case.id).await? {
        return move_to(tx, case, Event::FoundWrongWithMore).await;
    }
    move_to(tx, case, Event::FoundWrong).await?;
    decisions::begin_appeal(tx, case.id, settings.review.appeal_days).await
}

async fn items_of(tx: &mut Tx, case: CaseId, decision: DecisionId) -> Result<Vec<ItemId>> {
    let signals = cases::signals(tx, case).await?.into_iter();
    Ok(signals.filter(|signal| signal.decision == Some(decision)).filter_map(|signal| signal.item).collect())
}

/// Takes the decision's reports back where that is still possible, and says who must be told about the others.
async fn take_back(tx: &mut Tx, decision: &Decision) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    for report in reporting::of_case(tx, decision.case).await? {
        if report.decision != decision.id {
            continue;
        }
        let state = match reporting::take_back(tx, &report).await? {
            TakenBack::Filed => ToldState::Open,
            TakenBack::Now | TakenBack::UnderWay => ToldState::TakenBack,
        };
        told.push(to_tell(tx, Some(report.id), report.whom(), state));
    }
    Ok(told)
}

fn to_tell(tx: &mut Tx, report: Option<ReportId>, whom: String, state: ToldState) -> Told {
    Told { id: tx.id(), report, whom, state, means: None, words: None, told_at: None, by: None }
}

/// A file that a person found harmless does not match by itself again: its digest goes to the exception bank, and exact
/// entries that named it are switched off here.
async fn except(tx: &mut Tx, caller: &Caller, items: &[ItemId]) -> Result<()> {
    for id in items {
        let item = intake::find(tx, *id).await?;
        let provenance = format!("correction of {id}");
        banks::except(tx, caller, &item.digests.sha256, &provenance).await?;
        // Whoever was sent this hash, by us or through us, must drop it (HR-09).
        let said = serde_json::json!({
            "md5": hex::encode(item.digests.md5), "sha1": hex::encode(item.digests.sha1),
            "sha256": hex::encode(item.digests.sha256),
        });
        webhooks::send(tx, webhooks::Event::HashWithdrawn, None, &said).await?;
        for hit in intake::matches(tx, *id).await? {
            if hit.strength == Strength::Exact {
                banks::switch_off(tx, caller, hit.bank, hit.entry).await?;
            }
        }
    }
    Ok(())
}

/// Opens every other decision that rested on a copy of one of these files.
async fn reopen_what_rested_on(
    tx: &mut Tx,
    caller: &Caller,
    not: CaseId,
    items: &[ItemId],
    correction: &Correction,
) -> Result<Vec<CaseId>> {
    let mut reopened = Vec::new();
    for id in items {
        let sha256 = intake::find(tx, *id).await?.digests.sha256;
        for decision in store::decisions_on_file(tx, &sha256).await? {
            if decision.case == not || reopened.contains(&decision.case) {
                continue;
            }
            let because = format!("what it rested on was found wrong in {}", correction.id);
            reopen_by(tx, caller, &decision, None, &because).await?;
            reopened.push(decision.case);
        }
    }
    Ok(reopened)
}

/// Undoes one decision that rested on something wrong, with a correction of its own, and opens its case.
async fn reopen_by(
    tx: &mut Tx,
    caller: &Caller,
    decision: &Decision,
    bank: Option<BankId>,
    because: &str,
) -> Result<()> {
    let Some(case) = cases::locked(tx, decision.case).await? else { return Ok(()) };
    let by = caller.person()?;
    cases::undo(tx, decision.id, by, because).await?;
    let reported = matches!(decision.outcome, Outcome::Report | Outcome::AlreadyReported);
    let told = if reported { take_back(tx, decision).await? } else { Vec::new() };
    let correction = Correction {
        id: tx.id(),
        case: Some(case.id),
        decision: Some(decision.id),
        bank,
        reason: because.to_owned(),
        by,
        at: tx.now(),
        told,
        reopened: Vec::new(),
    };
    store::insert_correction(tx, &correction).await?;
    if reported {
        actions::undo_all(tx, case.id, because).await.map(drop)?;
    }
    reopen(tx, &case, decision).await?;
    let detail = serde_json::json!({"decision": decision.id, "reason": because, "bank": bank});
    let entry = Entry::by(caller, "case.reopened").case(case.id).about(correction.id).detail(detail);
    audit::record(tx, entry).await.map(drop)
}

/// What a decision had settled waits for another. Where the account has a newer case meanwhile, it waits there: an account
/// has one case at a time.
async fn reopen(tx: &mut Tx, case: &Case, decision: &Decision) -> Result<()> {
    let newer = match (&case.account, case.state) {
        (Some(account), State::Dismissed) => cases::of_account(tx, account).await?,
        _ => None,
    };
    if let Some(newer) = newer {
        cases::move_signals(tx, decision.id, newer.id).await?;
        evidence::hold_pending(tx, newer.id, tx.now()).await?;
        return move_to(tx, &newer, Event::Signal).await;
    }
    cases::unassign_signals(tx, decision.id).await?;
    evidence::hold_pending(tx, case.id, tx.now()).await?;
    let event = match case.state {
        // Another decision waits for its second person, or another report is on its way: that is finished first.
        State::Approval if !decision.approval.waits() => return Ok(()),
        State::Reporting if reporting::any_under_way(tx, case.id).await? => return Ok(()),
        State::Approval => {
            alarms::clear(tx, alarms::Kind::ApprovalWaits, &decision.waits_as()).await?;
            Event::ApprovalRefused
        }
        State::Reporting => Event::FoundWrongWithMore,
        _ => Event::Reopened,
    };
    move_to(tx, case, event).await
}

/// A list set aside.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Quarantined {
    /// Which list.
    pub bank: BankId,
    /// Decisions that rested on it alone: their cases are open again.
    pub reopened: Vec<CaseId>,
    /// Who received the list from here, and is to be told that it was wrong.
    pub told: Vec<Told>,
}

/// What setting a list aside would touch, before anything is written.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Touches {
    /// Which list.
    pub bank: BankId,
    /// Its name.
    pub name: String,
    /// Whether it matches now.
    pub enabled: bool,
    /// Cases that would be open again, for their decisions rest on it alone.
    pub reopened: Vec<CaseId>,
    /// Reports that are filed and stay filed: whoever received one is to be told.
    pub filed: usize,
    /// Who received the list from here, and is to be told.
    pub receivers: Vec<String>,
    /// Lists of abuse material that would be left in use. Without one every upload is `unscanned: no_list`.
    pub lists_left: usize,
}

/// What setting a list aside would touch.
pub async fn touches(tx: &mut Tx, caller: &Caller, bank: BankId) -> Result<Touches> {
    caller.require(Permission::QuarantineLists)?;
    let all = banks::list(tx, caller).await?;
    let (meant, _) = all.iter().find(|(one, _)| one.id == bank).ok_or(&banks::UNKNOWN_BANK)?;
    let looks = |one: &banks::Bank| one.kind == banks::Kind::Csam && one.enabled && !one.shadow;
    let mut touches = Touches {
        bank,
        name: meant.name.clone(),
        enabled: meant.enabled,
        reopened: Vec::new(),
        filed: 0,
        receivers: banks::receivers_of_list(tx, bank).await?,
        lists_left: all.iter().filter(|(one, entries)| one.id != bank && looks(one) && *entries > 0).count(),
    };
    for decision in resting_on(tx, bank).await? {
        let reports = reporting::of_case(tx, decision.case).await?;
        let filed = |report: &&reporting::Report| report.decision == decision.id && report.finished_at.is_some();
        touches.filed += reports.iter().filter(filed).count();
        if !touches.reopened.contains(&decision.case) {
            touches.reopened.push(decision.case);
        }
    }
    Ok(touches)
}

/// Decisions that rest on a list alone, and that settled something.
async fn resting_on(tx: &mut Tx, bank: BankId) -> Result<Vec<Decision>> {
    let settles = |decision: &Decision| !matches!(decision.outcome, Outcome::CannotTell | Outcome::NeedContext);
    Ok(store::decisions_on_bank(tx, bank).await?.into_iter().filter(settles).collect())
}

/// Sets a list aside: it matches no more, and every decision that rested on it alone is open again. What it found stays on
/// record.
pub async fn quarantine(tx: &mut Tx, caller: &Caller, bank: BankId, reason: &str) -> Result<(Quarantined, Recorded)> {
    caller.require(Permission::QuarantineLists)?;
    if reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    banks::set_aside(tx, caller, bank, reason.trim()).await?;
    let mut reopened = Vec::new();
    for decision in resting_on(tx, bank).await? {
        reopen_by(tx, caller, &decision, Some(bank), &format!("a list was set aside: {}", reason.trim())).await?;
        if !reopened.contains(&decision.case) {
            reopened.push(decision.case);
        }
    }
    let mut told = Vec::new();
    for whom in banks::receivers_of_list(tx, bank).await? {
        told.push(to_tell(tx, None, whom, ToldState::Open));
    }
    if !told.is_empty() {
        let correction = Correction {
            id: tx.id(),
            case: None,
            decision: None,
            bank: Some(bank),
            reason: reason.trim().to_owned(),
            by: caller.person()?,
            at: tx.now(),
            told: told.clone(),
            reopened: Vec::new(),
        };
        store::insert_correction(tx, &correction).await?;
    }
    let detail = serde_json::json!({"reason": reason.trim(), "reopened": reopened, "to_tell": told.len()});
    let proof = audit::record(tx, Entry::by(caller, "bank.quarantined").about(bank).detail(detail)).await?;
    Ok((Quarantined { bank, reopened, told }, proof))
}

/// A report that was to be taken back turned out to be filed: whoever received it must be told after all.
pub async fn could_not_be_taken_back(tx: &mut Tx, report: ReportId) -> Result<()> {
    store::must_be_told(tx, report).await
}

/// How somebody was told.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTold {
    /// Letter, call, message.
    pub means: String,
    /// What was said, and their reference.
    pub words: String,
}

/// Who must still be told about a correction.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Untold {
    /// In which case; absent where a list as a whole was wrong.
    pub case: Option<CaseId>,
    /// Who.
    #[serde(flatten)]
    pub told: Told,
}

/// Everybody who must still be told, the longest waiting first.
pub async fn untold(tx: &mut Tx, caller: &Caller) -> Result<Vec<Untold>> {
    caller.require(Permission::ReadReports)?;
    Ok(store::untold(tx).await?.into_iter().map(|(case, told)| Untold { case, told }).collect())
}

/// Writes down that somebody was told, and how.
pub async fn tell(tx: &mut Tx, caller: &Caller, id: ToldId, new: &NewTold) -> Result<(Untold, Recorded)> {
    caller.require(Permission::TellCorrections)?;
    let (case, mut told) = store::told(tx, id).await?.ok_or(&UNKNOWN_TOLD)?;
    if new.means.trim().is_empty() || new.words.trim().chars().count() < 8 {
        return Err(NO_REASON.because("say by which means they were told, and what was said"));
    }
    told.state = ToldState::Told;
    told.means = Some(new.means.trim().chars().take(100).collect());
    told.words = Some(new.words.trim().chars().take(4_000).collect());
    told.told_at = Some(tx.now());
    told.by = caller.person().ok();
    if !store::set_told(tx, &told).await? {
        return Err((&UNDONE_BEFORE).into());
    }
    let detail = serde_json::json!({"whom": told.whom, "means": told.means, "words": told.words});
    let mut entry = Entry::by(caller, "correction.told").about(id).detail(detail);
    entry.case = case;
    Ok((Untold { case, told }, audit::record(tx, entry).await?))
}
