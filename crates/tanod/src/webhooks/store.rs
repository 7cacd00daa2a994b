//! The SQL of endpoints and deliveries.

use jiff::Timestamp;

use super::{Delivery, Endpoint, Event, Listed, State, text};
use crate::refusal::Result;
use crate::store::{CaseId, DeliveryId, Row, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

/// Takes endpoints off the list that the settings do not name. True when there was one.
pub(super) async fn unlist_others(tx: &mut Tx, endpoints: &[Endpoint]) -> Result<bool> {
    let now = tx.now();
    let mut changed = false;
    for row in tx.rows("SELECT name FROM webhooks WHERE listed", &[]).await? {
        let name: String = row.get("name")?;
        if endpoints.iter().all(|endpoint| endpoint.name != name) {
            tx.execute(
                "UPDATE webhooks SET listed = FALSE, changed_at = $1 WHERE name = $2",
                &[now.into(), name.into()],
            )
            .await?;
            changed = true;
        }
    }
    Ok(changed)
}

/// Puts an endpoint on the list. True when something about it is new.
pub(super) async fn list_endpoint(tx: &mut Tx, endpoint: &Endpoint) -> Result<bool> {
    let (now, events) = (tx.now(), text(&endpoint.events)?);
    let touched = tx
        .execute(
            "INSERT INTO webhooks (name, url, events, listed, changed_at) VALUES ($1, $2, $3, TRUE, $4)
             ON CONFLICT (name) DO UPDATE SET url = excluded.url, events = excluded.events, listed = TRUE,
                 changed_at = excluded.changed_at
             WHERE NOT webhooks.listed OR webhooks.url <> excluded.url OR webhooks.events <> excluded.events",
            &[endpoint.name.as_str().into(), endpoint.url.as_str().into(), events.into(), now.into()],
        )
        .await?;
    Ok(touched > 0)
}

pub(super) async fn is_listed(tx: &mut Tx, name: &str) -> Result<bool> {
    Ok(tx.row("SELECT name FROM webhooks WHERE listed AND name = $1", &[name.into()]).await?.is_some())
}

/// Names of the endpoints that want an event.
pub(super) async fn subscribed(tx: &mut Tx, event: Event) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for row in tx.rows("SELECT name, events FROM webhooks WHERE listed ORDER BY name", &[]).await? {
        // Read word by word: an event of a newer release does not take the others away.
        let events: Vec<serde_json::Value> = row.json("events")?;
        if events.is_empty() || events.iter().any(|known| *known == as_word(&event)) {
            names.push(row.get("name")?);
        }
    }
    Ok(names)
}

pub(super) async fn endpoints(tx: &mut Tx) -> Result<Vec<Listed>> {
    let rows = tx
        .rows(
            "SELECT name, url, events,
                 (SELECT COUNT(*) FROM deliveries WHERE endpoint = webhooks.name AND state = 'waiting') AS waiting,
                 (SELECT COUNT(*) FROM deliveries WHERE endpoint = webhooks.name AND state = 'dead') AS dead
             FROM webhooks WHERE listed ORDER BY name",
            &[],
        )
        .await?;
    let listed = |row: &Row| {
        Ok(Listed {
            name: row.get("name")?,
            url: row.get("url")?,
            events: row.json("events")?,
            waiting: row.get("waiting")?,
            dead: row.get("dead")?,
        })
    };
    Ok(rows.iter().map(listed).collect::<Read<_>>()?)
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: DeliveryId,
    endpoint: &str,
    event: Event,
    case: Option<CaseId>,
    body: &str,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO deliveries (id, endpoint, event, case_id, body, state, attempts, next_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $7)",
        &[
            id.into(),
            endpoint.into(),
            as_word(&event).into(),
            case.into(),
            body.into(),
            State::Waiting.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Read<Delivery> {
    Ok(Delivery {
        id: row.get("id")?,
        endpoint: row.get("endpoint")?,
        event: row.word("event")?,
        case: row.get("case_id")?,
        state: row.word("state")?,
        attempts: row.get("attempts")?,
        next_at: row.get("next_at")?,
        status: row.get("status")?,
        trouble: row.get("trouble")?,
        answer: row.get("answer")?,
        created_at: row.get("created_at")?,
        settled_at: row.get("settled_at")?,
        body: row.get("body")?,
    })
}

pub(super) async fn delivery(tx: &mut Tx, id: DeliveryId) -> Result<Option<Delivery>> {
    let row = tx.row("SELECT * FROM deliveries WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

pub(super) async fn list(
    tx: &mut Tx,
    state: Option<State>,
    before: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    let state = state.as_ref().map(as_word);
    let rows = tx
        .rows(
            "SELECT * FROM deliveries WHERE id < $1 AND ($2 IS NULL OR state = $2) ORDER BY id DESC LIMIT $3",
            &[before.into(), state.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn reopen(tx: &mut Tx, id: DeliveryId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE deliveries SET state = $1, attempts = 0, next_at = $2, trouble = NULL, answer = NULL, settled_at = NULL
         WHERE id = $3",
        &[State::Waiting.into(), now.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// Writes down a try. False when another worker wrote down the same one.
pub(super) async fn settle(tx: &mut Tx, after: &Delivery) -> Result<bool> {
    let touched = tx
        .execute(
            "UPDATE deliveries SET state = $1, attempts = $2, next_at = $3, status = $4, trouble = $5, answer = $6,
                 settled_at = $7
             WHERE id = $8 AND state = 'waiting' AND attempts = $9",
            &[
                after.state.into(),
                after.attempts.into(),
                after.next_at.into(),
                after.status.into(),
                after.trouble.as_deref().into(),
                after.answer.as_deref().into(),
                after.settled_at.into(),
                after.id.into(),
                (after.attempts - 1).into(),
            ],
        )
        .await?;
    Ok(touched == 1)
}

pub(super) async fn died_since(tx: &mut Tx, since: Timestamp) -> Result<Vec<String>> {
    let rows = tx
        .rows(
            "SELECT DISTINCT endpoint FROM deliveries WHERE state = 'dead' AND settled_at > $1 ORDER BY endpoint",
            &[since.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("endpoint")).collect::<Read<_>>()?)
}

pub(super) async fn forget(tx: &mut Tx, oldest: Timestamp) -> Result<u64> {
    Ok(tx.execute("DELETE FROM deliveries WHERE state <> 'waiting' AND settled_at < $1", &[oldest.into()]).await?)
}
