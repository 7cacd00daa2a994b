//! The page "Sources": where lists come from.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::{Row, State};
use crate::accounts::Permission;
use crate::plan::App;
use crate::store::{as_word, word};
use crate::web::console::{Fields, Paged, Staff, Who, show};
use crate::web::languages::{self, Said, filters};
use crate::web::{BAD_BODY, Body};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console/sources", get(sources)).route("/console/sources/{source}", post(set))
}

struct Choice {
    value: String,
    label: Said,
    chosen: bool,
}

struct Shown {
    row: Row,
    state: Said,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "sources/pages/sources.html")]
struct Sources<'a> {
    who: &'a Who,
    may_change: bool,
    all: Vec<Shown>,
}

async fn sources(Shared(app): Shared<App>, staff: Staff) -> Paged {
    let mut tx = app.db.read().await?;
    let rows = super::list(&mut tx, &staff.caller).await?;
    let shown = rows.into_iter().map(|row| {
        let choice = |state| Choice {
            value: as_word(&state),
            label: languages::word("source-state", &as_word(&state)),
            chosen: state == row.state,
        };
        Shown {
            state: languages::word("source-state", &as_word(&row.state)),
            choices: State::ALL.map(choice).into(),
            row,
        }
    });
    let may_change = staff.caller.may(Permission::ChangeBanks);
    show(&Sources { who: &staff.who, may_change, all: shown.collect() })
}

async fn set(Shared(app): Shared<App>, staff: Staff, Path(name): Path<String>, body: Body) -> Paged {
    let form = Fields::read(&body, &["state"])?;
    let state = word(form.one("state")).ok_or_else(|| BAD_BODY.because("choose a state"))?;
    let mut tx = app.db.write().await?;
    let (row, proof) = super::set(&mut tx, &staff.caller, &name, state).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to(&format!("/console/sources#{}", row.source.name)).into_response())
}
