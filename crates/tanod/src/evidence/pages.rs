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
use crate::store::{CaseId, ItemId, NoticeId};
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
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the picture is or is not")]
struct How {
    veiled: bool,
    #[serde(default)]
    strip: bool,
    veil: Option<u8>,
    #[serde(default)]
    edges: bool,
    part: Option<u8>,
    #[serde(default)]
    glimpse: bool,
}

impl How {
    fn of(self, item: ItemId, purpose: Purpose) -> NewView {
        let Self { veiled, strip, veil, edges, part, glimpse } = self;
        NewView { item, purpose, veiled, strip, veil, edges, part, glimpse }
    }
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
    let new = how.of(item, purpose);
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
    let new = how.of(item, Purpose::Removal);
    Ok(jpeg(look(&app, &staff.caller, At::Request(id), new).await?))
}

fn jpeg(shown: Shown) -> Response {
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")];
    (headers, shown.jpeg).into_response()
}
