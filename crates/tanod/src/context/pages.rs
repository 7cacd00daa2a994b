//! What the platform said around a case, in the console.

use std::collections::BTreeMap;
use std::net::IpAddr;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::routing::get;

use super::{Context, Message, Payment, Place, Snapshot, Standing, State, StreamSnapshot, Version};
use crate::plan::App;
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{CaseId, as_word};
use crate::web;
use crate::web::console::{Paged, Staff, Who, minute, show};
use crate::web::languages::{Said, filters, say, word as say_word};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console/cases/{case}/context", get(page))
}

/// How far the platform has answered, in words for a person.
pub fn standing_words(standing: &Standing) -> String {
    let (since, came) = (minute(standing.asked_at), standing.received_at.map_or_else(String::new, minute));
    let said = match (standing.state, standing.due_at) {
        (State::NotAsked, _) => say("context-not-asked"),
        (State::Asked, Some(due)) => say("context-asked-due").with("since", since).with("due", minute(due)),
        (State::Asked, None) => say("context-asked").with("since", since),
        (State::Partial, _) => say("context-partial").with("came", came),
        (State::Received, _) => say("context-received").with("came", came),
        (State::Late, _) => say("context-late").with("since", since),
    };
    said.to_string()
}

struct Row {
    name: Said,
    values: Vec<String>,
}

struct Line {
    at: String,
    who: String,
    text: String,
}

/// A stream, as it was written down: who took part, and what was written.
struct Stream {
    content: String,
    since: String,
    taken: String,
    /// How many took part; the table shows those who paid or told something first.
    all: usize,
    took_part: Vec<TookPart>,
    chat: Vec<Line>,
}

struct TookPart {
    account: Option<String>,
    places: Vec<String>,
    visits: usize,
    paid: usize,
    amounts: String,
    reported: bool,
}

/// So many who took part stand on the page; all of them are in the answer.
const SHOWN: usize = 200;

fn stream(stream: &StreamSnapshot) -> Stream {
    let mut people: Vec<_> = stream.participants.iter().collect();
    people.sort_by_key(|one| std::cmp::Reverse((one.payments.len(), one.reported)));
    let place = |place: &Place| with_port(place.address, place.port);
    let took_part = people.into_iter().take(SHOWN).map(|one| TookPart {
        account: one.account.clone(),
        places: one.places.iter().map(place).collect(),
        visits: one.visits.len(),
        paid: one.payments.len(),
        amounts: amounts(&one.payments),
        reported: one.reported,
    });
    Stream {
        content: stream.content_id.clone(),
        since: minute(stream.started_at),
        taken: minute(stream.taken_at),
        all: stream.participants.len(),
        took_part: took_part.collect(),
        chat: stream.chat.iter().rev().take(SHOWN).map(message).collect(),
    }
}

/// What was paid altogether, by currency, in its smallest unit.
pub(crate) fn amounts(payments: &[Payment]) -> String {
    let mut sums = BTreeMap::<&str, i64>::new();
    for payment in payments {
        if let (Some(amount), Some(currency)) = (payment.amount_minor, &payment.currency) {
            let sum = sums.entry(currency).or_default();
            *sum = sum.saturating_add(amount);
        }
    }
    let said: Vec<String> = sums.iter().map(|(currency, sum)| format!("{sum} {currency}")).collect();
    said.join(", ")
}

fn with_port(address: IpAddr, port: Option<u16>) -> String {
    let Some(port) = port else { return address.to_string() };
    say("context-port").with("address", address.to_string()).with("port", port.to_string()).to_string()
}

fn message(message: &Message) -> Line {
    let with =
        if message.content_ids.is_empty() { String::new() } else { format!(" [{}]", message.content_ids.join(", ")) };
    Line { at: message.at.to_string(), who: message.sender.clone(), text: format!("{}{with}", message.text) }
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
    streams: Vec<Stream>,
    versions: Vec<(Version, Vec<Said>, String)>,
}

/// Something with whether a message to it was answered.
fn verified(what: &str, yes: Option<bool>) -> String {
    match yes {
        Some(true) => say("context-verified").with("what", what).to_string(),
        Some(false) => say("context-not-verified").with("what", what).to_string(),
        None => what.to_owned(),
    }
}

fn rows(account: &Snapshot) -> Vec<Row> {
    let one = |value: Option<String>| value.into_iter().collect::<Vec<_>>();
    let rows = [
        ("context-account", vec![account.id.clone()]),
        ("context-names", account.screen_names.clone()),
        ("context-full-name", one(account.full_name.clone())),
        ("context-email", account.emails.iter().map(|email| verified(&email.address, email.verified)).collect()),
        ("context-phone", account.phones.iter().map(|phone| verified(&phone.number, phone.verified)).collect()),
        ("context-age", one(account.self_stated_age.map(|age| age.to_string()))),
        ("context-child", one(account.likely_minor().then(|| say("context-yes").to_string()))),
        ("context-registered", one(account.registered_at.map(minute))),
        ("context-last-seen", one(account.last_seen_at.map(minute))),
        ("context-profile", one(account.profile_url.clone())),
        ("context-profile-text", one(account.profile_text.clone())),
    ];
    let said = rows.into_iter().filter(|(_, values)| !values.is_empty());
    said.map(|(key, values)| Row { name: say(key), values }).collect()
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
        who: say_word("context-event", &as_word(&event.kind)).to_string(),
        text: with_port(event.address, event.port),
    };
    show(&Shown {
        who: &staff.who,
        case: id,
        number: case.number,
        standing: standing.as_ref().map_or_else(|| say("context-not-asked-yet").to_string(), standing_words),
        account: known.account.as_ref().map(rows).unwrap_or_default(),
        events: known.events.iter().flatten().map(event).collect(),
        thread: known.thread.iter().flatten().map(message).collect(),
        streams: known.streams.iter().flatten().map(stream).collect(),
        versions: versions
            .into_iter()
            .map(|version| {
                let parts = version.parts.iter().map(|part| say_word("context-part", &as_word(part))).collect();
                let at = minute(version.received_at);
                (version, parts, at)
            })
            .collect(),
        known,
    })
}
