//! `/v1/notices`: a person's notice, with or without media.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{BAD_NOTICE, Kind, NewNotice, Notice, POLICE_MEDIA, Reporter, UNKNOWN_NOTICE, media};
use crate::accounts::{Caller, Permission};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::UNKNOWN_CASE;
use crate::store::{CaseId, ItemId, NoticeId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, BODY_TOO_LARGE, Once, Page};

/// A notice without its media.
const MOST_TEXT: usize = 1 << 20;

/// The form of a notice with media.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes the form")]
pub struct NoticeForm {
    /// The notice, as JSON.
    notice: NewNotice,
    /// Up to ten files.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    media: Vec<String>,
}

/// What whoever sent a notice is answered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeAnswer {
    /// Its id.
    notice: NoticeId,
    /// Where the person sees how it stands: received, being looked at, done; nothing about the case.
    status_link: String,
    /// The case it made or joined; only for callers who may see cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    /// The uploads that came with it, in their order.
    items: Vec<ItemId>,
    /// Whether it came beyond what one reporter sends in an hour: kept all the same.
    gathered: bool,
    /// For a person depicted or who speaks for them: where help is, as the operator says it, by language.
    #[serde(skip_serializing_if = "Option::is_none")]
    support: Option<super::Support>,
    /// What a law says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<String>,
}

/// Tell what somebody saw. `application/json`, or `multipart/form-data` with a part `notice` and up to ten parts `media`.
#[utoipa::path(post, path = "/v1/notices", tag = "notices",
    request_body(content((NewNotice = "application/json"), (NoticeForm = "multipart/form-data"))),
    responses((status = 201, body = NoticeAnswer), (status = "default", body = ProblemBody)))]
pub async fn tell(State(app): State<App>, caller: Caller, headers: HeaderMap, request: Request) -> Answer {
    caller.require(Permission::WriteNotices)?;
    let (text, files) = read(request, app.settings.intake.max_bytes).await?;
    let said: NewNotice =
        serde_json::from_slice(&text).map_err(|error| BAD_NOTICE.because(format!("notice: {error}")))?;
    said.check()?;
    none_from_the_police(&app, &caller, &said, &files).await?;
    let digests: Vec<[u8; 32]> = files.iter().map(|file| Sha256::digest(file).into()).collect();
    let parts: Vec<&[u8]> = std::iter::once(&*text).chain(digests.iter().map(<[u8; 32]>::as_slice)).collect();
    let once = Once::new("POST /v1/notices", &caller, &headers, &parts)?;
    if let Some(before) = once.asked_before(&app.db).await? {
        return Ok(before);
    }
    let told = media::examine_all(&app, &said, &files).await?;
    let reporter = match &caller {
        Caller::Person { .. } => Reporter::by_staff(&caller),
        _ => Reporter::by_program(&caller, &said),
    };
    web::post(&app, &once, StatusCode::CREATED, async |tx| {
        let (taken, proof) = super::take(tx, &reporter, said.clone(), &told, &app.settings.notices).await?;
        let notice = taken.notice;
        let answer = NoticeAnswer {
            notice: notice.id,
            status_link: status_link(&app, &taken.link),
            case: notice.case.filter(|_| caller.may(Permission::ReadCases)),
            items: notice.items,
            gathered: notice.gathered,
            support: said.kind.is_victims().then(|| app.settings.notices.support.clone()),
            remark: super::pages::remark(&said).map(|said| said.to_string()),
        };
        Ok((answer, proof))
    })
    .await
}

/// Refuses pictures from the police, on record (US-21).
pub(super) async fn none_from_the_police(app: &App, caller: &Caller, said: &NewNotice, files: &[Bytes]) -> Result<()> {
    if said.kind != Kind::Police || files.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.write().await?;
    let proof = super::refuse_media(&mut tx, caller).await?;
    tx.commit(proof).await?;
    Err((&POLICE_MEDIA).into())
}

/// Where a person sees how their notice stands.
pub(super) fn status_link(app: &App, link: &str) -> String {
    format!("{}/report/status/{link}", app.settings.public_url.trim_end_matches('/'))
}

/// A notice as JSON by itself, or as the part `notice` of a form with its media.
async fn read(request: Request, max_bytes: usize) -> Result<(Bytes, Vec<Bytes>)> {
    if !media::is_form(&request) {
        let text =
            axum::body::to_bytes(request.into_body(), MOST_TEXT).await.map_err(|_| Error::from(&BODY_TOO_LARGE))?;
        return Ok((text, Vec::new()));
    }
    let parts = media::parts(request, MOST_TEXT, max_bytes).await?;
    if let Some(fault) = parts.fault {
        return Err(fault);
    }
    if parts.files.iter().any(Bytes::is_empty) {
        return Err(BAD_NOTICE.because("a part `media` is empty"));
    }
    let mut texts = parts.texts.into_iter();
    match (texts.next(), texts.next()) {
        (Some((name, text)), None) if name == "notice" => Ok((text, parts.files)),
        (None, _) => Err(BAD_NOTICE.because("the part `notice` is missing")),
        _ => Err(BAD_NOTICE.because("parts are one `notice` and some `media`")),
    }
}

/// Which notices.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Only of this case.
    case: Option<String>,
    /// Only `children`, or only `adults`: intimate pictures of adults, whose deadlines stand in /v1/removals.
    queue: Option<String>,
    /// The `next` of the page before.
    before: Option<String>,
}

/// Notices, newest first.
#[utoipa::path(get, path = "/v1/notices", tag = "notices", params(Filter),
    responses((status = 200, body = Page<Notice>), (status = "default", body = ProblemBody)))]
pub async fn list(State(app): State<App>, caller: Caller, Asked(filter): Asked<Filter>) -> Answer {
    caller.require(Permission::ReadNotices)?;
    let case: Option<CaseId> = filter.case.as_deref().map(|case| web::id(case, &UNKNOWN_CASE)).transpose()?;
    let before: Option<NoticeId> = filter.before.as_deref().map(|id| web::id(id, &UNKNOWN_NOTICE)).transpose()?;
    let queue = web::chosen(filter.queue.as_deref())?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::list(&mut tx, &caller, queue, case, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |notice| notice.id.to_string()))
}
