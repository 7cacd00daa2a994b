//! Actions in the console: all of them, those of a case, and asking for one.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::{Acknowledgement, Action, Kind, NewAction, Notice, State, Target, UNKNOWN_ACTION, Waits};
use crate::accounts::Permission;
use crate::operator::Profile;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{ActionId, CaseId, Recorded, Tx, as_word, word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, minute, show};
use crate::web::languages::filters;
use crate::web::{self, BAD_BODY, Body, Page};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/actions", get(list))
        .route("/console/cases/{case}/actions", get(of_case).post(request))
        .route("/console/actions/{action}/delay-approval", post(approve_delay))
        .route("/console/actions/{action}/acknowledgement", post(acknowledge))
}

fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Hide => "Hide the content",
        Kind::BlockReupload => "Refuse these files when they come again",
        Kind::Suspend => "Suspend the account",
        Kind::Reinstate => "Undo a restriction",
        Kind::OtherCopies => "Find and hide other copies",
        Kind::StopStream => "Stop the stream",
        Kind::UserNotice => "Notice to the user",
    }
}

fn state_words(action: &Action) -> String {
    let waits = action.waits_for.map_or("", |waits| match waits {
        Waits::Hold => ", until everything is kept",
        Waits::Snapshot => ", until those who take part are sealed",
        Waits::Context => ", until the platform says what it knows",
        Waits::Report => ", until the report is accepted",
        Waits::Delay => ", until its delay ends",
    });
    match action.state {
        State::Waiting => format!("waits{waits}"),
        State::Sent => "asked of the platform".to_owned(),
        State::Acknowledged => "done".to_owned(),
        State::Failed => "not done".to_owned(),
        State::Cancelled => "cancelled".to_owned(),
    }
}

#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the row shows or does not")]
struct Row {
    action: Action,
    what: String,
    target: String,
    state: String,
    asked: String,
    settled: Option<String>,
    took: Option<String>,
    overdue: bool,
    delay: Option<String>,
    open: bool,
    may_approve: bool,
    undoable: bool,
}

fn row(action: Action, staff: &Staff, now: jiff::Timestamp, alone: bool) -> Row {
    let told = action.notice.map_or("", |notice| match notice {
        Notice::None => ": none",
        Notice::Neutral => ": neutral",
        Notice::Full => ": full",
    });
    let good = if action.permanent { ", for good" } else { "" };
    let Target { account, content_ids, sha256 } = &action.target;
    let account = account.iter().map(|account| format!("account {account}"));
    let content = (!content_ids.is_empty()).then(|| format!("content {}", content_ids.join(", ")));
    let files = (!sha256.is_empty()).then(|| format!("{} files", sha256.len()));
    let delay = action.delay.as_ref();
    let me = staff.caller.person().ok();
    Row {
        what: format!("{}{told}{good}", kind_words(action.kind)),
        target: account.chain(content).chain(files).collect::<Vec<_>>().join("; "),
        state: state_words(&action),
        asked: minute(action.asked_at),
        settled: action.settled_at.map(minute),
        took: action.took_seconds().map(|seconds| format!("{} min {} s", seconds / 60, seconds % 60)),
        overdue: action.is_overdue(now),
        delay: delay.map(|delay| {
            let approved = if delay.approver.is_some() { "approved" } else { "approved by nobody yet: it lasts a day" };
            format!("until {} UTC, {approved}", minute(delay.until))
        }),
        open: matches!(action.state, State::Sent | State::Failed) && staff.caller.may(Permission::AcknowledgeActions),
        may_approve: action.state == State::Waiting
            && staff.caller.may(Permission::ApproveDecisions)
            && delay.is_some_and(|delay| delay.approver.is_none() && (alone || delay.by != me)),
        undoable: action.kind.restricts() && matches!(action.state, State::Sent | State::Acknowledged),
        action,
    }
}

#[derive(Template)]
#[template(path = "actions/pages/list.html")]
struct List<'a> {
    who: &'a Who,
    tabs: Vec<(String, &'static str, bool)>,
    rows: Vec<Row>,
    next: Option<String>,
}

#[derive(serde::Deserialize)]
struct Asked {
    state: Option<String>,
    before: Option<String>,
}

async fn list(Shared(app): Shared<App>, staff: Staff, Query(asked): Query<Asked>) -> Paged {
    let chosen = asked.state.as_deref().unwrap_or("all");
    let state: Option<State> = web::chosen(Some(chosen))?;
    let before = asked.before.as_deref().map(|before| web::id(before, &UNKNOWN_ACTION)).transpose()?;
    let mut tx = app.db.read().await?;
    let rows = super::list(&mut tx, &staff.caller, state, None, before, web::PAGE).await?;
    let page = Page::new(rows, |action| action.id.to_string());
    let names = ["Waiting", "Asked of the platform", "Done", "Not done", "Cancelled"];
    let tabs = std::iter::once(("all".to_owned(), "All"))
        .chain(State::ALL.iter().map(as_word).zip(names))
        .map(|(name, label)| {
            let here = name == chosen;
            (name, label, here)
        })
        .collect();
    let (now, alone) = (tx.now(), is_alone(&app));
    show(&List {
        who: &staff.who,
        tabs,
        rows: page.rows.into_iter().map(|action| row(action, &staff, now, alone)).collect(),
        next: page.next.map(|next| format!("/console/actions?state={chosen}&before={next}")),
    })
}

fn is_alone(app: &App) -> bool {
    app.settings.operator.profile == Profile::Solo
}

#[derive(Template)]
#[template(path = "actions/pages/case.html")]
struct OfCase<'a> {
    who: &'a Who,
    fault: Option<Words>,
    case: CaseId,
    number: i64,
    rows: Vec<Row>,
    kinds: Vec<(String, &'static str)>,
    may_ask: bool,
}

async fn of_case(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>) -> Paged {
    page(&app, &staff, web::id(&case, &UNKNOWN_CASE)?, None).await
}

async fn page(app: &App, staff: &Staff, id: CaseId, fault: Option<Words>) -> Paged {
    let mut tx = app.db.read().await?;
    let case = review::find(&mut tx, &staff.caller, id).await?;
    let actions = super::of_case(&mut tx, id).await?;
    let (now, alone) = (tx.now(), is_alone(app));
    show(&OfCase {
        who: &staff.who,
        fault,
        case: id,
        number: case.number,
        rows: actions.into_iter().map(|action| row(action, staff, now, alone)).collect(),
        kinds: Kind::ALL.iter().map(|kind| (as_word(kind), kind_words(*kind))).collect(),
        may_ask: staff.caller.may(Permission::DecideCases),
    })
}

/// Does something in one piece of work; a refusal is shown on the page of the case.
async fn act<W>(app: &App, staff: &Staff, case: Option<CaseId>, to: &str, work: W) -> Paged
where
    W: AsyncFnOnce(&mut Tx) -> Result<Recorded>,
{
    let mut tx = app.db.write().await?;
    match (work(&mut tx).await, case) {
        (Ok(proof), _) => {
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            Ok(Redirect::to(to).into_response())
        }
        (Err(Error::Refused(refusal)), Some(case)) => {
            drop(tx);
            let status = axum::http::StatusCode::from_u16(refusal.kind.status).unwrap_or_default();
            Ok((status, page(app, staff, case, Some(Words::from(&*refusal))).await?).into_response())
        }
        (Err(error), _) => Err(error.into()),
    }
}

async fn request(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    act(&app, &staff, Some(id), &format!("/console/cases/{id}/actions"), async |tx| {
        let known = ["kind", "reason", "permanent", "undo_of", "notice", "delay_days", "basis"];
        let form = Fields::read(&body, &known)?;
        let kind: Kind = word(form.one("kind")).ok_or_else(|| BAD_BODY.because("choose what is to be done"))?;
        let said = |name: &str| Some(form.one(name).trim().to_owned()).filter(|text| !text.is_empty());
        let days =
            said("delay_days").map(|days| days.parse::<i64>().map_err(|_| BAD_BODY.because("days are a number")));
        let days = days.transpose()?.filter(|days| *days > 0 && *days < 1_000);
        let later = |days: i64| tx.now().checked_add(jiff::SignedDuration::from_hours(24 * days)).ok();
        let new = NewAction {
            kind,
            reason: form.one("reason").to_owned(),
            target: Target::default(),
            permanent: form.one("permanent") == "yes" && kind == Kind::Suspend,
            undo_of: said("undo_of").map(|id| web::id(&id, &UNKNOWN_ACTION)).transpose()?,
            notice: word(form.one("notice")).filter(|_| kind == Kind::UserNotice),
            delay_until: days.and_then(later).filter(|_| kind == Kind::UserNotice),
            basis: said("basis").filter(|_| kind == Kind::UserNotice && days.is_some()),
        };
        Ok(super::request(tx, &staff.caller, id, &new).await?.1)
    })
    .await
}

async fn approve_delay(Shared(app): Shared<App>, staff: Staff, Path(action): Path<String>) -> Paged {
    let id: ActionId = web::id(&action, &UNKNOWN_ACTION)?;
    let alone = is_alone(&app);
    act(&app, &staff, None, "/console/actions", async |tx| {
        Ok(super::approve_delay(tx, &staff.caller, id, alone).await?.1)
    })
    .await
}

async fn acknowledge(Shared(app): Shared<App>, staff: Staff, Path(action): Path<String>, body: Body) -> Paged {
    let id: ActionId = web::id(&action, &UNKNOWN_ACTION)?;
    act(&app, &staff, None, "/console/actions", async |tx| {
        let form = Fields::read(&body, &["done", "note"])?;
        let note = Some(form.one("note").to_owned()).filter(|note| !note.trim().is_empty());
        let said = Acknowledgement { done: form.one("done") == "yes", note };
        Ok(super::acknowledge(tx, &staff.caller, id, &said).await?.1)
    })
    .await
}
