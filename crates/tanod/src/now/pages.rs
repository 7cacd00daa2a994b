//! The first page after signing in: what needs somebody now, and quiet where nothing does.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::Numbered;
use crate::accounts::Permission;
use crate::plan::App;
use crate::store::as_word;
use crate::web::console::{Paged, Staff, Who, minute, show};
use crate::web::languages::filters;

/// The page of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console", get(page))
}

#[derive(Template)]
#[template(path = "now/pages/now.html")]
struct Page {
    who: Who,
    lines: Vec<Line>,
    /// Whether there are cases to be taken.
    may_take: bool,
}

struct Line {
    kind: String,
    count: i64,
    at: Option<String>,
    cases: Vec<Numbered>,
    place: &'static str,
}

async fn page(State(app): State<App>, staff: Staff) -> Paged {
    let mut tx = app.db.read().await?;
    let needs = super::needs(&mut tx, &staff.caller).await?.into_iter().map(|need| Line {
        kind: as_word(&need.kind),
        count: need.count,
        at: need.at.map(minute),
        cases: need.cases,
        place: need.place,
    });
    let (lines, may_take) = (needs.collect(), staff.caller.may(Permission::DecideCases));
    show(&Page { who: staff.who, lines, may_take })
}
