//! Answers remembered under their Idempotency-Key.

use jiff::Timestamp;
use uuid::Uuid;

use super::{StoreError, Tx};

/// Body hash, status and answer of an earlier request, unless it is too old.
pub(crate) async fn find(
    tx: &mut Tx,
    caller: Uuid,
    route: &str,
    key: &str,
    oldest: Timestamp,
) -> Result<Option<(Vec<u8>, i64, String)>, StoreError> {
    // What is older than a day is forgotten at the next use of the same caller.
    tx.execute("DELETE FROM answers WHERE caller = $1 AND at < $2", &[caller.into(), oldest.into()]).await?;
    let row = tx
        .row(
            "SELECT body, status, answer FROM answers WHERE caller = $1 AND route = $2 AND key = $3",
            &[caller.into(), route.into(), key.into()],
        )
        .await?;
    row.map(|row| Ok((row.get("body")?, row.get("status")?, row.get("answer")?))).transpose()
}

pub(crate) async fn insert(
    tx: &mut Tx,
    caller: Uuid,
    route: &str,
    key: &str,
    body: &[u8],
    status: u16,
    answer: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO answers (caller, route, key, body, status, answer, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[caller.into(), route.into(), key.into(), body.into(), i64::from(status).into(), answer.into(), now.into()],
    )
    .await?;
    Ok(())
}
