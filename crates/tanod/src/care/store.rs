//! The SQL of care.

use jiff::Timestamp;

use super::{Choices, Look};
use crate::refusal::Result;
use crate::store::{PersonId, Row, StoreError, Tx};

pub(super) async fn choices(tx: &mut Tx, person: PersonId) -> Result<Choices> {
    let row = tx
        .row(
            "SELECT agreed_at, training, trained_at, resting_since, opted_out, shift_ends_at, veil, edges FROM care
             WHERE person = $1",
            &[person.into()],
        )
        .await?;
    let read = |row: &Row| {
        Ok::<_, StoreError>(Choices {
            agreed_at: row.get("agreed_at")?,
            training: row.get("training")?,
            trained_at: row.get("trained_at")?,
            resting_since: row.get("resting_since")?,
            opted_out: row.json("opted_out")?,
            shift_ends_at: row.get("shift_ends_at")?,
            veil: row.get("veil")?,
            edges: row.get("edges")?,
        })
    };
    Ok(row.as_ref().map(read).transpose()?.unwrap_or_default())
}

/// The looks of somebody since then, in the order in which they were.
pub(super) async fn looks(tx: &mut Tx, person: PersonId, since: Timestamp) -> Result<Vec<Look>> {
    let rows = tx
        .rows(
            "SELECT item, case_id, at, veiled, severity FROM views WHERE person = $1 AND at > $2 ORDER BY at, id",
            &[person.into(), since.into()],
        )
        .await?;
    let look = |row: &Row| {
        Ok::<_, StoreError>(Look {
            item: row.get("item")?,
            case: row.get("case_id")?,
            at: row.get("at")?,
            veiled: row.get("veiled")?,
            severity: row.get::<Option<String>>("severity")?.unwrap_or_else(|| "unclassified".to_owned()),
        })
    };
    Ok(rows.iter().map(look).collect::<std::result::Result<_, _>>()?)
}

async fn begin(tx: &mut Tx, person: PersonId) -> Result<()> {
    tx.execute("INSERT INTO care (person) VALUES ($1) ON CONFLICT (person) DO NOTHING", &[person.into()]).await?;
    Ok(())
}

pub(super) async fn set_agreed(tx: &mut Tx, person: PersonId, agrees: bool) -> Result<()> {
    begin(tx, person).await?;
    let at = agrees.then(|| tx.now());
    tx.execute("UPDATE care SET agreed_at = $1 WHERE person = $2", &[at.into(), person.into()]).await?;
    Ok(())
}

pub(super) async fn set_trained(tx: &mut Tx, person: PersonId, training: &str, by: PersonId) -> Result<bool> {
    if tx.row("SELECT id FROM people WHERE id = $1", &[person.into()]).await?.is_none() {
        return Ok(false);
    }
    begin(tx, person).await?;
    let now = tx.now();
    tx.execute(
        "UPDATE care SET training = $1, trained_at = $2, trained_by = $3 WHERE person = $4",
        &[training.into(), now.into(), by.into(), person.into()],
    )
    .await?;
    Ok(true)
}

pub(super) async fn set_resting(tx: &mut Tx, person: PersonId, rests: bool) -> Result<()> {
    begin(tx, person).await?;
    let at = rests.then(|| tx.now());
    tx.execute("UPDATE care SET resting_since = $1 WHERE person = $2", &[at.into(), person.into()]).await?;
    Ok(())
}

pub(super) async fn set_opted_out(tx: &mut Tx, person: PersonId, categories: &[String]) -> Result<()> {
    begin(tx, person).await?;
    let categories = serde_json::json!(categories).to_string();
    tx.execute("UPDATE care SET opted_out = $1 WHERE person = $2", &[categories.into(), person.into()]).await?;
    Ok(())
}

pub(super) async fn set_looking(tx: &mut Tx, person: PersonId, veil: i64, edges: bool) -> Result<()> {
    begin(tx, person).await?;
    tx.execute("UPDATE care SET veil = $1, edges = $2 WHERE person = $3", &[veil.into(), edges.into(), person.into()])
        .await?;
    Ok(())
}

pub(super) async fn set_shift_end(tx: &mut Tx, person: PersonId, at: Option<Timestamp>) -> Result<()> {
    begin(tx, person).await?;
    tx.execute("UPDATE care SET shift_ends_at = $1 WHERE person = $2", &[at.into(), person.into()]).await?;
    Ok(())
}
