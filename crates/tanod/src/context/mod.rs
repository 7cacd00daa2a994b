//! What the platform knows around a case: asked for when the case is opened, sealed as it comes, missed when it does not.

pub mod api;
pub mod jobs;
pub mod pages;
mod parts;
mod store;

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use crate::accounts::{Caller, Permission};
use crate::actions;
use crate::alarms;
use crate::audit::{self, Entry};
use crate::evidence::{self, Sealed, Vault};
use crate::intake::addresses;
use crate::queue::{self, Work};
use crate::refusal::{Kind, Result};
use crate::review;
use crate::review::involved;
use crate::store::{CaseId, ContextId, NoticeId, Recorded, Tx};

pub use parts::*;

/// An answer that does not fit.
pub static BAD_CONTEXT: Kind = Kind::new(
    422,
    "bad-context",
    "The context does not have the expected form.",
    "Times need an offset from UTC, and each part has its limits; what is wrong is named beside this.",
)
.program("/openapi.json has the schema.");
/// An answer about a case that keeps nothing any more.
pub static NOT_WANTED: Kind = Kind::new(
    409,
    "context-not-wanted",
    "This case was closed without a report, so nothing more is kept for it.",
    "Send nothing more about it; a later signal opens a case of its own.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&Kind] = &[&BAD_CONTEXT, &NOT_WANTED];

/// What a sealed answer is bound to.
pub(crate) const SEALED_AS: &str = "context";

/// How the settings want it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Minutes in which the platform is expected to answer.
    pub due_minutes: u32,
}

impl Settings {
    fn due(&self) -> Duration {
        Duration::from_mins(u64::from(self.due_minutes.max(2)))
    }
}

/// How far the platform has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No endpoint wants to be asked.
    NotAsked,
    /// Nothing came yet.
    Asked,
    /// Some parts came.
    Partial,
    /// Everything came, or the platform has no more.
    Received,
    /// Nothing came in time.
    Late,
}

/// How far the platform has answered about a case.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Standing {
    /// Where it stands.
    pub state: State,
    /// When the platform was asked.
    #[schema(value_type = String)]
    pub asked_at: Timestamp,
    /// Until when it may answer.
    #[schema(value_type = Option<String>)]
    pub due_at: Option<Timestamp>,
    /// When something last came.
    #[schema(value_type = Option<String>)]
    pub received_at: Option<Timestamp>,
    #[serde(skip)]
    pub(crate) asks: i64,
}

impl Standing {
    /// Whether nothing more is waited for: it came, or its time is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        match self.state {
            State::Received | State::Late | State::NotAsked => true,
            State::Partial => self.due_at.is_some_and(|due| due <= now),
            State::Asked => false,
        }
    }
}

/// One answer of the platform.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Version {
    /// Its id.
    pub id: ContextId,
    /// The how manieth, from 1.
    pub version: i64,
    /// Which parts it has.
    pub parts: Vec<Part>,
    /// Digest of the body as it came, in hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: i64,
    /// The key it came with.
    pub by: String,
    /// When it came.
    #[schema(value_type = String)]
    pub received_at: Timestamp,
}

/// Asks the platform what it knows around a case: when the case is opened, and again when a decision needs more. While the
/// platform has not answered, asking once more changes nothing.
pub async fn request(tx: &mut Tx, case: CaseId) -> Result<()> {
    if store::standing(tx, case).await?.is_some_and(|standing| standing.state == State::Asked) {
        return Ok(());
    }
    store::ask(tx, case).await?;
    alarms::clear(tx, alarms::Kind::ContextLate, &case.to_string()).await?;
    queue::revive(tx, &Work::AskContextV1 { case }).await?;
    audit::record(tx, Entry::by_tanod("context.asked").case(case)).await.map(drop)
}

/// Asks the platform what is seen at the addresses that a notice names, where nobody has said so yet. A question that is still to
/// be sent holds them anyway; what waits for an answer waits for this one no longer than it did.
pub async fn ask_where(tx: &mut Tx, case: CaseId, notice: NoticeId) -> Result<()> {
    if store::standing(tx, case).await?.is_some_and(|standing| standing.asks > 0 || standing.state != State::Asked) {
        queue::revive(tx, &Work::AskAddressesV1 { case, notice }).await?;
    }
    Ok(())
}

/// How far the platform has answered about a case; nothing for a case that was opened before it could be asked.
pub async fn standing(tx: &mut Tx, case: CaseId) -> Result<Option<Standing>> {
    store::standing(tx, case).await
}

/// What is known around a case: of each part the newest. For the report's draft.
pub async fn known(tx: &mut Tx, case: CaseId) -> Result<Context> {
    let mut known = Context::default();
    for answer in store::bodies(tx, case).await? {
        known = answer.over(known);
    }
    Ok(known)
}

/// The same of many cases.
pub async fn known_all(tx: &mut Tx, cases: &[CaseId]) -> Result<HashMap<CaseId, Context>> {
    let mut all: HashMap<CaseId, Context> = HashMap::new();
    for (case, answer) in store::bodies_of(tx, cases).await? {
        let known = all.remove(&case).unwrap_or_default();
        all.insert(case, answer.over(known));
    }
    Ok(all)
}

/// How far the platform has answered about many cases.
pub async fn standing_all(tx: &mut Tx, cases: &[CaseId]) -> Result<HashMap<CaseId, Standing>> {
    store::standing_of(tx, cases).await
}

/// All answers, oldest first.
pub async fn versions(tx: &mut Tx, caller: &Caller, case: CaseId) -> Result<Vec<Version>> {
    caller.require(Permission::ReadCases)?;
    answers(tx, case).await
}

/// All answers, oldest first, for the program itself.
pub async fn answers(tx: &mut Tx, case: CaseId) -> Result<Vec<Version>> {
    store::versions(tx, case).await
}

/// Reads what is known around a case. Who reads it is on record: threads are somebody's letters.
pub async fn read(tx: &mut Tx, caller: &Caller, case: CaseId) -> Result<(Context, Recorded)> {
    caller.require(Permission::ReadCases)?;
    let known = known(tx, case).await?;
    let detail = json!({"parts": known.parts()});
    Ok((known, audit::record(tx, Entry::by(caller, "context.read").case(case).detail(detail)).await?))
}

/// An answer, sealed, before a row names it.
pub struct Answer {
    /// As it came, read.
    pub context: Context,
    /// Digest of the body.
    pub sha256: [u8; 32],
    /// The body, sealed.
    pub sealed: Sealed,
}

/// The sealed answers about a case that are kept.
pub async fn kept(tx: &mut Tx, case: CaseId) -> Result<Vec<ContextId>> {
    Ok(store::versions(tx, case).await?.into_iter().map(|version| version.id).collect())
}

/// Whether this very body is the newest answer: then it is not kept twice.
pub async fn is_newest(tx: &mut Tx, case: CaseId, sha256: &[u8; 32]) -> Result<Option<Version>> {
    let newest = store::versions(tx, case).await?.pop();
    Ok(newest.filter(|version| version.sha256 == hex::encode(sha256)))
}

/// Refuses an answer about a case that there is not, or that keeps nothing.
pub async fn wanted(tx: &mut Tx, caller: &Caller, case: CaseId) -> Result<()> {
    caller.require(Permission::WriteContext)?;
    match store::is_dismissed(tx, case).await? {
        None => Err((&review::UNKNOWN_CASE).into()),
        Some(true) => Err((&NOT_WANTED).into()),
        Some(false) => Ok(()),
    }
}

/// Whether a case keeps nothing more: it was closed without a report, or there is none.
pub async fn is_closed(tx: &mut Tx, case: CaseId) -> Result<bool> {
    Ok(store::is_dismissed(tx, case).await?.unwrap_or(true))
}

/// Keeps what we know ourselves beside the platform's answers, sealed as they are: who took part in a stream.
pub async fn note(tx: &mut Tx, case: CaseId, answer: &Answer) -> Result<Recorded> {
    keep(tx, case, answer, "tanod").await.map(|(_, proof)| proof)
}

async fn keep(tx: &mut Tx, case: CaseId, answer: &Answer, by: &str) -> Result<(Version, Recorded)> {
    // Held to the commit: answers about one case are counted one after another.
    store::lock(tx, case).await?;
    let (object, bytes) = answer.sealed.named();
    let version = Version {
        id: tx.id(),
        version: store::versions(tx, case).await?.last().map_or(1, |last| last.version + 1),
        parts: answer.context.parts(),
        sha256: hex::encode(answer.sha256),
        bytes,
        by: by.to_owned(),
        received_at: tx.now(),
    };
    store::insert(tx, case, &version, object, &answer.sha256, &answer.context).await?;
    evidence::keep_key(tx, &answer.sealed).await?;
    let words = answer.context.words();
    review::worklist::remember(tx, case, words.iter().map(|(kind, word)| (*kind, word.as_str()))).await?;
    let detail = json!({"version": version.version, "parts": version.parts, "sha256": version.sha256, "bytes": bytes});
    let entry = Entry { actor: by.to_owned(), ..Entry::by_tanod("context.received") };
    let proof = audit::record(tx, entry.case(case).about(version.id).detail(detail)).await?;
    Ok((version, proof))
}

/// Keeps an answer: sealed under the case's hold, and read for what follows from it.
pub async fn take(tx: &mut Tx, caller: &Caller, case: CaseId, answer: &Answer) -> Result<(Version, Recorded)> {
    wanted(tx, caller, case).await?;
    let (version, proof) = keep(tx, case, answer, &caller.mark()).await?;
    if let Some(account) = answer.context.account.as_ref().filter(|account| account.likely_minor()) {
        involved::mark_likely_minor(tx, case, Some(&account.id)).await?;
    }
    for one in answer.context.related.iter().flatten() {
        let sha256 = one.sha256.as_ref().and_then(|digits| hex::decode(digits).ok());
        addresses::seen_at(tx, one.url.as_slice(), &one.content_id, sha256.as_deref()).await?;
    }
    let state = state_after(tx, case).await?;
    store::set_received(tx, case, state).await?;
    alarms::clear(tx, alarms::Kind::ContextLate, &case.to_string()).await?;
    if state == State::Received {
        over(tx, case).await?;
    }
    Ok((version, proof))
}

/// Everything that was asked for came since it was last asked for, or the platform says that it has no more.
async fn state_after(tx: &mut Tx, case: CaseId) -> Result<State> {
    let known = known(tx, case).await?;
    let parts = known.parts();
    let all = known.complete || Part::ASKED.iter().all(|part| parts.contains(part));
    Ok(if all { State::Received } else { State::Partial })
}

/// Nothing more is waited for: what waited for the context goes on.
async fn over(tx: &mut Tx, case: CaseId) -> Result<()> {
    review::context_came(tx, case).await?;
    actions::look_again(tx, case).await
}

/// Destroys every answer about a case, with the case's evidence: the keys of the sealed ones and what was read of them. The
/// sealed objects, which nothing opens any more, are deleted and tried. Never while a hold stands. Answers how many there were.
pub async fn destroy(tx: &mut Tx, case: CaseId) -> Result<usize> {
    if evidence::is_case_held(tx, case).await? {
        return Err((&evidence::ON_HOLD).into());
    }
    let living = store::living(tx, case).await?;
    store::destroy(tx, case).await?;
    review::worklist::forget(tx, case).await?;
    let count = living.len();
    for (object, sha256, bytes) in living {
        evidence::discard_context(tx, case, object, sha256, bytes).await?;
    }
    Ok(count)
}

/// The very bytes of an answer, as they came.
pub async fn open(tx: &mut Tx, vault: &Vault, id: ContextId) -> Result<Bytes> {
    let object = store::sealed(tx, id).await?.ok_or(&evidence::NOT_KEPT)?;
    let wrapped = evidence::key(tx, object).await?.ok_or(&evidence::NOT_KEPT)?;
    vault.open_as(object, &wrapped, SEALED_AS).await
}
