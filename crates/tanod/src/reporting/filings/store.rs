//! The SQL of what was told to other authorities.

use super::{Elsewhere, Filing};
use crate::refusal::Result;
use crate::store::{CaseId, Row, StoreError, Tx};

pub(super) async fn insert(tx: &mut Tx, filing: &Filing) -> Result<()> {
    let told = &filing.elsewhere;
    tx.execute(
        "INSERT INTO filings (id, case_id, authority, number, at, receipt, by_person, written_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            filing.id.into(),
            filing.case.into(),
            told.authority.as_str().into(),
            told.number.as_str().into(),
            told.at.into(),
            told.receipt.as_deref().into(),
            filing.by.into(),
            filing.written_at.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<Filing>> {
    let rows = tx.rows("SELECT * FROM filings WHERE case_id = $1 ORDER BY at, id", &[case.into()]).await?;
    let read = |row: &Row| {
        Ok::<_, StoreError>(Filing {
            id: row.get("id")?,
            case: row.get("case_id")?,
            elsewhere: Elsewhere {
                authority: row.get("authority")?,
                number: row.get("number")?,
                at: row.get("at")?,
                receipt: row.get("receipt")?,
            },
            by: row.get("by_person")?,
            written_at: row.get("written_at")?,
        })
    };
    Ok(rows.iter().map(read).collect::<std::result::Result<_, _>>()?)
}
