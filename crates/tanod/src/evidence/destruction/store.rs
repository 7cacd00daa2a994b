//! The SQL of destruction: orders, what was destroyed, and the backups that hold keys.

use jiff::Timestamp;

use super::backups::Backup;
use super::{Destruction, Order, OrderState};
use crate::refusal::Result;
use crate::store::{CaseId, DestructionId, ObjectId, OrderId, Row, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

pub(super) async fn insert_order(tx: &mut Tx, order: &Order) -> Result<()> {
    tx.execute(
        "INSERT INTO destruction_orders
             (id, case_id, item, agency, officer, reference, verified_how, verified_by, received_at, state)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            order.id.into(),
            order.case.into(),
            order.item.into(),
            order.agency.as_str().into(),
            order.officer.as_str().into(),
            order.reference.as_str().into(),
            order.verified_how.as_str().into(),
            order.verified_by.as_str().into(),
            order.received_at.into(),
            as_word(&order.state).into(),
        ],
    )
    .await?;
    Ok(())
}

fn read_order(row: &Row) -> Read<Order> {
    Ok(Order {
        id: row.get("id")?,
        case: row.get("case_id")?,
        item: row.get("item")?,
        agency: row.get("agency")?,
        officer: row.get("officer")?,
        reference: row.get("reference")?,
        verified_how: row.get("verified_how")?,
        verified_by: row.get("verified_by")?,
        received_at: row.get("received_at")?,
        state: row.word("state")?,
    })
}

pub(super) async fn order(tx: &mut Tx, id: OrderId) -> Result<Option<Order>> {
    let row = tx.row("SELECT * FROM destruction_orders WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read_order).transpose()?)
}

pub(super) async fn orders(tx: &mut Tx, case: CaseId) -> Result<Vec<Order>> {
    let rows = tx.rows("SELECT * FROM destruction_orders WHERE case_id = $1 ORDER BY id", &[case.into()]).await?;
    Ok(rows.iter().map(read_order).collect::<Read<_>>()?)
}

pub(super) async fn set_order(tx: &mut Tx, id: OrderId, state: OrderState) -> Result<()> {
    tx.execute("UPDATE destruction_orders SET state = $1 WHERE id = $2", &[as_word(&state).into(), id.into()]).await?;
    Ok(())
}

pub(super) async fn insert_destruction(tx: &mut Tx, what: &Destruction) -> Result<()> {
    tx.execute(
        "INSERT INTO destructions
             (id, object, kind, item, case_id, sha256, bytes, cause, ordered, by_actor, at, keys_gone_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            what.id.into(),
            what.object.into(),
            what.kind.as_str().into(),
            what.item.into(),
            what.case.into(),
            what.sha256.as_deref().into(),
            what.bytes.into(),
            as_word(&what.cause).into(),
            what.order.into(),
            what.by.as_str().into(),
            what.at.into(),
            what.keys_gone_at.into(),
        ],
    )
    .await?;
    Ok(())
}

fn read_destruction(row: &Row) -> Read<Destruction> {
    Ok(Destruction {
        id: row.get("id")?,
        object: row.get("object")?,
        kind: row.get("kind")?,
        item: row.get("item")?,
        case: row.get("case_id")?,
        sha256: row.get("sha256")?,
        bytes: row.get("bytes")?,
        cause: row.word("cause")?,
        order: row.get("ordered")?,
        by: row.get("by_actor")?,
        at: row.get("at")?,
        keys_gone_at: row.get("keys_gone_at")?,
        verified_at: row.get("verified_at")?,
        certificate: row.get("certificate")?,
    })
}

pub(super) async fn destruction(tx: &mut Tx, id: DestructionId) -> Result<Option<Destruction>> {
    let row = tx.row("SELECT * FROM destructions WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read_destruction).transpose()?)
}

pub(super) async fn destructions(tx: &mut Tx, case: CaseId) -> Result<Vec<Destruction>> {
    let rows = tx.rows("SELECT * FROM destructions WHERE case_id = $1 ORDER BY id", &[case.into()]).await?;
    Ok(rows.iter().map(read_destruction).collect::<Read<_>>()?)
}

pub(super) async fn set_verified(
    tx: &mut Tx,
    id: DestructionId,
    at: Timestamp,
    keys_gone_at: Timestamp,
    certificate: &str,
) -> Result<()> {
    tx.execute(
        "UPDATE destructions SET verified_at = $1, keys_gone_at = $2, certificate = $3 WHERE id = $4",
        &[at.into(), keys_gone_at.into(), certificate.into(), id.into()],
    )
    .await?;
    Ok(())
}

/// When the last backup that holds keys is gone.
pub(super) async fn last_backup_ends(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let row = tx.row("SELECT MAX(keys_until) AS ends FROM backups", &[]).await?;
    Ok(row.map(|row| row.get::<Option<Timestamp>>("ends")).transpose()?.flatten())
}

pub(super) async fn insert_backup(tx: &mut Tx, backup: &Backup) -> Result<()> {
    tx.execute(
        "INSERT INTO backups (id, made_at, keys_until) VALUES ($1, $2, $3)",
        &[backup.id.into(), backup.made_at.into(), backup.keys_until.into()],
    )
    .await?;
    Ok(())
}

/// Whatever the object was, its row says that it is gone.
pub(super) async fn mark_object_destroyed(tx: &mut Tx, object: ObjectId) -> Result<()> {
    let (now, args) = (tx.now(), |now: Timestamp| [now.into(), object.into()]);
    tx.execute("UPDATE exhibits SET destroyed_at = $1 WHERE object = $2", &args(now)).await?;
    tx.execute("UPDATE contexts SET destroyed_at = $1, body = NULL WHERE object = $2", &args(now)).await?;
    Ok(())
}

/// Everything personal in the rows of a case beside its reports, a statement a table. What stays: that something was decided, reported under which
/// number, kept and destroyed, and by which staff number.
const PERSONAL: [&str; 12] = [
    "UPDATE involved SET account = NULL, facts = 'null' WHERE case_id = $1",
    "UPDATE decisions SET reason = '', particulars = '{}',
         approver_reason = CASE WHEN approver_reason IS NULL THEN NULL ELSE '' END,
         undone_because = CASE WHEN undone_because IS NULL THEN NULL ELSE '' END WHERE case_id = $1",
    "UPDATE cases SET account = NULL WHERE id = $1",
    "DELETE FROM gatherings WHERE case_id = $1",
    "UPDATE case_notes SET words = '' WHERE case_id = $1",
    "UPDATE telephone_calls SET telephone = '', words = '' WHERE case_id = $1",
    // What somebody named as their own picture stays named: its hash is not passed on afterwards either (HR-11).
    "UPDATE notices SET words = '', thread = NULL, account = NULL, urls = '[]', contact = NULL, reporter = NULL,
         content_ids = CASE WHEN reason = 'own_picture' THEN content_ids ELSE '[]' END WHERE case_id = $1",
    "DELETE FROM stream_events WHERE stream IN (SELECT id FROM streams WHERE case_id = $1)",
    "UPDATE streams SET account = NULL, address = NULL, port = NULL, urls = '[]', source = NULL,
         content_id = CASE WHEN state = 'ended' THEN '' ELSE content_id END WHERE case_id = $1",
    "UPDATE actions SET target = '{}', reason = '', note = NULL WHERE case_id = $1",
    "UPDATE deliveries SET body = '{}', answer = NULL WHERE case_id = $1 AND next_at IS NULL",
    // The leaf keeps its commitment, which proves nothing about what it was once the salt is gone.
    "UPDATE audit SET salt = NULL, detail = NULL WHERE case_id = $1 AND detail IS NOT NULL AND
         (kind LIKE 'action.%' OR kind LIKE 'case.%' OR kind LIKE 'context.%' OR kind LIKE 'correction.%'
          OR kind LIKE 'danger.%' OR kind LIKE 'decision.%' OR kind LIKE 'file.%' OR kind LIKE 'involved.%'
          OR kind LIKE 'notice.%' OR kind LIKE 'report.edit%' OR kind LIKE 'signal.%' OR kind LIKE 'viewing.%')",
];

/// Takes everything personal out of the rows of a case. Answers how many rows that were.
pub(super) async fn wipe(tx: &mut Tx, case: CaseId, believed: Timestamp) -> Result<u64> {
    let mut rows = 0;
    for statement in PERSONAL {
        rows += tx.execute(statement, &[case.into()]).await?;
    }
    // An upload that another case holds keeps what is known of it until that case lets go.
    rows += tx
        .execute(
            "UPDATE items SET facts = NULL WHERE facts IS NOT NULL AND id IN (SELECT item FROM signals WHERE case_id = $1)
             AND NOT EXISTS (SELECT 1 FROM signals AS other JOIN holds ON holds.case_id = other.case_id
                             WHERE other.item = items.id AND released_at IS NULL
                               AND (until_at IS NULL OR until_at > $2))",
            &[case.into(), believed.into()],
        )
        .await?;
    let now = tx.now();
    tx.execute("UPDATE cases SET wiped_at = $1 WHERE id = $2", &[now.into(), case.into()]).await?;
    Ok(rows)
}

/// Whether something of a case was written since it was wiped, or it never was.
pub(super) async fn is_unwiped(tx: &mut Tx, case: CaseId) -> Result<bool> {
    let row = tx
        .row(
            "SELECT id FROM cases WHERE id = $1 AND
                 (wiped_at IS NULL OR wiped_at < (SELECT MAX(starts_at) FROM holds WHERE case_id = $1))",
            &[case.into()],
        )
        .await?;
    Ok(row.is_some())
}
