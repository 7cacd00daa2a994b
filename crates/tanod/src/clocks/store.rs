//! The SQL of clocks: they keep nothing of their own.

use jiff::{SignedDuration, Timestamp};

use super::FiledWith;
use crate::actions::Kind;
use crate::refusal::Result;
use crate::reporting::Elsewhere;
use crate::store::{CaseId, Row, StoreError, Tx, uuids};

type Read<T> = std::result::Result<T, StoreError>;

/// What a case says.
pub(super) struct Kept {
    pub(super) knowledge_at: Timestamp,
    pub(super) closed_at: Option<Timestamp>,
    pub(super) danger: bool,
}

pub(super) async fn cases(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<(CaseId, Kept)>> {
    let sql = "SELECT id, knowledge_at, changed_at, state, priority FROM cases WHERE id IN IDS";
    let read = |row: &Row| {
        let (state, priority): (String, i64) = (row.get("state")?, row.get("priority")?);
        let changed: Timestamp = row.get("changed_at")?;
        let closed_at = (state == "dismissed").then_some(changed);
        Ok((row.get("id")?, Kept { knowledge_at: row.get("knowledge_at")?, closed_at, danger: priority == 0 }))
    };
    Ok(tx.rows_of(sql, &[], &uuids(ids)).await?.iter().map(read).collect::<Read<_>>()?)
}

/// What a notice says.
pub(super) struct Told {
    pub(super) at: Timestamp,
    pub(super) names_content: bool,
    pub(super) intimate_adult: bool,
    pub(super) authority: bool,
}

pub(super) async fn notices(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<(CaseId, Told)>> {
    let sql = "SELECT case_id, kind, reason, content_ids, urls, received_at FROM notices WHERE case_id IN IDS";
    let read = |row: &Row| {
        let (kind, reason): (String, String) = (row.get("kind")?, row.get("reason")?);
        let (ids, urls): (Vec<String>, Vec<String>) = (row.json("content_ids")?, row.json("urls")?);
        let told = Told {
            at: row.get("received_at")?,
            names_content: !ids.is_empty() || !urls.is_empty(),
            intimate_adult: reason == "intimate_adult",
            authority: kind == "police",
        };
        Ok((row.get("case_id")?, told))
    };
    Ok(tx.rows_of(sql, &[], &uuids(ids)).await?.iter().map(read).collect::<Read<_>>()?)
}

/// What the platform says it did.
pub(super) async fn acknowledged(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<(CaseId, Kind, Option<Timestamp>)>> {
    let sql = "SELECT case_id, kind, settled_at FROM actions WHERE state = 'acknowledged' AND case_id IN IDS";
    let read = |row: &Row| Ok((row.get("case_id")?, row.word("kind")?, row.get("settled_at")?));
    Ok(tx.rows_of(sql, &[], &uuids(ids)).await?.iter().map(read).collect::<Read<_>>()?)
}

/// A report: whose, when it was finished, and if by hand, with whom it was filed and what came later than it covers.
type Finished = (CaseId, Timestamp, Option<(String, Timestamp)>);

/// Reports that are finished.
pub(super) async fn finished(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<Finished>> {
    let sql = "SELECT case_id, finished_at, elsewhere, created_at FROM reports
         WHERE state = 'finished' AND finished_at IS NOT NULL AND case_id IN IDS";
    let read = |row: &Row| {
        let elsewhere: Option<String> = row.get("elsewhere")?;
        let elsewhere: Option<Elsewhere> = elsewhere
            .map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Unreadable("elsewhere".to_owned())))
            .transpose()?;
        let covers: Timestamp = row.get("created_at")?;
        let by_hand = elsewhere.map(|elsewhere| (elsewhere.authority, covers));
        Ok((row.get("case_id")?, row.get("finished_at")?, by_hand))
    };
    Ok(tx.rows_of(sql, &[], &uuids(ids)).await?.iter().map(read).collect::<Read<_>>()?)
}

/// When the oldest signal came that nothing has settled: no decision covers it, or one that waits for a second person; or the
/// report about it is not accepted.
pub(super) async fn unsettled(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<(CaseId, Timestamp)>> {
    let sql = "SELECT signals.case_id, MIN(signals.at) AS at FROM signals
             LEFT JOIN decisions ON decisions.id = signals.decision
             LEFT JOIN reports ON reports.decision = signals.decision
         WHERE (signals.decision IS NULL OR decisions.approval IN ('asked', 'alone')
             OR reports.state IN ('waiting', 'filing', 'dead')) AND signals.case_id IN IDS GROUP BY signals.case_id";
    pairs(&tx.rows_of(sql, &[], &uuids(ids)).await?)
}

/// When each signal came that is not found to be harmless, the oldest first.
pub(super) async fn signals(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<(CaseId, Timestamp)>> {
    let sql = "SELECT signals.case_id, signals.at FROM signals LEFT JOIN decisions ON decisions.id = signals.decision
         WHERE (signals.decision IS NULL OR decisions.outcome NOT IN ('no_violation', 'other_violation'))
             AND signals.case_id IN IDS ORDER BY signals.at";
    pairs(&tx.rows_of(sql, &[], &uuids(ids)).await?)
}

/// What was told to other authorities beside the reports.
pub(super) async fn filings(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<(CaseId, FiledWith)>> {
    let sql = "SELECT case_id, authority, at, written_at FROM filings WHERE case_id IN IDS ORDER BY at, id";
    let read = |row: &Row| {
        let filed = FiledWith { authority: row.get("authority")?, at: row.get("at")?, covers: row.get("written_at")? };
        Ok((row.get("case_id")?, filed))
    };
    Ok(tx.rows_of(sql, &[], &uuids(ids)).await?.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn decided(tx: &mut Tx, ids: &[CaseId]) -> Result<Vec<(CaseId, Timestamp)>> {
    let sql = "SELECT case_id, MIN(at) AS at FROM decisions WHERE case_id IN IDS GROUP BY case_id";
    pairs(&tx.rows_of(sql, &[], &uuids(ids)).await?)
}

fn pairs(rows: &[Row]) -> Result<Vec<(CaseId, Timestamp)>> {
    Ok(rows.iter().map(|row| Ok((row.get("case_id")?, row.get("at")?))).collect::<Read<_>>()?)
}

/// A case on the round over the clocks.
pub(super) struct Ticking {
    pub(super) case: CaseId,
    /// The next open deadline as it was found last.
    pub(super) due_at: Option<Timestamp>,
}

/// Cases whose clocks may say something new: those at work, and those that changed within the longest limit.
pub(super) async fn ticking(tx: &mut Tx, after: Option<CaseId>, limit: i64) -> Result<Vec<Ticking>> {
    let since = tx.now().checked_sub(SignedDuration::from_hours(7 * 24)).unwrap_or(Timestamp::MIN);
    let sql = "SELECT id, due_at FROM cases WHERE (state NOT IN ('dismissed', 'reported') OR changed_at > $1)
         AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3";
    let rows = tx.rows(sql, &[since.into(), after.into(), limit.into()]).await?;
    Ok(rows.iter().map(|row| Ok(Ticking { case: row.get("id")?, due_at: row.get("due_at")? })).collect::<Read<_>>()?)
}
