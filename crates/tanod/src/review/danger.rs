//! Danger now: one key for every reviewer. What there is goes out at once as an escalated report; everything else follows.

use std::collections::BTreeSet;

use exchange::ncmec::document::IncidentType;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::decisions::{self, Approval, Decision, Outcome, Particulars};
use super::{Ground, Priority, State, UNKNOWN_CASE, WRONG_STATE, add_grounds, involved, store};
use crate::accounts::{Caller, Permission};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::config::Settings;
use crate::evidence;
use crate::intake::BAD_ITEM;
use crate::refusal::Result;
use crate::reporting;
use crate::store::{CaseId, PersonId, Recorded, TelephoneCallId, Tx};

/// What a person says when a child may be in danger now. Nothing is needed but the key itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Danger {
    /// What makes it urgent; the report carries it. Without words it says that a reviewer pressed the key.
    #[serde(default)]
    pub reason: Option<String>,
    /// The type of incident, where it is known.
    #[serde(default)]
    pub incident_type: Option<String>,
    /// The child's country (ISO 3166, two letters), where it is known: its numbers are shown first.
    #[serde(default)]
    pub country: Option<String>,
}

/// Presses of one person within so long are one, where nothing is said with them.
const BOUNCE: SignedDuration = SignedDuration::from_secs(30);

const PRESSED: &str = "A reviewer of the platform judges that a child may be in danger now.";

/// Raises the alarm: P0, a page, and a report with what there is. No lease, no approval, no ceiling and no completeness
/// stand in its way; a lead looks at it afterwards.
pub async fn now(
    tx: &mut Tx,
    caller: &Caller,
    id: CaseId,
    danger: &Danger,
    settings: &Settings,
) -> Result<(Decision, Recorded)> {
    caller.require(Permission::DecideCases)?;
    let by = caller.person()?;
    let case = store::locked(tx, id).await?.ok_or(&UNKNOWN_CASE)?;
    if let (State::Dismissed, Some(account)) = (case.state, &case.account)
        && let Some(newer) = store::of_account(tx, account).await?
    {
        return Err(WRONG_STATE
            .because(format!("it is closed, and the account has case {}: raise the alarm there", newer.number)));
    }
    if let Some(before) = pressed_just_now(tx, by, id).await?.filter(|_| danger.reason.is_none()) {
        let proof = audit::record(tx, Entry::by(caller, "danger.pressed_again").case(id).about(before.id)).await?;
        return Ok((before, proof));
    }
    let words = danger.reason.as_deref().map(str::trim).filter(|words| !words.is_empty()).unwrap_or(PRESSED);
    let words: String = words.chars().take(3_000).collect();
    add_grounds(tx, &case, &[Ground::DangerNow]).await?;
    if case.priority != Priority::P0 {
        // A priority that a person had set lower does not hold back an alarm.
        let case = super::case(tx, id).await?;
        store::set_priority(tx, id, Priority::P0, &case.reasons, None).await?;
    }
    evidence::hold_pending(tx, id, tx.now()).await?;
    involved::unset_are_unknown(tx, caller, id).await?;
    overtake(tx, caller, id).await?;
    let signals = store::signals(tx, id).await?;
    let usual = if signals.iter().any(|signal| signal.item.is_some()) {
        IncidentType::AbuseMaterial
    } else {
        IncidentType::Enticement
    };
    let named = danger.incident_type.as_deref().and_then(reporting::incident_type);
    let decision = Decision {
        id: tx.id(),
        case: id,
        outcome: Outcome::Report,
        reason: words.clone(),
        incident_type: Some(named.unwrap_or(usual).as_str().to_owned()),
        viewed_whole: Vec::new(),
        particulars: Particulars {
            escalate: Some(words),
            report_annotations: BTreeSet::new(),
            ..Particulars::default()
        },
        by,
        approval: Approval::Afterwards,
        at: tx.now(),
        undone_at: None,
    };
    let proof = decisions::write(tx, caller, &decision).await?;
    let case = super::case(tx, id).await?;
    decisions::settle(tx, &case, &decision, settings).await?;
    alarms::raise_anew(tx, alarms::Kind::DangerNow, &id.to_string(), Some(id)).await?;
    let detail = serde_json::json!({"country": danger.country});
    audit::record(tx, Entry::by(caller, "danger.now").case(id).about(decision.id).detail(detail)).await.map(drop)?;
    Ok((decision, proof))
}

/// A key that bounces is one alarm: the same person's press of a moment ago, unless something came since.
async fn pressed_just_now(tx: &mut Tx, by: PersonId, id: CaseId) -> Result<Option<Decision>> {
    let moment = tx.now().checked_sub(BOUNCE).unwrap_or(tx.now());
    let more = super::undecided(tx, id).await?;
    let just = |decision: &Decision| {
        decision.approval == Approval::Afterwards
            && decision.undone_at.is_none()
            && decision.by == by
            && decision.at > moment
            && !more
    };
    Ok(store::decisions(tx, id).await?.into_iter().rev().find(just))
}

/// Nothing that waits holds an alarm back: a decision that waits for a second person gives its files to this report, and
/// reports that can still be taken back go out at once as well.
async fn overtake(tx: &mut Tx, caller: &Caller, id: CaseId) -> Result<()> {
    for waiting in store::decisions(tx, id).await? {
        if waiting.approval.waits() && waiting.undone_at.is_none() {
            store::undo(tx, waiting.id, caller.person()?, "overtaken by danger now").await?;
            store::unassign_signals(tx, waiting.id).await?;
            alarms::clear(tx, alarms::Kind::ApprovalWaits, &waiting.waits_as()).await?;
            let entry = Entry::by(caller, "decision.overtaken").case(id).about(waiting.id);
            audit::record(tx, entry).await.map(drop)?;
        }
    }
    reporting::send_now(tx, id).await
}

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// We called.
    Out,
    /// We were called.
    In,
}

/// A telephone call about a case, as it is written down.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCall {
    /// Who called whom.
    pub direction: Direction,
    /// Which hotline, police or other body.
    pub authority: String,
    /// The number that was called, or that called.
    pub telephone: String,
    /// Their reference, for instance an officer's file number.
    #[serde(default)]
    pub reference: Option<String>,
    /// What was said and agreed.
    pub words: String,
    /// When; now, if nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub at: Option<Timestamp>,
}

/// A telephone call about a case.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TelephoneCall {
    /// Its id.
    pub id: TelephoneCallId,
    /// Who spoke for us.
    pub by: PersonId,
    /// Who called whom.
    pub direction: Direction,
    /// Which body.
    pub authority: String,
    /// Which number.
    pub telephone: String,
    /// Their reference.
    pub reference: Option<String>,
    /// What was said and agreed.
    pub words: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Writes down a call. Any reviewer may: whoever has the telephone in hand.
pub async fn record_call(tx: &mut Tx, caller: &Caller, id: CaseId, new: &NewCall) -> Result<(TelephoneCall, Recorded)> {
    caller.require(Permission::DecideCases)?;
    super::exists(tx, id).await?.then_some(()).ok_or(&UNKNOWN_CASE)?;
    let fits = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
    if !fits(&new.authority, 200) || !fits(&new.telephone, 60) || !fits(&new.words, 4_000) {
        return Err(
            BAD_ITEM.because("a call needs authority, telephone and words (200, 60 and 4000 characters at most)")
        );
    }
    let call = TelephoneCall {
        id: tx.id(),
        by: caller.person()?,
        direction: new.direction,
        authority: new.authority.trim().to_owned(),
        telephone: new.telephone.trim().to_owned(),
        reference: new.reference.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned),
        words: new.words.trim().to_owned(),
        at: new.at.unwrap_or(tx.now()).min(tx.now()),
    };
    store::insert_call(tx, id, &call).await?;
    let detail = serde_json::json!({
        "direction": call.direction, "authority": call.authority, "reference": call.reference, "words": call.words,
    });
    let proof = audit::record(tx, Entry::by(caller, "case.call").case(id).about(call.id).detail(detail)).await?;
    Ok((call, proof))
}
