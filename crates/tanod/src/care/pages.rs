//! Care, for the person whose care it is; a screen without words; and the way out of looking.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::{CATEGORIES, Care, Exposure};
use crate::accounts::Permission;
use crate::plan::App;
use crate::refusal::Result;
use crate::store::PersonId;
use crate::web::console::{Fields, Paged, Staff, Who, minute, show};
use crate::web::languages::{self, Said, filters};
use crate::web::{self, BAD_BODY, Body};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/care", get(care).post(say))
        .route("/console/care/break", get(pause))
        .route("/console/care/training", post(trained))
}

#[derive(Template)]
#[template(path = "care/pages/care.html")]
struct Page {
    who: Who,
    resting: bool,
    agreed: Option<String>,
    trained: Option<String>,
    training: String,
    seen: [(Said, Exposure); 2],
    daily_files: i64,
    daily_minutes: i64,
    break_until: Option<String>,
    shift: String,
    categories: Vec<(&'static str, bool)>,
    support_line: String,
    /// How thick the veil can be chosen to be, and which is.
    veils: Vec<(u8, bool)>,
    edges: bool,
    edges_for_all: bool,
    /// Those whose training may be written down here.
    colleagues: Vec<(PersonId, i64)>,
}

/// A calm picture and no words, but a name for those who hear the page.
#[derive(Template)]
#[template(path = "care/pages/break.html")]
struct Pause;

async fn page(app: &App, staff: Staff) -> Result<Page> {
    let settings = &app.settings.care;
    let mut tx = app.db.read().await?;
    let Care { choices, today, week, break_until } = super::own(&mut tx, &staff.caller, settings).await?;
    let mut colleagues = Vec::new();
    if staff.caller.may(Permission::ApproveDecisions) {
        let own = staff.caller.person().ok();
        let alone = app.settings.operator.profile == crate::operator::Profile::Solo;
        let people = crate::accounts::people_who_may(&mut tx, Permission::SeeDepictions).await?.into_iter();
        let people = people.filter(|one| alone || Some(one.id) != own);
        colleagues = people.map(|one| (one.id, one.staff)).collect();
    }
    let looking = super::looking(&mut tx, &staff.caller, app.settings.looking).await?;
    Ok(Page {
        who: staff.who,
        resting: choices.resting_since.is_some(),
        agreed: choices.agreed_at.map(minute),
        trained: choices.trained_at.map(minute),
        training: choices.training.unwrap_or_default(),
        seen: [(languages::say("care-day"), today), (languages::say("care-week"), week)],
        daily_files: settings.daily_files,
        daily_minutes: settings.daily_minutes,
        break_until: break_until.map(minute),
        shift: choices.shift_ends_at.map(minute).unwrap_or_default(),
        categories: CATEGORIES.map(|category| (category, choices.opted_out.iter().any(|out| out == category))).to_vec(),
        support_line: settings.support_line.clone(),
        veils: (app.settings.looking.veil.clamp(1, 4)..=4).map(|veil| (veil, veil == looking.veil)).collect(),
        edges: looking.edges,
        edges_for_all: app.settings.looking.edges,
        colleagues,
    })
}

async fn care(State(app): State<App>, staff: Staff) -> Paged {
    show(&page(&app, staff).await?)
}

async fn pause(_: Staff) -> Paged {
    show(&Pause)
}

fn back() -> Response {
    Redirect::to("/console/care").into_response()
}

async fn say(State(app): State<App>, staff: Staff, body: Body) -> Paged {
    let form = Fields::read(&body, &["do", "category", "shift", "veil", "edges"])?;
    let (caller, mut tx) = (&staff.caller, app.db.write().await?);
    let proof = match form.one("do") {
        "agree" => super::agree(&mut tx, caller, true).await?,
        "agree_no_more" => super::agree(&mut tx, caller, false).await?,
        "rest" => super::rest(&mut tx, caller).await?,
        "go_on" => super::go_on(&mut tx, caller).await?,
        "choose" => {
            let categories: Vec<String> = form.all("category").map(str::to_owned).collect();
            super::opt_out(&mut tx, caller, &categories).await?
        }
        "looking" => {
            let veil = form.one("veil").parse().map_err(|_| BAD_BODY.because("the veil is 1 to 4"))?;
            super::choose_looking(&mut tx, caller, veil, form.one("edges") == "yes").await?
        }
        "shift" => {
            let at = match form.one("shift") {
                "" => None,
                text => {
                    let at = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M", text);
                    let at = at.and_then(|at| at.to_zoned(jiff::tz::TimeZone::UTC)).map(|at| at.timestamp());
                    Some(at.map_err(|_| BAD_BODY.because("write the end of your shift as 2026-11-24 22:00, in UTC"))?)
                }
            };
            super::shift_ends(&mut tx, caller, at).await?
        }
        _ => return Err(BAD_BODY.because("the form has no such button").into()),
    };
    tx.commit(proof).await?;
    Ok(back())
}

async fn trained(State(app): State<App>, staff: Staff, body: Body) -> Paged {
    let form = Fields::read(&body, &["person", "training"])?;
    let person = web::id(form.one("person"), &crate::accounts::UNKNOWN_NAME)?;
    let mut tx = app.db.write().await?;
    let profile = app.settings.operator.profile;
    let proof = super::trained(&mut tx, &staff.caller, person, form.one("training"), profile).await?;
    tx.commit(proof).await?;
    Ok(back())
}
