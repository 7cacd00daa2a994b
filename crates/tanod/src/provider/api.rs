//! `/v1/provider`: who every report says you are.

use axum::extract::State;
use axum::response::IntoResponse as _;
use serde::Serialize;

use super::Provider;
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::web::languages::Language;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Sent};

/// Who you are, and what is missing of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Shown {
    /// What reports say now.
    #[serde(flatten)]
    provider: Provider,
    /// Items of the law that are missing; without them no report is intended.
    missing: Vec<String>,
    /// What would help officers.
    advice: Vec<String>,
}

impl Shown {
    fn of(provider: Provider) -> Self {
        let named = |names: &[&str]| super::named(names, Language::default());
        Self { missing: named(&provider.missing()), advice: named(&provider.advice()), provider }
    }
}

/// Who every report says you are.
#[utoipa::path(get, path = "/v1/provider", tag = "reports",
    responses((status = 200, body = Shown), (status = "default", body = ProblemBody)))]
pub async fn show(State(app): State<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadReports)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&Shown::of(super::read(&mut tx, &caller, &app.settings.reporting.about).await?))
}

/// Say who you are, from the next report on. What you leave empty stays as the settings have it.
#[utoipa::path(put, path = "/v1/provider", tag = "reports", request_body = Provider,
    responses((status = 200, body = Shown), (status = "default", body = ProblemBody)))]
pub async fn set(State(app): State<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeProvider)?;
    let new: Provider = sent.json()?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let proof = super::set(&mut tx, &sent.caller, &new).await?;
    let shown = Shown::of(super::current(&mut tx, &app.settings.reporting.about).await?);
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(web::ok(&shown)?.into_response())
}
