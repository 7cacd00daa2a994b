//! `/v1/reports`: what was filed, what is stuck, and the receipts.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::{Elsewhere, Packet, Receipt, Report, UNKNOWN_REPORT, Viewed};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::review;
use crate::store::{ItemId, ReportId};
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
    let said = |viewed| match viewed {
        Viewed::Whole => Some(true),
        Viewed::Partly => None,
        Viewed::Nobody => Some(false),
    };
    let file = |file: super::DraftFile| FileAnswer { item: file.item, viewed_by_esp: said(file.viewed) };
    let files = report.draft()?.map(|draft| draft.files).unwrap_or_default().into_iter().map(file).collect();
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
