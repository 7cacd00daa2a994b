//! `POST /v1/matches`: many hashes in one call, no media.

use axum::extract::State;
use axum::http::StatusCode;
use fingerprint::{Pdq, Print};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::shield::{self, Shield};
use super::{Hit, Lists, SharedLists, Strength, Verdict};
use crate::accounts::Permission;
use crate::banks::{Kind as BankKind, Signal};
use crate::intake::NOT_READY;
use crate::plan::App;
use crate::refusal::{Error, Kind};
use crate::store::Recorded;
use crate::web::{self, Answer, Sent};

/// A hash that is none.
pub static BAD_HASH: Kind = Kind::new(
    422,
    "bad-hash",
    "A hash cannot be read.",
    "Give as many hexadecimal digits as this kind of hash has, 10000 hashes at most.",
).program("Send `{\"signal\": \"pdq\", \"value\": \"…\"}` with as many hexadecimal digits as the signal has; at most 10000 hashes.");

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

/// Ask about hashes without sending media. Nothing is kept, and no case is made. Where Project Arachnid Shield is configured, it
/// is asked about the PDQ hashes that no list knows, as it is for uploads: its silence is `unscanned: arachnid_unavailable`,
/// never `no_match`. Digests it does not compare this way: for those the lists alone answer.
#[utoipa::path(post, path = "/v1/matches", tag = "matches", request_body = Question,
    responses((status = 200, body = Answers), (status = "default", body = web::problem::ProblemBody)))]
pub async fn ask(State(app): State<App>, sent: Sent) -> Answer {
    sent.caller.require(Permission::AskMatches)?;
    let now = app.db.clock().now();
    if app.lists.with(|lists| lists.ready(now)).is_err() {
        return Err(NOT_READY.retry_after(1).into());
    }
    let question: Question = sent.json()?;
    let once = sent.once("POST /v1/matches", &[])?;
    if question.hashes.len() > 10_000 {
        return Err(BAD_HASH.because(format!("{} hashes in one call", question.hashes.len())).into());
    }
    let mut prints = Vec::with_capacity(question.hashes.len());
    for (hash, n) in question.hashes.iter().zip(1_u32..) {
        let value = hex::decode(hash.value.trim()).ok();
        let print = value.and_then(|value| hash.signal.print(&value));
        prints.push(print.ok_or_else(|| BAD_HASH.because(format!("hash number {n}")))?);
    }
    let details = sent.caller.may(Permission::SeeMatches);
    let lists = app.lists.clone();
    let answers = if app.may_match().is_err() {
        let off = |_| HashAnswer {
            verdict: Verdict::Unscanned,
            reason: Some(super::DETECTOR_OFF),
            strength: None,
            matches: None,
        };
        Answers { answers: prints.iter().map(off).collect(), lists_as_of: None }
    } else {
        let mut answers = if prints.len() <= BATCH {
            look_up(&lists, &prints, details)
        } else {
            // Long work would keep this thread from others.
            let same = prints.clone();
            let looked_up = tokio::task::spawn_blocking(move || look_up(&lists, &same, details)).await;
            looked_up.map_err(|error| Error::internal("looking hashes up", error))?
        };
        if let Some(shield) = app.shield.as_ref().filter(|_| app.may_ask_shield().is_ok()) {
            ask_shield(shield, &prints, &mut answers.answers, details, now).await;
        }
        answers
    };
    if !once.has_key() {
        return web::ok(&answers);
    }
    web::post(&app, &once, StatusCode::OK, async |_| Ok((answers, Recorded::unrecorded("a question changes nothing"))))
        .await
}

/// So many hashes are looked up under one lock on the lists, which a change waits for.
const BATCH: usize = 64;

fn look_up(lists: &SharedLists, prints: &[Print], details: bool) -> Answers {
    let mut answers = Vec::with_capacity(prints.len());
    let mut lists_as_of = lists.with(Lists::as_of);
    for batch in prints.chunks(BATCH) {
        lists.with(|lists| {
            // A list that went away meanwhile was not asked for the rest.
            lists_as_of = lists_as_of.and(lists.as_of());
            answers.extend(lists.known(batch).into_iter().map(|hits| answer(hits, lists_as_of, details)));
        });
    }
    Answers { answers, lists_as_of }
}

/// Asks Shield about the PDQ hashes that no list knows.
async fn ask_shield(
    shield: &Shield,
    prints: &[Print],
    answers: &mut [HashAnswer],
    details: bool,
    now: jiff::Timestamp,
) {
    let open = |(print, answer): (&Print, &HashAnswer)| match print {
        Print::Pdq(hash) if answer.verdict != Verdict::Match => Some(*hash),
        _ => None,
    };
    let hashes: Vec<Pdq> = prints.iter().zip(answers.iter()).filter_map(open).collect();
    let mut said = shield.ask_hashes(&hashes, now).await.into_iter();
    for (print, slot) in prints.iter().zip(answers.iter_mut()) {
        if slot.verdict == Verdict::Match || !matches!(print, Print::Pdq(_)) {
            continue;
        }
        *slot = match said.next() {
            // It was asked just now: it counts as a list of abuse material.
            Some(Ok(found)) => answer(found.into_iter().collect(), Some(now), details),
            _ => HashAnswer {
                verdict: Verdict::Unscanned,
                reason: Some(shield::UNAVAILABLE),
                strength: None,
                matches: None,
            },
        };
    }
}

fn answer(mut hits: Vec<Hit>, lists_as_of: Option<Timestamp>, details: bool) -> HashAnswer {
    hits.retain(|hit| !hit.shadow && hit.kind != BankKind::Exception);
    let (verdict, reason) = match (hits.is_empty(), lists_as_of) {
        (false, _) => (Verdict::Match, None),
        (true, None) => (Verdict::Unscanned, Some("no_list")),
        (true, Some(_)) => (Verdict::NoMatch, None),
    };
    let strength = hits.iter().map(|hit| hit.strength).max();
    HashAnswer { verdict, reason, strength, matches: details.then_some(hits) }
}
