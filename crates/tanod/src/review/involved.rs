//! People and accounts in a case, and the roles that a person gives them. A child who made the picture is a victim.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Case, store};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::intake::Account;
use crate::refusal::{Kind, Result};
use crate::store::{CaseId, InvolvedId, PersonId, Recorded, Tx};

/// A report while nobody has said who is who.
pub static ROLE_UNSET: Kind = Kind::new(
    422,
    "role-unset",
    "Somebody in this case has no role yet, and a report shows people by their roles.",
    "Say for each person whether they are suspect, recipient, victim or unknown.",
)
.program("It is `roles` in the decision, or PUT /v1/cases/{case}/involved/{involved}.");
/// An id that leads nowhere.
pub static UNKNOWN_INVOLVED: Kind = Kind::new(
    404,
    "unknown-involved",
    "Nobody of this id or account is in this case.",
    "The case's page lists who is in it, and lets you add somebody.",
)
.program("GET /v1/cases/{case} lists who is; POST /v1/cases/{case}/involved adds somebody.");

/// What somebody is in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Suspected of the abuse, or of passing on its recordings.
    Suspect,
    /// Somebody it was meant for.
    Recipient,
    /// The child, also one who made the picture; or whoever is blackmailed.
    Victim,
    /// Looked at, and nobody can tell.
    Unknown,
}

/// What stands for somebody in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvolvedKind {
    /// An account of this platform.
    Account,
    /// An account of another platform, seen here by federation.
    Remote,
    /// Nobody knows whose upload it is; link, device or address hold it together.
    Anonymous,
}

/// Somebody in a case.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Involved {
    /// Its id.
    pub id: InvolvedId,
    /// What stands for them.
    pub kind: InvolvedKind,
    /// The platform's id of the account.
    pub account: Option<String>,
    /// What they are in this case; absent while nobody has said so.
    pub role: Option<Role>,
    /// Whether they may be a child: handled as a victim unless a person says otherwise.
    pub likely_minor: bool,
    /// Whether somebody else may have used the account.
    pub hijacked: bool,
    /// What the platform said of the account.
    pub facts: Option<Account>,
    /// Who gave the role.
    pub set_by: Option<PersonId>,
    /// When they came into the case.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Who is who, as a person says it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// Who, by id; or by `account`. Without either: whoever has no account.
    #[serde(default)]
    pub involved: Option<InvolvedId>,
    /// Who, by the platform's id of the account.
    #[serde(default)]
    pub account: Option<String>,
    /// What they are.
    pub role: Role,
    /// Whether they may be a child.
    #[serde(default)]
    pub likely_minor: Option<bool>,
    /// Whether somebody else may have used the account.
    #[serde(default)]
    pub hijacked: Option<bool>,
}

/// What a likely minor in the case suggests. Proposals: nothing is set by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Proposal {
    /// What is proposed, in NCMEC's word or as `role:victim`.
    pub what: &'static str,
    /// Why.
    pub because: &'static str,
}

/// What the people in a case suggest for the decision.
pub fn proposals(involved: &[Involved]) -> Vec<Proposal> {
    let minor = involved.iter().any(|one| one.likely_minor);
    let mut all = Vec::new();
    if minor {
        let because = "an account in this case may be a child's";
        for what in ["role:victim", "possibleSelfProduction", "sextortion", "minorToMinorInteraction"] {
            all.push(Proposal { what, because });
        }
    }
    if involved.iter().any(|one| one.hijacked) {
        all.push(Proposal { what: "role:victim", because: "somebody else may have used an account in this case" });
    }
    all
}

/// Whether an account must not lose its place for good: a likely child's, or one that somebody else may have used (HR-11).
pub async fn is_protected(tx: &mut Tx, case: CaseId, account: Option<&str>) -> Result<bool> {
    let all = store::involved(tx, case).await?;
    let meant = |one: &&Involved| account.is_none() || one.account.as_deref() == account;
    Ok(all.iter().filter(meant).any(|one| one.likely_minor || one.hijacked || one.role == Some(Role::Victim)))
}

/// Brings the account behind a signal into the case, once.
pub(crate) async fn bring(tx: &mut Tx, case: CaseId, account: Option<&Account>) -> Result<()> {
    let id = account.map(|account| account.id.as_str());
    let known = store::involved(tx, case).await?;
    if account.is_none() && !known.is_empty() {
        // A notice that names content only: nobody new comes into the case by it.
        return Ok(());
    }
    if let Some(found) = known.iter().find(|one| one.account.as_deref() == id) {
        if account.is_some_and(|account| account.likely_minor == Some(true)) && !found.likely_minor {
            mark_likely_minor(tx, case, id).await?;
        }
        return Ok(());
    }
    let kind = match account {
        None => InvolvedKind::Anonymous,
        Some(account) if account.server.is_some() => InvolvedKind::Remote,
        Some(_) => InvolvedKind::Account,
    };
    let one = Involved {
        id: tx.id(),
        kind,
        account: id.map(str::to_owned),
        role: None,
        likely_minor: account.is_some_and(|account| account.likely_minor == Some(true)),
        hijacked: false,
        facts: account.cloned(),
        set_by: None,
        at: tx.now(),
    };
    store::insert_involved(tx, case, &one).await?;
    let detail = serde_json::json!({"kind": one.kind, "likely_minor": one.likely_minor});
    audit::record(tx, Entry::by_tanod("involved.added").case(case).about(one.id).detail(detail)).await.map(drop)
}

/// The platform's facts say that an account may be a child's.
pub async fn mark_likely_minor(tx: &mut Tx, case: CaseId, account: Option<&str>) -> Result<()> {
    for one in store::involved(tx, case).await? {
        if one.account.as_deref() == account && !one.likely_minor {
            store::set_involved(tx, one.id, one.role, true, one.hijacked, one.set_by).await?;
            let entry = Entry::by_tanod("involved.likely_minor").case(case).about(one.id);
            audit::record(tx, entry).await.map(drop)?;
        }
    }
    Ok(())
}

/// A person adds somebody to the case: a recipient in the thread, the child in the picture.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvolved {
    /// Their account, when they have one.
    #[serde(default)]
    pub account: Option<Account>,
    /// What they are.
    pub role: Role,
    /// Whether they may be a child.
    #[serde(default)]
    pub likely_minor: bool,
}

/// Adds somebody to a case that the caller works on. An account that is in it already gets the role.
pub async fn add(tx: &mut Tx, caller: &Caller, id: CaseId, new: &NewInvolved) -> Result<(Involved, Recorded)> {
    caller.require(Permission::DecideCases)?;
    super::leased(tx, caller, id).await?;
    if let Some(account) = &new.account {
        account.check()?;
        if store::involved(tx, id).await?.iter().any(|one| one.account.as_ref() == Some(&account.id)) {
            let role = NewRole {
                involved: None,
                account: Some(account.id.clone()),
                role: new.role,
                likely_minor: new.likely_minor.then_some(true),
                hijacked: None,
            };
            return say(tx, caller, id, &role).await;
        }
    }
    let one = Involved {
        id: tx.id(),
        kind: match &new.account {
            None => InvolvedKind::Anonymous,
            Some(account) if account.server.is_some() => InvolvedKind::Remote,
            Some(_) => InvolvedKind::Account,
        },
        account: new.account.as_ref().map(|account| account.id.clone()),
        role: Some(new.role),
        likely_minor: new.likely_minor,
        hijacked: false,
        facts: new.account.clone(),
        set_by: Some(caller.person()?),
        at: tx.now(),
    };
    store::insert_involved(tx, id, &one).await?;
    let detail = serde_json::json!({"role": new.role, "kind": one.kind, "likely_minor": one.likely_minor});
    let proof = audit::record(tx, Entry::by(caller, "involved.added").case(id).about(one.id).detail(detail)).await?;
    Ok((one, proof))
}

/// Gives somebody their role, under the lease.
pub async fn set_role(tx: &mut Tx, caller: &Caller, id: CaseId, new: &NewRole) -> Result<(Involved, Recorded)> {
    caller.require(Permission::DecideCases)?;
    super::leased(tx, caller, id).await?;
    say(tx, caller, id, new).await
}

/// Writes a role down, by whoever is known to hold the lease.
pub(super) async fn say(tx: &mut Tx, caller: &Caller, id: CaseId, new: &NewRole) -> Result<(Involved, Recorded)> {
    let all = store::involved(tx, id).await?;
    let found = all.into_iter().find(|one| match new.involved {
        Some(involved) => one.id == involved,
        None => one.account == new.account,
    });
    let mut one = found.ok_or(&UNKNOWN_INVOLVED)?;
    one.role = Some(new.role);
    one.likely_minor = new.likely_minor.unwrap_or(one.likely_minor);
    one.hijacked = new.hijacked.unwrap_or(one.hijacked);
    one.set_by = Some(caller.person()?);
    store::set_involved(tx, one.id, one.role, one.likely_minor, one.hijacked, one.set_by).await?;
    let detail = serde_json::json!({
        "role": one.role, "likely_minor": one.likely_minor, "hijacked": one.hijacked,
    });
    let proof = audit::record(tx, Entry::by(caller, "involved.role_set").case(id).about(one.id).detail(detail)).await?;
    Ok((one, proof))
}

/// Everybody in a case.
pub async fn of(tx: &mut Tx, case: CaseId) -> Result<Vec<Involved>> {
    store::involved(tx, case).await
}

/// Everybody in many cases.
pub async fn of_all(tx: &mut Tx, cases: &[CaseId]) -> Result<HashMap<CaseId, Vec<Involved>>> {
    store::involved_of(tx, cases).await
}

/// Refuses a report while a role is unset.
pub(super) async fn all_set(tx: &mut Tx, case: &Case) -> Result<()> {
    let unset: Vec<String> = store::involved(tx, case.id)
        .await?
        .into_iter()
        .filter(|one| one.role.is_none())
        .map(|one| one.account.unwrap_or_else(|| "whoever has no account".to_owned()))
        .collect();
    if unset.is_empty() { Ok(()) } else { Err(ROLE_UNSET.because(unset.join(", "))) }
}

/// For danger now: whoever has no role is unknown, and the record says that nobody took the time to tell.
pub(super) async fn unset_are_unknown(tx: &mut Tx, caller: &Caller, case: CaseId) -> Result<()> {
    for one in store::involved(tx, case).await? {
        if one.role.is_none() {
            store::set_involved(tx, one.id, Some(Role::Unknown), one.likely_minor, one.hijacked, None).await?;
            let detail = serde_json::json!({"role": Role::Unknown, "because": "danger now"});
            let entry = Entry::by(caller, "involved.role_set").case(case).about(one.id).detail(detail);
            audit::record(tx, entry).await.map(drop)?;
        }
    }
    Ok(())
}
