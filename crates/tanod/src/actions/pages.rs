//! Actions in the console: all of them, those of a case, and asking for one.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::{Acknowledgement, Action, Kind, NewAction, State, Target, UNKNOWN_ACTION};
use crate::accounts::Permission;
use crate::clocks;
use crate::operator::Profile;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::reporting::filings;
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{ActionId, CaseId, Recorded, Tx, as_word, word};
use crate::web::console::{Fields, Paged, Staff, Tab, Who, Words, minute, show, tabs};
use crate::web::languages::{Said, filters, say, word as say_word};
use crate::web::{self, BAD_BODY, Body, Page};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/actions", get(list))
        .route("/console/cases/{case}/actions", get(of_case).post(request))
        .route("/console/cases/{case}/filings", post(file))
        .route("/console/actions/{action}/delay-approval", post(approve_delay))
        .route("/console/actions/{action}/acknowledgement", post(acknowledge))
}

/// What is asked for, in words.
fn what(action: &Action) -> Said {
    match action.notice {
        Some(notice) => say_word("action-notice", &as_word(&notice)),
        None if action.permanent => say("action-for-good"),
        None => say_word("action-kind", &as_word(&action.kind)),
    }
}

fn state_words(action: &Action) -> Said {
    match action.waits_for.filter(|_| action.state == State::Waiting) {
        Some(waits) => say_word("action-waits", &as_word(&waits)),
        None => say_word("action-state", &as_word(&action.state)),
    }
}

#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the row shows or does not")]
struct Row {
    action: Action,
    what: Said,
    targets: Vec<Said>,
    state: Said,
    asked: String,
    settled: Option<String>,
    took: Option<Said>,
    overdue: bool,
    delay: Option<Said>,
    open: bool,
    may_approve: bool,
    undoable: bool,
}

fn row(action: Action, staff: &Staff, now: jiff::Timestamp, alone: bool) -> Row {
    let Target { account, content_ids, sha256 } = &action.target;
    let account = account.iter().map(|account| say("action-to-account").with("account", account));
    let content = (!content_ids.is_empty()).then(|| say("action-to-content").with("content", content_ids.join(", ")));
    let files = (!sha256.is_empty()).then(|| say("action-to-files").with("count", sha256.len()));
    let delay = action.delay.as_ref();
    let me = staff.caller.person().ok();
    Row {
        what: what(&action),
        targets: account.chain(content).chain(files).collect(),
        state: state_words(&action),
        asked: minute(action.asked_at),
        settled: action.settled_at.map(minute),
        took: action
            .took_seconds()
            .map(|seconds| say("action-took").with("minutes", seconds / 60).with("seconds", seconds % 60)),
        overdue: action.is_overdue(now),
        delay: delay.map(|delay| {
            let key = if delay.approver.is_some() { "action-delay-approved" } else { "action-delay-open" };
            say(key).with("until", minute(delay.until))
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
    tabs: Vec<Tab>,
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
    let label = |name: &str| if name == "all" { say("action-all") } else { say_word("action-tab", name) };
    let names = std::iter::once("all".to_owned()).chain(State::ALL.iter().map(as_word));
    let tabs = tabs("/console/actions?state=", chosen, names, label);
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
    kinds: Vec<String>,
    may_ask: bool,
    /// Authority, number, time and answer of what was told elsewhere.
    filings: Vec<(String, String, String, Option<String>)>,
    authorities: Vec<&'static str>,
}

async fn of_case(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>) -> Paged {
    page(&app, &staff, web::id(&case, &UNKNOWN_CASE)?, None).await
}

async fn page(app: &App, staff: &Staff, id: CaseId, fault: Option<Words>) -> Paged {
    let mut tx = app.db.read().await?;
    let case = review::find(&mut tx, &staff.caller, id).await?;
    let actions = super::of_case(&mut tx, id).await?;
    let told = filings::of_case(&mut tx, id).await?;
    let (now, alone) = (tx.now(), is_alone(app));
    show(&OfCase {
        who: &staff.who,
        fault,
        case: id,
        number: case.number,
        rows: actions.into_iter().map(|action| row(action, staff, now, alone)).collect(),
        kinds: Kind::ALL.iter().map(as_word).collect(),
        may_ask: staff.caller.may(Permission::DecideCases),
        filings: told
            .into_iter()
            .map(|one| one.elsewhere)
            .map(|told| (told.authority, told.number, minute(told.at), told.receipt))
            .collect(),
        authorities: clocks::authorities(&app.settings.operator),
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

async fn file(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    act(&app, &staff, Some(id), &format!("/console/cases/{id}/actions#filings"), async |tx| {
        let form = Fields::read(&body, &["authority", "number", "filed_at", "receipt"])?;
        Ok(filings::file(tx, &staff.caller, id, &filings::pages::typed(&form)?).await?.1)
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
