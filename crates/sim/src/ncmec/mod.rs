//! NCMEC's CyberTipline reporting API, simulated: the states of a report, the checks in their order, and misbehaviour on
//! demand.

mod doors;
mod rules;
mod schema;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

/// Tells the time; a test moves it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Which HTTP statuses errors come with. The real mapping is mostly unknown, so clients are tested under both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statuses {
    /// 400, 401, 403, 404, 409, 500 by class.
    Modern,
    /// 200 for everything but 401.
    Legacy200,
}

/// How the simulator is set up.
#[derive(Clone)]
pub struct Settings {
    /// The account.
    pub username: String,
    /// Its password.
    pub password: String,
    /// Whether it may submit.
    pub may_submit: bool,
    /// Another account, which may submit; what is one's does not exist to the other.
    pub another: Option<(String, String)>,
    /// What is served as the schema; without it there is none.
    pub xsd: Option<Vec<u8>>,
    /// Whether `fileinfo` answers with the file's id too, as it did in 2016.
    pub fileinfo_names_file: bool,
    /// Statuses of errors.
    pub statuses: Statuses,
    /// Number of the first report.
    pub first_report: i64,
    /// The time.
    pub clock: Clock,
    /// For file ids and request ids.
    pub seed: u64,
    /// Whether elements are known that came after the schema of November 2025.
    pub newer: bool,
    /// Code for a second `fileinfo` of one file: 4100 or 1300, nobody knows.
    pub second_fileinfo: i32,
    /// Code for an expired report: 5001 or 5101, nobody knows.
    pub expired: i32,
    /// A file to which every change is appended and from which the state is read at the start.
    pub journal: Option<PathBuf>,
}

impl Settings {
    /// The usual: one account, which may submit.
    pub fn new(username: &str, password: &str, clock: Clock) -> Self {
        Self {
            username: username.to_owned(),
            password: password.to_owned(),
            may_submit: true,
            another: None,
            xsd: None,
            fileinfo_names_file: false,
            statuses: Statuses::Modern,
            first_report: 4_000_001,
            clock,
            seed: 1,
            newer: false,
            second_fileinfo: 4_100,
            expired: 5_001,
            journal: None,
        }
    }
}

/// Where a report stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Taking files.
    Open,
    /// Final.
    Finished,
    /// Taken back.
    Retracted,
    /// Left unfinished for too long.
    Expired,
}

/// A file of a report. Its bytes are not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    /// 32 hexadecimal digits, not a digest.
    pub file_id: String,
    /// MD5 of what was received.
    pub md5: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its name as sent.
    pub name: String,
    /// What was said about it, as sent.
    pub details: Option<String>,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportView {
    /// Its number.
    pub report_id: i64,
    /// Whose it is.
    #[serde(default)]
    pub owner: String,
    /// Where it stands.
    pub state: State,
    /// As submitted.
    pub xml: String,
    /// Whether it is a batched one.
    pub batched: bool,
    /// Its files, in the order in which they came.
    pub files: Vec<FileView>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
}

impl ReportView {
    /// The word that follows these words in the report, for instance the number of a case. Nothing, if they are not in it.
    pub fn word_after(&self, words: &str) -> Option<&str> {
        let (_, rest) = self.xml.split_once(words)?;
        let rest = rest.trim_start();
        rest.get(..rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '.' | ',' | ';')).unwrap_or(rest.len()))
    }
}

/// A call of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Are the credentials good?
    Status,
    /// The schema.
    Xsd,
    /// Open a report.
    Submit,
    /// Send a file.
    Upload,
    /// Describe it.
    Fileinfo,
    /// Make final.
    Finish,
    /// Take back.
    Retract,
}

/// How one call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Act, then cut the connection without a byte of answer.
    CutAfterActing,
    /// Cut the connection, having done nothing.
    CutBeforeActing,
    /// Act, and answer slowly.
    Slow(std::time::Duration),
    /// Act, and let the answer trickle: a byte, and a pause after each.
    Trickle(std::time::Duration),
    /// Act, and give the digest of something else.
    WrongMd5,
    /// Do nothing, and answer 500 with HTML.
    Html500,
    /// Do nothing, and answer 401.
    Unauthorized,
    /// Act, and answer code 0 with HTTP 500.
    ZeroWith500,
    /// Do nothing, and answer a code nobody knows.
    Code(i32),
    /// Act, and answer with elements nobody knows.
    ExtraElements,
    /// Do nothing, and answer 429.
    TooManyRequests,
    /// Let the report expire first.
    ExpireNow,
    /// Do nothing, and answer an error under the root of `finish`, without a word of explanation.
    DoneWithError(i32),
    /// Act as if the request had been delivered twice, and give the second answer.
    Twice,
}

impl Misbehaviour {
    /// Every kind, for tests that try them all.
    pub const EVERY: [Self; 15] = [
        Self::CutAfterActing,
        Self::CutBeforeActing,
        Self::Slow(std::time::Duration::from_millis(20)),
        Self::Trickle(std::time::Duration::from_millis(1)),
        Self::WrongMd5,
        Self::Html500,
        Self::Unauthorized,
        Self::ZeroWith500,
        Self::Code(1_100),
        Self::Code(9_999),
        Self::ExtraElements,
        Self::TooManyRequests,
        Self::ExpireNow,
        Self::DoneWithError(1_000),
        Self::Twice,
    ];
}

/// What the destination would say of a document for `submit` or `fileinfo`, whatever the state of its report.
pub fn judge(document: &str, now: Timestamp, newer: bool) -> Result<(), String> {
    let root = if document.contains("<fileDetails") { "fileDetails" } else { "report" };
    schema::check(document, root, now, newer).map(drop).map_err(|fault| fault.description)
}

#[derive(Default)]
struct Inner {
    reports: Vec<ReportView>,
    faults: VecDeque<(Endpoint, Misbehaviour)>,
    calls: Vec<String>,
}

/// The simulator. Clones share their state.
#[derive(Clone)]
pub struct Simulator {
    settings: Arc<Settings>,
    inner: Arc<Mutex<Inner>>,
    random: Arc<Mutex<ChaCha20Rng>>,
}

impl Simulator {
    /// A simulator; with a journal it goes on where the last one stopped.
    pub fn new(settings: Settings) -> std::io::Result<Self> {
        let mut inner = Inner::default();
        if let Some(path) = settings.journal.as_ref().filter(|path| path.exists()) {
            for line in fs_err::read_to_string(path)?.lines() {
                // The last line may have been cut by a crash; the call it belongs to was not answered.
                if let Ok(report) = serde_json::from_str::<ReportView>(line) {
                    match inner.reports.iter_mut().find(|known| known.report_id == report.report_id) {
                        Some(known) => *known = report,
                        None => inner.reports.push(report),
                    }
                }
            }
        }
        let seed = settings.seed.wrapping_add(u64::try_from(inner.reports.len()).unwrap_or(0));
        Ok(Self {
            settings: Arc::new(settings),
            inner: Arc::new(Mutex::new(inner)),
            random: Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))),
        })
    }

    /// All reports, as they stand now.
    pub fn reports(&self) -> Vec<ReportView> {
        self.expire();
        self.inner().reports.clone()
    }

    /// All finished reports.
    pub fn finished(&self) -> Vec<ReportView> {
        self.reports().into_iter().filter(|report| report.state == State::Finished).collect()
    }

    /// Every call so far: path and status.
    pub fn calls(&self) -> Vec<String> {
        self.inner().calls.clone()
    }

    /// The next call of this endpoint goes wrong in this way, once.
    pub fn misbehave(&self, at: Endpoint, how: Misbehaviour) {
        self.inner().faults.push_back((at, how));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        (self.settings.clock)()
    }

    fn random_hex(&self) -> String {
        let mut bytes = [0; 16];
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        hex::encode(bytes)
    }

    fn take_fault(&self, at: Endpoint) -> Option<Misbehaviour> {
        let mut inner = self.inner();
        let place = inner.faults.iter().position(|(endpoint, _)| *endpoint == at)?;
        inner.faults.remove(place).map(|(_, how)| how)
    }

    /// Unfinished reports go at the later of a day after opening and an hour after the last change.
    fn expire(&self) {
        let now = self.now();
        for report in self.inner().reports.iter_mut().filter(|report| report.state == State::Open) {
            let add =
                |at: Timestamp, hours| at.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX);
            if now >= add(report.opened_at, 24).max(add(report.changed_at, 1)) {
                report.state = State::Expired;
            }
        }
    }

    fn expire_all(&self) {
        for report in self.inner().reports.iter_mut().filter(|report| report.state == State::Open) {
            report.state = State::Expired;
        }
    }

    fn keep(&self, report: &ReportView) -> std::io::Result<()> {
        use std::io::Write as _;
        let Some(path) = &self.settings.journal else { return Ok(()) };
        let mut file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
        let line = serde_json::to_string(report)?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_data()
    }

    fn submit(&self, owner: &str, xml: &str) -> Result<Said, Fault> {
        let now = self.now();
        let document = schema::check(xml, "report", now, self.settings.newer)?;
        let mut inner = self.inner();
        let last = inner.reports.iter().map(|report| report.report_id).max();
        let report = ReportView {
            report_id: last.map_or(self.settings.first_report, |last| last + 1),
            owner: owner.to_owned(),
            state: State::Open,
            xml: xml.to_owned(),
            batched: document.has("batchedReport"),
            files: Vec::new(),
            opened_at: now,
            changed_at: now,
            finished_at: None,
        };
        let said = Said::report(report.report_id);
        self.keep(&report).map_err(|_| Fault::code(1_100))?;
        inner.reports.push(report);
        Ok(said)
    }

    /// Changes an open report, or says why not.
    fn change<T>(
        &self,
        owner: &str,
        id: i64,
        change: impl FnOnce(&mut ReportView) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.expire();
        let mut inner = self.inner();
        let known = |report: &&mut ReportView| report.report_id == id && report.owner == owner;
        let report = inner.reports.iter_mut().find(known).ok_or(Fault::code(5_001))?;
        match report.state {
            State::Open => {}
            State::Finished => return Err(Fault::code(5_102)),
            State::Retracted => return Err(Fault::code(5_101)),
            State::Expired => return Err(Fault::code(self.settings.expired)),
        }
        let mut changed = report.clone();
        let answer = change(&mut changed)?;
        self.keep(&changed).map_err(|_| Fault::code(1_300))?;
        *report = changed;
        Ok(answer)
    }

    fn upload(&self, owner: &str, id: i64, name: String, md5: String, size: u64) -> Result<Said, Fault> {
        let (now, file_id) = (self.now(), self.random_hex());
        let file = FileView { file_id: file_id.clone(), md5: md5.clone(), size, name, details: None };
        self.change(owner, id, |report| {
            report.files.push(file);
            report.changed_at = now;
            Ok(Said { file_id: Some(file_id), hash: Some(md5), ..Said::report(id) })
        })
    }

    fn fileinfo(&self, owner: &str, xml: &str) -> Result<Said, Fault> {
        let now = self.now();
        let document = schema::check(xml, "fileDetails", now, self.settings.newer)?;
        let id = document.text_of("reportId").and_then(|text| text.parse().ok()).unwrap_or(0);
        let file_id = document.text_of("fileId").unwrap_or_default().to_owned();
        let again = self.settings.second_fileinfo;
        let named = self.settings.fileinfo_names_file.then(|| file_id.clone());
        self.change(owner, id, |report| {
            let batched = report.batched;
            let file = report.files.iter_mut().find(|file| file.file_id == file_id).ok_or(Fault::code(5_002))?;
            if file.details.is_some() {
                return Err(Fault::code(again));
            }
            if batched && !rules::fits_batched(&document) {
                return Err(Fault::said(
                    4_100,
                    "a file of a batched report must be viral or potentialMeme, and no more",
                ));
            }
            file.details = Some(xml.to_owned());
            report.changed_at = now;
            Ok(Said { file_id: named, ..Said::report(id) })
        })
    }

    fn finish(&self, owner: &str, id: i64) -> Result<Said, Fault> {
        let now = self.now();
        self.change(owner, id, |report| {
            if report.batched && report.files.len() != 1 {
                return Err(Fault::said(4_100, "a batched report has exactly one file"));
            }
            report.state = State::Finished;
            report.finished_at = Some(now);
            let files = report.files.iter().map(|file| file.file_id.clone()).collect();
            Ok(Said { done: Some(files), ..Said::report(id) })
        })
    }

    fn retract(&self, owner: &str, id: i64) -> Result<Said, Fault> {
        self.change(owner, id, |report| {
            report.state = State::Retracted;
            Ok(Said::report(id))
        })
    }
}

/// What a call says when it went well.
#[derive(Default)]
struct Said {
    report_id: Option<i64>,
    file_id: Option<String>,
    hash: Option<String>,
    done: Option<Vec<String>>,
    description: Option<String>,
    schema: Option<Vec<u8>>,
}

impl Said {
    fn report(id: i64) -> Self {
        Self { report_id: Some(id), ..Self::default() }
    }
}

/// What a call says when it did not.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    code: i32,
    description: String,
}

impl Fault {
    fn code(code: i32) -> Self {
        let words = match code {
            1_000 => "Server error",
            1_100 => "Save failed",
            1_210 => "Resource not found",
            1_300 => "Update failed",
            2_000 => "Authentication required",
            3_100 => "User does not have authorization to make submissions",
            3_300 => "User does not have authorization to make updates",
            4_000 => "Invalid request",
            4_110 => "Malformed XML submittal",
            4_200 => "Malformed file submittal",
            5_001 => "Report does not exist",
            5_002 => "File does not exist",
            5_101 => "Report already retracted",
            5_102 => "Report already finished",
            _ => "Validation failed",
        };
        Self { code, description: words.to_owned() }
    }

    fn said(code: i32, why: &str) -> Self {
        let words = Self::code(code).description;
        Self { code, description: format!("{words}\n{why}") }
    }
}
