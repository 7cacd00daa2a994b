//! People and keys, as an administrator sees and changes them.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::sessions::{Places, factors};
use super::{BAD_NAME, Permission, Role, Scope, UNKNOWN_NAME, store};
use crate::plan::App;
use crate::refusal::Result;
use crate::store::{KeyId, PersonId, as_word, word};
use crate::web::console::{Fields, Paged, Staff, Who, minute, show};
use crate::web::languages::{filters, say};
use crate::web::{self, BAD_BODY, Body};

/// The pages of this domain.
pub fn router() -> Router<App> {
    super::sessions::pages::router()
        .route("/console/people", get(people).post(invite))
        .route("/console/people/{person}", post(change))
        .route("/console/keys", post(add_key))
        .route("/console/keys/{key}", post(remove_key))
}

#[derive(Template)]
#[template(path = "accounts/pages/people.html")]
struct PeopleAndKeys {
    who: Who,
    may_change: bool,
    people: Vec<Person>,
    keys: Vec<Key>,
    scopes: Vec<String>,
    countries_known: bool,
    /// What is shown this once: what it is, and the secret.
    fresh: Option<(String, String)>,
}

struct Person {
    id: PersonId,
    staff: i64,
    name: String,
    role: String,
    factors: Vec<String>,
    sessions: i64,
    seen: Option<String>,
    removed: Option<String>,
    looks: &'static str,
    networks: String,
    countries: String,
    this: bool,
}

struct Key {
    id: KeyId,
    name: String,
    scopes: String,
    per_minute: Option<i64>,
    since: String,
    removed: Option<String>,
}

/// What somebody has beside a password of ours.
fn factors_of(member: &super::Member) -> Vec<String> {
    let passkeys = (member.passkeys > 0).then(|| say("people-factor-passkeys").with("count", member.passkeys));
    let authenticator = member.authenticator.then(|| say("people-factor-authenticator"));
    let provider = member.provider.then(|| say("people-factor-providers"));
    [passkeys, authenticator, provider].into_iter().flatten().map(|said| said.to_string()).collect()
}

async fn page(app: &App, staff: Staff, fresh: Option<(String, String)>) -> Result<PeopleAndKeys> {
    let mut tx = app.db.read().await?;
    let members = super::members(&mut tx, &staff.caller).await?;
    let lookers = super::roster(&mut tx, &staff.caller).await?;
    let looks = |person: PersonId| match lookers.iter().find(|looker| looker.person == person) {
        None => "never",
        Some(looker) if looker.revoked_at.is_some() => "ended",
        Some(_) => "yes",
    };
    let own = staff.caller.person().ok();
    let people = members.into_iter().map(|member| Person {
        id: member.person,
        staff: member.staff,
        factors: factors_of(&member),
        name: member.name,
        role: as_word(&member.role),
        sessions: member.sessions,
        seen: member.seen_at.map(minute),
        removed: member.removed_at.map(minute),
        looks: looks(member.person),
        networks: member.places.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        countries: member.places.countries.join(" "),
        this: own == Some(member.person),
    });
    let people = people.collect();
    let keys = super::keys(&mut tx, &staff.caller).await?.into_iter().map(|key| Key {
        id: key.key,
        name: key.name,
        scopes: key.scopes.iter().map(as_word).collect::<Vec<_>>().join(", "),
        per_minute: key.per_minute,
        since: minute(key.created_at),
        removed: key.removed_at.map(minute),
    });
    Ok(PeopleAndKeys {
        may_change: staff.caller.may(Permission::ChangeAccounts),
        who: staff.who,
        people,
        keys: keys.collect(),
        scopes: Scope::ALL.iter().map(as_word).collect(),
        countries_known: !app.settings.sign_in.country_header.is_empty(),
        fresh,
    })
}

async fn people(State(app): State<App>, staff: Staff) -> Paged {
    show(&page(&app, staff, None).await?)
}

async fn invite(State(app): State<App>, staff: Staff, body: Body) -> Paged {
    let form = Fields::read(&body, &["name", "role"])?;
    let role: Role = word(form.one("role")).ok_or_else(|| BAD_NAME.because("choose a role"))?;
    let mut tx = app.db.write().await?;
    let (invited, proof) = super::invite(&mut tx, &staff.caller, form.one("name"), role).await?;
    tx.commit(proof).await?;
    let base = app.settings.public_url.trim_end_matches('/');
    let link = format!("{base}/console/welcome/{}", invited.invitation);
    show(&page(&app, staff, Some((say("people-fresh-link").to_string(), link))).await?)
}

fn back() -> Response {
    Redirect::to("/console/people").into_response()
}

async fn change(State(app): State<App>, staff: Staff, Path(person): Path<String>, body: Body) -> Paged {
    let form = Fields::read(&body, &["do", "networks", "countries"])?;
    let person: PersonId = web::id(&person, &UNKNOWN_NAME)?;
    let (caller, mut tx) = (&staff.caller, app.db.write().await?);
    let proof = match form.one("do") {
        "remove" => {
            let name = store::name_of(&mut tx, person).await?.ok_or(&UNKNOWN_NAME)?;
            super::remove_person(&mut tx, caller, &name).await?
        }
        "reset" => factors::reset(&mut tx, caller, person).await?,
        "looks" => super::set_looks(&mut tx, caller, person, true).await?.1,
        "no_looks" => super::set_looks(&mut tx, caller, person, false).await?.1,
        "places" => {
            let networks =
                form.one("networks").split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>();
            let networks =
                networks.map_err(|_| BAD_BODY.because("write networks as 192.0.2.0/24, one after the other"))?;
            let countries = form.one("countries").split_whitespace().map(str::to_ascii_uppercase).collect();
            let places = Places { networks, countries };
            super::sessions::set_places(&mut tx, caller, person, &places, &app.settings.sign_in).await?
        }
        _ => return Err(BAD_BODY.because("the form has no such button").into()),
    };
    tx.commit(proof).await?;
    Ok(back())
}

async fn add_key(State(app): State<App>, staff: Staff, body: Body) -> Paged {
    let form = Fields::read(&body, &["name", "scope", "per_minute"])?;
    let scopes: Option<Vec<Scope>> = form.all("scope").map(word).collect();
    let scopes =
        scopes.filter(|scopes| !scopes.is_empty()).ok_or_else(|| BAD_BODY.because("choose what the key may do"))?;
    let per_minute = match form.one("per_minute") {
        "" => None,
        n => Some(n.parse().map_err(|_| BAD_BODY.because("write requests a minute as a number"))?),
    };
    let mut tx = app.db.write().await?;
    let (key, proof) = super::add_key(&mut tx, &staff.caller, form.one("name"), &scopes, per_minute).await?;
    tx.commit(proof).await?;
    show(&page(&app, staff, Some((say("people-fresh-key").to_string(), key.token))).await?)
}

async fn remove_key(State(app): State<App>, staff: Staff, Path(key): Path<String>) -> Paged {
    let key: KeyId = web::id(&key, &UNKNOWN_NAME)?;
    let mut tx = app.db.write().await?;
    let name = store::key_name(&mut tx, key).await?.ok_or(&UNKNOWN_NAME)?;
    let proof = super::remove_key(&mut tx, &staff.caller, &name).await?;
    tx.commit(proof).await?;
    Ok(back())
}
