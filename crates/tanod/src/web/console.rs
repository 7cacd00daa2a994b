//! What every page of the console shares: who is signed in, forms, refusals as pages, and the few files beside them.

use std::borrow::Cow;

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

use super::languages::{self, Said, filters};
use super::{BAD_BODY, BODY_TOO_LARGE, COOKIE, cookie};
use crate::accounts::sessions::pages::Presence;
use crate::accounts::sessions::{NEEDS_FACTOR, NOT_PRESENT, SHUT, Session};
use crate::accounts::{self, Caller, NOT_SIGNED_IN, Permission};
use crate::plan::App;
use crate::refusal::{Error, Kind, Refusal, Result};
use crate::store::{World, as_word};
use crate::web::problem::INTERNAL;

/// A page asked for by another site.
pub static OTHER_SITE: Kind = Kind::new(
    403,
    "other-site",
    "This form was not sent from a page of this console.",
    "Open the console itself and do it there. Behind a proxy, let it pass the Host header on unchanged.",
);

/// All refusals of this file.
pub const REFUSALS: &[&Kind] = &[&OTHER_SITE];

/// What a page answers.
pub type Paged = std::result::Result<Response, Refused>;

/// A refusal on its way to a person, as a page.
pub struct Refused(Error);

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// A refusal in words for a page.
pub struct Words {
    /// What is wrong.
    pub title: Cow<'static, str>,
    /// What was wrong this time.
    pub detail: Option<String>,
    /// What to do about it.
    pub remedy: Cow<'static, str>,
}

impl From<&Refusal> for Words {
    fn from(refusal: &Refusal) -> Self {
        let (title, remedy) = languages::refusal(refusal.kind);
        Self { title, detail: refusal.detail.as_deref().map(|detail| languages::because(detail).into_owned()), remedy }
    }
}

#[derive(Template)]
#[template(path = "web/refused.html")]
struct RefusedPage<'a> {
    title: &'a str,
    detail: Option<&'a str>,
    remedy: &'a str,
    slug: &'a str,
    back: &'a str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (kind, detail) = match &self.0 {
            Error::Refused(refusal) => (refusal.kind, refusal.detail.as_deref().map(languages::because)),
            Error::Internal(doing, cause) => {
                tracing::error!(doing, cause = cause.as_ref().map(ToString::to_string), "a page failed");
                (&INTERNAL, None)
            }
        };
        let status = StatusCode::from_u16(kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let asks = kind == &NOT_PRESENT;
        let (title, remedy) = languages::refusal(kind);
        let page = RefusedPage {
            title: &title,
            detail: detail.as_deref(),
            remedy: &remedy,
            slug: kind.slug,
            back: "/console/queue",
        };
        let mut answer =
            (status, show(&page).unwrap_or_else(|refused| refused.0.to_string().into_response())).into_response();
        if asks {
            answer.extensions_mut().insert(AskPresence);
        }
        answer
    }
}

/// A page as an answer that nobody stores.
pub fn show(page: &impl Template) -> Paged {
    let html = page.render().map_err(|error| Error::internal("writing a page", error))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response())
}

/// One of the ways to look at a list.
pub struct Tab {
    /// Where it leads.
    pub href: String,
    /// What a person reads.
    pub label: Said,
    /// Whether it is the one that is shown.
    pub chosen: bool,
}

/// The ways to look at a list, by their names; `web/tabs.html` shows them.
pub fn tabs(
    start: &str,
    chosen: &str,
    names: impl IntoIterator<Item = String>,
    label: impl Fn(&str) -> Said,
) -> Vec<Tab> {
    let tab = |name: String| Tab { label: label(&name), chosen: name == chosen, href: format!("{start}{name}") };
    names.into_iter().map(tab).collect()
}

/// A time as a page shows it, to the minute, in UTC.
pub fn minute(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Who is signed in, as the banner names them.
pub struct Who {
    /// As the record names them.
    pub staff: i64,
    /// What for.
    pub role: String,
    /// Whether nothing here is real.
    pub demo: bool,
    /// The rooms that they may enter.
    pub ways: Vec<Way>,
    /// Seconds without a touch after which the page hides itself.
    pub idle: u32,
}

/// A way to a room of the console.
pub struct Way {
    /// Its address.
    pub path: &'static str,
    /// What its pages call it.
    pub name: &'static str,
    needs: Permission,
}

/// Every room, in the order of the banner.
const WAYS: [Way; 20] = [
    Way { path: "/console/queue", name: "queue", needs: Permission::ReadCases },
    Way { path: "/console/streams", name: "streams", needs: Permission::ReadStreams },
    Way { path: "/console/second-looks", name: "second", needs: Permission::DecideCases },
    Way { path: "/console/care", name: "care", needs: Permission::SeeDepictions },
    Way { path: "/console/actions", name: "actions", needs: Permission::ReadCases },
    Way { path: "/console/notices", name: "notices", needs: Permission::ReadCases },
    Way { path: "/console/keeping", name: "keeping", needs: Permission::ReadHolds },
    Way { path: "/console/retention", name: "retention", needs: Permission::ReadHolds },
    Way { path: "/console/legal", name: "legal", needs: Permission::ReadLegalProcess },
    Way { path: "/console/reports", name: "reports", needs: Permission::ReadReports },
    Way { path: "/console/provider", name: "provider", needs: Permission::ReadReports },
    Way { path: "/console/banks", name: "banks", needs: Permission::ReadBanks },
    Way { path: "/console/sources", name: "sources", needs: Permission::ReadBanks },
    Way { path: "/console/alarms", name: "alarms", needs: Permission::ReadAlarms },
    Way { path: "/console/figures", name: "figures", needs: Permission::ReadFigures },
    Way { path: "/console/people", name: "people", needs: Permission::ReadAccounts },
    Way { path: "/console/webhooks", name: "webhooks", needs: Permission::ReadWebhooks },
    Way { path: "/console/jobs", name: "work", needs: Permission::ReadInstallation },
    Way { path: "/console/readiness", name: "readiness", needs: Permission::ReadInstallation },
    Way { path: "/console/audit", name: "audit", needs: Permission::ReadAudit },
];

fn ways(caller: &Caller) -> Vec<Way> {
    WAYS.into_iter().filter(|way| caller.may(way.needs)).collect()
}

/// Somebody signed in by the console's cookie.
pub struct Staff {
    /// Who.
    pub caller: Caller,
    /// For the banner.
    pub who: Who,
    /// What the cookie holds.
    pub token: String,
}

/// Somebody in a session of the console that may be shut, or was opened by a password alone where that is not enough.
pub struct InSession {
    /// Who.
    pub caller: Caller,
    /// What the cookie holds.
    pub token: String,
}

fn to_sign_in() -> Response {
    Redirect::to("/console/sign-in").into_response()
}

/// An answer that asks who somebody is before what they asked for; `present_first` makes a page of it that keeps their form.
#[derive(Clone, Copy)]
struct AskPresence;

/// Where somebody says who they are and then goes on with this.
fn to_presence(parts: &Parts) -> Response {
    if parts.method != Method::GET {
        let mut answer = StatusCode::UNAUTHORIZED.into_response();
        answer.extensions_mut().insert(AskPresence);
        return answer;
    }
    let page = parts.uri.path_and_query().map_or("/console/queue", |page| page.as_str());
    let to = form_urlencoded::Serializer::new(String::new()).append_pair("to", page).finish();
    let to = format!("/console/presence?{to}");
    if parts.headers.contains_key("hx-request") {
        // A part of a page would be put into it; the page itself has to go.
        return ([("hx-redirect", "/console/presence")], "").into_response();
    }
    Redirect::to(&to).into_response()
}

impl FromRequestParts<App> for InSession {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Response> {
        let token = cookie(&parts.headers).filter(|token| !accounts::is_key(token)).ok_or_else(to_sign_in)?.to_owned();
        match super::known(app, &token, parts).await {
            Ok(caller) => Ok(Self { caller, token }),
            Err(Error::Refused(refusal)) if refusal.kind == &NOT_SIGNED_IN => Err(to_sign_in()),
            Err(error) => Err(Refused(error).into_response()),
        }
    }
}

impl FromRequestParts<App> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Response> {
        let token = cookie(&parts.headers).filter(|token| !accounts::is_key(token)).ok_or_else(to_sign_in)?.to_owned();
        let caller = match super::admit(app, &token, parts).await {
            Ok(caller) => caller,
            Err(Error::Refused(refusal)) if refusal.kind == &NOT_SIGNED_IN => return Err(to_sign_in()),
            Err(Error::Refused(refusal)) if refusal.kind == &SHUT => return Err(to_presence(parts)),
            Err(Error::Refused(refusal)) if refusal.kind == &NEEDS_FACTOR => {
                return Err(Redirect::to("/console/you/authenticator").into_response());
            }
            Err(error) => return Err(Refused(error).into_response()),
        };
        let Caller::Person { staff, role, .. } = caller else { return Err(to_sign_in()) };
        let idle = app.settings.sign_in.idle_minutes.saturating_mul(60);
        let who = Who { staff, role: as_word(&role), demo: app.world == World::Demo, ways: ways(&caller), idle };
        Ok(Self { caller, who, token })
    }
}

/// Keeps the form of somebody who is asked who they are, so that they go on with it.
pub async fn present_first(request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = kind.is_none_or(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if request.method() != Method::POST || !is_form {
        return next.run(request).await;
    }
    let to = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST_OF_A_FORM).await else {
        return Refused(Error::from(&BODY_TOO_LARGE)).into_response();
    };
    let answer = next.run(Request::from_parts(parts, body.clone().into())).await;
    if answer.extensions().get::<AskPresence>().is_none() {
        return answer;
    }
    let form = Some(form_urlencoded::parse(&body).into_owned().collect());
    let page = show(&Presence { to, form, providers: Vec::new(), fault: None });
    (answer.status(), page.unwrap_or_else(IntoResponse::into_response)).into_response()
}

/// Bytes of a form without files.
const MOST_OF_A_FORM: usize = 2 << 20;

/// The fields of a form, in order.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads a form, and refuses fields that it does not have.
    pub fn read(body: &[u8], known: &[&str]) -> Result<Self> {
        Self::of(form_urlencoded::parse(body).into_owned().collect(), known)
    }

    /// Takes the fields of a form that was read in another way, and refuses those that it does not have.
    pub fn of(fields: Vec<(String, String)>, known: &[&str]) -> Result<Self> {
        match fields.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(BAD_BODY.because(format!("the form has no field {name}"))),
            None => Ok(Self(fields)),
        }
    }

    /// Reads a form whose fields are many and are checked one by one.
    pub fn any(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// All fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of a field, empty when it is absent.
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The session as a cookie: never read by a script, never sent from another site, gone with the session.
pub fn session_cookie(app: &App, session: &Session) -> Result<HeaderValue> {
    let seconds = session.expires_at.as_second().saturating_sub(app.db.clock().now().as_second());
    let secure = if app.settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    let token = &session.token;
    cookie_of(&format!("{COOKIE}={token}; Path=/console; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}"))
}

/// Signs somebody in, and leads them on.
pub fn signed_in(app: &App, session: &Session, to: &str) -> Result<Response> {
    Ok(([(header::SET_COOKIE, session_cookie(app, session)?)], Redirect::to(to)).into_response())
}

/// Takes the cookie away.
pub fn signed_out(to: &str) -> Result<Response> {
    let cookie = cookie_of(&format!("{COOKIE}=; Path=/console; HttpOnly; SameSite=Strict; Max-Age=0"))?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response())
}

fn cookie_of(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|error| Error::internal("setting a cookie", error))
}

/// Lets only this console's own pages change something: browsers say where a form comes from.
pub async fn own_pages_only(State(_): State<App>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads || from_here(request.headers()) {
        next.run(request).await
    } else {
        Refused(Error::from(&OTHER_SITE)).into_response()
    }
}

fn from_here(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    // An older browser, or one behind plain HTTP: the origin must be the host that was asked.
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == text(header::HOST)
}

/// Style, keys and htmx. They are compiled in; nothing is fetched from elsewhere.
pub fn assets() -> Router<App> {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], text) })
    };
    Router::new()
        .route("/console/assets/console.css", file("text/css; charset=utf-8", include_str!("assets/console.css")))
        .route("/console/assets/console.js", file("text/javascript; charset=utf-8", include_str!("assets/console.js")))
        .route("/console/assets/passkeys.js", file("text/javascript", include_str!("assets/passkeys.js")))
        .route("/console/assets/icon.svg", file("image/svg+xml", include_str!("assets/icon.svg")))
        .route("/console/assets/htmx.js", file("text/javascript", include_str!("assets/htmx-2.0.11.min.js")))
}
