//! The deadlines of a case, and whom to call.

use axum::extract::{Path, State};
use serde::Deserialize;

use super::Clock;
use crate::accounts::{Caller, Permission};
use crate::numbers::{self, Number};
use crate::plan::App;
use crate::refusal::Error;
use crate::review::UNKNOWN_CASE;
use crate::store::CaseId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Page};

/// The deadlines of a case, the next one first.
#[utoipa::path(get, path = "/v1/cases/{case}/clocks", tag = "cases", params(("case" = String, Path)),
    responses((status = 200, body = Page<Clock>), (status = "default", body = ProblemBody)))]
pub async fn show(State(app): State<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::of_case(&mut tx, &caller, &app.settings.operator, id).await?;
    web::ok(&Page { rows, next: None })
}

/// Where the child and the account are, as far as that is known.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Where {
    /// The child's country, two letters.
    child: Option<String>,
    /// The account's country, two letters.
    account: Option<String>,
}

/// Whom to call: the numbers of the child's country first, then the account's, then the operator's.
#[utoipa::path(get, path = "/v1/numbers", tag = "cases", params(Where),
    responses((status = 200, body = Page<Number>), (status = "default", body = ProblemBody)))]
pub async fn numbers(State(app): State<App>, caller: Caller, Asked(place): Asked<Where>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let own = &app.settings.danger.numbers;
    let country = &app.settings.operator.country;
    let rows = numbers::directory(own, place.child.as_deref(), place.account.as_deref(), country);
    web::ok(&Page { rows, next: None })
}
