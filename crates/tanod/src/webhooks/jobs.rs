//! Delivering: signed, posted, and what came back written down.

use exchange::webhooks::{Answer, Lost};

use super::{State, Tried, store};
use crate::plan::App;
use crate::queue::Done;
use crate::refusal::Result;
use crate::store::DeliveryId;

/// Tries one delivery. Killed between the post and its row, it is posted again under the same id.
pub async fn deliver(app: &App, id: DeliveryId) -> Result<Done> {
    let found = store::delivery(&mut app.db.read().await?, id).await?;
    let Some(delivery) = found.filter(|delivery| delivery.state == State::Waiting) else { return Ok(Done::Finished) };
    let now = app.db.clock().now();
    if let Some(left) = app.resting.left(&delivery.endpoint, now) {
        return Ok(Done::Later(left));
    }
    let tried = match app.endpoint(&delivery.endpoint) {
        None => Tried::Never { status: None, trouble: "the settings name no such endpoint any more".to_owned() },
        Some(endpoint) => {
            let name = delivery.id.to_string();
            match app.webhooks.post(&endpoint.url, &endpoint.secrets, &name, now, delivery.body.clone()).await {
                Ok(answer) => read(answer),
                Err(lost) => {
                    if lost == Lost::TimeOut {
                        app.resting.rest(&delivery.endpoint, now);
                    }
                    Tried::Failed { status: None, trouble: lost.to_string(), answer: None }
                }
            }
        }
    };
    let mut tx = app.db.write().await?;
    let (again, proof) = super::tried(&mut tx, &delivery, tried).await?;
    tx.commit(proof).await?;
    Ok(again.map_or(Done::Finished, Done::Later))
}

/// What an answer means: 2xx is taken, 410 wants no more, anything else may be better later.
fn read(Answer { status, said }: Answer) -> Tried {
    match status {
        200..=299 => Tried::Taken { status },
        410 => Tried::Never { status: Some(status), trouble: "the endpoint answered 410: it wants no more".to_owned() },
        _ => Tried::Failed {
            status: Some(status),
            trouble: format!("the endpoint answered {status}"),
            // PostgreSQL takes no NUL in a text.
            answer: Some(said.replace('\0', " ")).filter(|said| !said.is_empty()),
        },
    }
}
