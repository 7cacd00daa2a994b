//! The page "Lists": what is compared with, how old it is, and setting a list aside.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};

use super::Bank;
use crate::accounts::Permission;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::{self, NewTold, Told, Touches, UNKNOWN_TOLD};
use crate::store::as_word;
use crate::web::console::{Fields, Paged, Staff, Who, Words, minute, show};
use crate::web::languages::filters;
use crate::web::{self, Body};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/banks", get(banks))
        .route("/console/banks/{bank}/quarantine", get(ask).post(quarantine))
        .route("/console/banks/told/{told}", post(tell))
}

struct Row {
    bank: Bank,
    kind: String,
    licence: String,
    state: &'static str,
    as_of: String,
    entries: i64,
}

#[derive(Template)]
#[template(path = "banks/pages/banks.html")]
struct Banks<'a> {
    who: &'a Who,
    may_set_aside: bool,
    may_tell: bool,
    untold: Vec<Told>,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "banks/pages/quarantine.html")]
struct Quarantine<'a> {
    who: &'a Who,
    fault: Option<Words>,
    touches: Touches,
}

fn state(bank: &Bank) -> &'static str {
    match (bank.enabled, bank.shadow) {
        (false, _) => "aside",
        (true, true) => "counted",
        (true, false) => "used",
    }
}

async fn banks(Shared(app): Shared<App>, staff: Staff) -> Paged {
    let mut tx = app.db.read().await?;
    let rows = super::list(&mut tx, &staff.caller).await?;
    // Those of a case stand on its page.
    let untold = review::untold(&mut tx, &staff.caller).await?.into_iter().filter(|one| one.case.is_none());
    let row = |(bank, entries): (Bank, i64)| Row {
        kind: as_word(&bank.kind),
        licence: as_word(&bank.licence),
        state: state(&bank),
        as_of: minute(bank.refreshed_at),
        entries,
        bank,
    };
    show(&Banks {
        who: &staff.who,
        may_set_aside: staff.caller.may(Permission::QuarantineLists),
        may_tell: staff.caller.may(Permission::TellCorrections),
        untold: untold.map(|one| one.told).collect(),
        rows: rows.into_iter().map(row).collect(),
    })
}

async fn gather<'a>(app: &App, staff: &'a Staff, bank: &str, fault: Option<Words>) -> Result<Quarantine<'a>> {
    let mut tx = app.db.read().await?;
    let bank = super::find(&mut tx, &staff.caller, bank).await?;
    Ok(Quarantine { who: &staff.who, fault, touches: review::touches(&mut tx, &staff.caller, bank.id).await? })
}

/// What it would touch, before it is done.
async fn ask(Shared(app): Shared<App>, staff: Staff, Path(bank): Path<String>) -> Paged {
    show(&gather(&app, &staff, &bank, None).await?)
}

async fn quarantine(Shared(app): Shared<App>, staff: Staff, Path(bank): Path<String>, body: Body) -> Paged {
    let mut tx = app.db.write().await?;
    let done = async {
        let form = Fields::read(&body, &["reason"])?;
        let bank = super::find(&mut tx, &staff.caller, &bank).await?;
        Ok(review::quarantine(&mut tx, &staff.caller, bank.id, form.one("reason")).await?.1)
    };
    match done.await {
        Ok(proof) => {
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            Ok(Redirect::to("/console/banks").into_response())
        }
        Err(Error::Refused(refusal)) => {
            drop(tx);
            let status = axum::http::StatusCode::from_u16(refusal.kind.status).unwrap_or_default();
            let page = show(&gather(&app, &staff, &bank, Some(Words::from(&*refusal))).await?)?;
            Ok((status, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn tell(Shared(app): Shared<App>, staff: Staff, Path(told): Path<String>, body: Body) -> Paged {
    let form = Fields::read(&body, &["means", "words"])?;
    let id = web::id(&told, &UNKNOWN_TOLD)?;
    let new = NewTold { means: form.one("means").to_owned(), words: form.one("words").to_owned() };
    let mut tx = app.db.write().await?;
    let (_, proof) = review::tell(&mut tx, &staff.caller, id, &new).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to("/console/banks").into_response())
}
