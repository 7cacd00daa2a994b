//! `/v1/alarms`: what somebody must know of, and saying that one knows.

use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{Alarm, State, UNKNOWN_ALARM};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::store::AlarmId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Once, Page};

/// Which alarms.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only in this state: `open`, `acknowledged` or `cleared`.
    state: Option<String>,
    /// The `next` of the page before.
    before: Option<String>,
}

/// Alarms, newest first.
#[utoipa::path(get, path = "/v1/alarms", tag = "alarms", params(Filter),
    responses((status = 200, body = Page<Alarm>), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadAlarms)?;
    let state: Option<State> = web::chosen(filter.state.as_deref())?;
    let before = filter.before.as_deref().map(|before| web::id(before, &UNKNOWN_ALARM)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller, state, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |alarm| alarm.id.to_string()))
}

/// Say that you know of an alarm: nobody is paged about it any more.
#[utoipa::path(post, path = "/v1/alarms/{alarm}/acknowledgement", tag = "alarms", params(("alarm" = String, Path)),
    responses((status = 200, body = Alarm), (status = "default", body = ProblemBody)))]
pub async fn acknowledge(
    Shared(app): Shared<App>,
    caller: Caller,
    Path(alarm): Path<String>,
    headers: HeaderMap,
) -> Answer {
    caller.require(Permission::AcknowledgeAlarms)?;
    let id: AlarmId = web::id(&alarm, &UNKNOWN_ALARM)?;
    let once = Once::new("POST /v1/alarms/acknowledgement", &caller, &headers, &[alarm.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::acknowledge(tx, &caller, id).await).await
}
