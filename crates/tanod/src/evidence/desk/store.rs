//! The SQL of what a lead must know of.

use jiff::Timestamp;

use super::super::store::{read_hold, read_release};
use super::{AtCounsel, Numbered};
use crate::evidence::{Hold, Release};
use crate::refusal::Result;
use crate::store::{CaseId, ItemId, Row, StoreError, Tx};

type Read<T> = std::result::Result<T, StoreError>;

fn numbered<T>(rows: &[Row], read: impl Fn(&Row) -> Read<T>) -> Result<Vec<Numbered<T>>> {
    let one = |row: &Row| Ok(Numbered { case: row.get("case_id")?, number: row.get("number")?, what: read(row)? });
    Ok(rows.iter().map(one).collect::<Read<_>>()?)
}

pub(super) async fn waiting(tx: &mut Tx, most: i64) -> Result<Vec<Numbered<Release>>> {
    let rows = tx
        .rows(
            "SELECT releases.*, cases.number FROM releases JOIN cases ON cases.id = releases.case_id
             WHERE answered_at IS NULL ORDER BY releases.id LIMIT $1",
            &[most.into()],
        )
        .await?;
    numbered(&rows, read_release)
}

pub(super) async fn counsel(tx: &mut Tx, most: i64) -> Result<Vec<Numbered<AtCounsel>>> {
    let rows = tx
        .rows(
            "SELECT counsel.*, cases.number FROM counsel JOIN cases ON cases.id = counsel.case_id
             ORDER BY since, case_id LIMIT $1",
            &[most.into()],
        )
        .await?;
    numbered(&rows, |row| Ok(AtCounsel { words: row.get("words")?, since: row.get("since")? }))
}

/// Holds that stand, were asked for, and have an end.
pub(super) async fn requests(tx: &mut Tx, now: Timestamp, most: i64) -> Result<Vec<Numbered<Hold>>> {
    let rows = tx
        .rows(
            "SELECT holds.*, cases.number FROM holds JOIN cases ON cases.id = holds.case_id
             WHERE released_at IS NULL AND until_at > $1 AND reference IS NOT NULL ORDER BY until_at, holds.id LIMIT $2",
            &[now.into(), most.into()],
        )
        .await?;
    numbered(&rows, read_hold)
}

pub(super) async fn reviews(tx: &mut Tx, now: Timestamp, most: i64) -> Result<Vec<Numbered<Hold>>> {
    let rows = tx
        .rows(
            "SELECT holds.*, cases.number FROM holds JOIN cases ON cases.id = holds.case_id
             WHERE released_at IS NULL AND until_at > $1 AND review_at IS NOT NULL ORDER BY review_at, holds.id LIMIT $2",
            &[now.into(), most.into()],
        )
        .await?;
    numbered(&rows, read_hold)
}

/// Cases that were held and of which something is there: media, context, or words that are not wiped.
pub(super) async fn kept_before(tx: &mut Tx, before: i64, most: i64) -> Result<Vec<(CaseId, i64)>> {
    let rows = tx
        .rows(
            "SELECT id, number FROM cases
             WHERE number < $1 AND EXISTS (SELECT 1 FROM holds WHERE holds.case_id = cases.id)
             AND (wiped_at IS NULL OR wiped_at < (SELECT MAX(starts_at) FROM holds WHERE case_id = cases.id)
                  OR EXISTS (SELECT 1 FROM contexts WHERE contexts.case_id = cases.id AND destroyed_at IS NULL)
                  OR EXISTS (SELECT 1 FROM signals JOIN exhibits ON exhibits.item = signals.item
                             WHERE signals.case_id = cases.id AND exhibits.destroyed_at IS NULL))
             ORDER BY number DESC LIMIT $2",
            &[before.into(), most.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| Ok((row.get("id")?, row.get("number")?))).collect::<Read<_>>()?)
}

pub(super) async fn there(tx: &mut Tx, case: CaseId) -> Result<Vec<(ItemId, String)>> {
    let rows = tx
        .rows(
            "SELECT DISTINCT items.id, items.content_id FROM signals JOIN exhibits ON exhibits.item = signals.item
             JOIN items ON items.id = exhibits.item
             WHERE signals.case_id = $1 AND destroyed_at IS NULL ORDER BY items.id",
            &[case.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| Ok((row.get("id")?, row.get("content_id")?))).collect::<Read<_>>()?)
}
