//! The SQL of the record.

use jiff::Timestamp;
use ledger::Frontier;
use sha2::{Digest, Sha256};

use super::{Entry, Sought, Written};
use crate::refusal::{Error, Result};
use crate::store::{Arg, AuditId, CaseId, Row, StoreError, Tx};

/// An entry as its columns stand in the table.
pub(super) fn row(id: AuditId, entry: &Entry, at: Timestamp, salt: &[u8], detail: &str, leaf: &[u8]) -> Vec<Arg> {
    vec![
        id.into(),
        entry.kind.into(),
        entry.actor.as_str().into(),
        entry.case.into(),
        entry.subject.as_deref().into(),
        at.into(),
        salt.into(),
        detail.into(),
        leaf.into(),
    ]
}

pub(super) async fn insert(tx: &mut Tx, row: &[Arg]) -> Result<()> {
    tx.execute(
        "INSERT INTO audit (id, kind, actor, case_id, subject, at, salt, detail, leaf)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        row,
    )
    .await?;
    Ok(())
}

pub(super) async fn any_unplaced(tx: &mut Tx) -> Result<bool> {
    Ok(tx.row("SELECT id FROM audit WHERE position IS NULL LIMIT 1", &[]).await?.is_some())
}

pub(super) async fn insert_all(tx: &mut Tx, rows: &[Vec<Arg>]) -> Result<()> {
    let sql = "INSERT INTO audit (id, kind, actor, case_id, subject, at, salt, detail, leaf) VALUES ROWS";
    Ok(tx.write_rows(sql, rows).await?)
}

pub(super) async fn count_unplaced(tx: &mut Tx) -> Result<u64> {
    let row = tx.row("SELECT COUNT(*) AS n FROM audit WHERE position IS NULL", &[]).await?;
    Ok(row.map(|row| row.get::<i64>("n")).transpose()?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// Gives the oldest entries without a place the next ones.
pub(super) async fn place(tx: &mut Tx, first: i64, most: i64) -> Result<u64> {
    let placed = tx
        .execute(
            "UPDATE audit SET position = n.place FROM (
                 SELECT id AS waiting, $1 - 1 + ROW_NUMBER() OVER (ORDER BY id) AS place
                 FROM (SELECT id FROM audit WHERE position IS NULL ORDER BY id LIMIT $2) AS oldest
             ) AS n WHERE audit.id = n.waiting",
            &[first.into(), most.into()],
        )
        .await?;
    Ok(placed)
}

/// The place after the last one given.
pub(super) async fn next_place(tx: &mut Tx) -> Result<i64> {
    let row = tx.row("SELECT COALESCE(MAX(position) + 1, 0) AS n FROM audit", &[]).await?;
    Ok(row.map(|row| row.get("n")).transpose()?.unwrap_or(0))
}

/// Leaves in order, from a place on.
pub(super) async fn leaves(tx: &mut Tx, from: i64, most: i64) -> Result<Vec<(i64, Vec<u8>)>> {
    let rows = tx
        .rows(
            "SELECT position, leaf FROM audit WHERE position >= $1 ORDER BY position LIMIT $2",
            &[from.into(), most.into()],
        )
        .await?;
    let leaf = |row: &Row| Ok::<_, StoreError>((row.get("position")?, row.get("leaf")?));
    Ok(rows.iter().map(leaf).collect::<std::result::Result<_, _>>()?)
}

/// Where an entry stands.
pub(super) async fn position(tx: &mut Tx, id: AuditId) -> Result<Option<i64>> {
    let row = tx.row("SELECT position FROM audit WHERE id = $1", &[id.into()]).await?;
    Ok(row.map(|row| row.get::<Option<i64>>("position")).transpose()?.flatten())
}

fn frontier(size: i64, bytes: &[u8]) -> Result<Frontier> {
    let hashes = bytes.as_chunks::<32>().0.to_vec();
    Frontier::from_parts(u64::try_from(size).unwrap_or(0), hashes)
        .map_err(|error| Error::internal("reading the ledger's frontier", error))
}

/// The tree over the entries that were hashed into it, and how many of them a checkpoint promises.
pub(super) async fn tree(tx: &mut Tx) -> Result<(Frontier, i64)> {
    match tx.row("SELECT size, frontier, promised FROM tree", &[]).await? {
        Some(row) => Ok((frontier(row.get("size")?, &row.get::<Vec<u8>>("frontier")?)?, row.get("promised")?)),
        None => Err(StoreError::Unreadable("tree".to_owned()).into()),
    }
}

pub(super) async fn set_tree(tx: &mut Tx, tree: &Frontier) -> Result<()> {
    let hashes = tree.hashes().concat();
    tx.execute("UPDATE tree SET size = $1, frontier = $2", &[number(tree.size())?.into(), hashes.into()]).await?;
    Ok(())
}

/// The tree that a checkpoint of this size promised.
pub(super) async fn tree_at(tx: &mut Tx, size: u64) -> Result<Option<Frontier>> {
    let row = tx.row("SELECT size, frontier FROM checkpoints WHERE size = $1", &[number(size)?.into()]).await?;
    row.map(|row| frontier(row.get("size")?, &row.get::<Vec<u8>>("frontier")?)).transpose()
}

fn number(size: u64) -> Result<i64> {
    i64::try_from(size).map_err(|error| Error::internal("numbering the ledger", error))
}

pub(super) async fn insert_checkpoint(tx: &mut Tx, frontier: &Frontier, note: &str) -> Result<()> {
    let (now, size) = (tx.now(), number(frontier.size())?);
    tx.execute(
        "INSERT INTO checkpoints (size, note, frontier, at) VALUES ($1, $2, $3, $4)",
        &[size.into(), note.into(), frontier.hashes().concat().into(), now.into()],
    )
    .await?;
    tx.execute("UPDATE tree SET promised = $1", &[size.into()]).await?;
    Ok(())
}

/// Puts a note with one more signature in the place of the one it was.
pub(super) async fn set_note(tx: &mut Tx, size: u64, note: &str) -> Result<()> {
    tx.execute("UPDATE checkpoints SET note = $1 WHERE size = $2", &[note.into(), number(size)?.into()]).await?;
    Ok(())
}

pub(super) async fn checkpoints(tx: &mut Tx) -> Result<Vec<(i64, String)>> {
    let rows = tx.rows("SELECT size, note FROM checkpoints ORDER BY size", &[]).await?;
    Ok(rows
        .iter()
        .map(|row| Ok((row.get("size")?, row.get("note")?)))
        .collect::<std::result::Result<_, StoreError>>()?)
}

pub(super) struct Placed {
    pub(super) position: i64,
    pub(super) leaf: Vec<u8>,
    id: AuditId,
    entry: (String, String, Option<CaseId>, Option<String>),
    at: Timestamp,
    salt: Option<Vec<u8>>,
    detail: Option<String>,
}

impl Placed {
    /// What does not fit between the leaf and the fields beside it.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let (kind, actor, case, subject) = &self.entry;
        let text = String::from_utf8_lossy(&self.leaf);
        let head = format!(
            "tanod-audit-v1\nid {}\nat {}\nkind {kind}\nactor {actor}\ncase {}\nsubject {}\ndetail ",
            self.id,
            self.at,
            case.map_or_else(|| "-".to_owned(), |case| case.to_string()),
            subject.as_deref().unwrap_or("-").replace('\n', " "),
        );
        let Some(commitment) = text.strip_prefix(&head) else {
            return Some("was altered: its fields are not those of its leaf");
        };
        // Salt and detail may have been destroyed; then the commitment stands alone.
        if let (Some(salt), Some(detail)) = (&self.salt, &self.detail) {
            let expected = hex::encode(Sha256::new().chain_update(salt).chain_update(detail.as_bytes()).finalize());
            if commitment.trim_end() != expected {
                return Some("was altered: its particulars are not those it committed to");
            }
        }
        None
    }
}

pub(super) async fn placed_from(tx: &mut Tx, position: i64, limit: i64) -> Result<Vec<Placed>> {
    let rows = tx
        .rows(
            "SELECT id, kind, actor, case_id, subject, at, salt, detail, leaf, position
             FROM audit WHERE position >= $1 ORDER BY position LIMIT $2",
            &[position.into(), limit.into()],
        )
        .await?;
    let placed = |row: &Row| {
        Ok(Placed {
            position: row.get("position")?,
            leaf: row.get("leaf")?,
            id: row.get("id")?,
            entry: (row.get("kind")?, row.get("actor")?, row.get("case_id")?, row.get("subject")?),
            at: row.get("at")?,
            salt: row.get("salt")?,
            detail: row.get("detail")?,
        })
    };
    Ok(rows.iter().map(placed).collect::<std::result::Result<_, StoreError>>()?)
}

pub(super) async fn page(
    tx: &mut Tx,
    before: Option<AuditId>,
    case: Option<CaseId>,
    limit: i64,
) -> Result<Vec<Written>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    let rows = match case {
        None => {
            tx.rows("SELECT * FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2", &[before.into(), limit.into()])
                .await?
        }
        Some(case) => {
            tx.rows(
                "SELECT * FROM audit WHERE id < $1 AND case_id = $3 ORDER BY id DESC LIMIT $2",
                &[before.into(), limit.into(), case.into()],
            )
            .await?
        }
    };
    Ok(rows.iter().map(written).collect::<std::result::Result<_, StoreError>>()?)
}

fn written(row: &Row) -> std::result::Result<Written, StoreError> {
    let detail: Option<String> = row.get("detail")?;
    Ok(Written {
        id: row.get("id")?,
        kind: row.get("kind")?,
        actor: row.get("actor")?,
        case: row.get("case_id")?,
        subject: row.get("subject")?,
        at: row.get("at")?,
        detail: detail.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        position: row.get("position")?,
    })
}

pub(super) async fn search(tx: &mut Tx, sought: &Sought, before: Option<AuditId>, limit: i64) -> Result<Vec<Written>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    // A noun stands for all that happens to it.
    let of_noun = sought.kind.as_ref().map(|kind| format!("{kind}."));
    let rows = tx
        .rows(
            "SELECT * FROM audit
             WHERE id < $1 AND ($3 IS NULL OR case_id = $3) AND ($4 IS NULL OR subject = $4)
               AND ($5 IS NULL OR actor = $5) AND ($6 IS NULL OR kind = $6 OR substr(kind, 1, length($7)) = $7)
               AND ($8 IS NULL OR at >= $8) AND ($9 IS NULL OR at < $9)
             ORDER BY id DESC LIMIT $2",
            &[
                before.into(),
                limit.into(),
                sought.case.into(),
                sought.subject.as_deref().into(),
                sought.actor.as_deref().into(),
                sought.kind.as_deref().into(),
                of_noun.as_deref().into(),
                sought.from.into(),
                sought.until.into(),
            ],
        )
        .await?;
    Ok(rows.iter().map(written).collect::<std::result::Result<_, StoreError>>()?)
}

/// The newest checkpoint of at most this size.
pub(super) async fn note(tx: &mut Tx, most: Option<u64>) -> Result<Option<String>> {
    let most = most.map_or(Ok(i64::MAX), number)?;
    let row =
        tx.row("SELECT note FROM checkpoints WHERE size <= $1 ORDER BY size DESC LIMIT 1", &[most.into()]).await?;
    Ok(row.map(|row| row.get("note")).transpose()?)
}

/// The newest checkpoint, with its size.
pub(super) async fn newest_note(tx: &mut Tx) -> Result<Option<(i64, String)>> {
    let row = tx.row("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1", &[]).await?;
    Ok(row.map(|row| Ok::<_, StoreError>((row.get("size")?, row.get("note")?))).transpose()?)
}

/// Over how many entries the newest time stamp is, and when it was made.
pub(super) async fn newest_stamp(tx: &mut Tx) -> Result<Option<(i64, Timestamp)>> {
    let row = tx.row("SELECT size, stamped_at FROM time_stamps ORDER BY size DESC LIMIT 1", &[]).await?;
    Ok(row.map(|row| Ok::<_, StoreError>((row.get("size")?, row.get("stamped_at")?))).transpose()?)
}

/// Whether a report was filed between these places.
pub(super) async fn reported_since(tx: &mut Tx, from: i64, to: i64) -> Result<bool> {
    let row = tx
        .row(
            "SELECT id FROM audit WHERE position >= $1 AND position < $2
             AND kind IN ('report.finished', 'report.filed_elsewhere') LIMIT 1",
            &[from.into(), to.into()],
        )
        .await?;
    Ok(row.is_some())
}

/// Keeps a time stamp; two processes that asked at once keep one.
pub(super) async fn insert_stamp(
    tx: &mut Tx,
    size: i64,
    authority: &str,
    response: &[u8],
    stamped_at: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO time_stamps (size, authority, response, stamped_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (size, authority) DO NOTHING",
        &[size.into(), authority.into(), response.into(), stamped_at.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn stamps(tx: &mut Tx) -> Result<Vec<super::Kept>> {
    let rows = tx
        .rows(
            "SELECT time_stamps.size AS size, authority, response, note FROM time_stamps
             JOIN checkpoints ON checkpoints.size = time_stamps.size ORDER BY time_stamps.size, authority",
            &[],
        )
        .await?;
    let kept = |row: &Row| {
        Ok(super::Kept {
            size: row.get("size")?,
            authority: row.get("authority")?,
            response: row.get("response")?,
            note: row.get("note")?,
        })
    };
    Ok(rows.iter().map(kept).collect::<std::result::Result<_, StoreError>>()?)
}
