//! What a person decides about a case, who else must agree, and what follows at once.

use std::collections::BTreeSet;
use std::time::Duration;

use exchange::ncmec::document::{FileAnnotation, ReportAnnotation};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::involved::{self, NewRole};
use super::{
    Case, Event, NO_REASON, NOT_IN_CASE, Signal, State, UNKNOWN_CASE, WRONG_STATE, leased, move_to, second_looks,
    store, undecided, vouching,
};
use crate::accounts::{self, Caller, Permission};
use crate::actions;
use crate::alarms;
use crate::audit::{self, Entry};
use crate::config::Settings;
use crate::context;
use crate::evidence;
use crate::queue::{self, Work};
use crate::refusal::{Kind, Result};
use crate::reporting::{self, Destination, Elsewhere};
use crate::store::{CaseId, DecisionId, ItemId, PersonId, Recorded, ReportId, SignalId, Tx};
use crate::web::languages::{say, word};

/// A statement about a viewing that did not happen.
pub static NOT_VIEWED: Kind = Kind::new(
    422,
    "not-viewed",
    "You state that you viewed a file whole, and there is no such viewing by you.",
    "Open it whole and without the veil first, or take back the mark that you viewed it.",
)
.program("Leave it out of `viewed_whole`.");
/// Approving one's own decision.
pub static SAME_PERSON: Kind = Kind::new(
    403,
    "same-person",
    "The second approval must come from another person.",
    "Ask a lead who did not make the decision.",
);
/// Reporting without the facts that a report needs.
pub static NO_INCIDENT_TYPE: Kind =
    Kind::new(422, "no-incident-type", "A report needs the type of incident.", "Choose the type of incident.")
        .program("Send `incident_type`; the document lists the eight types.");
/// Handing a case to nobody.
pub static NOBODY_NEXT: Kind = Kind::new(
    422,
    "nobody-next",
    "A case that you cannot decide goes to a named person, never to nobody.",
    "Name the staff number of another person who may decide. If there is none, report what you know: you need not be certain.",
).program("It is `next`.");
/// Already reported, and no word where.
pub static NOT_SAID_WHERE: Kind = Kind::new(
    422,
    "not-said-where",
    "A report that was filed elsewhere needs authority, number and time.",
    "Name to whom it was reported, its number there, and when, not in the future.",
)
.program("Send `elsewhere` with `authority`, `number` and `at`.");
/// Taking back what is on its way.
pub static TOO_LATE: Kind = Kind::new(
    409,
    "too-late",
    "This report can no longer be taken back.",
    "Sending has begun, or it is filed. If the decision was wrong, undo it on the case's page.",
)
.program("POST /v1/cases/{case}/corrections does so.");

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Tell the authorities.
    Report,
    /// Nothing that must be reported, and nothing that breaks the platform's rules.
    NoViolation,
    /// It breaks the platform's rules, and is nothing that must be reported.
    OtherViolation,
    /// More must be known first; the platform is asked again.
    NeedContext,
    /// I cannot tell, or it is beyond my expertise: a named person decides.
    #[serde(alias = "need_help")]
    CannotTell,
    /// It was reported before, elsewhere.
    AlreadyReported,
}

impl Outcome {
    /// Whether the case is closed without a report (US-04).
    pub fn dismisses(self) -> bool {
        matches!(self, Self::NoViolation | Self::OtherViolation)
    }

    /// Whether the case waits for somebody or something else.
    fn passes_on(self) -> bool {
        matches!(self, Self::NeedContext | Self::CannotTell)
    }
}

/// Whether a second person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Not by the settings.
    NotNeeded,
    /// Waited for.
    Asked,
    /// There is nobody else: it is carried out after a delay, in which it can be taken back.
    Alone,
    /// Given.
    Given,
    /// Refused; the case is open again.
    Refused,
    /// Danger now: carried out at once, and looked at afterwards by a lead.
    Afterwards,
}

impl Approval {
    /// Whether the decision is not carried out yet.
    pub(super) fn waits(self) -> bool {
        matches!(self, Self::Asked | Self::Alone)
    }
}

/// Which decisions a second person approves (US-04 asks it of no-report decisions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondApproval {
    /// None.
    Off,
    /// Decisions that close a case without a report.
    NoViolation,
    /// Every decision.
    All,
}

impl SecondApproval {
    /// Whether such a decision needs a second person, or a delay where there is none.
    pub(super) fn asks(self, outcome: Outcome) -> bool {
        match self {
            Self::Off => false,
            Self::NoViolation => outcome.dismisses(),
            Self::All => !outcome.passes_on(),
        }
    }
}

/// A decision, as it is asked for.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
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
    /// Who is who, for whoever has no role yet.
    #[serde(default)]
    pub roles: Vec<NewRole>,
    /// For a report: where it goes, unless where the settings say.
    #[serde(default)]
    pub destination: Option<Destination>,
    /// For a report: what more is known of it, in NCMEC's words.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub report_annotations: BTreeSet<ReportAnnotation>,
    /// For a report: what more is known of its files, in NCMEC's words.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub file_annotations: BTreeSet<FileAnnotation>,
    /// For `cannot_tell`: the staff number of whoever decides next.
    #[serde(default)]
    pub next: Option<i64>,
    /// For `already_reported`: where.
    #[serde(default)]
    pub elsewhere: Option<Elsewhere>,
    /// The age of whoever is shown is unclear: a second person thinks the decision through.
    #[serde(default)]
    pub age_unclear: bool,
    /// Only about the files that somebody vouches for, by exact digest: one decision after a list has grown. Everything else in the
    /// case waits for a decision of its own.
    #[serde(default)]
    pub only_vouched: bool,
}

/// What else was said at a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Particulars {
    /// Where its report goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
    /// What more is known of the report.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub report_annotations: BTreeSet<ReportAnnotation>,
    /// What more is known of its files.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub file_annotations: BTreeSet<FileAnnotation>,
    /// Who decides next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<PersonId>,
    /// Where it was reported before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Elsewhere>,
    /// Danger now: why this cannot wait, as the report says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate: Option<String>,
    /// The first says that the age is unclear.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub age_unclear: bool,
    /// Decided for every account that passed on one file: its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A decision.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
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
    /// What else was said.
    #[serde(flatten)]
    pub particulars: Particulars,
    /// Who.
    pub by: PersonId,
    /// Whether a second person is asked.
    pub approval: Approval,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// When it was undone or taken back.
    #[schema(value_type = Option<String>)]
    pub undone_at: Option<Timestamp>,
}

impl Decision {
    /// What an alarm is about while it waits: a decision on one file is one matter, however many cases it settles.
    pub(super) fn waits_as(&self) -> String {
        self.particulars.file.as_ref().map_or_else(|| self.id.to_string(), |file| format!("file {file}"))
    }
}

/// What a decision would do, in plain words, before anything is written.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ReadBack {
    /// One sentence each.
    pub sentences: Vec<String>,
}

/// Checks a decision against the case: what it gives back is locked until the transaction ends.
async fn check(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    new: &NewDecision,
    settings: &Settings,
) -> Result<(Case, Vec<Signal>)> {
    caller.require(Permission::DecideCases)?;
    store::locked(tx, id).await?;
    let case = leased(tx, caller, id).await?;
    if !case.state.can_be_decided() {
        return Err(WRONG_STATE.because(format!("it is {:?}", case.state)));
    }
    let by = caller.person()?;
    if case.state == State::Help && case.given_to != Some(by) {
        caller.require(Permission::ApproveDecisions)?;
    }
    if new.reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    let signals = store::signals(tx, id).await?;
    for item in &new.viewed_whole {
        if signals.iter().all(|signal| signal.item != Some(*item)) {
            return Err(NOT_IN_CASE.because(item.to_string()));
        }
        has_viewed(tx, *item, by, settings).await?;
    }
    for role in &new.roles {
        involved::say(tx, caller, id, role).await.map(drop)?;
    }
    match new.outcome {
        Outcome::Report => {
            let kind = new.incident_type.as_deref().ok_or(&NO_INCIDENT_TYPE)?;
            reporting::incident_type(kind)
                .ok_or_else(|| NO_INCIDENT_TYPE.because(format!("not one of them: {kind}")))?;
            involved::all_set(tx, &case).await?;
        }
        Outcome::AlreadyReported => {
            let elsewhere = new.elsewhere.as_ref().ok_or(&NOT_SAID_WHERE)?;
            elsewhere.check(tx.now())?;
        }
        Outcome::NoViolation | Outcome::OtherViolation | Outcome::NeedContext | Outcome::CannotTell => {}
    }
    Ok((case, signals))
}

/// Refuses whoever has not viewed the whole of an upload without the veil.
pub(super) async fn has_viewed(tx: &mut Tx, item: ItemId, by: PersonId, settings: &Settings) -> Result<()> {
    let views = evidence::views(tx, item).await?;
    let mut whole = views.iter().filter(|view| view.person == by && view.whole && !view.veiled).peekable();
    if whole.peek().is_none() {
        return Err(NOT_VIEWED.because(item.to_string()));
    }
    // A picture that has only just come was not looked at.
    let least = SignedDuration::from_secs(i64::from(settings.looking.least_seconds));
    if !whole.any(|view| tx.now().duration_since(view.at) >= least) {
        return Err(NOT_VIEWED.because("it has only just been shown"));
    }
    Ok(())
}

/// Whoever a case is handed to: another person who may decide.
async fn next_person(tx: &mut Tx, caller: &Caller, new: &NewDecision) -> Result<Option<PersonId>> {
    if new.outcome != Outcome::CannotTell {
        return Ok(None);
    }
    let deciders = accounts::people_who_may(tx, Permission::DecideCases).await?;
    let staff = new.next.ok_or(&NOBODY_NEXT)?;
    let by = caller.person()?;
    let next = deciders.iter().find(|person| person.staff == staff && person.id != by);
    Ok(Some(next.ok_or_else(|| NOBODY_NEXT.because(format!("nobody else who may decide: {staff}")))?.id))
}

/// How a decision is approved: not at all, by another person, or by a delay where there is nobody else.
pub(super) async fn approval(tx: &mut Tx, by: PersonId, outcome: Outcome, second: SecondApproval) -> Result<Approval> {
    if !second.asks(outcome) {
        return Ok(Approval::NotNeeded);
    }
    let others = accounts::people_who_may(tx, Permission::ApproveDecisions).await?;
    Ok(if others.iter().any(|person| person.id != by) { Approval::Asked } else { Approval::Alone })
}

/// Says in plain words what a decision would do. Nothing is written: the transaction must not be committed.
pub async fn read_back(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    new: &NewDecision,
    settings: &Settings,
) -> Result<ReadBack> {
    let (case, signals) = check(tx, caller, id, new, settings).await?;
    let next = next_person(tx, caller, new).await?;
    let approval = approval(tx, caller.person()?, new.outcome, settings.review.second_approval).await?;
    let mut says = Vec::new();
    let mut open: Vec<&Signal> = signals.iter().filter(|signal| signal.decision.is_none()).collect();
    let left = open.len();
    if new.only_vouched {
        let vouched = vouching::waiting(tx, &signals, &settings.review.hotlines).await?;
        open.retain(|signal| vouched.contains(&signal.id));
    }
    let left = left - open.len();
    let files = open.iter().filter(|signal| signal.item.is_some()).count();
    if new.only_vouched {
        says.push(say("readback-only-vouched").with("files", files).with("left", left).to_string());
    }
    let number = case.number;
    match new.outcome {
        Outcome::Report => {
            let destination = new.destination.unwrap_or(settings.reporting.destination);
            let kind = new.incident_type.as_deref().unwrap_or_default();
            let report = say("readback-report").with("number", number).with("destination", destination.words());
            says.push(report.with("kind", kind).to_string());
            says.push(say("readback-files").with("count", files).to_string());
            says.push(match new.viewed_whole.len() {
                0 => say("readback-viewed-none").to_string(),
                n => say("readback-viewed").with("count", n).to_string(),
            });
            for one in involved::of(tx, id).await? {
                let who = one.account.unwrap_or_else(|| say("readback-no-account").to_string());
                let role = one.role.as_ref().map(crate::store::as_word);
                let role = role.map_or_else(|| say("readback-no-role"), |role| word("case-role", &role));
                says.push(say("readback-role").with("who", who).with("role", role).to_string());
            }
            let minutes = reporting::minutes_to_take_back(&case, false, settings);
            if destination == Destination::Ncmec && minutes > 0 && approval == Approval::NotNeeded {
                says.push(say("readback-minutes").with("minutes", minutes).to_string());
            }
            says.push(say("readback-kept-year").to_string());
            says.extend(reporting::outlook(tx, caller, id, settings).await?);
        }
        Outcome::NoViolation | Outcome::OtherViolation => {
            says.push(say("readback-closed").with("number", number).to_string());
            says.push(say("readback-appeal").with("days", settings.review.appeal_days).to_string());
        }
        Outcome::NeedContext => says.push(say("readback-context").with("number", number).to_string()),
        Outcome::CannotTell => {
            let staff = new.next.filter(|_| next.is_some()).unwrap_or_default();
            says.push(say("readback-handed").with("number", number).with("staff", staff).to_string());
        }
        Outcome::AlreadyReported => {
            if let Some(elsewhere) = &new.elsewhere {
                let said = say("readback-elsewhere").with("number", number).with("authority", &elsewhere.authority);
                says.push(said.with("there", &elsewhere.number).to_string());
                says.push(say("readback-kept-elsewhere").to_string());
            }
        }
    }
    match approval {
        Approval::Asked => says.push(say("readback-second").to_string()),
        Approval::Alone => says.push(say("readback-alone").with("hours", settings.review.alone_hours).to_string()),
        _ => {}
    }
    Ok(ReadBack { sentences: says })
}

/// Decides a case. What happens next is the settled decision's matter: a report is intended, the case is dismissed, or
/// somebody else looks.
pub async fn decide(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    new: &NewDecision,
    settings: &Settings,
) -> Result<(Decision, Recorded)> {
    let (case, signals) = check(tx, caller, id, new, settings).await?;
    let by = caller.person()?;
    let particulars = Particulars {
        destination: new.destination.filter(|_| new.outcome == Outcome::Report),
        report_annotations: new.report_annotations.clone(),
        file_annotations: new.file_annotations.clone(),
        next: next_person(tx, caller, new).await?,
        elsewhere: new.elsewhere.clone().filter(|_| new.outcome == Outcome::AlreadyReported),
        escalate: None,
        age_unclear: new.age_unclear,
        file: None,
    };
    let decision = Decision {
        id: tx.id(),
        case: id,
        outcome: new.outcome,
        reason: new.reason.trim().to_owned(),
        incident_type: new.incident_type.clone().filter(|_| new.outcome == Outcome::Report),
        viewed_whole: new.viewed_whole.clone(),
        particulars,
        by,
        approval: approval(tx, by, new.outcome, settings.review.second_approval).await?,
        at: tx.now(),
        undone_at: None,
    };
    let only =
        if new.only_vouched { Some(vouching::waiting(tx, &signals, &settings.review.hotlines).await?) } else { None };
    let proof = write_about(tx, caller, &decision, only.as_deref()).await?;
    store::release(tx, id).await?;
    match decision.approval {
        Approval::Asked => move_to(tx, &case, Event::ApprovalAsked).await?,
        Approval::Alone => {
            move_to(tx, &case, Event::ApprovalAsked).await?;
            alarms::raise(tx, alarms::Kind::ApprovalWaits, &decision.waits_as(), Some(id)).await?;
            let hours = settings.review.alone_hours;
            queue::push(tx, &Work::SettleAloneV1 { decision: decision.id }, Duration::from_hours(hours)).await?;
        }
        _ => settle(tx, &case, &decision, settings).await?,
    }
    Ok((decision, proof))
}

/// Writes a decision down, with the signals it covers: those that were in the case when it was made. A later signal waits
/// for a decision of its own.
pub(super) async fn write(tx: &mut Tx, caller: &Caller, decision: &Decision) -> Result<Recorded> {
    write_about(tx, caller, decision, None).await
}

/// The same about some of them.
async fn write_about(tx: &mut Tx, caller: &Caller, decision: &Decision, only: Option<&[SignalId]>) -> Result<Recorded> {
    store::insert_decisions(tx, std::slice::from_ref(decision)).await?;
    match only {
        Some(signals) => store::assign_these(tx, signals, decision.id).await?,
        None => store::assign_signals(tx, decision.case, decision.id).await?,
    }
    audit::record(tx, entry(caller, decision)).await
}

/// What the record says of a decision.
pub(super) fn entry(caller: &Caller, decision: &Decision) -> Entry {
    let detail = serde_json::json!({
        "outcome": decision.outcome, "reason": decision.reason, "viewed_whole": decision.viewed_whole,
        "incident_type": decision.incident_type, "approval": decision.approval, "particulars": decision.particulars,
    });
    Entry::by(caller, "case.decided").case(decision.case).about(decision.id).detail(detail)
}

/// Gives or refuses the second approval. Whoever decided alone may still take it back, and nobody approves their own.
pub async fn approve(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    yes: bool,
    reason: &str,
    settings: &Settings,
) -> Result<(Decision, Recorded)> {
    caller.require(Permission::ApproveDecisions)?;
    if reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    let case = store::locked(tx, id).await?.ok_or(&UNKNOWN_CASE)?;
    let decisions = store::decisions(tx, id).await?;
    let person = caller.person()?;
    let afterwards = decisions.iter().rev().find(|decision| decision.approval == Approval::Afterwards);
    let waiting = decisions.iter().rev().find(|decision| decision.approval.waits() && decision.undone_at.is_none());
    let Some(decision) = waiting.filter(|_| case.state == State::Approval) else {
        // Danger now was carried out at once; a lead looks at it afterwards, and a wrong one is corrected.
        let mut seen = afterwards.cloned().ok_or_else(|| WRONG_STATE.because("no decision waits for an approval"))?;
        let leads = accounts::people_who_may(tx, Permission::ApproveDecisions).await?;
        if seen.by == person && leads.iter().any(|lead| lead.id != person) {
            return Err((&SAME_PERSON).into());
        }
        seen.approval = if yes { Approval::Given } else { Approval::Refused };
        let kind = if yes { "danger.looked_at" } else { "danger.disputed" };
        store::settle_approval(tx, seen.id, seen.approval, person, reason.trim()).await?;
        let detail = serde_json::json!({"reason": reason.trim()});
        let proof = audit::record(tx, Entry::by(caller, kind).case(id).about(seen.id).detail(detail)).await?;
        return Ok((seen, proof));
    };
    let mut decision = decision.clone();
    if decision.by == person && (yes || decision.approval == Approval::Asked) {
        return Err((&SAME_PERSON).into());
    }
    decision.approval = if yes { Approval::Given } else { Approval::Refused };
    store::settle_approval(tx, decision.id, decision.approval, person, reason.trim()).await?;
    alarms::clear(tx, alarms::Kind::ApprovalWaits, &decision.waits_as()).await?;
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

/// A decision that waited because there was nobody else is carried out, unless it was taken back or somebody came.
pub async fn settle_alone(tx: &mut Tx, id: DecisionId, settings: &Settings) -> Result<Option<Recorded>> {
    let Some(decision) = store::decision(tx, id).await? else { return Ok(None) };
    let Some(case) = store::locked(tx, decision.case).await? else { return Ok(None) };
    // Read again under the case's lock.
    let Some(decision) = store::decision(tx, id).await? else { return Ok(None) };
    if decision.approval != Approval::Alone || decision.undone_at.is_some() || case.state != State::Approval {
        return Ok(None);
    }
    store::settle_alone(tx, id).await?;
    alarms::clear(tx, alarms::Kind::ApprovalWaits, &decision.waits_as()).await?;
    let entry = Entry::by_tanod("decision.delay_over").case(case.id).about(id);
    let proof = audit::record(tx, entry).await?;
    settle(tx, &case, &decision, settings).await?;
    Ok(Some(proof))
}

/// Carries out a decision that nothing waits for any more.
pub(super) async fn settle(tx: &mut Tx, case: &Case, decision: &Decision, settings: &Settings) -> Result<()> {
    second_looks::ask(tx, decision).await?;
    match decision.outcome {
        Outcome::Report => {
            let danger = decision.particulars.escalate.is_some();
            move_to(tx, case, if danger { Event::DangerNow } else { Event::ReportDecided }).await?;
            store::give_to(tx, case.id, None).await?;
            reporting::intend(tx, case, decision, settings).await
        }
        Outcome::AlreadyReported => {
            move_to(tx, case, Event::ReportDecided).await?;
            store::give_to(tx, case.id, None).await?;
            reporting::filed_before(tx, case, decision).await
        }
        Outcome::NoViolation | Outcome::OtherViolation => {
            store::give_to(tx, case.id, None).await?;
            if undecided(tx, case.id).await? {
                return move_to(tx, case, Event::DismissedWithMore).await;
            }
            let next = case.state.after(Event::Dismissed)?;
            // An account that was reported stays reported; dismissing a later signal does not undo that.
            if reporting::any_finished(tx, case.id).await? {
                return store::set_state(tx, case.id, State::Reported).await;
            }
            store::set_state(tx, case.id, next).await?;
            actions::look_again(tx, case.id).await?;
            begin_appeal(tx, case.id, settings.review.appeal_days).await
        }
        Outcome::NeedContext => {
            store::unassign_signals(tx, decision.id).await?;
            move_to(tx, case, Event::ContextAsked).await?;
            context::request(tx, case.id).await
        }
        Outcome::CannotTell => {
            store::unassign_signals(tx, decision.id).await?;
            store::give_to(tx, case.id, decision.particulars.next).await?;
            move_to(tx, case, Event::HelpAsked).await
        }
    }
}

/// One decision.
pub async fn decision(tx: &mut Tx, id: DecisionId) -> Result<Option<Decision>> {
    store::decision(tx, id).await
}

/// The sealed copies of a dismissed case are kept for its appeal window, then they go.
pub(super) async fn begin_appeal(tx: &mut Tx, case: CaseId, days: u32) -> Result<()> {
    let window = Duration::from_hours(u64::from(days) * 24);
    let until = SignedDuration::try_from(window).ok().and_then(|by| tx.now().checked_add(by).ok());
    evidence::hold_for_appeal(tx, case, until.unwrap_or(Timestamp::MAX)).await?;
    queue::push(tx, &Work::EndAppealV1 { case }, window).await
}

/// Takes a report back before it is sent: its decision is undone, and the case waits for another.
pub async fn withdraw(tx: &mut Tx, caller: &Caller, id: ReportId, reason: &str) -> Result<(Decision, Recorded)> {
    caller.require(Permission::DecideCases)?;
    if reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    let report = reporting::find(tx, caller, id).await?;
    let case = store::locked(tx, report.case).await?.ok_or(&UNKNOWN_CASE)?;
    let mut decision =
        store::decision(tx, report.decision).await?.ok_or_else(|| WRONG_STATE.because("its decision is not there"))?;
    let by = caller.person()?;
    if decision.by != by {
        caller.require(Permission::ApproveDecisions)?;
    }
    if !reporting::withdraw(tx, id).await? {
        return Err((&TOO_LATE).into());
    }
    store::undo(tx, decision.id, by, reason.trim()).await?;
    store::unassign_signals(tx, decision.id).await?;
    decision.undone_at = Some(tx.now());
    if case.state == State::Reporting && !reporting::any_under_way(tx, case.id).await? {
        move_to(tx, &case, Event::Withdrawn).await?;
    }
    let detail = serde_json::json!({"report": id, "reason": reason.trim()});
    let entry = Entry::by(caller, "decision.withdrawn").case(case.id).about(decision.id).detail(detail);
    Ok((decision, audit::record(tx, entry).await?))
}
