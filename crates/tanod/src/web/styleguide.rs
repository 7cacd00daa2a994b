//! The parts of which pages are made, each beside the name by which a template asks for it. Where something is real there is no such
//! page.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::NO_SUCH_PAGE;
use super::console::{Paged, Staff, Who, show};
use super::languages::filters;
use crate::plan::App;
use crate::refusal::Error;
use crate::store::World;

/// The page.
pub fn router() -> Router<App> {
    Router::new().route("/console/styleguide", get(page))
}

/// The colours, as `console.css` names them.
const COLOURS: [&str; 11] =
    ["paper", "sheet", "ink", "faint", "line", "accent", "on-accent", "fault", "fault-paper", "amber", "amber-paper"];

#[derive(Template)]
#[template(path = "web/styleguide.html")]
struct Page {
    who: Who,
    colours: [&'static str; 11],
    priorities: [&'static str; 5],
}

async fn page(State(app): State<App>, staff: Staff) -> Paged {
    if app.world != World::Demo {
        return Err(Error::from(&NO_SUCH_PAGE).into());
    }
    show(&Page { who: staff.who, colours: COLOURS, priorities: ["P0", "P1", "P2", "P3", "P4"] })
}
