//! Pictures of the console. Each is a look: on record before a pixel leaves. What is kept, and until when: `desk/pages.rs`.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;

use super::api::{NewView, Shown, look, play};
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
    /// A film, moving.
    #[serde(default)]
    plays: bool,
}

impl How {
    fn of(self, item: ItemId, purpose: Purpose) -> NewView {
        let Self { veiled, strip, veil, edges, part, glimpse, plays: _ } = self;
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
    shown(&app, &staff, At::Case(id), how, item, purpose).await
}

async fn of_request(
    State(app): State<App>,
    staff: Staff,
    Path((notice, item)): Path<(String, String)>,
    Query(how): Query<How>,
) -> Paged {
    let id: NoticeId = web::id(&notice, &UNKNOWN_NOTICE)?;
    let item = web::id(&item, &UNKNOWN_ITEM)?;
    shown(&app, &staff, At::Request(id), how, item, Purpose::Removal).await
}

async fn shown(app: &App, staff: &Staff, at: At, how: How, item: ItemId, purpose: Purpose) -> Paged {
    let plays = how.plays;
    let new = how.of(item, purpose);
    if plays {
        let (_, pictures) = play(app, &staff.caller, at, new).await?;
        return Ok(reel(pictures));
    }
    Ok(jpeg(look(app, &staff.caller, at, new).await?))
}

/// How long each picture of a film stays.
const EACH: Duration = Duration::from_millis(250);

/// Pictures one after the other in the place of one, as browsers have shown them since cameras were put on pages. It ends with the last.
fn reel(pictures: Vec<Vec<u8>>) -> Response {
    let part = |jpeg: Vec<u8>| {
        let head = format!("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", jpeg.len());
        Bytes::from([head.as_bytes(), &jpeg, b"\r\n"].concat())
    };
    let parts = stream::unfold((pictures.into_iter(), false), move |(mut left, began)| async move {
        let jpeg = left.next()?;
        if began {
            tokio::time::sleep(EACH).await;
        }
        Some((Ok::<_, std::convert::Infallible>(part(jpeg)), (left, true)))
    });
    let headers =
        [(header::CONTENT_TYPE, "multipart/x-mixed-replace; boundary=frame"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(parts)).into_response()
}

fn jpeg(shown: Shown) -> Response {
    let headers = [(header::CONTENT_TYPE, "image/jpeg"), (header::CACHE_CONTROL, "no-store")];
    (headers, shown.jpeg).into_response()
}
