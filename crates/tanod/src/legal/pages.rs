//! Legal process in the console: what came, what is due, what was given, and what may leave.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::{
    Authority, NewPackage, NewProcess, Package, PackageApproval, PackageState, Process, Recipient, Settlement, State,
    UNKNOWN_PROCESS, UNKNOWN_RELEASE, jobs,
};
use crate::accounts::Permission;
use crate::alarms;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{CaseId, LegalProcessId, PackageId, Tx, as_word, word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, minute, show};
use crate::web::languages::{Language, Said, filters, word as say_word};
use crate::web::{self, BAD_BODY, Body, Page};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/legal", get(list).post(receive))
        .route("/console/legal/{process}", get(one))
        .route("/console/legal/{process}/verification", post(verify))
        .route("/console/legal/{process}/settlement", post(settle))
        .route("/console/legal/{process}/packages", post(ask))
        .route("/console/packages/{package}/approval", post(approve))
}

struct Row {
    process: Process,
    authority: Said,
    recipient: Said,
    state: Said,
    received: String,
    due: Option<String>,
    passed: bool,
    near: bool,
}

fn row(process: Process, now: jiff::Timestamp) -> Row {
    let says = jobs::says(&process, now);
    Row {
        authority: say_word("legal-authority", &as_word(&process.authority)),
        recipient: say_word("legal-recipient", &as_word(&process.recipient)),
        state: say_word("legal-state", &as_word(&process.state)),
        received: minute(process.received_at),
        due: process.due_at.map(minute),
        passed: says == Some(alarms::Kind::ClockPassed),
        near: says == Some(alarms::Kind::ClockNear),
        process,
    }
}

#[derive(Template)]
#[template(path = "legal/pages/list.html")]
struct List<'a> {
    who: &'a Who,
    rows: Vec<Row>,
    next: Option<String>,
    may_answer: bool,
    authorities: Vec<String>,
    recipients: Vec<String>,
    typed: Typed,
    fault: Option<Words>,
}

/// What was typed into the form, so that a refusal loses no word.
#[derive(Default)]
struct Typed {
    agency: String,
    officer: String,
    reference: String,
    scope: String,
    case: String,
}

#[derive(serde::Deserialize)]
struct Which {
    before: Option<String>,
}

async fn list(Shared(app): Shared<App>, staff: Staff, Query(which): Query<Which>) -> Paged {
    listed(&app, &staff, which, Typed::default(), None).await
}

async fn listed(app: &App, staff: &Staff, which: Which, typed: Typed, fault: Option<Words>) -> Paged {
    let before = which.before.as_deref().map(|before| web::id(before, &UNKNOWN_PROCESS)).transpose()?;
    let mut tx = app.db.read().await?;
    let rows = super::processes(&mut tx, &staff.caller, None, None, before, web::PAGE).await?;
    let now = tx.now();
    let page = Page::new(rows, |process: &Process| process.id.to_string());
    show(&List {
        who: &staff.who,
        rows: page.rows.into_iter().map(|process| row(process, now)).collect(),
        next: page.next.map(|next| format!("/console/legal?before={next}")),
        may_answer: staff.caller.may(Permission::AnswerLegalProcess),
        authorities: Authority::ALL.iter().map(as_word).collect(),
        recipients: Recipient::ALL.iter().map(as_word).collect(),
        typed,
        fault,
    })
}

/// A case by its number, as people speak of it, or by its id.
async fn case_of(tx: &mut Tx, staff: &Staff, text: &str) -> Result<Option<CaseId>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(id) = text.parse() {
        return Ok(Some(id));
    }
    let number = text.parse().map_err(|_| UNKNOWN_CASE.because(format!("no number: {text}")))?;
    staff.caller.require(Permission::ReadCases)?;
    review::of_number(tx, number).await.map(|case| Some(case.id))
}

/// A time as a browser's field gives it, in UTC.
fn time(text: &str) -> Result<Option<jiff::Timestamp>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let at: jiff::civil::DateTime = text.parse().map_err(|_| BAD_BODY.because(format!("this is no time: {text}")))?;
    let at = at.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| BAD_BODY.because(error.to_string()))?;
    Ok(Some(at.timestamp()))
}

async fn receive(Shared(app): Shared<App>, staff: Staff, body: Body) -> Paged {
    let names = ["authority", "recipient", "agency", "officer", "reference", "scope", "case", "received_at", "due_at"];
    let form = Fields::read(&body, &names)?;
    let mut tx = app.db.write().await?;
    let made = async {
        let unknown = |name: &str| BAD_BODY.because(format!("the form has no such {name}"));
        let new = NewProcess {
            case: case_of(&mut tx, &staff, form.one("case")).await?,
            authority: word(form.one("authority")).ok_or_else(|| unknown("authority"))?,
            recipient: word(form.one("recipient")).ok_or_else(|| unknown("recipient"))?,
            agency: form.one("agency").to_owned(),
            officer: form.one("officer").to_owned(),
            reference: form.one("reference").to_owned(),
            scope: form.one("scope").to_owned(),
            received_at: time(form.one("received_at"))?,
            due_at: time(form.one("due_at"))?,
        };
        super::receive(&mut tx, &staff.caller, &new).await
    };
    match made.await {
        Ok((process, proof)) => {
            tx.commit(proof).await?;
            Ok(Redirect::to(&format!("/console/legal/{}", process.id)).into_response())
        }
        Err(Error::Refused(refusal)) => {
            drop(tx);
            let said = |name| form.one(name).to_owned();
            let typed = Typed {
                agency: said("agency"),
                officer: said("officer"),
                reference: said("reference"),
                scope: said("scope"),
                case: said("case"),
            };
            listed(&app, &staff, Which { before: None }, typed, Some(Words::from(&*refusal))).await
        }
        Err(error) => Err(error.into()),
    }
}

struct PackageRow {
    package: Package,
    state: Said,
    asked: String,
    settled: Option<String>,
    made: Option<String>,
    number: i64,
    waits: bool,
}

#[derive(Template)]
#[template(path = "legal/pages/process.html")]
struct One<'a> {
    who: &'a Who,
    row: Row,
    number: Option<i64>,
    verified: Option<String>,
    settled: Option<String>,
    packages: Vec<PackageRow>,
    languages: Vec<Language>,
    may_answer: bool,
    fault: Option<Words>,
}

async fn one(Shared(app): Shared<App>, staff: Staff, Path(process): Path<String>) -> Paged {
    let id: LegalProcessId = web::id(&process, &UNKNOWN_PROCESS)?;
    shown(&app, &staff, id, None).await
}

async fn shown(app: &App, staff: &Staff, id: LegalProcessId, fault: Option<Words>) -> Paged {
    let mut tx = app.db.read().await?;
    let process = super::process(&mut tx, &staff.caller, id).await?;
    let mut packages = Vec::new();
    for package in super::packages(&mut tx, &staff.caller, None, Some(id), None, web::PAGE).await? {
        let number = review::case(&mut tx, package.case).await?.number;
        packages.push(PackageRow {
            state: say_word("legal-package-state", &as_word(&package.state)).with("number", number),
            asked: minute(package.asked_at),
            settled: package.settled_at.map(minute),
            made: package.made_at.map(minute),
            number,
            waits: package.state == PackageState::Asked,
            package,
        });
    }
    let number = match process.case {
        Some(case) => Some(review::case(&mut tx, case).await?.number),
        None => None,
    };
    let (verified, settled) = (process.verified_at.map(minute), process.settled_at.map(minute));
    let row = row(process, tx.now());
    let may_answer = staff.caller.may(Permission::AnswerLegalProcess);
    let languages = Language::all().collect();
    show(&One { who: &staff.who, row, number, verified, settled, packages, languages, may_answer, fault })
}

/// Does something about a process, and shows it again, with the refusal where there is one.
async fn about<T>(
    app: &App,
    staff: &Staff,
    id: LegalProcessId,
    work: impl AsyncFnOnce(&mut Tx) -> Result<(T, crate::store::Recorded)>,
) -> Paged {
    let mut tx = app.db.write().await?;
    match work(&mut tx).await {
        Ok((_, proof)) => {
            tx.commit(proof).await?;
            Ok(Redirect::to(&format!("/console/legal/{id}")).into_response())
        }
        Err(Error::Refused(refusal)) => {
            drop(tx);
            shown(app, staff, id, Some(Words::from(&*refusal))).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn verify(Shared(app): Shared<App>, staff: Staff, Path(process): Path<String>, body: Body) -> Paged {
    let id: LegalProcessId = web::id(&process, &UNKNOWN_PROCESS)?;
    let form = Fields::read(&body, &["how"])?;
    about(&app, &staff, id, async |tx| super::verify(tx, &staff.caller, id, form.one("how")).await).await
}

async fn settle(Shared(app): Shared<App>, staff: Staff, Path(process): Path<String>, body: Body) -> Paged {
    let id: LegalProcessId = web::id(&process, &UNKNOWN_PROCESS)?;
    let form = Fields::read(&body, &["given", "words"])?;
    let end = Settlement { given: form.one("given") == "yes", words: form.one("words").to_owned() };
    about(&app, &staff, id, async |tx| super::settle(tx, &staff.caller, id, &end).await).await
}

async fn ask(Shared(app): Shared<App>, staff: Staff, Path(process): Path<String>, body: Body) -> Paged {
    let id: LegalProcessId = web::id(&process, &UNKNOWN_PROCESS)?;
    let form = Fields::read(&body, &["case", "language", "age_recipient", "reason"])?;
    about(&app, &staff, id, async |tx| {
        let about = super::process(tx, &staff.caller, id).await?.case;
        let named = case_of(tx, &staff, form.one("case")).await?;
        let case = named.or(about).ok_or(&UNKNOWN_CASE)?;
        let new = NewPackage {
            process: id,
            language: form.one("language").to_owned(),
            age_recipient: Some(form.one("age_recipient").to_owned()),
            reason: form.one("reason").to_owned(),
        };
        super::ask(tx, &staff.caller, case, &new).await
    })
    .await
}

async fn approve(Shared(app): Shared<App>, staff: Staff, Path(package): Path<String>, body: Body) -> Paged {
    let id: PackageId = web::id(&package, &UNKNOWN_RELEASE)?;
    let form = Fields::read(&body, &["granted", "reason", "process"])?;
    let process: LegalProcessId = web::id(form.one("process"), &UNKNOWN_PROCESS)?;
    let word = PackageApproval { granted: form.one("granted") == "yes", reason: form.one("reason").to_owned() };
    let profile = app.settings.operator.profile;
    about(&app, &staff, process, async |tx| super::approve(tx, &staff.caller, id, &word, profile).await).await
}
