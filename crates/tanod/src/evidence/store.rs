//! The SQL of exhibits, holds and views.

use jiff::Timestamp;

use super::{Basis, Exhibit, Hold, Purpose, Sealed, View};
use crate::refusal::Result;
use crate::store::{
    CaseId, ExhibitId, HoldId, ItemId, ObjectId, PersonId, ReportId, Row, StoreError, Tx, ViewId, as_word,
};

type Read<T> = std::result::Result<T, StoreError>;

pub(super) async fn insert_exhibit(
    tx: &mut Tx,
    id: ExhibitId,
    item: ItemId,
    sealed: &Sealed,
    file_name: Option<&str>,
    expires_at: Option<Timestamp>,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO exhibits (id, item, object, wrapped_key, file_name, bytes, sealed_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id.into(),
            item.into(),
            sealed.object.into(),
            sealed.wrapped_key.as_slice().into(),
            file_name.into(),
            sealed.bytes.into(),
            now.into(),
            expires_at.into(),
        ],
    )
    .await?;
    Ok(())
}

fn read_exhibit(row: &Row) -> Read<Exhibit> {
    Ok(Exhibit {
        id: row.get("id")?,
        item: row.get("item")?,
        object: row.get("object")?,
        wrapped_key: row.get("wrapped_key")?,
        file_name: row.get("file_name")?,
        bytes: row.get("bytes")?,
        sealed_at: row.get("sealed_at")?,
    })
}

pub(super) async fn exhibit(tx: &mut Tx, item: ItemId) -> Result<Option<Exhibit>> {
    let row = tx.row("SELECT * FROM exhibits WHERE item = $1 AND destroyed_at IS NULL", &[item.into()]).await?;
    Ok(row.as_ref().map(read_exhibit).transpose()?)
}

pub(super) async fn expired(tx: &mut Tx, item: ItemId, now: Timestamp) -> Result<Option<Exhibit>> {
    let row = tx
        .row(
            "SELECT * FROM exhibits WHERE item = $1 AND destroyed_at IS NULL AND expires_at <= $2",
            &[item.into(), now.into()],
        )
        .await?;
    Ok(row.as_ref().map(read_exhibit).transpose()?)
}

pub(super) async fn set_expiry(tx: &mut Tx, item: ItemId, at: Option<Timestamp>) -> Result<()> {
    tx.execute("UPDATE exhibits SET expires_at = $1 WHERE item = $2", &[at.into(), item.into()]).await?;
    Ok(())
}

pub(super) async fn destroy_key(tx: &mut Tx, id: ExhibitId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE exhibits SET wrapped_key = NULL, destroyed_at = $1 WHERE id = $2", &[now.into(), id.into()])
        .await?;
    Ok(())
}

pub(super) async fn names(tx: &mut Tx, object: ObjectId) -> Result<bool> {
    let row = tx
        .row(
            "SELECT id FROM exhibits WHERE object = $1 AND destroyed_at IS NULL
             UNION ALL SELECT id FROM contexts WHERE object = $1 AND destroyed_at IS NULL",
            &[object.into()],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn is_held(tx: &mut Tx, item: ItemId) -> Result<bool> {
    let now = tx.now();
    let row = tx
        .row(
            "SELECT holds.id FROM holds JOIN signals ON signals.case_id = holds.case_id
             WHERE signals.item = $1 AND holds.released_at IS NULL
               AND (holds.until_at IS NULL OR holds.until_at > $2)",
            &[item.into(), now.into()],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn has_pending(tx: &mut Tx, case: CaseId) -> Result<bool> {
    let row = tx
        .row(
            "SELECT id FROM holds WHERE case_id = $1 AND basis = 'pending_decision' AND released_at IS NULL",
            &[case.into()],
        )
        .await?;
    Ok(row.is_some())
}

pub(super) async fn insert_hold(
    tx: &mut Tx,
    id: HoldId,
    case: CaseId,
    basis: Basis,
    starts_at: Timestamp,
    until: Option<Timestamp>,
    report: Option<ReportId>,
) -> Result<()> {
    tx.execute(
        "INSERT INTO holds (id, case_id, basis, starts_at, until_at, report) VALUES ($1, $2, $3, $4, $5, $6)",
        &[id.into(), case.into(), as_word(&basis).into(), starts_at.into(), until.into(), report.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn release_pending(tx: &mut Tx, case: CaseId) -> Result<bool> {
    let now = tx.now();
    let released = tx
        .execute(
            "UPDATE holds SET released_at = $1
             WHERE case_id = $2 AND basis = 'pending_decision' AND released_at IS NULL",
            &[now.into(), case.into()],
        )
        .await?;
    Ok(released > 0)
}

pub(super) async fn set_pending_until(tx: &mut Tx, case: CaseId, until: Option<Timestamp>) -> Result<()> {
    tx.execute(
        "UPDATE holds SET until_at = $1 WHERE case_id = $2 AND basis = 'pending_decision' AND released_at IS NULL",
        &[until.into(), case.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn end_appeal(tx: &mut Tx, case: CaseId, now: Timestamp) -> Result<bool> {
    let ended = tx
        .execute(
            "UPDATE holds SET released_at = $1
             WHERE case_id = $2 AND basis = 'pending_decision' AND released_at IS NULL AND until_at <= $1",
            &[now.into(), case.into()],
        )
        .await?;
    Ok(ended > 0)
}

fn read_hold(row: &Row) -> Read<Hold> {
    Ok(Hold {
        id: row.get("id")?,
        case: row.get("case_id")?,
        basis: row.word("basis")?,
        starts_at: row.get("starts_at")?,
        until: row.get("until_at")?,
        released_at: row.get("released_at")?,
        report: row.get("report")?,
    })
}

pub(super) async fn holds(tx: &mut Tx, before: Option<HoldId>, limit: i64) -> Result<Vec<Hold>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    let rows =
        tx.rows("SELECT * FROM holds WHERE id < $1 ORDER BY id DESC LIMIT $2", &[before.into(), limit.into()]).await?;
    Ok(rows.iter().map(read_hold).collect::<Read<_>>()?)
}

pub(super) async fn holds_on(tx: &mut Tx, case: CaseId) -> Result<Vec<Hold>> {
    let rows = tx.rows("SELECT * FROM holds WHERE case_id = $1 ORDER BY id", &[case.into()]).await?;
    Ok(rows.iter().map(read_hold).collect::<Read<_>>()?)
}

pub(super) async fn insert_view(
    tx: &mut Tx,
    id: ViewId,
    case: CaseId,
    item: ItemId,
    person: PersonId,
    purpose: Purpose,
    whole: bool,
    veiled: bool,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO views (id, case_id, item, person, purpose, whole, veiled, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id.into(),
            case.into(),
            item.into(),
            person.into(),
            as_word(&purpose).into(),
            whole.into(),
            veiled.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn views(tx: &mut Tx, item: ItemId) -> Result<Vec<View>> {
    let rows = tx.rows("SELECT * FROM views WHERE item = $1 ORDER BY id", &[item.into()]).await?;
    let view = |row: &Row| {
        Ok(View {
            id: row.get("id")?,
            item: row.get("item")?,
            person: row.get("person")?,
            purpose: row.word("purpose")?,
            whole: row.get("whole")?,
            veiled: row.get("veiled")?,
            at: row.get("at")?,
        })
    };
    Ok(rows.iter().map(view).collect::<Read<_>>()?)
}

pub(super) async fn some(tx: &mut Tx, most: i64) -> Result<Vec<Exhibit>> {
    let rows =
        tx.rows("SELECT * FROM exhibits WHERE destroyed_at IS NULL ORDER BY object LIMIT $1", &[most.into()]).await?;
    Ok(rows.iter().map(read_exhibit).collect::<Read<_>>()?)
}
