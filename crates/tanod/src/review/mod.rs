//! A case: everything known about one account's suspected abuse, put before a person who decides.

pub mod api;
pub mod pages;
mod state;
mod store;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::context;
use crate::evidence;
use crate::intake::Facts;
use crate::refusal::{Kind, Result};
use crate::reporting;
use crate::store::{CaseId, DecisionId, ItemId, PersonId, Recorded, SignalId, Tx};

pub use state::{Event, State};

/// An id that leads nowhere, for this caller.
pub static UNKNOWN_CASE: Kind =
    Kind::new(404, "unknown-case", "There is no such case.", "List the cases with GET /v1/cases.");
/// Somebody else is at it.
pub static LEASED: Kind = Kind::new(
    409,
    "leased-by-another",
    "Another person is working on this case.",
    "Take another case, or wait until their lease has ended.",
);
/// Acting without a lease.
pub static NOT_LEASED: Kind = Kind::new(
    409,
    "not-leased",
    "You do not hold the lease on this case.",
    "Take it first: POST /v1/cases/{case}/lease.",
);
/// A move that the state does not allow.
pub static WRONG_STATE: Kind = Kind::new(
    409,
    "wrong-state",
    "The case is not in a state for this.",
    "Read the case again; somebody may have decided it meanwhile.",
);
/// A decision without its reason.
pub static NO_REASON: Kind = Kind::new(
    422,
    "no-reason",
    "A decision needs its reason.",
    "Say in a sentence what you saw and why you decide so (at least 8 characters).",
);
/// A statement about a viewing that did not happen.
pub static NOT_VIEWED: Kind = Kind::new(
    422,
    "not-viewed",
    "You state that you viewed a file whole, and there is no such viewing by you.",
    "Open it whole and without the veil first, or leave it out of `viewed_whole`.",
);
/// An upload that does not belong here.
pub static NOT_IN_CASE: Kind = Kind::new(
    422,
    "not-in-case",
    "This upload does not belong to this case.",
    "Name uploads of the case's own signals.",
);
/// Approving one's own decision.
pub static SAME_PERSON: Kind = Kind::new(
    403,
    "same-person",
    "The second approval must come from another person.",
    "Ask a lead who did not make the decision.",
);
/// Reporting without the facts that a report needs.
pub static NO_INCIDENT_TYPE: Kind = Kind::new(
    422,
    "no-incident-type",
    "A report needs the type of incident.",
    "Send `incident_type`; the document lists the eight types.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[
    &UNKNOWN_CASE,
    &LEASED,
    &NOT_LEASED,
    &WRONG_STATE,
    &NO_REASON,
    &NOT_VIEWED,
    &NOT_IN_CASE,
    &SAME_PERSON,
    &NO_INCIDENT_TYPE,
];

/// How long a lease lasts without a sign of life.
pub const LEASE: Duration = Duration::from_mins(15);

/// How urgent a case is. A hash match alone is P2 to P4.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub enum Priority {
    /// A child may be in danger now.
    P0,
    /// New material, enticement, sextortion, an adult with access to a child.
    P1,
    /// Known material made public or traded.
    P2,
    /// Known, single.
    P3,
    /// Viral.
    P4,
}

impl Priority {
    fn number(self) -> i64 {
        match self {
            Self::P0 => 0,
            Self::P1 => 1,
            Self::P2 => 2,
            Self::P3 => 3,
            Self::P4 => 4,
        }
    }

    fn from_number(number: i64) -> Self {
        match number {
            0 => Self::P0,
            1 => Self::P1,
            2 => Self::P2,
            4 => Self::P4,
            _ => Self::P3,
        }
    }
}

/// A case.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Its number, for speaking about it.
    pub number: i64,
    /// The platform's id of the account, when there is one.
    pub account: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How urgent it is.
    pub priority: Priority,
    /// When the operator first knew (US-03).
    #[schema(value_type = String)]
    pub knowledge_at: Timestamp,
    /// By which route.
    pub knowledge_route: String,
    /// Who works on it.
    pub leased_by: Option<PersonId>,
    /// Until when.
    #[schema(value_type = Option<String>)]
    pub leased_until: Option<Timestamp>,
    /// When it was opened.
    #[schema(value_type = String)]
    pub opened_at: Timestamp,
}

impl Case {
    fn is_leased_by(&self, person: PersonId, now: Timestamp) -> bool {
        self.leased_by == Some(person) && self.leased_until.is_some_and(|until| until > now)
    }
}

/// What made or joined a case.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Signal {
    /// Its id.
    pub id: SignalId,
    /// Which upload.
    pub item: ItemId,
    /// The decision that settled it, if one has.
    pub decision: Option<DecisionId>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Tell the authorities.
    Report,
    /// Nothing that must be reported.
    NoViolation,
    /// Somebody else must look.
    NeedHelp,
}

/// Whether a second person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Not by the settings.
    NotNeeded,
    /// Waited for.
    Asked,
    /// Given.
    Given,
    /// Refused; the case is open again.
    Refused,
}

/// Which decisions a second person approves (US-04 asks it of no-report decisions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondApproval {
    /// None.
    Off,
    /// Decisions of no violation.
    NoViolation,
    /// Every decision.
    All,
}

/// A decision, as it is asked for.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    /// What.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// For a report: the type of incident, in NCMEC's words.
    #[serde(default)]
    pub incident_type: Option<String>,
    /// The deciding person's statement: "I viewed the entire contents of these uploads" (US-15).
    #[serde(default)]
    pub viewed_whole: Vec<ItemId>,
}

/// A decision.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// In which case.
    pub case: CaseId,
    /// What.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// For a report: the type of incident.
    pub incident_type: Option<String>,
    /// Uploads that the person stated to have viewed whole.
    pub viewed_whole: Vec<ItemId>,
    /// Who.
    pub by: PersonId,
    /// Whether a second person is asked.
    pub approval: Approval,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Puts a match into the account's case, or opens one, and places the pending hold: from this moment everything is kept
/// (US-03, US-32).
pub async fn add_match(tx: &mut Tx, item: ItemId, facts: &Facts) -> Result<CaseId> {
    let account = facts.account.as_ref().map(|account| account.id.as_str());
    let now = tx.now();
    let priority = if facts.public == Some(true) { Priority::P2 } else { Priority::P3 };
    let found = match account {
        Some(account) => store::of_account(tx, account).await?,
        None => None,
    };
    let case = if let Some(case) = found {
        let next = case.state.after(Event::Signal)?;
        store::signal_joined(tx, case.id, next, priority.min(case.priority)).await?;
        case.id
    } else {
        let case = Case {
            id: tx.id(),
            number: tx.next_number("case").await?,
            account: account.map(str::to_owned),
            state: State::Open,
            priority,
            knowledge_at: now,
            knowledge_route: "hash_match".to_owned(),
            leased_by: None,
            leased_until: None,
            opened_at: now,
        };
        store::insert_case(tx, &case).await?;
        let detail = serde_json::json!({"route": "hash_match", "priority": priority});
        audit::record(tx, Entry::by_tanod("case.opened").case(case.id).detail(detail)).await.map(drop)?;
        context::request(tx, case.id).await?;
        case.id
    };
    let signal: SignalId = tx.id();
    store::insert_signal(tx, signal, case, item).await?;
    evidence::hold_pending(tx, case, now).await?;
    let entry = Entry::by_tanod("signal.added").case(case).about(signal).detail(serde_json::json!({"item": item}));
    audit::record(tx, entry).await.map(drop)?;
    Ok(case)
}

/// A filter for lists of cases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Only in this state.
    pub state: Option<State>,
    /// After this case, in the queue's order.
    pub after: Option<CaseId>,
}

/// Cases, most urgent first, then longest known.
pub async fn list(tx: &mut Tx, caller: &Caller, wanted: Wanted, limit: i64) -> Result<Vec<Case>> {
    caller.require(Permission::ReadCases)?;
    store::list(tx, wanted, limit).await
}

/// One case.
pub async fn find(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<Case> {
    caller.require(Permission::ReadCases)?;
    store::case(tx, id).await?.ok_or_else(|| (&UNKNOWN_CASE).into())
}

/// What is in a case, for a person who works on it.
pub struct Contents {
    /// What made it.
    pub signals: Vec<Signal>,
    /// What was decided.
    pub decisions: Vec<Decision>,
}

/// Signals and decisions of a case, oldest first.
pub async fn contents(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<Contents> {
    caller.require(Permission::ReadCases)?;
    Ok(Contents { signals: store::signals(tx, id).await?, decisions: store::decisions(tx, id).await? })
}

/// Takes or renews the lease on a case.
pub async fn lease(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<(Case, Recorded)> {
    caller.require(Permission::DecideCases)?;
    let person = caller.person()?;
    let until = SignedDuration::try_from(LEASE).ok().and_then(|by| tx.now().checked_add(by).ok());
    let until = until.unwrap_or(Timestamp::MAX);
    if !store::lease(tx, id, person, until).await? {
        find(tx, caller, id).await?;
        return Err((&LEASED).into());
    }
    let proof = audit::record(tx, Entry::by(caller, "case.leased").case(id)).await?;
    Ok((find(tx, caller, id).await?, proof))
}

/// Gives the lease back.
pub async fn release(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<Recorded> {
    leased(tx, caller, id).await?;
    store::release(tx, id).await?;
    audit::record(tx, Entry::by(caller, "case.released").case(id)).await
}

/// The case, if the caller holds its lease.
pub async fn leased(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<Case> {
    let case = find(tx, caller, id).await?;
    if case.is_leased_by(caller.person()?, tx.now()) { Ok(case) } else { Err((&NOT_LEASED).into()) }
}

/// Decides a case. What happens next is the settled decision's matter: a report is intended, the case is dismissed, or
/// somebody else looks.
pub async fn decide(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    new: &NewDecision,
    settings: &reporting::Settings,
    second: SecondApproval,
) -> Result<(Decision, Recorded)> {
    caller.require(Permission::DecideCases)?;
    store::locked(tx, id).await?;
    let case = leased(tx, caller, id).await?;
    if case.state == State::Help {
        caller.require(Permission::ApproveDecisions)?;
    }
    if new.reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    if new.outcome == Outcome::Report {
        let kind = new.incident_type.as_deref().ok_or(&NO_INCIDENT_TYPE)?;
        reporting::incident_type(kind).ok_or_else(|| NO_INCIDENT_TYPE.because(format!("not one of them: {kind}")))?;
    }
    let by = caller.person()?;
    let signals = store::signals(tx, id).await?;
    for item in &new.viewed_whole {
        if signals.iter().all(|signal| signal.item != *item) {
            return Err(NOT_IN_CASE.because(item.to_string()));
        }
        let views = evidence::views(tx, *item).await?;
        if !views.iter().any(|view| view.person == by && view.whole && !view.veiled) {
            return Err(NOT_VIEWED.because(item.to_string()));
        }
    }
    let asks = match second {
        SecondApproval::Off => false,
        SecondApproval::NoViolation => new.outcome == Outcome::NoViolation,
        SecondApproval::All => new.outcome != Outcome::NeedHelp,
    };
    let decision = Decision {
        id: tx.id(),
        case: id,
        outcome: new.outcome,
        reason: new.reason.trim().to_owned(),
        incident_type: new.incident_type.clone(),
        viewed_whole: new.viewed_whole.clone(),
        by,
        approval: if asks { Approval::Asked } else { Approval::NotNeeded },
        at: tx.now(),
    };
    store::insert_decision(tx, &decision).await?;
    // The decision covers what was in the case when it was made; a later signal waits for a decision of its own.
    store::assign_signals(tx, id, decision.id).await?;
    let detail = serde_json::json!({
        "outcome": decision.outcome, "reason": decision.reason, "viewed_whole": decision.viewed_whole,
        "incident_type": decision.incident_type, "approval": decision.approval,
    });
    let entry = Entry::by(caller, "case.decided").case(id).about(decision.id).detail(detail);
    let proof = audit::record(tx, entry).await?;
    store::release(tx, id).await?;
    if asks {
        move_to(tx, &case, Event::ApprovalAsked).await?;
    } else {
        settle(tx, &case, &decision, settings).await?;
    }
    Ok((decision, proof))
}

/// Gives or refuses the second approval.
pub async fn approve(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    yes: bool,
    reason: &str,
    settings: &reporting::Settings,
) -> Result<(Decision, Recorded)> {
    caller.require(Permission::ApproveDecisions)?;
    if reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    let case = store::locked(tx, id).await?.ok_or(&UNKNOWN_CASE)?;
    if case.state != State::Approval {
        return Err(WRONG_STATE.because("no decision waits for an approval"));
    }
    let mut decision = store::decisions(tx, id)
        .await?
        .into_iter()
        .rev()
        .find(|decision| decision.approval == Approval::Asked)
        .ok_or_else(|| WRONG_STATE.because("no decision waits for an approval"))?;
    let person = caller.person()?;
    if decision.by == person {
        return Err((&SAME_PERSON).into());
    }
    decision.approval = if yes { Approval::Given } else { Approval::Refused };
    store::settle_approval(tx, decision.id, decision.approval, person, reason.trim()).await?;
    let kind = if yes { "decision.approved" } else { "decision.refused" };
    let detail = serde_json::json!({"reason": reason.trim()});
    let proof = audit::record(tx, Entry::by(caller, kind).case(id).about(decision.id).detail(detail)).await?;
    if yes {
        settle(tx, &case, &decision, settings).await?;
    } else {
        store::unassign_signals(tx, decision.id).await?;
        move_to(tx, &case, Event::ApprovalRefused).await?;
    }
    Ok((decision, proof))
}

/// Carries out a decision that nothing waits for any more.
async fn settle(tx: &mut Tx, case: &Case, decision: &Decision, settings: &reporting::Settings) -> Result<()> {
    match decision.outcome {
        Outcome::Report => {
            move_to(tx, case, Event::ReportDecided).await?;
            let items: Vec<ItemId> = store::signals(tx, case.id)
                .await?
                .into_iter()
                .filter(|signal| signal.decision == Some(decision.id))
                .map(|signal| signal.item)
                .collect();
            reporting::intend(tx, case, decision, &items, settings).await
        }
        Outcome::NoViolation => {
            if undecided(tx, case.id).await? {
                return move_to(tx, case, Event::DismissedWithMore).await;
            }
            let next = case.state.after(Event::Dismissed)?;
            // An account that was reported stays reported; dismissing a later signal does not undo that.
            let next = if reporting::any_finished(tx, case.id).await? { State::Reported } else { next };
            store::set_state(tx, case.id, next).await?;
            // The sealed copy goes after its appeal window; until that exists the pending hold stays.
            Ok(())
        }
        Outcome::NeedHelp => {
            store::unassign_signals(tx, decision.id).await?;
            move_to(tx, case, Event::HelpAsked).await
        }
    }
}

/// All intended reports of a case are finished: it is reported, or open again when a signal came meanwhile.
pub async fn report_finished(tx: &mut Tx, id: CaseId) -> Result<()> {
    let Some(case) = store::locked(tx, id).await? else { return Ok(()) };
    if undecided(tx, id).await? {
        move_to(tx, &case, Event::ReportedWithMore).await?;
    } else {
        move_to(tx, &case, Event::Reported).await?;
        evidence::release_pending(tx, id).await?;
    }
    Ok(())
}

/// Whether something in the case waits for a decision.
async fn undecided(tx: &mut Tx, id: CaseId) -> Result<bool> {
    Ok(store::signals(tx, id).await?.iter().any(|signal| signal.decision.is_none()))
}

async fn move_to(tx: &mut Tx, case: &Case, event: Event) -> Result<()> {
    let next = case.state.after(event)?;
    store::set_state(tx, case.id, next).await
}
