//! `/v1/audit`: the record, and the checkpoint that vouches for it.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::Written;
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::review::UNKNOWN_CASE;
use crate::store::AuditId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Page};

/// Which entries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The `next` of the page before.
    before: Option<String>,
    /// Only of this case.
    case: Option<String>,
}

/// Entries of the record, newest first.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(Filter),
    responses((status = 200, body = Page<Written>), (status = "default", body = ProblemBody)))]
pub async fn page(State(app): State<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadAudit)?;
    let before: Option<AuditId> = filter.before.as_deref().map(|id| web::id(id, &web::BAD_QUERY)).transpose()?;
    let case = filter.case.as_deref().map(|id| web::id(id, &UNKNOWN_CASE)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::page(&mut tx, before, case, web::PAGE).await?;
    web::ok(&Page::new(rows, |entry| entry.id.to_string()))
}

/// The newest checkpoint: a signed note, as C2SP describes it. It holds no one's data, and anyone may have it.
#[utoipa::path(get, path = "/v1/audit/checkpoint", tag = "audit",
    responses((status = 200, content_type = "text/plain", body = String), (status = "default", body = ProblemBody)))]
pub async fn checkpoint(State(app): State<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadAudit)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let note = super::newest_checkpoint(&mut tx).await?.ok_or_else(|| Error::from(&web::NO_SUCH_PAGE))?;
    Ok(note.into_response())
}
