//! What lies around a case, for programs.

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::super::UNKNOWN_CASE;
use super::{Earlier, Links, Note};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::store::CaseId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Sent};

/// What lies around a case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Around {
    /// Cases that share something with it.
    links: Links,
    /// Earlier cases of its account.
    earlier: Vec<Earlier>,
    /// What people noted on it.
    notes: Vec<Note>,
}

/// What lies around a case: accounts that share something with it, earlier cases of its account, notes.
#[utoipa::path(get, path = "/v1/cases/{case}/around", tag = "cases", params(("case" = String, Path)),
    responses((status = 200, body = Around), (status = "default", body = ProblemBody)))]
pub async fn around(Shared(app): Shared<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let case = super::super::find(&mut tx, &caller, id).await?;
    web::ok(&Around {
        links: super::links(&mut tx, &caller, id).await?,
        earlier: super::earlier(&mut tx, &caller, id, case.account.as_deref()).await?,
        notes: super::notes(&mut tx, &caller, id).await?,
    })
}

/// A note.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// What is noted, in 1 to 4000 characters.
    words: String,
}

/// Note something on a case. Nobody changes or takes back a note.
#[utoipa::path(post, path = "/v1/cases/{case}/notes", tag = "cases", params(("case" = String, Path)),
    request_body = NewNote, responses((status = 201, body = Note), (status = "default", body = ProblemBody)))]
pub async fn note(Shared(app): Shared<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewNote = sent.json()?;
    let once = sent.once("POST /v1/cases/notes", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::note(tx, &sent.caller, id, &new.words).await).await
}
