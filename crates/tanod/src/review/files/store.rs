//! The SQL of the view of one file.

use super::super::store::{Read, read_case};
use crate::refusal::Result;
use crate::review::Case;
use crate::store::{CaseId, Tx};

/// Cases that are not dismissed and hold a copy of a file, oldest first.
pub(super) async fn with_file(tx: &mut Tx, sha256: &[u8], limit: i64) -> Result<Vec<Case>> {
    let rows = tx
        .rows(
            "SELECT * FROM cases WHERE state <> 'dismissed' AND id IN
                 (SELECT signals.case_id FROM signals JOIN items ON items.id = signals.item WHERE items.sha256 = $1)
             ORDER BY number LIMIT $2",
            &[sha256.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(read_case).collect::<Read<_>>()?)
}

/// Those of them that are not called viral yet.
pub(super) async fn with_file_not_viral(tx: &mut Tx, sha256: &[u8], limit: i64) -> Result<Vec<Case>> {
    let rows = tx
        .rows(
            "SELECT * FROM cases WHERE state <> 'dismissed' AND reasons NOT LIKE '%\"viral\"%' AND id IN
                 (SELECT signals.case_id FROM signals JOIN items ON items.id = signals.item WHERE items.sha256 = $1)
             ORDER BY number LIMIT $2",
            &[sha256.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(read_case).collect::<Read<_>>()?)
}

/// How many cases that are not dismissed hold a copy of a file, counted no further than `limit`.
pub(super) async fn count_with_file(tx: &mut Tx, sha256: &[u8], limit: i64) -> Result<i64> {
    let row = tx
        .row(
            "SELECT COUNT(*) AS n FROM (SELECT DISTINCT signals.case_id FROM signals
                 JOIN items ON items.id = signals.item JOIN cases ON cases.id = signals.case_id
                 WHERE items.sha256 = $1 AND cases.state <> 'dismissed' LIMIT $2) AS counted",
            &[sha256.into(), limit.into()],
        )
        .await?;
    Ok(row.map_or(Ok(0), |row| row.get("n"))?)
}

/// Whether a case rests on this file alone: no other file, no notice.
pub(super) async fn rests_on_file_alone(tx: &mut Tx, case: CaseId, sha256: &[u8]) -> Result<bool> {
    let row = tx
        .row(
            "SELECT signals.id FROM signals LEFT JOIN items ON items.id = signals.item
             WHERE signals.case_id = $1 AND (items.sha256 IS NULL OR items.sha256 <> $2) LIMIT 1",
            &[case.into(), sha256.into()],
        )
        .await?;
    Ok(row.is_none())
}

/// The same, beside one case.
pub(super) async fn count_others_with_file(tx: &mut Tx, sha256: &[u8], case: CaseId, limit: i64) -> Result<i64> {
    let row = tx
        .row(
            "SELECT COUNT(*) AS n FROM (SELECT DISTINCT signals.case_id FROM signals
                 JOIN items ON items.id = signals.item JOIN cases ON cases.id = signals.case_id
                 WHERE items.sha256 = $1 AND cases.state <> 'dismissed' AND cases.id <> $2 LIMIT $3) AS counted",
            &[sha256.into(), case.into(), limit.into()],
        )
        .await?;
    Ok(row.map_or(Ok(0), |row| row.get("n"))?)
}

/// Whether any case holds or held a copy of a file.
pub(super) async fn was_held(tx: &mut Tx, sha256: &[u8]) -> Result<bool> {
    let sql = "SELECT signals.id FROM signals JOIN items ON items.id = signals.item WHERE items.sha256 = $1 LIMIT 1";
    Ok(tx.row(sql, &[sha256.into()]).await?.is_some())
}
