//! `/v1/banks`: lists, their entries, import and export.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::preview::{self, Preview};
use super::tries::{self, Tried};
use super::{Bank, Change, Form, Imported, NewBank, UNKNOWN_ENTRY};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::EntryId;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Body, Once, Page, Sent};

/// A bank, with how much is in it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BankRow {
    #[serde(flatten)]
    bank: Bank,
    /// Entries that were not removed.
    entries: i64,
}

/// All banks.
#[utoipa::path(get, path = "/v1/banks", tag = "banks",
    responses((status = 200, body = Page<BankRow>), (status = "default", body = ProblemBody)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Answer {
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller).await?;
    let rows: Vec<_> = rows.into_iter().map(|(bank, entries)| BankRow { bank, entries }).collect();
    web::ok(&Page { rows, next: None })
}

/// Make a bank.
#[utoipa::path(post, path = "/v1/banks", tag = "banks", request_body = NewBank,
    responses((status = 201, body = Bank), (status = "default", body = ProblemBody)))]
pub async fn create(State(app): State<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeBanks)?;
    let new: NewBank = sent.json()?;
    let once = sent.once("POST /v1/banks", &[])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::create(tx, &sent.caller, &new).await).await
}

/// One bank, by id or name.
#[utoipa::path(get, path = "/v1/banks/{bank}", tag = "banks", params(("bank" = String, Path)),
    responses((status = 200, body = Bank), (status = "default", body = ProblemBody)))]
pub async fn show(State(app): State<App>, caller: Caller, Path(bank): Path<String>) -> Answer {
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::find(&mut tx, &caller, &bank).await?)
}

/// Enable or disable a bank, put it in the shadow, or change how far and how its entries reach.
#[utoipa::path(patch, path = "/v1/banks/{bank}", tag = "banks", params(("bank" = String, Path)), request_body = Change,
    responses((status = 200, body = Bank), (status = "default", body = ProblemBody)))]
pub async fn change(State(app): State<App>, caller: Caller, Path(bank): Path<String>, body: Body) -> Answer {
    caller.require(Permission::ChangeBanks)?;
    let change: Change = web::json(&body)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let bank = super::find(&mut tx, &caller, &bank).await?;
    let (bank, proof) = super::change(&mut tx, &caller, bank.id, change).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    web::ok(&bank)
}

/// Take a bank out of use for good.
#[utoipa::path(delete, path = "/v1/banks/{bank}", tag = "banks", params(("bank" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn remove(State(app): State<App>, caller: Caller, Path(bank): Path<String>) -> Answer {
    caller.require(Permission::ChangeBanks)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let bank = super::find(&mut tx, &caller, &bank).await?;
    let proof = super::remove(&mut tx, &caller, bank.id).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Where a page begins.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The `next` of the page before.
    after: Option<String>,
}

/// One entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntryRow {
    id: EntryId,
    signal: super::Signal,
    value: String,
    classification: Option<String>,
    source: Option<String>,
    provenance: Option<String>,
    enabled: bool,
}

/// A page of entries.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EntriesPage {
    #[serde(flatten)]
    page: Page<EntryRow>,
    /// Entries that are not shown, for they may be a child's own pictures. A lead may allow it for a file:
    /// POST /v1/files/{sha256}/sharing.
    left_out: usize,
}

/// Entries of a bank.
#[utoipa::path(get, path = "/v1/banks/{bank}/entries", tag = "banks", params(("bank" = String, Path), After),
    responses((status = 200, body = EntriesPage), (status = "default", body = ProblemBody)))]
pub async fn entries(
    State(app): State<App>,
    caller: Caller,
    Path(bank): Path<String>,
    Asked(page): Asked<After>,
) -> Answer {
    caller.require(Permission::ReadBanks)?;
    caller.require(Permission::SeeMatches)?;
    let after = match &page.after {
        Some(after) => web::id(after, &UNKNOWN_ENTRY)?,
        None => EntryId(uuid::Uuid::nil()),
    };
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let bank = super::find(&mut tx, &caller, &bank).await?;
    let (rows, left_out, next) = super::entries(&mut tx, &caller, bank.id, after, web::PAGE).await?;
    let rows: Vec<_> = rows
        .into_iter()
        .map(|entry| EntryRow {
            id: entry.id,
            signal: entry.signal,
            value: hex::encode(entry.value),
            classification: entry.classification,
            source: entry.source,
            provenance: entry.provenance,
            enabled: entry.enabled,
        })
        .collect();
    web::ok(&EntriesPage { page: Page { rows, next: next.map(|next| next.to_string()) }, left_out })
}

/// Whether an entry matches.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryChange {
    enabled: bool,
}

/// Enable or disable one entry.
#[utoipa::path(patch, path = "/v1/banks/{bank}/entries/{entry}", tag = "banks",
    params(("bank" = String, Path), ("entry" = String, Path)), request_body = EntryChange,
    responses((status = 204), (status = "default", body = ProblemBody)))]
pub async fn change_entry(
    State(app): State<App>,
    caller: Caller,
    Path((bank, entry)): Path<(String, String)>,
    body: Body,
) -> Answer {
    caller.require(Permission::ChangeBanks)?;
    let change: EntryChange = web::json(&body)?;
    let entry = web::id(&entry, &UNKNOWN_ENTRY)?;
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let bank = super::find(&mut tx, &caller, &bank).await?;
    let proof = super::change_entry(&mut tx, &caller, bank.id, entry, change.enabled).await?;
    tx.commit(proof).await.map_err(Error::from)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn form(headers: &HeaderMap) -> Result<Form> {
    Form::of_type(headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default())
}

/// What a file of rows holds, before any of it is imported: nothing is stored.
#[utoipa::path(post, path = "/v1/banks/{bank}/preview", tag = "banks", params(("bank" = String, Path)),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Preview), (status = "default", body = ProblemBody)))]
pub async fn preview(
    State(app): State<App>,
    caller: Caller,
    Path(bank): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    caller.require(Permission::ChangeBanks)?;
    let form = form(&headers)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let bank = super::find(&mut tx, &caller, &bank).await?;
    web::ok(&preview::of(&mut tx, &caller, bank.id, form, &body).await?)
}

/// How far a list is tried to reach.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trying {
    /// The greatest PDQ distance that would be a match; as the bank has it, if nothing is said.
    #[serde(default)]
    threshold: Option<u32>,
}

/// What a bank would have matched among the newest uploads, whether it is enabled or not: from the fingerprints that were kept of
/// them. Nothing changes and nobody is told; that it was asked is on record.
#[utoipa::path(post, path = "/v1/banks/{bank}/tries", tag = "banks", params(("bank" = String, Path)), request_body = Trying,
    responses((status = 200, body = Tried), (status = "default", body = ProblemBody)))]
pub async fn try_out(State(app): State<App>, caller: Caller, Path(bank): Path<String>, body: Body) -> Answer {
    caller.require(Permission::ReadBanks)?;
    caller.require(Permission::SeeMatches)?;
    let new: Trying = web::json(&body)?;
    web::ok(&tried(&app, &caller, &bank, new.threshold).await?)
}

/// Tries a list and writes it down. Nobody who writes waits while it is tried.
pub(super) async fn tried(app: &App, caller: &Caller, bank: &str, threshold: Option<u32>) -> Result<Tried> {
    let mut tx = app.db.read().await?;
    let bank = super::find(&mut tx, caller, bank).await?;
    let tried = tries::try_out(&mut tx, caller, &bank, threshold).await?;
    drop(tx);
    let mut tx = app.db.write().await?;
    let proof = tries::record(&mut tx, caller, &tried).await?;
    tx.commit(proof).await?;
    Ok(tried)
}

/// Which file was previewed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Previewed {
    /// The `file` of a preview: another file is refused.
    file: Option<String>,
}

/// Import rows, as CSV with the header `signal,value,classification,source,provenance` or as one JSON object a line. All
/// of them, or none.
#[utoipa::path(post, path = "/v1/banks/{bank}/import", tag = "banks", params(("bank" = String, Path), Previewed),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Imported), (status = "default", body = ProblemBody)))]
pub async fn import(
    State(app): State<App>,
    caller: Caller,
    Path(bank): Path<String>,
    Asked(previewed): Asked<Previewed>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    caller.require(Permission::ChangeBanks)?;
    if let Some(previewed) = &previewed.file {
        preview::same_file(&body, previewed)?;
    }
    let rows = form(&headers)?.parse(&body)?;
    let once = Once::new("POST /v1/banks/import", &caller, &headers, &[bank.as_bytes(), &body])?;
    web::post(&app, &once, StatusCode::OK, async |tx| {
        let bank = super::find(tx, &caller, &bank).await?;
        super::import(tx, &caller, bank.id, &rows).await
    })
    .await
}

/// How many entries an export leaves out.
const LEFT_OUT: header::HeaderName = header::HeaderName::from_static("x-tanod-left-out");

/// Which form.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportForm {
    /// `csv` (the default) or `ndjson`.
    format: Option<String>,
    /// To whom the list goes, so that they can be told when a hash of it is wrong. Whoever asks, if nothing is said.
    to: Option<String>,
}

/// Take a bank's rows out, where its licence allows it. The header `x-tanod-left-out` says how many entries stay here, for they
/// may be a child's own pictures.
#[utoipa::path(get, path = "/v1/banks/{bank}/export", tag = "banks", params(("bank" = String, Path), ExportForm),
    responses((status = 200, content_type = "text/csv", body = String), (status = "default", body = ProblemBody)))]
pub async fn export(
    State(app): State<App>,
    caller: Caller,
    Path(bank): Path<String>,
    Asked(form): Asked<ExportForm>,
) -> Answer {
    caller.require(Permission::ExportBanks)?;
    let written = match form.format.as_deref() {
        None | Some("csv") => Form::Csv,
        Some("ndjson") => Form::Ndjson,
        Some(_) => return Err(web::BAD_QUERY.because("format is csv or ndjson").into()),
    };
    let mut tx = app.db.write().await.map_err(Error::from)?;
    let bank = super::find(&mut tx, &caller, &bank).await?;
    let (exported, proof) = super::export(&mut tx, &caller, bank.id, form.to.as_deref()).await?;
    let bytes = written.write(&exported.rows)?;
    let kind = if written == Form::Ndjson { "application/x-ndjson" } else { "text/csv" };
    tx.commit(proof).await.map_err(Error::from)?;
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    let left_out = [(LEFT_OUT, exported.left_out.to_string())];
    Ok((headers, left_out, bytes).into_response())
}
