//! Setting passkeys up and removing them in the console, and what its script asks for.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::post;

use super::api::{self, NewPasskey};
use super::{Answered, UNKNOWN_PASSKEY};
use crate::accounts::sessions::api::{ask_for_presence, ask_for_session};
use crate::accounts::sessions::pages::{self, Codes};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::web::console::{Fields, InSession, Paged, Staff, show};
use crate::web::{self, Answer, Body};

/// The pages of this noun.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/sign-in/question", post(sign_in))
        .route("/console/presence/question", post(presence))
        .route("/console/you/passkeys/question", post(question))
        .route("/console/you/passkeys", post(add))
        .route("/console/you/passkeys/{passkey}", post(remove))
}

/// The answer of a passkey in a form, where there is one.
pub fn answered(form: &Fields) -> Result<Option<Answered>> {
    let text = form.one("passkey");
    if text.is_empty() { Ok(None) } else { web::json(text.as_bytes()).map(Some) }
}

async fn sign_in(State(app): State<App>, body: Body) -> Answer {
    let form = Fields::any(&body);
    Ok(web::reply(StatusCode::CREATED, &ask_for_session(&app, form.one("name"), form.one("password")).await?)?)
}

async fn presence(State(app): State<App>, who: InSession) -> Answer {
    Ok(web::reply(StatusCode::CREATED, &ask_for_presence(&app, &who.caller).await?)?)
}

async fn question(State(app): State<App>, who: InSession) -> Answer {
    Ok(web::reply(StatusCode::CREATED, &api::want(&app, &who.caller).await?)?)
}

async fn add(State(app): State<App>, who: InSession, body: Body) -> Paged {
    let form = Fields::read(&body, &["name", "passkey"])?;
    let new = NewPasskey { name: form.one("name").to_owned(), passkey: web::json(form.one("passkey").as_bytes())? };
    match api::keep(&app, &who.caller, &new).await {
        Ok(kept) => match kept.recovery_codes {
            Some(codes) => show(&Codes { codes }),
            None => Ok(Redirect::to("/console/you").into_response()),
        },
        Err(Error::Refused(refusal)) => pages::factor_refused(&app, &refusal),
        Err(error) => Err(error.into()),
    }
}

async fn remove(State(app): State<App>, staff: Staff, Path(passkey): Path<String>) -> Paged {
    let passkey = web::id(&passkey, &UNKNOWN_PASSKEY)?;
    let mut tx = app.db.write().await?;
    let proof = super::remove(&mut tx, &staff.caller, passkey).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to("/console/you").into_response())
}
