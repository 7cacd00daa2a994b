//! The page "Adults' intimate pictures": a queue of its own, the next deadline first.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};

use super::super::UNKNOWN_NOTICE;
use super::super::pages::{Tab, kind_words, queues};
use super::{NewStep, Removal, State};
use crate::accounts::Permission;
use crate::clocks;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::{NoticeId, as_word, word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, minute, show};
use crate::web::languages::filters;
use crate::web::{self, BAD_BODY, Body, Page};

/// The pages of this queue.
pub(in crate::notices) fn router() -> Router<App> {
    Router::new().route("/console/removals", get(removals)).route("/console/removals/{notice}", post(step))
}

struct Row {
    removal: Removal,
    kind: &'static str,
    state: &'static str,
    at: String,
    due: String,
    clock: &'static str,
    open: bool,
    asked: bool,
}

#[derive(Template)]
#[template(path = "notices/pages/removals.html")]
struct Removals<'a> {
    who: &'a Who,
    fault: Option<Words>,
    queues: [Tab; 2],
    tabs: Vec<Tab>,
    rows: Vec<Row>,
    may_decide: bool,
    next: Option<String>,
}

fn state_words(state: State) -> &'static str {
    match state {
        State::Open => "Waits for a person",
        State::Asked => "The platform is asked",
        State::Removed => "Removed",
        State::Declined => "No valid request",
        State::Escalated => "May be a child: a case",
    }
}

#[derive(serde::Deserialize)]
struct Asked {
    state: Option<String>,
    after: Option<String>,
}

async fn gather<'a>(app: &App, staff: &'a Staff, asked: &Asked, fault: Option<Words>) -> Result<Removals<'a>> {
    let chosen = asked.state.as_deref().unwrap_or("open");
    let state: Option<State> = web::chosen(Some(chosen))?;
    let after = asked.after.as_deref().map(|id| web::id(id, &UNKNOWN_NOTICE)).transpose()?;
    let mut tx = app.db.read().await?;
    let found = super::list(&mut tx, &staff.caller, state, after, web::PAGE).await?;
    let Page { rows, next } = Page::new(found, |row| row.notice.id.to_string());
    let row = |removal: Removal| Row {
        kind: kind_words(removal.notice.said.kind),
        state: state_words(removal.state),
        at: minute(removal.notice.received_at),
        due: minute(removal.due_at),
        clock: match removal.clock {
            clocks::State::Passed => "passed",
            clocks::State::Near => "near",
            clocks::State::Running | clocks::State::Met => "",
        },
        open: removal.state == State::Open,
        asked: removal.state == State::Asked,
        removal,
    };
    let tab =
        |name: String, label| Tab { label, chosen: name == chosen, href: format!("/console/removals?state={name}") };
    let all = std::iter::once(tab("all".to_owned(), "All"));
    Ok(Removals {
        who: &staff.who,
        fault,
        queues: queues(true),
        tabs: all.chain(State::ALL.into_iter().map(|state| tab(as_word(&state), state_words(state)))).collect(),
        rows: rows.into_iter().map(row).collect(),
        may_decide: staff.caller.may(Permission::DecideCases),
        next: next.map(|next| format!("/console/removals?state={chosen}&after={next}")),
    })
}

async fn removals(Shared(app): Shared<App>, staff: Staff, Query(asked): Query<Asked>) -> Paged {
    show(&gather(&app, &staff, &asked, None).await?)
}

async fn step(Shared(app): Shared<App>, staff: Staff, Path(notice): Path<String>, body: Body) -> Paged {
    let id: NoticeId = web::id(&notice, &UNKNOWN_NOTICE)?;
    let mut tx = app.db.write().await?;
    let done = async {
        let form = Fields::read(&body, &["step", "reason"])?;
        let step = word(form.one("step")).ok_or_else(|| BAD_BODY.because("choose what becomes of it"))?;
        super::step(&mut tx, &staff.caller, id, &NewStep { step, reason: form.one("reason").to_owned() }).await
    };
    match done.await {
        Ok((removal, proof)) => {
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            let state = as_word(&removal.state);
            Ok(Redirect::to(&format!("/console/removals?state={state}")).into_response())
        }
        Err(Error::Refused(refusal)) => {
            drop(tx);
            let status = axum::http::StatusCode::from_u16(refusal.kind.status).unwrap_or_default();
            let asked = Asked { state: Some("all".to_owned()), after: None };
            let page = show(&gather(&app, &staff, &asked, Some(Words::from(&*refusal))).await?)?;
            Ok((status, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
