//! `/v1/reports`: what was filed, what is stuck, and the receipts.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::{Elsewhere, NewViewing, Packet, Receipt, Report, UNKNOWN_REPORT, Viewing, viewing};
use crate::accounts::{Caller, Permission};
use crate::intake::UNKNOWN_ITEM;
use crate::plan::App;
use crate::refusal::Error;
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{CaseId, ItemId, ReportId, ViewingId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Once, Page, Sent};

/// Where a page begins.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The `next` of the page before.
    before: Option<String>,
}

/// Reports, newest first.
#[utoipa::path(get, path = "/v1/reports", tag = "reports", params(Before),
    responses((status = 200, body = Page<Report>), (status = "default", body = ProblemBody)))]
pub async fn list(State(app): State<App>, caller: Caller, Asked(page): Asked<Before>) -> Answer {
    caller.require(Permission::ReadReports)?;
    let before: Option<ReportId> = page.before.as_deref().map(|id| web::id(id, &UNKNOWN_REPORT)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |report| report.id.to_string()))
}

/// A file of a report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileAnswer {
    /// Which upload.
    item: ItemId,
    /// What the report says of viewing it: `true`, `false`, or nothing.
    viewed_by_esp: Option<bool>,
}

/// A report with its receipt.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReportAnswer {
    #[serde(flatten)]
    report: Report,
    /// Its files.
    files: Vec<FileAnswer>,
    /// The answer that made it final, as it arrived.
    receipt: Option<Receipt>,
}

/// One report.
#[utoipa::path(get, path = "/v1/reports/{report}", tag = "reports", params(("report" = String, Path)),
    responses((status = 200, body = ReportAnswer), (status = "default", body = ProblemBody)))]
pub async fn show(State(app): State<App>, caller: Caller, Path(report): Path<String>) -> Answer {
    caller.require(Permission::ReadReports)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let report = super::find(&mut tx, &caller, id).await?;
    let said = match report.draft()? {
        Some(draft) => super::said_of_viewing(&mut tx, &report, &draft).await?,
        None => Vec::new(),
    };
    let files = said.into_iter().map(|(item, viewed)| FileAnswer { item, viewed_by_esp: viewed.flag() }).collect();
    let answer = ReportAnswer { files, receipt: super::receipt(&mut tx, id).await?, report };
    web::ok(&answer)
}

/// Send a dead report again, after you have seen to its trouble.
#[utoipa::path(post, path = "/v1/reports/{report}/revive", tag = "reports", params(("report" = String, Path)),
    responses((status = 200, body = Report), (status = "default", body = ProblemBody)))]
pub async fn revive(State(app): State<App>, caller: Caller, Path(report): Path<String>, headers: HeaderMap) -> Answer {
    caller.require(Permission::ReviveReports)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let once = Once::new("POST /v1/reports/revive", &caller, &headers, &[report.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::revive(tx, &caller, id).await).await
}

/// Why a report is taken back.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// In a sentence.
    reason: String,
}

/// Take back a decided report before it is sent.
#[utoipa::path(post, path = "/v1/reports/{report}/withdraw", tag = "reports", params(("report" = String, Path)),
    request_body = Withdrawal,
    responses((status = 200, body = review::Decision), (status = "default", body = ProblemBody)))]
pub async fn withdraw(State(app): State<App>, Path(report): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let new: Withdrawal = sent.json()?;
    let once = sent.once("POST /v1/reports/withdraw", &[report.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| review::withdraw(tx, &sent.caller, id, &new.reason).await).await
}

/// Say that a manual report was filed: where, when, under which number.
#[utoipa::path(post, path = "/v1/reports/{report}/filed", tag = "reports", params(("report" = String, Path)),
    request_body = Elsewhere,
    responses((status = 200, body = Report), (status = "default", body = ProblemBody)))]
pub async fn filed(State(app): State<App>, Path(report): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let new: Elsewhere = sent.json()?;
    let once = sent.once("POST /v1/reports/filed", &[report.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::filed_by_hand(tx, &sent.caller, id, &new).await).await
}

/// The packet of a report for a web form, a hotline or the police: text to be printed or copied, no picture in it.
#[utoipa::path(get, path = "/v1/reports/{report}/packet", tag = "reports", params(("report" = String, Path)),
    responses((status = 200, body = Packet), (status = "default", body = ProblemBody)))]
pub async fn packet(State(app): State<App>, caller: Caller, Path(report): Path<String>) -> Answer {
    caller.require(Permission::DecideCases)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (packet, proof) = super::packet(&mut tx, &caller, id).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&packet)
}

/// The statements in a case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Viewings {
    /// Oldest first.
    rows: Vec<Viewing>,
}

/// Statements that somebody viewed an upload of a case in a tool of yours.
#[utoipa::path(get, path = "/v1/cases/{case}/viewings", tag = "reports", params(("case" = String, Path)),
    responses((status = 200, body = Viewings), (status = "default", body = ProblemBody)))]
pub async fn viewings(State(app): State<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&Viewings { rows: viewing::of_case(&mut tx, &caller, id).await? })
}

/// State that somebody viewed the entire contents of an upload in a tool of yours. The report says so once another person
/// has countersigned it.
#[utoipa::path(post, path = "/v1/cases/{case}/items/{item}/viewings", tag = "reports",
    params(("case" = String, Path), ("item" = String, Path)), request_body = NewViewing,
    responses((status = 201, body = Viewing), (status = "default", body = ProblemBody)))]
pub async fn state_viewing(State(app): State<App>, Path((case, item)): Path<(String, String)>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let (id, of): (CaseId, ItemId) = (web::id(&case, &UNKNOWN_CASE)?, web::id(&item, &UNKNOWN_ITEM)?);
    let new: NewViewing = sent.json()?;
    let once = sent.once("POST /v1/cases/items/viewings", &[case.as_bytes(), item.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| viewing::state(tx, &sent.caller, id, of, &new).await).await
}

/// A second person's word on such a statement.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Countersign {
    /// Whether you stand by it.
    agree: bool,
}

/// Countersign a statement, or refuse to. Nobody countersigns their own.
#[utoipa::path(post, path = "/v1/viewings/{viewing}/countersign", tag = "reports", params(("viewing" = String, Path)),
    request_body = Countersign, responses((status = 200, body = Viewing), (status = "default", body = ProblemBody)))]
pub async fn countersign(State(app): State<App>, Path(statement): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: ViewingId = web::id(&statement, &viewing::UNKNOWN_VIEWING)?;
    let new: Countersign = sent.json()?;
    let once = sent.once("POST /v1/viewings/countersign", &[statement.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| viewing::countersign(tx, &sent.caller, id, new.agree).await).await
}
