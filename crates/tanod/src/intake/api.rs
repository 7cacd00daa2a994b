//! `POST /v1/items` and what became of an item.

use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use decode::Coverage;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::SemaphorePermit;

use super::arrivals::Pending;
use super::{Arrival, Arrivals, BAD_ITEM, BUSY, Facts, NOT_READY, TOO_LARGE, UNKNOWN_ITEM};
use crate::accounts::{Caller, Permission};
use crate::matching::{self, Hit, Judgement, Prints, Strength, Verdict};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::{CaseId, ItemId, new_uuid};
use crate::web::{self, Answer, Once};

/// A PDQ hash of one frame.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FrameAnswer {
    /// 64 hexadecimal digits.
    pub hash: String,
    /// 0 to 100; below 50 the hash is not compared.
    pub quality: u8,
}

/// Fingerprints of an upload.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Fingerprints {
    /// MD5.
    pub md5: String,
    /// SHA-1.
    pub sha1: String,
    /// SHA-256.
    pub sha256: String,
    /// PDQ of each frame that was looked at and differs from the one before.
    pub pdq: Vec<FrameAnswer>,
}

/// What was found out about an upload.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ItemAnswer {
    /// Its id.
    pub item: ItemId,
    /// `match`, `no_match`, or `unscanned`, which never means clean.
    pub verdict: Verdict,
    /// Why it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `exact`, or `near`: it looks alike, and a person must confirm it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<Strength>,
    /// What was looked at.
    #[schema(value_type = String)]
    pub coverage: Coverage,
    /// When the oldest enabled list of abuse material last heard from its source.
    #[schema(value_type = Option<String>)]
    pub lists_as_of: Option<Timestamp>,
    /// Whether that is too long ago.
    pub lists_stale: bool,
    /// The case that the match made or joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The entries that fit; only for callers who may see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<Vec<Hit>>,
    /// Its fingerprints.
    pub fingerprints: Fingerprints,
}

fn fingerprints(prints: &Prints) -> Fingerprints {
    let frames = match &prints.look {
        Some(Ok(look)) => look.frames.as_slice(),
        _ => &[],
    };
    Fingerprints {
        md5: prints.digests.md5_hex(),
        sha1: prints.digests.sha1_hex(),
        sha256: prints.digests.sha256_hex(),
        pdq: frames.iter().map(|f| FrameAnswer { hash: f.hash.to_string(), quality: f.quality }).collect(),
    }
}

pub(super) fn answer(
    item: ItemId,
    caller: &Caller,
    prints: &Prints,
    judgement: &Judgement,
    case: Option<CaseId>,
) -> ItemAnswer {
    ItemAnswer {
        item,
        verdict: judgement.verdict,
        reason: judgement.reason.map(str::to_owned),
        strength: judgement.strength,
        coverage: judgement.coverage,
        lists_as_of: judgement.lists_as_of,
        lists_stale: judgement.stale,
        case,
        matches: caller.may(Permission::SeeMatches).then(|| judgement.hits.clone()),
        fingerprints: fingerprints(prints),
    }
}

/// The form of an upload.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes the form")]
pub struct ItemForm {
    /// The bytes.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    media: String,
    /// The description, as JSON.
    item: Facts,
}

/// Send an upload and hear the verdict. What the verdict promises is on disk before the answer leaves.
#[utoipa::path(post, path = "/v1/items", tag = "items",
    request_body(content = ItemForm, content_type = "multipart/form-data"),
    responses((status = 200, body = ItemAnswer), (status = "default", body = web::problem::ProblemBody)))]
pub async fn submit(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    form: std::result::Result<Multipart, MultipartRejection>,
) -> Answer {
    caller.require(Permission::SubmitItems)?;
    // More than a process can look at would only wait in memory: better told now than queued without end.
    let _place = app.places.try_acquire().map_err(|_| BUSY.retry_after(1))?;
    let now = app.db.clock().now();
    if app.lists.with(|lists| lists.ready(now)).is_err() {
        return Err(NOT_READY.retry_after(1).into());
    }
    let form = form.map_err(|error| BAD_ITEM.because(error.body_text()))?;
    // Whoever sends a film has one of few places, until it is sealed.
    let (media, text, _large) = read(form, &app, length(&headers)).await?;
    let facts: Facts = serde_json::from_slice(&text).map_err(|error| BAD_ITEM.because(format!("item: {error}")))?;
    facts.check()?;
    let once = Once::new("POST /v1/items", &caller, &headers, &[&Sha256::digest(&media), &text])?;
    if let Some(before) = once.asked_before(&app.db).await? {
        return Ok(before);
    }

    let (prints, judgement) = super::judge(&app, &media).await;
    let sealed = if Arrival::must_seal(&judgement) { Some(super::seal(&app, &media).await?) } else { None };
    let id = ItemId(new_uuid(now, app.db.random()));
    let arrival = Arrival { id, facts, bytes: media.len(), prints, judgement, sealed };
    Ok(Arrivals::write(&app, Pending { caller, once, arrival }).await?)
}

/// The longest description of an upload that is read.
const MOST_TEXT: usize = 256 << 10;

/// How long the body is to be, as far as it is said.
fn length(headers: &HeaderMap) -> usize {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    said.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Takes the two parts of the form, in either order, and nothing else. `said` is how long the whole is to be: media is put where it has
/// room from the beginning, so that it is there once.
async fn read(mut form: Multipart, app: &App, said: usize) -> Result<(Bytes, Bytes, Option<SemaphorePermit<'_>>)> {
    let (mut media, mut item, mut place) = (None, None, None);
    let fault = |error: MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            (&TOO_LARGE).into()
        } else {
            BAD_ITEM.because(error.body_text())
        }
    };
    while let Some(mut part) = form.next_field().await.map_err(fault)? {
        let name = part.name().unwrap_or_default().to_owned();
        let slot = match name.as_str() {
            "media" => &mut media,
            "item" => &mut item,
            other => {
                let shown: String = other.chars().filter(|c| !c.is_control()).take(60).collect();
                return Err(BAD_ITEM.because(format!("there is no part called `{shown}`")));
            }
        };
        let is_media = name == "media";
        let mut most = if is_media { app.settings.intake.max_bytes } else { MOST_TEXT };
        let mut bytes = BytesMut::with_capacity(if is_media { said.min(most) } else { 0 });
        while let Some(piece) = part.chunk().await.map_err(fault)? {
            if bytes.len() + piece.len() > most {
                if !is_media {
                    return Err(BAD_ITEM.because(format!("the part `item` has at most {MOST_TEXT} bytes")));
                }
                if place.is_none() && decode::may_be_film(if bytes.is_empty() { &piece } else { &bytes }) {
                    place = Some(app.large.try_acquire().map_err(|_| BUSY.retry_after(5))?);
                    most = most.max(app.settings.intake.max_film_bytes);
                    bytes.reserve(said.min(most).saturating_sub(bytes.len()));
                }
                if bytes.len() + piece.len() > most {
                    return Err(TOO_LARGE.because(format!("at most {most} bytes are taken of what this is")));
                }
            }
            bytes.extend_from_slice(&piece);
        }
        if slot.replace(bytes.freeze()).is_some() {
            return Err(BAD_ITEM.because(format!("the part `{name}` is there twice")));
        }
    }
    let media = media.ok_or_else(|| BAD_ITEM.because("the part `media` is missing"))?;
    let item = item.ok_or_else(|| BAD_ITEM.because("the part `item` is missing"))?;
    if media.is_empty() {
        return Err(BAD_ITEM.because("the part `media` is empty"));
    }
    Ok((media, item, place))
}

/// What was found out about an upload, as it stands now.
#[utoipa::path(get, path = "/v1/items/{item}", tag = "items", params(("item" = String, Path)),
    responses((status = 200, body = ItemAnswer), (status = "default", body = web::problem::ProblemBody)))]
pub async fn show(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Answer {
    if !caller.may(Permission::ReadCases) {
        caller.require(Permission::SubmitItems)?;
    }
    let id: ItemId = web::id(&id, &UNKNOWN_ITEM)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let item = super::find(&mut tx, id).await?;
    let matches = if caller.may(Permission::SeeMatches) { Some(super::matches(&mut tx, id).await?) } else { None };
    let case = super::case_of(&mut tx, id).await?;
    web::ok(&ItemAnswer {
        item: id,
        verdict: item.verdict,
        reason: item.reason,
        strength: item.strength,
        coverage: item.coverage,
        lists_as_of: item.lists_as_of,
        lists_stale: matching::is_stale(item.lists_as_of, item.received_at),
        case,
        matches,
        fingerprints: Fingerprints {
            md5: item.digests.md5_hex(),
            sha1: item.digests.sha1_hex(),
            sha256: item.digests.sha256_hex(),
            pdq: item.frames.into_iter().map(|(hash, quality)| FrameAnswer { hash, quality }).collect(),
        },
    })
}
