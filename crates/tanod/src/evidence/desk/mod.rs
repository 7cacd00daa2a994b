//! What a lead must know of everything that is kept: what waits for a second person, what contradicts, what ends next.

pub(super) mod pages;
mod retention;
mod store;

use jiff::Timestamp;

use super::{Basis, Fate, Hold, Release, fate, holds, store as kept};
use crate::accounts::{Caller, Permission};
use crate::refusal::Result;
use crate::store::{CaseId, ItemId, Tx};

/// Something about a case, with the case's number.
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    /// Which case.
    pub case: CaseId,
    /// Its number.
    pub number: i64,
    /// What.
    pub what: T,
}

/// A case whose bases contradict each other (EV-20).
#[derive(Clone, Debug)]
pub struct AtCounsel {
    /// Why, in words.
    pub words: String,
    /// Since when.
    pub since: Timestamp,
}

/// What is to be settled by people.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    /// What a second person must answer, the oldest first.
    pub waiting: Vec<Numbered<Release>>,
    /// What is with counsel, the oldest first.
    pub counsel: Vec<Numbered<AtCounsel>>,
    /// Holds that somebody asked for and that end by themselves, the next one first (US-36).
    pub requests: Vec<Numbered<Hold>>,
    /// Holds that are to be looked at again, the next one first (US-34).
    pub reviews: Vec<Numbered<Hold>>,
}

/// What is to be settled by people. Each list is cut at `most`.
pub async fn desk(tx: &mut Tx, caller: &Caller, most: i64) -> Result<Desk> {
    caller.require(Permission::ReadHolds)?;
    let now = holds::believed_now(tx).await?;
    Ok(Desk {
        waiting: store::waiting(tx, most).await?,
        counsel: store::counsel(tx, most).await?,
        requests: store::requests(tx, now, most).await?,
        reviews: store::reviews(tx, now, most).await?,
    })
}

/// What becomes of one case.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Foreseen {
    /// Which case.
    pub case: CaseId,
    /// Its number.
    pub number: i64,
    /// What.
    #[serde(flatten)]
    pub fate: Fate,
    /// On which bases.
    pub bases: Vec<Basis>,
}

/// What becomes of the cases of which something is there, the newest first, before the one with this number.
pub async fn kept_cases(tx: &mut Tx, caller: &Caller, before: Option<i64>, most: i64) -> Result<Vec<Foreseen>> {
    caller.require(Permission::ReadHolds)?;
    let now = holds::believed_now(tx).await?;
    foresee(tx, now, before.unwrap_or(i64::MAX), most).await
}

/// What would be kept, due and in conflict at some time, if nothing else happened until then. Changes nothing.
pub async fn simulate(tx: &mut Tx, caller: &Caller, until: Timestamp) -> Result<Vec<Foreseen>> {
    caller.require(Permission::ReadHolds)?;
    let mut foreseen = foresee(tx, until, i64::MAX, i64::MAX).await?;
    foreseen.reverse();
    Ok(foreseen)
}

async fn foresee(tx: &mut Tx, at: Timestamp, before: i64, most: i64) -> Result<Vec<Foreseen>> {
    let mut foreseen = Vec::new();
    for (case, number) in store::kept_before(tx, before, most).await? {
        let holds = kept::holds_on(tx, case).await?;
        let bases = holds.iter().filter(|hold| hold.released_at.is_none()).map(|hold| hold.basis).collect();
        foreseen.push(Foreseen { case, number, fate: fate(&holds, at), bases });
    }
    Ok(foreseen)
}

/// Uploads of a case whose media is there, by the platform's own names for them.
async fn there(tx: &mut Tx, case: CaseId) -> Result<Vec<(ItemId, String)>> {
    store::there(tx, case).await
}
