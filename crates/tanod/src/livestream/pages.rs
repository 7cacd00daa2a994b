//! The wall of streams, and the page of one: what happened, who paid, what was kept, and the buttons that stop it and let it go on.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::participants;
use super::{Kind, State, Stream, UNKNOWN_STREAM, store};
use crate::accounts::Permission;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review;
use crate::store::{CaseId, StreamId, Tx, as_word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, minute, show};
use crate::web::languages::{filters, word};
use crate::web::{self, Body, Page};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/streams", get(wall))
        .route("/console/streams/{stream}", get(one))
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
    /// The case that it is in, with its number and urgency.
    case: Option<(CaseId, i64, &'static str)>,
}

async fn shown(tx: &mut Tx, stream: &Stream) -> Result<Shown> {
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
        case: case.map(|case| (case.id, case.number, review::priority::word(case.priority))),
    })
}

#[derive(Template)]
#[template(path = "livestream/pages/wall.html")]
struct Wall<'a> {
    who: &'a Who,
    all: bool,
    rows: Vec<Shown>,
    here_again: &'static str,
    next: Option<String>,
}

#[derive(serde::Deserialize)]
struct Asked {
    /// `all` shows streams that are over as well.
    state: Option<String>,
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
        rows.push(shown(&mut tx, stream).await?);
    }
    // What somebody is waited for comes first; then the newest.
    rows.sort_by_key(|row| row.case.map_or("P9", |(.., priority)| priority));
    let here_again = if all { "/console/streams?state=all" } else { "/console/streams" };
    let next =
        page.next.map(|next| format!("/console/streams?state={}&before={next}", if all { "all" } else { "live" }));
    show(&Wall { who: &staff.who, all, rows, here_again, next })
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
    let mut moments: Vec<_> = told.chain(said).collect();
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
        stream: shown(&mut tx, &stream).await?,
    })
}

fn second(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
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
