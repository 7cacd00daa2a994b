//! Reports in the console: where they stand, what they say and why, and the whole conversation with the destination.

use std::ops::Range;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use exchange::ncmec::Finding;

use super::document::{Absent, Draft, Why};
use super::editor::{self, Change, Preview};
use super::fields::{GroupView, Lists, MANY, Shown, most};
use super::labels::sentences;
use super::reading::{self, Part};
use super::score::Score;
use super::viewing::{self, NewViewing, Viewing, ViewingState};
use super::{NO_TEXT, Report, ReportState, UNKNOWN_REPORT};
use crate::accounts::{self, Permission};
use crate::intake::UNKNOWN_ITEM;
use crate::plan::App;
use crate::refusal::Result;
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{CaseId, ItemId, ReportId, Tx, ViewingId, as_word};
use crate::web::console::{Fields, Paged, Staff, Who, minute, show};
use crate::web::languages::{Said, filters, say, word};
use crate::web::{self, BAD_BODY, Body};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/reports", get(reports))
        .route("/console/reports/{report}", get(of_report).post(change_report))
        .route("/console/reports/{report}/check", post(check_report))
        .route("/console/reports/{report}/revive", post(revive))
        .route("/console/cases/{case}/report", get(of_case).post(change_case))
        .route("/console/cases/{case}/report/check", post(check_case))
        .route("/console/cases/{case}/items/{item}/viewings", post(state_viewing))
        .route("/console/cases/{case}/viewings/{viewing}", post(countersign))
}

struct Row {
    id: ReportId,
    case: CaseId,
    what: Said,
    state: Said,
    number: String,
    at: String,
    trouble: String,
}

#[derive(Template)]
#[template(path = "reporting/pages/reports.html")]
struct Reports<'a> {
    who: &'a Who,
    queue: super::Queue,
    line: String,
    rows: Vec<Row>,
}

/// A state in words.
fn state_words(state: ReportState) -> Said {
    word("report-state", &as_word(&state))
}

async fn reports(Shared(app): Shared<App>, staff: Staff) -> Paged {
    let mut tx = app.db.read().await?;
    let queue = super::queue(&mut tx, &staff.caller).await?;
    let rows = super::list(&mut tx, &staff.caller, None, web::PAGE).await?;
    let row = |report: Report| Row {
        id: report.id,
        case: report.case,
        what: word("report-to", &as_word(&report.destination)),
        state: state_words(report.state),
        number: report.number.map_or_else(String::new, |number| number.to_string()),
        at: minute(report.finished_at.unwrap_or(report.created_at)),
        trouble: {
            let maybe = report.maybe();
            report.trouble.into_iter().chain(maybe).collect::<Vec<_>>().join(". ")
        },
    };
    let line = super::line(&mut tx, app.ncmec.as_deref()).await?;
    show(&Reports { who: &staff.who, queue, line, rows: rows.into_iter().map(row).collect() })
}

/// So many files stand on a page of the editor.
const FILES: usize = 6;

/// Which files a page shows, and where the others are.
#[derive(Clone, Copy, Default, serde::Deserialize)]
struct Window {
    /// Which page of files, from 1.
    #[serde(default)]
    files: usize,
    /// Every part of the report, also what can stand within empty ones; then no files.
    #[serde(default)]
    all: bool,
}

impl Window {
    fn first(self) -> usize {
        self.files.saturating_sub(1).saturating_mul(FILES)
    }

    /// Which files these are.
    fn part(self) -> Range<usize> {
        let first = self.first();
        first..if self.all { first } else { first.saturating_add(FILES) }
    }

    /// Behind the address of a page.
    fn query(self) -> String {
        match self {
            Self { all: true, .. } => "?all=true".to_owned(),
            Self { files: 2.., .. } => format!("?files={}", self.files),
            Self { .. } => String::new(),
        }
    }
}

/// Where other pages are, by the words of a link: of files, and of parts of which there are many.
fn turns(window: Window, files: usize, parts: usize) -> Vec<(String, usize)> {
    let (first, page) = (window.first(), window.files.max(1));
    let before = (page > 1).then(|| (say("report-files-before").with("number", first + 1).to_string(), page - 1));
    let more = |all: usize, each: usize| page.saturating_mul(each) < all;
    let behind = match (more(files, FILES), more(parts, MANY)) {
        (true, _) => Some((say("report-files-from").with("number", first + FILES + 1).to_string(), page + 1)),
        (false, true) => Some((say("report-parts-more").to_string(), page + 1)),
        (false, false) => None,
    };
    before.into_iter().chain(behind).collect()
}

/// What a report does not say, as the page shows it.
struct AbsentView {
    id: String,
    path: String,
    what: String,
    why: Said,
    applies: bool,
    reason: String,
    origin: String,
}

struct FileView {
    nth: usize,
    item: ItemId,
    name: String,
    viewed: Said,
    words: Vec<String>,
    exif: Vec<(String, String)>,
    /// A text of ours.
    ours: bool,
    group: GroupView,
    xml: String,
    viewings: Vec<(Viewing, String, bool)>,
}

struct Spoken {
    at: String,
    what: String,
    answer: String,
    request_id: String,
    sent: String,
    raw: String,
}

#[derive(Template)]
#[template(path = "reporting/pages/report.html")]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the page shows or does not")]
struct Page<'a> {
    who: &'a Who,
    case: CaseId,
    number: i64,
    title: String,
    /// Where its form goes, with the page of files.
    action: String,
    /// The same without.
    at: String,
    standing: String,
    maybe: String,
    editable: bool,
    decided: bool,
    revivable: bool,
    may_state: bool,
    no_text: bool,
    score: Option<Score>,
    absent: Vec<AbsentView>,
    conversation_as_file: Option<bool>,
    overtaken: Vec<String>,
    faults: Vec<Finding>,
    form: Option<GroupView>,
    files: Vec<FileView>,
    all_files: usize,
    turns: Vec<(String, usize)>,
    all_parts: bool,
    lists: Lists,
    reads: Vec<(String, String)>,
    xml: String,
    conversation: Vec<Spoken>,
    receipt: Option<super::Receipt>,
}

#[derive(Template)]
#[template(path = "reporting/pages/findings.html")]
struct Findings {
    faults: Vec<Finding>,
}

#[derive(Template)]
#[template(path = "reporting/pages/changes.html")]
struct Changes<'a> {
    who: &'a Who,
    action: String,
    sentences: Vec<String>,
    fields: Vec<(String, String)>,
}

impl<'a> Page<'a> {
    /// A page without what a report says.
    fn bare(staff: &'a Staff, case: &review::Case) -> Self {
        Self {
            who: &staff.who,
            case: case.id,
            number: case.number,
            title: say("report-title-now").with("number", case.number).to_string(),
            action: String::new(),
            at: format!("/console/cases/{}/report", case.id),
            standing: String::new(),
            maybe: String::new(),
            editable: false,
            decided: false,
            revivable: false,
            may_state: staff.caller.may(Permission::DecideCases),
            no_text: true,
            score: None,
            absent: Vec::new(),
            conversation_as_file: None,
            overtaken: Vec::new(),
            faults: Vec::new(),
            form: None,
            files: Vec::new(),
            all_files: 0,
            turns: Vec::new(),
            all_parts: false,
            lists: Vec::new(),
            reads: Vec::new(),
            xml: String::new(),
            conversation: Vec::new(),
            receipt: None,
        }
    }

    fn of(
        staff: &'a Staff,
        case: &review::Case,
        preview: Preview,
        viewings: &[(Viewing, String, bool)],
        window: Window,
    ) -> Result<Self> {
        let Preview { draft, viewed, faults, overtaken } = preview;
        let xml = draft.document();
        let from = window.files.saturating_sub(1).saturating_mul(MANY).saturating_add(1);
        let shown = Shown { all: window.all, from, file: None, origins: &draft.origins, faults: &faults };
        let mut lists = Lists::new();
        let whole = editor::form_of(&xml, draft.level)?;
        let mut form = shown.group(&whole);
        let part = Part { files: window.part(), parts: from..from.saturating_add(MANY) };
        let reads = if window.all { Vec::new() } else { reading::lines(&draft, &whole, &viewed, &part)? };
        form.share(&mut lists);
        let mut files = Vec::new();
        let here = draft.files.iter().zip(1_usize..).skip(part.files.start).take(part.files.len());
        for ((file, nth), viewed) in here.zip(&viewed) {
            let sketch = file.sketch();
            let shown = Shown { all: false, from: 1, file: Some(file.item), origins: &file.origins, faults: &faults };
            let mut group = shown.group(&editor::form_of(&sketch, draft.level)?);
            group.share(&mut lists);
            files.push(FileView {
                nth,
                item: file.item,
                name: file.name.clone(),
                viewed: viewed.in_short(),
                words: viewed.words(),
                ours: file.text.is_some(),
                exif: file.exif().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                group,
                xml: file.document(0, "given by the destination", viewed),
                viewings: viewings.iter().filter(|(one, ..)| one.item == file.item).cloned().collect(),
            });
        }
        let absent = |(nth, absent): (usize, &Absent)| AbsentView {
            id: format!("absent-{nth}"),
            path: format!("{}{}", editor::ABSENT, absent.what),
            what: absent.what.clone(),
            why: word("report-why", &as_word(&absent.why)),
            applies: absent.why == Why::NotReasonablyAvailable,
            reason: absent.reason.clone(),
            origin: shown.origin(&format!("{}{}/reason", editor::ABSENT, absent.what)),
        };
        Ok(Self {
            no_text: false,
            score: draft.score.clone(),
            absent: draft.absent.iter().enumerate().map(absent).collect(),
            conversation_as_file: draft.conversation_as_file(),
            overtaken: overtaken.into_iter().map(|change| change.path).collect(),
            form: Some(form),
            files,
            all_files: draft.files.len(),
            turns: if window.all { Vec::new() } else { turns(window, draft.files.len(), most(&whole)) },
            all_parts: window.all,
            lists,
            reads,
            xml: if window.all { String::new() } else { shortened(xml) },
            faults,
            ..Self::bare(staff, case)
        })
    }
}

/// The document as it is shown; whole it is had from the API, and from the record once it was sent.
fn shortened(xml: String) -> String {
    const MOST: usize = 8_000;
    match xml.char_indices().nth(MOST) {
        None => xml,
        Some((at, _)) => {
            format!("{}…\n{}", xml.get(..at).unwrap_or_default(), say("report-xml-more").with("count", xml.len()))
        }
    }
}

async fn viewings(tx: &mut Tx, staff: &Staff, case: CaseId) -> Result<Vec<(Viewing, String, bool)>> {
    let me = staff.caller.person()?;
    let mut all = Vec::new();
    for one in viewing::of_case(tx, &staff.caller, case).await? {
        let by = accounts::staff_of(tx, one.by).await?;
        let words = say("report-viewing").with("viewer", &one.viewer).with("tool", &one.tool);
        let words = words.with("time", minute(one.viewed_at)).with("staff", by);
        let words = words.with("state", word("viewing-state", &as_word(&one.state))).to_string();
        let mine_to_sign = one.state == ViewingState::Open && one.by != me;
        all.push((one, words, mine_to_sign));
    }
    Ok(all)
}

async fn of_case(
    Shared(app): Shared<App>,
    staff: Staff,
    Path(case): Path<String>,
    Query(window): Query<Window>,
) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.write().await?;
    let case = review::find(&mut tx, &staff.caller, id).await?;
    let preview = editor::preview(&mut tx, &staff.caller, id, &app.settings, &window.part()).await?;
    let viewings = viewings(&mut tx, &staff, id).await?;
    let editable = review::leased(&mut tx, &staff.caller, id).await.is_ok();
    // Threads are somebody's letters: who reads them is on record.
    let proof = super::read_on_record(&mut tx, &staff.caller, id).await?;
    tx.commit(proof).await?;
    let action = format!("/console/cases/{id}/report{}", window.query());
    show(&Page { action, editable, ..Page::of(&staff, &case, preview, &viewings, window)? })
}

async fn of_report(
    Shared(app): Shared<App>,
    staff: Staff,
    Path(report): Path<String>,
    Query(window): Query<Window>,
) -> Paged {
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.write().await?;
    let report = super::find(&mut tx, &staff.caller, id).await?;
    let case = review::case(&mut tx, report.case).await?;
    let preview = editor::of_report(&mut tx, &staff.caller, id, &window.part()).await?;
    let viewings = viewings(&mut tx, &staff, case.id).await?;
    let conversation = super::conversation(&mut tx, &staff.caller, id).await?;
    let receipt = super::receipt(&mut tx, id).await?;
    let proof = super::read_on_record(&mut tx, &staff.caller, case.id).await?;
    tx.commit(proof).await?;
    let waits = report.state == ReportState::Waiting && report.attempt == 0;
    let dead = report.state == ReportState::Dead;
    let number =
        report.number.map_or_else(String::new, |number| format!(", {}", say("report-numbered").with("number", number)));
    let trouble = report.trouble.as_ref().map_or_else(String::new, |trouble| format!(": {trouble}"));
    let spoken = conversation.into_iter().map(|call| Spoken {
        at: call.at.to_string(),
        what: say("report-step").with("step", call.step.clone()).with("attempt", call.attempt).to_string(),
        answer: call.outcome.map_or_else(
            || say("report-no-answer").to_string(),
            |outcome| match call.http_status {
                Some(status) => format!("{outcome}, HTTP {status}"),
                None => outcome,
            },
        ),
        request_id: call.request_id.unwrap_or_default(),
        sent: call.sent.unwrap_or_default(),
        raw: call.answer.unwrap_or_default(),
    });
    let conversation = spoken.collect();
    let page = match preview {
        Some(preview) => Page::of(&staff, &case, preview, &viewings, window)?,
        None => Page::bare(&staff, &case),
    };
    show(&Page {
        title: say("report-title").with("number", case.number).to_string(),
        action: format!("/console/reports/{id}{}", window.query()),
        at: format!("/console/reports/{id}"),
        maybe: report.maybe().unwrap_or_default(),
        standing: format!("{}{number}{trouble}", state_words(report.state)),
        editable: (waits || dead) && !page.no_text && staff.caller.may(Permission::DecideCases),
        decided: true,
        revivable: dead && staff.caller.may(Permission::ReviveReports),
        may_state: !matches!(report.state, ReportState::Finished | ReportState::Withdrawn)
            && staff.caller.may(Permission::DecideCases),
        conversation,
        receipt,
        ..page
    })
}

/// What a form changes: every field whose value is another than the page showed it.
fn changed(draft: &Draft, body: &[u8]) -> Result<(Vec<Change>, bool)> {
    let form = Fields::any(body);
    let mut changes: Vec<Change> = Vec::new();
    for (name, value) in form.iter().filter(|(name, _)| *name != "sure") {
        let (file, path) = match name.split_once(':') {
            Some((item, path)) => (Some(web::id(item, &UNKNOWN_ITEM)?), path),
            None => (None, name),
        };
        let change = Change { file, path: path.to_owned(), value: value.replace("\r\n", "\n").trim().to_owned() };
        // A box that is ticked comes twice, as nothing and as yes: the last word counts.
        changes.retain(|other| (other.file, &other.path) != (change.file, &change.path));
        changes.push(change);
    }
    changes.retain(|change| draft.shows(change).is_none_or(|now| now.trim() != change.value));
    Ok((changes, form.one("sure") == "yes"))
}

fn read_back(staff: &Staff, action: String, draft: &Draft, changes: &[Change]) -> Paged {
    let name = |change: &Change| match change.file {
        Some(item) => format!("{item}:{}", change.path),
        None => change.path.clone(),
    };
    let fields = changes.iter().map(|change| (name(change), change.value.clone())).collect();
    show(&Changes { who: &staff.who, action, sentences: sentences(draft, changes), fields })
}

async fn change_case(
    Shared(app): Shared<App>,
    staff: Staff,
    Path(case): Path<String>,
    Query(window): Query<Window>,
    body: Body,
) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.write().await?;
    let preview = editor::preview(&mut tx, &staff.caller, id, &app.settings, &editor::EVERY_FILE).await?;
    let (changes, sure) = changed(&preview.draft, &body)?;
    let action = format!("/console/cases/{id}/report{}", window.query());
    if !sure {
        return read_back(&staff, action, &preview.draft, &changes);
    }
    let (_, proof) = editor::change_case(&mut tx, &staff.caller, id, &changes, &app.settings).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to(&action).into_response())
}

async fn change_report(
    Shared(app): Shared<App>,
    staff: Staff,
    Path(report): Path<String>,
    Query(window): Query<Window>,
    body: Body,
) -> Paged {
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.write().await?;
    let preview = editor::of_report(&mut tx, &staff.caller, id, &editor::EVERY_FILE).await?.ok_or(&NO_TEXT)?;
    let (changes, sure) = changed(&preview.draft, &body)?;
    let action = format!("/console/reports/{id}{}", window.query());
    if !sure {
        return read_back(&staff, action, &preview.draft, &changes);
    }
    let proof = editor::change_report(&mut tx, &staff.caller, id, &changes).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to(&action).into_response())
}

/// What the destination would refuse if what stands in the form were entered. Nothing is written.
fn check(mut draft: Draft, body: &[u8], now: jiff::Timestamp) -> Paged {
    let (changes, _) = changed(&draft, body)?;
    let mut faults = Vec::new();
    for change in changes {
        let (path, message) = (change.path.clone(), say("report-cannot-say").to_string());
        if !draft.try_change(&change) {
            let origin = exchange::ncmec::Origin::Documentation;
            faults.push(Finding { path, rule: "form", message, origin });
        }
    }
    faults.extend(draft.findings(now, &editor::EVERY_FILE));
    show(&Findings { faults })
}

async fn check_case(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.read().await?;
    let preview = editor::preview(&mut tx, &staff.caller, id, &app.settings, &editor::EVERY_FILE).await?;
    check(preview.draft, &body, tx.now())
}

async fn check_report(Shared(app): Shared<App>, staff: Staff, Path(report): Path<String>, body: Body) -> Paged {
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.read().await?;
    let preview = editor::of_report(&mut tx, &staff.caller, id, &editor::EVERY_FILE).await?.ok_or(&NO_TEXT)?;
    check(preview.draft, &body, tx.now())
}

async fn revive(Shared(app): Shared<App>, staff: Staff, Path(report): Path<String>) -> Paged {
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.write().await?;
    let (_, proof) = super::revive(&mut tx, &staff.caller, id).await?;
    tx.commit(proof).await?;
    app.nudge.notify_waiters();
    Ok(Redirect::to(&format!("/console/reports/{id}")).into_response())
}

async fn state_viewing(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, item)): Path<(String, String)>,
    body: Body,
) -> Paged {
    let (id, item): (CaseId, ItemId) = (web::id(&case, &UNKNOWN_CASE)?, web::id(&item, &UNKNOWN_ITEM)?);
    let form = Fields::read(&body, &["viewer", "tool", "viewed_at", "entire_contents"])?;
    let at = format!("{}:00Z", form.one("viewed_at"));
    let new = NewViewing {
        viewer: form.one("viewer").to_owned(),
        tool: form.one("tool").to_owned(),
        viewed_at: at.parse().map_err(|_| BAD_BODY.because("say when, in UTC"))?,
        entire_contents: form.one("entire_contents") == "yes",
    };
    let mut tx = app.db.write().await?;
    let (_, proof) = viewing::state(&mut tx, &staff.caller, id, item, &new).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to(&format!("/console/cases/{id}/report")).into_response())
}

async fn countersign(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, viewing)): Path<(String, String)>,
    body: Body,
) -> Paged {
    let (case, id): (CaseId, ViewingId) =
        (web::id(&case, &UNKNOWN_CASE)?, web::id(&viewing, &viewing::UNKNOWN_VIEWING)?);
    let yes = Fields::read(&body, &["agree"])?.one("agree") == "yes";
    let mut tx = app.db.write().await?;
    let (_, proof) = viewing::countersign(&mut tx, &staff.caller, id, yes).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to(&format!("/console/cases/{case}/report")).into_response())
}
