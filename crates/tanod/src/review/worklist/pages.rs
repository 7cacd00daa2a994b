//! The worklist in the console: the next case, a case put off or handed on, and finding one.

use axum::Router;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse, Redirect};
use axum::routing::post;
use jiff::SignedDuration;

use super::super::UNKNOWN_CASE;
use super::super::forms::act;
use super::NOTHING_NEXT;
use crate::accounts::UNKNOWN_NAME;
use crate::plan::App;
use crate::refusal::Error;
use crate::web::console::{Fields, Paged, Staff};
use crate::web::{self, BAD_BODY, Body};

/// The forms of this noun.
pub(in super::super) fn router() -> Router<App> {
    Router::new()
        .route("/console/queue/next", post(next))
        .route("/console/cases/{case}/put-off", post(put_off))
        .route("/console/cases/{case}/hand-over", post(hand_over))
}

async fn next(Shared(app): Shared<App>, staff: Staff) -> Paged {
    let mut tx = app.db.write().await?;
    match super::take_next(&mut tx, &staff.caller, &app.settings.care).await {
        Ok((case, proof)) => {
            tx.commit(proof).await?;
            Ok(Redirect::to(&format!("/console/cases/{}", case.id)).into_response())
        }
        Err(Error::Refused(refusal)) if refusal.kind == &NOTHING_NEXT => {
            Ok(Redirect::to("/console/queue?nothing=next").into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn put_off(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let form = Fields::read(&body, &["hours", "because"])?;
    let hours: i64 = form.one("hours").parse().map_err(|_| BAD_BODY.because("choose for how long"))?;
    act(&app, &staff, &case, async |tx, id| {
        let until = tx.now().checked_add(SignedDuration::from_hours(hours.clamp(0, 100))).unwrap_or(tx.now());
        super::put_off(tx, &staff.caller, id, until, form.one("because")).await
    })
    .await
}

async fn hand_over(Shared(app): Shared<App>, staff: Staff, Path(case): Path<String>, body: Body) -> Paged {
    let form = Fields::read(&body, &["to", "because"])?;
    let _: crate::store::CaseId = web::id(&case, &UNKNOWN_CASE)?;
    let to = web::id(form.one("to"), &UNKNOWN_NAME)?;
    act(&app, &staff, &case, async |tx, id| super::hand_over(tx, &staff.caller, id, to, form.one("because")).await)
        .await
}
