//! The SQL of what the platform was asked and what it answered.

use std::collections::HashMap;

use super::{Context, Part, Standing, State, Version};
use crate::refusal::{Error, Result};
use crate::store::{CaseId, ContextId, ObjectId, Row, StoreError, Tx, as_word, uuids};

type Read<T> = std::result::Result<T, StoreError>;

fn read_standing(row: &Row) -> Read<Standing> {
    Ok(Standing {
        state: row.word("state")?,
        asked_at: row.get("asked_at")?,
        due_at: row.get("due_at")?,
        received_at: row.get("received_at")?,
        asks: row.get("asks")?,
    })
}

pub(super) async fn standing(tx: &mut Tx, case: CaseId) -> Result<Option<Standing>> {
    let row = tx.row("SELECT * FROM context_requests WHERE case_id = $1", &[case.into()]).await?;
    Ok(row.as_ref().map(read_standing).transpose()?)
}

/// The same of many cases.
pub(super) async fn standing_of(tx: &mut Tx, cases: &[CaseId]) -> Result<HashMap<CaseId, Standing>> {
    let rows = tx.rows_of("SELECT * FROM context_requests WHERE case_id IN IDS", &[], &uuids(cases)).await?;
    Ok(rows.iter().map(|row| Ok((row.get("case_id")?, read_standing(row)?))).collect::<Read<_>>()?)
}

/// Begins to ask, from the beginning.
pub(super) async fn ask(tx: &mut Tx, case: CaseId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO context_requests (case_id, state, asked_at, asks) VALUES ($1, 'asked', $2, 0)
         ON CONFLICT (case_id) DO UPDATE SET state = 'asked', asked_at = excluded.asked_at, asks = 0, due_at = NULL",
        &[case.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Writes down that the platform was asked once more.
pub(super) async fn asked(tx: &mut Tx, case: CaseId, due_at: jiff::Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE context_requests SET asks = asks + 1, due_at = $1 WHERE case_id = $2",
        &[due_at.into(), case.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_state(tx: &mut Tx, case: CaseId, state: State) -> Result<()> {
    tx.execute("UPDATE context_requests SET state = $1 WHERE case_id = $2", &[as_word(&state).into(), case.into()])
        .await?;
    Ok(())
}

pub(super) async fn set_received(tx: &mut Tx, case: CaseId, state: State) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO context_requests (case_id, state, asked_at, asks, received_at) VALUES ($1, $2, $3, 0, $3)
         ON CONFLICT (case_id) DO UPDATE SET state = excluded.state, received_at = excluded.received_at",
        &[case.into(), as_word(&state).into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Keeps others from answering about this case until the commit.
pub(super) async fn lock(tx: &mut Tx, case: CaseId) -> Result<()> {
    let sql = tx.dialect("SELECT id FROM cases WHERE id = $1", "SELECT id FROM cases WHERE id = $1 FOR UPDATE");
    tx.row(sql, &[case.into()]).await?;
    Ok(())
}

/// Whether a case was closed without a report; nothing when there is no such case.
pub(super) async fn is_dismissed(tx: &mut Tx, case: CaseId) -> Result<Option<bool>> {
    let row = tx.row("SELECT state FROM cases WHERE id = $1", &[case.into()]).await?;
    let state: Option<String> = row.map(|row| row.get("state")).transpose()?;
    Ok(state.map(|state| state == "dismissed"))
}

/// What a request says about its case.
pub(super) struct Asked {
    pub(super) number: i64,
    pub(super) account: Option<String>,
    pub(super) content_ids: Vec<String>,
    /// What its notices say where it can be seen.
    pub(super) urls: Vec<String>,
}

pub(super) async fn about(tx: &mut Tx, case: CaseId) -> Result<Option<Asked>> {
    let Some(row) = tx.row("SELECT number, account FROM cases WHERE id = $1", &[case.into()]).await? else {
        return Ok(None);
    };
    let rows = tx
        .rows(
            "SELECT items.content_id FROM signals JOIN items ON items.id = signals.item WHERE signals.case_id = $1
             UNION SELECT content_id FROM streams WHERE case_id = $1 ORDER BY content_id LIMIT 1000",
            &[case.into()],
        )
        .await?;
    let mut content_ids = rows.iter().map(|row| row.get("content_id")).collect::<Read<Vec<String>>>()?;
    let sql = "SELECT content_ids, urls FROM notices WHERE case_id = $1 ORDER BY id DESC LIMIT 100";
    let mut urls = Vec::new();
    for told in tx.rows(sql, &[case.into()]).await? {
        content_ids.extend(told.json::<Vec<String>>("content_ids")?);
        urls.extend(told.json::<Vec<String>>("urls")?);
    }
    for list in [&mut content_ids, &mut urls] {
        list.sort_unstable();
        list.dedup();
        list.truncate(1_000);
    }
    Ok(Some(Asked { number: row.get("number")?, account: row.get("account")?, content_ids, urls }))
}

pub(super) async fn insert(
    tx: &mut Tx,
    case: CaseId,
    version: &Version,
    object: ObjectId,
    sha256: &[u8],
    context: &Context,
) -> Result<()> {
    let text = |value: serde_json::Result<String>| value.map_err(|error| Error::internal("writing a context", error));
    tx.execute(
        "INSERT INTO contexts (id, case_id, version, object, sha256, bytes, parts, body, by_key, received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            version.id.into(),
            case.into(),
            version.version.into(),
            object.into(),
            sha256.into(),
            version.bytes.into(),
            text(serde_json::to_string(&version.parts))?.into(),
            // PostgreSQL takes no NUL in a text; the sealed body has it as it came.
            text(serde_json::to_string(context))?.replace("\\u0000", " ").into(),
            version.by.as_str().into(),
            version.received_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What was read of each answer, oldest first.
pub(super) async fn bodies(tx: &mut Tx, case: CaseId) -> Result<Vec<Context>> {
    let rows = tx
        .rows("SELECT body FROM contexts WHERE case_id = $1 AND body IS NOT NULL ORDER BY version", &[case.into()])
        .await?;
    Ok(rows.iter().map(|row| row.json("body")).collect::<Read<_>>()?)
}

/// The same of many cases, each with its case.
pub(super) async fn bodies_of(tx: &mut Tx, cases: &[CaseId]) -> Result<Vec<(CaseId, Context)>> {
    let sql = "SELECT case_id, body FROM contexts WHERE body IS NOT NULL AND case_id IN IDS ORDER BY version";
    let rows = tx.rows_of(sql, &[], &uuids(cases)).await?;
    Ok(rows.iter().map(|row| Ok((row.get("case_id")?, row.json("body")?))).collect::<Read<_>>()?)
}

pub(super) async fn versions(tx: &mut Tx, case: CaseId) -> Result<Vec<Version>> {
    let rows = tx
        .rows(
            "SELECT id, version, parts, sha256, bytes, by_key, received_at FROM contexts
             WHERE case_id = $1 ORDER BY version",
            &[case.into()],
        )
        .await?;
    let version = |row: &Row| {
        Ok(Version {
            id: row.get("id")?,
            version: row.get("version")?,
            parts: row.json::<Vec<Part>>("parts")?,
            sha256: hex::encode(row.get::<Vec<u8>>("sha256")?),
            bytes: row.get("bytes")?,
            by: row.get("by_key")?,
            received_at: row.get("received_at")?,
        })
    };
    Ok(rows.iter().map(version).collect::<Read<_>>()?)
}

pub(super) async fn sealed(tx: &mut Tx, id: ContextId) -> Result<Option<ObjectId>> {
    let row = tx.row("SELECT object FROM contexts WHERE id = $1 AND destroyed_at IS NULL", &[id.into()]).await?;
    Ok(row.map(|row| row.get("object")).transpose()?)
}

/// The sealed answers about a case, with digest and size.
pub(super) async fn living(tx: &mut Tx, case: CaseId) -> Result<Vec<(ObjectId, String, i64)>> {
    let rows = tx
        .rows("SELECT object, sha256, bytes FROM contexts WHERE case_id = $1 AND destroyed_at IS NULL", &[case.into()])
        .await?;
    let living = |row: &Row| Ok((row.get("object")?, hex::encode(row.get::<Vec<u8>>("sha256")?), row.get("bytes")?));
    Ok(rows.iter().map(living).collect::<Read<_>>()?)
}

/// Takes what was read of the answers.
pub(super) async fn destroy(tx: &mut Tx, case: CaseId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE contexts SET body = NULL, destroyed_at = $1 WHERE case_id = $2 AND destroyed_at IS NULL",
        &[now.into(), case.into()],
    )
    .await?;
    Ok(())
}
