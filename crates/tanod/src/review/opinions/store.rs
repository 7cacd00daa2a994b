//! The SQL of what people say of matches.

use std::collections::HashSet;

use super::Opinion;
use crate::refusal::Result;
use crate::review::store::Read;
use crate::store::{ItemId, Row, Tx};

pub(super) async fn say(tx: &mut Tx, sha256: &[u8], item: ItemId, opinion: &Opinion) -> Result<()> {
    tx.execute(
        "INSERT INTO match_opinions (sha256, person, fits, reason, item, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (sha256, person) DO UPDATE SET fits = excluded.fits, reason = excluded.reason, item = excluded.item,
             at = excluded.at",
        &[
            sha256.into(),
            opinion.person.into(),
            opinion.fits.into(),
            opinion.reason.as_str().into(),
            item.into(),
            opinion.at.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn of_file(tx: &mut Tx, sha256: &[u8]) -> Result<Vec<Opinion>> {
    let rows = tx.rows("SELECT * FROM match_opinions WHERE sha256 = $1 ORDER BY at, person", &[sha256.into()]).await?;
    let opinion = |row: &Row| {
        Ok(Opinion {
            person: row.get("person")?,
            fits: row.get("fits")?,
            reason: row.get("reason")?,
            at: row.get("at")?,
        })
    };
    Ok(rows.iter().map(opinion).collect::<Read<_>>()?)
}

pub(super) async fn confirmed(tx: &mut Tx, least: i64) -> Result<HashSet<Vec<u8>>> {
    let rows = tx
        .rows(
            "SELECT sha256 FROM match_opinions GROUP BY sha256
             HAVING COUNT(*) >= $1 AND COUNT(CASE WHEN fits THEN NULL ELSE 1 END) = 0",
            &[least.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("sha256")).collect::<Read<_>>()?)
}
