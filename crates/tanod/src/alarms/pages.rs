//! The alarms in the console, and the page behind the link of a message: one button, no sign-in.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::{Alarm, State, UNKNOWN_ALARM, UNKNOWN_PAGE};
use crate::accounts::Permission;
use crate::plan::App;
use crate::web::console::{Paged, Staff, Who, show};
use crate::web::languages::filters;
use crate::web::{self, Page};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/alarms", get(list))
        .route("/console/alarms/{alarm}/acknowledgement", post(acknowledge))
        .route("/alarms/{token}", get(behind).post(press))
}

struct Shown {
    alarm: Alarm,
    says: String,
    since: String,
    paged: Option<String>,
    known: Option<String>,
    over: Option<String>,
    open: bool,
}

impl From<Alarm> for Shown {
    fn from(alarm: Alarm) -> Self {
        let minute = web::console::minute;
        let known = alarm.acknowledged_at.zip(alarm.acknowledged_by.as_deref());
        Self {
            says: alarm.kind.words(),
            since: minute(alarm.raised_at),
            paged: alarm.paged_at.map(minute),
            known: known.map(|(at, by)| format!("{by}, {} UTC", minute(at))),
            over: alarm.cleared_at.map(minute),
            open: alarm.state == State::Open,
            alarm,
        }
    }
}

#[derive(Template)]
#[template(path = "alarms/pages/list.html")]
struct List<'a> {
    who: &'a Who,
    alarms: Vec<Shown>,
    may_acknowledge: bool,
    may_open: bool,
    nobody: bool,
    next: Option<String>,
}

#[derive(serde::Deserialize)]
struct Asked {
    before: Option<String>,
}

async fn list(Shared(app): Shared<App>, staff: Staff, Query(asked): Query<Asked>) -> Paged {
    let before = asked.before.as_deref().map(|before| web::id(before, &UNKNOWN_ALARM)).transpose()?;
    let mut tx = app.db.read().await?;
    let rows = super::list(&mut tx, &staff.caller, None, before, web::PAGE).await?;
    let page = Page::new(rows, |alarm| alarm.id.to_string());
    show(&List {
        who: &staff.who,
        alarms: page.rows.into_iter().map(Shown::from).collect(),
        may_acknowledge: staff.caller.may(Permission::AcknowledgeAlarms),
        may_open: staff.caller.may(Permission::ReadCases),
        nobody: app.settings.alarms.on_call.is_empty(),
        next: page.next.map(|next| format!("/console/alarms?before={next}")),
    })
}

async fn acknowledge(Shared(app): Shared<App>, staff: Staff, Path(alarm): Path<String>) -> Paged {
    let id = web::id(&alarm, &UNKNOWN_ALARM)?;
    let mut tx = app.db.write().await?;
    let (_, proof) = super::acknowledge(&mut tx, &staff.caller, id).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to("/console/alarms").into_response())
}

#[derive(Template)]
#[template(path = "alarms/pages/behind.html")]
struct Behind {
    shown: Shown,
    link: String,
}

/// What a message's link shows: the same as the message, and one button. Looking acknowledges nothing, for programs that
/// guard mailboxes follow links too.
async fn behind(Shared(app): Shared<App>, Path(token): Path<String>) -> Paged {
    let mut tx = app.db.read().await?;
    let (alarm, _) = super::behind(&mut tx, &token).await?;
    let link = super::link(&app.settings.public_url, &alarm);
    show(&Behind { shown: alarm.into(), link })
}

async fn press(Shared(app): Shared<App>, Path(token): Path<String>) -> Paged {
    let mut tx = app.db.write().await?;
    let proof = super::acknowledge_by_link(&mut tx, &token).await?;
    tx.commit(proof).await?;
    // The token goes back as it came: it was found, so it is one of ours.
    let place = token.strip_prefix("tanod_page_").filter(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let place = place.ok_or(&UNKNOWN_PAGE)?;
    Ok(Redirect::to(&format!("/alarms/tanod_page_{place}")).into_response())
}
