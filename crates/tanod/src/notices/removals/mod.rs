//! Requests to remove an adult's intimate picture: a queue of their own, with 48 hours for each, and never among the cases of
//! children. Where the person may be under 18 the request leaves it, and becomes a case first (US-60).

pub mod api;
pub mod jobs;
pub(super) mod pages;
mod store;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Notice, UNKNOWN_NOTICE, joining};
use crate::accounts::{Caller, Permission};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::banks;
use crate::clocks;
use crate::intake::{self, addresses};
use crate::refusal::{Kind, Result};
use crate::review::{NO_REASON, NOT_IN_CASE};
use crate::store::{ItemId, NoticeId, Recorded, Tx};
use crate::webhooks;

/// A step that this request cannot take any more.
pub static REMOVAL_SETTLED: Kind = Kind::new(
    409,
    "removal-settled",
    "This request cannot take this step any more.",
    "Open the removals again to see where it stands. A new request is a new notice.",
)
.program("GET /v1/removals lists them.");

/// From the request to the removal, in hours (US-60, UK-17).
const HOURS: i64 = 48;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RemovalState)]
pub enum State {
    /// A person must look at it.
    Open,
    /// It is valid: the platform is asked to remove the picture and known copies.
    Asked,
    /// The platform says that they are gone.
    Removed,
    /// It is no valid request; the reason says why.
    Declined,
    /// The person may be under 18: it is a case now.
    Escalated,
}

impl State {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Open, Self::Asked, Self::Removed, Self::Declined, Self::Escalated];

    /// Whether the time still runs.
    fn runs(self) -> bool {
        matches!(self, Self::Open | Self::Asked)
    }
}

/// A request with its deadline.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Removal {
    /// What was told, with where the picture is.
    pub notice: Notice,
    /// Where it stands.
    pub state: State,
    /// Until when picture and known copies must be gone.
    #[schema(value_type = String)]
    pub due_at: Timestamp,
    /// How its clock stands.
    pub clock: clocks::State,
    /// When the platform was asked.
    #[schema(value_type = Option<String>)]
    pub asked_at: Option<Timestamp>,
    /// When it was settled.
    #[schema(value_type = Option<String>)]
    pub settled_at: Option<Timestamp>,
    /// Why it was settled so.
    pub reason: Option<String>,
    /// By whom: a staff number or a key.
    pub by: Option<String>,
}

/// A row as it is kept.
struct Kept {
    state: State,
    due_at: Timestamp,
    asked_at: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    reason: Option<String>,
    by: Option<String>,
}

impl Kept {
    fn clock(&self, now: Timestamp) -> clocks::State {
        // Four fifths of the time, as for every clock.
        let near = self.due_at.checked_sub(SignedDuration::from_mins(HOURS * 12)).unwrap_or(Timestamp::MIN);
        match self.state {
            state if !state.runs() => clocks::State::Met,
            _ if now >= self.due_at => clocks::State::Passed,
            _ if now >= near => clocks::State::Near,
            _ => clocks::State::Running,
        }
    }

    fn of(self, notice: Notice, now: Timestamp) -> Removal {
        Removal {
            notice,
            clock: self.clock(now),
            state: self.state,
            due_at: self.due_at,
            asked_at: self.asked_at,
            settled_at: self.settled_at,
            reason: self.reason,
            by: self.by,
        }
    }
}

/// What is said to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RemovalStep)]
pub enum Step {
    /// It is valid: ask the platform to remove the picture and known copies.
    Remove,
    /// They are gone. The platform's own word, or a person's.
    Removed,
    /// It is no valid request.
    Decline,
    /// The person may be under 18: make it a case.
    Escalate,
}

/// What is said to a request, and why.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStep {
    /// What.
    pub step: Step,
    /// Why, in a sentence.
    pub reason: String,
}

/// A notice about an adult's intimate picture comes into this queue, or is noted here where its content is in a case already.
pub(super) async fn begin(tx: &mut Tx, notice: &Notice) -> Result<()> {
    let due_at = notice.received_at.checked_add(SignedDuration::from_hours(HOURS)).unwrap_or(Timestamp::MAX);
    let state = if notice.case.is_some() { State::Escalated } else { State::Open };
    store::insert(tx, notice.id, state, due_at).await
}

/// Requests, the next deadline first; only in this state, if asked so.
pub async fn list(
    tx: &mut Tx,
    caller: &Caller,
    state: Option<State>,
    after: Option<NoticeId>,
    limit: i64,
) -> Result<Vec<Removal>> {
    caller.require(Permission::ReadNotices)?;
    let now = tx.now();
    let mut all = Vec::new();
    for id in store::queue(tx, state, after, limit).await? {
        if let (Some(kept), Some(notice)) = (store::find(tx, id).await?, super::store::notice(tx, id).await?) {
            all.push(kept.of(notice, now));
        }
    }
    Ok(all)
}

/// One request.
pub async fn find(tx: &mut Tx, caller: &Caller, id: NoticeId) -> Result<Removal> {
    caller.require(Permission::ReadNotices)?;
    let now = tx.now();
    let kept = store::find(tx, id).await?.ok_or(&UNKNOWN_NOTICE)?;
    let notice = super::store::notice(tx, id).await?.ok_or(&UNKNOWN_NOTICE)?;
    Ok(kept.of(notice, now))
}

/// Whether somebody may see a picture that came with a request: who decides it, while it waits for them. It is an adult's, and no
/// part of a case; one that became a case is seen there, under its lease.
pub async fn may_see(tx: &mut Tx, caller: &Caller, id: NoticeId, item: ItemId) -> Result<()> {
    caller.require(Permission::DecideCases)?;
    let request = find(tx, caller, id).await?;
    if !request.state.runs() {
        return Err(REMOVAL_SETTLED.because(format!("it is {}", crate::store::as_word(&request.state))));
    }
    if request.notice.items.contains(&item) { Ok(()) } else { Err(NOT_IN_CASE.because(item.to_string())) }
}

/// Takes the next step of a request.
pub async fn step(tx: &mut Tx, caller: &Caller, id: NoticeId, new: &NewStep) -> Result<(Removal, Recorded)> {
    // The platform says itself that something is gone; everything else is a person's to decide.
    if new.step != Step::Removed || !caller.may(Permission::AcknowledgeActions) {
        caller.require(Permission::DecideCases)?;
    }
    if new.reason.trim().chars().count() < 8 {
        return Err((&NO_REASON).into());
    }
    let kept = store::locked(tx, id).await?.ok_or(&UNKNOWN_NOTICE)?;
    let mut notice = super::store::notice(tx, id).await?.ok_or(&UNKNOWN_NOTICE)?;
    let next = match (kept.state, new.step) {
        (State::Open, Step::Remove) => State::Asked,
        (State::Asked, Step::Removed) => State::Removed,
        (State::Open, Step::Decline) => State::Declined,
        (State::Open | State::Asked, Step::Escalate) => State::Escalated,
        _ => return Err(REMOVAL_SETTLED.because(format!("it is {}", crate::store::as_word(&kept.state)))),
    };
    match next {
        State::Asked => ask(tx, caller, &notice).await?,
        State::Escalated => {
            let mut items = Vec::new();
            for item in &notice.items {
                items.push((*item, intake::find(tx, *item).await?.verdict));
            }
            let case = joining::escalate(tx, &notice, &items).await?;
            super::store::set_case(tx, id, case).await?;
            notice.case = Some(case);
        }
        State::Removed | State::Declined | State::Open => {}
    }
    if matches!(next, State::Removed | State::Declined) {
        // Nothing needs what came with it any more.
        for item in &notice.items {
            intake::let_go(tx, *item).await?;
        }
    }
    let reason: String = new.reason.trim().chars().take(1_000).collect();
    store::settle(tx, id, next, &reason, &caller.mark()).await?;
    if !next.runs() {
        for kind in [alarms::Kind::ClockNear, alarms::Kind::ClockPassed] {
            alarms::clear(tx, kind, &subject(id)).await?;
        }
    }
    let detail = serde_json::json!({"step": new.step, "state": next, "reason": reason});
    let mut entry = Entry::by(caller, "removal.stepped").about(id).detail(detail);
    entry.case = notice.case;
    let proof = audit::record(tx, entry).await?;
    let now = tx.now();
    let kept = store::find(tx, id).await?.ok_or(&UNKNOWN_NOTICE)?;
    Ok((kept.of(notice, now), proof))
}

/// Asks the platform to remove what the request names and every identical copy that is known here, and lets no identical copy
/// pass from now on.
async fn ask(tx: &mut Tx, caller: &Caller, notice: &Notice) -> Result<()> {
    let mut files = Vec::new();
    for item in &notice.items {
        files.push(intake::find(tx, *item).await?.digests.sha256);
    }
    let mut contents = notice.said.content_ids.clone();
    for url in &notice.said.urls {
        contents.extend(addresses::contents_at(tx, url).await?);
    }
    for content in &contents {
        for sha256 in store::files_of(tx, content).await? {
            if !files.contains(&sha256) {
                files.push(sha256);
            }
        }
    }
    let mut copies = Vec::new();
    for sha256 in &files {
        for content in store::copies(tx, sha256).await? {
            if !notice.said.content_ids.contains(&content) && !copies.contains(&content) {
                copies.push(content);
            }
        }
        banks::keep_out(tx, caller, sha256, &format!("request {}", notice.id)).await?;
    }
    let said = serde_json::json!({
        "removal": notice.id, "content_ids": notice.said.content_ids, "urls": notice.said.urls, "copies": copies,
        "sha256": files.iter().map(hex::encode).collect::<Vec<_>>(),
    });
    webhooks::send(tx, webhooks::Event::RemovalRequested, None, &said).await
}

fn subject(id: NoticeId) -> String {
    format!("{id} removal")
}
