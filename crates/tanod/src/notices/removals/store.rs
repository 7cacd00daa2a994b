//! The SQL of requests to remove an adult's intimate picture.

use jiff::Timestamp;

use super::{Kept, State};
use crate::refusal::Result;
use crate::store::{NoticeId, Row, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

pub(super) async fn insert(tx: &mut Tx, notice: NoticeId, state: State, due_at: Timestamp) -> Result<()> {
    let settled = (!state.runs()).then_some(tx.now());
    tx.execute(
        "INSERT INTO removals (notice, state, due_at, settled_at) VALUES ($1, $2, $3, $4)",
        &[notice.into(), as_word(&state).into(), due_at.into(), settled.into()],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Read<Kept> {
    Ok(Kept {
        state: row.word("state")?,
        due_at: row.get("due_at")?,
        asked_at: row.get("asked_at")?,
        settled_at: row.get("settled_at")?,
        reason: row.get("reason")?,
        by: row.get("by_whom")?,
    })
}

pub(super) async fn find(tx: &mut Tx, notice: NoticeId) -> Result<Option<Kept>> {
    let row = tx.row("SELECT * FROM removals WHERE notice = $1", &[notice.into()]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

pub(super) async fn locked(tx: &mut Tx, notice: NoticeId) -> Result<Option<Kept>> {
    let sql =
        tx.dialect("SELECT * FROM removals WHERE notice = $1", "SELECT * FROM removals WHERE notice = $1 FOR UPDATE");
    let row = tx.row(sql, &[notice.into()]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

pub(super) async fn queue(
    tx: &mut Tx,
    state: Option<State>,
    after: Option<NoticeId>,
    limit: i64,
) -> Result<Vec<NoticeId>> {
    let after = match after {
        Some(id) => find(tx, id).await?.map(|kept| (kept.due_at.as_microsecond(), id.0)),
        None => None,
    };
    let (due, id) = after.unwrap_or((i64::MIN, uuid::Uuid::nil()));
    let state = state.as_ref().map(as_word);
    let rows = tx
        .rows(
            "SELECT notice FROM removals WHERE ($1 IS NULL OR state = $1) AND (due_at > $2 OR (due_at = $2 AND notice > $3))
             ORDER BY due_at, notice LIMIT $4",
            &[state.into(), due.into(), id.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("notice")).collect::<Read<_>>()?)
}

/// Requests whose time runs.
pub(super) async fn running(tx: &mut Tx) -> Result<Vec<NoticeId>> {
    let rows = tx.rows("SELECT notice FROM removals WHERE state IN ('open', 'asked') ORDER BY due_at", &[]).await?;
    Ok(rows.iter().map(|row| row.get("notice")).collect::<Read<_>>()?)
}

pub(super) async fn settle(tx: &mut Tx, notice: NoticeId, state: State, reason: &str, by: &str) -> Result<()> {
    let now = tx.now();
    let asked = (state == State::Asked).then_some(now);
    let settled = (!state.runs()).then_some(now);
    tx.execute(
        "UPDATE removals SET state = $1, reason = $2, by_whom = $3, asked_at = COALESCE(asked_at, $4), settled_at = $5
         WHERE notice = $6",
        &[as_word(&state).into(), reason.into(), by.into(), asked.into(), settled.into(), notice.into()],
    )
    .await?;
    Ok(())
}

/// The files that came in under a content id of the platform.
pub(super) async fn files_of(tx: &mut Tx, content: &str) -> Result<Vec<[u8; 32]>> {
    let rows = tx.rows("SELECT DISTINCT sha256 FROM items WHERE content_id = $1 LIMIT 100", &[content.into()]).await?;
    let read =
        |row: &Row| row.get::<Vec<u8>>("sha256")?.try_into().map_err(|_| StoreError::Unreadable("sha256".to_owned()));
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

/// The platform's content ids of every upload with these very bytes; what came with notices has none.
pub(super) async fn copies(tx: &mut Tx, sha256: &[u8; 32]) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT content_id FROM items WHERE sha256 = $1
         AND NOT EXISTS (SELECT 1 FROM notice_items WHERE notice_items.item = items.id) ORDER BY content_id LIMIT 10000";
    let rows = tx.rows(sql, &[sha256.as_slice().into()]).await?;
    Ok(rows.iter().map(|row| row.get("content_id")).collect::<Read<_>>()?)
}
