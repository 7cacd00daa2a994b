//! `/v1/cases`: the queue, a case, and what a person decides.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::{Case, Decision, NewDecision, Signal, State as CaseState, UNKNOWN_CASE, Wanted};
use crate::accounts::{Caller, Permission};
use crate::clocks;
use crate::evidence::{self, Hold};
use crate::plan::App;
use crate::refusal::Error;
use crate::reporting::{self, Report};
use crate::store::{CaseId, word};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Body, Once, Page};

/// Which cases.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only in this state.
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Cases, most urgent first.
#[utoipa::path(get, path = "/v1/cases", tag = "cases", params(Filter),
    responses((status = 200, body = Page<Case>), (status = "default", body = ProblemBody)))]
pub async fn list(State(app): State<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let state: Option<CaseState> = match &filter.state {
        Some(text) => Some(word(text).ok_or_else(|| web::BAD_QUERY.because(format!("no such state: {text}")))?),
        None => None,
    };
    let after = filter.after.as_deref().map(|after| web::id(after, &UNKNOWN_CASE)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller, Wanted { state, after }, web::PAGE).await?;
    web::ok(&Page::new(rows, |case| case.id.to_string()))
}

/// A case with everything in it but depictions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CaseAnswer {
    #[serde(flatten)]
    case: Case,
    /// What made it.
    signals: Vec<Signal>,
    /// What was decided.
    decisions: Vec<Decision>,
    /// Why it is kept.
    holds: Vec<Hold>,
    /// Reports about it.
    reports: Vec<Report>,
    /// Its deadlines, the next one first.
    clocks: Vec<clocks::Clock>,
}

/// One case.
#[utoipa::path(get, path = "/v1/cases/{case}", tag = "cases", params(("case" = String, Path)),
    responses((status = 200, body = CaseAnswer), (status = "default", body = ProblemBody)))]
pub async fn show(State(app): State<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let case = super::find(&mut tx, &caller, id).await?;
    let contents = super::contents(&mut tx, &caller, id).await?;
    web::ok(&CaseAnswer {
        case,
        signals: contents.signals,
        decisions: contents.decisions,
        holds: evidence::holds_on(&mut tx, id).await?,
        reports: reporting::of_case(&mut tx, id).await?,
        clocks: clocks::of_case(&mut tx, &caller, &app.settings.operator, id).await?,
    })
}

/// Take a case, or keep it for longer.
#[utoipa::path(post, path = "/v1/cases/{case}/lease", tag = "cases", params(("case" = String, Path)),
    responses((status = 200, body = Case), (status = "default", body = ProblemBody)))]
pub async fn lease(State(app): State<App>, caller: Caller, Path(case): Path<String>, headers: HeaderMap) -> Answer {
    caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let once = Once::new("POST /v1/cases/lease", &caller, &headers, &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::lease(tx, &caller, id).await).await
}

/// Give a case back.
#[utoipa::path(delete, path = "/v1/cases/{case}/lease", tag = "cases", params(("case" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn release(State(app): State<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let proof = super::release(&mut tx, &caller, id).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Decide a case whose lease you hold.
#[utoipa::path(post, path = "/v1/cases/{case}/decisions", tag = "cases", params(("case" = String, Path)),
    request_body = NewDecision,
    responses((status = 201, body = Decision), (status = "default", body = ProblemBody)))]
pub async fn decide(
    State(app): State<App>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewDecision = web::json(&body)?;
    let once = Once::new("POST /v1/cases/decisions", &caller, &headers, &[case.as_bytes(), &body])?;
    let (about, second) = (&app.settings.reporting.about, app.settings.review.second_approval);
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::decide(tx, &caller, id, &new, about, second).await)
        .await
}

/// A second person's word.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApproval {
    /// Yes or no.
    approve: bool,
    /// Why, in a sentence.
    reason: String,
}

/// Approve or refuse the decision that waits for a second person.
#[utoipa::path(post, path = "/v1/cases/{case}/approvals", tag = "cases", params(("case" = String, Path)),
    request_body = NewApproval,
    responses((status = 201, body = Decision), (status = "default", body = ProblemBody)))]
pub async fn approve(
    State(app): State<App>,
    caller: Caller,
    Path(case): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    caller.require(Permission::ApproveDecisions)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewApproval = web::json(&body)?;
    let once = Once::new("POST /v1/cases/approvals", &caller, &headers, &[case.as_bytes(), &body])?;
    let about = &app.settings.reporting.about;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        super::approve(tx, &caller, id, new.approve, &new.reason, about).await
    })
    .await
}
