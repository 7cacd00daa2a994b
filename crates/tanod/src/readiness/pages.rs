//! Whether every part works, as a page: asked for by a button, for looking tries each part and takes a moment.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::Finding;
use crate::accounts::Permission;
use crate::plan::App;
use crate::web::console::{Paged, Staff, Who, show};
use crate::web::languages::filters;
use crate::web::router::readiness;

/// The page of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console/readiness", get(page).post(look))
}

#[derive(Template)]
#[template(path = "readiness/pages/readiness.html")]
struct Page {
    who: Who,
    /// What keeps this process from judging uploads.
    not_ready: Option<String>,
    /// What was found of each part, where somebody asked.
    found: Option<Vec<Finding>>,
}

async fn shown(app: &App, staff: Staff, found: Option<Vec<Finding>>) -> Paged {
    let not_ready = readiness(app).await.err();
    show(&Page { who: staff.who, not_ready, found })
}

async fn page(State(app): State<App>, staff: Staff) -> Paged {
    staff.caller.require(Permission::ReadInstallation)?;
    shown(&app, staff, None).await
}

async fn look(State(app): State<App>, staff: Staff) -> Paged {
    staff.caller.require(Permission::ReadInstallation)?;
    let found = super::look(&app, false).await?.0;
    shown(&app, staff, Some(found)).await
}
