//! Group commit: uploads that arrive while others are being written share the next transaction, and with it one flush of
//! the disk. Nobody waits for company: a lone upload is written at once.

use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use axum::response::Response;
use tokio::sync::oneshot;

use super::Arrival;
use super::api::answer;
use crate::accounts::Caller;
use crate::plan::App;
use crate::refusal::{Error, Result};
use crate::web::{self, Once, metrics};

/// So many uploads share a transaction at most.
const MOST: usize = 256;

/// Uploads that are judged and wait to be written.
#[derive(Default)]
pub struct Arrivals(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    pending: Vec<(Pending, Reply)>,
    /// Whether a task is writing; it takes what has come meanwhile.
    writing: bool,
}

/// One of them.
pub(super) struct Pending {
    pub(super) caller: Caller,
    pub(super) once: Once,
    pub(super) arrival: Arrival,
}

type Reply = oneshot::Sender<Result<Response>>;

impl Arrivals {
    /// Writes an upload, together with whatever else waits, and gives the answer once it is on disk. The writing goes on
    /// when the caller goes away.
    pub(super) async fn write(app: &App, pending: Pending) -> Result<Response> {
        let (reply, answer) = oneshot::channel();
        if app.arrivals.push(pending, reply) {
            app.tasks.spawn(write_all(app.clone()));
        }
        answer.await.unwrap_or_else(|gone| Err(Error::internal("writing an upload", gone)))
    }

    /// True when nobody is writing.
    fn push(&self, pending: Pending, reply: Reply) -> bool {
        let mut waiting = self.waiting();
        waiting.pending.push((pending, reply));
        !std::mem::replace(&mut waiting.writing, true)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next ones; none left ends the writing.
    fn next(&self) -> Vec<(Pending, Reply)> {
        let mut waiting = self.waiting();
        let some = waiting.pending.len().min(MOST);
        let next: Vec<_> = waiting.pending.drain(..some).collect();
        waiting.writing = !next.is_empty();
        next
    }
}

async fn write_all(app: App) {
    loop {
        let (batch, replies): (Vec<_>, Vec<_>) = app.arrivals.next().into_iter().unzip();
        if batch.is_empty() {
            return;
        }
        let answers = match together(&app, &batch).await {
            Ok(answers) => answers,
            // One of them spoils the transaction for all: each gets its own, and its own answer.
            Err(_) if batch.len() > 1 => {
                let mut answers = Vec::new();
                for one in &batch {
                    let alone = together(&app, std::slice::from_ref(one)).await;
                    answers.push(alone.and_then(|mut answers| answers.pop().unwrap_or_else(|| Err(nothing()))));
                }
                answers
            }
            Err(error) => vec![Err(error)],
        };
        if batch.iter().any(|one| one.arrival.sealed.is_some()) {
            // Only what is kept leaves work behind.
            app.nudge.notify_waiters();
        }
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A caller who has gone away asks again with the same key.
            reply.send(answer).ok();
        }
    }
}

fn nothing() -> Error {
    Error::internal("writing an upload", "there was no answer")
}

/// Writes them in one transaction. An error means that nothing of it was written.
async fn together(app: &App, batch: &[Pending]) -> Result<Vec<Result<Response>>> {
    let mut tx = app.db.write().await?;
    let (mut answers, mut judged, mut proof) = (Vec::new(), Vec::new(), None);
    for Pending { caller, once, arrival } in batch {
        match once.before(&mut tx).await {
            Ok(None) => {}
            Ok(Some(before)) => {
                answers.push(Ok(before));
                continue;
            }
            // Found by reading: there is nothing to undo.
            Err(refused @ Error::Refused(_)) => {
                answers.push(Err(refused));
                continue;
            }
            Err(error) => return Err(error),
        }
        let (case, recorded) = super::accept(&mut tx, caller, arrival, app.settings.review.viral_accounts).await?;
        let said = answer(arrival.id, caller, &arrival.prints, &arrival.judgement, case);
        once.remember(&mut tx, StatusCode::OK, &said).await?;
        answers.push(web::reply(StatusCode::OK, &said));
        judged.push(&arrival.judgement);
        proof = Some(recorded);
    }
    if let Some(proof) = proof {
        tx.commit(proof).await?;
    }
    judged.into_iter().for_each(metrics::count_item);
    Ok(answers)
}
