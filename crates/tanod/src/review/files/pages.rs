//! The page of one file: every account that holds it, and one decision for those that have nothing else.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};

use super::super::forms::{ReadBackPage, again};
use super::super::pages::{DecisionForm, incident_kinds, outcome_words, priority_words, roles, state_words};
use super::super::sharing::{self, NewSharing, Sharing};
use super::{FileDecision, FileView, Outcome, State};
use crate::accounts::Permission;
use crate::config::Settings;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::{CaseId, Recorded, Tx, word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, show};
use crate::web::languages::{Said, filters, say};
use crate::web::{BAD_BODY, Body};

/// The page of one file, and its forms.
pub(in crate::review) fn router() -> Router<App> {
    Router::new()
        .route("/console/files/{sha256}", get(file))
        .route("/console/files/{sha256}/decisions", post(decide))
        .route("/console/files/{sha256}/approvals", post(approve))
        .route("/console/files/{sha256}/sharing", post(share))
}

/// So many accounts stand on the page.
const ROWS: usize = 100;

struct Row {
    case: CaseId,
    number: i64,
    account: String,
    priority: String,
    meaning: Said,
    state: Said,
    /// Whether one decision for the file settles it now.
    together: bool,
    alone: bool,
}

#[derive(Template)]
#[template(path = "review/pages/file.html")]
struct FilePage<'a> {
    who: &'a Who,
    fault: Option<Words>,
    sha256: String,
    rows: Vec<Row>,
    /// How many accounts there are; the first of them are rows.
    all: usize,
    together: usize,
    waiting: usize,
    sharing: Sharing,
    may_decide: bool,
    may_approve: bool,
    form: DecisionForm,
}

async fn gather<'a>(app: &App, staff: &'a Staff, sha256: &str, fault: Option<Words>) -> Result<FilePage<'a>> {
    let view = super::file(&mut app.db.read().await?, &staff.caller, sha256).await?;
    let all = view.cases.len();
    let rows = view.cases.into_iter().take(ROWS).map(|one| {
        let (priority, meaning) = priority_words(one.priority);
        Row {
            case: one.case,
            number: one.number,
            account: one.account.unwrap_or_else(|| say("case-account-unknown").to_string()),
            priority,
            meaning,
            state: state_words(one.state),
            together: one.alone && one.state == State::Open,
            alone: one.alone,
        }
    });
    Ok(FilePage {
        who: &staff.who,
        fault,
        form: DecisionForm {
            to: format!("/console/files/{}/decisions", view.sha256),
            report: say("decide-report-each"),
            of_file: true,
            people: Vec::new(),
            statements: Vec::new(),
            others: 0,
            vouched: 0,
            kinds: incident_kinds(),
            roles: roles(),
            reasons: app.settings.review.reasons.clone(),
        },
        sha256: view.sha256,
        rows: rows.collect(),
        all,
        together: view.together,
        waiting: view.waiting,
        sharing: view.sharing,
        may_decide: staff.caller.may(Permission::DecideCases),
        may_approve: staff.caller.may(Permission::ApproveDecisions),
    })
}

async fn file(Shared(app): Shared<App>, staff: Staff, Path(sha256): Path<String>) -> Paged {
    show(&gather(&app, &staff, &sha256, None).await?)
}

/// A refusal, said on the file's page.
async fn refused(app: &App, staff: &Staff, sha256: &str, error: Error) -> Paged {
    let Error::Refused(refusal) = error else { return Err(error.into()) };
    let status = axum::http::StatusCode::from_u16(refusal.kind.status).unwrap_or_default();
    let page = show(&gather(app, staff, sha256, Some(Words::from(&*refusal))).await?)?;
    Ok((status, page).into_response())
}

/// Does something in one piece of work, then shows the file again.
async fn act<W>(app: &App, staff: &Staff, sha256: &str, work: W) -> Paged
where
    W: AsyncFnOnce(&mut Tx) -> Result<Recorded>,
{
    let mut tx = app.db.write().await?;
    match work(&mut tx).await {
        Ok(proof) => {
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            Ok(Redirect::to(&format!("/console/files/{sha256}")).into_response())
        }
        Err(error) => {
            drop(tx);
            refused(app, staff, sha256, error).await
        }
    }
}

const FIELDS: [&str; 6] = ["outcome", "reason", "incident_type", "role", "annotation", "sure"];

fn decision(form: &Fields) -> Result<FileDecision> {
    let outcome = word(form.one("outcome")).ok_or_else(|| BAD_BODY.because("choose a decision"))?;
    let reports = outcome == Outcome::Report;
    let annotations = form.all("annotation").filter(|_| reports);
    Ok(FileDecision {
        outcome,
        reason: form.one("reason").to_owned(),
        incident_type: Some(form.one("incident_type").to_owned()).filter(|_| reports),
        role: word(form.one("role")),
        file_annotations: annotations
            .map(|one| word(one).ok_or_else(|| BAD_BODY.because("there is no such annotation")))
            .collect::<Result<_>>()?,
    })
}

/// First it is read back in plain words; said again, it is decided.
async fn decide(Shared(app): Shared<App>, staff: Staff, Path(sha256): Path<String>, body: Body) -> Paged {
    let said = async {
        let form = Fields::read(&body, &FIELDS)?;
        let new = decision(&form)?;
        let view = super::file(&mut app.db.read().await?, &staff.caller, &sha256).await?;
        super::check(&new)?;
        Ok::<_, Error>((form.one("sure") == "yes", new, view))
    };
    let (sure, new, view) = match said.await {
        Ok(said) => said,
        Err(error) => return refused(&app, &staff, &sha256, error).await,
    };
    if !sure {
        let back = format!("/console/files/{sha256}");
        let sentences = sentences(&new, &view, &app.settings);
        let to = format!("{back}/decisions");
        return show(&ReadBackPage { who: &staff.who, to, back, sentences, fields: again(&body) });
    }
    act(&app, &staff, &sha256, async |tx| {
        Ok(super::decide_file(tx, &staff.caller, &sha256, &new, &app.settings).await?.1)
    })
    .await
}

/// What one decision for a file would do, in plain words.
fn sentences(new: &FileDecision, view: &FileView, settings: &Settings) -> Vec<String> {
    let left = view.cases.len() - view.together;
    let what = match new.outcome {
        Outcome::Report => say("readback-each")
            .with("count", view.together)
            .with("destination", settings.reporting.destination.words())
            .with("kind", new.incident_type.as_deref().unwrap_or_default()),
        outcome => say("readback-each-other").with("count", view.together).with("outcome", outcome_words(outcome)),
    };
    let mut says = vec![what];
    if left > 0 {
        says.push(say("readback-left-out").with("count", left));
    }
    if new.outcome == Outcome::Report {
        says.push(say("readback-each-not-viewed"));
    }
    if settings.review.second_approval.asks(new.outcome) {
        says.push(say("readback-second"));
    }
    says.iter().map(Said::to_string).collect()
}

async fn approve(Shared(app): Shared<App>, staff: Staff, Path(sha256): Path<String>, body: Body) -> Paged {
    act(&app, &staff, &sha256, async |tx| {
        let form = Fields::read(&body, &["approve", "reason"])?;
        let yes = match form.one("approve") {
            "yes" => true,
            "no" => false,
            _ => return Err(BAD_BODY.because("choose your word")),
        };
        Ok(super::approve_file(tx, &staff.caller, &sha256, yes, form.one("reason"), &app.settings).await?.1)
    })
    .await
}

async fn share(Shared(app): Shared<App>, staff: Staff, Path(sha256): Path<String>, body: Body) -> Paged {
    act(&app, &staff, &sha256, async |tx| {
        let form = Fields::read(&body, &["allow", "reason"])?;
        let new = NewSharing { allow: form.one("allow") == "yes", reason: form.one("reason").to_owned() };
        Ok(sharing::set(tx, &staff.caller, &sha256, &new).await?.1)
    })
    .await
}
