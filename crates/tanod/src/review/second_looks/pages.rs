//! Second looks in the console: what waits for a thought, what people disagreed about, and what is one's own.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};

use super::super::pages::{found_words, outcome_words};
use super::super::{Decision, involved};
use super::{Coaching, FoundWrong, Month, NewWord, SecondLook, UNKNOWN_SECOND_LOOK};
use crate::accounts::{self, Permission};
use crate::intake;
use crate::plan::App;
use crate::refusal::Result;
use crate::store::{CaseId, DecisionId, ItemId, Recorded, SecondLookId, Tx, as_word};
use crate::web::console::{Fields, Paged, Staff, Who, minute, show};
use crate::web::languages::{Said, filters, word};
use crate::web::{self, BAD_BODY, Body};

/// So many stand on the page.
const ROWS: i64 = 20;

/// The page and its forms.
pub(in crate::review) fn router() -> Router<App> {
    Router::new()
        .route("/console/second-looks", get(page))
        .route("/console/second-looks/{look}/answer", post(answer))
        .route("/console/second-looks/{look}/settle", post(settle))
        .route("/console/second-looks/{look}/coaching", post(coach))
}

/// What the first stated, without a picture.
struct Row {
    id: SecondLookId,
    case: CaseId,
    number: i64,
    why: Said,
    outcome: Said,
    incident: Option<String>,
    reason: String,
    /// What the lists say of the files, each once.
    known: Vec<String>,
    /// Who the people are said to be.
    roles: Vec<(String, Said)>,
    at: String,
    /// The second's words, of a disagreement.
    second: Option<String>,
}

#[derive(Template)]
#[template(path = "review/pages/second_looks.html")]
struct Page<'a> {
    who: &'a Who,
    leads: bool,
    waiting: Vec<Row>,
    disagreements: Vec<Row>,
    months: Vec<Month>,
    coaching: Vec<(Coaching, String, bool)>,
    wrong: Vec<(FoundWrong, String)>,
}

async fn rows(tx: &mut Tx, looks: Vec<(SecondLook, Decision)>) -> Result<Vec<Row>> {
    let cases: Vec<CaseId> = looks.iter().map(|(look, _)| look.case).collect();
    let signals = super::super::signals_of(tx, &cases).await?;
    let mut items: HashMap<DecisionId, Vec<ItemId>> = HashMap::new();
    for signal in signals.values().flatten() {
        if let (Some(decision), Some(item)) = (signal.decision, signal.item) {
            items.entry(decision).or_default().push(item);
        }
    }
    let covered: Vec<ItemId> = looks.iter().filter_map(|(_, first)| items.get(&first.id)).flatten().copied().collect();
    let hits = intake::matches_of(tx, &covered).await?;
    let people = involved::of_all(tx, &cases).await?;
    let row = |(look, first): (SecondLook, Decision)| {
        let covered = items.get(&first.id).into_iter().flatten().filter_map(|item| hits.get(item)).flatten();
        let known: BTreeSet<String> = covered.map(|hit| found_words(hit).to_string()).collect();
        let roles =
            people.get(&look.case).into_iter().flatten().filter_map(|one| {
                Some((one.account.clone().unwrap_or_default(), word("case-role", &as_word(&one.role?))))
            });
        Row {
            id: look.id,
            case: look.case,
            number: look.number,
            why: word("second-why", &as_word(&look.why)),
            outcome: outcome_words(first.outcome),
            incident: first.incident_type,
            reason: first.reason,
            known: known.into_iter().take(10).collect(),
            roles: roles.collect(),
            at: minute(first.at),
            second: look.said.map(|said| said.words),
        }
    };
    Ok(looks.into_iter().map(row).collect())
}

async fn page(Shared(app): Shared<App>, staff: Staff) -> Paged {
    let mut tx = app.db.read().await?;
    let waiting = super::waiting(&mut tx, &staff.caller, ROWS).await?;
    let leads = staff.caller.may(Permission::ApproveDecisions);
    let disagreements = if leads { super::disagreements(&mut tx, &staff.caller, ROWS).await? } else { Vec::new() };
    let me = staff.caller.person()?;
    let numbers = accounts::staff_numbers(&mut tx).await?;
    let coaching = super::own_coaching(&mut tx, &staff.caller).await?.into_iter();
    let coaching = coaching.map(|note| {
        let mine = note.for_person == me;
        let other = if mine { note.by } else { note.for_person };
        let staff = numbers.get(&other).copied().unwrap_or_default();
        let at = format!("{}; {staff}", minute(note.at));
        (note, at, mine)
    });
    let wrong = super::found_wrong(&mut tx, &staff.caller).await?.into_iter();
    show(&Page {
        who: &staff.who,
        leads,
        waiting: rows(&mut tx, waiting).await?,
        disagreements: rows(&mut tx, disagreements).await?,
        months: super::agreement(&mut tx, &staff.caller).await?,
        coaching: coaching.collect(),
        wrong: wrong.map(|one| (minute(one.at), one)).map(|(at, one)| (one, at)).collect(),
    })
}

async fn act<W>(app: &App, staff: &Staff, needs: Permission, look: &str, work: W) -> Paged
where
    W: AsyncFnOnce(&mut Tx, SecondLookId) -> Result<Recorded>,
{
    staff.caller.require(needs)?;
    let id: SecondLookId = web::id(look, &UNKNOWN_SECOND_LOOK)?;
    let mut tx = app.db.write().await?;
    let proof = work(&mut tx, id).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to("/console/second-looks").into_response())
}

async fn answer(Shared(app): Shared<App>, staff: Staff, Path(look): Path<String>, body: Body) -> Paged {
    act(&app, &staff, Permission::DecideCases, &look, async |tx, id| {
        let form = Fields::read(&body, &["agrees", "looked", "words"])?;
        let agrees = match form.one("agrees") {
            "yes" => true,
            "no" => false,
            _ => return Err(BAD_BODY.because("choose your word")),
        };
        let new = NewWord { agrees, looked: form.one("looked") == "yes", words: form.one("words").to_owned() };
        Ok(super::say(tx, &staff.caller, id, &new).await?.1)
    })
    .await
}

async fn settle(Shared(app): Shared<App>, staff: Staff, Path(look): Path<String>, body: Body) -> Paged {
    act(&app, &staff, Permission::ApproveDecisions, &look, async |tx, id| {
        let form = Fields::read(&body, &["words"])?;
        Ok(super::settle(tx, &staff.caller, id, form.one("words")).await?.1)
    })
    .await
}

async fn coach(Shared(app): Shared<App>, staff: Staff, Path(look): Path<String>, body: Body) -> Paged {
    act(&app, &staff, Permission::ApproveDecisions, &look, async |tx, id| {
        let form = Fields::read(&body, &["words"])?;
        super::coach(tx, &staff.caller, id, form.one("words")).await
    })
    .await
}
