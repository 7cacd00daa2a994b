//! What is done about the record without anybody asking: its newest checkpoint is stamped where that is due.

use std::sync::Arc;

use jiff::Timestamp;
use ledger::stamp;

use super::stamps;
use crate::plan::App;
use crate::refusal::{Error, Result};

/// Has the newest checkpoint stamped where that is due (EV-05). True when it was.
pub async fn watch_stamps(app: &App) -> Result<bool> {
    let Some(authority) = app.stamps.as_ref().map(Arc::clone) else { return Ok(false) };
    let mut tx = app.db.read().await?;
    let Some((size, note)) = stamps::due(&mut tx, app.settings.time_stamps.every_hours).await? else {
        return Ok(false);
    };
    let (now, nonce) = (tx.now(), u64::from_be_bytes(tx.random().bytes()));
    drop(tx);
    let what = stamps::stamped(&note);
    let asked = exchange::tsa::ask(&authority.http, &authority.address, stamp::request(&what, nonce)).await;
    let response = asked.map_err(|error| Error::internal("asking for a time stamp", error))?;
    let checked = stamp::verify(&response, &what, Some(nonce), Some(&authority.roots));
    let said = checked.map_err(|error| Error::internal("reading a time stamp", error))?;
    let at = i64::try_from(said.at).ok().and_then(|at| Timestamp::from_second(at).ok()).unwrap_or(now);
    let mut tx = app.db.write().await?;
    let proof = stamps::keep(&mut tx, (size, &authority.address), &response, at).await?;
    tx.commit(proof).await?;
    Ok(true)
}
