//! What lies around a case: accounts that share something with it, reports that were made before, and what people noted.

pub mod api;
mod store;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::State;
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::Result;
use crate::store::{CaseId, NoteId, PersonId, Recorded, Tx};
use crate::web::BAD_BODY;

/// What two cases share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shared {
    /// A device.
    Device,
    /// What was paid with in a stream, or the payment itself.
    Payment,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Telephone,
    /// A link under which something was passed on.
    Link,
    /// The very same file.
    File,
    /// An IP address. Many people can be behind one.
    Address,
}

impl Shared {
    /// By its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Payment => "payment",
            Self::Email => "email",
            Self::Telephone => "telephone",
            Self::Link => "link",
            Self::File => "file",
            Self::Address => "address",
        }
    }

    /// All of them, what says most first.
    pub const ALL: [Self; 7] =
        [Self::Device, Self::Payment, Self::Email, Self::Telephone, Self::Link, Self::File, Self::Address];
}

/// A case that shares something with another. It says nothing about anybody's guilt: files spread, and addresses are shared.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Linked {
    /// Which.
    pub case: CaseId,
    /// Its number.
    pub number: i64,
    /// Whose.
    pub account: Option<String>,
    /// Where it stands.
    pub state: State,
    /// What is shared, and how many different ones of it.
    pub shares: BTreeMap<Shared, i64>,
}

/// Cases that share something with one.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Links {
    /// Those that share most kinds of things, first; at most twenty.
    pub cases: Vec<Linked>,
    /// How many there are.
    pub all: usize,
    /// Whether it was counted no further: something is shared by very many.
    pub at_least: bool,
}

/// So many are shown.
const SHOWN: usize = 20;
/// So many shared things of one sort are counted.
const COUNTED: i64 = 2_000;

/// Cases that share something with this one.
pub async fn links(tx: &mut Tx, caller: &Caller, case: CaseId) -> Result<Links> {
    caller.require(Permission::ReadCases)?;
    let words = store::shared_words(tx, case, COUNTED).await?;
    let files = store::shared_files(tx, case, COUNTED).await?;
    let counted = |n: i64| n >= COUNTED;
    let at_least = counted(words.iter().map(|one| one.n).sum()) || counted(files.iter().map(|one| one.n).sum());
    let mut by_case: BTreeMap<CaseId, BTreeMap<Shared, i64>> = BTreeMap::new();
    for one in words.into_iter().chain(files) {
        by_case.entry(one.case).or_default().insert(one.what, one.n);
    }
    let all = by_case.len();
    let mut order: Vec<(CaseId, BTreeMap<Shared, i64>)> = by_case.into_iter().collect();
    // A shared device says more than a shared address: the order of the kinds is the order of what they say.
    order.sort_by_key(|(case, shares)| (std::cmp::Reverse(shares.len()), shares.keys().next().copied(), *case));
    order.truncate(SHOWN);
    let ids: Vec<CaseId> = order.iter().map(|(case, _)| *case).collect();
    let cases = store::named(tx, &ids).await?;
    let linked = |(case, shares)| {
        let (number, account, state) = cases.get(&case)?.clone();
        Some(Linked { case, number, account, state, shares })
    };
    Ok(Links { cases: order.into_iter().filter_map(linked).collect(), all, at_least })
}

/// An earlier case of the same account.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Earlier {
    /// Which.
    pub case: CaseId,
    /// Its number.
    pub number: i64,
    /// Where it stands.
    pub state: State,
    /// When it became known.
    #[schema(value_type = String)]
    pub knowledge_at: Timestamp,
    /// The numbers of its reports, where they were filed.
    pub reports: Vec<i64>,
}

/// Earlier cases of the account of this one, newest first.
pub async fn earlier(tx: &mut Tx, caller: &Caller, case: CaseId, account: Option<&str>) -> Result<Vec<Earlier>> {
    caller.require(Permission::ReadCases)?;
    let Some(account) = account else { return Ok(Vec::new()) };
    store::earlier(tx, case, account).await
}

/// What somebody noted on a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Note {
    /// Its id.
    pub id: NoteId,
    /// Who.
    pub by: PersonId,
    /// What, in their words.
    pub words: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
}

/// Notes something on a case. A note is never changed and never taken back; the record says that it was made, not what it says.
pub async fn note(tx: &mut Tx, caller: &Caller, case: CaseId, words: &str) -> Result<(Note, Recorded)> {
    caller.require(Permission::DecideCases)?;
    super::find(tx, caller, case).await.map(drop)?;
    let words = words.trim();
    if words.is_empty() || words.chars().count() > 4_000 {
        return Err(BAD_BODY.because("a note has 1 to 4000 characters"));
    }
    let note = Note { id: tx.id(), by: caller.person()?, words: words.to_owned(), at: tx.now() };
    store::insert_note(tx, case, &note).await?;
    let proof = audit::record(tx, Entry::by(caller, "case.noted").case(case).about(note.id)).await?;
    Ok((note, proof))
}

/// What was noted on a case, oldest first.
pub async fn notes(tx: &mut Tx, caller: &Caller, case: CaseId) -> Result<Vec<Note>> {
    caller.require(Permission::ReadCases)?;
    store::notes(tx, case).await
}
