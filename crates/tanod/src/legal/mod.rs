//! Legal process: who asked, under what authority, what was given and when; and the package of a case that leaves the house
//! (US-20, EV-09, EV-21). Nothing leaves without a process whose sender was verified, and without two people.

pub mod api;
pub mod jobs;
pub mod package;
pub mod pages;
mod store;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::accounts::{Caller, Permission};
use crate::alarms;
use crate::audit::{self, Entry};
use crate::evidence;
use crate::operator::Profile;
use crate::refusal::{Kind, Result};
use crate::review;
use crate::store::{CaseId, LegalProcessId, PackageId, Recorded, Tx};
use crate::web::languages::Language;

/// An id that leads nowhere.
pub static UNKNOWN_PROCESS: Kind = Kind::new(
    404,
    "unknown-process",
    "There is no such legal process.",
    "Open Legal process and choose one from there.",
)
.program("GET /v1/legal-processes lists them.");
/// An id that leads nowhere.
pub static UNKNOWN_RELEASE: Kind =
    Kind::new(404, "unknown-package", "There is no such package.", "Open Legal process and choose one from there.")
        .program("GET /v1/packages lists them.");
/// Particulars that do not fit.
pub static BAD_PROCESS: Kind = Kind::new(
    422,
    "bad-process",
    "This legal process cannot be written down like this.",
    "Give agency, officer, reference and scope in words, and a time by when to answer that is later than its arrival.",
);
/// Something that the process is past.
pub static PROCESS_SETTLED: Kind = Kind::new(
    409,
    "process-settled",
    "This legal process was answered or turned down.",
    "Write down a new one when the authority asks again.",
);
/// Nobody has made sure who asks (EV-21).
pub static NOT_VERIFIED: Kind = Kind::new(
    409,
    "sender-not-verified",
    "Nobody has made sure that this authority is who it says.",
    "Call it back over a number from an independent official source, and write down how on this page.",
)
.program("POST /v1/legal-processes/{process}/verification takes it.");
/// A process about another case.
pub static OTHER_CASE: Kind = Kind::new(
    409,
    "process-of-another-case",
    "This legal process is about another case.",
    "Write down the process that asks for this case.",
);
/// The same person twice (EV-08).
pub static NEEDS_TWO: Kind = Kind::new(
    403,
    "package-needs-two",
    "Evidence leaves with two people, and you asked for this package.",
    "Another lead approves it.",
);
/// Something that the package is past.
pub static RELEASE_SETTLED: Kind = Kind::new(
    409,
    "package-settled",
    "This package was approved or refused already.",
    "Ask for a new one; what was made stays on record.",
);
/// A package that nobody approved.
pub static NOT_APPROVED: Kind = Kind::new(
    409,
    "package-not-approved",
    "This package was not approved by a second person.",
    "Have another lead approve it in the console, under Legal process.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[
    &UNKNOWN_PROCESS,
    &UNKNOWN_RELEASE,
    &BAD_PROCESS,
    &PROCESS_SETTLED,
    &NOT_VERIFIED,
    &OTHER_CASE,
    &NEEDS_TWO,
    &RELEASE_SETTLED,
    &NOT_APPROVED,
];

/// Under what authority somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// A subpoena, also of a grand jury or an agency.
    Subpoena,
    /// A court's order.
    CourtOrder,
    /// A search warrant.
    SearchWarrant,
    /// A request to preserve, 18 U.S.C. 2703(f) (US-36). It gives nothing out; its hold has a clock of its own.
    Preservation,
    /// Danger of death or serious injury, 18 U.S.C. 2702(b)(8). The emergency path: it asks for an answer within the hour.
    Emergency,
    /// Another country's request by treaty.
    MutualAssistance,
    /// NCMEC asks about a report it has.
    ReportFollowUp,
}

impl Authority {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Subpoena,
        Self::CourtOrder,
        Self::SearchWarrant,
        Self::Preservation,
        Self::Emergency,
        Self::MutualAssistance,
        Self::ReportFollowUp,
    ];

    /// Whether anything may be given out under it.
    pub fn gives(self) -> bool {
        self != Self::Preservation
    }
}

/// To whom report contents may go: 18 U.S.C. 2258A(g)(3) and 2702(b) (US-20). There is no "other".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The national clearinghouse.
    Ncmec,
    /// Police or prosecutors of the federation or the nation.
    NationalPolice,
    /// Police or prosecutors of a state or a place.
    LocalPolice,
    /// A foreign agency that the attorney general designated, or that a treaty names.
    ForeignPolice,
    /// A court.
    Court,
}

impl Recipient {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::NationalPolice, Self::LocalPolice, Self::Ncmec, Self::ForeignPolice, Self::Court];
}

/// Where a legal process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ProcessState)]
pub enum State {
    /// It came; nobody has made sure from whom.
    Received,
    /// Its sender was verified.
    Verified,
    /// What it asked for was given.
    Answered,
    /// It was turned down, in whole.
    Refused,
}

/// A legal process, as it is written down.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Process {
    /// Its id.
    pub id: LegalProcessId,
    /// Its number, for speaking about it.
    pub number: i64,
    /// About which case, when that is known.
    pub case: Option<CaseId>,
    /// Under what authority.
    pub authority: Authority,
    /// What kind of body asks.
    pub recipient: Recipient,
    /// Which one.
    pub agency: String,
    /// Who there.
    pub officer: String,
    /// The number of their document.
    pub reference: String,
    /// What is asked for.
    pub scope: String,
    /// When it came.
    #[schema(value_type = String)]
    pub received_at: Timestamp,
    /// By when it asks for an answer.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
    /// How its sender was verified.
    pub verified_how: Option<String>,
    /// By whom: a staff number.
    pub verified_by: Option<i64>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub verified_at: Option<Timestamp>,
    /// What was given, or why nothing was.
    pub given: Option<String>,
    /// By whom: a staff number.
    pub settled_by: Option<i64>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub settled_at: Option<Timestamp>,
    /// Who wrote it down: a staff number.
    pub by: i64,
}

impl Process {
    /// Whether it still asks for something.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Received | State::Verified)
    }
}

/// A legal process that came.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProcess {
    /// About which case, when that is known.
    #[serde(default)]
    pub case: Option<CaseId>,
    /// Under what authority.
    pub authority: Authority,
    /// What kind of body asks.
    pub recipient: Recipient,
    /// Which one.
    pub agency: String,
    /// Who there.
    pub officer: String,
    /// The number of their document.
    pub reference: String,
    /// What is asked for.
    pub scope: String,
    /// When it came; now, when it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub received_at: Option<Timestamp>,
    /// By when it asks for an answer. An emergency asks within the hour when this is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
}

const LONGEST: usize = 2_000;

fn said(text: &str, least: usize) -> Result<String> {
    let text = text.trim();
    let fits = (least..=LONGEST).contains(&text.chars().count());
    if fits {
        Ok(text.to_owned())
    } else {
        Err(BAD_PROCESS.because(format!("a field has {least} to {LONGEST} characters")))
    }
}

/// Writes down a legal process that came.
pub async fn receive(tx: &mut Tx, caller: &Caller, new: &NewProcess) -> Result<(Process, Recorded)> {
    caller.require(Permission::AnswerLegalProcess)?;
    let (person, now) = (caller.person()?, tx.now());
    let received_at = new.received_at.unwrap_or(now).min(now);
    let within = jiff::SignedDuration::from_hours(1);
    let emergency = || (new.authority == Authority::Emergency).then(|| received_at.checked_add(within).ok()).flatten();
    let due_at = new.due_at.or_else(emergency);
    if due_at.is_some_and(|due| due <= received_at) {
        return Err(BAD_PROCESS.because("it is due before it came"));
    }
    if let Some(case) = new.case {
        review::find(tx, caller, case).await?;
    }
    let id: LegalProcessId = tx.id();
    let words = [(&new.agency, 2), (&new.officer, 2), (&new.reference, 1), (&new.scope, 8)];
    let [agency, officer, reference, scope] = words.map(|(text, least)| said(text, least));
    let process = Process {
        id,
        number: tx.next_number("legal process").await?,
        case: new.case,
        authority: new.authority,
        recipient: new.recipient,
        agency: agency?,
        officer: officer?,
        reference: reference?,
        scope: scope?,
        received_at,
        due_at,
        state: State::Received,
        verified_how: None,
        verified_by: None,
        verified_at: None,
        given: None,
        settled_by: None,
        settled_at: None,
        by: 0,
    };
    store::insert(tx, &process, person).await?;
    let detail = json!({
        "number": process.number, "authority": process.authority, "recipient": process.recipient,
        "reference": process.reference, "due_at": process.due_at,
    });
    let proof = record(tx, caller, "legal_process.received", &process, detail).await?;
    Ok((store::find(tx, id).await?.ok_or(&UNKNOWN_PROCESS)?, proof))
}

async fn record(
    tx: &mut Tx,
    caller: &Caller,
    kind: &'static str,
    process: &Process,
    detail: serde_json::Value,
) -> Result<Recorded> {
    let mut entry = Entry::by(caller, kind).about(process.id).detail(detail);
    entry.case = process.case;
    audit::record(tx, entry).await
}

async fn open(tx: &mut Tx, id: LegalProcessId) -> Result<Process> {
    let process = store::locked(tx, id).await?.ok_or(&UNKNOWN_PROCESS)?;
    if process.is_open() { Ok(process) } else { Err((&PROCESS_SETTLED).into()) }
}

/// How the sender was verified.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Over which independent official channel, and with what outcome.
    pub how: String,
}

/// Writes down how somebody made sure who asks (EV-21).
pub async fn verify(tx: &mut Tx, caller: &Caller, id: LegalProcessId, how: &str) -> Result<(Process, Recorded)> {
    caller.require(Permission::AnswerLegalProcess)?;
    let process = open(tx, id).await?;
    store::verify(tx, id, caller.person()?, &said(how, 8)?).await?;
    // A request to preserve has a clock of its own from the day it came (US-36): it is placed, and never only promised.
    if let (Authority::Preservation, Some(case)) = (process.authority, process.case) {
        evidence::hold_asked(tx, case, (&process.agency, &process.reference), process.received_at).await?;
    }
    let proof = record(tx, caller, "legal_process.verified", &process, json!({"how": how.trim()})).await?;
    Ok((store::find(tx, id).await?.ok_or(&UNKNOWN_PROCESS)?, proof))
}

/// The end of a legal process.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// Whether something was given; otherwise it is turned down.
    pub given: bool,
    /// What was given, or why nothing was.
    pub words: String,
}

/// Ends a legal process, and its clock.
pub async fn settle(tx: &mut Tx, caller: &Caller, id: LegalProcessId, end: &Settlement) -> Result<(Process, Recorded)> {
    caller.require(Permission::AnswerLegalProcess)?;
    let process = open(tx, id).await?;
    if end.given && process.state != State::Verified {
        return Err((&NOT_VERIFIED).into());
    }
    let state = if end.given { State::Answered } else { State::Refused };
    store::settle(tx, id, state, caller.person()?, &said(&end.words, 8)?).await?;
    for kind in [alarms::Kind::ClockNear, alarms::Kind::ClockPassed] {
        alarms::clear(tx, kind, &jobs::subject(id)).await?;
    }
    let detail = json!({"state": state, "words": end.words.trim()});
    let proof = record(tx, caller, "legal_process.settled", &process, detail).await?;
    Ok((store::find(tx, id).await?.ok_or(&UNKNOWN_PROCESS)?, proof))
}

/// One legal process.
pub async fn process(tx: &mut Tx, caller: &Caller, id: LegalProcessId) -> Result<Process> {
    caller.require(Permission::ReadLegalProcess)?;
    store::find(tx, id).await?.ok_or_else(|| (&UNKNOWN_PROCESS).into())
}

/// Legal processes, newest first.
pub async fn processes(
    tx: &mut Tx,
    caller: &Caller,
    state: Option<State>,
    case: Option<CaseId>,
    before: Option<LegalProcessId>,
    limit: i64,
) -> Result<Vec<Process>> {
    caller.require(Permission::ReadLegalProcess)?;
    store::list(tx, state, case, before, limit).await
}

/// Where a package stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PackageState {
    /// It waits for a second person.
    Asked,
    /// Its package may be made.
    Approved,
    /// The second person said no.
    Refused,
    /// Its package was made.
    Made,
}

/// A package of a case's evidence for an officer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Package {
    /// Its id.
    pub id: PackageId,
    /// Under which legal process.
    pub process: LegalProcessId,
    /// Of which case.
    pub case: CaseId,
    /// The language of what a person reads in it.
    pub language: String,
    /// The recipient's public key (age), where there is one; else it is a ZIP with a passphrase.
    pub age_recipient: Option<String>,
    /// What it is for.
    pub reason: String,
    /// Who asked: a staff number.
    pub asked_by: i64,
    /// When.
    #[schema(value_type = String)]
    pub asked_at: Timestamp,
    /// Where it stands.
    pub state: PackageState,
    /// Who approved or refused: a staff number.
    pub settled_by: Option<i64>,
    /// With which reason.
    pub settled_reason: Option<String>,
    /// When.
    #[schema(value_type = Option<String>)]
    pub settled_at: Option<Timestamp>,
    /// When its package was made, the last time.
    #[schema(value_type = Option<String>)]
    pub made_at: Option<Timestamp>,
    /// SHA-256 of that package.
    pub sha256: Option<String>,
    /// Its length.
    pub bytes: Option<i64>,
}

/// A package that somebody asks for.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPackage {
    /// Under which legal process.
    pub process: LegalProcessId,
    /// The language of what a person reads in it: `en`, `fil` or `ar`.
    #[serde(default)]
    pub language: String,
    /// The recipient's public key, `age1…`. Without one the package is a ZIP with a passphrase.
    #[serde(default)]
    pub age_recipient: Option<String>,
    /// What it is for.
    pub reason: String,
}

/// Asks for a package, under a verified process (US-20). A second person approves it.
pub async fn ask(tx: &mut Tx, caller: &Caller, case: CaseId, new: &NewPackage) -> Result<(Package, Recorded)> {
    caller.require(Permission::AnswerLegalProcess)?;
    let person = caller.person()?;
    review::find(tx, caller, case).await?;
    let process = open(tx, new.process).await?;
    if process.case.is_some_and(|about| about != case) {
        return Err((&OTHER_CASE).into());
    }
    if process.state != State::Verified {
        return Err((&NOT_VERIFIED).into());
    }
    if !process.authority.gives() {
        return Err(BAD_PROCESS.because("a request to preserve gives nothing out"));
    }
    let recipient = new.age_recipient.as_deref().map(str::trim).filter(|key| !key.is_empty());
    if let Some(key) = recipient {
        package::check_recipient(key)?;
    }
    let (id, language): (PackageId, _) = (tx.id(), Language::of(&new.language));
    store::insert_package(tx, id, new.process, case, language.tag(), recipient, &said(&new.reason, 8)?, person).await?;
    let detail = json!({"process": new.process, "language": language.tag(), "to_a_key": recipient.is_some()});
    let proof = audit::record(tx, Entry::by(caller, "package.asked").case(case).about(id).detail(detail)).await?;
    Ok((store::package(tx, id).await?.ok_or(&UNKNOWN_RELEASE)?, proof))
}

/// A second person's word on a package.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackageApproval {
    /// Whether it may leave.
    pub granted: bool,
    /// Why, or why not.
    pub reason: String,
}

/// Approves or refuses a package, as a second person (EV-08). Where one person does everything there is no second one, and
/// the record says so.
pub async fn approve(
    tx: &mut Tx,
    caller: &Caller,
    id: PackageId,
    word: &PackageApproval,
    profile: Profile,
) -> Result<(Package, Recorded)> {
    caller.require(Permission::AnswerLegalProcess)?;
    let person = caller.person()?;
    let (package, asked_by) = store::locked_package(tx, id).await?.ok_or(&UNKNOWN_RELEASE)?;
    if package.state != PackageState::Asked {
        return Err((&RELEASE_SETTLED).into());
    }
    let alone = asked_by == person;
    if alone && word.granted && profile != Profile::Solo {
        return Err((&NEEDS_TWO).into());
    }
    open(tx, package.process).await?;
    let state = if word.granted { PackageState::Approved } else { PackageState::Refused };
    store::settle_package(tx, id, state, person, &said(&word.reason, 4)?).await?;
    let detail = json!({"state": state, "alone": alone});
    let proof =
        audit::record(tx, Entry::by(caller, "package.settled").case(package.case).about(id).detail(detail)).await?;
    Ok((store::package(tx, id).await?.ok_or(&UNKNOWN_RELEASE)?, proof))
}

/// A package whose package may be made now.
pub async fn approved(tx: &mut Tx, id: PackageId) -> Result<(Package, Process)> {
    let package = store::package(tx, id).await?.ok_or(&UNKNOWN_RELEASE)?;
    if !matches!(package.state, PackageState::Approved | PackageState::Made) {
        return Err((&NOT_APPROVED).into());
    }
    let process = open(tx, package.process).await?;
    Ok((package, process))
}

/// Writes down that a package left, with its digest.
pub async fn made(tx: &mut Tx, caller: &Caller, package: &Package, sha256: [u8; 32], bytes: i64) -> Result<Recorded> {
    store::made(tx, package.id, sha256, bytes).await?;
    let detail = json!({"sha256": hex::encode(sha256), "bytes": bytes, "process": package.process});
    audit::record(tx, Entry::by(caller, "package.made").case(package.case).about(package.id).detail(detail)).await
}

/// Packages, newest first.
pub async fn packages(
    tx: &mut Tx,
    caller: &Caller,
    case: Option<CaseId>,
    process: Option<LegalProcessId>,
    before: Option<PackageId>,
    limit: i64,
) -> Result<Vec<Package>> {
    caller.require(Permission::ReadLegalProcess)?;
    store::packages(tx, case, process, before, limit).await
}

/// The packages of a case that may be made into packages, newest first.
pub async fn ready(tx: &mut Tx, case: CaseId) -> Result<Vec<Package>> {
    let all = store::packages(tx, Some(case), None, None, 1_000).await?;
    Ok(all.into_iter().filter(|one| matches!(one.state, PackageState::Approved | PackageState::Made)).collect())
}
