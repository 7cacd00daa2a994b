//! `/v1/actions`: what the platform is asked to do, and its word on what it did.

use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Acknowledgement, Action, NewAction, State, UNKNOWN_ACTION};
use crate::accounts::{Caller, Permission};
use crate::operator::Profile;
use crate::plan::App;
use crate::refusal::Error;
use crate::review::UNKNOWN_CASE;
use crate::store::{ActionId, CaseId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Once, Page, Sent};

/// An action with its times.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ActionAnswer {
    #[serde(flatten)]
    action: Action,
    /// Seconds from the asking until the platform was asked.
    waited_seconds: Option<i64>,
    /// Seconds that the platform took.
    took_seconds: Option<i64>,
    /// Whether the platform should have answered by now.
    overdue: bool,
}

impl ActionAnswer {
    /// As this caller may see it: the platform does what it is asked, and does not read why.
    fn of(mut action: Action, caller: &Caller, now: Timestamp) -> Self {
        if matches!(caller, Caller::Key { .. }) {
            action.reason.clear();
        }
        Self {
            waited_seconds: action.waited_seconds(),
            took_seconds: action.took_seconds(),
            overdue: action.is_overdue(now),
            action,
        }
    }
}

/// Which actions.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only in this state: `waiting`, `sent`, `acknowledged`, `failed` or `cancelled`.
    state: Option<String>,
    /// Only about this case.
    case: Option<String>,
    /// The `next` of the page before.
    before: Option<String>,
}

/// Actions, newest first.
#[utoipa::path(get, path = "/v1/actions", tag = "actions", params(Filter),
    responses((status = 200, body = Page<ActionAnswer>), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadActions)?;
    let state: Option<State> = web::chosen(filter.state.as_deref())?;
    let case: Option<CaseId> = filter.case.as_deref().map(|case| web::id(case, &UNKNOWN_CASE)).transpose()?;
    let before = filter.before.as_deref().map(|before| web::id(before, &UNKNOWN_ACTION)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller, state, case, before, web::PAGE).await?;
    let now = tx.now();
    let rows = rows.into_iter().map(|action| ActionAnswer::of(action, &caller, now)).collect();
    web::ok(&Page::new(rows, |answer: &ActionAnswer| answer.action.id.to_string()))
}

/// Ask for an action, holding the case's lease or as a lead. It is sent when its turn comes: preserve, context, restrict,
/// report, notify.
#[utoipa::path(post, path = "/v1/cases/{case}/actions", tag = "actions", params(("case" = String, Path)),
    request_body = NewAction,
    responses((status = 201, body = ActionAnswer), (status = "default", body = ProblemBody)))]
pub async fn request(Shared(app): Shared<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewAction = sent.json()?;
    let once = sent.once("POST /v1/cases/actions", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        let (action, proof) = super::request(tx, &sent.caller, id, &new).await?;
        Ok((ActionAnswer::of(action, &sent.caller, tx.now()), proof))
    })
    .await
}

/// Approve that a user is told later, as a second person.
#[utoipa::path(post, path = "/v1/actions/{action}/delay-approval", tag = "actions", params(("action" = String, Path)),
    responses((status = 200, body = ActionAnswer), (status = "default", body = ProblemBody)))]
pub async fn approve_delay(
    Shared(app): Shared<App>,
    caller: Caller,
    Path(action): Path<String>,
    headers: HeaderMap,
) -> Answer {
    caller.require(Permission::ApproveDecisions)?;
    let id: ActionId = web::id(&action, &UNKNOWN_ACTION)?;
    let once = Once::new("POST /v1/actions/delay-approval", &caller, &headers, &[action.as_bytes()])?;
    let alone = app.settings.operator.profile == Profile::Solo;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let (action, proof) = super::approve_delay(tx, &caller, id, alone).await?;
        Ok((ActionAnswer::of(action, &caller, tx.now()), proof))
    })
    .await
}

/// Say whether an action was done. The same word again changes nothing.
#[utoipa::path(post, path = "/v1/actions/{action}/acknowledgement", tag = "actions", params(("action" = String, Path)),
    request_body = Acknowledgement,
    responses((status = 200, body = ActionAnswer), (status = "default", body = ProblemBody)))]
pub async fn acknowledge(Shared(app): Shared<App>, Path(action): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::AcknowledgeActions)?;
    let id: ActionId = web::id(&action, &UNKNOWN_ACTION)?;
    let word: Acknowledgement = sent.json()?;
    let once = sent.once("POST /v1/actions/acknowledgement", &[action.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let (action, proof) = super::acknowledge(tx, &sent.caller, id, &word).await?;
        Ok((ActionAnswer::of(action, &sent.caller, tx.now()), proof))
    })
    .await
}
