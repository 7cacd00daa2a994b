//! `/v1/reports`: what was filed, what is stuck, and the receipts.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::filings::{self, Filing};
use super::{
    Absent, Change, Elsewhere, NO_TEXT, NewViewing, Origin, Packet, Preview, Queue, Receipt, Report, Score, Spoken,
    UNKNOWN_REPORT, Viewing, editor, viewing,
};
use crate::accounts::{Caller, Permission};
use crate::intake::UNKNOWN_ITEM;
use crate::plan::App;
use crate::refusal::Error;
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{CaseId, ItemId, ReportId, ViewingId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Once, Page, Sent};

/// Where a page begins.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The `next` of the page before.
    before: Option<String>,
}

/// Reports, newest first.
#[utoipa::path(get, path = "/v1/reports", tag = "reports", params(Before),
    responses((status = 200, body = Page<Report>), (status = "default", body = ProblemBody)))]
pub async fn list(State(app): State<App>, caller: Caller, Asked(page): Asked<Before>) -> Answer {
    caller.require(Permission::ReadReports)?;
    let before: Option<ReportId> = page.before.as_deref().map(|id| web::id(id, &UNKNOWN_REPORT)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |report| report.id.to_string()))
}

/// A file of a report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileAnswer {
    /// Which upload.
    item: ItemId,
    /// What the report says of viewing it: `true`, `false`, or nothing.
    viewed_by_esp: Option<bool>,
    /// True for a text of ours, such as the conversation, that goes as a file: no upload has this id.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ours: bool,
}

/// A report with its receipt.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReportAnswer {
    #[serde(flatten)]
    report: Report,
    /// Its files.
    files: Vec<FileAnswer>,
    /// The answer that made it final, as it arrived.
    receipt: Option<Receipt>,
}

/// One report.
#[utoipa::path(get, path = "/v1/reports/{report}", tag = "reports", params(("report" = String, Path)),
    responses((status = 200, body = ReportAnswer), (status = "default", body = ProblemBody)))]
pub async fn show(State(app): State<App>, caller: Caller, Path(report): Path<String>) -> Answer {
    caller.require(Permission::ReadReports)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let report = super::find(&mut tx, &caller, id).await?;
    let mut files = Vec::new();
    if let Some(draft) = report.draft()? {
        let said = super::said_of_viewing(&mut tx, &report, &draft, &editor::EVERY_FILE).await?;
        let answer = |(file, (item, viewed)): (&super::DraftFile, (ItemId, super::Viewed))| FileAnswer {
            item,
            viewed_by_esp: viewed.flag(),
            ours: file.text.is_some(),
        };
        files.extend(draft.files.iter().zip(said).map(answer));
    }
    let answer = ReportAnswer { files, receipt: super::receipt(&mut tx, id).await?, report };
    web::ok(&answer)
}

/// Send a dead report again, after you have seen to its trouble.
#[utoipa::path(post, path = "/v1/reports/{report}/revive", tag = "reports", params(("report" = String, Path)),
    responses((status = 200, body = Report), (status = "default", body = ProblemBody)))]
pub async fn revive(State(app): State<App>, caller: Caller, Path(report): Path<String>, headers: HeaderMap) -> Answer {
    caller.require(Permission::ReviveReports)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let once = Once::new("POST /v1/reports/revive", &caller, &headers, &[report.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::revive(tx, &caller, id).await).await
}

/// Why a report is taken back.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// In a sentence.
    reason: String,
}

/// Take back a decided report before it is sent.
#[utoipa::path(post, path = "/v1/reports/{report}/withdraw", tag = "reports", params(("report" = String, Path)),
    request_body = Withdrawal,
    responses((status = 200, body = review::Decision), (status = "default", body = ProblemBody)))]
pub async fn withdraw(State(app): State<App>, Path(report): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let new: Withdrawal = sent.json()?;
    let once = sent.once("POST /v1/reports/withdraw", &[report.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| review::withdraw(tx, &sent.caller, id, &new.reason).await).await
}

/// Say that a manual report was filed: where, when, under which number.
#[utoipa::path(post, path = "/v1/reports/{report}/filed", tag = "reports", params(("report" = String, Path)),
    request_body = Elsewhere,
    responses((status = 200, body = Report), (status = "default", body = ProblemBody)))]
pub async fn filed(State(app): State<App>, Path(report): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let new: Elsewhere = sent.json()?;
    let once = sent.once("POST /v1/reports/filed", &[report.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::filed_by_hand(tx, &sent.caller, id, &new).await).await
}

/// Say that another authority was told of a case, beside its reports: a law asks for it, or the operator chose to.
#[utoipa::path(post, path = "/v1/cases/{case}/filings", tag = "reports", params(("case" = String, Path)),
    request_body = Elsewhere,
    responses((status = 201, body = Filing), (status = "default", body = ProblemBody)))]
pub async fn file(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: Elsewhere = sent.json()?;
    let once = sent.once("POST /v1/cases/filings", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| filings::file(tx, &sent.caller, id, &new).await).await
}

/// What other authorities were told of a case, beside its reports.
#[utoipa::path(get, path = "/v1/cases/{case}/filings", tag = "reports", params(("case" = String, Path)),
    responses((status = 200, body = Vec<Filing>), (status = "default", body = ProblemBody)))]
pub async fn filings(State(app): State<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::ReadReports)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    crate::review::case(&mut tx, id).await?;
    web::ok(&filings::of_case(&mut tx, id).await?)
}

/// The packet of a report for a web form, a hotline or the police: text to be printed or copied, no picture in it.
#[utoipa::path(get, path = "/v1/reports/{report}/packet", tag = "reports", params(("report" = String, Path)),
    responses((status = 200, body = Packet), (status = "default", body = ProblemBody)))]
pub async fn packet(State(app): State<App>, caller: Caller, Path(report): Path<String>) -> Answer {
    caller.require(Permission::DecideCases)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (packet, proof) = super::packet(&mut tx, &caller, id).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&packet)
}

/// The statements in a case.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Viewings {
    /// Oldest first.
    rows: Vec<Viewing>,
}

/// Statements that somebody viewed an upload of a case in a tool of yours.
#[utoipa::path(get, path = "/v1/cases/{case}/viewings", tag = "reports", params(("case" = String, Path)),
    responses((status = 200, body = Viewings), (status = "default", body = ProblemBody)))]
pub async fn viewings(State(app): State<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&Viewings { rows: viewing::of_case(&mut tx, &caller, id).await? })
}

/// State that somebody viewed the entire contents of an upload in a tool of yours. The report says so once another person
/// has countersigned it.
#[utoipa::path(post, path = "/v1/cases/{case}/items/{item}/viewings", tag = "reports",
    params(("case" = String, Path), ("item" = String, Path)), request_body = NewViewing,
    responses((status = 201, body = Viewing), (status = "default", body = ProblemBody)))]
pub async fn state_viewing(State(app): State<App>, Path((case, item)): Path<(String, String)>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let (id, of): (CaseId, ItemId) = (web::id(&case, &UNKNOWN_CASE)?, web::id(&item, &UNKNOWN_ITEM)?);
    let new: NewViewing = sent.json()?;
    let once = sent.once("POST /v1/cases/items/viewings", &[case.as_bytes(), item.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| viewing::state(tx, &sent.caller, id, of, &new).await).await
}

/// A second person's word on such a statement.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Countersign {
    /// Whether you stand by it.
    agree: bool,
}

/// Countersign a statement, or refuse to. Nobody countersigns their own.
#[utoipa::path(post, path = "/v1/viewings/{viewing}/countersign", tag = "reports", params(("viewing" = String, Path)),
    request_body = Countersign, responses((status = 200, body = Viewing), (status = "default", body = ProblemBody)))]
pub async fn countersign(State(app): State<App>, Path(statement): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: ViewingId = web::id(&statement, &viewing::UNKNOWN_VIEWING)?;
    let new: Countersign = sent.json()?;
    let once = sent.once("POST /v1/viewings/countersign", &[statement.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| viewing::countersign(tx, &sent.caller, id, new.agree).await).await
}

/// Where the reports stand, all together.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct QueueAnswer {
    #[serde(flatten)]
    queue: Queue,
    /// Whether the CyberTipline answers, as far as is known, in words.
    line: String,
}

/// Where the reports stand, all together, and whether the destination answers.
#[utoipa::path(get, path = "/v1/reports/queue", tag = "reports",
    responses((status = 200, body = QueueAnswer), (status = "default", body = ProblemBody)))]
pub async fn queue(State(app): State<App>, caller: Caller) -> Answer {
    caller.require(Permission::ReadReports)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let queue = super::queue(&mut tx, &caller).await?;
    web::ok(&QueueAnswer { queue, line: super::line(&mut tx, app.ncmec.as_deref()).await? })
}

/// The calls about a report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Conversation {
    /// In order.
    rows: Vec<Spoken>,
}

/// The whole conversation with the destination about a report: every call as it was made, every answer as it came.
#[utoipa::path(get, path = "/v1/reports/{report}/calls", tag = "reports", params(("report" = String, Path)),
    responses((status = 200, body = Conversation), (status = "default", body = ProblemBody)))]
pub async fn calls(State(app): State<App>, caller: Caller, Path(report): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let report = super::find(&mut tx, &caller, id).await?;
    let rows = super::conversation(&mut tx, &caller, id).await?;
    let proof = super::read_on_record(&mut tx, &caller, report.case).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&Conversation { rows })
}

/// A file of a draft.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DraftFileAnswer {
    /// Which upload.
    item: ItemId,
    /// What is said about it, as XML; the destination's ids are put in later.
    document: String,
    /// Where its values are from, by the path of the element they stand in or under.
    origins: Vec<(String, Origin)>,
    /// What is said of viewing it: `true`, `false`, or nothing.
    viewed_by_esp: Option<bool>,
}

/// What a report says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DraftAnswer {
    /// The document for `submit`, as XML.
    document: String,
    /// Its files.
    files: Vec<DraftFileAnswer>,
    /// Where its values are from, by the path of the element they stand in or under.
    origins: Vec<(String, Origin)>,
    /// Whether the conversation goes as a file too: by itself where it is long, else where it is asked for, as the field
    /// `/conversation/file` (`true`, or empty). Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_as_file: Option<bool>,
    /// What it does not say, and why. Both can be changed, as the fields `/absent/{what}/why` and `/absent/{what}/reason`.
    absent: Vec<Absent>,
    /// How much an officer can do with it.
    score: Option<Score>,
    /// What the destination would refuse, in words.
    faults: Vec<String>,
    /// Changes that the case has overtaken: look again.
    overtaken: Vec<Change>,
}

impl From<Preview> for DraftAnswer {
    fn from(preview: Preview) -> Self {
        let Preview { draft, viewed, faults, overtaken } = preview;
        let file = |(file, viewed): (&super::DraftFile, &super::Viewed)| DraftFileAnswer {
            item: file.item,
            document: file.document(0, "given by the destination", viewed),
            origins: file.origins.clone(),
            viewed_by_esp: viewed.flag(),
        };
        Self {
            document: draft.document(),
            files: draft.files.iter().zip(&viewed).map(file).collect(),
            conversation_as_file: draft.conversation_as_file(),
            origins: draft.origins,
            absent: draft.absent,
            score: draft.score,
            faults: faults.into_iter().map(|fault| format!("{}: {}", fault.path, fault.message)).collect(),
            overtaken,
        }
    }
}

/// Changes to a report before it is sent.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// Field by field; one that does not fit refuses all.
    changes: Vec<Change>,
}

/// The report of a case as it would be now: gathered from what is undecided, with what people entered. Who reads it is on record.
#[utoipa::path(get, path = "/v1/cases/{case}/draft", tag = "reports", params(("case" = String, Path)),
    responses((status = 200, body = DraftAnswer), (status = "default", body = ProblemBody)))]
pub async fn draft(State(app): State<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let preview = editor::preview(&mut tx, &caller, id, &app.settings, &editor::EVERY_FILE).await?;
    let proof = super::read_on_record(&mut tx, &caller, id).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&DraftAnswer::from(preview))
}

/// Enter changes into the report of a case that you hold. They go with the next report that is decided.
#[utoipa::path(put, path = "/v1/cases/{case}/draft", tag = "reports", params(("case" = String, Path)),
    request_body = Changes, responses((status = 200, body = DraftAnswer), (status = "default", body = ProblemBody)))]
pub async fn change(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let Changes { changes } = sent.json()?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let (preview, proof) = editor::change_case(&mut tx, &sent.caller, id, &changes, &app.settings).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&DraftAnswer::from(preview))
}

/// What a decided report says.
#[utoipa::path(get, path = "/v1/reports/{report}/draft", tag = "reports", params(("report" = String, Path)),
    responses((status = 200, body = DraftAnswer), (status = "default", body = ProblemBody)))]
pub async fn draft_of(State(app): State<App>, caller: Caller, Path(report): Path<String>) -> Answer {
    caller.require(Permission::ReadCases)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let report = super::find(&mut tx, &caller, id).await?;
    let preview = editor::of_report(&mut tx, &caller, id, &editor::EVERY_FILE).await?.ok_or(&NO_TEXT)?;
    let proof = super::read_on_record(&mut tx, &caller, report.case).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&DraftAnswer::from(preview))
}

/// Change a decided report of which nothing is sent, or one that is stuck.
#[utoipa::path(put, path = "/v1/reports/{report}/draft", tag = "reports", params(("report" = String, Path)),
    request_body = Changes, responses((status = 200, body = DraftAnswer), (status = "default", body = ProblemBody)))]
pub async fn change_of(State(app): State<App>, Path(report): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::DecideCases)?;
    let id: ReportId = web::id(&report, &UNKNOWN_REPORT)?;
    let Changes { changes } = sent.json()?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let proof = editor::change_report(&mut tx, &sent.caller, id, &changes).await?;
    let preview = editor::of_report(&mut tx, &sent.caller, id, &editor::EVERY_FILE).await?.ok_or(&NO_TEXT)?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&DraftAnswer::from(preview))
}
