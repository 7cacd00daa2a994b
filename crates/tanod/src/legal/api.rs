//! `/v1/legal-processes` and `/v1/packages`: who asked for what, and what left the house.

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use serde::Deserialize;

use super::{
    NewPackage, NewProcess, Package, PackageApproval, Process, Settlement, State, UNKNOWN_PROCESS, UNKNOWN_RELEASE,
    Verification,
};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::review::UNKNOWN_CASE;
use crate::store::{CaseId, LegalProcessId, PackageId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Page, Sent};

/// Which legal processes.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only in this state: `received`, `verified`, `answered` or `refused`.
    state: Option<String>,
    /// Only about this case.
    case: Option<String>,
    /// The `next` of the page before.
    before: Option<String>,
}

/// Legal processes, newest first.
#[utoipa::path(get, path = "/v1/legal-processes", tag = "legal process", params(Filter),
    responses((status = 200, body = Page<Process>), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadLegalProcess)?;
    let state: Option<State> = web::chosen(filter.state.as_deref())?;
    let case: Option<CaseId> = filter.case.as_deref().map(|case| web::id(case, &UNKNOWN_CASE)).transpose()?;
    let before = filter.before.as_deref().map(|before| web::id(before, &UNKNOWN_PROCESS)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::processes(&mut tx, &caller, state, case, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |process: &Process| process.id.to_string()))
}

/// One legal process.
#[utoipa::path(get, path = "/v1/legal-processes/{process}", tag = "legal process", params(("process" = String, Path)),
    responses((status = 200, body = Process), (status = "default", body = ProblemBody)))]
pub async fn show(Shared(app): Shared<App>, caller: Caller, Path(process): Path<String>) -> Answer {
    caller.require(Permission::ReadLegalProcess)?;
    let id: LegalProcessId = web::id(&process, &UNKNOWN_PROCESS)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::process(&mut tx, &caller, id).await?)
}

/// Write down a legal process that came. Its clock runs from its arrival; an emergency asks for an answer within the hour.
#[utoipa::path(post, path = "/v1/legal-processes", tag = "legal process", request_body = NewProcess,
    responses((status = 201, body = Process), (status = "default", body = ProblemBody)))]
pub async fn receive(Shared(app): Shared<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::AnswerLegalProcess)?;
    let new: NewProcess = sent.json()?;
    let once = sent.once("POST /v1/legal-processes", &[])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::receive(tx, &sent.caller, &new).await).await
}

/// Write down how its sender was verified, over an independent official channel (EV-21).
#[utoipa::path(post, path = "/v1/legal-processes/{process}/verification", tag = "legal process",
    params(("process" = String, Path)), request_body = Verification,
    responses((status = 200, body = Process), (status = "default", body = ProblemBody)))]
pub async fn verify(Shared(app): Shared<App>, Path(process): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::AnswerLegalProcess)?;
    let id: LegalProcessId = web::id(&process, &UNKNOWN_PROCESS)?;
    let new: Verification = sent.json()?;
    let once = sent.once("POST /v1/legal-processes/verification", &[process.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::verify(tx, &sent.caller, id, &new.how).await).await
}

/// Say what was given, or that it was turned down, and why. Its clock ends.
#[utoipa::path(post, path = "/v1/legal-processes/{process}/settlement", tag = "legal process",
    params(("process" = String, Path)), request_body = Settlement,
    responses((status = 200, body = Process), (status = "default", body = ProblemBody)))]
pub async fn settle(Shared(app): Shared<App>, Path(process): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::AnswerLegalProcess)?;
    let id: LegalProcessId = web::id(&process, &UNKNOWN_PROCESS)?;
    let end: Settlement = sent.json()?;
    let once = sent.once("POST /v1/legal-processes/settlement", &[process.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::settle(tx, &sent.caller, id, &end).await).await
}

/// Which packages.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Packages {
    /// Only of this case.
    case: Option<String>,
    /// Only under this legal process.
    process: Option<String>,
    /// The `next` of the page before.
    before: Option<String>,
}

/// Packages, newest first: what may leave the house, and what left.
#[utoipa::path(get, path = "/v1/packages", tag = "legal process", params(Packages),
    responses((status = 200, body = Page<Package>), (status = "default", body = ProblemBody)))]
pub async fn packages(Shared(app): Shared<App>, caller: Caller, Asked(filter): Asked<Packages>) -> Answer {
    caller.require(Permission::ReadLegalProcess)?;
    let case: Option<CaseId> = filter.case.as_deref().map(|case| web::id(case, &UNKNOWN_CASE)).transpose()?;
    let process = filter.process.as_deref().map(|process| web::id(process, &UNKNOWN_PROCESS)).transpose()?;
    let before = filter.before.as_deref().map(|before| web::id(before, &UNKNOWN_RELEASE)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::packages(&mut tx, &caller, case, process, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |package: &Package| package.id.to_string()))
}

/// Ask for a package of a case's evidence, under a verified legal process. A second person approves it; then
/// `tanod evidence export` makes it.
#[utoipa::path(post, path = "/v1/cases/{case}/packages", tag = "legal process", params(("case" = String, Path)),
    request_body = NewPackage,
    responses((status = 201, body = Package), (status = "default", body = ProblemBody)))]
pub async fn ask(Shared(app): Shared<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::AnswerLegalProcess)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewPackage = sent.json()?;
    let once = sent.once("POST /v1/cases/packages", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::ask(tx, &sent.caller, id, &new).await).await
}

/// Approve or refuse a package, as a second person.
#[utoipa::path(post, path = "/v1/packages/{package}/approval", tag = "legal process", params(("package" = String, Path)),
    request_body = PackageApproval,
    responses((status = 200, body = Package), (status = "default", body = ProblemBody)))]
pub async fn approve(Shared(app): Shared<App>, Path(package): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::AnswerLegalProcess)?;
    let id: PackageId = web::id(&package, &UNKNOWN_RELEASE)?;
    let word: PackageApproval = sent.json()?;
    let once = sent.once("POST /v1/packages/approval", &[package.as_bytes()])?;
    let profile = app.settings.operator.profile;
    web::post(&app, &once, StatusCode::OK, async |tx| super::approve(tx, &sent.caller, id, &word, profile).await).await
}
