//! The wall of streams, and the page of one: what happened, who paid, what was kept, and the buttons that stop it and let it go on.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use jiff::Timestamp;

use super::participants;
use super::watching::{self, Mode};
use super::{Kind, State, Stream, UNKNOWN_STREAM, store};
use crate::accounts::Permission;
use crate::audit::{self, Entry};
use crate::care;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review;
use crate::store::{CaseId, ItemId, StreamId, Tx, as_word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, minute, show};
use crate::web::languages::{filters, word};
use crate::web::{self, Body, Page};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/streams", get(wall))
        .route("/console/streams/{stream}", get(one))
        .route("/console/streams/{stream}/frame", get(frame))
        .route("/console/streams/{stream}/mode", post(set_mode))
        .route("/console/streams/{stream}/stop", post(stop))
        .route("/console/streams/{stream}/resume", post(resume))
}

/// A stream on the wall.
struct Shown {
    id: StreamId,
    content_id: String,
    account: Option<String>,
    state: String,
    live: bool,
    since: String,
    since_full: String,
    until: Option<String>,
    events: i64,
    /// How far its pictures were looked at.
    scan: Option<Seen>,
    /// The case that it is in, with its number and urgency.
    case: Option<(CaseId, i64, &'static str)>,
}

/// How far a stream was looked at, in words.
struct Seen {
    mode: String,
    seeing: bool,
    /// The latest frame is in the memory of this process.
    frame: bool,
    /// Why it is not seen now.
    because: Option<String>,
    /// How long nobody saw it; nothing where that is not so.
    unscanned: Option<String>,
    /// Where on its line from 0 to 1000 nobody saw it: from, and how long.
    gaps: Vec<(i64, i64)>,
}

impl Seen {
    fn is_close(&self) -> bool {
        self.mode == as_word(&Mode::Thorough)
    }
}

/// How long something lasted, as hours, minutes and seconds.
fn lasted(seconds: f64) -> String {
    let seconds = jiff::SignedDuration::try_from_secs_f64(seconds).map_or(0, |time| time.as_secs());
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Where a moment lies on a line from 0 to 1000.
fn on_line(stream: &Stream, now: Timestamp, at: Timestamp) -> i64 {
    let whole = stream.ended_at.unwrap_or(now).duration_since(stream.started_at).as_millis().max(1);
    let part = at.duration_since(stream.started_at).as_millis();
    i64::try_from(part.saturating_mul(1_000) / whole).unwrap_or(0).clamp(0, 1_000)
}

async fn seen(tx: &mut Tx, app: &App, stream: &Stream) -> Result<Option<Seen>> {
    let Some(scan) = watching::scan_of(tx, stream).await? else { return Ok(None) };
    let now = tx.now();
    let gap = |gap: &watching::Gap| {
        let from = on_line(stream, now, gap.from);
        (from, (on_line(stream, now, gap.until) - from).max(2))
    };
    let last = scan.gaps.last().and_then(|gap| gap.because.clone());
    Ok(Some(Seen {
        mode: as_word(&scan.mode),
        seeing: scan.seeing,
        frame: app.watching.thumbnail(stream.id).is_some(),
        because: last.filter(|_| !scan.seeing && stream.state == State::Live),
        unscanned: (scan.unscanned_seconds > 0.0).then(|| lasted(scan.unscanned_seconds)),
        gaps: scan.gaps.iter().map(gap).collect(),
    }))
}

async fn shown(tx: &mut Tx, app: &App, stream: &Stream) -> Result<Shown> {
    let case = match stream.case {
        Some(case) => Some(review::case(tx, case).await?),
        None => None,
    };
    Ok(Shown {
        id: stream.id,
        content_id: stream.content_id.clone(),
        account: stream.account.as_ref().map(|account| account.id.clone()),
        state: as_word(&stream.state),
        live: stream.state == State::Live,
        since: minute(stream.started_at),
        since_full: stream.started_at.to_string(),
        until: stream.ended_at.map(minute),
        events: stream.events,
        scan: seen(tx, app, stream).await?,
        case: case.map(|case| (case.id, case.number, review::priority::word(case.priority))),
    })
}

#[derive(Template)]
#[template(path = "livestream/pages/wall.html")]
struct Wall<'a> {
    who: &'a Who,
    all: bool,
    /// Whether their latest frames are shown.
    frames: bool,
    may_see: bool,
    rows: Vec<Shown>,
    here_again: &'static str,
    next: Option<String>,
}

#[derive(serde::Deserialize)]
struct Asked {
    /// `all` shows streams that are over as well.
    state: Option<String>,
    /// `yes` shows their latest frames as well: each is a look, and on record.
    frames: Option<String>,
    before: Option<String>,
}

async fn wall(Shared(app): Shared<App>, staff: Staff, Query(asked): Query<Asked>) -> Paged {
    let all = asked.state.as_deref() == Some("all");
    let before = asked.before.as_deref().map(|before| web::id(before, &UNKNOWN_STREAM)).transpose()?;
    let mut tx = app.db.read().await?;
    let state = (!all).then_some(State::Live);
    let page =
        Page::new(super::list(&mut tx, &staff.caller, state, before, web::PAGE).await?, |one| one.id.to_string());
    let mut rows = Vec::new();
    for stream in &page.rows {
        rows.push(shown(&mut tx, &app, stream).await?);
    }
    // What somebody is waited for comes first; then the newest.
    rows.sort_by_key(|row| row.case.map_or("P9", |(.., priority)| priority));
    let here_again = if all { "/console/streams?state=all" } else { "/console/streams" };
    let next =
        page.next.map(|next| format!("/console/streams?state={}&before={next}", if all { "all" } else { "live" }));
    let may_see = staff.caller.may(Permission::SeeDepictions);
    let frames = may_see && asked.frames.as_deref() == Some("yes");
    show(&Wall { who: &staff.who, all, frames, may_see, rows, here_again, next })
}

/// Something on the timeline of a stream.
struct Moment {
    at: String,
    at_full: String,
    what: String,
    account: Option<String>,
    words: Option<String>,
    urgent: bool,
}

/// Somebody who paid.
struct Payer {
    account: String,
    payments: usize,
    amounts: String,
}

#[derive(Template)]
#[template(path = "livestream/pages/one.html")]
struct One<'a> {
    who: &'a Who,
    stream: Shown,
    urls: Vec<String>,
    took_part: usize,
    payers: Vec<Payer>,
    moments: Vec<Moment>,
    /// Where on its line a list knows a frame.
    known: Vec<i64>,
    sealed: Option<String>,
    may_stop: bool,
    stopped: Option<String>,
    fault: Option<Words>,
}

/// So many moments are shown, the latest.
const MOST_MOMENTS: usize = 200;

async fn one(Shared(app): Shared<App>, staff: Staff, Path(stream): Path<String>) -> Paged {
    page(&app, &staff, web::id(&stream, &UNKNOWN_STREAM)?, None).await
}

async fn page(app: &App, staff: &Staff, id: StreamId, fault: Option<Words>) -> Paged {
    let mut tx = app.db.read().await?;
    let stream = super::find(&mut tx, &staff.caller, id).await?;
    let (events, signals) = (store::events(&mut tx, id).await?, super::signals(&mut tx, &staff.caller, id).await?);
    let now = tx.now();
    let took_part = participants::of(&events);
    let paid = took_part.iter().filter(|one| !one.payments.is_empty());
    let payers = paid.map(|one| Payer {
        account: one.account.clone().unwrap_or_default(),
        payments: one.payments.len(),
        amounts: crate::context::pages::amounts(&one.payments),
    });
    // What was written is somebody's letter: it is read in the case, on record. Who comes and goes is counted.
    let told = events.iter().filter(|event| matches!(event.told.kind, Kind::Report | Kind::Payment | Kind::Classifier));
    let told = told.map(|event| {
        let score =
            event.told.classifier.as_ref().zip(event.told.score).map(|(name, score)| format!("{name}: {score}"));
        let moment = Moment {
            at: second(event.at),
            at_full: event.at.to_string(),
            what: word("stream-event", &as_word(&event.told.kind)).to_string(),
            account: event.told.account.clone(),
            words: score.or_else(|| event.told.text.clone().filter(|_| event.told.kind == Kind::Report)),
            urgent: event.told.kind == Kind::Report,
        };
        (event.at, moment)
    });
    let said = signals.iter().map(|signal| {
        let moment = Moment {
            at: second(signal.at),
            at_full: signal.at.to_string(),
            what: word("stream-cause", &as_word(&signal.cause)).to_string(),
            account: None,
            words: signal.rule.clone(),
            urgent: true,
        };
        (signal.at, moment)
    });
    let hits = super::hits(&mut tx, id, stream.started_at).await?;
    let known_at = hits.iter().map(|hit| {
        let what = word("stream-event", "known").to_string();
        let (at, at_full, words) = (second(hit.at), hit.at.to_string(), Some(hit.list.clone()));
        (hit.at, Moment { at, at_full, what, account: None, words, urgent: false })
    });
    let scan = watching::scan_of(&mut tx, &stream).await?;
    let unseen = scan.iter().flat_map(|scan| &scan.gaps).map(|gap| {
        let what = word("stream-event", "unscanned").to_string();
        let because = gap.because.as_ref().map(|why| word("stream-unseen", why).to_string());
        let (at, at_full) = (second(gap.from), gap.from.to_string());
        (gap.from, Moment { at, at_full, what, account: None, words: because, urgent: false })
    });
    let mut moments: Vec<_> = told.chain(said).chain(known_at).chain(unseen).collect();
    moments.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let stopped = match stream.case {
        Some(case) => super::stop_of(&mut tx, &stream, case).await?.map(|action| as_word(&action.state)),
        None => None,
    };
    show(&One {
        who: &staff.who,
        urls: stream.urls.clone(),
        took_part: took_part.len(),
        payers: payers.collect(),
        moments: moments.into_iter().map(|(_, moment)| moment).take(MOST_MOMENTS).collect(),
        sealed: signals.iter().filter_map(|signal| signal.sealed_at).max().map(second),
        may_stop: staff.caller.may(Permission::DecideCases),
        stopped,
        fault,
        known: hits.iter().map(|hit| on_line(&stream, now, hit.at)).collect(),
        stream: shown(&mut tx, app, &stream).await?,
    })
}

fn second(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The latest frame of a stream: small, grey and blurred since it left the child that saw it, and marked for who looks. On record.
async fn frame(Shared(app): Shared<App>, staff: Staff, Path(stream): Path<String>) -> Paged {
    let id: StreamId = web::id(&stream, &UNKNOWN_STREAM)?;
    staff.caller.require(Permission::SeeDepictions)?;
    let mut tx = app.db.write().await?;
    let looker = care::looker(&mut tx, &staff.caller, &app.settings).await?;
    looker.may(ItemId(uuid::Uuid::nil()), "unclassified", true, true, &app.settings.care)?;
    let Some(seen) = app.watching.thumbnail(id) else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let at = tx.now().strftime("%Y-%m-%d %H:%MZ").to_string();
    let own = id.0.simple().to_string();
    let mark = decode::Mark::new(&format!("{} stream {} {at}", staff.caller.mark(), own.get(20..).unwrap_or_default()));
    let entry = Entry::by(&staff.caller, "stream.frame_seen").about(id);
    let proof = audit::record(&mut tx, entry).await?;
    tx.commit(proof).await?;
    let Ok(jpeg) = app.pool.picture(seen, 160, decode::Shows::Whole, mark).await else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, jpeg).into_response())
}

async fn set_mode(Shared(app): Shared<App>, staff: Staff, Path(stream): Path<String>, body: Body) -> Paged {
    let id = web::id(&stream, &UNKNOWN_STREAM)?;
    let form = Fields::read(&body, &["mode"])?;
    let asked = async {
        let mode = web::chosen(Some(form.one("mode")))?.ok_or(&watching::NOT_WATCHED)?;
        let mut tx = app.db.write().await?;
        let (_, proof) = watching::set_mode(&mut tx, &staff.caller, id, mode).await?;
        tx.commit(proof).await?;
        Ok(())
    };
    answered(&app, &staff, id, asked.await).await
}

async fn stop(Shared(app): Shared<App>, staff: Staff, Path(stream): Path<String>, body: Body) -> Paged {
    let id = web::id(&stream, &UNKNOWN_STREAM)?;
    let form = Fields::read(&body, &["reason"])?;
    let asked = async {
        let mut tx = app.db.write().await?;
        let (_, proof) = super::stop(&mut tx, &staff.caller, id, form.one("reason"), &app.settings.notices).await?;
        tx.commit(proof).await?;
        app.nudge.notify_waiters();
        Ok(())
    };
    answered(&app, &staff, id, asked.await).await
}

async fn resume(Shared(app): Shared<App>, staff: Staff, Path(stream): Path<String>, body: Body) -> Paged {
    let id = web::id(&stream, &UNKNOWN_STREAM)?;
    let form = Fields::read(&body, &["reason"])?;
    let asked = async {
        let mut tx = app.db.write().await?;
        let (_, proof) = super::resume(&mut tx, &staff.caller, id, form.one("reason")).await?;
        tx.commit(proof).await?;
        app.nudge.notify_waiters();
        Ok(())
    };
    answered(&app, &staff, id, asked.await).await
}

/// The page again: as it is now, or with what was wrong.
async fn answered(app: &App, staff: &Staff, id: StreamId, done: Result<()>) -> Paged {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/console/streams/{id}")).into_response()),
        Err(Error::Refused(refusal)) if refusal.kind != &UNKNOWN_STREAM => {
            page(app, staff, id, Some((&*refusal).into())).await
        }
        Err(error) => Err(error.into()),
    }
}
