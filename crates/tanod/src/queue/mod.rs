//! Work that outlives a request: a row written with the record, leased, retried with back-off, and never lost.
//!
//! Jobs are at-least-once: each is written so that doing it twice changes nothing the second time. Losing a nudge costs a
//! moment, never a job.

pub mod api;
pub mod pages;
mod store;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::store::{JobId, LeaseId, Recorded, Tx};

/// Work that nobody finds, or that has not given up.
pub static UNKNOWN_WORK: Kind = Kind::new(
    404,
    "unknown-work",
    "There is no such work that gave up.",
    "It may have been tried again since; the page Work lists what gave up.",
);
/// A report's work, which is tried again with the report.
pub static WITH_ITS_REPORT: Kind = Kind::new(
    409,
    "with-its-report",
    "This work belongs to a report, and is tried again with it.",
    "Open the report, mend what it names, and send it again there.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[&UNKNOWN_WORK, &WITH_ITS_REPORT];

/// The lane of reports: their work is tried again where somebody has read their trouble.
pub const REPORTS: &str = "reports";

/// How long a worker may be silent before another takes over.
pub const LEASE: Duration = Duration::from_mins(1);

/// What is to be done. Versioned: a row of an older release still reads.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Work {
    /// File one report.
    FileReportV1 {
        /// Which.
        report: crate::store::ReportId,
    },
    /// Look again at an upload that could not be looked at.
    RetryItemV1 {
        /// Which.
        item: crate::store::ItemId,
    },
    /// Let sealed media of an upload that stayed unscanned go.
    ExpireExhibitV1 {
        /// Whose.
        item: crate::store::ItemId,
    },
    /// Carry out a decision that waited because there was nobody else to approve it.
    SettleAloneV1 {
        /// Which.
        decision: crate::store::DecisionId,
    },
    /// End the appeal window of a dismissed case.
    EndAppealV1 {
        /// Of which case.
        case: crate::store::CaseId,
    },
    /// Post one delivery to its endpoint.
    SendWebhookV1 {
        /// Which.
        delivery: crate::store::DeliveryId,
    },
    /// Page somebody about an alarm, until somebody knows.
    PageV1 {
        /// Which.
        alarm: crate::store::AlarmId,
    },
    /// Ask the platform what it knows around a case, and wait for it.
    AskContextV1 {
        /// Around which case.
        case: crate::store::CaseId,
    },
    /// Ask the platform what is seen at the addresses that a notice names.
    AskAddressesV1 {
        /// Around which case.
        case: crate::store::CaseId,
        /// Which notice.
        notice: crate::store::NoticeId,
    },
    /// Delete what was destroyed, try every copy, and certify it.
    VerifyDestructionV1 {
        /// Which destruction.
        destruction: crate::store::DestructionId,
    },
    /// Ask the platform for an action when its turn has come, and again until it answers.
    AskPlatformV1 {
        /// For which.
        action: crate::store::ActionId,
    },
    /// Seal who takes part in a stream.
    SealStreamV1 {
        /// Since which signal.
        signal: crate::store::StreamSignalId,
    },
}

impl Work {
    /// The lane keeps slow work from standing in the way of quick work.
    pub fn lane(&self) -> &'static str {
        match self {
            Self::FileReportV1 { .. } => "reports",
            Self::RetryItemV1 { .. } => "items",
            Self::ExpireExhibitV1 { .. } | Self::VerifyDestructionV1 { .. } => "expiry",
            Self::SettleAloneV1 { .. } => "decisions",
            Self::EndAppealV1 { .. } => "appeals",
            Self::SendWebhookV1 { .. } => "webhooks",
            Self::PageV1 { .. } => "pages",
            Self::AskContextV1 { .. } | Self::AskAddressesV1 { .. } => "context",
            Self::AskPlatformV1 { .. } => "actions",
            Self::SealStreamV1 { .. } => "streams",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::FileReportV1 { report } => report.0,
            Self::RetryItemV1 { item } | Self::ExpireExhibitV1 { item } => item.0,
            Self::SettleAloneV1 { decision } => decision.0,
            Self::SendWebhookV1 { delivery } => delivery.0,
            Self::PageV1 { alarm } => alarm.0,
            Self::AskAddressesV1 { notice, .. } => notice.0,
            Self::AskContextV1 { case } | Self::EndAppealV1 { case } => case.0,
            Self::AskPlatformV1 { action } => action.0,
            Self::SealStreamV1 { signal } => signal.0,
            Self::VerifyDestructionV1 { destruction } => destruction.0,
        }
    }
}

/// A job in a worker's hands.
#[derive(Clone, Debug)]
pub struct Leased {
    /// Its id.
    pub id: JobId,
    /// Proof that it is in these hands.
    pub lease: LeaseId,
    /// What to do.
    pub work: Work,
    /// How often it was tried before.
    pub attempts: i64,
}

/// What became of a job.
#[derive(Clone, Debug)]
pub enum Done {
    /// It is finished.
    Finished,
    /// Not now: again after this long. Does not count as a failure.
    Later(Duration),
    /// It failed; again with back-off, and dead after the last try.
    Failed(String),
}

/// Puts work into the queue, within the transaction of the record it belongs to. The same work twice is one job.
pub async fn push(tx: &mut Tx, work: &Work, after: Duration) -> Result<()> {
    push_all(tx, std::slice::from_ref(work), after).await
}

/// Puts much work of one kind into the queue.
pub async fn push_all(tx: &mut Tx, work: &[Work], after: Duration) -> Result<()> {
    let due = add(tx.now(), after);
    store::insert(tx, work, due).await
}

/// Leases the next due job of a lane.
pub async fn lease(tx: &mut Tx, lane: &str) -> Result<Option<Leased>> {
    let until = add(tx.now(), LEASE);
    let lease: LeaseId = tx.id();
    store::lease(tx, lane, lease, until).await
}

/// Keeps a lease alive. False when somebody else has the job now: stop at once.
pub async fn keep(tx: &mut Tx, job: &Leased) -> Result<bool> {
    let until = add(tx.now(), LEASE);
    store::keep(tx, job.id, job.lease, until).await
}

/// Settles a job.
pub async fn settle(tx: &mut Tx, job: &Leased, done: Done, tries: i64) -> Result<Recorded> {
    match done {
        Done::Finished => store::remove(tx, job).await?,
        Done::Later(after) => {
            let due = add(tx.now(), after);
            store::again(tx, job, job.attempts, due, None).await?;
        }
        Done::Failed(why) if job.attempts + 1 >= tries => store::bury(tx, job, &why).await?,
        Done::Failed(why) => {
            let due = add(tx.now(), back_off(job.attempts));
            store::again(tx, job, job.attempts + 1, due, Some(&why)).await?;
        }
    }
    Ok(Recorded::unrecorded("a job is work, not a state of the record; what it did has its own entries"))
}

/// Two seconds, four, eight …, at most ten minutes.
fn back_off(attempts: i64) -> Duration {
    let exponent = u32::try_from(attempts.clamp(0, 10)).unwrap_or(10);
    Duration::from_secs((2_u64 << exponent).min(600))
}

/// Hands back every lease of a process that is gone: only where one process owns the database.
pub async fn reclaim(tx: &mut Tx) -> Result<Recorded> {
    store::reclaim(tx).await?;
    Ok(Recorded::unrecorded("leases of a dead process go back; nothing else changes"))
}

/// How many jobs wait, are in hand, and are dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Due or not yet.
    pub waiting: i64,
    /// In a worker's hands.
    pub leased: i64,
    /// Given up; a person must look.
    pub dead: i64,
}

/// Counts the queue.
pub async fn counts(tx: &mut Tx) -> Result<Counts> {
    store::counts(tx).await
}

/// One kind of work, as it stands.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Lane {
    /// Its name.
    pub lane: String,
    /// Due or not yet.
    pub waiting: i64,
    /// Due, and in nobody's hands.
    pub due: i64,
    /// In a worker's hands.
    pub leased: i64,
    /// Given up.
    pub dead: i64,
    /// Since when the oldest is due.
    #[schema(value_type = Option<String>)]
    pub oldest_due_at: Option<Timestamp>,
}

/// Work that gave up.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct GaveUp {
    /// Which.
    pub job: JobId,
    /// Of which kind.
    pub lane: String,
    /// When it was last due.
    #[schema(value_type = String)]
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it gave up.
    pub last_error: Option<String>,
}

/// Each lane that has work.
pub async fn lanes(tx: &mut Tx, caller: &Caller) -> Result<Vec<Lane>> {
    caller.require(Permission::ReadInstallation)?;
    store::lanes(tx).await
}

/// What gave up, the newest first.
pub async fn gave_up(tx: &mut Tx, caller: &Caller, most: i64) -> Result<Vec<GaveUp>> {
    caller.require(Permission::ReadInstallation)?;
    store::gave_up(tx, most).await
}

/// Work that gave up.
pub async fn dead(tx: &mut Tx, job: JobId) -> Result<GaveUp> {
    Ok(store::dead(tx, job).await?.ok_or(&UNKNOWN_WORK)?)
}

/// Tries work again that gave up. Doing it twice changes nothing the second time, so nobody need know how far it came.
pub async fn try_again(tx: &mut Tx, caller: &Caller, job: JobId) -> Result<Recorded> {
    caller.require(Permission::RetryWork)?;
    let known = dead(tx, job).await?;
    if known.lane == REPORTS {
        return Err((&WITH_ITS_REPORT).into());
    }
    store::try_again(tx, job).await?;
    let detail = serde_json::json!({"lane": known.lane, "attempts": known.attempts});
    audit::record(tx, Entry::by(caller, "work.retried").about(job).detail(detail)).await
}

/// The lanes in which work was due before `since` and is not done.
pub async fn stuck(tx: &mut Tx, since: Timestamp) -> Result<Vec<String>> {
    store::stuck(tx, since).await
}

/// Makes a dead or waiting job due now.
pub async fn revive(tx: &mut Tx, work: &Work) -> Result<()> {
    push(tx, work, Duration::ZERO).await?;
    let now = tx.now();
    store::revive(tx, work.lane(), work.subject(), now).await
}

fn add(now: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| now.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}
