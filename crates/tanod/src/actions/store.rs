//! The SQL of actions.

use super::{Action, Delay, Facts, Notice, State, Target, Waits};
use crate::refusal::{Error, Result};
use crate::store::{ActionId, CaseId, Row, StoreError, Tx, as_word, word};

type Read<T> = std::result::Result<T, StoreError>;

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("writing an action", error))
}

pub(super) async fn insert(tx: &mut Tx, action: &Action) -> Result<()> {
    let delay = action.delay.as_ref().map(json).transpose()?;
    tx.execute(
        "INSERT INTO actions (id, case_id, kind, state, target, permanent, undo_of, notice, delay, reason, asked_by,
             asked_at, requests)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)",
        &[
            action.id.into(),
            action.case.into(),
            as_word(&action.kind).into(),
            as_word(&action.state).into(),
            json(&action.target)?.into(),
            action.permanent.into(),
            action.undo_of.into(),
            action.notice.as_ref().map(as_word).into(),
            delay.into(),
            action.reason.as_str().into(),
            action.asked_by.as_str().into(),
            action.asked_at.into(),
        ],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Read<Action> {
    let unreadable = |name: &str| StoreError::Unreadable(name.to_owned());
    let delay: Option<String> = row.get("delay")?;
    let delay: Option<Delay> =
        delay.map(|text| serde_json::from_str(&text).map_err(|_| unreadable("delay"))).transpose()?;
    let notice: Option<String> = row.get("notice")?;
    let notice: Option<Notice> = notice.map(|text| word(&text).ok_or_else(|| unreadable("notice"))).transpose()?;
    let waits: Option<String> = row.get("waits_for")?;
    Ok(Action {
        id: row.get("id")?,
        case: row.get("case_id")?,
        kind: row.word("kind")?,
        state: row.word("state")?,
        target: row.json::<Target>("target")?,
        permanent: row.get("permanent")?,
        undo_of: row.get("undo_of")?,
        notice,
        delay,
        reason: row.get("reason")?,
        asked_by: row.get("asked_by")?,
        asked_at: row.get("asked_at")?,
        waits_for: waits.and_then(|text| word(&text)),
        requests: row.get("requests")?,
        sent_at: row.get("sent_at")?,
        requested_at: row.get("requested_at")?,
        settled_at: row.get("settled_at")?,
        settled_by: row.get("settled_by")?,
        note: row.get("note")?,
    })
}

/// The action, locked to the end of the transaction: nobody settles it while it is sent.
pub(super) async fn action(tx: &mut Tx, id: ActionId) -> Result<Option<Action>> {
    let sql = tx.dialect("SELECT * FROM actions WHERE id = $1", "SELECT * FROM actions WHERE id = $1 FOR UPDATE");
    let row = tx.row(sql, &[id.into()]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

pub(super) async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<Action>> {
    let rows = tx.rows("SELECT * FROM actions WHERE case_id = $1 ORDER BY id", &[case.into()]).await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn list(
    tx: &mut Tx,
    state: Option<State>,
    case: Option<CaseId>,
    before: Option<ActionId>,
    limit: i64,
) -> Result<Vec<Action>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    let state = state.as_ref().map(as_word);
    let rows = tx
        .rows(
            "SELECT * FROM actions WHERE id < $1 AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR case_id = $3)
             ORDER BY id DESC LIMIT $4",
            &[before.into(), state.into(), case.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

/// Whether another action undoes this one.
pub(super) async fn is_undone(tx: &mut Tx, id: ActionId) -> Result<bool> {
    let row = tx
        .row("SELECT id FROM actions WHERE undo_of = $1 AND state NOT IN ('failed', 'cancelled')", &[id.into()])
        .await?;
    Ok(row.is_some())
}

pub(super) async fn set_waits(tx: &mut Tx, id: ActionId, waits: Waits) -> Result<()> {
    tx.execute("UPDATE actions SET waits_for = $1 WHERE id = $2", &[as_word(&waits).into(), id.into()]).await?;
    Ok(())
}

pub(super) async fn set_delay(tx: &mut Tx, id: ActionId, delay: &Delay) -> Result<()> {
    tx.execute("UPDATE actions SET delay = $1 WHERE id = $2", &[json(delay)?.into(), id.into()]).await?;
    Ok(())
}

/// Writes down that the platform was asked.
pub(super) async fn sent(tx: &mut Tx, action: &Action) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE actions SET state = 'sent', waits_for = NULL, requests = requests + 1, requested_at = $1,
             sent_at = COALESCE(sent_at, $1)
         WHERE id = $2 AND state IN ('waiting', 'sent')",
        &[now.into(), action.id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn settle(tx: &mut Tx, id: ActionId, state: State, by: &str, note: Option<&str>) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE actions SET state = $1, settled_at = $2, settled_by = $3, note = $4, waits_for = NULL WHERE id = $5",
        &[as_word(&state).into(), now.into(), by.into(), note.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// What an action about a case is aimed at when nothing else is said.
pub(super) async fn facts(tx: &mut Tx, case: CaseId) -> Result<Option<Facts>> {
    let Some(row) = tx.row("SELECT number, account FROM cases WHERE id = $1", &[case.into()]).await? else {
        return Ok(None);
    };
    let rows = tx
        .rows(
            "SELECT DISTINCT items.content_id, items.sha256 FROM signals JOIN items ON items.id = signals.item
             WHERE signals.case_id = $1 ORDER BY items.content_id, items.sha256 LIMIT 1000",
            &[case.into()],
        )
        .await?;
    let streams = tx.rows("SELECT DISTINCT content_id FROM streams WHERE case_id = $1", &[case.into()]).await?;
    let (mut content_ids, mut sha256) = (Vec::new(), Vec::new());
    for row in &rows {
        content_ids.push(row.get::<String>("content_id")?);
        sha256.push(hex::encode(row.get::<Vec<u8>>("sha256")?));
    }
    content_ids.extend(streams.iter().map(|row| row.get("content_id")).collect::<Read<Vec<String>>>()?);
    content_ids.sort_unstable();
    content_ids.dedup();
    sha256.sort_unstable();
    sha256.dedup();
    Ok(Some(Facts { number: row.get("number")?, account: row.get("account")?, content_ids, sha256 }))
}

/// Whether a child may be in danger now, and whether the case is closed without a report.
pub(super) async fn urgency(tx: &mut Tx, case: CaseId) -> Result<(bool, bool)> {
    let row = tx.row("SELECT priority, state FROM cases WHERE id = $1", &[case.into()]).await?;
    let Some(row) = row else { return Ok((false, false)) };
    Ok((row.get::<i64>("priority")? == 0, row.get::<String>("state")? == "dismissed"))
}
