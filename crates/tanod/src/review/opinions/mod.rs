//! What people say of a match after they looked at the file. An own find acts, and may be shared, once two people confirmed it
//! independently and nobody denied it (HR-10); a file that somebody denied is vouched for by no list any more.

pub mod api;
mod store;

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{NO_REASON, NOT_IN_CASE, decisions, store as cases};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::banks;
use crate::config::Settings;
use crate::intake;
use crate::refusal::Result;
use crate::store::{CaseId, ItemId, PersonId, Recorded, Tx};

/// So many people confirm an own find before it acts.
pub const CONFIRMATIONS: usize = 2;

/// What somebody says of a match.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOpinion {
    /// Whether the file is what the list says it is.
    pub fits: bool,
    /// Why, in a sentence.
    pub reason: String,
}

/// What somebody said of a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Opinion {
    /// Who.
    pub person: PersonId,
    /// Whether the file is what the list says it is.
    pub fits: bool,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// What was said of the matches of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Opinions {
    /// Each person's last word, oldest first.
    pub said: Vec<Opinion>,
    /// Whether two confirmed it and nobody denied it.
    pub confirmed: bool,
}

impl Opinions {
    fn of(said: Vec<Opinion>) -> Self {
        let confirmed = said.len() >= CONFIRMATIONS && said.iter().all(|one| one.fits);
        Self { said, confirmed }
    }
}

/// Says of an upload whether its match is right. Whoever says so has seen the whole of it, without the veil; their last word counts.
pub async fn say_of_match(
    tx: &mut Tx,
    caller: &Caller,
    case: CaseId,
    item: ItemId,
    new: &NewOpinion,
    settings: &Settings,
) -> Result<(Opinions, Recorded)> {
    caller.require(Permission::DecideCases)?;
    super::find(tx, caller, case).await.map(drop)?;
    let person = caller.person()?;
    if new.reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    if cases::signals(tx, case).await?.iter().all(|signal| signal.item != Some(item)) {
        return Err(NOT_IN_CASE.because(item.to_string()));
    }
    decisions::has_viewed(tx, item, person, settings).await?;
    // One after the other, to the commit: of two who speak at once the later counts both.
    tx.next_number("opinions").await?;
    let sha256 = intake::find(tx, item).await?.digests.sha256;
    let opinion = Opinion { person, fits: new.fits, reason: new.reason.trim().to_owned(), at: tx.now() };
    let before = Opinions::of(store::of_file(tx, &sha256).await?).confirmed;
    store::say(tx, &sha256, item, &opinion).await?;
    let opinions = Opinions::of(store::of_file(tx, &sha256).await?);
    let own = intake::matches(tx, item).await?.iter().any(|hit| hit.kind == banks::Kind::OwnUnconfirmed);
    match (before, opinions.confirmed) {
        (false, true) if own => {
            banks::confirm(tx, caller, &sha256, &format!("confirmed by {CONFIRMATIONS} people")).await?;
        }
        (true, false) => banks::confirm_no_more(tx, caller, &sha256).await?,
        _ => {}
    }
    let kind = if new.fits { "match.confirmed" } else { "match.denied" };
    let detail = serde_json::json!({"sha256": hex::encode(sha256), "confirmed": opinions.confirmed});
    let proof = audit::record(tx, Entry::by(caller, kind).case(case).about(item).detail(detail)).await?;
    Ok((opinions, proof))
}

/// What was said of the matches of a file. Whoever may still say something of their own reads what others said only after it: two who
/// know of each other's word are not independent.
pub async fn of_file(tx: &mut Tx, caller: &Caller, sha256: &[u8]) -> Result<Opinions> {
    caller.require(Permission::ReadCases)?;
    let mut opinions = Opinions::of(store::of_file(tx, sha256).await?);
    if caller.may(Permission::DecideCases) {
        let me = caller.person()?;
        if opinions.said.iter().all(|one| one.person != me) {
            opinions.said.clear();
        }
    }
    Ok(opinions)
}

/// The same of an upload in a case.
pub async fn of_item(tx: &mut Tx, caller: &Caller, case: CaseId, item: ItemId) -> Result<Opinions> {
    super::find(tx, caller, case).await.map(drop)?;
    if cases::signals(tx, case).await?.iter().all(|signal| signal.item != Some(item)) {
        return Err(NOT_IN_CASE.because(item.to_string()));
    }
    let sha256 = intake::find(tx, item).await?.digests.sha256;
    of_file(tx, caller, &sha256).await
}

/// Digests of files that two people confirmed and nobody denied: of an own list that is not confirmed, only these are passed on.
pub(crate) async fn confirmed(tx: &mut Tx) -> Result<HashSet<Vec<u8>>> {
    store::confirmed(tx, i64::try_from(CONFIRMATIONS).unwrap_or(i64::MAX)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_confirm_and_one_denial_is_enough_to_stop_it() {
        let said = |all: &[bool]| {
            let one = |fits: &bool| Opinion {
                person: PersonId(uuid::Uuid::nil()),
                fits: *fits,
                reason: String::new(),
                at: Timestamp::UNIX_EPOCH,
            };
            Opinions::of(all.iter().map(one).collect()).confirmed
        };
        assert!(!said(&[]) && !said(&[true]) && said(&[true, true]) && said(&[true, true, true]));
        assert!(!said(&[true, false]) && !said(&[true, true, false]));
    }
}
