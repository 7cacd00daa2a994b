//! What changes while somebody looks at a page, as server-sent events: cases, a lease that is lost, calls to a destination, the
//! session's own end. A page without them asks again by itself and shows the same, later.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::get;
use futures_util::stream::{self, Stream};

use super::console::Staff;
use crate::accounts::Caller;
use crate::plan::App;
use crate::refusal::Result;
use crate::store::CaseId;
use crate::{reporting, review};

/// How often it is looked for what changed.
const EVERY: Duration = Duration::from_secs(2);

/// What an event says that has nothing more to say: browsers pass over one without data.
const CHANGED: &str = "changed";

/// The address of the events.
pub fn router() -> Router<App> {
    Router::new().route("/console/live", get(live))
}

/// What was known when it was last looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    cases: Option<i64>,
    calls: Option<uuid::Uuid>,
    held: Vec<CaseId>,
}

/// How things stand now.
pub async fn look(app: &App, caller: &Caller) -> Result<Known> {
    let mut tx = app.db.glance().await?;
    Ok(Known {
        cases: review::changed(&mut tx).await?,
        calls: reporting::last_call(&mut tx).await?,
        held: review::held(&mut tx, caller).await?,
    })
}

/// What is said of the difference: names of events, and for a lost lease the case.
pub fn difference(before: &Known, now: &Known) -> Vec<(&'static str, String)> {
    let mut said = Vec::new();
    if before.cases != now.cases {
        said.push(("cases", CHANGED.to_owned()));
    }
    if before.calls != now.calls {
        said.push(("reports", CHANGED.to_owned()));
    }
    said.extend(before.held.iter().filter(|case| !now.held.contains(case)).map(|case| ("lease", case.to_string())));
    said
}

struct Watch {
    app: App,
    token: String,
    caller: Caller,
    parts: Parts,
    known: Known,
    to_say: Vec<(&'static str, String)>,
    over: bool,
}

async fn live(
    State(app): State<App>,
    staff: Staff,
    parts: Parts,
) -> Sse<impl Stream<Item = std::result::Result<Event, Infallible>>> {
    let known = look(&app, &staff.caller).await.unwrap_or_default();
    let mut parts = parts;
    // Listening is not working: it keeps no session open in which nobody is.
    parts.headers.insert(super::BY_ITSELF, axum::http::HeaderValue::from_static("1"));
    let watch = Watch { app, token: staff.token, caller: staff.caller, parts, known, to_say: Vec::new(), over: false };
    let events = stream::unfold(watch, |mut watch| async move {
        loop {
            if let Some((name, data)) = watch.to_say.pop() {
                return Some((Ok(Event::default().event(name).data(data)), watch));
            }
            if watch.over {
                return None;
            }
            tokio::time::sleep(EVERY).await;
            if super::admit(&watch.app, &watch.token, &mut watch.parts).await.is_err() {
                watch.over = true;
                watch.to_say.push(("shut", CHANGED.to_owned()));
                continue;
            }
            // A fault of the database is no news; it is looked again.
            let Ok(now) = look(&watch.app, &watch.caller).await else { continue };
            watch.to_say = difference(&watch.known, &now);
            watch.known = now;
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
