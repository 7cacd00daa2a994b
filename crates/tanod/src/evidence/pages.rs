//! Pictures of the console. Each is a look: on record before a pixel leaves. What is kept, and until when: `desk/pages.rs`.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::api::{NewView, Shown, look};
use super::{At, Purpose};
use crate::intake::UNKNOWN_ITEM;
use crate::notices::UNKNOWN_NOTICE;
use crate::plan::App;
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{CaseId, NoticeId};
use crate::web::console::{Paged, Staff};
use crate::web::{self};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/cases/{case}/exhibits/{item}", get(picture))
        .route("/console/removals/{notice}/exhibits/{item}", get(of_request))
        .merge(super::desk::pages::router())
        .merge(super::standing::pages::router())
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
    let new = NewView { item, purpose, veiled: how.veiled, strip: how.strip };
    Ok(jpeg(look(&app, &staff.caller, At::Case(id), new).await?))
}

async fn of_request(
    State(app): State<App>,
    staff: Staff,
    Path((notice, item)): Path<(String, String)>,
    Query(how): Query<How>,
) -> Paged {
    let id: NoticeId = web::id(&notice, &UNKNOWN_NOTICE)?;
    let item = web::id(&item, &UNKNOWN_ITEM)?;
    let new = NewView { item, purpose: Purpose::Removal, veiled: how.veiled, strip: how.strip };
    Ok(jpeg(look(&app, &staff.caller, At::Request(id), new).await?))
}

fn jpeg(shown: Shown) -> Response {
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")];
    (headers, shown.jpeg).into_response()
}
