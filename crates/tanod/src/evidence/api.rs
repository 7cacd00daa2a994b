//! Looking, and what is held.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use decode::Coverage;
use serde::{Deserialize, Serialize};

use super::{Exhibit, Hold, NOT_SHOWABLE, Purpose};
use crate::accounts::{Caller, Permission};
use crate::intake;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::{self, NOT_IN_CASE, UNKNOWN_CASE};
use crate::store::{CaseId, HoldId, ItemId, ViewId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Body, Page};

/// How to look.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewView {
    /// Which upload of the case.
    pub item: ItemId,
    /// Why.
    pub purpose: Purpose,
    /// Blurred, grey and small, as long as nobody says otherwise.
    #[serde(default = "yes")]
    pub veiled: bool,
}

fn yes() -> bool {
    true
}

/// The largest side of a picture that is shown.
const SIDE: u32 = 1_600;

/// A picture that may be shown, with the look that was written down for it.
pub struct Shown {
    /// The look.
    pub view: ViewId,
    /// Whether it shows all of the upload without a veil.
    pub whole: bool,
    /// New pixels, never original bytes.
    pub jpeg: Vec<u8>,
}

/// Looks at an upload: under a lease, for a purpose, and on record before a pixel leaves.
pub async fn look(app: &App, caller: &Caller, case: CaseId, new: NewView) -> Result<Shown> {
    caller.require(Permission::SeeDepictions)?;
    let (exhibit, single) = open(app, caller, case, new).await?;
    let media = app.vault.open(&exhibit).await?;
    let jpeg = app.pool.picture(media, SIDE, new.veiled).await.map_err(|why| NOT_SHOWABLE.because(why.to_string()))?;
    // Whole means: not veiled, and the one picture there is. An animation shown by its first frame is not whole.
    let whole = !new.veiled && single;
    let mut tx = app.db.write().await?;
    check(&mut tx, caller, case, new).await?;
    let (view, proof) = super::record_view(&mut tx, caller, case, new.item, new.purpose, whole, new.veiled).await?;
    tx.commit(proof).await?;
    Ok(Shown { view, whole, jpeg })
}

async fn open(app: &App, caller: &Caller, case: CaseId, new: NewView) -> Result<(Exhibit, bool)> {
    let mut tx = app.db.read().await?;
    check(&mut tx, caller, case, new).await?;
    let item = intake::find(&mut tx, new.item).await?;
    let parts = [Coverage::FirstFrame, Coverage::Sampled, Coverage::KeyFrames];
    let single = !parts.contains(&item.coverage) && item.frames.len() <= 1;
    Ok((super::exhibit(&mut tx, new.item).await?, single))
}

/// For a review the caller holds the lease; for a second opinion a decision waits for one.
async fn check(tx: &mut crate::store::Tx, caller: &Caller, case: CaseId, new: NewView) -> Result<()> {
    match new.purpose {
        Purpose::Review => review::leased(tx, caller, case).await.map(drop)?,
        Purpose::SecondOpinion => {
            caller.require(Permission::ApproveDecisions)?;
            if review::find(tx, caller, case).await?.state != review::State::Approval {
                return Err(review::WRONG_STATE.because("no decision waits for a second opinion"));
            }
        }
    }
    if intake::case_of(tx, new.item).await? == Some(case) {
        Ok(())
    } else {
        Err(NOT_IN_CASE.because(new.item.to_string()))
    }
}

/// Look at an upload of a case. The answer is a JPEG of new pixels; `X-Tanod-View` names the look in the record, and
/// `X-Tanod-Whole` says whether it showed everything.
#[utoipa::path(post, path = "/v1/cases/{case}/views", tag = "cases", params(("case" = String, Path)), request_body = NewView,
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = "default", body = ProblemBody)))]
pub async fn view(
    State(app): State<App>,
    caller: Caller,
    Path(case): Path<String>,
    _headers: HeaderMap,
    body: Body,
) -> Answer {
    caller.require(Permission::SeeDepictions)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewView = web::json(&body)?;
    let shown = look(&app, &caller, id, new).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::HeaderName::from_static("x-tanod-view"), shown.view.to_string()),
        (header::HeaderName::from_static("x-tanod-whole"), shown.whole.to_string()),
    ];
    Ok((StatusCode::OK, headers, shown.jpeg).into_response())
}

/// Where a page begins.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The `next` of the page before.
    before: Option<String>,
}

/// Holds, newest first.
#[utoipa::path(get, path = "/v1/holds", tag = "holds", params(Before),
    responses((status = 200, body = Page<Hold>), (status = "default", body = ProblemBody)))]
pub async fn holds(State(app): State<App>, caller: Caller, Asked(page): Asked<Before>) -> Answer {
    caller.require(Permission::ReadHolds)?;
    let before: Option<HoldId> = page.before.as_deref().map(|id| web::id(id, &web::BAD_QUERY)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::holds(&mut tx, &caller, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |hold| hold.id.to_string()))
}
