//! The front door: who is calling, what they sent, and how an answer or a refusal looks.

pub mod console;
pub mod languages;
pub mod live;
pub mod metrics;
pub mod problem;
pub mod router;
pub mod styleguide;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use governor::clock::Clock as _;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::accounts::sessions::{self, Place};
use crate::accounts::{self, Caller, NOT_SIGNED_IN};
use crate::plan::App;
use crate::refusal::{Error, Kind, Result};
use crate::store::{Db, Recorded, Tx};

/// JSON that does not fit.
pub static BAD_BODY: Kind = Kind::new(
    422,
    "bad-body",
    "The body does not have the expected form.",
    "Go back, open the page anew, and fill in the form again.",
)
.program("Compare it with the schema in /openapi.json; unknown fields are refused too.");
/// Not JSON at all.
pub static NOT_JSON: Kind =
    Kind::new(400, "not-json", "The body is not JSON.", "Go back, open the page anew, and send the form again.")
        .program("Send a JSON object, in UTF-8, with `Content-Type: application/json`.");
/// A query string or path that does not fit.
pub static BAD_QUERY: Kind = Kind::new(
    400,
    "bad-query",
    "The address or its query cannot be read.",
    "Open the page from the console's own links.",
)
.program("Compare it with the parameters in /openapi.json.");
/// Nothing lives here.
pub static NO_SUCH_PAGE: Kind = Kind::new(
    404,
    "no-such-address",
    "There is nothing at this address.",
    "Open the page from the console's own links.",
)
.program("/openapi.json lists every address.");
/// A method that this address does not have.
pub static WRONG_METHOD: Kind = Kind::new(
    405,
    "wrong-method",
    "This address does not take this method.",
    "Open the page from the console's own links.",
)
.program("/openapi.json lists the methods.");
/// The same key with another body.
pub static KEY_REUSED: Kind = Kind::new(
    409,
    "idempotency-key-reused",
    "This Idempotency-Key was used with another body.",
    "Open the page anew and send the form again.",
)
.program("Use a new key for a new request; repeat a key only with the very same body.");
/// A key that is no key.
pub static BAD_KEY: Kind = Kind::new(
    400,
    "bad-idempotency-key",
    "This Idempotency-Key cannot be used.",
    "Open the page anew and send the form again.",
)
.program("Send 1 to 128 visible ASCII characters, for instance a UUID.");
/// More bytes than an address takes.
pub static BODY_TOO_LARGE: Kind = Kind::new(
    413,
    "body-too-large",
    "The body is larger than this address takes.",
    "Send it in parts, or attach fewer and smaller files.",
)
.program("An import takes 512 MiB at once, other addresses 2 MiB. Media goes to POST /v1/items.");
/// A request that did not arrive, or was not answered, in time.
pub static TOO_SLOW: Kind = Kind::new(
    408,
    "too-slow",
    "The request took longer than two minutes.",
    "Try it again. If it stays slow, an administrator runs tanod doctor.",
)
.program("Use the same Idempotency-Key.");
/// Too many requests.
pub static TOO_FAST: Kind = Kind::new(
    429,
    "too-many-requests",
    "This key has sent more requests, or this name has tried more passwords, than it may.",
    "Wait a minute, or ask for a higher limit.",
)
.program("Retry-After says how long.");

/// All refusals of this room.
pub const REFUSALS: &[&Kind] = &[
    &BAD_BODY,
    &NOT_JSON,
    &BAD_QUERY,
    &NO_SUCH_PAGE,
    &WRONG_METHOD,
    &KEY_REUSED,
    &BAD_KEY,
    &BODY_TOO_LARGE,
    &TOO_SLOW,
    &TOO_FAST,
];

/// What the front door answers.
pub type Answer = std::result::Result<Response, problem::Problem>;

/// The name of the session cookie.
pub const COOKIE: &str = "tanod_session";

/// Limits on how often a caller may call, one bucket each.
pub struct Limits {
    by_rate: std::sync::Mutex<std::collections::HashMap<u32, Arc<governor::DefaultKeyedRateLimiter<uuid::Uuid>>>>,
    default_per_minute: u32,
    sign_ins: governor::DefaultKeyedRateLimiter<u16>,
    forms: governor::DefaultKeyedRateLimiter<u64>,
    looks: governor::DefaultKeyedRateLimiter<uuid::Uuid>,
}

/// So often may a password be tried for one name in a minute.
const SIGN_INS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);

impl Limits {
    /// Limits with a default of so many requests a minute, so many public forms an hour from one address, and so many looks a
    /// minute of one person.
    pub fn new(default_per_minute: u32, forms_per_hour: u32, looks_per_minute: u32) -> Self {
        let sign_ins = governor::RateLimiter::keyed(governor::Quota::per_minute(SIGN_INS_PER_MINUTE));
        let forms = governor::RateLimiter::keyed(governor::Quota::per_hour(
            NonZeroU32::new(forms_per_hour).unwrap_or(NonZeroU32::MIN),
        ));
        let looks = governor::RateLimiter::keyed(governor::Quota::per_minute(
            NonZeroU32::new(looks_per_minute).unwrap_or(NonZeroU32::MIN),
        ));
        Self { by_rate: std::sync::Mutex::default(), default_per_minute, sign_ins, forms, looks }
    }

    /// Counts one try of a password. Names share 65,536 buckets, so that made-up names fill no memory.
    pub fn take_sign_in(&self, name: &str) -> Result<()> {
        let [a, b, ..]: [u8; 32] = Sha256::digest(name.as_bytes()).into();
        self.sign_ins.check_key(&u16::from_be_bytes([a, b])).map_err(|not_until| too_fast(&not_until))
    }

    /// Counts one public form from this address. What is remembered of it is a hash, and only while it counts.
    pub fn take_form(&self, address: &str) -> Result<()> {
        let hash: [u8; 32] = Sha256::digest(address.as_bytes()).into();
        let key = hash.iter().take(8).fold(0, |key, byte| (key << 8) | u64::from(*byte));
        // Addresses that have been quiet take no room.
        self.forms.retain_recent();
        self.forms.check_key(&key).map_err(|not_until| too_fast(&not_until))
    }

    /// Counts one look at a depiction.
    pub fn take_look(&self, caller: &Caller) -> Result<()> {
        self.looks.check_key(&caller.scope_id()).map_err(|not_until| too_fast(&not_until))
    }

    /// Counts one request, or says for how many seconds to wait.
    pub fn take(&self, caller: &Caller) -> Result<()> {
        let Caller::Key { id, per_minute, .. } = caller else { return Ok(()) };
        let rate = per_minute.unwrap_or(self.default_per_minute);
        let Some(quota) = NonZeroU32::new(rate).map(governor::Quota::per_minute) else { return Ok(()) };
        let limiter = {
            let mut limiters = self.by_rate.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(limiters.entry(rate).or_insert_with(|| Arc::new(governor::RateLimiter::keyed(quota))))
        };
        limiter.check_key(&id.0).map_err(|not_until| too_fast(&not_until))
    }
}

fn too_fast(not_until: &governor::NotUntil<governor::clock::QuantaInstant>) -> Error {
    let wait = not_until.wait_time_from(governor::clock::DefaultClock::default().now());
    TOO_FAST.retry_after(wait.as_secs().max(1))
}

/// The token a request presents: a bearer, or the console's cookie.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.split_once(' ')).filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
    bearer.map(|(_, token)| token.trim()).or_else(|| cookie(headers))
}

/// The console's cookie.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_called(headers, COOKIE)
}

/// The cookie of this name.
pub fn cookie_called<'a>(headers: &'a HeaderMap, called: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == called).then_some(value)
        })
}

impl FromRequestParts<App> for Place {
    type Rejection = std::convert::Infallible;

    /// Behind a proxy it is the last address that it names, for only that one is the proxy's own word.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Self::Rejection> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        let named = text("x-forwarded-for").and_then(|named| named.rsplit(',').next()?.trim().parse().ok());
        let address = if app.settings.behind_tls { named.or(connected) } else { connected };
        let country = Some(app.settings.sign_in.country_header.as_str()).filter(|name| !name.is_empty());
        let country = country.and_then(text).map(|country| country.chars().take(2).collect());
        let browser = text("user-agent").unwrap_or_default().chars().filter(|c| !c.is_control()).take(120).collect();
        Ok(Self { address: address.map(|address| address.to_canonical()), country, browser })
    }
}

/// A page that asks again by itself says so; it does not keep a session open in which nobody is.
pub const BY_ITSELF: &str = "x-by-itself";

/// Lets somebody work in their session, and writes down now and then that they do.
pub async fn admit(app: &App, token: &str, parts: &mut Parts) -> Result<Caller> {
    let Ok(place) = Place::from_request_parts(parts, app).await;
    let settings = &app.settings.sign_in;
    let mut tx = app.db.glance().await?;
    let standing = sessions::standing(&mut tx, token, settings, app.settings.operator.profile).await?;
    let admitted = standing.admit(settings, &place, tx.now())?;
    drop(tx);
    if admitted.stirs && !parts.headers.contains_key(BY_ITSELF) {
        let mut tx = app.db.write().await?;
        let proof = sessions::stir(&mut tx, &admitted.caller).await?;
        tx.commit(proof).await?;
    }
    Ok(admitted.caller)
}

/// Who is in a session, also in one that is shut or was opened by a password alone where that is not enough: for saying who one
/// is, setting an authenticator up, and signing out.
pub async fn known(app: &App, token: &str, parts: &mut Parts) -> Result<Caller> {
    let Ok(place) = Place::from_request_parts(parts, app).await;
    let settings = &app.settings.sign_in;
    let mut tx = app.db.glance().await?;
    let standing = sessions::standing(&mut tx, token, settings, app.settings.operator.profile).await?;
    standing.in_place(settings, &place)?;
    Ok(standing.caller)
}

fn bearer(parts: &Parts) -> Result<String> {
    let bearer = parts.headers.contains_key(header::AUTHORIZATION);
    Ok(token(&parts.headers).filter(|_| bearer).ok_or(&NOT_SIGNED_IN)?.to_owned())
}

/// Finds out who calls, by a bearer token only: a cookie never reaches the API, so that no other site can make a
/// signed-in browser act.
impl FromRequestParts<App> for Caller {
    type Rejection = problem::Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Self::Rejection> {
        let token = bearer(parts)?;
        if !accounts::is_key(&token) {
            return Ok(admit(app, &token, parts).await?);
        }
        let mut tx = app.db.glance().await.map_err(Error::from)?;
        let caller = accounts::recognise(&mut tx, &token).await?;
        app.limits.take(&caller)?;
        Ok(caller)
    }
}

/// A person in a session, whatever stands in the way of their work in it.
pub struct Known(pub Caller);

impl FromRequestParts<App> for Known {
    type Rejection = problem::Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Self::Rejection> {
        let token = bearer(parts)?;
        if accounts::is_key(&token) {
            return Ok(Self(Caller::from_request_parts(parts, app).await?));
        }
        Ok(Self(known(app, &token, parts).await?))
    }
}

/// A query string, with our own refusal when it does not fit.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Asked<T> {
    type Rejection = problem::Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Self::Rejection> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(error) => Err(BAD_QUERY.because(error.body_text()).into()),
        }
    }
}

/// An id in the path; one that cannot be an id leads nowhere.
pub fn id<T: std::str::FromStr>(text: &str, unknown: &'static Kind) -> Result<T> {
    text.parse().map_err(|_| unknown.because(format!("asked for: {}", text.chars().take(80).collect::<String>())))
}

/// How many rows a page has.
pub const PAGE: i64 = 100;

/// A page of a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; absent on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page whose next one begins after the last row, when this one is full.
    pub fn new(rows: Vec<T>, cursor: impl Fn(&T) -> String) -> Self {
        let full = i64::try_from(rows.len()).is_ok_and(|n| n >= PAGE);
        let next = full.then(|| rows.last().map(&cursor)).flatten();
        Self { rows, next }
    }
}

/// Reads JSON strictly, and says what does not fit.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let text = if body.is_empty() { b"{}".as_slice() } else { body };
    serde_json::from_slice(text).map_err(|error| {
        if error.is_data() { BAD_BODY.because(error.to_string()) } else { NOT_JSON.because(error.to_string()) }
    })
}

/// JSON, with a status.
pub fn reply<T: Serialize>(status: StatusCode, value: &T) -> Result<Response> {
    let body = serde_json::to_string(value).map_err(|error| Error::internal("writing an answer", error))?;
    Ok(written(status, body))
}

/// An answer as it was written, or remembered. Where nothing is said, nothing is sent.
fn written(status: StatusCode, body: String) -> Response {
    let stored = (header::CACHE_CONTROL, "no-store");
    if status == StatusCode::NO_CONTENT {
        return (status, [stored]).into_response();
    }
    (status, [(header::CONTENT_TYPE, "application/json"), stored], body).into_response()
}

/// JSON, with 200.
pub fn ok<T: Serialize>(value: &T) -> Answer {
    Ok(reply(StatusCode::OK, value)?)
}

/// Since when answers are remembered.
fn oldest_answer(tx: &Tx) -> Timestamp {
    tx.now().checked_sub(SignedDuration::from_hours(24)).unwrap_or(tx.now())
}

/// Forgets answers that are too old to be given again.
pub async fn forget_answers(tx: &mut Tx) -> Result<u64> {
    let oldest = oldest_answer(tx);
    Ok(crate::store::answers::forget(tx, oldest).await?)
}

/// A POST with its Idempotency-Key: remembered with the answer for a day, in the same transaction as what it did.
pub struct Once {
    route: &'static str,
    caller: uuid::Uuid,
    key: Option<String>,
    body: [u8; 32],
}

impl Once {
    /// What makes this request the same as another: caller, route, key, and the meaning of its body.
    pub fn new(route: &'static str, caller: &Caller, headers: &HeaderMap, body: &[&[u8]]) -> Result<Self> {
        let key = match headers.get("idempotency-key") {
            None => None,
            Some(value) => {
                let key = value.to_str().ok().filter(|key| (1..=128).contains(&key.len()) && !key.trim().is_empty());
                Some(key.ok_or(&BAD_KEY)?.to_owned())
            }
        };
        let mut hash = Sha256::new();
        for part in body {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Ok(Self { route, caller: caller.scope_id(), key, body: hash.finalize().into() })
    }

    /// The answer given before, if there was one.
    pub async fn before(&self, tx: &mut Tx) -> Result<Option<Response>> {
        let Some(key) = &self.key else { return Ok(None) };
        let oldest = oldest_answer(tx);
        let Some((body, status, answer)) =
            crate::store::answers::find(tx, self.caller, self.route, key, oldest).await?
        else {
            return Ok(None);
        };
        if body != self.body {
            return Err((&KEY_REUSED).into());
        }
        let status =
            u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
        Ok(Some(written(status, answer)))
    }

    /// Whether the caller sent a key at all.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The same, looked up by itself, before work that is not worth doing twice.
    pub async fn asked_before(&self, db: &Db) -> Result<Option<Response>> {
        if self.key.is_none() {
            return Ok(None);
        }
        self.before(&mut db.glance().await?).await
    }

    /// Remembers the answer, in the transaction of what it answers.
    pub async fn remember<T: Serialize>(&self, tx: &mut Tx, status: StatusCode, value: &T) -> Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        let answer = serde_json::to_string(value).map_err(|error| Error::internal("writing an answer", error))?;
        let (oldest, status) = (oldest_answer(tx), status.as_u16());
        crate::store::answers::insert(tx, self.caller, self.route, key, &self.body, status, &answer, oldest).await?;
        Ok(())
    }
}

/// A POST as it came: who calls, the key of its answer, its body. The body is read when the caller has been found to be allowed.
pub struct Sent {
    /// Who calls.
    pub caller: Caller,
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<App> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> std::result::Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, app).await.map_err(IntoResponse::into_response)?;
        let headers = parts.headers.clone();
        let body = Bytes::from_request(Request::from_parts(parts, body), app).await;
        Ok(Self { caller, headers, body: body.map_err(IntoResponse::into_response)? })
    }
}

impl Sent {
    /// The body, read strictly.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        json(&self.body)
    }

    /// What makes this request the same as another: about what, and the very same body.
    pub fn once(&self, route: &'static str, about: &[&[u8]]) -> Result<Once> {
        Once::new(route, &self.caller, &self.headers, &[about, &[&self.body]].concat())
    }
}

/// One of our words in a query: nothing, or `all`, asks for all of them.
pub fn chosen<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>> {
    let Some(text) = text.filter(|text| *text != "all") else { return Ok(None) };
    crate::store::word(text).map(Some).ok_or_else(|| BAD_QUERY.because(format!("no such state: {text}")))
}

/// The straight path of a POST: begin, see whether it was answered before, do it, remember the answer, commit.
///
/// `work` does the verb and gives the answer with the proof that it is on record.
pub async fn post<T, W>(app: &App, once: &Once, status: StatusCode, work: W) -> Answer
where
    T: Serialize,
    W: AsyncFnOnce(&mut Tx) -> Result<(T, Recorded)>,
{
    let mut tx = app.db.write().await.map_err(Error::from)?;
    if let Some(answer) = once.before(&mut tx).await? {
        return Ok(answer);
    }
    let (value, proof) = work(&mut tx).await?;
    once.remember(&mut tx, status, &value).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    app.nudge.notify_waiters();
    Ok(reply(status, &value)?)
}

/// The same for an answer that holds a secret: it is shown once, and what is remembered has a note in the secret's place.
pub async fn post_secret<T, W>(app: &App, once: &Once, status: StatusCode, secret: &str, work: W) -> Answer
where
    T: Serialize,
    W: AsyncFnOnce(&mut Tx) -> Result<(T, Recorded)>,
{
    let mut tx = app.db.write().await.map_err(Error::from)?;
    if let Some(answer) = once.before(&mut tx).await? {
        return Ok(answer);
    }
    let (value, proof) = work(&mut tx).await?;
    let mut kept = serde_json::to_value(&value).map_err(|error| Error::internal("writing an answer", error))?;
    if let Some(field) = kept.get_mut(secret) {
        *field = serde_json::Value::String("(it was shown once, in the first answer)".to_owned());
    }
    once.remember(&mut tx, status, &kept).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(reply(status, &value)?)
}

/// A body whose bytes are already read.
pub type Body = Bytes;
