//! One file that many accounts passed on: seen once, decided once. Accounts with any other signal are taken out first.

pub(super) mod pages;
mod store;

use std::collections::BTreeSet;

use exchange::ncmec::document::FileAnnotation;
use serde::{Deserialize, Serialize};

use super::decisions::{self, Approval, Decision, NewDecision, Outcome};
use super::involved::{self, NewRole, Role};
use super::sharing;
use super::store as cases;
use super::{Case, Ground, Priority, State, add_grounds};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::config::Settings;
use crate::intake;
use crate::refusal::{Kind, Result};
use crate::store::{CaseId, ItemId, Recorded, Tx};

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
    let (mut cases, mut waiting) = (Vec::new(), 0);
    for case in store::with_file(tx, &bytes, MOST).await? {
        let alone = store::rests_on_file_alone(tx, case.id, &bytes).await?;
        waiting += usize::from(case.state == State::Approval && waits_for_file(tx, case.id, &sha256).await?);
        cases.push(FileCase {
            case: case.id,
            number: case.number,
            account: case.account,
            state: case.state,
            priority: case.priority,
            alone,
        });
    }
    if cases.is_empty() && !store::was_held(tx, &bytes).await? {
        return Err((&UNKNOWN_FILE).into());
    }
    let together = cases.iter().filter(|case| case.alone && case.state == State::Open).count();
    let sharing = sharing::of_file(tx, &bytes).await?;
    Ok(FileView { sha256, cases, together, waiting, sharing })
}

/// Whether a decision that was made for this file waits for its second person in a case.
async fn waits_for_file(tx: &mut Tx, case: CaseId, sha256: &str) -> Result<bool> {
    let waits = |decision: &Decision| {
        decision.approval == Approval::Asked && decision.particulars.file.as_deref() == Some(sha256)
    };
    Ok(cases::decisions(tx, case).await?.iter().any(waits))
}

/// How many cases beside one hold this file, counted no further than a page shows.
pub(super) async fn others(tx: &mut Tx, sha256: &[u8], case: CaseId) -> Result<i64> {
    store::count_others_with_file(tx, sha256, case, 1_000).await
}

/// When a file has reached so many accounts, it is viral: whoever has nothing but it is less urgent.
pub(super) async fn weigh_spread(tx: &mut Tx, item: ItemId, viral_accounts: i64) -> Result<()> {
    let sha256 = intake::find(tx, item).await?.digests.sha256;
    if store::count_with_file(tx, &sha256, viral_accounts).await? < viral_accounts {
        return Ok(());
    }
    // The one that makes it viral carries all before it along; each later one finds only itself.
    for case in store::with_file_not_viral(tx, &sha256, MOST).await? {
        add_grounds(tx, &case, &[Ground::Viral]).await?;
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
        return Err((&super::NO_REASON).into());
    }
    Ok(())
}

/// Decides every open case that rests on one file alone. Nothing is said about viewing: what was seen in one account's copy
/// was not seen in another's (US-15).
pub async fn decide_file(
    tx: &mut Tx,
    caller: &Caller,
    sha256: &str,
    new: &FileDecision,
    settings: &Settings,
) -> Result<(FileDecided, Recorded)> {
    caller.require(Permission::DecideCases)?;
    check(new)?;
    let view = file(tx, caller, sha256).await?;
    let me = caller.person()?;
    let (mut decided, mut left) = (Vec::new(), Vec::new());
    for one in &view.cases {
        let case = cases::locked(tx, one.case).await?.filter(|case| case.state == State::Open && one.alone);
        let Some(case) = case.filter(|case| !held_by_another(case, me, tx.now())) else {
            left.push(one.case);
            continue;
        };
        super::lease(tx, caller, case.id).await.map(drop)?;
        let mut roles = Vec::new();
        if let Some(role) = new.role {
            for one in involved::of(tx, case.id).await?.into_iter().filter(|one| one.role.is_none()) {
                roles.push(NewRole { involved: Some(one.id), account: None, role, likely_minor: None, hijacked: None });
            }
        }
        let decision = NewDecision {
            outcome: new.outcome,
            reason: new.reason.clone(),
            incident_type: new.incident_type.clone(),
            viewed_whole: Vec::new(),
            roles,
            destination: None,
            report_annotations: BTreeSet::new(),
            file_annotations: new.file_annotations.clone(),
            next: None,
            elsewhere: None,
        };
        decisions::decide_as_one_of(tx, caller, case.id, &decision, settings, Some(&view.sha256)).await.map(drop)?;
        decided.push(case.id);
    }
    let detail = serde_json::json!({
        "sha256": view.sha256, "outcome": new.outcome, "reason": new.reason.trim(), "decided": decided.len(),
        "left": left.len(),
    });
    let proof = audit::record(tx, Entry::by(caller, "file.decided").detail(detail)).await?;
    Ok((FileDecided { sha256: view.sha256, decided, left }, proof))
}

fn held_by_another(case: &Case, me: crate::store::PersonId, now: jiff::Timestamp) -> bool {
    case.leased_by.is_some_and(|person| person != me && case.is_leased_by(person, now))
}

/// The second person's word on a decision that was made for one file.
pub async fn approve_file(
    tx: &mut Tx,
    caller: &Caller,
    sha256: &str,
    yes: bool,
    reason: &str,
    settings: &Settings,
) -> Result<(FileDecided, Recorded)> {
    caller.require(Permission::ApproveDecisions)?;
    let view = file(tx, caller, sha256).await?;
    let (mut decided, mut left) = (Vec::new(), Vec::new());
    for one in view.cases.iter().filter(|one| one.state == State::Approval) {
        if waits_for_file(tx, one.case, &view.sha256).await? {
            decisions::approve(tx, caller, one.case, yes, reason, settings).await.map(drop)?;
            decided.push(one.case);
        } else {
            left.push(one.case);
        }
    }
    let detail = serde_json::json!({"sha256": view.sha256, "approve": yes, "cases": decided.len()});
    let proof = audit::record(tx, Entry::by(caller, "file.approved").detail(detail)).await?;
    Ok((FileDecided { sha256: view.sha256, decided, left }, proof))
}
