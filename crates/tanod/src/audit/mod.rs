//! The record: every change, every look and every export leaves an entry, in the same transaction.
//!
//! The ledger commits to a leaf that names kind, time and opaque ids and holds a salted hash of the detail. Salt and
//! detail live beside it and can be destroyed; proofs stay valid.

pub mod api;
mod custody;
mod jobs;
mod log;
pub mod pages;
mod stamps;
mod store;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::accounts::Caller;
use crate::refusal::Result;
use crate::store::{AuditId, CaseId, Recorded, Tx};

pub use custody::{Custody, Proof, custody};
pub use jobs::watch_stamps;
pub use log::*;
pub use stamps::{Authority, Kept, Settings as StampSettings, kept as kept_stamps, verify_stamps};

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
    store::insert(tx, &store::row(id, &entry, tx.now(), &salt, &detail, &leaf)).await?;
    Ok(Recorded::by_audit())
}

/// Writes entries of one kind of work about many things.
pub async fn record_all(tx: &mut Tx, entries: &[Entry]) -> Result<()> {
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let (id, salt): (AuditId, [u8; 16]) = (tx.id(), tx.random().bytes());
        let detail = entry.detail.to_string();
        let leaf = leaf(id, entry, tx.now(), &salt, &detail);
        rows.push(store::row(id, entry, tx.now(), &salt, &detail, &leaf));
    }
    store::insert_all(tx, &rows).await
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

/// Which entries are sought; what is left open is any.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    /// Of which case.
    pub case: Option<CaseId>,
    /// About which opaque id.
    pub subject: Option<String>,
    /// By whom, as the record marks them: `staff 7`, a key, `operator`, `tanod`.
    pub actor: Option<String>,
    /// Of which kind: `report.finished`, or all of `report`.
    pub kind: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// Entries that are sought, newest first, before a given one.
pub async fn search(tx: &mut Tx, sought: &Sought, before: Option<AuditId>, limit: i64) -> Result<Vec<Written>> {
    store::search(tx, sought, before, limit).await
}

/// How many entries the newest checkpoint vouches for.
pub async fn promised(tx: &mut Tx) -> Result<i64> {
    Ok(store::tree(tx).await?.1)
}

/// Entries of the record, newest first, before a given one.
pub async fn page(tx: &mut Tx, before: Option<AuditId>, case: Option<CaseId>, limit: i64) -> Result<Vec<Written>> {
    store::page(tx, before, case, limit).await
}
