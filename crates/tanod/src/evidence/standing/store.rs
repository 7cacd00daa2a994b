//! The SQL of counsel's standing decisions.

use super::{NewStanding, Standing};
use crate::refusal::Result;
use crate::store::{CaseId, Row, StandingId, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

pub(super) async fn insert(tx: &mut Tx, new: &Standing) -> Result<()> {
    let said = &new.said;
    tx.execute(
        "INSERT INTO standing_decisions (id, yields, keeps, counsel, grounds, until_at, by_person, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            new.id.into(),
            as_word(&said.yields).into(),
            as_word(&said.keeps).into(),
            said.counsel.trim().into(),
            said.grounds.trim().into(),
            said.until.into(),
            new.by.into(),
            new.at.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, one: &Standing) -> Result<()> {
    tx.execute(
        "UPDATE standing_decisions SET approved_by = $1, approved_at = $2, ended_by = $3, ended_at = $4 WHERE id = $5",
        &[one.approved_by.into(), one.approved_at.into(), one.ended_by.into(), one.ended_at.into(), one.id.into()],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Read<Standing> {
    Ok(Standing {
        id: row.get("id")?,
        said: NewStanding {
            yields: row.word("yields")?,
            keeps: row.word("keeps")?,
            counsel: row.get("counsel")?,
            grounds: row.get("grounds")?,
            until: row.get("until_at")?,
        },
        by: row.get("by_person")?,
        at: row.get("at")?,
        approved_by: row.get("approved_by")?,
        approved_at: row.get("approved_at")?,
        ended_by: row.get("ended_by")?,
        ended_at: row.get("ended_at")?,
    })
}

pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Standing>> {
    let rows = tx.rows("SELECT * FROM standing_decisions ORDER BY id DESC LIMIT 1000", &[]).await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

/// One, locked to the end of the transaction.
pub(super) async fn find(tx: &mut Tx, id: StandingId) -> Result<Option<Standing>> {
    let sql = tx.dialect(
        "SELECT * FROM standing_decisions WHERE id = $1",
        "SELECT * FROM standing_decisions WHERE id = $1 FOR UPDATE",
    );
    Ok(tx.row(sql, &[id.into()]).await?.as_ref().map(read).transpose()?)
}

/// Every case that is with counsel.
pub(super) async fn at_counsel(tx: &mut Tx) -> Result<Vec<CaseId>> {
    let rows = tx.rows("SELECT case_id FROM counsel ORDER BY since, case_id", &[]).await?;
    Ok(rows.iter().map(|row| row.get("case_id")).collect::<Read<_>>()?)
}
