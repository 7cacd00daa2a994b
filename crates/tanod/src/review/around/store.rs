//! The SQL of what lies around a case.

use std::collections::HashMap;

use super::{Earlier, Note, Shared};
use crate::refusal::Result;
use crate::review::State;
use crate::review::store::Read;
use crate::store::{CaseId, Row, Tx, uuids};

/// What another case shares, and how many of it.
pub(super) struct Share {
    pub(super) case: CaseId,
    pub(super) what: Shared,
    pub(super) n: i64,
}

pub(super) async fn shared_words(tx: &mut Tx, case: CaseId, most: i64) -> Result<Vec<Share>> {
    let rows = tx
        .rows(
            "SELECT case_id, kind, COUNT(*) AS n FROM (
                 SELECT other.case_id AS case_id, mine.kind AS kind FROM case_words AS mine
                 JOIN case_words AS other ON other.word = mine.word
                 WHERE mine.case_id = $1 AND other.case_id <> $1
                     AND mine.kind IN ('address', 'device', 'email', 'telephone', 'link', 'payment') LIMIT $2) AS shared
             GROUP BY case_id, kind",
            &[case.into(), most.into()],
        )
        .await?;
    let share = |row: &Row| Ok(Share { case: row.get("case_id")?, what: row.word("kind")?, n: row.get("n")? });
    Ok(rows.iter().map(share).collect::<Read<_>>()?)
}

pub(super) async fn shared_files(tx: &mut Tx, case: CaseId, most: i64) -> Result<Vec<Share>> {
    let rows = tx
        .rows(
            "SELECT case_id, COUNT(DISTINCT sha256) AS n FROM (
                 SELECT signals.case_id AS case_id, mine.sha256 AS sha256 FROM signals AS own
                 JOIN items AS mine ON mine.id = own.item JOIN items AS copy ON copy.sha256 = mine.sha256
                 JOIN signals ON signals.item = copy.id
                 WHERE own.case_id = $1 AND signals.case_id <> $1 LIMIT $2) AS shared
             GROUP BY case_id",
            &[case.into(), most.into()],
        )
        .await?;
    let share = |row: &Row| Ok(Share { case: row.get("case_id")?, what: Shared::File, n: row.get("n")? });
    Ok(rows.iter().map(share).collect::<Read<_>>()?)
}

pub(super) async fn named(tx: &mut Tx, ids: &[CaseId]) -> Result<HashMap<CaseId, (i64, Option<String>, State)>> {
    let sql = "SELECT id, number, account, state FROM cases WHERE id IN IDS";
    let named = |row: &Row| Ok((row.get("id")?, (row.get("number")?, row.get("account")?, row.word("state")?)));
    Ok(tx.rows_of(sql, &[], &uuids(ids)).await?.iter().map(named).collect::<Read<_>>()?)
}

pub(super) async fn earlier(tx: &mut Tx, case: CaseId, account: &str) -> Result<Vec<Earlier>> {
    let rows = tx
        .rows(
            "SELECT id, number, state, knowledge_at FROM cases WHERE account = $1 AND id <> $2
             ORDER BY number DESC LIMIT 20",
            &[account.into(), case.into()],
        )
        .await?;
    let one = |row: &Row| {
        Ok(Earlier {
            case: row.get("id")?,
            number: row.get("number")?,
            state: row.word("state")?,
            knowledge_at: row.get("knowledge_at")?,
            reports: Vec::new(),
        })
    };
    let mut all = rows.iter().map(one).collect::<Read<Vec<_>>>()?;
    let ids: Vec<CaseId> = all.iter().map(|one| one.case).collect();
    let sql = "SELECT case_id, number FROM reports WHERE state = 'finished' AND number IS NOT NULL AND case_id IN IDS";
    for row in tx.rows_of(sql, &[], &uuids(&ids)).await? {
        let (of, number): (CaseId, i64) = (row.get("case_id")?, row.get("number")?);
        all.iter_mut().filter(|one| one.case == of).for_each(|one| one.reports.push(number));
    }
    Ok(all)
}

pub(super) async fn insert_note(tx: &mut Tx, case: CaseId, note: &Note) -> Result<()> {
    tx.execute(
        "INSERT INTO case_notes (id, case_id, by_person, words, at) VALUES ($1, $2, $3, $4, $5)",
        &[note.id.into(), case.into(), note.by.into(), note.words.as_str().into(), note.at.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn notes(tx: &mut Tx, case: CaseId) -> Result<Vec<Note>> {
    let rows = tx.rows("SELECT * FROM case_notes WHERE case_id = $1 ORDER BY id", &[case.into()]).await?;
    let note = |row: &Row| {
        Ok(Note { id: row.get("id")?, by: row.get("by_person")?, words: row.get("words")?, at: row.get("at")? })
    };
    Ok(rows.iter().map(note).collect::<Read<_>>()?)
}
