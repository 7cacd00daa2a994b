//! How urgent a case is, and why: computed from its grounds, changed by people with theirs.

use serde::{Deserialize, Serialize};

use super::{Case, NO_REASON, store};
use crate::accounts::{Caller, Permission};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::refusal::Result;
use crate::store::{CaseId, Recorded, Tx};

/// How urgent a case is. A hash match alone is P2 to P4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Priority {
    /// A child may be in danger now.
    P0,
    /// New material, enticement, sextortion, an adult with access to a child.
    P1,
    /// Known material made public or traded.
    P2,
    /// Known, single.
    P3,
    /// Viral.
    P4,
}

impl Priority {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 5] = [Self::P0, Self::P1, Self::P2, Self::P3, Self::P4];

    pub(super) fn number(self) -> i64 {
        match self {
            Self::P0 => 0,
            Self::P1 => 1,
            Self::P2 => 2,
            Self::P3 => 3,
            Self::P4 => 4,
        }
    }

    pub(super) fn from_number(number: i64) -> Self {
        match number {
            0 => Self::P0,
            1 => Self::P1,
            2 => Self::P2,
            4 => Self::P4,
            _ => Self::P3,
        }
    }
}

/// Why a case is as urgent as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// A reviewer pressed "danger now".
    DangerNow,
    /// Somebody who told us says that a child is in danger now.
    DangerTold,
    /// The same, by somebody who says so again and again: urgent, and no page of its own.
    DangerToldOften,
    /// What people, payments or a classifier say in a stream that runs fits a rule that says "now".
    StreamNow,
    /// What happens in a stream that runs fits a rule.
    StreamRule,
    /// Material that no list knows.
    NewMaterial,
    /// Somebody talks a child into sexual acts.
    Enticement,
    /// Somebody blackmails with pictures.
    Sextortion,
    /// An adult who has access to a child.
    AccessToChild,
    /// Somebody told us, and named nothing more urgent.
    Told,
    /// Known material that every user could see.
    KnownPublic,
    /// Known material, several files of one account.
    KnownSeveral,
    /// Known material, a single file.
    KnownSingle,
    /// One file that many accounts pass on.
    Viral,
    /// A person said so.
    SetByPerson,
}

impl Ground {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 13] = [
        Self::DangerNow,
        Self::DangerTold,
        Self::DangerToldOften,
        Self::NewMaterial,
        Self::Enticement,
        Self::Sextortion,
        Self::AccessToChild,
        Self::Told,
        Self::KnownPublic,
        Self::KnownSeveral,
        Self::KnownSingle,
        Self::Viral,
        Self::SetByPerson,
    ];

    /// How urgent this ground alone makes a case.
    pub fn priority(self) -> Priority {
        match self {
            Self::DangerNow | Self::DangerTold | Self::StreamNow => Priority::P0,
            Self::DangerToldOften
            | Self::StreamRule
            | Self::NewMaterial
            | Self::Enticement
            | Self::Sextortion
            | Self::AccessToChild => Priority::P1,
            Self::KnownPublic | Self::KnownSeveral | Self::Told => Priority::P2,
            Self::KnownSingle | Self::SetByPerson => Priority::P3,
            Self::Viral => Priority::P4,
        }
    }

    /// Whether the ground is known material and nothing else, which a viral file outweighs.
    fn is_known_material(self) -> bool {
        matches!(self, Self::KnownPublic | Self::KnownSingle | Self::Viral)
    }
}

/// How it is written, in every language.
pub fn word(priority: Priority) -> &'static str {
    match priority {
        Priority::P0 => "P0",
        Priority::P1 => "P1",
        Priority::P2 => "P2",
        Priority::P3 => "P3",
        Priority::P4 => "P4",
    }
}

/// The most urgent ground counts. A viral file makes an account whose every ground is that file less urgent, never one
/// with any other ground.
pub fn weigh(grounds: &[Ground]) -> Priority {
    if grounds.contains(&Ground::Viral) && grounds.iter().all(|ground| ground.is_known_material()) {
        return Priority::P4;
    }
    grounds.iter().map(|ground| ground.priority()).min().unwrap_or(Priority::P3)
}

/// Another urgency, by a person with a reason. Lowering one that says "danger now" is a lead's.
pub async fn set(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    priority: Priority,
    reason: &str,
) -> Result<(Case, Recorded)> {
    caller.require(Permission::DecideCases)?;
    if reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    let case = store::locked(tx, id).await?.ok_or(&super::UNKNOWN_CASE)?;
    if case.priority == Priority::P0 && priority != Priority::P0 {
        caller.require(Permission::ApproveDecisions)?;
    }
    let mut reasons = case.reasons.clone();
    if !reasons.contains(&Ground::SetByPerson) {
        reasons.push(Ground::SetByPerson);
    }
    store::set_priority(tx, id, priority, &reasons, Some(caller.person()?)).await?;
    if priority == Priority::P0 && case.priority != Priority::P0 {
        // Whoever says so pages somebody, by whichever key.
        alarms::raise_anew(tx, alarms::Kind::DangerNow, &id.to_string(), Some(id)).await?;
    }
    let detail = serde_json::json!({"from": case.priority, "to": priority, "reason": reason.trim()});
    let proof = audit::record(tx, Entry::by(caller, "case.priority_set").case(id).detail(detail)).await?;
    Ok((super::find(tx, caller, id).await?, proof))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_ground_counts_and_viral_lowers_only_what_is_nothing_else() {
        use Ground as G;
        assert_eq!(weigh(&[]), Priority::P3);
        assert_eq!(weigh(&[G::KnownSingle]), Priority::P3);
        assert_eq!(weigh(&[G::KnownSingle, G::KnownPublic]), Priority::P2);
        assert_eq!(weigh(&[G::KnownPublic, G::Viral]), Priority::P4);
        assert_eq!(weigh(&[G::KnownPublic, G::Viral, G::KnownSeveral]), Priority::P2);
        assert_eq!(weigh(&[G::Viral, G::Sextortion]), Priority::P1);
        assert_eq!(weigh(&[G::Told, G::DangerTold]), Priority::P0);
    }
}
