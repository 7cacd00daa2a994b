//! One file that many accounts passed on: seen once, decided once. Accounts with any other signal are taken out first.

pub(super) mod pages;
mod store;
mod together;

use std::collections::BTreeSet;

use exchange::ncmec::document::FileAnnotation;
use serde::{Deserialize, Serialize};

use super::decisions::Outcome;
use super::involved::Role;
use super::sharing;
use super::{Case, Ground, NO_REASON, Priority, SAME_PERSON, State, add_grounds};
use crate::accounts::{Caller, Permission};
use crate::intake;
use crate::refusal::{Kind, Result};
use crate::store::{CaseId, DecisionId, ItemId, Tx};

pub use together::{approve_file, decide_file};

/// A file that no case holds.
pub static UNKNOWN_FILE: Kind = Kind::new(
    404,
    "unknown-file",
    "No case holds this file.",
    "Use the SHA-256 of an upload in a case, 64 hexadecimal digits.",
);

/// So many cases one decision settles at most.
const MOST: i64 = 5_000;

/// An account's case in the view of one file.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FileCase {
    /// Which case.
    pub case: CaseId,
    /// Its number.
    pub number: i64,
    /// Whose.
    pub account: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether it rests on this file alone. Others are decided by themselves.
    pub alone: bool,
}

/// One file, and the cases that hold it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FileView {
    /// Its SHA-256.
    pub sha256: String,
    /// Cases that hold it and are not closed, oldest first.
    pub cases: Vec<FileCase>,
    /// How many of them one decision can settle now.
    pub together: usize,
    /// How many wait for a second person since one decision for this file.
    pub waiting: usize,
    /// Whether its hash may be passed on.
    pub sharing: sharing::Sharing,
}

pub(super) fn digest(text: &str) -> Result<Vec<u8>> {
    hex::decode(text).ok().filter(|bytes| bytes.len() == 32).ok_or_else(|| (&UNKNOWN_FILE).into())
}

/// The view of one file.
pub async fn file(tx: &mut Tx, caller: &Caller, sha256: &str) -> Result<FileView> {
    caller.require(Permission::ReadCases)?;
    let bytes = digest(sha256)?;
    let sha256 = hex::encode(&bytes);
    let held = store::with_file(tx, &bytes, &sha256, MOST).await?;
    let waiting = held.iter().filter(|held| held.waiting).count();
    let case = |store::Held { case, alone, .. }| FileCase {
        case: case.id,
        number: case.number,
        account: case.account,
        state: case.state,
        priority: case.priority,
        alone,
    };
    let cases: Vec<FileCase> = held.into_iter().map(case).collect();
    if cases.is_empty() && !store::was_held(tx, &bytes).await? {
        return Err((&UNKNOWN_FILE).into());
    }
    let together = cases.iter().filter(|case| case.alone && case.state == State::Open).count();
    let sharing = sharing::of_file(tx, &bytes).await?;
    Ok(FileView { sha256, cases, together, waiting, sharing })
}

/// How many cases beside one hold this file, counted no further than a page shows.
pub(super) async fn others(tx: &mut Tx, sha256: &[u8], case: CaseId) -> Result<i64> {
    store::count_others_with_file(tx, sha256, case, 1_000).await
}

/// Of these uploads those whose file, in whatever case, somebody decided to be no such thing.
pub(super) async fn disputed(tx: &mut Tx, items: &[ItemId]) -> Result<Vec<ItemId>> {
    store::disputed(tx, items).await
}

/// Whether a decision covers a file that was decided otherwise elsewhere, or whose match somebody denied.
pub(super) async fn decided_otherwise(tx: &mut Tx, decision: DecisionId) -> Result<bool> {
    store::decided_otherwise(tx, decision).await
}

/// When a file has reached so many accounts, it is viral: whoever has nothing but it is less urgent.
pub(super) async fn weigh_spread(tx: &mut Tx, item: ItemId, case: CaseId, viral_accounts: i64) -> Result<()> {
    let sha256 = intake::find(tx, item).await?.digests.sha256;
    if store::count_with_file(tx, &sha256, viral_accounts).await? < viral_accounts {
        return Ok(());
    }
    // The one that makes it viral carries all before it along; each later one is only its own.
    if store::is_viral(tx, &sha256).await? {
        let case = super::case(tx, case).await?;
        return add_grounds(tx, &case, &[Ground::Viral]).await;
    }
    for held in store::with_file(tx, &sha256, &hex::encode(sha256), MOST).await? {
        add_grounds(tx, &held.case, &[Ground::Viral]).await?;
    }
    Ok(())
}

/// One decision for every account that has nothing but this file.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileDecision {
    /// What: `report`, `no_violation` or `other_violation`.
    pub outcome: Outcome,
    /// Why, in a sentence.
    pub reason: String,
    /// For a report: the type of incident.
    #[serde(default)]
    pub incident_type: Option<String>,
    /// What these accounts are; needed for a report.
    #[serde(default)]
    pub role: Option<Role>,
    /// What more is known of the file, in NCMEC's words: `viral`, `potentialMeme`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub file_annotations: BTreeSet<FileAnnotation>,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FileDecided {
    /// The file's SHA-256.
    pub sha256: String,
    /// Cases that are decided now, or wait for the second person.
    pub decided: Vec<CaseId>,
    /// Cases that are not: another signal, another person at work, or another state.
    pub left: Vec<CaseId>,
}

/// Refuses what one file cannot be decided as, before any case is touched.
fn check(new: &FileDecision) -> Result<()> {
    if !matches!(new.outcome, Outcome::Report | Outcome::NoViolation | Outcome::OtherViolation) {
        return Err(super::WRONG_STATE.because("one file is reported, or it is not"));
    }
    if new.reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    Ok(())
}
