//! What the platform is told as it happens: a delivery for each endpoint that wants the event, signed, tried again, and dead
//! only where a person sees it (Standard Webhooks).

pub mod api;
pub mod jobs;
pub mod pages;
mod store;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::accounts::{Caller, Permission};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::queue::{self, Work};
use crate::refusal::{Error, Kind, Result};
use crate::store::{CaseId, DeliveryId, Recorded, Tx, as_word};

/// An id that leads nowhere.
pub static UNKNOWN_DELIVERY: Kind = Kind::new(
    404,
    "unknown-delivery",
    "There is no such delivery.",
    "Open Webhooks and choose one from there; what was delivered is forgotten after 30 days.",
)
.program("GET /v1/webhooks/deliveries lists them.");
/// A delivery that goes on by itself.
pub static UNDER_WAY: Kind = Kind::new(
    409,
    "delivery-under-way",
    "This delivery is still being tried.",
    "Wait until it is delivered or given up; the page says when the next try is.",
)
.program("GET /v1/webhooks/deliveries says it too; the states are `delivered` and `dead`.");
/// Nobody to send to.
pub static NO_ENDPOINT: Kind = Kind::new(
    409,
    "no-endpoint",
    "No endpoint is configured.",
    "An administrator names one in the settings and starts the service again.",
)
.program("Name one in the settings under [[webhooks]], and start the service again.");

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[&UNKNOWN_DELIVERY, &UNDER_WAY, &NO_ENDPOINT];

/// The waits after each failed try, in the spirit of the specification. A delivery that fails once more is dead.
pub const WAITS: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];
/// How long a delivery that is settled can be sent again.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is told. The words are what receivers read in `type`: they are never changed, only added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub enum Event {
    /// A case was opened.
    #[serde(rename = "case.opened")]
    CaseOpened,
    /// The platform is asked what it knows around a case.
    #[serde(rename = "case.context_requested")]
    ContextRequested,
    /// The platform is asked to do something.
    #[serde(rename = "action.requested")]
    ActionRequested,
    /// A report was accepted by its destination.
    #[serde(rename = "report.finished")]
    ReportFinished,
    /// A report is stuck.
    #[serde(rename = "report.dead")]
    ReportDead,
    /// A decision was wrong, and is undone.
    #[serde(rename = "decision.corrected")]
    DecisionCorrected,
    /// A hash that was shared is taken back.
    #[serde(rename = "hash.withdrawn")]
    HashWithdrawn,
    /// An adult's intimate picture is to be removed, with its known copies.
    #[serde(rename = "removal.requested")]
    RemovalRequested,
    /// A list knows a frame of a stream, for the first time. One frame says nothing yet.
    #[serde(rename = "stream.frame_known")]
    StreamFrameKnown,
    /// Something put a stream that runs before a person.
    #[serde(rename = "stream.signalled")]
    StreamSignalled,
    /// Somebody is paged. Sent to the endpoint of the person on call alone, by the page itself.
    #[serde(rename = "alarm.page")]
    AlarmPage,
    /// Nothing happened; somebody tries the line.
    #[serde(rename = "ping")]
    Ping,
}

/// An endpoint as it stands in the settings.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How it is spoken of.
    pub name: String,
    /// `https://…`, or `http://` to this machine.
    pub url: String,
    /// `whsec_…`, of at least 24 bytes.
    pub secret: String,
    /// The secret before this one, which its receiver may still check with; empty for none.
    #[serde(default)]
    pub old_secret: String,
    /// Until when deliveries are signed with that one as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<Timestamp>,
    /// What it wants; empty for everything.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// An endpoint that deliveries go to. No other address is ever called.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// How it is spoken of.
    pub name: String,
    /// Where.
    pub url: String,
    /// What the deliveries are signed with.
    pub secrets: exchange::webhooks::Secrets,
    /// What it wants; empty for everything.
    pub events: Vec<Event>,
}

/// Endpoints that did not answer in time, as this process knows them. They are left alone for a moment, so that one that
/// hangs does not hold the workers that the others need.
#[derive(Debug, Default)]
pub struct Resting(Mutex<HashMap<String, Timestamp>>);

/// How long an endpoint that hangs is left alone.
const REST: SignedDuration = SignedDuration::from_secs(30);

impl Resting {
    /// Leaves an endpoint alone from now.
    fn rest(&self, endpoint: &str, now: Timestamp) {
        let until = now.checked_add(REST).unwrap_or(now);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(endpoint.to_owned(), until);
    }

    /// For how long an endpoint is still to be left alone.
    fn left(&self, endpoint: &str, now: Timestamp) -> Option<Duration> {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(endpoint).copied()?;
        Duration::try_from(until.duration_since(now)).ok().filter(|left| !left.is_zero())
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
pub enum State {
    /// Not yet taken by its endpoint.
    Waiting,
    /// Taken.
    Delivered,
    /// Given up; a person must look.
    Dead,
}

/// One message to one endpoint.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Delivery {
    /// Its id, which the receiver sees as `webhook-id`.
    pub id: DeliveryId,
    /// To which endpoint, by name.
    pub endpoint: String,
    /// What it tells.
    pub event: Event,
    /// About which case.
    pub case: Option<CaseId>,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    #[schema(value_type = Option<String>)]
    pub next_at: Option<Timestamp>,
    /// The status that the endpoint answered last.
    pub status: Option<i64>,
    /// Why it was not taken, in words.
    pub trouble: Option<String>,
    /// The beginning of what the endpoint answered to what it did not take.
    pub answer: Option<String>,
    /// When it was written.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was taken or given up.
    #[schema(value_type = Option<String>)]
    pub settled_at: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) body: String,
}

/// An endpoint as a person sees it: without its secret.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Listed {
    /// How it is spoken of.
    pub name: String,
    /// Where.
    pub url: String,
    /// What it wants; empty for everything.
    pub events: Vec<Event>,
    /// Deliveries that wait to be taken.
    pub waiting: i64,
    /// Deliveries that were given up.
    pub dead: i64,
}

/// Writes down which endpoints the settings name. A process does it when it starts to serve; all of an installation have the
/// same settings.
pub async fn subscribe(tx: &mut Tx, endpoints: &[Endpoint]) -> Result<Option<Recorded>> {
    let mut changed = store::unlist_others(tx, endpoints).await?;
    for endpoint in endpoints {
        changed |= store::list_endpoint(tx, endpoint).await?;
    }
    if !changed {
        return Ok(None);
    }
    let names: Vec<_> =
        endpoints.iter().map(|endpoint| json!({"name": endpoint.name, "events": endpoint.events})).collect();
    let entry = Entry::by_tanod("webhooks.configured").detail(json!({"endpoints": names}));
    audit::record(tx, entry).await.map(Some)
}

/// Tells every endpoint that wants it: one delivery each, in the transaction of what happened. `data` is what the receiver
/// reads under `data`; the case is added to it.
pub async fn send(tx: &mut Tx, event: Event, case: Option<CaseId>, data: &Value) -> Result<()> {
    for name in store::subscribed(tx, event).await? {
        write_to(tx, &name, event, case, data).await?;
    }
    Ok(())
}

/// Tells the one endpoint that was named for this, or every one that wants it.
pub async fn send_to(
    tx: &mut Tx,
    endpoint: Option<&str>,
    event: Event,
    case: Option<CaseId>,
    data: &Value,
) -> Result<()> {
    match endpoint {
        Some(name) if store::is_listed(tx, name).await? => write_to(tx, name, event, case, data).await,
        _ => send(tx, event, case, data).await,
    }
}

/// Whether the settings name this endpoint.
pub async fn is_listed(tx: &mut Tx, endpoint: &str) -> Result<bool> {
    store::is_listed(tx, endpoint).await
}

/// Whether an endpoint wants to hear of this.
pub async fn is_wanted(tx: &mut Tx, event: Event) -> Result<bool> {
    Ok(!store::subscribed(tx, event).await?.is_empty())
}

async fn write_to(tx: &mut Tx, endpoint: &str, event: Event, case: Option<CaseId>, data: &Value) -> Result<()> {
    let id: DeliveryId = tx.id();
    let mut data = data.clone();
    if let (Some(case), Some(fields)) = (case, data.as_object_mut()) {
        fields.entry("case").or_insert_with(|| case.to_string().into());
    }
    let body = body(event, tx.now(), &data);
    store::insert(tx, id, endpoint, event, case, &body).await?;
    queue::push(tx, &Work::SendWebhookV1 { delivery: id }, Duration::ZERO).await
}

/// What the receiver reads.
pub(crate) fn body(event: Event, at: Timestamp, data: &Value) -> String {
    json!({"type": event, "timestamp": at, "data": data}).to_string()
}

/// Sends a `ping` to every endpoint.
pub async fn ping(tx: &mut Tx, caller: &Caller) -> Result<(u64, Recorded)> {
    caller.require(Permission::ReplayWebhooks)?;
    let endpoints = store::endpoints(tx).await?;
    if endpoints.is_empty() {
        return Err((&NO_ENDPOINT).into());
    }
    let mut sent = 0;
    for endpoint in endpoints {
        write_to(tx, &endpoint.name, Event::Ping, None, &json!({})).await?;
        sent += 1;
    }
    Ok((sent, audit::record(tx, Entry::by(caller, "webhooks.pinged")).await?))
}

/// The endpoints, without their secrets.
pub async fn endpoints(tx: &mut Tx, caller: &Caller) -> Result<Vec<Listed>> {
    caller.require(Permission::ReadWebhooks)?;
    store::endpoints(tx).await
}

/// Deliveries, newest first.
pub async fn list(
    tx: &mut Tx,
    caller: &Caller,
    state: Option<State>,
    before: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    caller.require(Permission::ReadWebhooks)?;
    store::list(tx, state, before, limit).await
}

/// Sends a settled delivery again, under the same id.
pub async fn replay(tx: &mut Tx, caller: &Caller, id: DeliveryId) -> Result<(Delivery, Recorded)> {
    caller.require(Permission::ReplayWebhooks)?;
    let delivery = store::delivery(tx, id).await?.ok_or(&UNKNOWN_DELIVERY)?;
    if delivery.state == State::Waiting {
        return Err((&UNDER_WAY).into());
    }
    store::reopen(tx, id).await?;
    queue::revive(tx, &Work::SendWebhookV1 { delivery: id }).await?;
    let proof = audit::record(tx, entry(Entry::by(caller, "webhook.replayed"), &delivery)).await?;
    let delivery = store::delivery(tx, id).await?.ok_or(&UNKNOWN_DELIVERY)?;
    Ok((delivery, proof))
}

/// Endpoints that gave up a delivery since `since`.
pub async fn died_since(tx: &mut Tx, since: Timestamp) -> Result<Vec<String>> {
    store::died_since(tx, since).await
}

/// Forgets what was settled so long ago that nobody sends it again: bodies name accounts.
pub async fn forget(tx: &mut Tx) -> Result<u64> {
    let oldest = tx.now().checked_sub(KEPT_FOR).unwrap_or(Timestamp::UNIX_EPOCH);
    store::forget(tx, oldest).await
}

/// What became of one try.
enum Tried {
    Taken {
        status: u16,
    },
    /// Not now.
    Failed {
        status: Option<u16>,
        trouble: String,
        answer: Option<String>,
    },
    /// Never: the endpoint says so, or there is none.
    Never {
        status: Option<u16>,
        trouble: String,
    },
}

/// Writes down one try; answers after how long the next one is due, if there is one. Nothing happens when another worker
/// was faster.
async fn tried(tx: &mut Tx, delivery: &Delivery, tried: Tried) -> Result<(Option<Duration>, Recorded)> {
    let attempts = delivery.attempts + 1;
    let wait = usize::try_from(delivery.attempts).ok().and_then(|nth| WAITS.get(nth)).copied();
    let (state, status, trouble, answer) = match tried {
        Tried::Taken { status } => (State::Delivered, Some(status), None, None),
        Tried::Failed { status, trouble, answer } => {
            (if wait.is_some() { State::Waiting } else { State::Dead }, status, Some(trouble), answer)
        }
        Tried::Never { status, trouble } => (State::Dead, status, Some(trouble), None),
    };
    let wait = wait.filter(|_| state == State::Waiting);
    let now = tx.now();
    let next_at = wait.and_then(|wait| SignedDuration::try_from(wait).ok()).and_then(|wait| now.checked_add(wait).ok());
    let after = Delivery {
        state,
        attempts,
        next_at,
        status: status.map(i64::from),
        trouble,
        answer,
        settled_at: (state != State::Waiting).then_some(now),
        ..delivery.clone()
    };
    if !store::settle(tx, &after).await? {
        return Ok((None, Recorded::unrecorded("another worker wrote this try down")));
    }
    let kind = match state {
        State::Waiting => "webhook.failed",
        State::Delivered => "webhook.delivered",
        State::Dead => "webhook.died",
    };
    let proof = audit::record(tx, entry(Entry::by_tanod(kind), &after)).await?;
    if state == State::Dead {
        alarms::raise(tx, alarms::Kind::WebhookDead, &after.endpoint, None).await?;
    }
    Ok((wait, proof))
}

/// An entry about a delivery: its endpoint and event, never its body.
fn entry(entry: Entry, delivery: &Delivery) -> Entry {
    let detail = json!({
        "endpoint": delivery.endpoint, "event": as_word(&delivery.event), "attempts": delivery.attempts,
        "status": delivery.status, "trouble": delivery.trouble,
    });
    let entry = entry.about(delivery.id).detail(detail);
    match delivery.case {
        Some(case) => entry.case(case),
        None => entry,
    }
}

impl State {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];
}

impl From<State> for crate::store::Arg {
    fn from(state: State) -> Self {
        as_word(&state).into()
    }
}

/// JSON for a column.
fn text(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("writing an endpoint", error))
}
