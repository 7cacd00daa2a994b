//! `/v1/streams`: what the platform tells of streams that run, and how they stand.

use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::watching::{self, Mode, Scan, Segment};
use super::{FrameHit, NewStream, State, Stream, StreamSignal, Told, UNKNOWN_STREAM, Ways};
use crate::accounts::{Caller, Permission};
use crate::actions::Action;
use crate::plan::App;
use crate::refusal::Error;
use crate::store::StreamId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Page, Sent};

/// The longest call with events that is taken, in bytes.
pub const MOST_BYTES: usize = 8 << 20;

/// Which streams.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only in this state: `live` or `ended`.
    state: Option<String>,
    /// The `next` of the page before.
    before: Option<String>,
}

/// As this caller may see it: a program that tells of streams sees no cases.
fn seen(mut stream: Stream, caller: &Caller) -> Stream {
    stream.case = stream.case.filter(|_| caller.may(Permission::ReadCases));
    stream
}

/// A stream that was told of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Begun {
    #[serde(flatten)]
    stream: Stream,
    /// Where to send it, if it is sent to us. It holds the key, and nobody else hears it.
    send_to: Option<String>,
}

/// Tell of a stream that runs. Told again while it runs, it is the same stream.
#[utoipa::path(post, path = "/v1/streams", tag = "streams", request_body = NewStream,
    responses((status = 201, body = Begun), (status = "default", body = ProblemBody)))]
pub async fn begin(Shared(app): Shared<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::WriteStreams)?;
    let new: NewStream = sent.json()?;
    let once = sent.once("POST /v1/streams", &[])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        let (stream, proof) = super::begin(tx, &sent.caller, new, &app.watching, &app.settings.live).await?;
        let send_to = stream.source.as_deref().and_then(|source| app.watching.send_to(source));
        Ok((Begun { stream: seen(stream, &sent.caller), send_to }, proof))
    })
    .await
}

/// Streams, newest first.
#[utoipa::path(get, path = "/v1/streams", tag = "streams", params(Filter),
    responses((status = 200, body = Page<Stream>), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadStreams)?;
    let state: Option<State> = web::chosen(filter.state.as_deref())?;
    let before = filter.before.as_deref().map(|id| web::id(id, &UNKNOWN_STREAM)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller, state, before, web::PAGE).await?;
    let rows = rows.into_iter().map(|stream| seen(stream, &caller)).collect();
    web::ok(&Page::new(rows, |stream: &Stream| stream.id.to_string()))
}

/// A stream with what was said of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StreamAnswer {
    #[serde(flatten)]
    stream: Stream,
    /// What made it a case's; for people who see cases.
    signals: Vec<StreamSignal>,
    /// How far its pictures were looked at; absent where nobody was asked to.
    scan: Option<Scan>,
    /// Frames that lists know, oldest first; for people who see cases.
    hits: Vec<FrameHit>,
    /// What is kept of it; for people who see cases.
    segments: Vec<Segment>,
}

/// One stream.
#[utoipa::path(get, path = "/v1/streams/{stream}", tag = "streams", params(("stream" = String, Path)),
    responses((status = 200, body = StreamAnswer), (status = "default", body = ProblemBody)))]
pub async fn show(Shared(app): Shared<App>, caller: Caller, Path(id): Path<String>) -> Answer {
    caller.require(Permission::ReadStreams)?;
    let id: StreamId = web::id(&id, &UNKNOWN_STREAM)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let stream = super::find(&mut tx, &caller, id).await?;
    let scan = watching::scan_of(&mut tx, &stream).await?;
    let (mut signals, mut hits, mut segments) = (Vec::new(), Vec::new(), Vec::new());
    if caller.may(Permission::ReadCases) {
        signals = super::signals(&mut tx, &caller, id).await?;
        hits = super::hits(&mut tx, id, stream.started_at).await?;
        segments = watching::segments(&mut tx, id).await?;
    }
    web::ok(&StreamAnswer { stream: seen(stream, &caller), signals, scan, hits, segments })
}

/// How closely to look.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Closely {
    /// From now on.
    mode: Mode,
}

/// Look at a stream more or less closely from now on.
#[utoipa::path(post, path = "/v1/streams/{stream}/mode", tag = "streams", params(("stream" = String, Path)),
    request_body = Closely, responses((status = 200, body = Scan), (status = "default", body = ProblemBody)))]
pub async fn set_mode(Shared(app): Shared<App>, Path(id): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::WriteStreams)?;
    let stream: StreamId = web::id(&id, &UNKNOWN_STREAM)?;
    let Closely { mode } = sent.json()?;
    let once = sent.once("POST /v1/streams/{stream}/mode", &[id.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| watching::set_mode(tx, &sent.caller, stream, mode).await).await
}

/// Say that a stream is over. Said again, it changes nothing.
#[utoipa::path(post, path = "/v1/streams/{stream}/end", tag = "streams", params(("stream" = String, Path)),
    responses((status = 200, body = Stream), (status = "default", body = ProblemBody)))]
pub async fn end(Shared(app): Shared<App>, Path(id): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::WriteStreams)?;
    let stream: StreamId = web::id(&id, &UNKNOWN_STREAM)?;
    let once = sent.once("POST /v1/streams/{stream}/end", &[id.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let (stream, proof) = super::end(tx, &sent.caller, stream).await?;
        Ok((seen(stream, &sent.caller), proof))
    })
    .await
}

/// Which stream, by your own id of it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// As it was told.
    content_id: String,
}

/// Say by your own id of it that a stream is over: for a server's hook that knows no other.
#[utoipa::path(post, path = "/v1/streams/end", tag = "streams", request_body = Named,
    responses((status = 200, body = Stream), (status = "default", body = ProblemBody)))]
pub async fn end_named(Shared(app): Shared<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::WriteStreams)?;
    let Named { content_id } = sent.json()?;
    let once = sent.once("POST /v1/streams/end", &[])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let (stream, proof) = super::end_named(tx, &sent.caller, &content_id).await?;
        Ok((seen(stream, &sent.caller), proof))
    })
    .await
}

/// What happened in a stream.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// At most 1000 at once.
    events: Vec<Told>,
}

/// Tell what happened in a stream: reports of viewers, who came and left, what was written and paid, what a classifier says. A
/// report is put before a person at once, with everybody who takes part sealed. One event that cannot be kept refuses all.
#[utoipa::path(post, path = "/v1/streams/{stream}/events", tag = "streams", params(("stream" = String, Path)),
    request_body = Events,
    responses((status = 200, body = super::Taken), (status = "default", body = ProblemBody)))]
pub async fn tell(Shared(app): Shared<App>, Path(id): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::WriteStreams)?;
    let stream: StreamId = web::id(&id, &UNKNOWN_STREAM)?;
    let Events { events } = sent.json()?;
    let once = sent.once("POST /v1/streams/{stream}/events", &[id.as_bytes()])?;
    // Outside the transaction: hashing many words takes a moment.
    super::check(&events)?;
    let met = app.vocabularies.met(&app.db, &events).await?;
    let by = Ways { settings: &app.settings.live, rules: &app.rules, door: &app.settings.notices };
    web::post(&app, &once, StatusCode::OK, async |tx| super::tell(tx, &sent.caller, stream, events, &met, by).await)
        .await
}

/// Why a stream is stopped, or goes on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// In a sentence. The platform does not see it.
    reason: String,
}

/// Ask the platform to stop a stream, once those who take part are sealed. Any person who decides cases may; a stream that is in no
/// case comes into one by it.
#[utoipa::path(post, path = "/v1/streams/{stream}/stop", tag = "streams", params(("stream" = String, Path)),
    request_body = Why, responses((status = 201, body = Action), (status = "default", body = ProblemBody)))]
pub async fn stop(Shared(app): Shared<App>, Path(id): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let stream: StreamId = web::id(&id, &UNKNOWN_STREAM)?;
    let Why { reason } = sent.json()?;
    let once = sent.once("POST /v1/streams/{stream}/stop", &[id.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        super::stop(tx, &sent.caller, stream, &reason, &app.settings.notices).await
    })
    .await
}

/// Ask the platform to let a stream go on that was stopped.
#[utoipa::path(post, path = "/v1/streams/{stream}/resume", tag = "streams", params(("stream" = String, Path)),
    request_body = Why, responses((status = 201, body = Action), (status = "default", body = ProblemBody)))]
pub async fn resume(Shared(app): Shared<App>, Path(id): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let stream: StreamId = web::id(&id, &UNKNOWN_STREAM)?;
    let Why { reason } = sent.json()?;
    let once = sent.once("POST /v1/streams/{stream}/resume", &[id.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::resume(tx, &sent.caller, stream, &reason).await).await
}

/// Let a rule that asked for too many stops go on, or `*` for all rules together. As a lead.
#[utoipa::path(post, path = "/v1/streams/rules/{rule}/resume", tag = "streams", params(("rule" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn let_go_on(Shared(app): Shared<App>, Path(rule): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ApproveDecisions)?;
    let once = sent.once("POST /v1/streams/rules/{rule}/resume", &[rule.as_bytes()])?;
    web::post(&app, &once, StatusCode::NO_CONTENT, async |tx| {
        Ok(((), super::rules::let_go_on(tx, &sent.caller, &rule).await?))
    })
    .await
}
