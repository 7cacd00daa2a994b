//! Signing in to the console and out, saying who one is, and one's own account.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::passkeys::pages::answered;
use super::{Place, UNKNOWN_SESSION, api, factors, passkeys, providers};
use crate::accounts::Permission;
use crate::plan::App;
use crate::refusal::{Error, Refusal, Result};
use crate::store::{PasskeyId, SessionId, as_word};
use crate::web::console::{Fields, InSession, Paged, Staff, Who, minute, show, signed_in, signed_out};
use crate::web::languages::{self, filters, say};
use crate::web::{self, Body};

/// The pages of this noun.
pub fn router() -> Router<App> {
    passkeys::pages::router()
        .merge(providers::pages::router())
        .route("/console/sign-in", get(sign_in_page).post(sign_in))
        .route("/console/welcome/{invitation}", get(welcome_page).post(welcome))
        .route("/console/sign-out", post(sign_out))
        .route("/console/lock", post(lock))
        .route("/console/presence", get(presence_page).post(presence))
        .route("/console/you", get(you))
        .route("/console/you/password", post(password))
        .route("/console/you/sessions", post(end_others))
        .route("/console/you/sessions/{session}", post(end))
        .route("/console/you/authenticator", get(authenticator).post(begin))
        .route("/console/you/authenticator/confirm", post(confirm))
        .route("/console/you/authenticator/codes", post(codes))
        .route("/console/you/authenticator/remove", post(remove))
}

#[derive(Template)]
#[template(path = "accounts/sessions/pages/sign_in.html")]
struct SignIn<'a> {
    name: &'a str,
    providers: Vec<(String, String)>,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/sessions/pages/welcome.html")]
struct Welcome {
    invitation: String,
    providers: Vec<(String, String)>,
    fault: Option<String>,
}

/// Asks who somebody is, and remembers what they were about to do.
#[derive(Template)]
#[template(path = "accounts/sessions/pages/presence.html")]
pub struct Presence {
    /// Where to go on.
    pub to: String,
    /// The form that was sent there, if one was.
    pub form: Option<Vec<(String, String)>>,
    /// The providers by whom somebody can say so; a form does not go that way.
    pub providers: Vec<(String, String)>,
    /// What was wrong.
    pub fault: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts/sessions/pages/go_on.html")]
struct GoOn {
    to: String,
    form: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "accounts/sessions/pages/you.html")]
struct You {
    who: Who,
    sessions: Vec<Line>,
    held: factors::Held,
    passkeys: Vec<Key>,
    /// Whether browsers use passkeys at this address.
    usable: bool,
    /// Whether how they see pictures is theirs to choose.
    looks: bool,
    fault: Option<String>,
    done: Option<String>,
}

struct Key {
    id: PasskeyId,
    name: String,
    since: String,
    used: Option<String>,
}

struct Line {
    id: SessionId,
    this: bool,
    proved_by: String,
    opened: String,
    seen: String,
    address: Option<String>,
    browser: String,
}

#[derive(Template)]
#[template(path = "accounts/sessions/pages/authenticator.html")]
struct Authenticator {
    enrolment: Option<Shown>,
    /// Whether a passkey can be set up in its place.
    usable: bool,
    fault: Option<String>,
}

struct Shown {
    secret: String,
    picture: String,
}

#[derive(Template)]
#[template(path = "accounts/sessions/pages/codes.html")]
pub(super) struct Codes {
    pub(super) codes: Vec<String>,
}

/// A refusal in a sentence, above a form.
pub(super) fn sentence(refusal: &Refusal) -> String {
    let (title, remedy) = languages::refusal(refusal.kind);
    format!("{title} {remedy}")
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.kind.status).unwrap_or_default()
}

/// The page again, with what was wrong, under the status of the refusal.
pub(super) fn again(refusal: &Refusal, page: &impl Template) -> Paged {
    Ok((status(refusal), show(page)?).into_response())
}

async fn sign_in_page(State(app): State<App>) -> Paged {
    show(&SignIn { name: "", providers: app.providers.offered(), fault: None })
}

async fn sign_in(State(app): State<App>, place: Place, body: Body) -> Paged {
    let form = Fields::read(&body, &["name", "password", "code", "passkey"])?;
    let name = form.one("name");
    let [password, code] = ["password", "code"].map(|field| form.one(field).to_owned());
    let word = api::NewSession { name: name.to_owned(), password, code, passkey: answered(&form)? };
    match api::open_session(&app, &word, &place).await {
        Ok(session) => Ok(signed_in(&app, &session, "/console")?),
        Err(Error::Refused(refusal)) => {
            let providers = app.providers.offered();
            again(&refusal, &SignIn { name, providers, fault: Some(sentence(&refusal)) })
        }
        Err(error) => Err(error.into()),
    }
}

async fn welcome_page(State(app): State<App>, Path(invitation): Path<String>) -> Paged {
    show(&Welcome { invitation, providers: app.providers.offered(), fault: None })
}

async fn welcome(State(app): State<App>, Path(invitation): Path<String>, place: Place, body: Body) -> Paged {
    let form = Fields::read(&body, &["password"])?;
    match api::follow(&app, &invitation, form.one("password").to_owned(), &place).await {
        Ok(session) => Ok(signed_in(&app, &session, "/console")?),
        Err(Error::Refused(refusal)) => {
            let providers = app.providers.offered();
            again(&refusal, &Welcome { invitation, providers, fault: Some(sentence(&refusal)) })
        }
        Err(error) => Err(error.into()),
    }
}

async fn sign_out(State(app): State<App>, who: InSession) -> Paged {
    let mut tx = app.db.write().await?;
    let proof = super::sign_out(&mut tx, &who.caller, &who.token).await?;
    tx.commit(proof).await?;
    Ok(signed_out("/console/sign-in")?)
}

/// Shuts the session at once, as somebody does who leaves the desk.
async fn lock(State(app): State<App>, who: InSession) -> Paged {
    let mut tx = app.db.write().await?;
    let proof = super::shut(&mut tx, &who.caller).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to("/console/presence").into_response())
}

/// Where to go on: a page of this console, and nowhere else.
fn own_page(to: &str) -> String {
    let ours = (to == "/console" || to.starts_with("/console/"))
        && !to.contains("//")
        && !to.contains(char::is_control)
        && !to.contains('\\');
    if ours && to.len() < 2_000 { to.to_owned() } else { "/console".to_owned() }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    to: String,
}

async fn presence_page(State(app): State<App>, _: InSession, Query(asked): Query<Asked>) -> Paged {
    show(&Presence { to: own_page(&asked.to), form: None, providers: app.providers.offered(), fault: None })
}

/// The prefix of the fields of the form that was being sent.
const KEPT: &str = "kept.";

async fn presence(State(app): State<App>, who: InSession, body: Body) -> Paged {
    let fields = Fields::any(&body);
    let to = own_page(fields.one("to"));
    let form = (fields.one("again") == "form").then(|| {
        let kept = fields.iter().filter_map(|(name, value)| Some((name.strip_prefix(KEPT)?, value)));
        kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
    });
    let [password, code] = ["password", "code"].map(|field| fields.one(field).to_owned());
    let word = api::Presence { password, code, passkey: answered(&fields)? };
    match api::say_present(&app, &who.caller, &word).await {
        Ok(()) => match form {
            Some(form) => show(&GoOn { to, form }),
            None => Ok(Redirect::to(&to).into_response()),
        },
        Err(Error::Refused(refusal)) => {
            let providers = if form.is_some() { Vec::new() } else { app.providers.offered() };
            again(&refusal, &Presence { to, form, providers, fault: Some(sentence(&refusal)) })
        }
        Err(error) => Err(error.into()),
    }
}

async fn own_account(app: &App, staff: Staff, fault: Option<String>, done: Option<String>) -> Result<You> {
    let mut tx = app.db.read().await?;
    let sessions = super::own(&mut tx, &staff.caller).await?.into_iter().map(|row| Line {
        id: row.session,
        this: row.this,
        proved_by: as_word(&row.proved_by),
        opened: minute(row.opened_at),
        seen: minute(row.seen_at),
        address: row.address,
        browser: row.browser,
    });
    let sessions = sessions.collect();
    let passkeys = passkeys::own(&mut tx, &staff.caller).await?.into_iter().map(|key| Key {
        id: key.passkey,
        name: key.name,
        since: minute(key.created_at),
        used: key.used_at.map(minute),
    });
    let (passkeys, held) = (passkeys.collect(), factors::held(&mut tx, staff.caller.person()?).await?);
    let looks = staff.caller.may(Permission::SeeDepictions);
    Ok(You { who: staff.who, looks, sessions, held, passkeys, usable: usable(app), fault, done })
}

/// Whether browsers use passkeys at this address.
fn usable(app: &App) -> bool {
    passkeys::party(&app.settings.public_url).is_ok()
}

/// Where somebody sets a factor up, with what was wrong.
pub(super) fn factor_refused(app: &App, refusal: &Refusal) -> Paged {
    again(refusal, &Authenticator { enrolment: None, usable: usable(app), fault: Some(sentence(refusal)) })
}

async fn you(State(app): State<App>, staff: Staff) -> Paged {
    show(&own_account(&app, staff, None, None).await?)
}

async fn password(State(app): State<App>, staff: Staff, body: Body) -> Paged {
    let form = Fields::read(&body, &["password", "new"])?;
    let (old, new) = (form.one("password"), form.one("new").to_owned());
    match api::change_own_password(&app, &staff.caller, old, new).await {
        Ok(()) => show(&own_account(&app, staff, None, Some(say("you-password-done").to_string())).await?),
        Err(Error::Refused(refusal)) => {
            again(&refusal, &own_account(&app, staff, Some(sentence(&refusal)), None).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn back() -> Response {
    Redirect::to("/console/you").into_response()
}

async fn end_others(State(app): State<App>, staff: Staff) -> Paged {
    let mut tx = app.db.write().await?;
    let proof = super::end_others(&mut tx, &staff.caller).await?;
    tx.commit(proof).await?;
    Ok(back())
}

async fn end(State(app): State<App>, staff: Staff, Path(session): Path<String>) -> Paged {
    let session = web::id(&session, &UNKNOWN_SESSION)?;
    let mut tx = app.db.write().await?;
    let proof = super::end(&mut tx, &staff.caller, session).await?;
    tx.commit(proof).await?;
    Ok(back())
}

async fn authenticator(State(app): State<App>, who: InSession) -> Paged {
    let mut tx = app.db.read().await?;
    if factors::held(&mut tx, who.caller.person()?).await?.authenticator {
        return Ok(back());
    }
    show(&Authenticator { enrolment: None, usable: usable(&app), fault: None })
}

async fn begin(State(app): State<App>, who: InSession) -> Paged {
    let mut tx = app.db.write().await?;
    let (enrolment, proof) = factors::begin(&mut tx, &who.caller, &*app.vault.ring.now()?).await?;
    tx.commit(proof).await?;
    let picture = factors::picture(&enrolment.uri)?;
    show(&Authenticator { enrolment: Some(Shown { secret: enrolment.secret, picture }), usable: false, fault: None })
}

async fn confirm(State(app): State<App>, who: InSession, body: Body) -> Paged {
    let form = Fields::read(&body, &["code"])?;
    app.limits.take_sign_in(&who.caller.mark())?;
    let mut tx = app.db.write().await?;
    match factors::confirm(&mut tx, &who.caller, form.one("code"), &*app.vault.ring.now()?).await {
        Ok((codes, proof)) => {
            tx.commit(proof).await?;
            show(&Codes { codes })
        }
        Err(Error::Refused(refusal)) => {
            again(&refusal, &Authenticator { enrolment: None, usable: usable(&app), fault: Some(sentence(&refusal)) })
        }
        Err(error) => Err(error.into()),
    }
}

async fn codes(State(app): State<App>, staff: Staff) -> Paged {
    let mut tx = app.db.write().await?;
    let (codes, proof) = factors::renew_codes(&mut tx, &staff.caller).await?;
    tx.commit(proof).await?;
    show(&Codes { codes })
}

async fn remove(State(app): State<App>, staff: Staff) -> Paged {
    let mut tx = app.db.write().await?;
    let proof = factors::remove_own(&mut tx, &staff.caller).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to("/console/you/authenticator").into_response())
}
