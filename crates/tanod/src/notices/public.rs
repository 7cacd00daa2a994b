//! `/report`: a form that a platform can link to, for anybody, in the console's languages, without a script; and how a report stands.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _};
use axum::routing::get;

use super::{Kind, NO_FORM, NewNotice, Reason, Reporter, media};
use crate::accounts::sessions::Place;
use crate::intake::Account;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::{as_word, word};
use crate::web::console::Paged;
use crate::web::languages::{Language, Said};

/// The pages of the public form.
pub fn router(app: &App) -> Router<App> {
    let most = media::most(app, app.settings.notices.public_form_media);
    Router::new().route("/report", get(form).post(send).layer(most)).route("/report/status/{link}", get(status))
}

/// So much text may a form hold.
const MOST: usize = 256 << 10;

struct Choice {
    value: String,
    label: Said,
    chosen: bool,
}

#[derive(Default)]
struct Given {
    kind: String,
    reason: String,
    danger: bool,
    urls: String,
    account: String,
    words: String,
    contact: String,
}

#[derive(Template)]
#[template(path = "notices/pages/report.html")]
struct Form<'a> {
    language: Language,
    languages: Vec<Language>,
    fault: Option<String>,
    kinds: Vec<Choice>,
    reasons: Vec<Choice>,
    given: Given,
    trap: &'a str,
    takes_media: bool,
}

#[derive(Template)]
#[template(path = "notices/pages/sent.html")]
struct Sent<'a> {
    language: Language,
    link: String,
    victims: bool,
    support: &'a str,
}

#[derive(Template)]
#[template(path = "notices/pages/status.html")]
struct StatusPage {
    language: Language,
    state: Said,
}

#[derive(serde::Deserialize)]
struct Asked {
    #[serde(default)]
    lang: String,
}

fn shown(status: StatusCode, page: &impl Template) -> Paged {
    let html = page.render().map_err(|error| Error::internal("writing a page", error))?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response())
}

fn is_there(app: &App) -> Result<()> {
    if app.settings.notices.public_form { Ok(()) } else { Err((&NO_FORM).into()) }
}

fn page<'a>(app: &App, language: Language, given: Given, fault: Option<String>, trap: &'a str) -> Form<'a> {
    let kinds = [Kind::User, Kind::Depicted, Kind::Representative].into_iter().map(|kind| {
        let value = as_word(&kind);
        Choice { label: language.word("notice-form-kind", &value), chosen: value == given.kind, value }
    });
    let reasons = Reason::ALL.into_iter().map(|reason| {
        let value = as_word(&reason);
        Choice { label: language.word("notice-reason", &value), chosen: value == given.reason, value }
    });
    let (kinds, reasons) = (kinds.collect(), reasons.collect());
    let takes_media = app.settings.notices.public_form_media;
    Form { language, languages: Language::all().collect(), fault, kinds, reasons, given, trap, takes_media }
}

async fn form(State(app): State<App>, Query(asked): Query<Asked>) -> Paged {
    is_there(&app)?;
    shown(StatusCode::OK, &page(&app, Language::of(&asked.lang), Given::default(), None, ""))
}

async fn send(State(app): State<App>, Query(asked): Query<Asked>, place: Place, request: Request) -> Paged {
    is_there(&app)?;
    let from = place.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    let names = ["lang", "kind", "reason", "danger", "urls", "account", "words", "contact", "website"];
    let (fields, files, fault) = media::fields(request, &names, MOST, app.settings.intake.max_bytes).await?;
    let language = Language::of(if asked.lang.is_empty() { fields.one("lang") } else { &asked.lang });
    let given = Given {
        kind: fields.one("kind").to_owned(),
        reason: fields.one("reason").to_owned(),
        danger: fields.one("danger") == "yes",
        urls: fields.one("urls").to_owned(),
        account: fields.one("account").to_owned(),
        words: fields.one("words").to_owned(),
        contact: fields.one("contact").to_owned(),
    };
    // A machine fills every field. A person who did so by mistake is told, and loses nothing.
    let trap = fields.one("website");
    if !trap.is_empty() {
        return shown(
            StatusCode::UNPROCESSABLE_ENTITY,
            &page(&app, language, given, Some(language.say("notice-form-trapped").to_string()), trap),
        );
    }
    if app.limits.take_form(&from).is_err() {
        return shown(
            StatusCode::TOO_MANY_REQUESTS,
            &page(&app, language, given, Some(language.say("notice-form-too-many").to_string()), ""),
        );
    }
    let read = async {
        if let Some(fault) = fault {
            return Err(fault);
        }
        if !files.is_empty() && !app.settings.notices.public_form_media {
            return Err(super::BAD_NOTICE.because(language.say("notice-form-no-pictures").to_string()));
        }
        let said = said(&given)?;
        let told = media::examine_all(&app, &said, &files).await?;
        Ok((said, told))
    };
    let (said, told) = match read.await {
        Ok(read) => read,
        Err(Error::Refused(refusal)) => {
            let status = StatusCode::from_u16(refusal.kind.status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            let fault = match status {
                StatusCode::PAYLOAD_TOO_LARGE => language.say("notice-form-too-large").to_string(),
                StatusCode::SERVICE_UNAVAILABLE => language.say("notice-form-busy").to_string(),
                _ => {
                    let detail = refusal.detail.unwrap_or_else(|| refusal.kind.title.to_owned());
                    format!("{} {detail}", language.say("notice-form-fault"))
                }
            };
            return shown(status, &page(&app, language, given, Some(fault), ""));
        }
        Err(error) => return Err(error.into()),
    };
    let victims = said.kind.is_victims();
    let key = app
        .vault
        .ring
        .now()?
        .derived("tanod notices reporters")
        .map_err(|error| Error::internal("deriving a key", error))?;
    let reporter = Reporter::at_the_form(&from, &*key);
    let mut tx = app.db.write().await?;
    let (taken, proof) = super::take(&mut tx, &reporter, said, &told, &app.settings.notices).await?;
    tx.commit(proof).await?;
    app.nudge.notify_waiters();
    let link = format!("{}?lang={}", super::api::status_link(&app, &taken.link), language.tag());
    let support = app.settings.notices.support.said(language.tag());
    shown(StatusCode::CREATED, &Sent { language, link, victims, support })
}

/// The form as a notice. It offers three kinds; the others have doors of their own.
fn said(given: &Given) -> Result<NewNotice> {
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let kind = word(&given.kind).filter(|kind| matches!(kind, Kind::User | Kind::Depicted | Kind::Representative));
    let plain = |id| Account { id, ..Account::default() };
    let said = NewNotice {
        kind: kind.ok_or_else(|| super::BAD_NOTICE.because("who are you?"))?,
        reason: word::<Reason>(&given.reason).ok_or_else(|| super::BAD_NOTICE.because("what is it about?"))?,
        words: given.words.trim().to_owned(),
        thread: None,
        account: some(&given.account).map(plain),
        content_ids: Vec::new(),
        urls: given.urls.lines().filter_map(some).collect(),
        danger_now: given.danger,
        contact: some(&given.contact),
        reporter_account: None,
    };
    said.check()?;
    Ok(said)
}

async fn status(State(app): State<App>, Path(link): Path<String>, Query(asked): Query<Asked>) -> Paged {
    let language = Language::of(&asked.lang);
    let mut tx = app.db.read().await?;
    match super::status(&mut tx, &link).await {
        Ok(status) => {
            let state = language.word("notice-form-state", &as_word(&status));
            shown(StatusCode::OK, &StatusPage { language, state })
        }
        Err(Error::Refused(_)) => {
            shown(StatusCode::NOT_FOUND, &StatusPage { language, state: language.say("notice-form-unknown") })
        }
        Err(error) => Err(error.into()),
    }
}
