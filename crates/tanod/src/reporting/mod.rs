//! A duty to report becomes a filed, acknowledged report: intended once, filed exactly once, its receipt kept.

pub mod api;
mod document;
pub mod jobs;
mod steps;
mod store;

use exchange::ncmec::document::IncidentType;
use jiff::Timestamp;

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::evidence;
use crate::queue::{self, Work};
use crate::refusal::{Error, Kind, Result};
use crate::review::{self, Case, Decision};
use crate::store::{CaseId, DecisionId, ItemId, Recorded, ReportId, Tx};

pub use document::{Draft, DraftFile, Viewed};

/// An id that leads nowhere.
pub static UNKNOWN_REPORT: Kind =
    Kind::new(404, "unknown-report", "There is no such report.", "List the reports with GET /v1/reports.");
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

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[&UNKNOWN_REPORT, &NOT_DEAD, &INVALID_REPORT];

/// What every report of this operator says about itself (US-02).
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The platform's name, as officers know it.
    pub platform: String,
    /// Given name of the reporting contact, or of the role.
    pub first_name: String,
    /// Family name of the reporting contact, or of the role.
    pub last_name: String,
    /// Where NCMEC writes to. A role mailbox survives staff turnover.
    pub email: String,
    /// Where to serve legal process, how long data are kept, whom to call at night.
    #[serde(default)]
    pub company_template: String,
    /// A page with the same.
    #[serde(default)]
    pub legal_url: String,
}

/// Where a report goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// NCMEC's CyberTipline.
    Ncmec,
    /// By hand, with its number entered afterwards.
    Manual,
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
    /// What stands in its way, in words.
    pub trouble: Option<String>,
    /// When it was intended.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was accepted.
    #[schema(value_type = Option<String>)]
    pub finished_at: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) revived: i64,
    #[serde(skip)]
    pub(crate) document: String,
}

impl Report {
    /// What it says, fixed at the decision.
    pub fn draft(&self) -> Result<Draft> {
        serde_json::from_str(&self.document).map_err(|error| Error::internal("reading a report's draft", error))
    }
}

/// One of NCMEC's incident types, by its exact words.
pub fn incident_type(words: &str) -> Option<IncidentType> {
    IncidentType::ALL.into_iter().find(|kind| kind.as_str() == words)
}

/// Intends the report of a settled decision. The decision is unique among reports: the same one never intends a second.
pub async fn intend(
    tx: &mut Tx,
    case: &Case,
    decision: &Decision,
    items: &[ItemId],
    settings: &Settings,
) -> Result<()> {
    let earlier = store::of_case(tx, case.id).await?;
    let kind = if earlier.is_empty() { ReportKind::Initial } else { ReportKind::Supplement };
    let prior: Vec<i64> = earlier
        .iter()
        .filter(|report| report.state == ReportState::Finished)
        .filter_map(|report| report.number)
        .collect();
    let draft = document::draft(tx, case, decision, items, prior, settings).await?;
    let faults = draft.faults(tx.now());
    if let Some(fault) = faults.first() {
        return Err(INVALID_REPORT.because(fault.clone()));
    }
    let id: ReportId = tx.id();
    let text = serde_json::to_string(&draft).map_err(|error| Error::internal("writing a report's draft", error))?;
    store::insert(tx, id, case.id, decision.id, kind, &text).await?;
    queue::push(tx, &Work::FileReportV1 { report: id }, std::time::Duration::ZERO).await?;
    let detail = serde_json::json!({"kind": kind, "files": items.len(), "destination": Destination::Ncmec});
    audit::record(tx, Entry::by_tanod("report.intended").case(case.id).about(id).detail(detail)).await.map(drop)
}

/// Whether a report of this case was accepted.
pub async fn any_finished(tx: &mut Tx, case: CaseId) -> Result<bool> {
    Ok(store::of_case(tx, case).await?.iter().any(|report| report.state == ReportState::Finished))
}

/// The destination has accepted a report: its year of preservation begins (US-30), and the case moves on.
pub async fn finished(tx: &mut Tx, report: &Report, number: i64) -> Result<Recorded> {
    let now = tx.now();
    store::finish(tx, report.id, number).await?;
    evidence::hold_reported(tx, report.case, report.id, now).await?;
    let open = store::of_case(tx, report.case)
        .await?
        .iter()
        .any(|report| matches!(report.state, ReportState::Waiting | ReportState::Filing | ReportState::Dead));
    if !open {
        review::report_finished(tx, report.case).await?;
    }
    let detail = serde_json::json!({"number": number, "attempt": report.attempt});
    audit::record(tx, Entry::by_tanod("report.finished").case(report.case).about(report.id).detail(detail)).await
}

/// A report is stuck: it waits for a person.
pub async fn died(tx: &mut Tx, report: &Report, trouble: &str) -> Result<Recorded> {
    store::set_state(tx, report.id, ReportState::Dead, Some(trouble)).await?;
    tracing::error!(report = %report.id, "a report is stuck and waits for a person");
    let detail = serde_json::json!({"trouble": trouble});
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
    Ok((Report { state, trouble: None, ..report }, proof))
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

/// The receipt of a finished report: the raw answer to `finish`, as it arrived. By NCMEC's own statement it is the notice
/// that starts the duty to preserve.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Receipt {
    /// When it arrived.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The destination's id of the request.
    pub request_id: Option<String>,
    /// Header lines, as JSON.
    pub headers: Option<String>,
    /// The body, byte for byte, as text.
    pub answer: String,
}

/// The receipt of a report, if it has one.
pub async fn receipt(tx: &mut Tx, id: ReportId) -> Result<Option<Receipt>> {
    store::receipt(tx, id).await
}
