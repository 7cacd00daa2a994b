//! `/v1/webhooks`: the endpoints, what was told them, and telling it again.

use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::{Delivery, Listed, State, UNKNOWN_DELIVERY};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::Error;
use crate::store::DeliveryId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Once, Page};

/// The endpoints that the settings name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Endpoints {
    /// By name.
    rows: Vec<Listed>,
}

/// The endpoints, without their secrets.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks",
    responses((status = 200, body = Endpoints), (status = "default", body = ProblemBody)))]
pub async fn list(Shared(app): Shared<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadWebhooks)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&Endpoints { rows: super::endpoints(&mut tx, &caller).await? })
}

/// How many pings are on their way.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Pinged {
    /// One to each endpoint.
    sent: u64,
}

/// Send a `ping` to every endpoint.
#[utoipa::path(post, path = "/v1/webhooks/ping", tag = "webhooks",
    responses((status = 202, body = Pinged), (status = "default", body = ProblemBody)))]
pub async fn ping(Shared(app): Shared<App>, caller: Caller, headers: HeaderMap) -> Answer {
    caller.require(Permission::ReplayWebhooks)?;
    let once = Once::new("POST /v1/webhooks/ping", &caller, &headers, &[])?;
    web::post(&app, &once, StatusCode::ACCEPTED, async |tx| {
        let (sent, proof) = super::ping(tx, &caller).await?;
        Ok((Pinged { sent }, proof))
    })
    .await
}

/// Which deliveries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only in this state: `waiting`, `delivered` or `dead`.
    state: Option<String>,
    /// The `next` of the page before.
    before: Option<String>,
}

/// Deliveries, newest first. Bodies are not shown: the receiver has them.
#[utoipa::path(get, path = "/v1/webhooks/deliveries", tag = "webhooks", params(Filter),
    responses((status = 200, body = Page<Delivery>), (status = "default", body = ProblemBody)))]
pub async fn deliveries(Shared(app): Shared<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadWebhooks)?;
    let state: Option<State> = web::chosen(filter.state.as_deref())?;
    let before = filter.before.as_deref().map(|before| web::id(before, &UNKNOWN_DELIVERY)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller, state, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |delivery| delivery.id.to_string()))
}

/// Send a delivery again, under the same `webhook-id`.
#[utoipa::path(post, path = "/v1/webhooks/deliveries/{delivery}/replay", tag = "webhooks",
    params(("delivery" = String, Path)),
    responses((status = 200, body = Delivery), (status = "default", body = ProblemBody)))]
pub async fn replay(
    Shared(app): Shared<App>,
    caller: Caller,
    Path(delivery): Path<String>,
    headers: HeaderMap,
) -> Answer {
    caller.require(Permission::ReplayWebhooks)?;
    let id: DeliveryId = web::id(&delivery, &UNKNOWN_DELIVERY)?;
    let once = Once::new("POST /v1/webhooks/deliveries/replay", &caller, &headers, &[delivery.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::replay(tx, &caller, id).await).await
}
