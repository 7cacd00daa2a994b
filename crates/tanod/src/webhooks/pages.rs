//! The endpoints and deliveries in the console, with sending again.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::{Delivery, Listed, State, UNKNOWN_DELIVERY};
use crate::accounts::Permission;
use crate::plan::App;
use crate::store::as_word;
use crate::web::console::{Paged, Staff, Tab, Who, minute, show};
use crate::web::languages::{Said, filters, say, word};
use crate::web::{self, Page};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/webhooks", get(list))
        .route("/console/webhooks/ping", post(ping))
        .route("/console/webhooks/deliveries/{delivery}/replay", post(replay))
}

struct Shown {
    delivery: Delivery,
    event: String,
    state: Said,
    at: String,
    next: Option<String>,
    again: bool,
}

struct Place {
    listed: Listed,
    wants: String,
}

#[derive(Template)]
#[template(path = "webhooks/pages/list.html")]
struct List<'a> {
    who: &'a Who,
    endpoints: Vec<Place>,
    tabs: Vec<Tab>,
    deliveries: Vec<Shown>,
    may_replay: bool,
    next: Option<String>,
}

impl From<Listed> for Place {
    fn from(listed: Listed) -> Self {
        let wants = match listed.events.as_slice() {
            [] => say("webhooks-everything").to_string(),
            events => events.iter().map(as_word).collect::<Vec<_>>().join(", "),
        };
        Self { listed, wants }
    }
}

impl From<Delivery> for Shown {
    fn from(delivery: Delivery) -> Self {
        Self {
            event: as_word(&delivery.event),
            state: word("delivery-state", &as_word(&delivery.state)),
            at: minute(delivery.created_at),
            next: delivery.next_at.filter(|_| delivery.state == State::Waiting).map(minute),
            again: delivery.state != State::Waiting,
            delivery,
        }
    }
}

#[derive(serde::Deserialize)]
struct Asked {
    state: Option<String>,
    before: Option<String>,
}

async fn list(Shared(app): Shared<App>, staff: Staff, Query(asked): Query<Asked>) -> Paged {
    let chosen = asked.state.as_deref().unwrap_or("all");
    let state: Option<State> = web::chosen(Some(chosen))?;
    let before = asked.before.as_deref().map(|before| web::id(before, &UNKNOWN_DELIVERY)).transpose()?;
    let mut tx = app.db.read().await?;
    let rows = super::list(&mut tx, &staff.caller, state, before, web::PAGE).await?;
    let page = Page::new(rows, |delivery| delivery.id.to_string());
    let tabs = std::iter::once(("all".to_owned(), say("delivery-state-all")))
        .chain(State::ALL.into_iter().map(|state| (as_word(&state), word("delivery-state", &as_word(&state)))))
        .map(|(name, label)| Tab { label, chosen: name == chosen, href: format!("/console/webhooks?state={name}") })
        .collect();
    show(&List {
        who: &staff.who,
        endpoints: super::endpoints(&mut tx, &staff.caller).await?.into_iter().map(Place::from).collect(),
        tabs,
        deliveries: page.rows.into_iter().map(Shown::from).collect(),
        may_replay: staff.caller.may(Permission::ReplayWebhooks),
        next: page.next.map(|next| format!("/console/webhooks?state={chosen}&before={next}")),
    })
}

async fn ping(Shared(app): Shared<App>, staff: Staff) -> Paged {
    let mut tx = app.db.write().await?;
    let (_, proof) = super::ping(&mut tx, &staff.caller).await?;
    tx.commit(proof).await?;
    app.nudge.notify_waiters();
    Ok(Redirect::to("/console/webhooks").into_response())
}

async fn replay(Shared(app): Shared<App>, staff: Staff, Path(delivery): Path<String>) -> Paged {
    let id = web::id(&delivery, &UNKNOWN_DELIVERY)?;
    let mut tx = app.db.write().await?;
    let (_, proof) = super::replay(&mut tx, &staff.caller, id).await?;
    tx.commit(proof).await?;
    app.nudge.notify_waiters();
    Ok(Redirect::to("/console/webhooks").into_response())
}
