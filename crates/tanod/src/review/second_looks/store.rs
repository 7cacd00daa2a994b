//! The SQL of second looks.

use jiff::Timestamp;

use super::{Coaching, FoundWrong, Month, SecondLook, Settled, Why, Word};
use crate::refusal::Result;
use crate::review::Decision;
use crate::review::store::{Read, read_decision};
use crate::store::{BankId, CoachingId, PersonId, Row, SecondLookId, Tx, as_word};

/// A second look with its decision and the number of its case.
macro_rules! looks {
    ($rest:literal) => {
        concat!(
            "SELECT decisions.*, cases.number, second_looks.id AS look, second_looks.why, second_looks.created_at,
                 second_looks.by_person AS second, second_looks.agrees, second_looks.looked, second_looks.words,
                 second_looks.said_at, second_looks.settled_by, second_looks.settled_words,
                 second_looks.settled_at AS learnt_at
             FROM second_looks JOIN decisions ON decisions.id = second_looks.decision
             JOIN cases ON cases.id = second_looks.case_id ",
            $rest
        )
    };
}

fn read(row: &Row) -> Read<(SecondLook, Decision)> {
    let decision = read_decision(row)?;
    let said_at: Option<Timestamp> = row.get("said_at")?;
    let agrees: Option<bool> = row.get("agrees")?;
    let said = match (row.get::<Option<PersonId>>("second")?, agrees, said_at) {
        (Some(by), Some(agrees), Some(at)) => {
            let words = row.get::<Option<String>>("words")?.unwrap_or_default();
            Some(Word { by, agrees, looked: row.get("looked")?, words, at })
        }
        _ => None,
    };
    let settled = match (row.get::<Option<PersonId>>("settled_by")?, row.get::<Option<Timestamp>>("learnt_at")?) {
        (Some(by), Some(at)) => {
            Some(Settled { by, words: row.get::<Option<String>>("settled_words")?.unwrap_or_default(), at })
        }
        _ => None,
    };
    let look = SecondLook {
        id: row.get("look")?,
        decision: decision.id,
        case: decision.case,
        number: row.get("number")?,
        why: row.word("why")?,
        created_at: row.get("created_at")?,
        said,
        settled,
    };
    Ok((look, decision))
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: SecondLookId,
    decision: &Decision,
    why: Why,
    drawn: Option<(BankId, String)>,
) -> Result<()> {
    let now = tx.now();
    let (bank, month) = drawn.map_or((None, None), |(bank, month)| (Some(bank), Some(month)));
    tx.execute(
        "INSERT INTO second_looks (id, decision, case_id, why, bank, month, created_at, file)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (decision) DO NOTHING",
        &[
            id.into(),
            decision.id.into(),
            decision.case.into(),
            as_word(&why).into(),
            bank.into(),
            month.into(),
            now.into(),
            decision.particulars.file.as_deref().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Whether the one decision on a file, of which this is a part, was asked about already.
pub(super) async fn asked_for_file(tx: &mut Tx, decision: &Decision) -> Result<bool> {
    let Some(file) = &decision.particulars.file else { return Ok(false) };
    let sql = "SELECT second_looks.id FROM second_looks JOIN decisions ON decisions.id = second_looks.decision
         WHERE second_looks.file = $1 AND decisions.at = $2 AND decisions.by_person = $3 LIMIT 1";
    Ok(tx.row(sql, &[file.as_str().into(), decision.at.into(), decision.by.into()]).await?.is_some())
}

pub(super) async fn was_drawn(tx: &mut Tx, bank: BankId, month: &str) -> Result<bool> {
    let sql = "SELECT id FROM second_looks WHERE bank = $1 AND month = $2 LIMIT 1";
    Ok(tx.row(sql, &[bank.into(), month.into()]).await?.is_some())
}

pub(super) async fn find(tx: &mut Tx, id: SecondLookId) -> Result<Option<(SecondLook, Decision)>> {
    let row = tx.row(looks!("WHERE second_looks.id = $1"), &[id.into()]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

pub(super) async fn waiting(tx: &mut Tx, person: PersonId, most: i64) -> Result<Vec<(SecondLook, Decision)>> {
    let sql = looks!(
        "WHERE second_looks.said_at IS NULL AND decisions.undone_at IS NULL AND decisions.by_person <> $1
             AND (decisions.approver IS NULL OR decisions.approver <> $1)
         ORDER BY second_looks.id LIMIT $2"
    );
    let rows = tx.rows(sql, &[person.into(), most.into()]).await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn disagreements(tx: &mut Tx, most: i64) -> Result<Vec<(SecondLook, Decision)>> {
    let sql = looks!(
        "WHERE second_looks.said_at IS NOT NULL AND NOT second_looks.agrees AND second_looks.settled_at IS NULL
         ORDER BY second_looks.id LIMIT $1"
    );
    let rows = tx.rows(sql, &[most.into()]).await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn say(
    tx: &mut Tx,
    id: SecondLookId,
    person: PersonId,
    agrees: bool,
    looked: bool,
    words: &str,
) -> Result<bool> {
    let now = tx.now();
    let n = tx
        .execute(
            "UPDATE second_looks SET by_person = $1, agrees = $2, looked = $3, words = $4, said_at = $5
             WHERE id = $6 AND said_at IS NULL",
            &[person.into(), agrees.into(), looked.into(), words.into(), now.into(), id.into()],
        )
        .await?;
    Ok(n == 1)
}

pub(super) async fn settle(tx: &mut Tx, id: SecondLookId, person: PersonId, words: &str) -> Result<bool> {
    let now = tx.now();
    let n = tx
        .execute(
            "UPDATE second_looks SET settled_by = $1, settled_words = $2, settled_at = $3
             WHERE id = $4 AND settled_at IS NULL AND said_at IS NOT NULL AND NOT agrees",
            &[person.into(), words.into(), now.into(), id.into()],
        )
        .await?;
    Ok(n == 1)
}

pub(super) async fn coach(
    tx: &mut Tx,
    id: CoachingId,
    look: SecondLookId,
    for_person: PersonId,
    by: PersonId,
    words: &str,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO coaching_notes (id, second_look, for_person, by_person, words, at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[id.into(), look.into(), for_person.into(), by.into(), words.into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn coaching_of(tx: &mut Tx, person: PersonId) -> Result<Vec<Coaching>> {
    let rows = tx
        .rows(
            "SELECT coaching_notes.*, second_looks.case_id, cases.number FROM coaching_notes
             JOIN second_looks ON second_looks.id = coaching_notes.second_look
             JOIN cases ON cases.id = second_looks.case_id
             WHERE for_person = $1 OR coaching_notes.by_person = $1 ORDER BY coaching_notes.id DESC LIMIT 50",
            &[person.into()],
        )
        .await?;
    let note = |row: &Row| {
        Ok(Coaching {
            id: row.get("id")?,
            number: row.get("number")?,
            case: row.get("case_id")?,
            for_person: row.get("for_person")?,
            by: row.get("by_person")?,
            words: row.get("words")?,
            at: row.get("at")?,
        })
    };
    Ok(rows.iter().map(note).collect::<Read<_>>()?)
}

pub(super) async fn found_wrong(tx: &mut Tx, person: PersonId) -> Result<Vec<FoundWrong>> {
    let rows = tx
        .rows(
            "SELECT decisions.case_id, cases.number, decisions.undone_because, decisions.undone_at FROM decisions
             JOIN corrections ON corrections.decision = decisions.id JOIN cases ON cases.id = decisions.case_id
             WHERE decisions.by_person = $1 AND decisions.undone_at IS NOT NULL
             ORDER BY decisions.undone_at DESC LIMIT 50",
            &[person.into()],
        )
        .await?;
    let wrong = |row: &Row| {
        Ok(FoundWrong {
            case: row.get("case_id")?,
            number: row.get("number")?,
            because: row.get::<Option<String>>("undone_because")?.unwrap_or_default(),
            at: row.get("undone_at")?,
        })
    };
    Ok(rows.iter().map(wrong).collect::<Read<_>>()?)
}

pub(super) async fn agreement(tx: &mut Tx) -> Result<Vec<Month>> {
    let since = tx.now().checked_sub(jiff::SignedDuration::from_hours(24 * 366)).unwrap_or(Timestamp::UNIX_EPOCH);
    let rows = tx
        .rows(
            "SELECT second_looks.said_at, second_looks.agrees, decisions.undone_at FROM second_looks
             JOIN decisions ON decisions.id = second_looks.decision
             WHERE second_looks.said_at > $1 ORDER BY second_looks.said_at",
            &[since.into()],
        )
        .await?;
    let mut months: Vec<Month> = Vec::new();
    for row in &rows {
        let at: Timestamp = row.get("said_at")?;
        let month = at.strftime("%Y-%m").to_string();
        if months.last().is_none_or(|last| last.month != month) {
            months.push(Month { month, all: 0, agreed: 0, undone: 0 });
        }
        let Some(last) = months.last_mut() else { continue };
        last.all += 1;
        last.agreed += i64::from(row.get::<Option<bool>>("agrees")?.unwrap_or_default());
        last.undone += i64::from(row.get::<Option<Timestamp>>("undone_at")?.is_some());
    }
    Ok(months)
}
