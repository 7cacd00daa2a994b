//! The page "Adults' intimate pictures": a queue of its own, the next deadline first; and each request by itself, with its pictures.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::get;

use super::super::UNKNOWN_NOTICE;
use super::super::pages::queues;
use super::{NewStep, Removal, State};
use crate::accounts::Permission;
use crate::care;
use crate::clocks;
use crate::evidence;
use crate::intake::{self, UNKNOWN_ITEM};
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::review::NOT_IN_CASE;
use crate::review::uploads::{Strip, Way, kept_from, strip};
use crate::store::{ItemId, NoticeId, as_word, word};
use crate::web::console::{Fields, Paged, Staff, Tab, Who, Words, minute, show, tabs};
use crate::web::languages::{filters, say, word as say_word};
use crate::web::{self, BAD_BODY, Body, Page};

/// The pages of this queue.
pub(in crate::notices) fn router() -> Router<App> {
    Router::new()
        .route("/console/removals", get(removals))
        .route("/console/removals/{notice}", get(request).post(step))
        .route("/console/removals/{notice}/pictures/{item}", get(picture))
}

struct Row {
    /// Its pictures, on its own page.
    uploads: Vec<Upload>,
    removal: Removal,
    kind: String,
    state: String,
    at: String,
    due: String,
    clock: &'static str,
    open: bool,
    asked: bool,
}

/// A picture that came with a request.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the picture is or is not")]
struct Upload {
    home: String,
    nth: usize,
    item: ItemId,
    kept: bool,
    whole: bool,
    /// Which ninth of it is shown.
    part: Option<u8>,
    /// Whether it moves.
    plays: bool,
    /// Whether it moves without the veil.
    bare: bool,
    /// Whether its lines alone are shown.
    edges: bool,
    /// How thick its veil is.
    veil: u8,
    /// After so many seconds it counts as viewed.
    least: u32,
    held: Option<String>,
    shut: bool,
    strip: Option<Strip>,
}

#[derive(Template)]
#[template(path = "review/pages/fragment.html")]
struct Picture {
    upload: Upload,
    may_look: bool,
}

#[derive(Template)]
#[template(path = "notices/pages/removals.html")]
struct Removals<'a> {
    who: &'a Who,
    fault: Option<Words>,
    queues: Vec<Tab>,
    states: Vec<Tab>,
    rows: Vec<Row>,
    /// One request, with its pictures.
    alone: bool,
    may_look: bool,
    may_decide: bool,
    next: Option<String>,
}

#[derive(serde::Deserialize)]
struct Asked {
    state: Option<String>,
    after: Option<String>,
}

async fn gather<'a>(app: &App, staff: &'a Staff, asked: &Asked, fault: Option<Words>) -> Result<Removals<'a>> {
    let chosen = asked.state.as_deref().unwrap_or("open");
    let state: Option<State> = web::chosen(Some(chosen))?;
    let after = asked.after.as_deref().map(|id| web::id(id, &UNKNOWN_NOTICE)).transpose()?;
    let mut tx = app.db.read().await?;
    let found = super::list(&mut tx, &staff.caller, state, after, web::PAGE).await?;
    let Page { rows, next } = Page::new(found, |row| row.notice.id.to_string());
    let rows = rows.into_iter().map(row).collect();
    Ok(page(staff, chosen, rows, fault, next.map(|next| format!("/console/removals?state={chosen}&after={next}"))))
}

fn row(removal: Removal) -> Row {
    Row {
        uploads: Vec::new(),
        kind: as_word(&removal.notice.said.kind),
        state: as_word(&removal.state),
        at: minute(removal.notice.received_at),
        due: minute(removal.due_at),
        clock: match removal.clock {
            clocks::State::Passed => "passed",
            clocks::State::Near => "near",
            clocks::State::Running | clocks::State::Met => "",
        },
        open: removal.state == State::Open,
        asked: removal.state == State::Asked,
        removal,
    }
}

fn page<'a>(
    staff: &'a Staff,
    chosen: &str,
    rows: Vec<Row>,
    fault: Option<Words>,
    next: Option<String>,
) -> Removals<'a> {
    let label = |name: &str| if name == "all" { say("removal-all") } else { say_word("removal-state", name) };
    let names = std::iter::once("all".to_owned()).chain(State::ALL.iter().map(as_word));
    let states = tabs("/console/removals?state=", chosen, names, label);
    let may_decide = staff.caller.may(Permission::DecideCases);
    Removals {
        who: &staff.who,
        fault,
        queues: queues(true),
        states,
        rows,
        alone: false,
        may_look: may_decide && staff.caller.may(Permission::SeeDepictions),
        may_decide,
        next,
    }
}

/// Pictures that came with a request, for its own page.
async fn uploads(app: &App, staff: &Staff, removal: &Removal, chosen: Chosen) -> Result<Vec<Upload>> {
    let mut tx = app.db.read().await?;
    let looking = care::looking(&mut tx, &staff.caller, app.settings.looking).await?;
    let mut all = Vec::new();
    for (id, nth) in removal.notice.items.iter().copied().zip(1..) {
        let (item, hits) = (intake::find(&mut tx, id).await?, intake::matches(&mut tx, id).await?);
        let mut way = if chosen.item == Some(id) { chosen.way } else { Way::Usual };
        let open = matches!(way, Way::Whole | Way::Part(_) | Way::Plays(true));
        let (held, shut) = kept_from(&mut tx, staff, id, false, open, &app.settings).await?;
        if open && held.is_some() {
            way = Way::Usual;
        }
        all.push(Upload {
            home: format!("/console/removals/{}", removal.notice.id),
            nth,
            item: id,
            kept: evidence::kept_of(&mut tx, &[id]).await?.contains(&id),
            whole: way == Way::Whole,
            part: if let Way::Part(part) = way { Some(part) } else { None },
            plays: matches!(way, Way::Plays(_)),
            bare: way == Way::Plays(true),
            edges: way == Way::Edges || (matches!(way, Way::Usual | Way::Plays(false)) && looking.edges),
            veil: looking.veil,
            least: looking.least_seconds,
            held,
            shut,
            strip: item.film.map(|film| strip(nth, film, &hits)),
        });
    }
    Ok(all)
}

/// A request, whether its pictures can be looked at, and they.
async fn alone(app: &App, staff: &Staff, id: &str, chosen: Chosen) -> Result<(Removal, bool, Vec<Upload>)> {
    let id: NoticeId = web::id(id, &UNKNOWN_NOTICE)?;
    let mut tx = app.db.read().await?;
    let removal = super::find(&mut tx, &staff.caller, id).await?;
    drop(tx);
    let may = |permission| staff.caller.may(permission);
    let may_look = may(Permission::DecideCases) && may(Permission::SeeDepictions) && removal.state.runs();
    let uploads = if may_look { uploads(app, staff, &removal, chosen).await? } else { Vec::new() };
    Ok((removal, may_look, uploads))
}

/// Which picture is shown otherwise than usual, and how.
#[derive(Clone, Copy)]
struct Chosen {
    item: Option<ItemId>,
    way: Way,
}

#[derive(serde::Deserialize)]
struct Unveiled {
    whole: Option<String>,
    open: Option<String>,
    r#as: Option<String>,
    part: Option<u8>,
}

async fn request(
    Shared(app): Shared<App>,
    staff: Staff,
    Path(notice): Path<String>,
    Query(asked): Query<Unveiled>,
) -> Paged {
    let way = Way::of(asked.whole.is_some(), asked.r#as.as_deref(), asked.part);
    let item = asked.whole.or(asked.open).map(|item| web::id(&item, &UNKNOWN_ITEM)).transpose()?;
    let (removal, may_look, uploads) = alone(&app, &staff, &notice, Chosen { item, way }).await?;
    let rows = vec![Row { uploads, ..row(removal) }];
    show(&Removals { alone: true, may_look, ..page(&staff, "", rows, None, None) })
}

async fn picture(
    Shared(app): Shared<App>,
    staff: Staff,
    Path((notice, item)): Path<(String, String)>,
    Query(asked): Query<Veil>,
) -> Paged {
    let item: ItemId = web::id(&item, &UNKNOWN_ITEM)?;
    let way = Way::of(asked.whole, asked.r#as.as_deref(), asked.part);
    let (_, may_look, uploads) = alone(&app, &staff, &notice, Chosen { item: Some(item), way }).await?;
    let upload = uploads.into_iter().find(|upload| upload.item == item).ok_or(&NOT_IN_CASE)?;
    show(&Picture { upload, may_look })
}

#[derive(serde::Deserialize)]
struct Veil {
    #[serde(default)]
    whole: bool,
    r#as: Option<String>,
    part: Option<u8>,
}

async fn removals(Shared(app): Shared<App>, staff: Staff, Query(asked): Query<Asked>) -> Paged {
    show(&gather(&app, &staff, &asked, None).await?)
}

async fn step(Shared(app): Shared<App>, staff: Staff, Path(notice): Path<String>, body: Body) -> Paged {
    let id: NoticeId = web::id(&notice, &UNKNOWN_NOTICE)?;
    let mut tx = app.db.write().await?;
    let done = async {
        let form = Fields::read(&body, &["step", "reason"])?;
        let step = word(form.one("step")).ok_or_else(|| BAD_BODY.because("choose what becomes of it"))?;
        super::step(&mut tx, &staff.caller, id, &NewStep { step, reason: form.one("reason").to_owned() }).await
    };
    match done.await {
        Ok((removal, proof)) => {
            tx.commit(proof).await?;
            app.nudge.notify_waiters();
            let state = as_word(&removal.state);
            Ok(Redirect::to(&format!("/console/removals?state={state}")).into_response())
        }
        Err(Error::Refused(refusal)) => {
            drop(tx);
            let status = axum::http::StatusCode::from_u16(refusal.kind.status).unwrap_or_default();
            let asked = Asked { state: Some("all".to_owned()), after: None };
            let page = show(&gather(&app, &staff, &asked, Some(Words::from(&*refusal))).await?)?;
            Ok((status, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
