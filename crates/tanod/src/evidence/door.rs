//! The one door to depictions: who may look, at what, for what, how often; and who is told when a look is unusual (US-33).

use super::{At, Purpose, store};
use crate::accounts::{Caller, Permission};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::intake;
use crate::notices::removals;
use crate::refusal::Result;
use crate::review::{self, NOT_IN_CASE};
use crate::store::{ItemId, Recorded, Tx};

/// How often looking is ordinary.
#[derive(Clone, Copy, Debug)]
pub struct Ordinary {
    /// Looks of one person in an hour.
    pub in_an_hour: i64,
    /// Looks of one person at one upload in a day.
    pub at_one: i64,
}

/// Whether this look is in order. For a review the caller holds the lease; for a second opinion a decision waits for one; a
/// request to remove a picture waits for its answer.
pub(super) async fn check(tx: &mut Tx, caller: &Caller, at: At, item: ItemId, purpose: Purpose) -> Result<()> {
    caller.require(Permission::SeeDepictions)?;
    let case = match (at, purpose) {
        (At::Case(case), Purpose::Review) => {
            review::leased(tx, caller, case).await?;
            case
        }
        (At::Case(case), Purpose::SecondOpinion) => {
            caller.require(Permission::ApproveDecisions)?;
            if review::find(tx, caller, case).await?.state != review::State::Approval {
                return Err(review::WRONG_STATE.because("no decision waits for a second opinion"));
            }
            case
        }
        (At::Request(notice), Purpose::Removal) => return removals::may_see(tx, caller, notice, item).await,
        (At::Case(_), Purpose::Removal) | (At::Request(_), Purpose::Review | Purpose::SecondOpinion) => {
            return Err(NOT_IN_CASE.because("a look at a request has the purpose removal, and no other look has it"));
        }
    };
    if intake::case_of(tx, item).await? == Some(case) { Ok(()) } else { Err(NOT_IN_CASE.because(item.to_string())) }
}

/// Writes down that somebody tried to look where they may not, and tells the people on call: off the case one works on there is
/// nothing to see.
pub(super) async fn refused(tx: &mut Tx, caller: &Caller, at: At, item: ItemId, slug: &str) -> Result<Recorded> {
    alarms::raise(tx, alarms::Kind::LookUnusual, &format!("{}: off case", caller.mark()), None).await?;
    let (case, notice) = at.parts();
    let detail = serde_json::json!({"item": item, "notice": notice, "refusal": slug});
    let mut entry = Entry::by(caller, "look.refused").detail(detail);
    entry.case = case;
    audit::record(tx, entry).await
}

/// Tells the people on call when somebody looks often, or at one upload again and again. The look itself is not kept back: work
/// goes on, and a person asks why.
pub(super) async fn unusual(tx: &mut Tx, caller: &Caller, item: ItemId, ordinary: Ordinary) -> Result<()> {
    let person = caller.person()?;
    let (in_an_hour, at_one) = store::looks_of(tx, person, item).await?;
    for (unusual, why) in
        [(in_an_hour > ordinary.in_an_hour, "many looks"), (at_one > ordinary.at_one, "the same again")]
    {
        if unusual {
            alarms::raise(tx, alarms::Kind::LookUnusual, &format!("{}: {why}", caller.mark()), None).await?;
        }
    }
    Ok(())
}
