//! What the forms of the case's page do: each in one piece of work, then the case again.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};

use super::danger::{Danger, NewCall};
use super::involved::{self, NewInvolved, NewRole, UNKNOWN_INVOLVED};
use super::opinions::{self, NewOpinion};
use super::pages::page;
use super::{NewCorrection, NewDecision, NewTold, Outcome, UNKNOWN_CASE};
use crate::intake::{self, Account};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::reporting::{self, filings};
use crate::store::{CaseId, Recorded, ReportId, Tx, word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, show};
use crate::web::languages::filters;
use crate::web::{self, BAD_BODY, Body};

/// The forms of this domain.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/console/cases/{case}/lease", post(lease))
        .route("/console/cases/{case}/release", post(release))
        .route("/console/cases/{case}/decisions", post(decide))
        .route("/console/cases/{case}/approvals", post(approve))
        .route("/console/cases/{case}/danger", post(danger))
        .route("/console/cases/{case}/calls", post(call))
        .route("/console/cases/{case}/priority", post(prioritise))
        .route("/console/cases/{case}/involved", post(involve))
        .route("/console/cases/{case}/involved/{involved}", post(set_role))
        .route("/console/cases/{case}/corrections", post(correct))
        .route("/console/cases/{case}/reports/{report}/withdraw", post(withdraw))
        .route("/console/cases/{case}/reports/{report}/packet", get(packet))
        .route("/console/cases/{case}/reports/{report}/filed", post(filed))
        .route("/console/cases/{case}/told/{told}", post(tell))
        .route("/console/cases/{case}/notes", post(note))
        .route("/console/cases/{case}/items/{item}/opinions", post(opinion))
}

/// What a decision would do, before it is made.
#[derive(Template)]
#[template(path = "review/pages/read_back.html")]
pub(super) struct ReadBackPage<'a> {
    pub(super) who: &'a Who,
    /// Where the form goes, and where the way back leads.
    pub(super) to: String,
    pub(super) back: String,
    pub(super) sentences: Vec<String>,
    pub(super) fields: Vec<(String, String)>,
}

/// Does something in one piece of work, then shows the case again; a refusal is shown on it.
pub(super) async fn act<W>(app: &App, staff: &Staff, case: &str, work: W) -> Paged
where
    W: AsyncFnOnce(&mut Tx, CaseId) -> Result<Recorded>,
{
    let id: CaseId = web::id(case, &UNKNOWN_CASE)?;
    let mut tx = app.db.write().await?;
    match work(&mut tx, id).await {
        Ok(proof) => {
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            Ok(Redirect::to(&format!("/console/cases/{id}")).into_response())
        }
        Err(error) => {
            drop(tx);
            refused(app, staff, id, error).await
        }
    }
}

/// A refusal, said on the case's page.
async fn refused(app: &App, staff: &Staff, id: CaseId, error: Error) -> Paged {
    let Error::Refused(refusal) = error else { return Err(error.into()) };
    let status = axum::http::StatusCode::from_u16(refusal.kind.status).unwrap_or_default();
    let page = page(app, staff, id, Some(Words::from(&*refusal))).await?;
    Ok((status, page).into_response())
}

async fn lease(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>) -> Paged {
    act(&app, &staff, &case, async |tx, id| Ok(super::lease(tx, &staff.caller, id).await?.1)).await
}

async fn release(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>) -> Paged {
    act(&app, &staff, &case, async |tx, id| super::release(tx, &staff.caller, id).await).await
}

const DECISION_FIELDS: [&str; 13] = [
    "age_unclear",
    "only_vouched",
    "outcome",
    "incident_type",
    "viewed_whole",
    "reason",
    "role",
    "next",
    "authority",
    "number",
    "filed_at",
    "annotation",
    "sure",
];

/// A decision as the form says it.
fn decision(form: &Fields) -> Result<NewDecision> {
    let outcome = word(form.one("outcome")).ok_or_else(|| BAD_BODY.because("choose a decision"))?;
    let viewed_whole = form.all("viewed_whole").map(|item| web::id(item, &intake::UNKNOWN_ITEM));
    let mut roles = Vec::new();
    for said in form.all("role").filter(|said| !said.is_empty()) {
        let (who, role) = said.split_once(':').ok_or_else(|| BAD_BODY.because("choose what each account is"))?;
        roles.push(NewRole {
            involved: Some(web::id(who, &UNKNOWN_INVOLVED)?),
            account: None,
            role: word(role).ok_or_else(|| BAD_BODY.because("choose what each account is"))?,
            likely_minor: None,
            hijacked: None,
        });
    }
    let next = form.one("next").trim();
    let next = if next.is_empty() {
        None
    } else {
        Some(next.parse().map_err(|_| BAD_BODY.because("a staff number is a number"))?)
    };
    let elsewhere = if outcome == Outcome::AlreadyReported { Some(filings::pages::typed(form)?) } else { None };
    let annotations = form.all("annotation").filter(|_| outcome == Outcome::Report);
    let mut new = NewDecision {
        outcome,
        reason: form.one("reason").to_owned(),
        incident_type: Some(form.one("incident_type").to_owned()).filter(|_| outcome == Outcome::Report),
        viewed_whole: viewed_whole.collect::<Result<_>>()?,
        roles,
        destination: None,
        report_annotations: std::collections::BTreeSet::new(),
        file_annotations: std::collections::BTreeSet::new(),
        next,
        elsewhere,
        age_unclear: form.one("age_unclear") == "yes",
        only_vouched: form.one("only_vouched") == "yes",
    };
    for annotation in annotations {
        match (word(annotation), word(annotation)) {
            (Some(of_report), _) => new.report_annotations.insert(of_report),
            (_, Some(of_file)) => new.file_annotations.insert(of_file),
            _ => return Err(BAD_BODY.because("there is no such annotation")),
        };
    }
    Ok(new)
}

/// First the decision is read back in plain words; said again, it is made.
async fn decide(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let sure = Fields::read(&body, &DECISION_FIELDS).is_ok_and(|form| form.one("sure") == "yes");
    if !sure {
        return say_back(&app, &staff, &case, &body).await;
    }
    act(&app, &staff, &case, async |tx, id| {
        let new = decision(&Fields::read(&body, &DECISION_FIELDS)?)?;
        Ok(super::decide(tx, &staff.caller, id, &new, &app.settings).await?.1)
    })
    .await
}

async fn say_back(app: &App, staff: &Staff, case: &str, body: &Body) -> Paged {
    let id: CaseId = web::id(case, &UNKNOWN_CASE)?;
    let mut tx = app.db.write().await?;
    let said = async {
        let new = decision(&Fields::read(body, &DECISION_FIELDS)?)?;
        super::read_back(&mut tx, &staff.caller, id, &new, &app.settings).await
    };
    match said.await {
        Ok(said) => {
            let back = format!("/console/cases/{id}");
            let to = format!("{back}/decisions");
            show(&ReadBackPage { who: &staff.who, to, back, sentences: said.sentences, fields: again(body) })
        }
        Err(error) => {
            drop(tx);
            refused(app, staff, id, error).await
        }
    }
}

/// The fields of a form that is read back, for being sent once more.
pub(super) fn again(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().filter(|(name, _)| name != "sure").collect()
}

async fn danger(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    act(&app, &staff, &case, async |tx, id| {
        let form = Fields::read(&body, &["reason"])?;
        let reason = Some(form.one("reason").trim().to_owned()).filter(|reason| !reason.is_empty());
        let danger = Danger { reason, ..Danger::default() };
        Ok(super::danger::now(tx, &staff.caller, id, &danger, &app.settings).await?.1)
    })
    .await
}

async fn call(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    act(&app, &staff, &case, async |tx, id| {
        let form = Fields::read(&body, &["direction", "authority", "telephone", "reference", "words"])?;
        let new = NewCall {
            direction: word(form.one("direction")).ok_or_else(|| BAD_BODY.because("say who called whom"))?,
            authority: form.one("authority").to_owned(),
            telephone: form.one("telephone").to_owned(),
            reference: Some(form.one("reference").to_owned()),
            words: form.one("words").to_owned(),
            at: None,
        };
        Ok(super::danger::record_call(tx, &staff.caller, id, &new).await?.1)
    })
    .await
}

async fn prioritise(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    act(&app, &staff, &case, async |tx, id| {
        let form = Fields::read(&body, &["priority", "reason"])?;
        let priority = word(form.one("priority")).ok_or_else(|| BAD_BODY.because("choose a priority"))?;
        Ok(super::priority::set(tx, &staff.caller, id, priority, form.one("reason")).await?.1)
    })
    .await
}

async fn involve(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    act(&app, &staff, &case, async |tx, id| {
        let form = Fields::read(&body, &["account", "server", "role", "likely_minor"])?;
        let some = |name| Some(form.one(name).trim().to_owned()).filter(|text| !text.is_empty());
        let account = some("account").map(|id| Account { id, server: some("server"), ..Account::default() });
        let role = word(form.one("role")).ok_or_else(|| BAD_BODY.because("choose what they are"))?;
        let new = NewInvolved { account, role, likely_minor: form.one("likely_minor") == "yes" };
        Ok(involved::add(tx, &staff.caller, id, &new).await?.1)
    })
    .await
}

async fn set_role(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, who)): Path<(String, String)>,
    body: Body,
) -> Paged {
    act(&app, &staff, &case, async |tx, id| {
        let form = Fields::read(&body, &["role", "likely_minor", "hijacked"])?;
        let role = NewRole {
            involved: Some(web::id(&who, &UNKNOWN_INVOLVED)?),
            account: None,
            role: word(form.one("role")).ok_or_else(|| BAD_BODY.because("choose what they are"))?,
            likely_minor: Some(form.one("likely_minor") == "yes"),
            hijacked: Some(form.one("hijacked") == "yes"),
        };
        Ok(involved::set_role(tx, &staff.caller, id, &role).await?.1)
    })
    .await
}

async fn note(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    act(&app, &staff, &case, async |tx, id| {
        let form = Fields::read(&body, &["words"])?;
        Ok(super::around::note(tx, &staff.caller, id, form.one("words")).await?.1)
    })
    .await
}

async fn opinion(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, item)): Path<(String, String)>,
    body: Body,
) -> Paged {
    act(&app, &staff, &case, async |tx, id| {
        let form = Fields::read(&body, &["fits", "reason"])?;
        let fits = match form.one("fits") {
            "yes" => true,
            "no" => false,
            _ => return Err(BAD_BODY.because("choose your word")),
        };
        let new = NewOpinion { fits, reason: form.one("reason").to_owned() };
        let item = web::id(&item, &intake::UNKNOWN_ITEM)?;
        Ok(opinions::say_of_match(tx, &staff.caller, id, item, &new, &app.settings).await?.1)
    })
    .await
}

async fn correct(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    act(&app, &staff, &case, async |tx, id| {
        let form = Fields::read(&body, &["decision", "reason"])?;
        let new = NewCorrection {
            decision: web::id(form.one("decision"), &super::corrections::UNKNOWN_DECISION)?,
            reason: form.one("reason").to_owned(),
            exception: true,
        };
        Ok(super::correct(tx, &staff.caller, id, &new, &app.settings).await?.1)
    })
    .await
}

async fn withdraw(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, report)): Path<(String, String)>,
    body: Body,
) -> Paged {
    act(&app, &staff, &case, async |tx, _| {
        let form = Fields::read(&body, &["reason"])?;
        let id: ReportId = web::id(&report, &reporting::UNKNOWN_REPORT)?;
        Ok(super::withdraw(tx, &staff.caller, id, form.one("reason")).await?.1)
    })
    .await
}

async fn approve(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    act(&app, &staff, &case, async |tx, id| {
        let form = Fields::read(&body, &["approve", "reason"])?;
        let yes = match form.one("approve") {
            "yes" => true,
            "no" => false,
            _ => return Err(BAD_BODY.because("choose your word")),
        };
        Ok(super::approve(tx, &staff.caller, id, yes, form.one("reason"), &app.settings).await?.1)
    })
    .await
}

/// A report that a person files: what to enter, and where its number goes.
#[derive(Template)]
#[template(path = "review/pages/packet.html")]
struct PacketPage<'a> {
    who: &'a Who,
    case: CaseId,
    report: ReportId,
    lines: Vec<(String, String)>,
}

async fn packet(Shared(app): Shared<App>, staff: Staff, Path((case, report)): Path<(String, String)>) -> Paged {
    let case: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let report: ReportId = web::id(&report, &reporting::UNKNOWN_REPORT)?;
    let mut tx = app.db.write().await?;
    let (packet, proof) = reporting::packet(&mut tx, &staff.caller, report).await?;
    tx.commit(proof).await?;
    show(&PacketPage { who: &staff.who, case, report, lines: packet.lines })
}

async fn filed(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((case, report)): Path<(String, String)>,
    body: Body,
) -> Paged {
    act(&app, &staff, &case, async |tx, _| {
        let form = Fields::read(&body, &["authority", "number", "filed_at", "receipt"])?;
        let id: ReportId = web::id(&report, &reporting::UNKNOWN_REPORT)?;
        Ok(reporting::filed_by_hand(tx, &staff.caller, id, &filings::pages::typed(&form)?).await?.1)
    })
    .await
}

async fn tell(Shared(app): Shared<App>, staff: Staff, Path((case, told)): Path<(String, String)>, body: Body) -> Paged {
    act(&app, &staff, &case, async |tx, _| {
        let form = Fields::read(&body, &["means", "words"])?;
        let id = web::id(&told, &super::corrections::UNKNOWN_TOLD)?;
        let new = NewTold { means: form.one("means").to_owned(), words: form.one("words").to_owned() };
        Ok(super::tell(tx, &staff.caller, id, &new).await?.1)
    })
    .await
}
