//! Looking, and what is held.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use decode::{Coverage, Mark, Part, Shows};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::door;
use super::{
    At, Exhibit, Extension, Foreseen, Hold, Keep, NO_SUCH_PART, NOT_SHOWABLE, NewHold, NewOrder, Order, Ordinary,
    Purpose, Release, UNKNOWN_HOLD, UNKNOWN_RELEASE,
};
use crate::accounts::{Caller, Permission};
use crate::care;
use crate::intake;
use crate::notices::UNKNOWN_NOTICE;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::{self, NOT_IN_CASE, UNKNOWN_CASE};
use crate::store::{CaseId, HoldId, ItemId, NoticeId, ViewId};
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer, Asked, Body, Page, Sent};

/// How to look.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the picture is or is not")]
pub struct NewView {
    /// Which upload of the case.
    pub item: ItemId,
    /// Why.
    pub purpose: Purpose,
    /// Blurred, grey and small, as long as nobody says otherwise.
    #[serde(default = "yes")]
    pub veiled: bool,
    /// Of a film: frames of its whole length beside each other, under the veil, instead of the first one.
    #[serde(default)]
    pub strip: bool,
    /// How thick the veil is, from 1 to 4; never thinner than the settings and the person say.
    #[serde(default)]
    pub veil: Option<u8>,
    /// Its lines alone. They count as veiled.
    #[serde(default)]
    pub edges: bool,
    /// One ninth of it without the veil: three rows of three, from 1 in the upper left corner to 9. It is no viewing of the whole.
    #[serde(default)]
    pub part: Option<u8>,
    /// Shown only while a key is held: it is no viewing of the whole.
    #[serde(default)]
    pub glimpse: bool,
}

impl NewView {
    /// Whether nothing is shown as it is.
    fn is_veiled(&self) -> bool {
        self.strip || self.edges || (self.veiled && self.part.is_none())
    }
}

fn yes() -> bool {
    true
}

/// The largest side of a picture that is shown.
const SIDE: u32 = 1_600;

/// A picture that may be shown, with the look that was written down for it.
pub struct Shown {
    /// The look.
    pub view: ViewId,
    /// Whether it shows all of the upload without a veil.
    pub whole: bool,
    /// New pixels, never original bytes.
    pub jpeg: Vec<u8>,
}

/// Looks at an upload: under a lease, for a purpose, not too fast, and on record before a pixel leaves. Who tries to look where
/// they may not is on record too.
pub async fn look(app: &App, caller: &Caller, at: At, new: NewView) -> Result<Shown> {
    let (view, whole, _, pictures) = draw(app, caller, at, new, Drawn::Picture).await?;
    Ok(Shown { view, whole, jpeg: pictures.into_iter().next().unwrap_or_default() })
}

/// Plays a film: its frames one after the other, as new pictures, and how many milliseconds of it lie between two. It is one look, under
/// the veil unless it is asked for without, and never a viewing of the whole. There is no sound in it.
pub async fn play(app: &App, caller: &Caller, at: At, new: NewView) -> Result<(u32, Vec<Vec<u8>>)> {
    let (_, _, every_ms, pictures) = draw(app, caller, at, new, Drawn::Reel).await?;
    Ok((every_ms, pictures))
}

/// As what an upload is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawn {
    Picture,
    Reel,
}

async fn draw(
    app: &App,
    caller: &Caller,
    at: At,
    new: NewView,
    form: Drawn,
) -> Result<(ViewId, bool, u32, Vec<Vec<u8>>)> {
    caller.require(Permission::SeeDepictions)?;
    app.limits.take_look(caller)?;
    let opened = open(app, caller, at, new).await;
    if let Some(slug) = opened.as_ref().err().and_then(Error::slug).filter(|slug| off_case(slug)) {
        let mut tx = app.db.write().await?;
        let proof = door::refused(&mut tx, caller, at, new.item, slug).await?;
        tx.commit(proof).await?;
    }
    let (exhibit, single, least) = opened?;
    let media = app.vault.open(&exhibit).await?;
    let veiled = new.is_veiled();
    let mark = mark(caller, at, app.db.clock().now());
    let veil = decode::Veil::of(new.veil.unwrap_or(0).max(least));
    let part = new.part.map(|number| Part::of_number(number).ok_or(&NO_SUCH_PART)).transpose()?;
    let how = match (part, veiled) {
        _ if new.edges => Shows::Edges,
        (Some(part), _) => Shows::Part(part),
        (None, true) => Shows::Veiled(veil),
        (None, false) => Shows::Whole,
    };
    let drawn = match form {
        Drawn::Reel => app.pool.reel(media, how, mark).await,
        Drawn::Picture if new.strip => app.pool.strip(media, veil, mark).await.map(|jpeg| (0, vec![jpeg])),
        Drawn::Picture => app.pool.picture(media, SIDE, how, mark).await.map(|jpeg| (0, vec![jpeg])),
    };
    let (every_ms, pictures) = drawn.map_err(|why| NOT_SHOWABLE.because(why.to_string()))?;
    // Whole means: not veiled, and the one picture there is. An animation shown by its first frame is not whole, nor is a film by some.
    let whole = how == Shows::Whole && form == Drawn::Picture && !new.strip && !new.glimpse && single;
    let mut tx = app.db.write().await?;
    door::check(&mut tx, caller, at, new.item, new.purpose).await?;
    let (view, proof) = super::record_view(&mut tx, caller, at, new.item, new.purpose, whole, veiled).await?;
    let review = &app.settings.review;
    let ordinary = Ordinary { in_an_hour: review.looks_in_an_hour, at_one: review.looks_at_one };
    door::unusual(&mut tx, caller, new.item, ordinary).await?;
    tx.commit(proof).await?;
    Ok((view, whole, every_ms, pictures))
}

/// What stands faintly on every picture that is shown: who looks, at which case or request (the end of its id), and when. A
/// photograph of the screen leads back to them.
fn mark(caller: &Caller, at: At, now: Timestamp) -> Mark {
    let (what, id) = match at {
        At::Case(case) => ("case", case.0),
        At::Request(notice) => ("request", notice.0),
    };
    let id = id.simple().to_string();
    let id = id.get(20..).unwrap_or_default();
    Mark::new(&format!("{} {what} {id} {}", caller.mark(), now.strftime("%Y-%m-%d %H:%MZ")))
}

/// Refusals that mean: not the case this person works on.
fn off_case(slug: &str) -> bool {
    [review::NOT_LEASED.slug, NOT_IN_CASE.slug, UNKNOWN_CASE.slug].contains(&slug)
}

async fn open(app: &App, caller: &Caller, at: At, new: NewView) -> Result<(Exhibit, bool, u8)> {
    let mut tx = app.db.read().await?;
    door::check(&mut tx, caller, at, new.item, new.purpose).await?;
    let urgent = match at {
        At::Case(case) => review::find(&mut tx, caller, case).await?.priority == review::Priority::P0,
        At::Request(_) => false,
    };
    care::may_look(&mut tx, caller, new.item, new.is_veiled(), urgent, &app.settings).await?;
    let own = care::looking(&mut tx, caller, app.settings.looking).await?;
    let item = intake::find(&mut tx, new.item).await?;
    let parts = [Coverage::FirstFrame, Coverage::Sampled, Coverage::KeyFrames];
    let single = !parts.contains(&item.coverage) && item.frames.len() <= 1;
    Ok((super::exhibit(&mut tx, new.item).await?, single, own.veil))
}

/// Look at an upload of a case. The answer is a JPEG of new pixels; `X-Tanod-View` names the look in the record, and
/// `X-Tanod-Whole` says whether it showed everything.
#[utoipa::path(post, path = "/v1/cases/{case}/views", tag = "cases", params(("case" = String, Path)), request_body = NewView,
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = "default", body = ProblemBody)))]
pub async fn view(
    State(app): State<App>,
    caller: Caller,
    Path(case): Path<String>,
    _headers: HeaderMap,
    body: Body,
) -> Answer {
    caller.require(Permission::SeeDepictions)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    Ok(answer(look(&app, &caller, At::Case(id), web::json(&body)?).await?))
}

/// Look at a picture that came with a request to remove an adult's; the purpose is `removal`.
#[utoipa::path(post, path = "/v1/removals/{notice}/views", tag = "notices", params(("notice" = String, Path)),
    request_body = NewView, operation_id = "view_removal",
    responses((status = 200, content_type = "image/jpeg", body = Vec<u8>), (status = "default", body = ProblemBody)))]
pub async fn view_request(State(app): State<App>, caller: Caller, Path(notice): Path<String>, body: Body) -> Answer {
    caller.require(Permission::SeeDepictions)?;
    let id: NoticeId = web::id(&notice, &UNKNOWN_NOTICE)?;
    Ok(answer(look(&app, &caller, At::Request(id), web::json(&body)?).await?))
}

fn answer(shown: Shown) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::HeaderName::from_static("x-tanod-view"), shown.view.to_string()),
        (header::HeaderName::from_static("x-tanod-whole"), shown.whole.to_string()),
    ];
    (StatusCode::OK, headers, shown.jpeg).into_response()
}

/// Where a page begins.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// The `next` of the page before.
    before: Option<String>,
}

/// Holds, newest first.
#[utoipa::path(get, path = "/v1/holds", tag = "holds", params(Before),
    responses((status = 200, body = Page<Hold>), (status = "default", body = ProblemBody)))]
pub async fn holds(State(app): State<App>, caller: Caller, Asked(page): Asked<Before>) -> Answer {
    caller.require(Permission::ReadHolds)?;
    let before: Option<HoldId> = page.before.as_deref().map(|id| web::id(id, &web::BAD_QUERY)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::holds(&mut tx, &caller, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |hold| hold.id.to_string()))
}

/// How a case is kept: what becomes of it, its holds, what two people must agree on, and what was destroyed.
#[utoipa::path(get, path = "/v1/cases/{case}/keeping", tag = "holds", params(("case" = String, Path)),
    responses((status = 200, body = Keep), (status = "default", body = ProblemBody)))]
pub async fn keeping(State(app): State<App>, caller: Caller, Path(case): Path<String>) -> Answer {
    caller.require(Permission::ReadHolds)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    web::ok(&super::keeping(&mut tx, &caller, id).await?)
}

/// At which time.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// RFC 3339; now, without it.
    until: Option<String>,
}

/// What would be kept, due and in conflict at some time, if nothing else happened until then.
#[utoipa::path(get, path = "/v1/holds/simulation", tag = "holds", params(When),
    responses((status = 200, body = Vec<Foreseen>), (status = "default", body = ProblemBody)))]
pub async fn simulation(State(app): State<App>, caller: Caller, Asked(when): Asked<When>) -> Answer {
    caller.require(Permission::ReadHolds)?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let until = when.until.map_or(Ok(tx.now()), |until| {
        until.parse().map_err(|_| web::BAD_QUERY.because("until is a time as RFC 3339 writes it"))
    })?;
    web::ok(&super::simulate(&mut tx, &caller, until).await?)
}

/// Place a hold by hand: a preservation request, an order of a court, the operator's own.
#[utoipa::path(post, path = "/v1/cases/{case}/holds", tag = "holds", params(("case" = String, Path)),
    request_body = NewHold, responses((status = 201, body = Hold), (status = "default", body = ProblemBody)))]
pub async fn place(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeHolds)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewHold = sent.json()?;
    let once = sent.once("POST /v1/cases/holds", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::place(tx, &sent.caller, id, &new).await).await
}

/// Make a hold last longer. Nothing makes one shorter.
#[utoipa::path(post, path = "/v1/holds/{hold}/extensions", tag = "holds", params(("hold" = String, Path)),
    request_body = Extension, responses((status = 200, body = Hold), (status = "default", body = ProblemBody)))]
pub async fn extend(State(app): State<App>, Path(hold): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeHolds)?;
    let id: HoldId = web::id(&hold, &UNKNOWN_HOLD)?;
    let by: Extension = sent.json()?;
    let once = sent.once("POST /v1/holds/extensions", &[hold.as_bytes()])?;
    web::post(&app, &once, StatusCode::OK, async |tx| super::extend(tx, &sent.caller, id, &by).await).await
}

/// Why a hold should give way.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// The reason, for the second person and the record.
    pub reason: String,
}

/// Ask that a hold give way: the operator's own, an open one whose matter has ended, or one that contradicts another. A second
/// person answers.
#[utoipa::path(post, path = "/v1/holds/{hold}/releases", tag = "holds", params(("hold" = String, Path)),
    request_body = Why, responses((status = 201, body = Release), (status = "default", body = ProblemBody)))]
pub async fn ask_release(State(app): State<App>, Path(hold): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeHolds)?;
    let id: HoldId = web::id(&hold, &UNKNOWN_HOLD)?;
    let why: Why = sent.json()?;
    let once = sent.once("POST /v1/holds/releases", &[hold.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::ask_release(tx, &sent.caller, id, &why.reason).await)
        .await
}

/// Which releases.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Releases {
    /// Only those that wait for a second person.
    #[serde(default)]
    waiting: bool,
    /// The `next` of the page before.
    before: Option<String>,
}

/// What two people must agree on, or have, of every case; the newest first.
#[utoipa::path(get, path = "/v1/releases", tag = "holds", params(Releases),
    responses((status = 200, body = Page<Release>), (status = "default", body = ProblemBody)))]
pub async fn releases(State(app): State<App>, caller: Caller, Asked(which): Asked<Releases>) -> Answer {
    caller.require(Permission::ReadHolds)?;
    let before = which.before.as_deref().map(|id| web::id(id, &UNKNOWN_RELEASE)).transpose()?;
    let mut tx = app.db.read().await.map_err(Error::from)?;
    let rows = super::holds::releases(&mut tx, &caller, which.waiting, before, web::PAGE).await?;
    web::ok(&Page::new(rows, |release| release.id.to_string()))
}

/// What a second person says.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondWord {
    /// Yes or no.
    pub approve: bool,
}

/// Answer, as a second person, whether a hold gives way or an order to destroy is carried out.
#[utoipa::path(post, path = "/v1/releases/{release}/answer", tag = "holds", params(("release" = String, Path)),
    request_body = SecondWord, responses((status = 200, body = Release), (status = "default", body = ProblemBody)))]
pub async fn answer_release(State(app): State<App>, Path(release): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeHolds)?;
    let id = web::id(&release, &UNKNOWN_RELEASE)?;
    let word: SecondWord = sent.json()?;
    let once = sent.once("POST /v1/releases/answer", &[release.as_bytes()])?;
    let answer = web::post(&app, &once, StatusCode::OK, async |tx| {
        super::answer_release(tx, &sent.caller, id, word.approve).await
    });
    let answer = answer.await;
    app.nudge.notify_waiters();
    answer
}

/// Take a request of the police to destroy a depiction, once you have verified who asks (18 U.S.C. 2258B(c)(2)). A second person
/// answers it; what the report says in words is kept.
#[utoipa::path(post, path = "/v1/cases/{case}/destructions", tag = "holds", params(("case" = String, Path)),
    request_body = NewOrder, responses((status = 201, body = Order), (status = "default", body = ProblemBody)))]
pub async fn order(State(app): State<App>, Path(case): Path<String>, sent: Sent) -> Answer {
    sent.caller.require(Permission::ChangeHolds)?;
    let id: CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let new: NewOrder = sent.json()?;
    let once = sent.once("POST /v1/cases/destructions", &[case.as_bytes()])?;
    web::post(&app, &once, StatusCode::CREATED, async |tx| super::order(tx, &sent.caller, id, &new).await).await
}
