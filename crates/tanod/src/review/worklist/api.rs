//! The worklist, for programs.

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{Case, UNKNOWN_CASE};
use super::Conditions;
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::store::{CaseId, PersonId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Sent};

/// Take the next case, of those that fit; without a condition, of all.
#[utoipa::path(post, path = "/v1/cases/next", tag = "cases", request_body = Conditions,
    responses((status = 200, body = Case), (status = "default", body = ProblemBody)))]
pub async fn take_next(Shared(app): Shared<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let wanted = sent.json::<Conditions>()?.read()?;
    let once = sent.once("POST /v1/cases/next", &[])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        super::take_next(tx, &sent.caller, &app.settings.care, &wanted).await
    })
    .await
}

/// What is looked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Sought {
    /// A case's number or id, an account, a CyberTip number, a content id, a digest, an address, a telephone number, a device, a
    /// reference; whole. Or the day, hour or minute in UTC in which it became known.
    #[serde(default)]
    q: String,
}

/// Find cases by something that is known of them; most urgent first, at most a hundred.
#[utoipa::path(get, path = "/v1/cases/search", tag = "cases", params(Sought),
    responses((status = 200, body = Vec<Case>), (status = "default", body = ProblemBody)))]
pub async fn search(Shared(app): Shared<App>, caller: Caller, Asked(sought): Asked<Sought>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::search(&mut tx, &caller, &sought.q).await?)
}

/// A case put off.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPutOff {
    /// Until when; at most three days.
    #[schema(value_type = String)]
    until: Timestamp,
    /// Why.
    because: String,
}

/// Put a case off that you work on. Its deadlines run on.
#[utoipa::path(post, path = "/v1/cases/{case}/put-off", tag = "cases", params(("case" = String, Path)),
    request_body = NewPutOff, responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn put_off(Shared(app): Shared<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewPutOff = sent.json()?;
    let once = sent.once("POST /v1/cases/put-off", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::NO_CONTENT, async |tx| {
        Ok(((), super::put_off(tx, &sent.caller, id, new.until, &new.because).await?))
    })
    .await
}

/// A case handed on.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHandOver {
    /// To whom.
    to: PersonId,
    /// Why.
    because: String,
}

/// Hand a case that you work on to a colleague.
#[utoipa::path(post, path = "/v1/cases/{case}/hand-over", tag = "cases", params(("case" = String, Path)),
    request_body = NewHandOver, responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn hand_over(Shared(app): Shared<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewHandOver = sent.json()?;
    let once = sent.once("POST /v1/cases/hand-over", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::NO_CONTENT, async |tx| {
        Ok(((), super::hand_over(tx, &sent.caller, id, new.to, &new.because).await?))
    })
    .await
}
