//! The record: every change, every look and every export leaves an entry, in the same transaction.
//!
//! The ledger commits to a leaf that names kind, time and opaque ids and holds a salted hash of the detail. Salt and
//! detail live beside it and can be destroyed; proofs stay valid.

pub mod api;
mod store;

use jiff::Timestamp;
use ledger::{Checkpoint, Frontier, Signer};
use sha2::{Digest, Sha256};

use crate::accounts::Caller;
use crate::refusal::{Error, Result};
use crate::store::{AuditId, CaseId, Recorded, Tx};

/// Something that happened, before it is written.
#[derive(Debug)]
pub struct Entry {
    /// What, as `noun.verb`.
    pub kind: &'static str,
    /// Who: a staff number, a key, or a role of the program. Never a name.
    pub actor: String,
    /// In which case, if any.
    pub case: Option<CaseId>,
    /// About what: an opaque id.
    pub subject: Option<String>,
    /// The particulars, which the leaf only commits to.
    pub detail: serde_json::Value,
}

impl Entry {
    /// Something that a caller did.
    pub fn by(caller: &Caller, kind: &'static str) -> Self {
        Self { kind, actor: caller.mark(), case: None, subject: None, detail: serde_json::Value::Null }
    }

    /// Something that the program did by itself.
    pub fn by_tanod(kind: &'static str) -> Self {
        Self { kind, actor: "tanod".to_owned(), case: None, subject: None, detail: serde_json::Value::Null }
    }

    /// In this case.
    #[must_use]
    pub fn case(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }

    /// About this.
    #[must_use]
    pub fn about(mut self, subject: impl Copy + std::fmt::Display) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// With these particulars.
    #[must_use]
    pub fn detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail;
        self
    }
}

/// An entry as it stands in the record.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Written {
    /// Its id.
    pub id: AuditId,
    /// What happened.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// In which case.
    pub case: Option<CaseId>,
    /// About what.
    pub subject: Option<String>,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The particulars, unless they were destroyed.
    pub detail: serde_json::Value,
    /// Its place in the ledger, once it has one.
    pub position: Option<i64>,
}

/// Writes an entry. What it returns lets the transaction be committed.
pub async fn record(tx: &mut Tx, entry: Entry) -> Result<Recorded> {
    let id: AuditId = tx.id();
    let salt: [u8; 16] = tx.random().bytes();
    let detail = entry.detail.to_string();
    let leaf = leaf(id, &entry, tx.now(), &salt, &detail);
    store::insert(tx, id, &entry, &salt, &detail, &leaf).await?;
    Ok(Recorded::by_audit())
}

/// The bytes that the ledger commits to: one line a field, so that anyone can read and re-make them.
fn leaf(id: AuditId, entry: &Entry, at: Timestamp, salt: &[u8; 16], detail: &str) -> Vec<u8> {
    let commitment = Sha256::new().chain_update(salt).chain_update(detail.as_bytes()).finalize();
    format!(
        "tanod-audit-v1\nid {id}\nat {at}\nkind {}\nactor {}\ncase {}\nsubject {}\ndetail {}\n",
        entry.kind,
        entry.actor,
        entry.case.map_or_else(|| "-".to_owned(), |case| case.to_string()),
        entry.subject.as_deref().unwrap_or("-").replace('\n', " "),
        hex::encode(commitment),
    )
    .into_bytes()
}

/// Gives committed entries their places and signs the new root. Returns how many were placed.
///
/// Places are given here, by one process at a time, and not at the insert: a number taken inside a transaction could
/// become visible out of order.
pub async fn sequence(tx: &mut Tx, signer: &Signer) -> Result<u64> {
    if store::count_unplaced(tx).await? == 0 {
        return Ok(0);
    }
    // Held to the commit: whoever else gives places waits here, and then sees ours.
    tx.next_number("ledger").await?;
    let waiting = store::unplaced(tx, 5_000).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let mut frontier = match store::last_checkpoint(tx).await? {
        Some(last) => last.frontier()?,
        None => Frontier::default(),
    };
    let mut placed = 0;
    for (id, leaf) in waiting {
        let position =
            i64::try_from(frontier.size()).map_err(|error| Error::internal("numbering the ledger", error))?;
        store::place(tx, id, position).await?;
        frontier.append(ledger::leaf_hash(&leaf));
        placed += 1;
    }
    let checkpoint = Checkpoint { origin: signer.name().to_owned(), size: frontier.size(), root: frontier.root() };
    let note = signer.sign(&checkpoint);
    store::insert_checkpoint(tx, &frontier, &note).await?;
    Ok(placed)
}

/// What `ledger verify` found.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Verified {
    /// How many entries have a place.
    pub size: u64,
    /// The root over all of them, in hexadecimal.
    pub root: String,
    /// How many signed checkpoints agree with it.
    pub checkpoints: usize,
    /// How many entries still wait for a place.
    pub waiting: u64,
}

/// Re-derives the whole ledger from its entries: every leaf from its fields, every checkpoint from the leaves.
/// Answers the fault in words when something does not fit.
pub async fn verify(tx: &mut Tx, vkey: &str) -> Result<std::result::Result<Verified, String>> {
    let verifier = ledger::Verifier::parse(vkey).map_err(|error| Error::internal("reading the ledger's key", error))?;
    let notes = store::checkpoints(tx).await?;
    let mut notes = notes.into_iter().peekable();
    let mut frontier = Frontier::default();
    let mut agreed = 0;
    let mut next = 0_i64;
    loop {
        let rows = store::placed_from(tx, next, 2_000).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if row.position != next {
                return Ok(Err(format!("entry {next} is missing: the next one has place {}", row.position)));
            }
            if let Some(fault) = row.fault() {
                return Ok(Err(format!("entry {next} {fault}")));
            }
            frontier.append(ledger::leaf_hash(&row.leaf));
            next += 1;
            while let Some((size, note)) = notes.next_if(|(size, _)| *size <= next) {
                if size < next {
                    return Ok(Err(format!("the checkpoint of size {size} is out of order")));
                }
                match verifier.open(&note) {
                    Ok(checkpoint) if checkpoint.size == frontier.size() && checkpoint.root == frontier.root() => {
                        agreed += 1;
                    }
                    Ok(_) => {
                        return Ok(Err(format!("the checkpoint of size {size} has another root than its entries")));
                    }
                    Err(error) => {
                        return Ok(Err(format!("the checkpoint of size {size} is not signed by us: {error}")));
                    }
                }
            }
        }
    }
    if let Some((size, _)) = notes.next() {
        return Ok(Err(format!("a checkpoint promises {size} entries, and there are {next}")));
    }
    if agreed == 0 && next > 0 {
        return Ok(Err("entries have places, and no checkpoint vouches for them".to_owned()));
    }
    Ok(Ok(Verified {
        size: frontier.size(),
        root: hex::encode(frontier.root()),
        checkpoints: agreed,
        waiting: store::count_unplaced(tx).await?,
    }))
}

/// All leaves in order and all checkpoints, for an export that anyone can verify.
pub async fn export(tx: &mut Tx) -> Result<(Vec<Vec<u8>>, Vec<String>)> {
    let mut leaves = Vec::new();
    let mut next = 0_i64;
    loop {
        let rows = store::placed_from(tx, next, 2_000).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            next = row.position + 1;
            leaves.push(row.leaf);
        }
    }
    Ok((leaves, store::checkpoints(tx).await?.into_iter().map(|(_, note)| note).collect()))
}

/// Entries of the record, newest first, before a given one.
pub async fn page(tx: &mut Tx, before: Option<AuditId>, case: Option<CaseId>, limit: i64) -> Result<Vec<Written>> {
    store::page(tx, before, case, limit).await
}

/// The newest checkpoint.
pub async fn newest_checkpoint(tx: &mut Tx) -> Result<Option<String>> {
    store::newest_note(tx).await
}
