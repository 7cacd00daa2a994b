//! The page of counsel's standing decisions.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use jiff::civil::Date;

use super::{BAD_STANDING, NewStanding, Standing, UNKNOWN_STANDING};
use crate::accounts::{self, Permission};
use crate::evidence::{Basis, Rules, bases};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::{Recorded, StandingId, Tx, as_word, word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, minute, show};
use crate::web::languages::filters;
use crate::web::{self, Body};

/// The page and its forms.
pub(in crate::evidence) fn router() -> Router<App> {
    Router::new()
        .route("/console/keeping/counsel", get(list).post(decide))
        .route("/console/keeping/counsel/{decision}/approval", post(approve))
        .route("/console/keeping/counsel/{decision}/end", post(end))
}

struct Row {
    id: StandingId,
    yields: &'static str,
    keeps: &'static str,
    counsel: String,
    grounds: String,
    until: String,
    by: i64,
    second: Option<i64>,
    /// `waits`, `force` or `over`.
    state: &'static str,
    may_approve: bool,
    may_end: bool,
}

/// A basis to choose.
struct Choice {
    rules: &'static Rules,
    word: String,
    chosen: bool,
}

/// The bases that have a day by which something must be gone, or those that have none.
fn choices(capped: bool, typed: &str) -> Vec<Choice> {
    let fit = bases().iter().filter(|rules| rules.most_days.is_some() == capped);
    let choice = |rules: &'static Rules| {
        let word = as_word(&rules.name);
        Choice { rules, chosen: word == typed, word }
    };
    fit.map(choice).collect()
}

#[derive(Template)]
#[template(path = "evidence/pages/standing.html")]
struct List<'a> {
    who: &'a Who,
    fault: Option<Words>,
    rows: Vec<Row>,
    may_change: bool,
    caps: Vec<Choice>,
    others: Vec<Choice>,
    /// What was typed, in the order of the form.
    typed: [String; 5],
}

fn law(basis: Basis) -> &'static str {
    basis.rules().map_or("", |rules| rules.law.as_str())
}

async fn row(tx: &mut Tx, staff: &Staff, one: Standing) -> Result<Row> {
    let now = tx.now();
    let may_change = staff.caller.may(Permission::ChangeHolds);
    let (force, waits) = (one.is_in_force(now), one.waits(now));
    let second = match one.approved_by {
        Some(person) => Some(accounts::staff_of(tx, person).await?),
        None => None,
    };
    Ok(Row {
        id: one.id,
        yields: law(one.said.yields),
        keeps: law(one.said.keeps),
        by: accounts::staff_of(tx, one.by).await?,
        second,
        state: if force {
            "force"
        } else if waits {
            "waits"
        } else {
            "over"
        },
        may_approve: may_change && waits && staff.caller.person()? != one.by,
        may_end: may_change && (force || waits),
        until: minute(one.said.until),
        counsel: one.said.counsel,
        grounds: one.said.grounds,
    })
}

async fn page(app: &App, staff: &Staff, fault: Option<Words>, typed: [String; 5]) -> Paged {
    let mut tx = app.db.read().await?;
    let mut rows = Vec::new();
    for one in super::list(&mut tx, &staff.caller).await? {
        rows.push(row(&mut tx, staff, one).await?);
    }
    show(&List {
        who: &staff.who,
        fault,
        rows,
        may_change: staff.caller.may(Permission::ChangeHolds),
        caps: choices(true, &typed[0]),
        others: choices(false, &typed[1]),
        typed,
    })
}

async fn list(Shared(app): Shared<App>, staff: Staff) -> Paged {
    page(&app, &staff, None, Default::default()).await
}

async fn done(app: App, staff: &Staff, tx: Tx, done: Result<Recorded>, typed: [String; 5]) -> Paged {
    match done {
        Ok(proof) => {
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            Ok(Redirect::to("/console/keeping/counsel").into_response())
        }
        Err(Error::Refused(refusal)) => {
            drop(tx);
            let status = axum::http::StatusCode::from_u16(refusal.kind.status).unwrap_or_default();
            Ok((status, page(&app, staff, Some(Words::from(&*refusal)), typed).await?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn decide(Shared(app): Shared<App>, staff: Staff, body: Body) -> Paged {
    const FIELDS: [&str; 5] = ["yields", "keeps", "counsel", "grounds", "until"];
    let form = Fields::read(&body, &FIELDS)?;
    let mut tx = app.db.write().await?;
    let work = async {
        let basis = |name| word(form.one(name)).ok_or_else(|| BAD_STANDING.because("choose both bases"));
        let day = form.one("until").parse::<Date>().ok().and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
        let until = day.ok_or_else(|| BAD_STANDING.because("say until which day"))?.timestamp();
        let new = NewStanding {
            yields: basis("yields")?,
            keeps: basis("keeps")?,
            counsel: form.one("counsel").to_owned(),
            grounds: form.one("grounds").to_owned(),
            until,
        };
        Ok(super::decide(&mut tx, &staff.caller, &new).await?.1)
    };
    let work = work.await;
    done(app, &staff, tx, work, FIELDS.map(|name| form.one(name).to_owned())).await
}

async fn approve(Shared(app): Shared<App>, staff: Staff, Path(decision): Path<String>) -> Paged {
    let id = web::id(&decision, &UNKNOWN_STANDING)?;
    let mut tx = app.db.write().await?;
    let work = super::approve(&mut tx, &staff.caller, id).await.map(|(_, proof)| proof);
    done(app, &staff, tx, work, Default::default()).await
}

async fn end(Shared(app): Shared<App>, staff: Staff, Path(decision): Path<String>) -> Paged {
    let id = web::id(&decision, &UNKNOWN_STANDING)?;
    let mut tx = app.db.write().await?;
    let work = super::end(&mut tx, &staff.caller, id).await.map(|(_, proof)| proof);
    done(app, &staff, tx, work, Default::default()).await
}
