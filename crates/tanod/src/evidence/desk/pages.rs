//! Holds, counsel and destruction in the console: what is kept under which law until when, and what two people settle.

use std::borrow::Cow;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{Numbered, desk, kept_cases, there};
use crate::accounts::{self, Permission};
use crate::evidence::{
    Basis, Cause, Destruction, Extension, Fate, Foreseen, Hold, Keeping, NewHold, NewOrder, Order, Release, Rules,
    UNKNOWN_HOLD, UNKNOWN_RELEASE, answer_release, ask_release, bases, extend, holds, keeping, order, place,
};
use crate::intake;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{CaseId, HoldId, PersonId, Recorded, ReleaseId, Tx, as_word, word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, minute, show};
use crate::web::languages::{self, Said, filters, say};
use crate::web::{self, BAD_BODY, Body, Page};

/// The pages of what is kept.
pub(in crate::evidence) fn router() -> Router<App> {
    Router::new()
        .route("/console/keeping", get(list))
        .route("/console/retention", get(super::retention::page))
        .route("/console/cases/{case}/keeping", get(one))
        .route("/console/cases/{case}/holds", post(place_hold))
        .route("/console/cases/{case}/destructions", post(take_order))
        .route("/console/cases/{case}/holds/{hold}/extensions", post(extend_hold))
        .route("/console/cases/{case}/holds/{hold}/releases", post(release_hold))
        .route("/console/cases/{case}/releases/{release}/answer", post(answer))
}

/// What becomes of a case, in words.
fn fate_words(fate: &Fate) -> Said {
    match fate {
        Fate::Unheld => say("keeping-fate-unheld"),
        Fate::Held { until: None } => say("keeping-fate-open"),
        Fate::Held { until: Some(until) } => say("keeping-fate-held").with("until", minute(*until)),
        Fate::Due { since } => say("keeping-fate-due").with("since", minute(*since)),
        Fate::Conflict { gone_by, until: None } => say("keeping-fate-conflict-open").with("gone", minute(*gone_by)),
        Fate::Conflict { gone_by, until: Some(until) } => {
            say("keeping-fate-conflict").with("gone", minute(*gone_by)).with("until", minute(*until))
        }
    }
}

struct Row {
    case: CaseId,
    number: i64,
    fate: Said,
    conflict: bool,
    bases: Vec<&'static Rules>,
}

impl From<Foreseen> for Row {
    fn from(seen: Foreseen) -> Self {
        Self {
            case: seen.case,
            number: seen.number,
            fate: fate_words(&seen.fate),
            conflict: matches!(seen.fate, Fate::Conflict { .. }),
            bases: seen.bases.into_iter().filter_map(Basis::rules).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "evidence/pages/list.html")]
struct List<'a> {
    who: &'a Who,
    waiting: Vec<Numbered<ReleaseRow>>,
    counsel: Vec<(CaseId, i64, String, String)>,
    requests: Vec<Numbered<HoldRow>>,
    reviews: Vec<Numbered<HoldRow>>,
    rows: Vec<Row>,
    next: Option<String>,
}

#[derive(serde::Deserialize)]
struct Which {
    before: Option<i64>,
}

async fn list(Shared(app): Shared<App>, staff: Staff, Query(which): Query<Which>) -> Paged {
    let mut tx = app.db.read().await?;
    let found = desk(&mut tx, &staff.caller, web::PAGE).await?;
    let (me, mut waiting) = (staff.caller.person()?, Vec::new());
    for Numbered { case, number, what } in found.waiting {
        let kept = keeping(&mut tx, &staff.caller, case).await?;
        let what = release_row(&mut tx, me, what, (&kept.holds, &kept.orders)).await?;
        waiting.push(Numbered { case, number, what });
    }
    let row = |one: Numbered<Hold>| Numbered { case: one.case, number: one.number, what: hold_row(&one.what, false) };
    let page =
        Page::new(kept_cases(&mut tx, &staff.caller, which.before, web::PAGE).await?, |one| one.number.to_string());
    show(&List {
        who: &staff.who,
        waiting,
        counsel: found
            .counsel
            .into_iter()
            .map(|one| (one.case, one.number, one.what.words, minute(one.what.since)))
            .collect(),
        requests: found.requests.into_iter().map(row).collect(),
        reviews: found.reviews.into_iter().map(row).collect(),
        rows: page.rows.into_iter().map(Row::from).collect(),
        next: page.next.map(|next| format!("/console/keeping?before={next}")),
    })
}

struct HoldRow {
    id: HoldId,
    law: &'static str,
    words: Cow<'static, str>,
    since: String,
    until: Option<String>,
    most: Option<String>,
    open: bool,
    ended: Option<String>,
    asked: Option<(String, String)>,
    purpose: Option<Said>,
    owner: Option<String>,
    review: Option<String>,
    /// How many days a renewal adds, where one is left.
    renewal: Option<i64>,
    extend: bool,
    may_ask: bool,
}

fn hold_row(hold: &Hold, conflict: bool) -> HoldRow {
    let rules = hold.basis.rules();
    let stands = hold.released_at.is_none();
    let renewable = stands && hold.until.is_some();
    HoldRow {
        id: hold.id,
        law: rules.map_or("", |rules| &rules.law),
        words: hold.basis.said(),
        since: minute(hold.starts_at),
        // A basis that asks for no least time has no end to show, only a day by which it is gone.
        until: hold.until.filter(|until| *until > hold.starts_at).map(minute),
        most: hold.most.map(minute),
        open: hold.until.is_none(),
        ended: hold.released_at.map(minute),
        asked: hold.authority.clone().zip(hold.reference.clone()),
        purpose: hold.purpose.map(|purpose| languages::word("keeping-purpose", &as_word(&purpose))),
        owner: hold.owner.clone(),
        review: hold.review_at.map(minute),
        renewal: rules
            .filter(|rules| renewable && rules.renewals.is_none_or(|most| hold.renewals < most))
            .and_then(|rules| rules.renew_days),
        extend: renewable && rules.is_some_and(|rules| rules.extend),
        may_ask: holds::may_be_asked(hold, conflict),
    }
}

struct ReleaseRow {
    id: ReleaseId,
    what: String,
    reason: String,
    by: String,
    /// Whether the one who reads it asked for it.
    mine: bool,
    at: String,
    answer: Option<String>,
}

async fn staff_words(tx: &mut Tx, person: PersonId) -> Result<String> {
    Ok(match accounts::staff_of(tx, person).await? {
        0 => say("keeping-command-line").to_string(),
        staff => say("page-staff").with("staff", staff).to_string(),
    })
}

async fn release_row(
    tx: &mut Tx,
    me: PersonId,
    release: Release,
    (holds, orders): (&[Hold], &[Order]),
) -> Result<ReleaseRow> {
    let hold = holds.iter().find(|hold| Some(hold.id) == release.hold);
    let order = orders.iter().find(|order| Some(order.id) == release.order);
    let what = match (hold, order) {
        (Some(hold), _) => {
            let law = hold.basis.rules().map_or("", |rules| rules.law.as_str());
            say("keeping-gives-way").with("law", law).with("why", hold.basis.said()).to_string()
        }
        (_, Some(order)) => {
            say("keeping-destroyed").with("agency", &order.agency).with("reference", &order.reference).to_string()
        }
        _ => say("keeping-not-there").to_string(),
    };
    let answer = match (release.answered_by, release.answered_at, release.approved) {
        (Some(person), Some(at), Some(approved)) => {
            let said = say(if approved { "keeping-agreed" } else { "keeping-refused" });
            Some(said.with("who", staff_words(tx, person).await?).with("time", minute(at)).to_string())
        }
        _ => None,
    };
    let by = staff_words(tx, release.asked_by).await?;
    let at = minute(release.asked_at);
    Ok(ReleaseRow { id: release.id, what, reason: release.reason, by, mine: release.asked_by == me, at, answer })
}

struct OrderRow {
    order: Order,
    came: String,
    state: Said,
}

struct GoneRow {
    gone: Destruction,
    what: Said,
    why: Said,
    at: String,
    keys: String,
    verified: Option<String>,
}

fn gone_row(gone: Destruction) -> GoneRow {
    GoneRow {
        what: say(if gone.kind == "media" { "keeping-media" } else { "keeping-context" }),
        why: say(match gone.cause {
            Cause::Expired => "keeping-expired",
            Cause::Ordered => "keeping-ordered",
        }),
        at: minute(gone.at),
        keys: minute(gone.keys_gone_at),
        verified: gone.verified_at.map(minute),
        gone,
    }
}

#[derive(Template)]
#[template(path = "evidence/pages/case.html")]
struct One<'a> {
    who: &'a Who,
    id: CaseId,
    number: i64,
    fate: Said,
    counsel: Option<String>,
    holds: Vec<HoldRow>,
    releases: Vec<ReleaseRow>,
    orders: Vec<OrderRow>,
    gone: Vec<GoneRow>,
    uploads: Vec<(String, String)>,
    by_hand: Vec<&'static Rules>,
    may_change: bool,
    typed: &'a Fields,
    fault: Option<Words>,
}

impl One<'_> {
    /// Whether a request to destroy was typed and refused: its form is then open.
    fn fault_in_order(&self) -> bool {
        self.fault.is_some() && !self.typed.one("item").is_empty()
    }
}

async fn one(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    shown(&app, &staff, id, &Fields::any(b""), None).await
}

async fn shown(app: &App, staff: &Staff, id: CaseId, typed: &Fields, fault: Option<Words>) -> Paged {
    let mut tx = app.db.read().await?;
    let kept = keeping(&mut tx, &staff.caller, id).await?;
    let (me, mut releases) = (staff.caller.person()?, Vec::new());
    for release in kept.releases {
        releases.push(release_row(&mut tx, me, release, (&kept.holds, &kept.orders)).await?);
    }
    let uploads = there(&mut tx, id).await?.into_iter().map(|(item, named)| (item.to_string(), named)).collect();
    let state = |order: &Order| languages::word("order-state", &as_word(&order.state));
    let conflict = matches!(kept.fate, Fate::Conflict { .. });
    show(&One {
        who: &staff.who,
        id,
        number: review::case(&mut tx, id).await?.number,
        fate: fate_words(&kept.fate),
        counsel: kept.counsel,
        holds: kept.holds.iter().map(|hold| hold_row(hold, conflict)).collect(),
        releases,
        orders: kept
            .orders
            .into_iter()
            .map(|order| OrderRow { came: minute(order.received_at), state: state(&order), order })
            .collect(),
        gone: kept.destructions.into_iter().map(gone_row).collect(),
        uploads,
        by_hand: bases().iter().filter(|rules| rules.by_hand).collect(),
        may_change: staff.caller.may(Permission::ChangeHolds),
        typed,
        fault,
    })
}

/// Does something about how a case is kept, and shows it again; with the refusal and what was typed where there is one.
async fn about<T>(
    app: &App,
    staff: &Staff,
    (case, form): (CaseId, &Fields),
    work: impl AsyncFnOnce(&mut Tx) -> Result<(T, Recorded)>,
) -> Paged {
    let mut tx = app.db.write().await?;
    match work(&mut tx).await {
        Ok((_, proof)) => {
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            Ok(Redirect::to(&format!("/console/cases/{case}/keeping")).into_response())
        }
        Err(Error::Refused(refusal)) => {
            drop(tx);
            shown(app, staff, case, form, Some(Words::from(&*refusal))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// A field that may be left out.
fn said(form: &Fields, name: &str) -> Option<String> {
    Some(form.one(name).trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A day of a form: its end in UTC, so that what stands until then stands all of it.
fn day(form: &Fields, name: &str) -> Result<Option<Timestamp>> {
    let Some(text) = said(form, name) else { return Ok(None) };
    let date: Date = text.parse().map_err(|_| BAD_BODY.because(format!("this is no day: {text}")))?;
    let end = date.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::UTC);
    end.map(|end| Some(end.timestamp())).map_err(|error| BAD_BODY.because(error.to_string()))
}

fn purpose(form: &Fields) -> Result<Option<Keeping>> {
    let Some(text) = said(form, "purpose") else { return Ok(None) };
    word(&text).map(Some).ok_or_else(|| BAD_BODY.because(format!("there is no such purpose: {text}")))
}

async fn place_hold(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let form = Fields::read(&body, &["basis", "starts", "until", "authority", "reference", "purpose", "review_at"])?;
    about(&app, &staff, (id, &form), async |tx| {
        let unknown = || BAD_BODY.because(format!("there is no such basis: {}", form.one("basis")));
        let new = NewHold {
            basis: word(form.one("basis")).ok_or_else(unknown)?,
            // The day as a whole: counted from its end, so that no hold is a day short.
            starts_at: day(&form, "starts")?.map(|end| end.min(tx.now())),
            until: day(&form, "until")?,
            authority: said(&form, "authority"),
            reference: said(&form, "reference"),
            purpose: purpose(&form)?,
            review_at: day(&form, "review_at")?,
        };
        place(tx, &staff.caller, id, &new).await
    })
    .await
}

async fn extend_hold(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, hold)): Path<(String, String)>,
    body: Body,
) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let hold: HoldId = web::id(&hold, &UNKNOWN_HOLD)?;
    let form = Fields::read(&body, &["until", "purpose", "review_at"])?;
    about(&app, &staff, (id, &form), async |tx| {
        let by =
            Extension { until: day(&form, "until")?, purpose: purpose(&form)?, review_at: day(&form, "review_at")? };
        extend(tx, &staff.caller, hold, &by).await
    })
    .await
}

async fn release_hold(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, hold)): Path<(String, String)>,
    body: Body,
) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let hold: HoldId = web::id(&hold, &UNKNOWN_HOLD)?;
    let form = Fields::read(&body, &["why"])?;
    let work = async |tx: &mut Tx| ask_release(tx, &staff.caller, hold, form.one("why")).await;
    about(&app, &staff, (id, &form), work).await
}

async fn answer(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, release)): Path<(String, String)>,
    body: Body,
) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let release: ReleaseId = web::id(&release, &UNKNOWN_RELEASE)?;
    let form = Fields::read(&body, &["approve"])?;
    let work = async |tx: &mut Tx| answer_release(tx, &staff.caller, release, form.one("approve") == "yes").await;
    about(&app, &staff, (id, &form), work).await
}

async fn take_order(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let form = Fields::read(&body, &["item", "agency", "officer", "their_reference", "verified_how", "reason"])?;
    about(&app, &staff, (id, &form), async |tx| {
        let text = |name| form.one(name).to_owned();
        let new = NewOrder {
            item: web::id(form.one("item"), &intake::UNKNOWN_ITEM)?,
            agency: text("agency"),
            officer: text("officer"),
            reference: text("their_reference"),
            verified_how: text("verified_how"),
            reason: text("reason"),
        };
        order(tx, &staff.caller, id, &new).await
    })
    .await
}
