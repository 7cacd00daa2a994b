//! The SQL of the worklist.

use jiff::Timestamp;

use super::PutOff;
use crate::refusal::Result;
use crate::review::store::{Read, read_case};
use crate::review::{Case, Priority};
use crate::store::{CaseId, PersonId, Row, Tx};

/// A case that somebody could take.
pub(super) struct Waiting {
    pub(super) id: CaseId,
    pub(super) severity: String,
    pub(super) priority: Priority,
}

/// Open cases that this person could take, most urgent first.
pub(super) async fn waiting(tx: &mut Tx, person: PersonId, limit: i64) -> Result<Vec<Waiting>> {
    let now = tx.now();
    let rows = tx
        .rows(
            "SELECT id, severity, priority FROM cases
             WHERE state = 'open' AND (leased_by IS NULL OR leased_until <= $1)
               AND (put_off_until IS NULL OR put_off_until <= $1) AND (given_to IS NULL OR given_to = $2)
             ORDER BY priority, knowledge_at, id LIMIT $3",
            &[now.into(), person.into(), limit.into()],
        )
        .await?;
    let waiting = |row: &Row| {
        Ok(Waiting {
            id: row.get("id")?,
            severity: row.get::<Option<String>>("severity")?.unwrap_or_else(|| "unclassified".to_owned()),
            priority: Priority::from_number(row.get("priority")?),
        })
    };
    Ok(rows.iter().map(waiting).collect::<Read<_>>()?)
}

/// Takes a case that still waits.
pub(super) async fn take(tx: &mut Tx, id: CaseId, person: PersonId) -> Result<bool> {
    let now = tx.now();
    let n = tx
        .execute(
            "UPDATE cases SET leased_by = $1, leased_until = $2, put_off_until = NULL, put_off_because = NULL
             WHERE id = $3 AND state = 'open' AND (leased_by IS NULL OR leased_until <= $2)",
            &[person.into(), now.into(), id.into()],
        )
        .await?;
    Ok(n == 1)
}

pub(super) async fn put_off(tx: &mut Tx, id: CaseId, until: Timestamp, because: &str) -> Result<()> {
    tx.execute(
        "UPDATE cases SET put_off_until = $1, put_off_because = $2 WHERE id = $3",
        &[until.into(), because.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn beforehand(tx: &mut Tx, id: CaseId) -> Result<(Option<String>, Option<PutOff>)> {
    let row = tx.row("SELECT severity, put_off_until, put_off_because FROM cases WHERE id = $1", &[id.into()]).await?;
    let Some(row) = row else { return Ok((None, None)) };
    let until: Option<Timestamp> = row.get("put_off_until")?;
    let because: Option<String> = row.get("put_off_because")?;
    let put_off = until.map(|until| PutOff { until, because: because.unwrap_or_default() });
    Ok((row.get("severity")?, put_off))
}

/// Each way in has an index of its own; none looks into part of a word.
pub(super) async fn search(
    tx: &mut Tx,
    sought: &str,
    word: &str,
    number: Option<i64>,
    id: Option<CaseId>,
    digest: Option<&[u8]>,
) -> Result<Vec<Case>> {
    let sought_id = id.map_or(uuid::Uuid::nil(), |id| id.0);
    let number = number.unwrap_or(-1);
    let digest = digest.unwrap_or_default();
    let rows = tx
        .rows(
            "SELECT * FROM cases WHERE id IN (
                 SELECT id FROM cases WHERE id = $1
                 UNION SELECT id FROM cases WHERE number = $2
                 UNION SELECT id FROM cases WHERE account = $3
                 UNION SELECT case_id FROM reports WHERE number = $2
                 UNION SELECT case_id FROM case_words WHERE word = $4
                 UNION SELECT case_id FROM legal_processes WHERE reference = $3 AND case_id IS NOT NULL
                 UNION SELECT signals.case_id FROM signals JOIN items ON items.id = signals.item WHERE items.content_id = $3
                 UNION SELECT signals.case_id FROM signals JOIN items ON items.id = signals.item WHERE items.sha256 = $5
                 UNION SELECT signals.case_id FROM signals JOIN items ON items.id = signals.item WHERE items.sha1 = $5
                 UNION SELECT signals.case_id FROM signals JOIN items ON items.id = signals.item WHERE items.md5 = $5)
             ORDER BY priority, knowledge_at, id LIMIT 100",
            &[sought_id.into(), number.into(), sought.into(), word.into(), digest.into()],
        )
        .await?;
    Ok(rows.iter().map(read_case).collect::<Read<_>>()?)
}

pub(super) async fn remember(tx: &mut Tx, case: CaseId, word: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO case_words (word, case_id) VALUES ($1, $2) ON CONFLICT (word, case_id) DO NOTHING",
        &[word.into(), case.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn forget(tx: &mut Tx, case: CaseId) -> Result<()> {
    tx.execute("DELETE FROM case_words WHERE case_id = $1", &[case.into()]).await?;
    Ok(())
}

pub(super) async fn weigh(tx: &mut Tx, case: CaseId, severity: &str) -> Result<()> {
    tx.execute(
        "UPDATE cases SET severity = $1 WHERE id = $2 AND (severity IS NULL OR severity > $1)",
        &[severity.into(), case.into()],
    )
    .await?;
    Ok(())
}
