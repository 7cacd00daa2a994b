//! Time stamps of an authority that is not us on checkpoints (RFC 3161, EV-05): once a day and after each report, as long as the
//! record grows. An authority that is down is asked again; what it stamps later is a later checkpoint.

use jiff::{SignedDuration, Timestamp};
use ledger::stamp::{self, Roots, StampError};
use ledger::{Hash, Verifier};
use sha2::{Digest as _, Sha256};

use super::{Entry, record, store};
use crate::refusal::{Error, Result};
use crate::store::{Recorded, Tx};

/// Whom to ask, and when.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Its address; nothing where nobody is asked.
    pub authority: String,
    /// Its root certificates, in PEM.
    pub root: String,
    /// How many hours pass at most between two stamps while the record grows.
    pub every_hours: i64,
}

/// An authority that may be asked.
#[derive(Clone)]
pub struct Authority {
    /// Where it is.
    pub address: String,
    /// What its certificate leads to.
    pub roots: Roots,
    /// What goes there.
    pub http: reqwest::Client,
}

/// What is stamped: the checkpoint's text without its signatures, to which others may be added.
pub(super) fn stamped(note: &str) -> Hash {
    let text = note.rsplit_once("\n\n").map_or(note, |(text, _)| text);
    Sha256::new().chain_update(text).chain_update("\n").finalize().into()
}

/// Keeps a time stamp as it came, and puts on record that there is one.
pub(super) async fn keep(
    tx: &mut Tx,
    (size, authority): (i64, &str),
    response: &[u8],
    stamped_at: Timestamp,
) -> Result<Recorded> {
    store::insert_stamp(tx, size, authority, response, stamped_at).await?;
    let detail = serde_json::json!({"size": size, "authority": authority, "stamped_at": stamped_at});
    record(tx, Entry::by_tanod("ledger.stamped").detail(detail)).await
}

/// The newest checkpoint, if it is to be stamped now.
pub(super) async fn due(tx: &mut Tx, every_hours: i64) -> Result<Option<(i64, String)>> {
    let Some((size, note)) = store::newest_note(tx).await? else { return Ok(None) };
    let Some((stamped, asked_at)) = store::newest_stamp(tx).await? else { return Ok(Some((size, note))) };
    let late = tx.now().duration_since(asked_at) >= SignedDuration::from_hours(every_hours.max(1));
    let wanted = size > stamped && (late || store::reported_since(tx, stamped, size).await?);
    Ok(wanted.then_some((size, note)))
}

/// A kept time stamp.
pub struct Kept {
    /// Over a checkpoint of this size.
    pub size: i64,
    /// Whose.
    pub authority: String,
    /// As it came.
    pub response: Vec<u8>,
    /// The checkpoint, signed.
    pub note: String,
}

/// All time stamps, oldest first, with the checkpoint that each is about.
pub async fn kept(tx: &mut Tx) -> Result<Vec<Kept>> {
    store::stamps(tx).await
}

/// Whether every kept time stamp fits its checkpoint: how many there are, or which does not and why. Without roots the signature
/// counts alone.
pub async fn verify_stamps(
    tx: &mut Tx,
    vkey: &str,
    roots: Option<&Roots>,
) -> Result<std::result::Result<usize, String>> {
    let verifier = Verifier::parse(vkey).map_err(|error| Error::internal("reading the ledger's key", error))?;
    let mut count = 0;
    for one in kept(tx).await? {
        let what = stamped(&one.note);
        let fits = verifier.open(&one.note).map_err(|_| StampError::Other);
        if let Err(why) = fits.and_then(|_| stamp::verify(&one.response, &what, None, roots)) {
            return Ok(Err(format!(
                "the time stamp of {} over {} entries does not hold: {why}",
                one.authority, one.size
            )));
        }
        count += 1;
    }
    Ok(Ok(count))
}
