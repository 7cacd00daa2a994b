//! One's own numbers and choices, and that somebody was trained.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Care;
use crate::accounts::{Caller, Permission, UNKNOWN_NAME};
use crate::plan::App;
use crate::refusal::Error;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Sent};

/// Your own numbers and choices. Nobody else is shown them.
#[utoipa::path(get, path = "/v1/care", tag = "care",
    responses((status = 200, body = Care), (status = "default", body = ProblemBody)))]
pub async fn own(State(app): State<App>, caller: Caller) -> Answer {
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::own(&mut tx, &caller, &app.settings.care).await?)
}

/// What somebody says about themselves; what is absent stays as it is.
#[derive(Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Word {
    /// Agree to look, or take it back.
    pub agrees: Option<bool>,
    /// Do not look now, and give every case back; or go on.
    pub rests: Option<bool>,
    /// Categories that you do not look at.
    pub opted_out: Option<Vec<String>>,
    /// When your shift ends.
    #[schema(value_type = Option<String>)]
    pub shift_ends_at: Option<Timestamp>,
}

/// Say what you agree to, what you do not look at, when your shift ends, that you do not look now. Nobody asks why.
#[utoipa::path(post, path = "/v1/care", tag = "care", request_body = Word,
    responses((status = 200, body = Care), (status = "default", body = ProblemBody)))]
pub async fn say(State(app): State<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::SeeDepictions)?;
    let word: Word = sent.json()?;
    let once = sent.once("POST /v1/care", &[])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let mut proof = None;
        if let Some(agrees) = word.agrees {
            proof = Some(super::agree(tx, &sent.caller, agrees).await?);
        }
        if let Some(categories) = &word.opted_out {
            proof = Some(super::opt_out(tx, &sent.caller, categories).await?);
        }
        if word.shift_ends_at.is_some() {
            proof = Some(super::shift_ends(tx, &sent.caller, word.shift_ends_at).await?);
        }
        match word.rests {
            Some(true) => proof = Some(super::rest(tx, &sent.caller).await?),
            Some(false) => proof = Some(super::go_on(tx, &sent.caller).await?),
            None => {}
        }
        let proof = proof.ok_or_else(|| web::BAD_BODY.because("say at least one thing"))?;
        Ok((super::own(tx, &sent.caller, &app.settings.care).await?, proof))
    })
    .await
}

/// What somebody was trained with.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Which training, and when.
    pub training: String,
}

/// Write down that somebody was trained to look.
#[utoipa::path(post, path = "/v1/people/{person}/training", tag = "care", params(("person" = String, Path)),
    request_body = Training, responses((status = 200, body = Training), (status = "default", body = ProblemBody)))]
pub async fn trained(State(app): State<App>, Path(person): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ApproveDecisions)?;
    let id = web::id(&person, &UNKNOWN_NAME)?;
    let training: Training = sent.json()?;
    let once = sent.once("POST /v1/people/training", &[person.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let profile = app.settings.operator.profile;
        let proof = super::trained(tx, &sent.caller, id, &training.training, profile).await?;
        Ok((training, proof))
    })
    .await
}
