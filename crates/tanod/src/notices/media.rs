//! Media that comes with a notice: looked at, judged and sealed like an upload, and always kept with the case.

use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request};
use axum::http::{StatusCode, header};
use bytes::Bytes;

use super::{BAD_NOTICE, NewNotice, store};
use crate::intake::{self, Arrival, BUSY, Facts, TOO_LARGE};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::store::{ItemId, NoticeId, Tx, new_uuid};
use crate::web::BODY_TOO_LARGE;
use crate::web::console::Fields;

/// So many files may come with one notice.
const MOST_FILES: usize = 10;

/// A form with media, as it came.
#[derive(Default)]
pub(super) struct Parts {
    /// Every part but `media`, in order.
    pub(super) texts: Vec<(String, Bytes)>,
    /// Every part `media`; an input in which nobody chose a file is empty.
    pub(super) files: Vec<Bytes>,
    /// The first fault, so that whoever reads the form can say it beside what was written.
    pub(super) fault: Option<Error>,
}

/// So many bytes may a form hold altogether: its words, and where it takes media, as much as an upload.
pub(super) fn most(app: &App, takes_media: bool) -> DefaultBodyLimit {
    let media = if takes_media { app.settings.intake.max_bytes } else { 0 };
    DefaultBodyLimit::max(media.saturating_add(256 * 1024))
}

/// Whether a request is a form with parts.
pub(super) fn is_form(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// Reads a form with parts: so much text, files of so many bytes each, and no more of them than come with one notice.
pub(super) async fn parts(request: Request, most_text: usize, max_bytes: usize) -> Result<Parts> {
    let mut form =
        Multipart::from_request(request, &()).await.map_err(|error| BAD_NOTICE.because(error.body_text()))?;
    let mut parts = Parts::default();
    let mut room = most_text;
    loop {
        let next = async {
            let Some(part) = form.next_field().await? else { return Ok(None) };
            let name = part.name().unwrap_or_default().to_owned();
            Ok::<_, axum::extract::multipart::MultipartError>(Some((name, part.bytes().await?)))
        };
        let fault = match next.await {
            Ok(None) => return Ok(parts),
            Ok(Some((name, bytes))) if name == "media" => {
                if bytes.len() > max_bytes {
                    TOO_LARGE.because(format!("{} bytes; at most {max_bytes} are taken", bytes.len()))
                } else if parts.files.iter().filter(|file| !file.is_empty()).count() >= MOST_FILES {
                    BAD_NOTICE.because(format!("at most {MOST_FILES} files come with one notice"))
                } else {
                    parts.files.push(bytes);
                    continue;
                }
            }
            Ok(Some((name, bytes))) if bytes.len() <= room && parts.texts.len() < 50 => {
                room -= bytes.len();
                parts.texts.push((name, bytes));
                continue;
            }
            Ok(Some(_)) => BAD_NOTICE.because("there is too much text in it"),
            Err(error) => {
                let large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
                let fault = if large { Error::from(&TOO_LARGE) } else { BAD_NOTICE.because(error.body_text()) };
                // What comes after it cannot be read.
                parts.fault.get_or_insert(fault);
                return Ok(parts);
            }
        };
        parts.fault.get_or_insert(fault);
    }
}

/// A form of one of our pages, with or without parts: its fields, and the files that were chosen. A fault of the files is given
/// beside the fields, so that no word is lost.
pub(super) async fn fields(
    request: Request,
    known: &[&str],
    most_text: usize,
    max_bytes: usize,
) -> Result<(Fields, Vec<Bytes>, Option<Error>)> {
    if !is_form(&request) {
        let body = axum::body::to_bytes(request.into_body(), most_text).await;
        return Ok((Fields::read(&body.map_err(|_| Error::from(&BODY_TOO_LARGE))?, known)?, Vec::new(), None));
    }
    let mut parts = parts(request, most_text, max_bytes).await?;
    parts.files.retain(|file| !file.is_empty());
    let text = |(name, bytes): (String, Bytes)| {
        let text = String::from_utf8(bytes.into()).map_err(|_| BAD_NOTICE.because("a field is not UTF-8"))?;
        Ok((name, text))
    };
    let fields = parts.texts.into_iter().map(text).collect::<Result<_>>()?;
    Ok((Fields::of(fields, known)?, parts.files, parts.fault))
}

/// Looks at every file of a notice and seals it.
pub(super) async fn examine_all(app: &App, said: &NewNotice, files: &[Bytes]) -> Result<Vec<Told>> {
    let mut told = Vec::new();
    for (nth, file) in files.iter().enumerate() {
        let _place = app.places.try_acquire().map_err(|_| BUSY.retry_after(1))?;
        told.push(examine(app, said, nth, file).await?);
    }
    Ok(told)
}

/// A file on its way in.
pub struct Told {
    pub(super) arrival: Arrival,
}

/// Looks at a file and seals it, whatever is found: a person told of it, and a person will look.
async fn examine(app: &App, said: &NewNotice, nth: usize, media: &Bytes) -> Result<Told> {
    let (prints, judgement) = intake::judge(app, media).await;
    let now = app.db.clock().now();
    let sealed = intake::seal(app, media).await?;
    let id = ItemId(new_uuid(now, app.db.random()));
    let content_id = said.content_ids.get(nth).cloned().unwrap_or_else(|| format!("told with a notice: {id}"));
    let facts = Facts {
        content_id,
        account: said.account.clone().filter(|_| !said.kind.is_victims()),
        urls: said.urls.clone(),
        ..Facts::default()
    };
    Ok(Told { arrival: Arrival { id, facts, bytes: media.len(), prints, judgement, sealed: Some(sealed) } })
}

/// Writes a file of a notice. It is looked at again by nobody but a person: the case keeps it, scanned or not.
pub(super) async fn keep(tx: &mut Tx, notice: NoticeId, told: &Told) -> Result<()> {
    intake::keep_told(tx, notice.0, &told.arrival).await?;
    store::insert_item(tx, notice, told.arrival.id).await
}
