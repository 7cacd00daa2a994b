//! Files that need not be looked at: others vouch for what they are, and nobody here objects.

use std::collections::HashMap;

use super::{Signal, files};
use crate::intake;
use crate::matching::{Hit, Vouched, vouched};
use crate::refusal::{Kind, Result};
use crate::store::{ItemId, SignalId, Tx};

/// Deciding for what nobody vouches for.
pub(super) static NOTHING_VOUCHED: Kind = Kind::new(
    422,
    "nothing-vouched",
    "Nobody vouches for a file of this case that waits for a decision.",
    "Look at the files, or decide about all of them.",
)
.program("Leave `only_vouched` out.");

/// Who vouches for which of these uploads: by their matches, unless somebody here found a copy of the file to be something else.
pub(super) async fn vouched_for(
    tx: &mut Tx,
    hits: &HashMap<ItemId, Vec<Hit>>,
    hotlines: &[String],
) -> Result<HashMap<ItemId, Vouched>> {
    let mut all: HashMap<ItemId, Vouched> =
        hits.iter().filter_map(|(item, hits)| Some((*item, vouched(hits, hotlines)?))).collect();
    let ids: Vec<ItemId> = all.keys().copied().collect();
    for item in files::disputed(tx, &ids).await? {
        all.remove(&item);
    }
    Ok(all)
}

/// Of the signals that wait for a decision those whose file somebody vouches for.
pub(super) async fn waiting(tx: &mut Tx, signals: &[Signal], hotlines: &[String]) -> Result<Vec<SignalId>> {
    let open: Vec<&Signal> = signals.iter().filter(|signal| signal.decision.is_none()).collect();
    let items: Vec<ItemId> = open.iter().filter_map(|signal| signal.item).collect();
    let hits = intake::matches_of(tx, &items).await?;
    let vouched = vouched_for(tx, &hits, hotlines).await?;
    let ids: Vec<SignalId> = open
        .iter()
        .filter(|signal| signal.item.is_some_and(|item| vouched.contains_key(&item)))
        .map(|signal| signal.id)
        .collect();
    if ids.is_empty() { Err((&NOTHING_VOUCHED).into()) } else { Ok(ids) }
}
