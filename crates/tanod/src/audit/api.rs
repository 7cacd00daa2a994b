//! `/v1/audit`: the record, and the checkpoint that vouches for it.

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use serde::Deserialize;

use super::{NOT_PLACED, Sought, Written};
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
    /// Only about this id.
    subject: Option<String>,
    /// Only by this one, as the record marks them: `staff 7`, a key, `operator`, `tanod`.
    actor: Option<String>,
    /// Only of this kind: `report.finished`, or all of `report`.
    kind: Option<String>,
    /// Not before this time (RFC 3339).
    from: Option<String>,
    /// Before this time (RFC 3339).
    until: Option<String>,
}

/// Entries of the record, newest first.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(Filter),
    responses((status = 200, body = Page<Written>), (status = "default", body = ProblemBody)))]
pub async fn page(State(app): State<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadAudit)?;
    let before: Option<AuditId> = filter.before.as_deref().map(|id| web::id(id, &web::BAD_QUERY)).transpose()?;
    let case = filter.case.as_deref().map(|id| web::id(id, &UNKNOWN_CASE)).transpose()?;
    let time = |text: Option<&String>| {
        let read =
            |text: &String| text.parse().map_err(|_| web::BAD_QUERY.because("a time is written as RFC 3339 has it"));
        text.map(read).transpose()
    };
    let (from, until) = (time(filter.from.as_ref())?, time(filter.until.as_ref())?);
    let sought = Sought { case, subject: filter.subject, actor: filter.actor, kind: filter.kind, from, until };
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::search(&mut tx, &sought, before, web::PAGE).await?;
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

/// The proof that an entry stands in the ledger, under the newest checkpoint (C2SP tlog-proof): whoever has it and the ledger's key
/// needs nothing else of ours.
#[utoipa::path(get, path = "/v1/audit/{entry}/proof", tag = "audit", params(("entry" = String, Path)),
    responses((status = 200, content_type = "text/plain", body = String), (status = "default", body = ProblemBody)))]
pub async fn proof(State(app): State<App>, caller: Caller, Path(entry): Path<String>) -> Answer {
    caller.require(Permission::ReadAudit)?;
    let id: AuditId = web::id(&entry, &NOT_PLACED)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    Ok(super::prove(&mut tx, id, &app.signer.vkey()).await?.text().into_response())
}
