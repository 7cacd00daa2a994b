//! The figures, for programs.

use axum::extract::State;

use super::Figures;
use crate::accounts::Caller;
use crate::plan::App;
use crate::web::problem::ProblemBody;
use crate::web::{self, Answer};

/// How much comes, how long it takes, how often each list is right: the last thirty days.
#[utoipa::path(get, path = "/v1/figures", tag = "figures",
    responses((status = 200, body = Figures), (status = "default", body = ProblemBody)))]
pub async fn figures(State(app): State<App>, caller: Caller) -> Answer {
    web::ok(&super::figures(&app, &caller).await?)
}
