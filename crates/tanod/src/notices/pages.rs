//! "New case" in the console, and notices with the history of whoever told them.

use askama::Template;
use axum::Router;
use axum::extract::{Query, Request, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::get;

use super::{BAD_NOTICE, History, Kind, NewNotice, Notice, Queue, Reason, Reporter, UNKNOWN_NOTICE, media};
use crate::accounts::Permission;
use crate::intake::Account;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::UNKNOWN_CASE;
use crate::store::{as_word, word};
use crate::web::console::{Paged, Staff, Tab, Who, Words, show};
use crate::web::languages::{Said, filters, say};
use crate::web::{self, Page};

/// The pages of this domain.
pub fn router(app: &App) -> Router<App> {
    Router::new()
        .route("/console/notices", get(notices))
        .route("/console/notices/new", get(new).post(send).layer(media::most(app, true)))
        .merge(super::removals::pages::router())
}

/// The two queues of notices, which are never mixed (US-60).
pub(super) fn queues(adults: bool) -> Vec<Tab> {
    let tab = |key, href: &str, chosen| Tab { label: say(key), href: href.to_owned(), chosen };
    vec![tab("notice-children", "/console/notices", !adults), tab("notice-adults", "/console/removals", adults)]
}

/// So much text may a form hold, the conversation included.
const MOST_TEXT: usize = 1 << 20;

#[derive(Template)]
#[template(path = "notices/pages/new.html")]
struct New<'a> {
    who: &'a Who,
    fault: Option<Words>,
    kinds: Vec<String>,
    reasons: Vec<String>,
}

struct Row {
    at: String,
    kind: String,
    reason: String,
    notice: Notice,
    history: History,
    remark: Option<Said>,
}

#[derive(Template)]
#[template(path = "notices/pages/notices.html")]
struct Notices<'a> {
    who: &'a Who,
    tabs: Vec<Tab>,
    may_write: bool,
    rows: Vec<Row>,
    next: Option<String>,
}

/// What a law says about a notice, for the reviewer who has it before them.
pub(super) fn remark(said: &NewNotice) -> Option<Said> {
    if said.reason == Reason::IntimateAdult {
        return Some(say("notice-law-adult"));
    }
    said.kind.is_victims().then(|| say("notice-law-victim"))
}

fn form(who: &Who, fault: Option<Words>) -> New<'_> {
    let kinds = [Kind::Moderator, Kind::User, Kind::Depicted, Kind::Representative, Kind::Hotline, Kind::Police];
    New { who, fault, kinds: kinds.iter().map(as_word).collect(), reasons: Reason::ALL.iter().map(as_word).collect() }
}

async fn new(staff: Staff) -> Paged {
    staff.caller.require(Permission::WriteNotices)?;
    show(&form(&staff.who, None))
}

async fn send(Shared(app): Shared<App>, staff: Staff, request: Request) -> Paged {
    staff.caller.require(Permission::WriteNotices)?;
    match write(&app, &staff, request).await {
        Ok(to) => Ok(Redirect::to(&to).into_response()),
        Err(Error::Refused(refusal)) => {
            let status = StatusCode::from_u16(refusal.kind.status).unwrap_or_default();
            Ok((status, show(&form(&staff.who, Some(Words::from(&*refusal))))?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn write(app: &App, staff: &Staff, request: Request) -> Result<String> {
    let names = ["kind", "reason", "danger", "account", "content_ids", "urls", "words", "thread", "contact"];
    let (fields, files, fault) = media::fields(request, &names, MOST_TEXT, app.settings.intake.max_bytes).await?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    let some = |name| Some(fields.one(name).trim().to_owned()).filter(|text| !text.is_empty());
    let lines = |name| -> Vec<String> {
        let lines = fields.one(name).lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    let said = NewNotice {
        kind: word(fields.one("kind")).ok_or_else(|| BAD_NOTICE.because("who told it?"))?,
        reason: word(fields.one("reason")).ok_or_else(|| BAD_NOTICE.because("what is it about?"))?,
        words: some("words").unwrap_or_default(),
        thread: some("thread"),
        account: some("account").map(|id| Account { id, ..Account::default() }),
        content_ids: lines("content_ids"),
        urls: lines("urls"),
        danger_now: fields.one("danger") == "yes",
        contact: some("contact"),
        reporter_account: None,
    };
    said.check()?;
    super::api::none_from_the_police(app, &staff.caller, &said, &files).await?;
    let told = media::examine_all(app, &said, &files).await?;
    let mut tx = app.db.write().await?;
    let reporter = Reporter::by_staff(&staff.caller);
    let adult = said.reason == Reason::IntimateAdult;
    let (taken, proof) = super::take(&mut tx, &reporter, said, &told, &app.settings.notices).await?;
    tx.commit(proof).await?;
    app.nudge.notify_waiters();
    Ok(match taken.notice.case {
        Some(case) => format!("/console/cases/{case}"),
        None if adult => "/console/removals".to_owned(),
        None => "/console/notices".to_owned(),
    })
}

#[derive(serde::Deserialize)]
struct Asked {
    case: Option<String>,
    before: Option<String>,
}

async fn notices(Shared(app): Shared<App>, staff: Staff, Query(asked): Query<Asked>) -> Paged {
    let case = asked.case.as_deref().map(|case| web::id(case, &UNKNOWN_CASE)).transpose()?;
    let before = asked.before.as_deref().map(|id| web::id(id, &UNKNOWN_NOTICE)).transpose()?;
    let mut tx = app.db.read().await?;
    // Of a case, everything that was told of it; else only what is about children.
    let queue = case.is_none().then_some(Queue::Children);
    let found = super::list(&mut tx, &staff.caller, queue, case, before, web::PAGE).await?;
    let Page { rows: found, next } = Page::new(found, |notice| notice.id.to_string());
    let mut rows = Vec::new();
    for notice in found {
        rows.push(Row {
            at: notice.received_at.strftime("%Y-%m-%d %H:%M").to_string(),
            kind: as_word(&notice.said.kind),
            reason: as_word(&notice.said.reason),
            history: super::history(&mut tx, &staff.caller, notice.id).await?,
            remark: remark(&notice.said),
            notice,
        });
    }
    let only = asked.case.map_or_else(String::new, |case| format!("&case={case}"));
    let next = next.map(|next| format!("/console/notices?before={next}{only}"));
    let may_write = staff.caller.may(Permission::WriteNotices);
    show(&Notices { who: &staff.who, tabs: queues(false), may_write, rows, next })
}
