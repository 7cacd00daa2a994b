//! The record, sought by who, what, when and about what; each entry with its proof to take away.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use super::{NOT_PLACED, Sought};
use crate::accounts::Permission;
use crate::plan::App;
use crate::refusal::Result;
use crate::review::{self, UNKNOWN_CASE};
use crate::store::{AuditId, CaseId, Tx};
use crate::web::console::{Paged, Staff, Who, minute, show};
use crate::web::languages::filters;
use crate::web::{self, BAD_QUERY};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console/audit", get(search)).route("/console/audit/{entry}/proof", get(proof))
}

/// What is sought, as it was typed.
#[derive(Debug, Default, Deserialize)]
struct Typed {
    #[serde(default)]
    who: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "audit/pages/search.html")]
struct Page {
    who: Who,
    typed: Typed,
    /// How far the newest checkpoint goes, and what checks a proof.
    promised: i64,
    vkey: String,
    lines: Vec<Line>,
    /// Whether whoever asks may open a case that a line names.
    sees_cases: bool,
    next: Option<String>,
}

struct Line {
    id: AuditId,
    at: String,
    kind: String,
    actor: String,
    case: Option<CaseId>,
    subject: Option<String>,
    detail: String,
    /// Whether a checkpoint vouches for it.
    proven: bool,
}

/// A day or a minute in UTC, as a person types it.
fn time(typed: &str) -> Result<Option<Timestamp>> {
    if typed.is_empty() {
        return Ok(None);
    }
    let at =
        ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"].iter().find_map(|form| jiff::civil::DateTime::strptime(form, typed).ok());
    let day = || jiff::civil::Date::strptime("%Y-%m-%d", typed).ok().map(|day| day.at(0, 0, 0, 0));
    let at = at.or_else(day).and_then(|at| at.to_zoned(jiff::tz::TimeZone::UTC).ok());
    Ok(Some(
        at.ok_or_else(|| BAD_QUERY.because("write a time as 2026-11-24, or 2026-11-24 22:00, in UTC"))?.timestamp(),
    ))
}

async fn sought(tx: &mut Tx, typed: &Typed) -> Result<Sought> {
    let who = typed.who.trim();
    let about = typed.about.trim();
    let mut sought = Sought {
        // People know a staff number; programs and Tanod itself have a mark of their own.
        actor: Some(who)
            .filter(|who| !who.is_empty())
            .map(|who| if who.chars().all(|c| c.is_ascii_digit()) { format!("staff {who}") } else { who.to_owned() }),
        kind: Some(typed.kind.trim().to_owned()).filter(|kind| !kind.is_empty()),
        from: time(typed.from.trim())?,
        until: time(typed.until.trim())?,
        ..Sought::default()
    };
    if let Ok(number) = about.parse() {
        sought.case = Some(review::of_number(tx, number).await?.id);
    } else if about.starts_with("case_") {
        sought.case = Some(web::id(about, &UNKNOWN_CASE)?);
    } else if !about.is_empty() {
        sought.subject = Some(about.to_owned());
    }
    Ok(sought)
}

async fn search(State(app): State<App>, staff: Staff, Query(typed): Query<Typed>) -> Paged {
    staff.caller.require(Permission::ReadAudit)?;
    let mut tx = app.db.read().await?;
    let before: Option<AuditId> = match typed.before.as_str() {
        "" => None,
        before => Some(web::id(before, &BAD_QUERY)?),
    };
    let found = sought(&mut tx, &typed).await?;
    let rows = super::search(&mut tx, &found, before, web::PAGE).await?;
    let promised = super::promised(&mut tx).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|n| n >= web::PAGE);
    let next = rows.last().filter(|_| full).map(|last| {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("who", &typed.who), ("kind", &typed.kind), ("about", &typed.about)])
            .extend_pairs([("from", &typed.from), ("until", &typed.until), ("before", &last.id.to_string())])
            .finish()
    });
    let lines = rows.into_iter().map(|entry| Line {
        id: entry.id,
        at: minute(entry.at),
        kind: entry.kind,
        actor: entry.actor,
        case: entry.case,
        subject: entry.subject,
        detail: if entry.detail.is_null() { String::new() } else { entry.detail.to_string() },
        proven: entry.position.is_some_and(|position| position < promised),
    });
    let (lines, vkey) = (lines.collect(), app.signer.vkey());
    let sees_cases = staff.caller.may(Permission::ReadCases);
    show(&Page { who: staff.who, typed, promised, vkey, lines, sees_cases, next })
}

/// The proof of an entry as a file: whoever has it and the key needs nothing else of ours.
async fn proof(State(app): State<App>, staff: Staff, Path(entry): Path<String>) -> Paged {
    staff.caller.require(Permission::ReadAudit)?;
    let id: AuditId = web::id(&entry, &NOT_PLACED)?;
    let mut tx = app.db.read().await?;
    let text = super::prove(&mut tx, id, &app.signer.vkey()).await?.text();
    let name = format!("attachment; filename=\"{id}.proof\"");
    Ok((
        [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, name),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ],
        text,
    )
        .into_response())
}
