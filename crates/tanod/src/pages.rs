//! The console's pages of all domains.

use axum::Router;

use crate::plan::App;

/// Every page.
pub fn router() -> Router<App> {
    Router::new()
}
