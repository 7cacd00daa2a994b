//! The SQL of the worklist.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::{Beforehand, Known, PutOff, Wanted};
use crate::refusal::Result;
use crate::review::store::{self as cases, Read, read_case};
use crate::review::{Case, Priority, State};
use crate::store::{Arg, CaseId, PersonId, Row, Tx, as_word, uuids};

/// A case that somebody could take.
pub(super) struct Waiting {
    pub(super) id: CaseId,
    pub(super) severity: String,
    pub(super) priority: Priority,
}

/// What a list of cases is filtered by, as the second to the tenth placeholder; the first is the state. Every column of it lies in the
/// index that gives the order.
macro_rules! filtered {
    ($select:literal, $state:literal, $rest:literal) => {
        concat!(
            $select,
            " FROM cases WHERE ",
            $state,
            " AND ($2 IS NULL OR priority = $2) AND ($3 IS NULL OR knowledge_route = $3) AND ($4 IS NULL OR reasons LIKE $4)
              AND ($5 IS NULL OR (due_at > $5 AND due_at <= $6)) AND ($7 IS NULL OR language = $7)
              AND ($8 IS NULL OR ($8 = 'me' AND leased_by = $9 AND leased_until > $10)
                  OR ($8 = 'nobody' AND (leased_by IS NULL OR leased_until <= $10))
                  OR ($8 = 'somebody' AND leased_by IS NOT NULL AND leased_until > $10)) ",
            $rest
        )
    };
}

fn filter(tx: &Tx, wanted: &Wanted, person: Option<PersonId>) -> Vec<Arg> {
    let (due_after, due_until) = wanted.due_between(tx.now());
    vec![
        wanted.state.as_ref().map(as_word).into(),
        wanted.priority.map(Priority::number).into(),
        wanted.by.as_ref().map(as_word).into(),
        wanted.ground.as_ref().map(|ground| format!("%\"{}\"%", as_word(ground))).into(),
        due_after.into(),
        due_until.into(),
        wanted.language.as_deref().into(),
        wanted.with.as_ref().map(as_word).into(),
        super::wanted::me(person).into(),
        tx.now().into(),
    ]
}

/// Cases in the queue's order: urgency, then how long they are known, then the id.
pub(super) async fn page(tx: &mut Tx, wanted: &Wanted, person: Option<PersonId>, limit: i64) -> Result<Vec<Case>> {
    let after = match wanted.after {
        Some(id) => cases::case(tx, id).await?,
        None => None,
    };
    let (priority, known, id) = after.map_or((-1, Timestamp::MIN.as_microsecond(), uuid::Uuid::nil()), |case| {
        (case.priority.number(), case.knowledge_at.as_microsecond(), case.id.0)
    });
    let mut args = filter(tx, wanted, person);
    args.extend([priority.into(), known.into(), id.into(), limit.into()]);
    // The index answers which; only those rows are read.
    let sql = if wanted.state.is_some() {
        filtered!(
            "SELECT * FROM cases WHERE id IN (SELECT id",
            "state = $1",
            "AND (priority, knowledge_at, id) > ($11, $12, $13) ORDER BY priority, knowledge_at, id LIMIT $14)
             ORDER BY priority, knowledge_at, id"
        )
    } else {
        filtered!(
            "SELECT * FROM cases WHERE id IN (SELECT id",
            "$1 IS NULL",
            "AND (priority, knowledge_at, id) > ($11, $12, $13) ORDER BY priority, knowledge_at, id LIMIT $14)
             ORDER BY priority, knowledge_at, id"
        )
    };
    let rows = tx.rows(sql, &args).await?;
    Ok(rows.iter().map(read_case).collect::<Read<_>>()?)
}

/// Open cases that this person could take, most urgent first.
pub(super) async fn waiting(tx: &mut Tx, wanted: &Wanted, person: PersonId, limit: i64) -> Result<Vec<Waiting>> {
    let mut args = filter(tx, &Wanted { state: Some(State::Open), ..wanted.clone() }, Some(person));
    args.push(limit.into());
    let sql = filtered!(
        "SELECT id, severity, priority",
        "state = $1",
        "AND (leased_by IS NULL OR leased_until <= $10) AND (put_off_until IS NULL OR put_off_until <= $10)
         AND (given_to IS NULL OR given_to = $9) ORDER BY priority, knowledge_at, id LIMIT $11"
    );
    let rows = tx.rows(sql, &args).await?;
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

pub(super) async fn beforehand(tx: &mut Tx, ids: &[CaseId]) -> Result<HashMap<CaseId, Beforehand>> {
    let sql = "SELECT id, severity, language, put_off_until, put_off_because FROM cases WHERE id IN IDS";
    let said = |row: &Row| {
        let because: Option<String> = row.get("put_off_because")?;
        let until: Option<Timestamp> = row.get("put_off_until")?;
        let put_off = until.map(|until| PutOff { until, because: because.unwrap_or_default() });
        Ok((row.get("id")?, Beforehand { severity: row.get("severity")?, language: row.get("language")?, put_off }))
    };
    Ok(tx.rows_of(sql, &[], &uuids(ids)).await?.iter().map(said).collect::<Read<_>>()?)
}

/// Writes the next open deadlines of cases where they are others than before.
pub(super) async fn set_due(tx: &mut Tx, due: &[(CaseId, Option<Timestamp>)]) -> Result<()> {
    for (case, at) in due {
        tx.execute("UPDATE cases SET due_at = $1 WHERE id = $2", &[(*at).into(), (*case).into()]).await?;
    }
    Ok(())
}

pub(super) async fn set_language(tx: &mut Tx, case: CaseId, language: &str) -> Result<()> {
    tx.execute("UPDATE cases SET language = $1 WHERE id = $2 AND language IS NULL", &[language.into(), case.into()])
        .await?;
    Ok(())
}

/// Each way in has an index of its own; none looks into part of a word.
pub(super) async fn search(
    tx: &mut Tx,
    sought: &str,
    word: &str,
    number: Option<i64>,
    id: Option<CaseId>,
    digest: Option<&[u8]>,
    span: Option<(Timestamp, Timestamp)>,
) -> Result<Vec<Case>> {
    let sought_id = id.map_or(uuid::Uuid::nil(), |id| id.0);
    let number = number.unwrap_or(-1);
    let digest = digest.unwrap_or_default();
    // Nothing lies between two equal times.
    let (from, to) = span.unwrap_or((Timestamp::MAX, Timestamp::MAX));
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
                 UNION SELECT signals.case_id FROM signals JOIN items ON items.id = signals.item WHERE items.md5 = $5
                 UNION SELECT id FROM cases WHERE knowledge_at >= $6 AND knowledge_at < $7)
             ORDER BY priority, knowledge_at, id LIMIT 100",
            &[
                sought_id.into(),
                number.into(),
                sought.into(),
                word.into(),
                digest.into(),
                from.into(),
                to.into(),
            ],
        )
        .await?;
    Ok(rows.iter().map(read_case).collect::<Read<_>>()?)
}

pub(super) async fn remember(tx: &mut Tx, case: CaseId, words: &BTreeMap<String, Known>) -> Result<()> {
    let row = |(word, kind): (&String, &Known)| vec![word.as_str().into(), case.into(), as_word(kind).into()];
    let rows: Vec<Vec<Arg>> = words.iter().map(row).collect();
    let sql = "INSERT INTO case_words (word, case_id, kind) VALUES ROWS ON CONFLICT (word, case_id) DO NOTHING";
    Ok(tx.write_rows(sql, &rows).await?)
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
