//! The pages "Lists": what is compared with, how old it is, what a file would bring, what a list would have matched, switching one on
//! and setting one aside.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Request, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use clap::ValueEnum as _;

use super::preview::{self, Preview};
use super::tries::Tried;
use super::{Bank, Change, Form, Kind, Licence, NewBank};
use crate::accounts::Permission;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::{self, NewTold, Told, Touches, UNKNOWN_TOLD};
use crate::store::{as_word, word};
use crate::web::console::{Fields, Paged, Staff, Who, Words, minute, show};
use crate::web::languages::filters;
use crate::web::{self, BAD_BODY, BODY_TOO_LARGE, Body};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new()
        .route("/console/banks", get(banks).post(make))
        .route("/console/banks/{bank}", get(one).post(switch))
        .route("/console/banks/{bank}/preview", post(look_into).layer(DefaultBodyLimit::max(MOST_OF_A_FILE)))
        .route("/console/banks/{bank}/import", post(import).layer(DefaultBodyLimit::max(MOST_OF_A_FILE)))
        .route("/console/banks/{bank}/try", post(try_out))
        .route("/console/banks/{bank}/quarantine", get(ask).post(quarantine))
        .route("/console/banks/told/{told}", post(tell))
}

struct Row {
    bank: Bank,
    kind: String,
    licence: String,
    state: &'static str,
    as_of: String,
    entries: i64,
}

#[derive(Template)]
#[template(path = "banks/pages/banks.html")]
struct Banks<'a> {
    who: &'a Who,
    may_set_aside: bool,
    may_change: bool,
    kinds: Vec<String>,
    licences: Vec<String>,
    may_tell: bool,
    untold: Vec<Told>,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "banks/pages/quarantine.html")]
struct Quarantine<'a> {
    who: &'a Who,
    fault: Option<Words>,
    touches: Touches,
}

fn state(bank: &Bank) -> &'static str {
    match (bank.enabled, bank.shadow) {
        (false, _) => "aside",
        (true, true) => "counted",
        (true, false) => "used",
    }
}

fn row((bank, entries): (Bank, i64)) -> Row {
    Row {
        kind: as_word(&bank.kind),
        licence: as_word(&bank.licence),
        state: state(&bank),
        as_of: minute(bank.refreshed_at),
        entries,
        bank,
    }
}

async fn banks(Shared(app): Shared<App>, staff: Staff) -> Paged {
    let mut tx = app.db.read().await?;
    let rows = super::list(&mut tx, &staff.caller).await?;
    // Those of a case stand on its page.
    let untold = review::untold(&mut tx, &staff.caller).await?.into_iter().filter(|one| one.case.is_none());
    show(&Banks {
        who: &staff.who,
        may_set_aside: staff.caller.may(Permission::QuarantineLists),
        may_change: staff.caller.may(Permission::ChangeBanks),
        kinds: Kind::value_variants().iter().map(as_word).collect(),
        licences: Licence::value_variants().iter().map(as_word).collect(),
        may_tell: staff.caller.may(Permission::TellCorrections),
        untold: untold.map(|one| one.told).collect(),
        rows: rows.into_iter().map(row).collect(),
    })
}

/// Makes a list. It matches nothing until somebody who saw what is in it switches it on.
async fn make(Shared(app): Shared<App>, staff: Staff, body: Body) -> Paged {
    staff.caller.require(Permission::ChangeBanks)?;
    let form = Fields::read(&body, &["name", "kind", "source", "licence"])?;
    let new = NewBank {
        name: form.one("name").to_owned(),
        kind: word(form.one("kind")).ok_or_else(|| BAD_BODY.because("choose what the entries are"))?,
        source: form.one("source").trim().chars().take(200).collect(),
        licence: word(form.one("licence")).ok_or_else(|| BAD_BODY.because("choose what may be done with it"))?,
        threshold: super::usual_threshold(),
        enabled: false,
        shadow: false,
        turned: false,
        trimmed: false,
        least_quality: super::usual_quality(),
    };
    let mut tx = app.db.write().await?;
    let (bank, proof) = super::create(&mut tx, &staff.caller, &new).await?;
    tx.commit(proof).await?;
    Ok(to(&bank.id.to_string()))
}

fn to(bank: &str) -> Response {
    Redirect::to(&format!("/console/banks/{bank}")).into_response()
}

/// One list: what it is, what a file would bring, what it would have matched.
#[derive(Template)]
#[template(path = "banks/pages/bank.html")]
struct One<'a> {
    who: &'a Who,
    row: Row,
    may_change: bool,
    may_try: bool,
    may_set_aside: bool,
    preview: Option<Preview>,
    /// What a file holds, by what sort of fingerprint.
    signals: Vec<(String, usize)>,
    /// Other lists that have some of it: name, kind and how many.
    elsewhere: Vec<(String, String, usize)>,
    tried: Option<Tried>,
    /// From when to when the uploads are that it was tried on.
    span: Option<(String, String)>,
    within: u32,
    /// Where they say who they are, as a file and a switch ask of them, where that is long ago.
    presence: Option<String>,
}

async fn page(app: &App, staff: &Staff, bank: &str, preview: Option<Preview>, tried: Option<Tried>) -> Paged {
    let mut tx = app.db.read().await?;
    let bank = super::find(&mut tx, &staff.caller, bank).await?;
    let entries = super::list(&mut tx, &staff.caller).await?.into_iter().find(|(one, _)| one.id == bank.id);
    let caller = &staff.caller;
    let within = tried.as_ref().map_or(bank.threshold, |tried| tried.threshold);
    let signals = preview.iter().flat_map(|preview| &preview.signals);
    let elsewhere = preview.iter().flat_map(|preview| &preview.elsewhere);
    show(&One {
        signals: signals.map(|one| (as_word(&one.signal), one.rows)).collect(),
        elsewhere: elsewhere.map(|one| (one.name.clone(), as_word(&one.kind), one.rows)).collect(),
        span: tried.as_ref().and_then(|tried| Some((minute(tried.from?), minute(tried.to?)))),
        presence: caller
            .require(Permission::ChangeBanks)
            .is_err()
            .then(|| format!("/console/presence?to=/console/banks/{}", bank.id)),
        who: &staff.who,
        row: row((bank, entries.map_or(0, |(_, entries)| entries))),
        may_change: caller.may(Permission::ChangeBanks),
        may_try: caller.may(Permission::SeeMatches),
        may_set_aside: caller.may(Permission::QuarantineLists),
        preview,
        tried,
        within,
    })
}

async fn one(Shared(app): Shared<App>, staff: Staff, Path(bank): Path<String>) -> Paged {
    page(&app, &staff, &bank, None, None).await
}

/// So many bytes of a file are taken at a page; a larger one goes to the API.
const MOST_OF_A_FILE: usize = 64 << 20;

/// A file that somebody chose, and which one they had previewed.
struct Chosen {
    form: Form,
    bytes: Bytes,
    previewed: String,
}

async fn chosen(request: Request) -> Result<Chosen> {
    let unread = |error: MultipartError| {
        let large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
        if large { Error::from(&BODY_TOO_LARGE) } else { BAD_BODY.because(error.body_text()) }
    };
    let read = Multipart::from_request(request, &()).await;
    let mut parts = read.map_err(|error| BAD_BODY.because(error.body_text()))?;
    let mut chosen = Chosen { form: Form::Csv, bytes: Bytes::new(), previewed: String::new() };
    while let Some(part) = parts.next_field().await.map_err(unread)? {
        match part.name() {
            Some("file") => {
                chosen.form = Form::of_name(part.file_name().unwrap_or_default());
                chosen.bytes = part.bytes().await.map_err(unread)?;
            }
            Some("previewed") => chosen.previewed = part.text().await.map_err(unread)?,
            _ => return Err(BAD_BODY.because("the form has no such field")),
        }
    }
    Ok(chosen)
}

async fn look_into(Shared(app): Shared<App>, staff: Staff, Path(bank): Path<String>, request: Request) -> Paged {
    staff.caller.require(Permission::ChangeBanks)?;
    let file = chosen(request).await?;
    let preview = {
        let mut tx = app.db.read().await?;
        let bank = super::find(&mut tx, &staff.caller, &bank).await?;
        preview::of(&mut tx, &staff.caller, bank.id, file.form, &file.bytes).await?
    };
    page(&app, &staff, &bank, Some(preview), None).await
}

async fn import(Shared(app): Shared<App>, staff: Staff, Path(bank): Path<String>, request: Request) -> Paged {
    staff.caller.require(Permission::ChangeBanks)?;
    let file = chosen(request).await?;
    preview::same_file(&file.bytes, &file.previewed)?;
    let rows = file.form.parse(&file.bytes)?;
    let mut tx = app.db.write().await?;
    let found = super::find(&mut tx, &staff.caller, &bank).await?;
    let (_, proof) = super::import(&mut tx, &staff.caller, found.id, &rows).await?;
    tx.commit(proof).await?;
    Ok(to(&bank))
}

fn bits(text: &str) -> Result<u32> {
    text.trim().parse().map_err(|_| BAD_BODY.because("write the distance as a number of bits"))
}

async fn try_out(Shared(app): Shared<App>, staff: Staff, Path(bank): Path<String>, body: Body) -> Paged {
    staff.caller.require(Permission::ReadBanks)?;
    staff.caller.require(Permission::SeeMatches)?;
    let form = Fields::read(&body, &["threshold"])?;
    let tried = super::api::tried(&app, &staff.caller, &bank, Some(bits(form.one("threshold"))?)).await?;
    page(&app, &staff, &bank, None, Some(tried)).await
}

/// Switches a list on with a reach, or changes how far it reaches.
async fn switch(Shared(app): Shared<App>, staff: Staff, Path(bank): Path<String>, body: Body) -> Paged {
    staff.caller.require(Permission::ChangeBanks)?;
    let form = Fields::read(&body, &["threshold", "act"])?;
    let (enabled, shadow) = match form.one("act") {
        "match" => (true, false),
        "count" => (true, true),
        "off" => (false, false),
        _ => return Err(BAD_BODY.because("choose what it does").into()),
    };
    let threshold = Some(bits(form.one("threshold"))?);
    let change = Change { enabled: Some(enabled), shadow: Some(shadow), threshold, ..Change::default() };
    let mut tx = app.db.write().await?;
    let found = super::find(&mut tx, &staff.caller, &bank).await?;
    let (_, proof) = super::change(&mut tx, &staff.caller, found.id, change).await?;
    tx.commit(proof).await?;
    Ok(to(&bank))
}

async fn gather<'a>(app: &App, staff: &'a Staff, bank: &str, fault: Option<Words>) -> Result<Quarantine<'a>> {
    let mut tx = app.db.read().await?;
    let bank = super::find(&mut tx, &staff.caller, bank).await?;
    Ok(Quarantine { who: &staff.who, fault, touches: review::touches(&mut tx, &staff.caller, bank.id).await? })
}

/// What it would touch, before it is done.
async fn ask(Shared(app): Shared<App>, staff: Staff, Path(bank): Path<String>) -> Paged {
    show(&gather(&app, &staff, &bank, None).await?)
}

async fn quarantine(Shared(app): Shared<App>, staff: Staff, Path(bank): Path<String>, body: Body) -> Paged {
    let mut tx = app.db.write().await?;
    let done = async {
        let form = Fields::read(&body, &["reason"])?;
        let bank = super::find(&mut tx, &staff.caller, &bank).await?;
        Ok(review::quarantine(&mut tx, &staff.caller, bank.id, form.one("reason")).await?.1)
    };
    match done.await {
        Ok(proof) => {
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            Ok(Redirect::to("/console/banks").into_response())
        }
        Err(Error::Refused(refusal)) => {
            drop(tx);
            let status = StatusCode::from_u16(refusal.kind.status).unwrap_or_default();
            let page = show(&gather(&app, &staff, &bank, Some(Words::from(&*refusal))).await?)?;
            Ok((status, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn tell(Shared(app): Shared<App>, staff: Staff, Path(told): Path<String>, body: Body) -> Paged {
    let form = Fields::read(&body, &["means", "words"])?;
    let id = web::id(&told, &UNKNOWN_TOLD)?;
    let new = NewTold { means: form.one("means").to_owned(), words: form.one("words").to_owned() };
    let mut tx = app.db.write().await?;
    let (_, proof) = review::tell(&mut tx, &staff.caller, id, &new).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to("/console/banks").into_response())
}
