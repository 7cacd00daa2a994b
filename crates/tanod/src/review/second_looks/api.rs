//! Second looks, for programs.

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::super::Decision;
use super::{Coaching, FoundWrong, Month, NewWord, SecondLook, UNKNOWN_SECOND_LOOK};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::store::SecondLookId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Sent};

/// A second look with what the first stated.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Row {
    #[serde(flatten)]
    look: SecondLook,
    /// The first's decision.
    first: Decision,
}

/// Second looks, as far as the caller may see them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Looks {
    /// Those that wait for the caller.
    waiting: Vec<Row>,
    /// Disagreements that wait for a lead.
    disagreements: Vec<Row>,
    /// Agreement, month by month.
    agreement: Vec<Month>,
    /// Notes to the caller and by the caller.
    coaching: Vec<Coaching>,
    /// The caller's own decisions that were found wrong.
    found_wrong: Vec<FoundWrong>,
}

/// Second looks: those that wait for you, disagreements for a lead, agreement over time, and what is yours alone.
#[utoipa::path(get, path = "/v1/second-looks", tag = "cases",
    responses((status = 200, body = Looks), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller) -> Answer {
    caller.require(Permission::DecideCases)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = |all: Vec<(SecondLook, Decision)>| all.into_iter().map(|(look, first)| Row { look, first }).collect();
    let leads = caller.may(Permission::ApproveDecisions);
    let disagreements = if leads { super::disagreements(&mut tx, &caller, web::PAGE).await? } else { Vec::new() };
    web::ok(&Looks {
        waiting: rows(super::waiting(&mut tx, &caller, web::PAGE).await?),
        disagreements: rows(disagreements),
        agreement: super::agreement(&mut tx, &caller).await?,
        coaching: super::own_coaching(&mut tx, &caller).await?,
        found_wrong: super::found_wrong(&mut tx, &caller).await?,
    })
}

/// Say what you think of another's decision.
#[utoipa::path(post, path = "/v1/second-looks/{look}/answer", tag = "cases", params(("look" = String, Path)),
    request_body = NewWord, responses((status = 200, body = SecondLook), (status = "default", body = ProblemBody)))]
pub async fn say(Shared(app): Shared<App>, Path(look): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: SecondLookId = web::id(&look, &UNKNOWN_SECOND_LOOK)?;
    let new: NewWord = sent.json()?;
    let once = sent.once("POST /v1/second-looks/answer", &[look.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::say(tx, &sent.caller, id, &new).await).await
}

/// Words.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// In a sentence.
    words: String,
}

/// Settle a disagreement: what was learnt.
#[utoipa::path(post, path = "/v1/second-looks/{look}/settle", tag = "cases", params(("look" = String, Path)),
    request_body = Words, responses((status = 200, body = SecondLook), (status = "default", body = ProblemBody)))]
pub async fn settle(Shared(app): Shared<App>, Path(look): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ApproveDecisions)?;
    let id: SecondLookId = web::id(&look, &UNKNOWN_SECOND_LOOK)?;
    let new: Words = sent.json()?;
    let once = sent.once("POST /v1/second-looks/settle", &[look.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::settle(tx, &sent.caller, id, &new.words).await).await
}

/// Write to the person who decided. The note is theirs and yours.
#[utoipa::path(post, path = "/v1/second-looks/{look}/coaching", tag = "cases", params(("look" = String, Path)),
    request_body = Words, responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn coach(Shared(app): Shared<App>, Path(look): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ApproveDecisions)?;
    let id: SecondLookId = web::id(&look, &UNKNOWN_SECOND_LOOK)?;
    let new: Words = sent.json()?;
    let once = sent.once("POST /v1/second-looks/coaching", &[look.as_bytes()])?;
    web::post(&app, &once, StatusCode::NO_CONTENT, async |tx| {
        Ok(((), super::coach(tx, &sent.caller, id, &new.words).await?))
    })
    .await
}
