//! A list is tried before it acts: what it would have matched among the newest uploads, from the fingerprints that were kept of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::{BAD_BANK, Bank, store};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry as Event};
use crate::intake::{self, Recent};
use crate::matching::{Closeness, Trial, Verdict};
use crate::refusal::{Error, Result};
use crate::store::{BankId, CaseId, EntryId, ItemId, Recorded, Tx};

/// So many uploads are tried at most,
const MOST_UPLOADS: usize = 20_000;
/// with so many frames altogether,
const MOST_FRAMES: usize = 200_000;
/// on so many entries.
const MOST_ENTRIES: usize = 500_000;
/// So many are read at a time.
const PAGE: i64 = 2_000;
/// So many uploads are named.
const NAMED: usize = 100;

/// What a list would have matched.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Tried {
    /// Which list.
    pub bank: BankId,
    /// The greatest PDQ distance that was a match.
    pub threshold: u32,
    /// On how many uploads it was tried: the newest.
    pub uploads: usize,
    /// When the oldest of them arrived.
    #[schema(value_type = Option<String>)]
    pub from: Option<Timestamp>,
    /// When the newest of them arrived.
    #[schema(value_type = Option<String>)]
    pub to: Option<Timestamp>,
    /// Whether there are older ones on which it was not tried.
    pub older: bool,
    /// How many entries of the list were tried.
    pub entries: usize,
    /// Whether it has more.
    pub more_entries: bool,
    /// How many of the uploads it would have matched.
    pub found: usize,
    /// How many of these no list knew.
    pub unknown: usize,
    /// The same by distance, the closest first.
    pub distances: Vec<AtDistance>,
    /// The closest hundred.
    pub named: Vec<Named>,
    /// The list also compares pictures turned, mirrored or without borders. Of uploads that came before, only the picture as it was is
    /// kept: those matches come on top.
    pub upright_only: bool,
}

/// How many uploads are so far away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AtDistance {
    /// Bits of 256 that differ; absent where the bytes are the same.
    pub distance: Option<u32>,
    /// How many uploads.
    pub uploads: usize,
    /// In how many cases.
    pub cases: usize,
}

/// An upload that the list would have matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Named {
    /// Which.
    pub item: ItemId,
    /// The platform's own id of the content.
    pub content_id: String,
    /// When it arrived.
    #[schema(value_type = String)]
    pub received_at: Timestamp,
    /// Bits of 256 that differ; absent where the bytes are the same.
    pub distance: Option<u32>,
    /// What was found out about it then.
    pub verdict: Verdict,
    /// The case that it is in, for whoever may read cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// Its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
}

/// The newest uploads, as many as are tried; whether there are older ones.
async fn newest(tx: &mut Tx) -> Result<(Vec<Recent>, bool)> {
    let mut uploads: Vec<Recent> = Vec::new();
    let mut frames = 0;
    loop {
        let before = uploads.last().map_or(ItemId(Uuid::max()), |last| last.id);
        let page = intake::recent(tx, before, PAGE).await?;
        if page.is_empty() {
            return Ok((uploads, false));
        }
        for one in page {
            frames += one.frames.len();
            if uploads.len() >= MOST_UPLOADS || (frames > MOST_FRAMES && !uploads.is_empty()) {
                return Ok((uploads, true));
            }
            uploads.push(one);
        }
    }
}

/// Tries a list, switched on or not, with a reach of its own or another.
pub async fn try_out(tx: &mut Tx, caller: &Caller, bank: &Bank, threshold: Option<u32>) -> Result<Tried> {
    caller.require(Permission::ReadBanks)?;
    caller.require(Permission::SeeMatches)?;
    let threshold = threshold.unwrap_or(bank.threshold);
    if threshold > 63 {
        return Err((&BAD_BANK).into());
    }
    let (uploads, older) = newest(tx).await?;
    let prints = uploads.iter().map(|one| (&one.digests, one.frames.as_slice()));
    let mut trial = Trial::new(prints, threshold, bank.least_quality);
    let (mut after, mut entries, mut more_entries) = (EntryId(Uuid::nil()), 0, false);
    loop {
        let page = store::entries(tx, bank.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        if entries >= MOST_ENTRIES {
            more_entries = true;
            break;
        }
        after = last.id;
        entries += page.len();
        // Long work would keep this thread from others.
        trial = tokio::task::spawn_blocking(move || {
            trial.meet(&page);
            trial
        })
        .await
        .map_err(|error| Error::internal("trying a list", error))?;
    }
    let found: Vec<(&Recent, Option<u32>)> = trial
        .found()
        .into_iter()
        .filter_map(|(at, how)| {
            let distance = if let Closeness::Bits(bits) = how { Some(bits) } else { None };
            Some((uploads.get(at)?, distance))
        })
        .collect();
    let ids: Vec<ItemId> = found.iter().map(|(one, _)| one.id).collect();
    let cases = intake::cases_of(tx, &ids).await?;
    let mut distances: BTreeMap<Option<u32>, Vec<ItemId>> = BTreeMap::new();
    for (one, distance) in &found {
        distances.entry(*distance).or_default().push(one.id);
    }
    let at = |(distance, items): (Option<u32>, Vec<ItemId>)| {
        let mut of: Vec<CaseId> = items.iter().filter_map(|item| Some(cases.get(item)?.0)).collect();
        of.sort_unstable();
        of.dedup();
        AtDistance { distance, uploads: items.len(), cases: of.len() }
    };
    let reads = caller.may(Permission::ReadCases);
    let named = |(one, distance): &(&Recent, Option<u32>)| {
        let case = cases.get(&one.id).filter(|_| reads);
        Named {
            item: one.id,
            content_id: one.content_id.clone(),
            received_at: one.received_at,
            distance: *distance,
            verdict: one.verdict,
            case: case.map(|(case, _)| *case),
            number: case.map(|(_, number)| *number),
        }
    };
    Ok(Tried {
        bank: bank.id,
        threshold,
        uploads: uploads.len(),
        from: uploads.last().map(|one| one.received_at),
        to: uploads.first().map(|one| one.received_at),
        older,
        entries,
        more_entries,
        found: found.len(),
        unknown: found.iter().filter(|(one, _)| one.verdict != Verdict::Match).count(),
        distances: distances.into_iter().map(at).collect(),
        named: found.iter().take(NAMED).map(named).collect(),
        upright_only: bank.turned || bank.trimmed,
    })
}

/// Writes down that a list was tried, and what came of it.
pub async fn record(tx: &mut Tx, caller: &Caller, tried: &Tried) -> Result<Recorded> {
    let detail = serde_json::json!({
        "threshold": tried.threshold, "uploads": tried.uploads, "entries": tried.entries, "found": tried.found,
    });
    audit::record(tx, Event::by(caller, "bank.tried").about(tried.bank).detail(detail)).await
}
