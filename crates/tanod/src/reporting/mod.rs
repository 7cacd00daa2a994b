//! A duty to report becomes a filed, acknowledged report: intended once, filed exactly once, its receipt kept.

pub mod api;
mod batch;
mod conversation;
pub mod credentials;
mod document;
mod editor;
mod fields;
pub mod filings;
mod gather;
mod intending;
pub mod jobs;
mod labels;
mod line;
pub mod pages;
mod reading;
mod score;
mod steps;
mod store;
mod thread;
mod viewing;

use std::ops::Range;

use exchange::ncmec::document::IncidentType;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use self::steps::Step;
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::config;
use crate::context;
use crate::evidence;
use crate::queue::{self, Work};
use crate::refusal::{Error, Kind, Result};
use crate::review::{self, Case, Decision, Priority};
use crate::store::{CaseId, DecisionId, ItemId, Recorded, ReportId, Tx};
use crate::webhooks;

pub use conversation::{Receipt, Spoken, conversation, read_on_record, receipt, sent};
pub use document::{Absent, Draft, DraftFile, Origin, Why};
pub use editor::{Change, Preview};
pub use intending::{intend, intend_all};
pub use reading::{last_call, outlook};
pub use score::{Missing, Score};
pub use viewing::{
    NewViewing, Viewed, Viewing, ViewingState, countersign, of_case as viewings, state as state_viewing,
};

/// An id that leads nowhere.
pub static UNKNOWN_REPORT: Kind =
    Kind::new(404, "unknown-report", "There is no such report.", "Open Reports and choose one from there.")
        .program("GET /v1/reports lists them.");
/// Only a dead report can be revived.
pub static NOT_DEAD: Kind = Kind::new(
    409,
    "not-dead",
    "This report does not wait for a person.",
    "Only a report in the state `dead` can be sent again; the others go on by themselves.",
);
/// A report that would not be valid.
pub static INVALID_REPORT: Kind = Kind::new(
    422,
    "invalid-report",
    "The report would not be accepted as it is.",
    "Mend what the detail names: usually a setting under `[reporting.about]`, or a URL of the upload.",
);

/// Entering a number for a report that files itself.
pub static NOT_BY_HAND: Kind = Kind::new(
    409,
    "not-by-hand",
    "This report is not one that is filed by hand, or it is filed.",
    "Only a waiting report to the destination `manual` gets its number from you.",
);

/// A report without a text of ours.
pub static NO_TEXT: Kind = Kind::new(
    409,
    "no-text",
    "What this report said is not here.",
    "It was filed elsewhere, or its text was wiped with the evidence when every hold had ended. Its number, times and receipt are kept.",
).program("GET /v1/reports/{report} has them.");

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[
    &UNKNOWN_REPORT,
    &NOT_DEAD,
    &INVALID_REPORT,
    &NOT_BY_HAND,
    &NO_TEXT,
    &viewing::BAD_VIEWING,
    &viewing::UNKNOWN_VIEWING,
    &editor::BAD_CHANGE,
    &editor::NOT_EDITABLE,
];

/// Where a report goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// NCMEC's CyberTipline.
    Ncmec,
    /// By hand, with its number entered afterwards.
    Manual,
}

impl Destination {
    /// As a person reads it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ncmec => "NCMEC's CyberTipline",
            Self::Manual => "a hotline or the police, by hand",
        }
    }
}

/// A report that was filed elsewhere: by web form, by letter, or before Tanod knew of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// Which hotline, police or other body.
    pub authority: String,
    /// The number it gave.
    pub number: String,
    /// When it was filed.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What it answered, word for word, where there is an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
}

impl Elsewhere {
    /// Refuses what says too little to be found again.
    pub fn check(&self, now: Timestamp) -> Result<()> {
        let fits = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
        let whole = fits(&self.authority, 200) && fits(&self.number, 100) && self.at <= now;
        let receipt = self.receipt.as_ref().is_none_or(|receipt| receipt.chars().count() <= 20_000);
        if whole && receipt { Ok(()) } else { Err((&review::NOT_SAID_WHERE).into()) }
    }
}

/// What became of a report that is to be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenBack {
    /// Nothing had been sent.
    Now,
    /// Sending had begun: it is retracted at the destination, unless it turns out to be filed.
    UnderWay,
    /// It is filed, and stays so: whoever received it must be told.
    Filed,
}

/// First, or after another of the same case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// The first of its case.
    Initial,
    /// Later signals, with the numbers of the reports before.
    Supplement,
}

/// Where a report stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// Intended; nothing was sent.
    Waiting,
    /// Under way.
    Filing,
    /// Accepted; the receipt is kept.
    Finished,
    /// Stuck; a person must look.
    Dead,
    /// Taken back before it was finished.
    Withdrawn,
}

/// One intended report to one destination.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// Of which case.
    pub case: CaseId,
    /// By which decision.
    pub decision: DecisionId,
    /// First or later.
    pub kind: ReportKind,
    /// Where it goes.
    pub destination: Destination,
    /// Where it stands.
    pub state: ReportState,
    /// How many times it was begun.
    pub attempt: i64,
    /// Its number at the destination.
    pub number: Option<i64>,
    /// Where it was filed by hand, with which number.
    pub elsewhere: Option<Elsewhere>,
    /// Until when it can be taken back; then it is sent.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
    /// What stands in its way, in words.
    pub trouble: Option<String>,
    /// Where it is stuck and may be filed all the same, for the answer to its last call was lost: under which number. Asking the
    /// destination, by sending it again, is safe: it files nothing twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maybe_filed_as: Option<i64>,
    /// When it was intended.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was accepted.
    #[schema(value_type = Option<String>)]
    pub finished_at: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) revived: i64,
    /// The file under which it may go out with others.
    #[serde(skip)]
    pub(crate) batch: Option<String>,
    /// The report with which it went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined: Option<ReportId>,
    #[serde(skip)]
    pub(crate) withdraw_asked: bool,
    #[serde(skip)]
    pub(crate) document: String,
}

impl Report {
    /// What a person must know who looks at a stuck one, in a sentence.
    pub fn maybe(&self) -> Option<String> {
        let number = self.maybe_filed_as?;
        Some(format!(
            "It may be filed already as {number}: it was asked to be final and the answer was lost. Sending it again asks the \
             destination first, and files nothing twice; until then tell nobody that it was not filed."
        ))
    }

    /// Who received it, or would have.
    pub fn whom(&self) -> String {
        self.elsewhere.as_ref().map_or_else(|| self.destination.words().to_owned(), |other| other.authority.clone())
    }

    /// The texts of ours that went as files, with their names.
    pub fn texts(&self) -> Result<Vec<(String, String)>> {
        let files = self.draft()?.map(|draft| draft.files).unwrap_or_default();
        Ok(files.into_iter().filter_map(|file| Some((file.name, file.text?))).collect())
    }

    /// What it says, fixed at the decision. Nothing where it was filed before Tanod knew of it.
    pub fn draft(&self) -> Result<Option<Draft>> {
        if self.document == NO_DOCUMENT {
            return Ok(None);
        }
        let draft = serde_json::from_str(&self.document);
        draft.map(Some).map_err(|error| Error::internal("reading a report's draft", error))
    }
}

/// What stands in the place of a document of ours where there is none.
const NO_DOCUMENT: &str = "{}";

/// A manual report as text, for a web form, a letter or a telephone call. It shows no picture.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Packet {
    /// Of which report.
    pub report: ReportId,
    /// Lines, each a heading with what belongs under it.
    pub lines: Vec<(String, String)>,
}

/// The packet of a report. Taking it out is on record.
pub async fn packet(tx: &mut Tx, caller: &Caller, id: ReportId) -> Result<(Packet, Recorded)> {
    caller.require(Permission::DecideCases)?;
    let report = store::report(tx, id).await?.ok_or(&UNKNOWN_REPORT)?;
    let draft = report.draft()?.ok_or(&NOT_BY_HAND)?;
    let viewed: Vec<Viewed> = said_of_viewing(tx, &report, &draft, &editor::EVERY_FILE)
        .await?
        .into_iter()
        .map(|(_, viewed)| viewed)
        .collect();
    let proof = audit::record(tx, Entry::by(caller, "report.packet").case(report.case).about(id)).await?;
    let whole = editor::form_of(&draft.document(), draft.level)?;
    let everything = reading::Part { files: 0..usize::MAX, parts: 0..usize::MAX };
    Ok((Packet { report: id, lines: reading::lines(&draft, &whole, &viewed, &everything)? }, proof))
}

/// What a report says of viewing each of a part of its files: as it was when it was said, or as it would be said now.
pub async fn said_of_viewing(
    tx: &mut Tx,
    report: &Report,
    draft: &Draft,
    part: &Range<usize>,
) -> Result<Vec<(ItemId, Viewed)>> {
    let decision = review::decision(tx, report.decision).await?;
    let calls = store::calls(tx, report.id).await?;
    let mut said = Vec::new();
    for file in draft.files.iter().skip(part.start).take(part.len()) {
        let told = calls.iter().rev().find(|call| call.step == Step::Fileinfo && call.item == Some(file.item));
        let until = told.map(|call| call.sent_at).or(report.finished_at).unwrap_or(tx.now());
        said.push((file.item, viewing::of_file(tx, decision.as_ref(), file, until).await?));
    }
    Ok(said)
}

/// One of NCMEC's incident types, by its exact words.
pub fn incident_type(words: &str) -> Option<IncidentType> {
    IncidentType::ALL.into_iter().find(|kind| kind.as_str() == words)
}

/// Minutes in which a report can still be taken back. Where a child may be in danger there are none.
pub fn minutes_to_take_back(case: &Case, escalated: bool, settings: &config::Settings) -> u64 {
    if escalated || case.priority == Priority::P0 { 0 } else { settings.reporting.send_after_minutes }
}

/// A decision says that the case was reported before: the same hold and the same clocks as a report of ours.
pub async fn filed_before(tx: &mut Tx, case: &Case, decision: &Decision) -> Result<()> {
    let elsewhere = decision.particulars.elsewhere.clone().ok_or(&review::NOT_SAID_WHERE)?;
    let kind = if store::of_case(tx, case.id).await?.is_empty() { ReportKind::Initial } else { ReportKind::Supplement };
    let id: ReportId = tx.id();
    let new = intending::New {
        id,
        case: case.id,
        decision: decision.id,
        kind,
        destination: Destination::Manual,
        due: None,
        document: NO_DOCUMENT.to_owned(),
        batch: None,
    };
    intending::insert(tx, &[new]).await?;
    let report = store::report(tx, id).await?.ok_or(&UNKNOWN_REPORT)?;
    filed_elsewhere(tx, Entry::by_tanod("report.filed_elsewhere"), &report, &elsewhere).await.map(drop)
}

/// A person filed a manual report, and says where.
pub async fn filed_by_hand(
    tx: &mut Tx,
    caller: &Caller,
    id: ReportId,
    elsewhere: &Elsewhere,
) -> Result<(Report, Recorded)> {
    caller.require(Permission::DecideCases)?;
    elsewhere.check(tx.now())?;
    let report = store::report(tx, id).await?.ok_or(&UNKNOWN_REPORT)?;
    if report.destination != Destination::Manual || report.state != ReportState::Waiting {
        return Err((&NOT_BY_HAND).into());
    }
    let proof = filed_elsewhere(tx, Entry::by(caller, "report.filed_elsewhere"), &report, elsewhere).await?;
    Ok((store::report(tx, id).await?.ok_or(&UNKNOWN_REPORT)?, proof))
}

async fn filed_elsewhere(tx: &mut Tx, entry: Entry, report: &Report, elsewhere: &Elsewhere) -> Result<Recorded> {
    let text = serde_json::to_string(elsewhere).map_err(|error| Error::internal("writing a report's number", error))?;
    store::finish_elsewhere(tx, report.id, &text, elsewhere.at).await?;
    evidence::hold_reported(tx, report.case, report.id, &elsewhere.authority, elsewhere.at).await?;
    if !any_under_way(tx, report.case).await? {
        review::report_finished(tx, report.case).await?;
    }
    let detail = serde_json::json!({"authority": elsewhere.authority, "number": elsewhere.number, "at": elsewhere.at});
    audit::record(tx, entry.case(report.case).about(report.id).detail(detail)).await
}

/// What waits in case somebody takes it back is due now.
pub async fn send_now(tx: &mut Tx, case: CaseId) -> Result<()> {
    for report in store::of_case(tx, case).await? {
        if report.state == ReportState::Waiting && report.due_at.is_some() {
            queue::revive(tx, &Work::FileReportV1 { report: report.id }).await?;
        }
    }
    Ok(())
}

/// Takes back a report of which nothing was sent. False when sending has begun.
pub async fn withdraw(tx: &mut Tx, id: ReportId) -> Result<bool> {
    let withdrawn = store::withdraw(tx, id).await?;
    if withdrawn {
        store::free_edits(tx, id).await?;
    }
    Ok(withdrawn)
}

/// Takes back a report that should not be filed, as far as it can be.
pub async fn take_back(tx: &mut Tx, report: &Report) -> Result<TakenBack> {
    match report.state {
        ReportState::Finished => Ok(TakenBack::Filed),
        ReportState::Withdrawn => Ok(TakenBack::Now),
        ReportState::Waiting | ReportState::Filing | ReportState::Dead => {
            if store::withdraw(tx, report.id).await? {
                return Ok(TakenBack::Now);
            }
            store::ask_withdrawal(tx, report.id).await?;
            // What went along with another is taken back with it; the others begin anew without it.
            let carrier = batch::carrier(tx, report).await?.map_or(report.id, |carrier| carrier.id);
            store::ask_withdrawal(tx, carrier).await?;
            queue::revive(tx, &Work::FileReportV1 { report: carrier }).await?;
            Ok(TakenBack::UnderWay)
        }
    }
}

/// A report was taken back at the destination before it was final. Answers whether it begins anew for those that stay.
pub(crate) async fn withdrawn(tx: &mut Tx, report: &Report) -> Result<(Recorded, bool)> {
    if batch::taken_back(tx, report).await? {
        let entry = Entry::by_tanod("report.begun_anew").case(report.case).about(report.id);
        return Ok((audit::record(tx, entry).await?, true));
    }
    store::set_state(tx, report.id, ReportState::Withdrawn, None).await?;
    let entry = Entry::by_tanod("report.withdrawn").case(report.case).about(report.id);
    Ok((audit::record(tx, entry).await?, false))
}

/// Wipes what the reports of a case said, with the case's evidence, when every hold has ended (US-30, US-34): the documents, the
/// calls with them, what people entered. Numbers, times and receipts stay. Calls that carried reports of other cases stay until
/// those are wiped too. Never while something is still to be filed. Answers how many reports there were.
pub async fn wipe(tx: &mut Tx, case: CaseId) -> Result<u64> {
    if evidence::is_case_held(tx, case).await? || any_under_way(tx, case).await? {
        return Err((&evidence::ON_HOLD).into());
    }
    store::wipe(tx, case).await
}

/// Whether something of a case is still to be filed.
pub async fn any_under_way(tx: &mut Tx, case: CaseId) -> Result<bool> {
    let under_way = |report: &Report| {
        matches!(report.state, ReportState::Waiting | ReportState::Filing | ReportState::Dead) && !report.withdraw_asked
    };
    Ok(store::of_case(tx, case).await?.iter().any(under_way))
}

/// Whether a report of this case was accepted.
pub async fn any_finished(tx: &mut Tx, case: CaseId) -> Result<bool> {
    Ok(store::of_case(tx, case).await?.iter().any(|report| report.state == ReportState::Finished))
}

/// The destination has accepted a report, and those that went along with it.
pub async fn finished(tx: &mut Tx, report: &Report, number: i64) -> Result<Recorded> {
    let proof = finish_one(tx, report, number).await?;
    batch::finished(tx, report, number).await?;
    Ok(proof)
}

/// A report is accepted: its year of preservation begins (US-30), and the case moves on.
async fn finish_one(tx: &mut Tx, report: &Report, number: i64) -> Result<Recorded> {
    let now = tx.now();
    store::finish(tx, report.id, number).await?;
    evidence::hold_reported(tx, report.case, report.id, "NCMEC", now).await?;
    if report.withdraw_asked {
        // It was filed before it could be taken back: whoever received it must be told.
        review::could_not_be_taken_back(tx, report.id).await?;
    }
    if !any_under_way(tx, report.case).await? {
        review::report_finished(tx, report.case).await?;
    }
    let said = serde_json::json!({"case": report.case, "report": report.id, "number": number, "kind": report.kind});
    webhooks::send(tx, webhooks::Event::ReportFinished, Some(report.case), &said).await?;
    // The ledger commits to the receipt and to everything that its year keeps: what was sent and what surrounds it (US-31).
    let hash = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    let receipt = receipt(tx, report.id).await?.map(|receipt| hash(&receipt.raw));
    let draft = report.draft()?;
    let files: Vec<ItemId> = draft.iter().flat_map(|draft| draft.uploads().map(|file| file.item)).collect();
    let texts = draft.iter().flat_map(|draft| draft.files.iter().filter_map(|file| file.text.as_ref()));
    let texts: Vec<String> = texts.map(|text| hash(text.as_bytes())).collect();
    let detail = serde_json::json!({
        "number": number, "attempt": report.attempt, "receipt_sha256": receipt,
        "keeps": {
            "report_sha256": draft.as_ref().map(|draft| hash(draft.document().as_bytes())), "files": files, "texts_sha256": texts,
            "contexts": context::kept(tx, report.case).await?,
        },
    });
    audit::record(tx, Entry::by_tanod("report.finished").case(report.case).about(report.id).detail(detail)).await
}

/// A report is stuck: it waits for a person.
pub async fn died(tx: &mut Tx, report: &Report, trouble: &str) -> Result<Recorded> {
    store::set_state(tx, report.id, ReportState::Dead, Some(trouble)).await?;
    let maybe = steps::maybe_filed(&store::calls(tx, report.id).await?);
    store::set_maybe_filed(tx, report.id, maybe).await?;
    tracing::error!(report = %report.id, "a report is stuck and waits for a person");
    let said = serde_json::json!({"case": report.case, "report": report.id});
    webhooks::send(tx, webhooks::Event::ReportDead, Some(report.case), &said).await?;
    let detail = serde_json::json!({"trouble": trouble, "maybe_filed_as": maybe});
    audit::record(tx, Entry::by_tanod("report.died").case(report.case).about(report.id).detail(detail)).await
}

/// The queue has tried often enough: the report waits for a person, wherever it stands.
pub async fn gave_up(tx: &mut Tx, id: ReportId) -> Result<Recorded> {
    match store::report(tx, id).await? {
        Some(report) if matches!(report.state, ReportState::Waiting | ReportState::Filing) => {
            died(tx, &report, "the destination could not be reached, however often it was tried").await
        }
        _ => Ok(Recorded::unrecorded("a report that is settled stays as it is")),
    }
}

/// Sends a dead report again, after a person has looked.
pub async fn revive(tx: &mut Tx, caller: &Caller, id: ReportId) -> Result<(Report, Recorded)> {
    caller.require(Permission::ReviveReports)?;
    let report = store::report(tx, id).await?.ok_or(&UNKNOWN_REPORT)?;
    if report.state != ReportState::Dead {
        return Err((&NOT_DEAD).into());
    }
    let state = if report.attempt == 0 { ReportState::Waiting } else { ReportState::Filing };
    store::set_state(tx, id, state, None).await?;
    store::set_revived(tx, id, report.attempt).await?;
    queue::revive(tx, &Work::FileReportV1 { report: id }).await?;
    let proof = audit::record(tx, Entry::by(caller, "report.revived").case(report.case).about(id)).await?;
    Ok((Report { state, trouble: None, maybe_filed_as: None, ..report }, proof))
}

/// Reports, newest first.
pub async fn list(tx: &mut Tx, caller: &Caller, before: Option<ReportId>, limit: i64) -> Result<Vec<Report>> {
    caller.require(Permission::ReadReports)?;
    store::list(tx, before, limit).await
}

/// The reports of one case.
pub async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<Report>> {
    store::of_case(tx, case).await
}

/// How many reports are stuck and wait for a person.
pub async fn dead(tx: &mut Tx) -> Result<i64> {
    store::dead(tx).await
}

/// The reports that are stuck, with their cases.
pub async fn all_dead(tx: &mut Tx) -> Result<Vec<(ReportId, CaseId)>> {
    store::all_dead(tx).await
}

/// Whether the last answer of the CyberTipline refused our credentials.
pub async fn credentials_refused(tx: &mut Tx) -> Result<bool> {
    store::credentials_refused(tx).await
}

/// One report.
pub async fn find(tx: &mut Tx, caller: &Caller, id: ReportId) -> Result<Report> {
    caller.require(Permission::ReadReports)?;
    store::report(tx, id).await?.ok_or_else(|| (&UNKNOWN_REPORT).into())
}

/// Where the reports stand, all together.
#[derive(Clone, Debug, Default, serde::Serialize, utoipa::ToSchema)]
pub struct Queue {
    /// Intended, nothing sent.
    pub waiting: i64,
    /// Under way.
    pub filing: i64,
    /// Stuck; a person must look.
    pub dead: i64,
    /// Accepted, or filed by hand.
    pub finished: i64,
    /// When the oldest was intended that is neither filed nor taken back.
    #[schema(value_type = Option<String>)]
    pub oldest: Option<Timestamp>,
}

/// Whether the CyberTipline answers, as far as any process knows, for a person.
pub async fn line(tx: &mut Tx, client: Option<&exchange::ncmec::Client>) -> Result<String> {
    line::words(tx, client).await
}

/// Where the reports stand, all together.
pub async fn queue(tx: &mut Tx, caller: &Caller) -> Result<Queue> {
    caller.require(Permission::ReadReports)?;
    store::queue(tx).await
}
