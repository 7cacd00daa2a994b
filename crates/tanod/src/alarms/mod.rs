//! Nobody is left untold: a page without content to the person on call, again and again until somebody says that they know,
//! then to the next one.

pub mod api;
mod jobs;
pub mod pages;
mod store;

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::queue::{self, Work};
use crate::refusal::{Kind as RefusalKind, Result};
use crate::store::{AlarmId, CaseId, ProcessId, Recorded, Tx, as_word};
use crate::web::languages;

pub use jobs::{knock, page, scan, watch};

/// An id that leads nowhere.
pub static UNKNOWN_ALARM: RefusalKind =
    RefusalKind::new(404, "unknown-alarm", "There is no such alarm.", "Open Alarms and choose one from there.")
        .program("GET /v1/alarms lists them.");
/// A link that leads nowhere.
pub static UNKNOWN_PAGE: RefusalKind = RefusalKind::new(
    404,
    "unknown-page",
    "This link belongs to no page.",
    "Use the whole link, as it stands in the message; or sign in and open Alarms.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&RefusalKind] = &[&UNKNOWN_ALARM, &UNKNOWN_PAGE];

/// After so long without a tick a part is silent.
pub const SILENT_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// What somebody must know of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AlarmKind)]
pub enum Kind {
    /// A child may be in danger now. About a case.
    DangerNow,
    /// Something in a stream that runs wants a look. About a stream.
    StreamSignal,
    /// A rule asked for as many stops as it may without a person. About a rule, or `*` for all.
    RuleHalted,
    /// A deadline is near. About a case or a legal process.
    ClockNear,
    /// A deadline has passed. About a case or a legal process.
    ClockPassed,
    /// A report is stuck. About a report.
    ReportDead,
    /// A destination refuses our credentials. About a destination.
    CredentialsRefused,
    /// A list of abuse material was not refreshed. About a bank.
    ListStale,
    /// Work that is due is not done. About a lane of the queue.
    QueueStuck,
    /// A process that looks at files does not, or gives no sign of life. About a process.
    ScannerStuck,
    /// The platform has not sent what a case asks. About a case.
    ContextLate,
    /// A decision waits for a second person. About a case.
    ApprovalWaits,
    /// An endpoint does not take deliveries. About an endpoint, by name.
    WebhookDead,
    /// A part of this program gives no sign of life. About a part.
    Silent,
    /// The clock of this machine is far ahead of the time that was believed. About `clock`.
    ClockJumped,
    /// Reasons to keep a case contradict each other. About a case.
    CounselWanted,
    /// The day has come on which a hold is looked at again. About a case.
    HoldReview,
    /// A sealed object is missing from where it was put. About an object.
    EvidenceMissing,
    /// Somebody looks at depictions in an unusual way. About a staff number, and how.
    LookUnusual,
    /// More people can see depictions than the settings say. About `roster`.
    RosterLong,
    /// Somebody tries the chain. About that try.
    Test,
}

impl Kind {
    /// In plain words, with nothing of what it is about: in the language of the page, or in English in a message.
    pub fn words(self) -> String {
        languages::word("alarm", &as_word(&self)).to_string()
    }

    /// Whether an acknowledged one is raised again while its cause lasts.
    fn comes_again(self) -> bool {
        matches!(self, Self::DangerNow | Self::ClockPassed | Self::ReportDead | Self::EvidenceMissing)
    }
}

/// Where an alarm stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AlarmState)]
pub enum State {
    /// Somebody is paged until they say that they know.
    Open,
    /// Somebody knows; its cause lasts.
    Acknowledged,
    /// Its cause is gone.
    Cleared,
}

/// Something that somebody must know of.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Alarm {
    /// Its id.
    pub id: AlarmId,
    /// What.
    pub kind: Kind,
    /// About what: an opaque id or a name of the settings.
    pub subject: String,
    /// In which case.
    pub case: Option<CaseId>,
    /// That case's number.
    pub case_number: Option<i64>,
    /// Where it stands.
    pub state: State,
    /// When it was raised, the last time.
    #[schema(value_type = String)]
    pub raised_at: Timestamp,
    /// How many pages went out since.
    pub pages: i64,
    /// When the last of them went out.
    #[schema(value_type = Option<String>)]
    pub paged_at: Option<Timestamp>,
    /// When somebody said that they know.
    #[schema(value_type = Option<String>)]
    pub acknowledged_at: Option<Timestamp>,
    /// Who: a staff number, or a place in the list of those on call.
    pub acknowledged_by: Option<String>,
    /// When its cause was gone.
    #[schema(value_type = Option<String>)]
    pub cleared_at: Option<Timestamp>,
}

/// Who is told, and how.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Who, in the order in which they are paged.
    #[serde(default)]
    pub on_call: Vec<OnCall>,
    /// Minutes between two pages.
    pub repeat_minutes: u32,
    /// Pages to one person before the next is paged.
    pub next_person_after: u32,
    /// Minutes after which an acknowledged alarm whose cause lasts is raised again.
    pub again_minutes: u32,
    /// Age of a list of abuse material, in hours, that is an alarm.
    pub list_stale_hours: u32,
    /// An outside watcher's address, called each minute while all is well.
    pub heartbeat_url: String,
    /// Where e-mail is handed over.
    pub smtp: Smtp,
}

impl Settings {
    /// The time between two pages.
    fn repeat(&self) -> Duration {
        Duration::from_mins(u64::from(self.repeat_minutes.max(1)))
    }

    /// Who gets the nth page, counted from 0: each person a few times, round and round. With the place in the list, from 1.
    fn whose_turn(&self, nth: i64) -> Option<(usize, &OnCall)> {
        let turn = usize::try_from(nth).ok()? / usize::try_from(self.next_person_after.max(1)).ok()?;
        let place = turn.checked_rem(self.on_call.len())?;
        self.on_call.get(place).map(|person| (place + 1, person))
    }
}

/// Somebody on call.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnCall {
    /// How they are spoken of; a duty rather than a person.
    pub name: String,
    /// Where mail reaches them.
    #[serde(default)]
    pub email: String,
    /// The endpoint that reaches them, by its name under `[[webhooks]]`.
    #[serde(default)]
    pub webhook: String,
}

/// Where e-mail is handed over.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Empty: no e-mail.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the line is protected.
    pub tls: exchange::mail::Tls,
    /// Empty: nobody signs in.
    pub username: String,
    /// The password.
    pub password: String,
    /// From whom.
    pub from: String,
}

/// Raises an alarm. One of the same kind and subject that is not cleared stays as it is, acknowledged or not: a caller may
/// say the same thing as often as it likes.
pub async fn raise(tx: &mut Tx, kind: Kind, subject: &str, case: Option<CaseId>) -> Result<()> {
    raised(tx, kind, subject, case).await.map(drop)
}

/// The same, with the proof where something was raised.
async fn raised(tx: &mut Tx, kind: Kind, subject: &str, case: Option<CaseId>) -> Result<Option<Recorded>> {
    let id: AlarmId = tx.id();
    if !store::insert(tx, id, kind, subject, case).await? {
        return Ok(None);
    }
    queue::push(tx, &Work::PageV1 { alarm: id }, Duration::ZERO).await?;
    record(tx, Entry::by_tanod("alarm.raised"), id, kind, subject, case).await.map(Some)
}

/// Raises an alarm because something happened once more: also where somebody has acknowledged the one before, people are
/// paged from the beginning of the list.
pub async fn raise_anew(tx: &mut Tx, kind: Kind, subject: &str, case: Option<CaseId>) -> Result<()> {
    raise(tx, kind, subject, case).await?;
    match store::standing(tx, kind, subject).await? {
        Some(alarm) if alarm.state == State::Acknowledged => again(tx, &alarm).await.map(drop),
        _ => Ok(()),
    }
}

/// Raises an alarm that only tries the chain; each try is one of its own.
pub async fn raise_test(tx: &mut Tx, caller: &Caller) -> Result<(AlarmId, Recorded)> {
    let (id, subject): (AlarmId, uuid::Uuid) = (tx.id(), tx.id());
    let subject = subject.to_string();
    store::insert(tx, id, Kind::Test, &subject, None).await?;
    queue::push(tx, &Work::PageV1 { alarm: id }, Duration::ZERO).await?;
    Ok((id, record(tx, Entry::by(caller, "alarm.raised"), id, Kind::Test, &subject, None).await?))
}

/// Ends a try.
pub async fn clear_test(tx: &mut Tx, alarm: &Alarm) -> Result<Option<Recorded>> {
    cleared(tx, Kind::Test, &alarm.subject).await
}

/// Opens an acknowledged alarm again.
async fn again(tx: &mut Tx, alarm: &Alarm) -> Result<Recorded> {
    store::reopen(tx, alarm.id).await?;
    queue::revive(tx, &Work::PageV1 { alarm: alarm.id }).await?;
    record(tx, Entry::by_tanod("alarm.raised_again"), alarm.id, alarm.kind, &alarm.subject, alarm.case).await
}

/// Whether an alarm of this kind and subject stands, acknowledged or not.
pub async fn stands(tx: &mut Tx, kind: Kind, subject: &str) -> Result<bool> {
    Ok(store::standing(tx, kind, subject).await?.is_some())
}

/// The cause is gone: nobody is paged any more. Nothing happens where no alarm stands.
pub async fn clear(tx: &mut Tx, kind: Kind, subject: &str) -> Result<()> {
    cleared(tx, kind, subject).await.map(drop)
}

/// The same, with the proof where something was cleared.
async fn cleared(tx: &mut Tx, kind: Kind, subject: &str) -> Result<Option<Recorded>> {
    let Some(alarm) = store::standing(tx, kind, subject).await? else { return Ok(None) };
    store::clear(tx, alarm.id).await?;
    record(tx, Entry::by_tanod("alarm.cleared"), alarm.id, kind, subject, alarm.case).await.map(Some)
}

async fn record(
    tx: &mut Tx,
    entry: Entry,
    id: AlarmId,
    kind: Kind,
    subject: &str,
    case: Option<CaseId>,
) -> Result<Recorded> {
    let entry = entry.about(id).detail(json!({"kind": kind, "subject": subject}));
    audit::record(tx, if let Some(case) = case { entry.case(case) } else { entry }).await
}

/// Which alarms of these kinds stand about these cases, by what they are about.
pub async fn standing_on(tx: &mut Tx, cases: &[CaseId], kinds: &[Kind]) -> Result<HashSet<(Kind, String)>> {
    let standing = store::standing_on(tx, cases).await?;
    Ok(standing.into_iter().filter(|(kind, _)| kinds.contains(kind)).collect())
}

/// Alarms, newest first; only those that stand, if asked so.
pub async fn list(
    tx: &mut Tx,
    caller: &Caller,
    state: Option<State>,
    before: Option<AlarmId>,
    limit: i64,
) -> Result<Vec<Alarm>> {
    caller.require(Permission::ReadAlarms)?;
    store::list(tx, state, before, limit).await
}

/// One alarm.
pub async fn find(tx: &mut Tx, caller: &Caller, id: AlarmId) -> Result<Alarm> {
    caller.require(Permission::ReadAlarms)?;
    store::alarm(tx, id).await?.ok_or_else(|| (&UNKNOWN_ALARM).into())
}

/// Somebody says that they know. The first one is remembered; saying it again changes nothing.
pub async fn acknowledge(tx: &mut Tx, caller: &Caller, id: AlarmId) -> Result<(Alarm, Recorded)> {
    caller.require(Permission::AcknowledgeAlarms)?;
    let alarm = store::alarm(tx, id).await?.ok_or(&UNKNOWN_ALARM)?;
    let proof = known(tx, &alarm, Entry::by(caller, "alarm.acknowledged"), &caller.mark()).await?;
    Ok((store::alarm(tx, id).await?.ok_or(&UNKNOWN_ALARM)?, proof))
}

/// The alarm behind the link of a page.
pub async fn behind(tx: &mut Tx, token: &str) -> Result<(Alarm, String)> {
    let page = store::page_of(tx, &token_hash(token)).await?.ok_or(&UNKNOWN_PAGE)?;
    let alarm = store::alarm(tx, page.alarm).await?.ok_or(&UNKNOWN_PAGE)?;
    Ok((alarm, page.person))
}

/// The same by the link of a page, without signing in: it is three in the morning. The link says who it was sent to.
pub async fn acknowledge_by_link(tx: &mut Tx, token: &str) -> Result<Recorded> {
    let (alarm, person) = behind(tx, token).await?;
    let entry = Entry { actor: "on call".to_owned(), ..Entry::by_tanod("alarm.acknowledged") };
    known(tx, &alarm, entry, &format!("on call: {person}")).await
}

async fn known(tx: &mut Tx, alarm: &Alarm, entry: Entry, by: &str) -> Result<Recorded> {
    if alarm.state != State::Open {
        return Ok(Recorded::unrecorded("who acknowledged first is on record; saying it again changes nothing"));
    }
    store::acknowledge(tx, alarm.id, by).await?;
    if let (Kind::ScannerStuck, Ok(process)) = (alarm.kind, alarm.subject.parse()) {
        // Killed, or its machine is gone: once somebody knows, it is missed no more. One that still lives says so again.
        let oldest = tx.now().checked_sub(SILENT_AFTER).unwrap_or(Timestamp::UNIX_EPOCH);
        store::forget_silent_scanner(tx, process, oldest).await?;
    }
    let detail = json!({"kind": alarm.kind, "subject": alarm.subject, "by": by, "pages": alarm.pages});
    let entry = entry.about(alarm.id).detail(detail);
    audit::record(tx, if let Some(case) = alarm.case { entry.case(case) } else { entry }).await
}

/// One message to one person about an alarm.
struct Page {
    alarm: AlarmId,
    person: String,
    mail: Option<Told>,
    webhook: Option<Told>,
    at: Timestamp,
}

/// What became of one way of telling somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    /// Not known: it is on its way, or the process ended.
    Waiting,
    /// It was taken.
    Sent,
    /// It was not.
    Failed,
}

fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What runs behind the requests and gives signs of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Background work.
    Worker,
    /// Places in the ledger.
    Sequencer,
    /// What must happen now and then.
    Scheduler,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Worker, Self::Sequencer, Self::Scheduler];
}

fn sign_of_life() -> Recorded {
    Recorded::unrecorded("a sign of life is no change of the record")
}

/// A sign of life.
pub async fn tick(tx: &mut Tx, part: Part) -> Result<Recorded> {
    store::tick(tx, part).await?;
    Ok(sign_of_life())
}

/// The parts that gave no sign of life lately.
pub async fn silent(tx: &mut Tx) -> Result<Vec<Part>> {
    let oldest = tx.now().checked_sub(SILENT_AFTER).unwrap_or(Timestamp::UNIX_EPOCH);
    let lively = store::ticked_since(tx, oldest).await?;
    Ok(Part::ALL.into_iter().filter(|part| !lively.contains(part)).collect())
}

/// The parts that gave signs of life once, and none lately.
async fn fallen_silent(tx: &mut Tx) -> Result<Vec<Part>> {
    let ever = store::ticked_since(tx, Timestamp::UNIX_EPOCH).await?;
    Ok(silent(tx).await?.into_iter().filter(|part| ever.contains(part)).collect())
}

/// A process looks at files, and says whether its decoder answers.
pub async fn scans(tx: &mut Tx, process: ProcessId, works: bool) -> Result<Recorded> {
    store::scans(tx, process, works).await?;
    Ok(sign_of_life())
}

/// A process that looks at files ends as it was asked to: nobody misses it. Without a process, all do: the one that
/// begins owns the database alone.
pub async fn scans_no_more(tx: &mut Tx, process: Option<ProcessId>) -> Result<Recorded> {
    store::forget_scanners(tx, process).await?;
    Ok(sign_of_life())
}

/// Processes whose decoder does not answer, or that gave no sign of life lately and did not end as they were asked to.
async fn stuck_scanners(tx: &mut Tx) -> Result<Vec<ProcessId>> {
    let oldest = tx.now().checked_sub(SILENT_AFTER).unwrap_or(Timestamp::UNIX_EPOCH);
    store::stuck_scanners(tx, oldest).await
}

/// Where a page leads.
fn link(base: &str, alarm: &Alarm) -> String {
    let base = base.trim_end_matches('/');
    match alarm.case {
        Some(case) => format!("{base}/console/cases/{case}"),
        None => format!("{base}/console/alarms"),
    }
}
