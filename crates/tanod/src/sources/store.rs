//! The SQL of sources.

use jiff::Timestamp;

use super::State;
use crate::refusal::Result;
use crate::store::{Row, StoreError, Tx, as_word};

pub(super) async fn states(tx: &mut Tx) -> Result<Vec<(String, State, Timestamp)>> {
    let rows = tx.rows("SELECT name, state, changed_at FROM sources", &[]).await?;
    let read = |row: &Row| Ok((row.get("name")?, row.word("state")?, row.get("changed_at")?));
    Ok(rows.iter().map(read).collect::<std::result::Result<_, StoreError>>()?)
}

pub(super) async fn set(tx: &mut Tx, name: &str, state: State) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO sources (name, state, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET state = $2, changed_at = $3",
        &[name.into(), as_word(&state).into(), now.into()],
    )
    .await?;
    Ok(())
}
