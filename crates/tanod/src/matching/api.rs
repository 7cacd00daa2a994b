//! `POST /v1/matches`: many hashes in one call, no media.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Hit, Strength, Verdict};
use crate::accounts::{Caller, Permission};
use crate::banks::{Kind as BankKind, Signal};
use crate::intake::NOT_READY;
use crate::plan::App;
use crate::refusal::Kind;
use crate::store::Recorded;
use crate::web::{self, Answer, Body, Once};

/// A hash that is none.
pub static BAD_HASH: Kind = Kind::new(
    422,
    "bad-hash",
    "A hash cannot be read.",
    "Send `{\"signal\": \"pdq\", \"value\": \"…\"}` with as many hexadecimal digits as the signal has; at most 10000 hashes.",
);

/// All refusals of this file.
pub const REFUSALS: &[&Kind] = &[&BAD_HASH];

/// Hashes to ask about.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// At most 10000.
    pub hashes: Vec<Hash>,
}

/// One hash.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hash {
    /// What sort.
    pub signal: Signal,
    /// Hexadecimal.
    pub value: String,
}

/// What the lists know of one hash.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HashAnswer {
    /// `match`, `no_match` or `unscanned`.
    pub verdict: Verdict,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The strongest match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<Strength>,
    /// The entries that fit; only for callers who may see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<Vec<Hit>>,
}

/// Answers, in the order of the question.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Answers {
    /// One for each hash.
    pub answers: Vec<HashAnswer>,
    /// When the oldest enabled list of abuse material last heard from its source.
    #[schema(value_type = Option<String>)]
    pub lists_as_of: Option<Timestamp>,
}

/// Ask about hashes without sending media. Nothing is kept, and no case is made.
#[utoipa::path(post, path = "/v1/matches", tag = "matches", request_body = Question,
    responses((status = 200, body = Answers), (status = "default", body = web::problem::ProblemBody)))]
pub async fn ask(State(app): State<App>, caller: Caller, headers: HeaderMap, body: Body) -> Answer {
    caller.require(Permission::AskMatches)?;
    let now = app.db.clock().now();
    if app.lists.with(|lists| lists.ready(now)).is_err() {
        return Err(NOT_READY.retry_after(1).into());
    }
    let question: Question = web::json(&body)?;
    let once = Once::new("POST /v1/matches", &caller, &headers, &[&body])?;
    if question.hashes.len() > 10_000 {
        return Err(BAD_HASH.because(format!("{} hashes in one call", question.hashes.len())).into());
    }
    let mut hashes = Vec::new();
    for (n, hash) in question.hashes.iter().enumerate() {
        let value = hex::decode(hash.value.trim()).ok().filter(|value| value.len() == hash.signal.width());
        hashes.push((hash.signal, value.ok_or_else(|| BAD_HASH.because(format!("hash number {n}")))?));
    }
    let details = caller.may(Permission::SeeMatches);
    let (answers, lists_as_of) = app.lists.with(|lists| {
        let as_of = lists.as_of();
        let answer = |(signal, value): (Signal, Vec<u8>)| {
            let hits = lists.hash(signal, &value);
            let hits: Vec<Hit> =
                hits.into_iter().filter(|hit| !hit.shadow && hit.kind != BankKind::Exception).collect();
            let (verdict, reason) = match (hits.is_empty(), as_of) {
                (false, _) => (Verdict::Match, None),
                (true, None) => (Verdict::Unscanned, Some("no_list")),
                (true, Some(_)) => (Verdict::NoMatch, None),
            };
            let strength = hits.iter().map(|hit| hit.strength).max();
            HashAnswer { verdict, reason, strength, matches: details.then_some(hits) }
        };
        (hashes.into_iter().map(answer).collect(), as_of)
    });
    let answers = Answers { answers, lists_as_of };
    if !once.has_key() {
        return web::ok(&answers);
    }
    web::post(&app, &once, StatusCode::OK, async |_| Ok((answers, Recorded::unrecorded("a question changes nothing"))))
        .await
}
