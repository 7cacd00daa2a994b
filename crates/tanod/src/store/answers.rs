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
    let row = tx
        .row(
            "SELECT body, status, answer FROM answers WHERE caller = $1 AND route = $2 AND key = $3 AND at >= $4",
            &[caller.into(), route.into(), key.into(), oldest.into()],
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
    oldest: Timestamp,
) -> Result<(), StoreError> {
    let now = tx.now();
    let written = tx
        .execute(
            // One that is too old to be found makes room. A younger one was written by another process since we looked:
            // what it answers is done, and must not be done again.
            "INSERT INTO answers (caller, route, key, body, status, answer, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (caller, route, key) DO UPDATE SET
                 body = excluded.body, status = excluded.status, answer = excluded.answer, at = excluded.at
             WHERE answers.at < $8",
            &[
                caller.into(),
                route.into(),
                key.into(),
                body.into(),
                i64::from(status).into(),
                answer.into(),
                now.into(),
                oldest.into(),
            ],
        )
        .await?;
    if written == 1 { Ok(()) } else { Err(StoreError::Overtaken) }
}

/// Forgets what is older than that.
pub(crate) async fn forget(tx: &mut Tx, oldest: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM answers WHERE at < $1", &[oldest.into()]).await
}
