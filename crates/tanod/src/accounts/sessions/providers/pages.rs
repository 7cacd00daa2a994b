//! To a provider and back, in the console.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;

use super::roles::NO_GROUP;
use super::{Arrived, NOT_ON_THE_WAY, PROVIDER_REFUSED, Purpose, Way};
use crate::accounts::sessions::factors::SECOND_FACTOR;
use crate::accounts::sessions::passkeys::{self, pages::answered};
use crate::accounts::sessions::{Place, Session, api, pages};
use crate::accounts::{Caller, NOT_ALLOWED, token_hash};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::PersonId;
use crate::web::console::{Fields, InSession, Paged, session_cookie, show};
use crate::web::languages::filters;
use crate::web::{self, Answer, Body};

/// The pages of this noun.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/sign-in/with/{provider}", get(sign_in))
        .route("/console/welcome/{invitation}/with/{provider}", get(welcome))
        .route("/console/presence/with/{provider}", get(presence))
        .route("/console/sign-in/from/{provider}", get(back))
        .route("/console/sign-in/second", post(second))
        .route("/console/sign-in/second/question", post(question))
}

/// What the browser of somebody on their way holds. It comes back with them from another site, which a session's cookie never does.
const WAY: &str = "tanod_way";

fn way_cookie(app: &App, token: &str) -> Result<HeaderValue> {
    let secure = if app.settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    let seconds = if token.is_empty() { 0 } else { 600 };
    let cookie = format!("{WAY}={token}; Path=/console/sign-in; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&cookie).map_err(|error| Error::internal("setting a cookie", error))
}

fn on_the_way(headers: &HeaderMap) -> Result<&str> {
    Ok(web::cookie_called(headers, WAY).ok_or(&NOT_ON_THE_WAY)?)
}

/// Sends somebody to a provider.
async fn send(app: &App, name: &str, purpose: Purpose, place: &Place) -> Paged {
    app.limits.take_sign_in(&format!("way {:?}", place.address))?;
    let anew = matches!(purpose, Purpose::Presence(_));
    let mut tx = app.db.write().await?;
    let (way, proof) = super::begin(&mut tx, &app.providers, name, &purpose, &app.settings.public_url).await?;
    tx.commit(proof).await?;
    let address = super::address(&app.providers, name, &way, anew).await?;
    Ok(([(header::SET_COOKIE, way_cookie(app, &way.token)?)], Redirect::to(&address)).into_response())
}

async fn sign_in(State(app): State<App>, Path(name): Path<String>, place: Place) -> Paged {
    send(&app, &name, Purpose::SignIn, &place).await
}

async fn welcome(State(app): State<App>, Path((invitation, name)): Path<(String, String)>, place: Place) -> Paged {
    send(&app, &name, Purpose::Invitation(token_hash(&invitation).to_vec()), &place).await
}

async fn presence(State(app): State<App>, Path(name): Path<String>, place: Place, who: InSession) -> Paged {
    let Caller::Person { session, .. } = who.caller else { return Err(Error::from(&NOT_ALLOWED).into()) };
    send(&app, &name, Purpose::Presence(session), &place).await
}

/// What comes back with somebody (RFC 6749, section 4.1.2).
#[derive(Deserialize)]
struct Brought {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    error: String,
}

#[derive(Template)]
#[template(path = "accounts/sessions/providers/pages/arrived.html")]
struct ArrivedPage;

#[derive(Template)]
#[template(path = "accounts/sessions/providers/pages/second.html")]
struct Second {
    fault: Option<String>,
}

async fn back(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(brought): Query<Brought>,
    place: Place,
    headers: HeaderMap,
) -> Paged {
    let way = Way::of(on_the_way(&headers)?, &name, &app.settings.public_url);
    let mut tx = app.db.write().await?;
    let (back, proof) = super::come_back(&mut tx, &name, &way, &brought.state).await?;
    tx.commit(proof).await?;
    if brought.code.is_empty() {
        let why = brought.error.chars().filter(char::is_ascii_graphic).take(80).collect::<String>();
        return Err(PROVIDER_REFUSED.because(format!("it says: {why}")).into());
    }
    let now = app.db.clock().now();
    let identity = super::identity(&app.providers, &name, &way, &back, &brought.code, now).await?;
    let mut tx = app.db.write().await?;
    let arrived = super::arrive(&mut tx, &app.providers, &name, back, &identity, &app.settings.sign_in, &place).await?;
    match arrived {
        Arrived::SignedIn(session, proof) => {
            tx.commit(proof).await?;
            signed_in(&app, Some(&session))
        }
        Arrived::Present(proof) => {
            tx.commit(proof).await?;
            signed_in(&app, None)
        }
        Arrived::Ended(proof) => {
            tx.commit(proof).await?;
            Err(Error::from(&NO_GROUP).into())
        }
        Arrived::Asked(token, proof) => {
            tx.commit(proof).await?;
            Ok(([(header::SET_COOKIE, way_cookie(&app, &token)?)], show(&Second { fault: None })?).into_response())
        }
    }
}

/// A page of ours that goes on by itself: a session's cookie is not sent along a way that began at another site, only from here.
fn signed_in(app: &App, session: Option<&Session>) -> Paged {
    let mut page = show(&ArrivedPage)?;
    let headers = page.headers_mut();
    headers.insert(HeaderName::from_static("refresh"), HeaderValue::from_static("0; url=/console"));
    headers.append(header::SET_COOKIE, way_cookie(app, "")?);
    if let Some(session) = session {
        headers.append(header::SET_COOKIE, session_cookie(app, session)?);
    }
    Ok(page)
}

async fn asked(app: &App, headers: &HeaderMap) -> Result<(String, PersonId)> {
    let token = on_the_way(headers)?.to_owned();
    let person = super::asked(&mut app.db.read().await?, &token).await?;
    app.limits.take_sign_in(&person.to_string())?;
    Ok((token, person))
}

async fn second(State(app): State<App>, headers: HeaderMap, place: Place, body: Body) -> Paged {
    let form = Fields::read(&body, &["code", "passkey"])?;
    let (token, person) = asked(&app, &headers).await?;
    let passkey = answered(&form)?;
    let given = api::second(&app, form.one("code"), passkey.as_ref())?;
    match api::proved(&app, person, &given, true).await {
        Ok((mut tx, proved_by)) if proved_by.is_second_factor() => {
            let settings = &app.settings.sign_in;
            let (session, proof) = super::go_on(&mut tx, &token, person, proved_by, settings, &place).await?;
            tx.commit(proof).await?;
            signed_in(&app, Some(&session))
        }
        Ok(_) => Err(Error::from(&SECOND_FACTOR).into()),
        Err(Error::Refused(refusal)) => pages::again(&refusal, &Second { fault: Some(pages::sentence(&refusal)) }),
        Err(error) => Err(error.into()),
    }
}

async fn question(State(app): State<App>, headers: HeaderMap) -> Answer {
    let (_, person) = asked(&app, &headers).await?;
    let party = passkeys::party(&app.settings.public_url)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (question, proof) = passkeys::ask(&mut tx, person, &party, false).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(web::reply(StatusCode::CREATED, &question)?)
}
