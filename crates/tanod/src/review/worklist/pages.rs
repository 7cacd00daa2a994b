//! The worklist in the console: the queue with its filters, the next case, a case put off or handed on, and finding one.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use jiff::SignedDuration;

use super::super::forms::act;
use super::super::pages::{Head, counts, ground_words, heads, priority_words, route_words, state_words};
use super::super::{Ground, Priority, Route, State, UNKNOWN_CASE};
use super::{Conditions, Due, NOTHING_NEXT, Wanted, With};
use crate::accounts::{Permission, UNKNOWN_NAME};
use crate::plan::App;
use crate::refusal::Error;
use crate::store::as_word;
use crate::web::console::{Fields, Paged, Staff, Tab, Who, show};
use crate::web::languages::{filters, say, word};
use crate::web::{self, BAD_BODY, Body};

/// So many cases stand on a page of the queue.
const ROWS: i64 = 50;

/// The forms of this noun.
pub(in super::super) fn router() -> Router<App> {
    Router::new()
        .route("/console/queue", get(queue))
        .route("/console/queue/next", post(next))
        .route("/console/cases/{case}/put-off", post(put_off))
        .route("/console/cases/{case}/hand-over", post(hand_over))
}

/// A condition that can be chosen.
struct Choice {
    name: &'static str,
    /// Word and meaning of each answer, and whether it is chosen.
    answers: Vec<(String, String, bool)>,
}

#[derive(Template)]
#[template(path = "review/pages/queue.html")]
struct Queue<'a> {
    who: &'a Who,
    tabs: Vec<Tab>,
    state: &'a str,
    choices: Vec<Choice>,
    in_language: String,
    /// The conditions that hold, as fields of a form.
    fields: Vec<(&'static str, String)>,
    cases: Vec<Head>,
    counts: String,
    live: bool,
    here_again: String,
    next: Option<String>,
    /// What was looked for.
    sought: String,
    may_take: bool,
    nothing_next: bool,
}

#[derive(Template)]
#[template(path = "review/pages/elsewhere.html")]
struct Elsewhere<'a> {
    who: &'a Who,
}

#[derive(serde::Deserialize)]
struct Asked {
    state: Option<String>,
    priority: Option<String>,
    by: Option<String>,
    ground: Option<String>,
    due: Option<String>,
    language: Option<String>,
    with: Option<String>,
    after: Option<String>,
    /// What is looked for.
    q: Option<String>,
    /// Nothing could be taken.
    nothing: Option<String>,
}

/// The queue's address in this state with these conditions, and a case that it goes on after.
fn address(state: &str, fields: &[(&'static str, String)], after: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", state).extend_pairs(fields).extend_pairs(after.map(|after| ("after", after)));
    format!("/console/queue?{}", query.finish())
}

fn choices(wanted: &Wanted) -> Vec<Choice> {
    fn choice<T: serde::Serialize + PartialEq>(
        name: &'static str,
        chosen: Option<&T>,
        all: impl IntoIterator<Item = (T, String)>,
    ) -> Choice {
        let answer = |(one, words): (T, String)| (as_word(&one), words, chosen == Some(&one));
        Choice { name, answers: all.into_iter().map(answer).collect() }
    }
    let priority = |one: Priority| {
        let (name, meaning) = priority_words(one);
        (one, format!("{name}: {meaning}"))
    };
    let due = [Due::Over, Due::Today].map(|one| (one, word("queue-due", &as_word(&one)).to_string()));
    let with =
        [With::Me, With::Nobody, With::Somebody].map(|one| (one, word("queue-with", &as_word(&one)).to_string()));
    vec![
        choice("priority", wanted.priority.as_ref(), Priority::ALL.map(priority)),
        choice("by", wanted.by.as_ref(), Route::ALL.map(|one| (one, route_words(one).to_string()))),
        choice("ground", wanted.ground.as_ref(), Ground::ALL.map(|one| (one, ground_words(one).to_string()))),
        choice("due", wanted.due.as_ref(), due),
        choice("with", wanted.with.as_ref(), with),
    ]
}

async fn queue(Shared(app): Shared<App>, staff: Staff, Query(asked): Query<Asked>) -> Paged {
    if !staff.caller.may(Permission::ReadCases) {
        return show(&Elsewhere { who: &staff.who });
    }
    let chosen = asked.state.as_deref().unwrap_or("open");
    let state: Option<State> = web::chosen(Some(chosen))?;
    let after = asked.after.as_deref().map(|after| web::id(after, &UNKNOWN_CASE)).transpose()?;
    let Asked { priority, by, ground, due, language, with, .. } = asked;
    let wanted = Wanted { state, after, ..Conditions { priority, by, ground, due, language, with }.read()? };
    let fields = wanted.fields();
    let sought = asked.q.unwrap_or_default();
    let finds = !sought.trim().is_empty();
    let mut tx = app.db.read().await?;
    let mut next = None;
    let rows = if finds {
        super::search(&mut tx, &staff.caller, &sought).await?
    } else {
        // One more than is shown says whether there is more.
        let mut rows = super::list(&mut tx, &staff.caller, &wanted, ROWS + 1).await?;
        if i64::try_from(rows.len()).is_ok_and(|n| n > ROWS) {
            rows.pop();
            next = rows.last().map(|last| address(chosen, &fields, Some(&last.id.to_string())));
        }
        rows
    };
    let cases = heads(&mut tx, &staff, &app.settings.operator, &rows).await?;
    let tabs = std::iter::once(("all".to_owned(), say("queue-state-all")))
        .chain(State::ALL.into_iter().map(|state| (as_word(&state), state_words(state))))
        .map(|(name, label)| Tab { label, chosen: name == chosen && !finds, href: address(&name, &fields, None) })
        .collect();
    show(&Queue {
        who: &staff.who,
        tabs,
        state: chosen,
        choices: choices(&wanted),
        in_language: wanted.language.clone().unwrap_or_default(),
        cases,
        counts: counts(),
        live: after.is_none() && !finds,
        here_again: address(chosen, &fields, None),
        fields,
        next,
        sought,
        may_take: staff.caller.may(Permission::DecideCases),
        nothing_next: asked.nothing.is_some(),
    })
}

/// The names of what the queue is filtered by.
const CONDITIONS: [&str; 6] = ["priority", "by", "ground", "due", "language", "with"];

async fn next(Shared(app): Shared<App>, staff: Staff, body: Body) -> Paged {
    let form = Fields::read(&body, &CONDITIONS)?;
    let some = |name| Some(form.one(name).to_owned()).filter(|value| !value.is_empty());
    let conditions = Conditions {
        priority: some("priority"),
        by: some("by"),
        ground: some("ground"),
        due: some("due"),
        language: some("language"),
        with: None,
    };
    let wanted = conditions.read()?;
    let mut tx = app.db.write().await?;
    match super::take_next(&mut tx, &staff.caller, &app.settings.care, &wanted).await {
        Ok((case, proof)) => {
            tx.commit(proof).await?;
            Ok(Redirect::to(&format!("/console/cases/{}", case.id)).into_response())
        }
        Err(Error::Refused(refusal)) if refusal.kind == &NOTHING_NEXT => {
            let mut back = form_urlencoded::Serializer::new(String::new());
            back.extend_pairs(wanted.fields()).append_pair("nothing", "next");
            Ok(Redirect::to(&format!("/console/queue?{}", back.finish())).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn put_off(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let form = Fields::read(&body, &["hours", "because"])?;
    let hours: i64 = form.one("hours").parse().map_err(|_| BAD_BODY.because("choose for how long"))?;
    act(&app, &staff, &case, async |tx, id| {
        let until = tx.now().checked_add(SignedDuration::from_hours(hours.clamp(0, 100))).unwrap_or(tx.now());
        super::put_off(tx, &staff.caller, id, until, form.one("because")).await
    })
    .await
}

async fn hand_over(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let form = Fields::read(&body, &["to", "because"])?;
    let _: crate::store::CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let to = web::id(form.one("to"), &UNKNOWN_NAME)?;
    act(&app, &staff, &case, async |tx, id| super::hand_over(tx, &staff.caller, id, to, form.one("because")).await)
        .await
}
