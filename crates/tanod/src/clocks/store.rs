//! The SQL of clocks: they keep nothing of their own.

use jiff::{SignedDuration, Timestamp};

use crate::refusal::Result;
use crate::store::{CaseId, Row, StoreError, Tx};

type Read<T> = std::result::Result<T, StoreError>;

/// What a case says.
pub(super) struct Kept {
    pub(super) knowledge_at: Timestamp,
    pub(super) closed_at: Option<Timestamp>,
    pub(super) danger: bool,
}

pub(super) async fn case(tx: &mut Tx, id: CaseId) -> Result<Option<Kept>> {
    let sql = "SELECT knowledge_at, changed_at, state, priority FROM cases WHERE id = $1";
    let read = |row: &Row| -> Read<Kept> {
        let (state, priority): (String, i64) = (row.get("state")?, row.get("priority")?);
        let changed: Timestamp = row.get("changed_at")?;
        let closed_at = (state == "dismissed").then_some(changed);
        Ok(Kept { knowledge_at: row.get("knowledge_at")?, closed_at, danger: priority == 0 })
    };
    Ok(tx.row(sql, &[id.into()]).await?.as_ref().map(read).transpose()?)
}

/// What a notice says.
pub(super) struct Told {
    pub(super) at: Timestamp,
    pub(super) names_content: bool,
    pub(super) intimate_adult: bool,
    pub(super) authority: bool,
}

pub(super) async fn notices(tx: &mut Tx, case: CaseId) -> Result<Vec<Told>> {
    let sql = "SELECT kind, reason, content_ids, urls, received_at FROM notices WHERE case_id = $1";
    let read = |row: &Row| {
        let (kind, reason): (String, String) = (row.get("kind")?, row.get("reason")?);
        let (ids, urls): (Vec<String>, Vec<String>) = (row.json("content_ids")?, row.json("urls")?);
        Ok(Told {
            at: row.get("received_at")?,
            names_content: !ids.is_empty() || !urls.is_empty(),
            intimate_adult: reason == "intimate_adult",
            authority: kind == "police",
        })
    };
    let rows = tx.rows(sql, &[case.into()]).await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

/// When the oldest signal came that nothing has settled: no decision covers it, or one that waits for a second person; or the
/// report about it is not accepted.
pub(super) async fn unsettled_since(tx: &mut Tx, case: CaseId) -> Result<Option<Timestamp>> {
    let sql = "SELECT MIN(signals.at) AS at FROM signals LEFT JOIN decisions ON decisions.id = signals.decision
             LEFT JOIN reports ON reports.decision = signals.decision
         WHERE signals.case_id = $1 AND (signals.decision IS NULL OR decisions.approval IN ('asked', 'alone')
             OR reports.state IN ('waiting', 'filing', 'dead'))";
    let row = tx.row(sql, &[case.into()]).await?;
    let first: Option<Option<Timestamp>> = row.map(|row| row.get("at")).transpose()?;
    Ok(first.flatten())
}

/// When each signal came that is not found to be harmless.
pub(super) async fn signals(tx: &mut Tx, case: CaseId) -> Result<Vec<Timestamp>> {
    let sql = "SELECT signals.at AS at FROM signals LEFT JOIN decisions ON decisions.id = signals.decision
         WHERE signals.case_id = $1
             AND (signals.decision IS NULL OR decisions.outcome NOT IN ('no_violation', 'other_violation'))
         ORDER BY signals.at";
    Ok(tx.rows(sql, &[case.into()]).await?.iter().map(|row| row.get("at")).collect::<Read<_>>()?)
}

pub(super) async fn decided_at(tx: &mut Tx, case: CaseId) -> Result<Option<Timestamp>> {
    let row = tx.row("SELECT MIN(at) AS at FROM decisions WHERE case_id = $1", &[case.into()]).await?;
    let first: Option<Option<Timestamp>> = row.map(|row| row.get("at")).transpose()?;
    Ok(first.flatten())
}

/// Cases whose clocks may say something new: those at work, and those that changed within the longest limit.
pub(super) async fn ticking(tx: &mut Tx, after: Option<CaseId>, limit: i64) -> Result<Vec<CaseId>> {
    let since = tx.now().checked_sub(SignedDuration::from_hours(7 * 24)).unwrap_or(Timestamp::MIN);
    let sql = "SELECT id FROM cases WHERE (state NOT IN ('dismissed', 'reported') OR changed_at > $1)
         AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
    let rows = tx.rows(sql, &[since.into(), after.into(), limit.into()]).await?;
    Ok(rows.iter().map(|row| row.get("id")).collect::<Read<_>>()?)
}
