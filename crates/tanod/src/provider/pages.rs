//! The page "Provider": a form that says for each line what it is good for.

use askama::Template;
use axum::Router;
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;

use super::{FIELDS, Field, Provider};
use crate::accounts::Permission;
use crate::plan::App;
use crate::web::Body;
use crate::web::console::{Fields, Paged, Staff, Who, show};
use crate::web::languages::{Said, filters, spoken, word};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console/provider", get(page).post(set))
}

struct Named {
    name: &'static str,
    label: Said,
    hint: String,
    needed: bool,
    long: bool,
}

impl From<&Field> for Named {
    fn from(field: &Field) -> Self {
        let hint = word("provider-hint", field.name).to_string();
        Self { name: field.name, label: word("provider", field.name), hint, needed: field.needed, long: field.long }
    }
}

#[derive(Template)]
#[template(path = "provider/pages/provider.html")]
struct Page<'a> {
    who: &'a Who,
    may_change: bool,
    fields: Vec<(Named, String)>,
    missing: Vec<String>,
    advice: Vec<String>,
    template: String,
}

async fn page(Shared(app): Shared<App>, staff: Staff) -> Paged {
    let mut tx = app.db.read().await?;
    let now = super::read(&mut tx, &staff.caller, &app.settings.reporting.about).await?;
    show(&Page {
        who: &staff.who,
        may_change: staff.caller.may(Permission::ChangeProvider),
        fields: FIELDS.iter().map(|field| (Named::from(field), now.text(field))).collect(),
        missing: super::named(&now.missing(), spoken()),
        advice: super::named(&now.advice(), spoken()),
        template: now.template(),
    })
}

async fn set(Shared(app): Shared<App>, staff: Staff, body: Body) -> Paged {
    let form = Fields::read(&body, &FIELDS.map(|field| field.name))?;
    let mut new = Provider::default();
    for field in &FIELDS {
        new.set_text(field, form.one(field.name));
    }
    let mut tx = app.db.write().await?;
    let proof = super::set(&mut tx, &staff.caller, &new).await?;
    tx.commit(proof).await?;
    Ok(Redirect::to("/console/provider").into_response())
}
