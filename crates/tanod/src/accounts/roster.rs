//! Who can see depictions: a named list that is kept as short as the work allows (18 U.S.C. 2258B(c)(1), US-40).

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Caller, Permission, UNKNOWN_NAME, store};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::store::{PersonId, Recorded, Tx};

/// Somebody who would give a right to themselves.
pub static NOT_YOURSELF: Kind = Kind::new(
    409,
    "not-yourself",
    "Nobody gives themselves the right to see depictions.",
    "Ask another administrator.",
);

/// After so long without a look the right to look ends by itself.
pub const IDLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Somebody who can see depictions, or could.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Looker {
    /// Who.
    pub person: PersonId,
    /// As they appear in the record.
    pub staff: i64,
    /// What for.
    pub role: super::Role,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// When they last looked.
    #[schema(value_type = Option<String>)]
    pub last_look: Option<Timestamp>,
    /// How often in the last thirty days.
    pub looks: i64,
    /// When the right ended, by itself or by a person.
    #[schema(value_type = Option<String>)]
    pub revoked_at: Option<Timestamp>,
}

/// The roster: everybody whose role looks.
pub async fn roster(tx: &mut Tx, caller: &Caller) -> Result<Vec<Looker>> {
    caller.require(Permission::ReadAudit)?;
    let since = tx.now().checked_sub(IDLE).unwrap_or(Timestamp::UNIX_EPOCH);
    store::lookers(tx, since).await
}

/// Gives somebody the right to look again, or takes it away.
pub async fn set_looks(tx: &mut Tx, caller: &Caller, person: PersonId, may: bool) -> Result<(Looker, Recorded)> {
    caller.require(Permission::ChangeAccounts)?;
    if may && caller.person().is_ok_and(|own| own == person) {
        return Err((&NOT_YOURSELF).into());
    }
    let since = tx.now().checked_sub(IDLE).unwrap_or(Timestamp::UNIX_EPOCH);
    let known = |lookers: Vec<Looker>| lookers.into_iter().find(|looker| looker.person == person);
    known(store::lookers(tx, since).await?).ok_or(&UNKNOWN_NAME)?;
    store::set_looks(tx, person, may).await?;
    let kind = if may { "person.may_look" } else { "person.may_look_no_more" };
    let proof = audit::record(tx, Entry::by(caller, kind).about(person)).await?;
    Ok((known(store::lookers(tx, since).await?).ok_or(&UNKNOWN_NAME)?, proof))
}

/// Ends the right of those who have not looked for thirty days, and pages when more people can look than the settings say.
pub async fn tidy_roster(tx: &mut Tx, most: usize) -> Result<Recorded> {
    let idle = tx.now().checked_sub(IDLE).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut left = 0;
    for looker in store::lookers(tx, idle).await?.into_iter().filter(|looker| looker.revoked_at.is_none()) {
        if looker.last_look.map_or(looker.since, |last| last.max(looker.since)) > idle {
            left += 1;
            continue;
        }
        store::set_looks(tx, looker.person, false).await?;
        audit::record(tx, Entry::by_tanod("person.may_look_no_more").about(looker.person)).await.map(drop)?;
    }
    if left > most {
        alarms::raise(tx, alarms::Kind::RosterLong, "roster", None).await?;
    } else {
        alarms::clear(tx, alarms::Kind::RosterLong, "roster").await?;
    }
    Ok(Recorded::unrecorded("each right that ended, and each alarm, has its own entry"))
}
