//! `/v1/cases`: the queue, a case, and what a person decides.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::danger::{Danger, NewCall, TelephoneCall};
use super::involved::{self, Involved, NewInvolved, NewRole, Proposal, Role};
use super::worklist::{self, Conditions};
use super::{
    Case, Correction, Decision, FileDecided, FileDecision, FileView, NewCorrection, NewDecision, NewSharing, NewTold,
    Priority, Quarantined, ReadBack, Sharing, Signal, State as CaseState, Touches, UNKNOWN_CASE, Untold, Wanted,
};
use crate::accounts::{Caller, Permission};
use crate::actions;
use crate::clocks;
use crate::context;
use crate::evidence::{self, Hold};
use crate::plan::App;
use crate::refusal::Error;
use crate::reporting::{self, Report};
use crate::store::CaseId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Body, Once, Page, Sent};

/// Which cases.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only in this state.
    state: Option<String>,
    /// Only as urgent as this: `P0` to `P4`.
    priority: Option<String>,
    /// Only known by this way, as cases name it.
    by: Option<String>,
    /// Only with this ground for their urgency, as cases name it.
    ground: Option<String>,
    /// Only with a deadline that has passed (`over`) or passes before the day ends in UTC (`today`).
    due: Option<String>,
    /// Only with content in this language (BCP 47).
    language: Option<String>,
    /// Only those that `me`, `nobody` or `somebody` works on.
    with: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// Cases, most urgent first.
#[utoipa::path(get, path = "/v1/cases", tag = "cases", params(Filter),
    responses((status = 200, body = Page<CaseRow>), (status = "default", body = ProblemBody)))]
pub async fn list(State(app): State<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let state: Option<CaseState> = web::chosen(filter.state.as_deref())?;
    let after = filter.after.as_deref().map(|after| web::id(after, &UNKNOWN_CASE)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let Filter { priority, by, ground, due, language, with, .. } = filter;
    let conditions = Conditions { priority, by, ground, due, language, with };
    let wanted = Wanted { state, after, ..conditions.read()? };
    let cases = worklist::list(&mut tx, &caller, &wanted, web::PAGE).await?;
    let ids: Vec<CaseId> = cases.iter().map(|case| case.id).collect();
    let mut contexts = context::standing_all(&mut tx, &ids).await?;
    let rows = cases.into_iter().map(|case| CaseRow { context: contexts.remove(&case.id), case }).collect();
    web::ok(&Page::new(rows, |row| row.case.id.to_string()))
}

/// A case in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CaseRow {
    #[serde(flatten)]
    case: Case,
    /// How far the platform has said what it knows.
    context: Option<context::Standing>,
}

/// A case with everything in it but depictions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CaseAnswer {
    #[serde(flatten)]
    case: Case,
    /// What made it.
    signals: Vec<Signal>,
    /// Who is in it, and as what.
    involved: Vec<Involved>,
    /// What its people suggest for the decision.
    proposals: Vec<Proposal>,
    /// What was decided.
    decisions: Vec<Decision>,
    /// What was found wrong, and whom it must be told to.
    corrections: Vec<Correction>,
    /// Telephone calls about it.
    calls: Vec<TelephoneCall>,
    /// Why it is kept.
    holds: Vec<Hold>,
    /// Reports about it.
    reports: Vec<Report>,
    /// Its deadlines, the next one first.
    clocks: Vec<clocks::Clock>,
    /// How far the platform has said what it knows.
    context: Option<context::Standing>,
    /// What the platform was asked to do.
    actions: Vec<actions::Action>,
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
        proposals: involved::proposals(&contents.involved),
        involved: contents.involved,
        decisions: contents.decisions,
        corrections: contents.corrections,
        calls: contents.calls,
        holds: evidence::holds_on(&mut tx, id).await?,
        reports: reporting::of_case(&mut tx, id).await?,
        clocks: clocks::of_case(&mut tx, &caller, &app.settings.operator, id).await?,
        context: context::standing(&mut tx, id).await?,
        actions: actions::of_case(&mut tx, id).await?,
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
pub async fn decide(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewDecision = sent.json()?;
    let once = sent.once("POST /v1/cases/decisions", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        super::decide(tx, &sent.caller, id, &new, &app.settings).await
    })
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
pub async fn approve(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ApproveDecisions)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewApproval = sent.json()?;
    let once = sent.once("POST /v1/cases/approvals", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        super::approve(tx, &sent.caller, id, new.approve, &new.reason, &app.settings).await
    })
    .await
}

/// What a decision would do, in plain words. Nothing is written.
#[utoipa::path(post, path = "/v1/cases/{case}/read-back", tag = "cases", params(("case" = String, Path)),
    request_body = NewDecision,
    responses((status = 200, body = ReadBack), (status = "default", body = ProblemBody)))]
pub async fn read_back(State(app): State<App>, caller: Caller, Path(case): Path<String>, body: Body) -> Answer {
    caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewDecision = web::json(&body)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    // Never committed: roles are said and drafts are made as they would be, and then forgotten.
    web::ok(&super::read_back(&mut tx, &caller, id, &new, &app.settings).await?)
}

/// A child may be in danger now: P0, a page, and a report with what there is. Any reviewer, without a lease.
#[utoipa::path(post, path = "/v1/cases/{case}/danger", tag = "cases", params(("case" = String, Path)),
    request_body = Danger,
    responses((status = 201, body = Decision), (status = "default", body = ProblemBody)))]
pub async fn danger(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let danger: Danger = sent.json()?;
    let once = sent.once("POST /v1/cases/danger", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        super::danger::now(tx, &sent.caller, id, &danger, &app.settings).await
    })
    .await
}

/// Write down a telephone call about a case.
#[utoipa::path(post, path = "/v1/cases/{case}/calls", tag = "cases", params(("case" = String, Path)),
    request_body = NewCall,
    responses((status = 201, body = TelephoneCall), (status = "default", body = ProblemBody)))]
pub async fn call(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewCall = sent.json()?;
    let once = sent.once("POST /v1/cases/calls", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::danger::record_call(tx, &sent.caller, id, &new).await)
        .await
}

/// Another urgency, with its reason.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPriority {
    /// Which.
    priority: Priority,
    /// Why, in a sentence.
    reason: String,
}

/// Set the urgency of a case, with a reason.
#[utoipa::path(post, path = "/v1/cases/{case}/priority", tag = "cases", params(("case" = String, Path)),
    request_body = NewPriority,
    responses((status = 200, body = Case), (status = "default", body = ProblemBody)))]
pub async fn prioritise(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewPriority = sent.json()?;
    let once = sent.once("POST /v1/cases/priority", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        super::priority::set(tx, &sent.caller, id, new.priority, &new.reason).await
    })
    .await
}

/// Add somebody to a case you work on.
#[utoipa::path(post, path = "/v1/cases/{case}/involved", tag = "cases", params(("case" = String, Path)),
    request_body = NewInvolved,
    responses((status = 201, body = Involved), (status = "default", body = ProblemBody)))]
pub async fn involve(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewInvolved = sent.json()?;
    let once = sent.once("POST /v1/cases/involved", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| involved::add(tx, &sent.caller, id, &new).await).await
}

/// What somebody is in a case.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleOf {
    /// What they are.
    role: Role,
    /// Whether they may be a child.
    likely_minor: Option<bool>,
    /// Whether somebody else may have used the account.
    hijacked: Option<bool>,
}

/// Give somebody in a case you work on their role.
#[utoipa::path(put, path = "/v1/cases/{case}/involved/{involved}", tag = "cases",
    params(("case" = String, Path), ("involved" = String, Path)), request_body = RoleOf,
    responses((status = 200, body = Involved), (status = "default", body = ProblemBody)))]
pub async fn set_role(
    State(app): State<App>,
    caller: Caller,
    Path((case, involved)): Path<(String, String)>,
    body: Body,
) -> Answer {
    caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: RoleOf = web::json(&body)?;
    let role = NewRole {
        involved: Some(web::id(&involved, &involved::UNKNOWN_INVOLVED)?),
        account: None,
        role: new.role,
        likely_minor: new.likely_minor,
        hijacked: new.hijacked,
    };
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (one, proof) = involved::set_role(&mut tx, &caller, id, &role).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&one)
}

/// Undo a wrong decision, with everything that rested on it.
#[utoipa::path(post, path = "/v1/cases/{case}/corrections", tag = "cases", params(("case" = String, Path)),
    request_body = NewCorrection,
    responses((status = 201, body = Correction), (status = "default", body = ProblemBody)))]
pub async fn correct(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ApproveDecisions)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewCorrection = sent.json()?;
    let once = sent.once("POST /v1/cases/corrections", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        super::correct(tx, &sent.caller, id, &new, &app.settings).await
    })
    .await
}

/// Who must still be told that a report was wrong, the longest waiting first.
#[utoipa::path(get, path = "/v1/corrections", tag = "cases",
    responses((status = 200, body = Page<Untold>), (status = "default", body = ProblemBody)))]
pub async fn untold(State(app): State<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadReports)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::untold(&mut tx, &caller).await?;
    web::ok(&Page { rows, next: None })
}

/// Write down that somebody was told, by which means, and what was said.
#[utoipa::path(post, path = "/v1/corrections/{told}/told", tag = "cases", params(("told" = String, Path)),
    request_body = NewTold,
    responses((status = 200, body = Untold), (status = "default", body = ProblemBody)))]
pub async fn tell(State(app): State<App>, Path(told): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::TellCorrections)?;
    let id = web::id(&told, &super::corrections::UNKNOWN_TOLD)?;
    let new: NewTold = sent.json()?;
    let once = sent.once("POST /v1/corrections/told", &[told.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::tell(tx, &sent.caller, id, &new).await).await
}

/// Why.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// In a sentence.
    reason: String,
}

/// Set a list aside: it matches no more, and what rested on it alone is open again.
#[utoipa::path(post, path = "/v1/banks/{bank}/quarantine", tag = "banks", params(("bank" = String, Path)),
    request_body = Why,
    responses((status = 200, body = Quarantined), (status = "default", body = ProblemBody)))]
pub async fn quarantine(State(app): State<App>, Path(bank): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::QuarantineLists)?;
    let why: Why = sent.json()?;
    let once = sent.once("POST /v1/banks/quarantine", &[bank.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let bank = crate::banks::find(tx, &sent.caller, &bank).await?;
        super::quarantine(tx, &sent.caller, bank.id, &why.reason).await
    })
    .await
}

/// What setting a list aside would touch. Nothing is written.
#[utoipa::path(get, path = "/v1/banks/{bank}/quarantine", tag = "banks", params(("bank" = String, Path)),
    responses((status = 200, body = Touches), (status = "default", body = ProblemBody)))]
pub async fn touches(State(app): State<App>, caller: Caller, Path(bank): Path<String>) -> Answer {
    caller.require(Permission::QuarantineLists)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let bank = crate::banks::find(&mut tx, &caller, &bank).await?;
    web::ok(&super::touches(&mut tx, &caller, bank.id).await?)
}

/// One file, and the cases that hold it.
#[utoipa::path(get, path = "/v1/files/{sha256}", tag = "cases", params(("sha256" = String, Path)),
    responses((status = 200, body = FileView), (status = "default", body = ProblemBody)))]
pub async fn file(State(app): State<App>, caller: Caller, Path(sha256): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::file(&mut tx, &caller, &sha256).await?)
}

/// One decision for every account that has nothing but this file.
#[utoipa::path(post, path = "/v1/files/{sha256}/decisions", tag = "cases", params(("sha256" = String, Path)),
    request_body = FileDecision,
    responses((status = 201, body = FileDecided), (status = "default", body = ProblemBody)))]
pub async fn decide_file(State(app): State<App>, Path(sha256): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let new: FileDecision = sent.json()?;
    let once = sent.once("POST /v1/files/decisions", &[sha256.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        super::decide_file(tx, &sent.caller, &sha256, &new, &app.settings).await
    })
    .await
}

/// Allow, or no longer allow, that the hash of a file that may be a child's own picture is passed on.
#[utoipa::path(post, path = "/v1/files/{sha256}/sharing", tag = "cases", params(("sha256" = String, Path)),
    request_body = NewSharing,
    responses((status = 200, body = Sharing), (status = "default", body = ProblemBody)))]
pub async fn share_file(State(app): State<App>, Path(sha256): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ApproveDecisions)?;
    let new: NewSharing = sent.json()?;
    let once = sent.once("POST /v1/files/sharing", &[sha256.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::sharing::set(tx, &sent.caller, &sha256, &new).await).await
}

/// The second person's word on a decision that was made for one file.
#[utoipa::path(post, path = "/v1/files/{sha256}/approvals", tag = "cases", params(("sha256" = String, Path)),
    request_body = NewApproval,
    responses((status = 201, body = FileDecided), (status = "default", body = ProblemBody)))]
pub async fn approve_file(State(app): State<App>, Path(sha256): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ApproveDecisions)?;
    let new: NewApproval = sent.json()?;
    let once = sent.once("POST /v1/files/approvals", &[sha256.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        super::approve_file(tx, &sent.caller, &sha256, new.approve, &new.reason, &app.settings).await
    })
    .await
}
