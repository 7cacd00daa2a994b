//! The SQL of who the operator is to an officer.

use super::Provider;
use crate::refusal::{Error, Result};
use crate::store::Tx;

pub(super) async fn kept(tx: &mut Tx) -> Result<Option<Provider>> {
    let row = tx.row("SELECT body FROM provider", &[]).await?;
    Ok(row.map(|row| row.json("body")).transpose()?)
}

pub(super) async fn keep(tx: &mut Tx, new: &Provider) -> Result<()> {
    let body = serde_json::to_string(new).map_err(|error| Error::internal("writing the provider", error))?;
    let now = tx.now();
    tx.execute(
        "INSERT INTO provider (one, body, changed_at) VALUES (1, $1, $2)
         ON CONFLICT (one) DO UPDATE SET body = $1, changed_at = $2",
        &[body.into(), now.into()],
    )
    .await?;
    Ok(())
}
