//! The console's pages of all domains.

use axum::routing::post;
use axum::{Router, middleware};

use crate::plan::App;
use crate::web::{console, languages, live, styleguide};
use crate::{
    accounts, actions, alarms, audit, banks, care, context, evidence, figures, legal, livestream, notices, now,
    provider, queue, readiness, reporting, review, sources, webhooks,
};

/// Every page.
pub fn router(app: &App) -> Router<App> {
    Router::new()
        .merge(console::assets())
        .merge(live::router())
        .merge(styleguide::router())
        .merge(accounts::pages::router())
        .merge(review::pages::router())
        .merge(care::pages::router())
        .merge(figures::pages::router())
        .merge(evidence::pages::router())
        .merge(banks::pages::router())
        .merge(sources::pages::router())
        .merge(actions::pages::router())
        .merge(livestream::pages::router())
        .merge(context::pages::router())
        .merge(alarms::pages::router())
        .merge(webhooks::pages::router())
        .merge(provider::pages::router())
        .merge(notices::pages::router(app))
        .merge(reporting::pages::router())
        .merge(legal::pages::router())
        .merge(now::pages::router())
        .merge(audit::pages::router())
        .merge(queue::pages::router())
        .merge(readiness::pages::router())
        .route("/console/language", post(languages::choose))
        .layer(middleware::from_fn(console::present_first))
        .layer(middleware::from_fn_with_state(app.clone(), console::own_pages_only))
        .layer(middleware::from_fn(languages::listen))
        // Anybody's, from anywhere: there is nobody signed in whom another site could use.
        .merge(notices::public::router(app))
}
