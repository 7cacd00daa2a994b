//! Signing in to the console, by password or by a one-time link, and out.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::api;
use crate::plan::App;
use crate::refusal::{Error, Refusal};
use crate::web::Body;
use crate::web::console::{Fields, Paged, Staff, show, signed_in, signed_out};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console", get(|_: Staff| async { Redirect::to("/console/queue") }))
        .route("/console/sign-in", get(sign_in_page).post(sign_in))
        .route("/console/welcome/{invitation}", get(welcome_page).post(welcome))
        .route("/console/sign-out", post(sign_out))
}

#[derive(Template)]
#[template(path = "accounts/pages/sign_in.html")]
struct SignIn<'a> {
    name: &'a str,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/pages/welcome.html")]
struct Welcome {
    fault: Option<String>,
}

fn sentence(refusal: &Refusal) -> String {
    format!("{} {}", refusal.kind.title, refusal.kind.remedy)
}

async fn sign_in_page() -> Paged {
    show(&SignIn { name: "", fault: None })
}

async fn sign_in(State(app): State<App>, body: Body) -> Paged {
    let form = Fields::read(&body, &["name", "password"])?;
    match api::open_session(&app, form.one("name"), form.one("password").to_owned()).await {
        Ok(session) => Ok(signed_in(&app, &session, "/console/queue")?),
        Err(Error::Refused(refusal)) => {
            let page = show(&SignIn { name: form.one("name"), fault: Some(sentence(&refusal)) })?;
            Ok((status(&refusal), page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn status(refusal: &Refusal) -> axum::http::StatusCode {
    axum::http::StatusCode::from_u16(refusal.kind.status).unwrap_or_default()
}

async fn welcome_page() -> Paged {
    show(&Welcome { fault: None })
}

async fn welcome(State(app): State<App>, Path(invitation): Path<String>, body: Body) -> Paged {
    let form = Fields::read(&body, &["password"])?;
    match api::follow(&app, &invitation, form.one("password").to_owned()).await {
        Ok(session) => Ok(signed_in(&app, &session, "/console/queue")?),
        Err(Error::Refused(refusal)) => {
            let page = show(&Welcome { fault: Some(sentence(&refusal)) })?;
            Ok((status(&refusal), page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn sign_out(State(app): State<App>, staff: Staff) -> Paged {
    let mut tx = app.db.write().await?;
    let proof = super::sign_out(&mut tx, &staff.caller, &staff.token).await?;
    tx.commit(proof).await?;
    Ok(signed_out("/console/sign-in")?)
}
