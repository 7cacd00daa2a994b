//! What the platform said around a case, in the console.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::routing::get;

use super::{Context, Email, Phone, Snapshot, Standing, State, Version};
use crate::plan::App;
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{CaseId, as_word};
use crate::web;
use crate::web::console::{Paged, Staff, Who, minute, show};
use crate::web::languages::filters;

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console/cases/{case}/context", get(page))
}

/// How far the platform has answered, in words for a person.
pub fn standing_words(standing: &Standing) -> String {
    let since = minute(standing.asked_at);
    let came = standing.received_at.map_or_else(String::new, minute);
    match (standing.state, standing.due_at) {
        (State::NotAsked, _) => "no endpoint wants to be asked".to_owned(),
        (State::Asked, Some(due)) => format!("asked {since}, due {} UTC", minute(due)),
        (State::Asked, None) => format!("asked {since} UTC"),
        (State::Partial, _) => format!("some of it came {came} UTC"),
        (State::Received, _) => format!("came {came} UTC"),
        (State::Late, _) => format!("late: asked {since} UTC, and nothing came"),
    }
}

struct Row {
    name: &'static str,
    value: String,
}

struct Line {
    at: String,
    who: String,
    text: String,
}

#[derive(Template)]
#[template(path = "context/pages/context.html")]
struct Shown<'a> {
    who: &'a Who,
    case: CaseId,
    number: i64,
    standing: String,
    account: Vec<Row>,
    known: Context,
    events: Vec<Line>,
    thread: Vec<Line>,
    versions: Vec<(Version, String, String)>,
}

fn verified(yes: Option<bool>) -> &'static str {
    match yes {
        Some(true) => " (verified)",
        Some(false) => " (not verified)",
        None => "",
    }
}

fn rows(account: &Snapshot) -> Vec<Row> {
    let email = |email: &Email| format!("{}{}", email.address, verified(email.verified));
    let phone = |phone: &Phone| format!("{}{}", phone.number, verified(phone.verified));
    let mut rows = Vec::new();
    let mut add = |name, value: Option<String>| rows.extend(value.map(|value| Row { name, value }));
    let some = |list: Vec<String>| (!list.is_empty()).then(|| list.join(", "));
    add("Account", Some(account.id.clone()));
    add("Shown as", some(account.screen_names.clone()));
    add("Name given", account.full_name.clone());
    add("E-mail", some(account.emails.iter().map(email).collect()));
    add("Telephone", some(account.phones.iter().map(phone).collect()));
    add("Age as stated", account.self_stated_age.map(|age| age.to_string()));
    add("Likely a child", account.likely_minor().then(|| "yes".to_owned()));
    add("Registered", account.registered_at.map(|at| format!("{} UTC", minute(at))));
    add("Last seen", account.last_seen_at.map(|at| format!("{} UTC", minute(at))));
    add("Profile", account.profile_url.clone());
    add("Profile text", account.profile_text.clone());
    rows
}

async fn page(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>) -> Paged {
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.write().await?;
    let case = review::find(&mut tx, &staff.caller, id).await?;
    let (known, proof) = super::read(&mut tx, &staff.caller, id).await?;
    let versions = super::versions(&mut tx, &staff.caller, id).await?;
    let standing = super::standing(&mut tx, id).await?;
    tx.commit(proof).await?;
    let event = |event: &super::NetworkEvent| Line {
        at: event.at.to_string(),
        who: as_word(&event.kind),
        text: event.port.map_or_else(|| event.address.to_string(), |port| format!("{}, port {port}", event.address)),
    };
    let message = |message: &super::Message| {
        let with = if message.content_ids.is_empty() {
            String::new()
        } else {
            format!(" [{}]", message.content_ids.join(", "))
        };
        Line { at: message.at.to_string(), who: message.sender.clone(), text: format!("{}{with}", message.text) }
    };
    show(&Shown {
        who: &staff.who,
        case: id,
        number: case.number,
        standing: standing.as_ref().map_or_else(|| "the platform was not asked".to_owned(), standing_words),
        account: known.account.as_ref().map(rows).unwrap_or_default(),
        events: known.events.iter().flatten().map(event).collect(),
        thread: known.thread.iter().flatten().map(message).collect(),
        versions: versions
            .into_iter()
            .map(|version| {
                let parts = version.parts.iter().map(as_word).collect::<Vec<_>>().join(", ");
                let at = minute(version.received_at);
                (version, parts, at)
            })
            .collect(),
        known,
    })
}
