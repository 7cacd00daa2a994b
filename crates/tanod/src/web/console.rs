//! What every page of the console shares: who is signed in, forms, refusals as pages, and the few files beside them.

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

use super::{BAD_BODY, COOKIE, cookie};
use crate::accounts::{self, Caller, Permission, Session};
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
    pub title: &'static str,
    /// What was wrong this time.
    pub detail: Option<String>,
    /// What to do about it.
    pub remedy: &'static str,
}

impl From<&Refusal> for Words {
    fn from(refusal: &Refusal) -> Self {
        Self { title: refusal.kind.title, detail: refusal.detail.clone(), remedy: refusal.kind.remedy }
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
            Error::Refused(refusal) => (refusal.kind, refusal.detail.as_deref()),
            Error::Internal(doing, cause) => {
                tracing::error!(doing, cause = cause.as_ref().map(ToString::to_string), "a page failed");
                (&INTERNAL, None)
            }
        };
        let status = StatusCode::from_u16(kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let page =
            RefusedPage { title: kind.title, detail, remedy: kind.remedy, slug: kind.slug, back: "/console/queue" };
        (status, show(&page).unwrap_or_else(|refused| refused.0.to_string().into_response())).into_response()
    }
}

/// A page as an answer that nobody stores.
pub fn show(page: &impl Template) -> Paged {
    let html = page.render().map_err(|error| Error::internal("writing a page", error))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Html(html)).into_response())
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
}

/// A way to a room of the console.
pub struct Way {
    /// Its address.
    pub path: &'static str,
    /// What its pages call it.
    pub name: &'static str,
    /// What a person reads.
    pub words: &'static str,
    needs: Permission,
}

/// Every room, in the order of the banner.
const WAYS: [Way; 11] = [
    Way { path: "/console/queue", name: "queue", words: "Cases", needs: Permission::ReadCases },
    Way { path: "/console/actions", name: "actions", words: "Actions", needs: Permission::ReadCases },
    Way { path: "/console/notices", name: "notices", words: "Notices", needs: Permission::ReadCases },
    Way { path: "/console/keeping", name: "keeping", words: "Keeping", needs: Permission::ReadHolds },
    Way { path: "/console/legal", name: "legal", words: "Legal process", needs: Permission::ReadLegalProcess },
    Way { path: "/console/reports", name: "reports", words: "Reports", needs: Permission::ReadReports },
    Way { path: "/console/provider", name: "provider", words: "Provider", needs: Permission::ReadReports },
    Way { path: "/console/banks", name: "banks", words: "Lists", needs: Permission::ReadBanks },
    Way { path: "/console/sources", name: "sources", words: "Sources", needs: Permission::ReadBanks },
    Way { path: "/console/alarms", name: "alarms", words: "Alarms", needs: Permission::ReadAlarms },
    Way { path: "/console/webhooks", name: "webhooks", words: "Webhooks", needs: Permission::ReadWebhooks },
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

impl FromRequestParts<App> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Response> {
        let sign_in = || Redirect::to("/console/sign-in").into_response();
        let token = cookie(&parts.headers).ok_or_else(sign_in)?.to_owned();
        let mut tx = app.db.read().await.map_err(|error| Refused::from(error).into_response())?;
        match accounts::recognise(&mut tx, &token, app.settings.operator.profile).await {
            Ok(caller @ Caller::Person { staff, role, .. }) => {
                let who = Who { staff, role: as_word(&role), demo: app.world == World::Demo, ways: ways(&caller) };
                Ok(Self { caller, who, token })
            }
            Ok(_) | Err(Error::Refused(_)) => Err(sign_in()),
            Err(error) => Err(Refused(error).into_response()),
        }
    }
}

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
pub fn signed_in(app: &App, session: &Session, to: &str) -> Result<Response> {
    let seconds = session.expires_at.as_second().saturating_sub(app.db.clock().now().as_second());
    let secure = if app.settings.public_url.starts_with("https://") { "; Secure" } else { "" };
    let token = &session.token;
    let cookie = format!("{COOKIE}={token}; Path=/console; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    with_cookie(&cookie, to)
}

/// Takes the cookie away.
pub fn signed_out(to: &str) -> Result<Response> {
    with_cookie(&format!("{COOKIE}=; Path=/console; HttpOnly; SameSite=Strict; Max-Age=0"), to)
}

fn with_cookie(cookie: &str, to: &str) -> Result<Response> {
    let value = HeaderValue::from_str(cookie).map_err(|error| Error::internal("setting the cookie", error))?;
    Ok(([(header::SET_COOKIE, value)], Redirect::to(to)).into_response())
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
        .route("/console/assets/icon.svg", file("image/svg+xml", include_str!("assets/icon.svg")))
        .route("/console/assets/htmx.js", file("text/javascript", include_str!("assets/htmx-2.0.11.min.js")))
}
