//! Pictures of the console. Each is a look: on record before a pixel leaves. What is kept, and until when: `desk/pages.rs`.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use super::Purpose;
use super::api::{NewView, look};
use crate::intake::UNKNOWN_ITEM;
use crate::plan::App;
use crate::review::{self, UNKNOWN_CASE};
use crate::store::CaseId;
use crate::web::console::{Paged, Staff};
use crate::web::{self};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console/cases/{case}/exhibits/{item}", get(picture)).merge(super::desk::pages::router())
}

#[derive(serde::Deserialize)]
struct How {
    veiled: bool,
    #[serde(default)]
    strip: bool,
}

async fn picture(
    State(app): State<App>,
    staff: Staff,
    Path((case, item)): Path<(String, String)>,
    Query(how): Query<How>,
) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let item = web::id(&item, &UNKNOWN_ITEM)?;
    let mut tx = app.db.read().await?;
    let state = review::find(&mut tx, &staff.caller, id).await?.state;
    drop(tx);
    let purpose = if state == review::State::Approval { Purpose::SecondOpinion } else { Purpose::Review };
    let shown = look(&app, &staff.caller, id, NewView { item, purpose, veiled: how.veiled, strip: how.strip }).await?;
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, shown.jpeg).into_response())
}
