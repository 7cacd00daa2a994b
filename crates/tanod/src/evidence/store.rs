//! The SQL of exhibits, holds and views.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{At, Basis, Exhibit, Hold, Purpose, Release, Sealed, View};
use crate::refusal::{Error, Result};
use crate::store::{
    CaseId, ExhibitId, HoldId, ItemId, ObjectId, PersonId, ReleaseId, ReportId, Row, StoreError, Tx, ViewId, as_word,
    word,
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
        "INSERT INTO exhibits (id, item, object, file_name, bytes, sealed_at, expires_at, exif)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id.into(),
            item.into(),
            sealed.object.into(),
            file_name.into(),
            sealed.bytes.into(),
            now.into(),
            expires_at.into(),
            sealed.exif.as_deref().map(exif_text).transpose()?.into(),
        ],
    )
    .await?;
    insert_key(tx, sealed.object, &sealed.wrapped_key).await
}

/// PostgreSQL takes no NUL in a text; the reader of these values lets none through.
fn exif_text(exif: &[(String, String)]) -> Result<String> {
    serde_json::to_string(exif).map_err(|error| Error::internal("writing what a camera wrote", error))
}

pub(super) async fn exif_of(tx: &mut Tx, items: &[ItemId]) -> Result<HashMap<ItemId, Vec<(String, String)>>> {
    let ids: Vec<uuid::Uuid> = items.iter().map(|item| item.0).collect();
    let sql = "SELECT item, exif FROM exhibits WHERE exif IS NOT NULL AND destroyed_at IS NULL AND item IN IDS";
    let rows = tx.rows_of(sql, &[], &ids).await?;
    Ok(rows.iter().map(|row| Ok((row.get("item")?, row.json("exif")?))).collect::<Read<_>>()?)
}

pub(super) async fn note_exif(tx: &mut Tx, item: ItemId, exif: &[(String, String)]) -> Result<()> {
    let sql = "UPDATE exhibits SET exif = $1 WHERE item = $2 AND exif IS NULL AND destroyed_at IS NULL";
    tx.execute(sql, &[exif_text(exif)?.into(), item.into()]).await?;
    Ok(())
}

pub(super) async fn insert_key(tx: &mut Tx, object: ObjectId, wrapped: &[u8]) -> Result<()> {
    tx.execute("INSERT INTO data_keys (object, wrapped) VALUES ($1, $2)", &[object.into(), wrapped.into()]).await?;
    Ok(())
}

pub(super) async fn key(tx: &mut Tx, object: ObjectId) -> Result<Option<Vec<u8>>> {
    let row = tx.row("SELECT wrapped FROM data_keys WHERE object = $1", &[object.into()]).await?;
    Ok(row.map(|row| row.get("wrapped")).transpose()?)
}

/// Discards a key. What opens with it is then nobody's any more.
pub(super) async fn drop_key(tx: &mut Tx, object: ObjectId) -> Result<()> {
    tx.execute("DELETE FROM data_keys WHERE object = $1", &[object.into()]).await?;
    Ok(())
}

/// Keys that the ring's older keys wrap, after an object, with what was sealed as what.
pub(super) async fn keys_after(
    tx: &mut Tx,
    after: Option<ObjectId>,
    most: i64,
) -> Result<Vec<(ObjectId, Vec<u8>, bool)>> {
    let after = after.map_or(uuid::Uuid::nil(), |after| after.0);
    let rows = tx
        .rows(
            "SELECT data_keys.object, wrapped, contexts.id AS context FROM data_keys
             LEFT JOIN contexts ON contexts.object = data_keys.object
             WHERE data_keys.object > $1 ORDER BY data_keys.object LIMIT $2",
            &[after.into(), most.into()],
        )
        .await?;
    let read = |row: &Row| {
        let context: Option<uuid::Uuid> = row.get("context")?;
        Ok((row.get("object")?, row.get("wrapped")?, context.is_some()))
    };
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

/// Puts a key that was wrapped anew in the place of the one it was. A key that was discarded meanwhile stays discarded.
pub(super) async fn set_key(tx: &mut Tx, object: ObjectId, before: &[u8], wrapped: &[u8]) -> Result<()> {
    tx.execute(
        "UPDATE data_keys SET wrapped = $1 WHERE object = $2 AND wrapped = $3",
        &[wrapped.into(), object.into(), before.into()],
    )
    .await?;
    Ok(())
}

/// Sealed media, with its key from where keys are kept.
macro_rules! exhibits {
    ($rest:literal) => {
        concat!(
            "SELECT exhibits.id, item, exhibits.object, wrapped, file_name, bytes, sealed_at FROM exhibits
             LEFT JOIN data_keys ON data_keys.object = exhibits.object ",
            $rest
        )
    };
}

fn read_exhibit(row: &Row) -> Read<Exhibit> {
    Ok(Exhibit {
        id: row.get("id")?,
        item: row.get("item")?,
        object: row.get("object")?,
        wrapped_key: row.get("wrapped")?,
        file_name: row.get("file_name")?,
        bytes: row.get("bytes")?,
        sealed_at: row.get("sealed_at")?,
    })
}

pub(super) async fn exhibit(tx: &mut Tx, item: ItemId) -> Result<Option<Exhibit>> {
    let row = tx.row(exhibits!("WHERE item = $1 AND destroyed_at IS NULL"), &[item.into()]).await?;
    Ok(row.as_ref().map(read_exhibit).transpose()?)
}

pub(super) async fn expired(tx: &mut Tx, item: ItemId, now: Timestamp) -> Result<Option<Exhibit>> {
    let row = tx
        .row(exhibits!("WHERE item = $1 AND destroyed_at IS NULL AND expires_at <= $2"), &[item.into(), now.into()])
        .await?;
    Ok(row.as_ref().map(read_exhibit).transpose()?)
}

pub(super) async fn set_expiry(tx: &mut Tx, item: ItemId, at: Option<Timestamp>) -> Result<()> {
    tx.execute("UPDATE exhibits SET expires_at = $1 WHERE item = $2", &[at.into(), item.into()]).await?;
    Ok(())
}

pub(super) async fn mark_destroyed(tx: &mut Tx, id: ExhibitId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE exhibits SET destroyed_at = $1, exif = NULL WHERE id = $2", &[now.into(), id.into()]).await?;
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

pub(super) async fn is_held(tx: &mut Tx, item: ItemId, now: Timestamp) -> Result<bool> {
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

pub(super) fn read_hold(row: &Row) -> Read<Hold> {
    Ok(Hold {
        id: row.get("id")?,
        case: row.get("case_id")?,
        basis: row.word("basis")?,
        starts_at: row.get("starts_at")?,
        until: row.get("until_at")?,
        released_at: row.get("released_at")?,
        report: row.get("report")?,
        most: row.get("most_at")?,
        renewals: row.get("renewals")?,
        authority: row.get("authority")?,
        reference: row.get("reference")?,
        purpose: row.get::<Option<String>>("purpose")?.as_deref().and_then(word),
        owner: row.get("owner")?,
        review_at: row.get("review_at")?,
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
    at: At,
    item: ItemId,
    person: PersonId,
    purpose: Purpose,
    (whole, veiled): (bool, bool),
    severity: &str,
) -> Result<()> {
    let now = tx.now();
    let (case, notice) = at.parts();
    tx.execute(
        "INSERT INTO views (id, case_id, notice, item, person, purpose, whole, veiled, at, severity)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            id.into(),
            case.into(),
            notice.into(),
            item.into(),
            person.into(),
            as_word(&purpose).into(),
            whole.into(),
            veiled.into(),
            now.into(),
            severity.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn kept_of(tx: &mut Tx, items: &[ItemId]) -> Result<HashSet<ItemId>> {
    let ids: Vec<uuid::Uuid> = items.iter().map(|item| item.0).collect();
    let sql = "SELECT exhibits.item FROM exhibits JOIN data_keys ON data_keys.object = exhibits.object
         WHERE exhibits.item IN IDS";
    let rows = tx.rows_of(sql, &[], &ids).await?;
    Ok(rows.iter().map(|row| row.get("item")).collect::<Read<_>>()?)
}

pub(super) async fn viewed_whole(tx: &mut Tx, case: CaseId, person: PersonId) -> Result<HashSet<ItemId>> {
    let rows = tx
        .rows(
            "SELECT DISTINCT views.item FROM signals JOIN views ON views.item = signals.item
             WHERE signals.case_id = $1 AND views.person = $2 AND views.whole AND NOT views.veiled",
            &[case.into(), person.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("item")).collect::<Read<_>>()?)
}

pub(super) async fn views(tx: &mut Tx, items: &[ItemId]) -> Result<Vec<View>> {
    let ids: Vec<uuid::Uuid> = items.iter().map(|item| item.0).collect();
    let rows = tx.rows_of("SELECT * FROM views WHERE item IN IDS ORDER BY id", &[], &ids).await?;
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
        tx.rows(exhibits!("WHERE destroyed_at IS NULL ORDER BY exhibits.object LIMIT $1"), &[most.into()]).await?;
    Ok(rows.iter().map(read_exhibit).collect::<Read<_>>()?)
}

pub(super) async fn insert_whole(tx: &mut Tx, hold: &Hold) -> Result<()> {
    tx.execute(
        "INSERT INTO holds (id, case_id, basis, starts_at, until_at, most_at, authority, reference, purpose, owner, review_at,
                            report)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            hold.id.into(),
            hold.case.into(),
            as_word(&hold.basis).into(),
            hold.starts_at.into(),
            hold.until.into(),
            hold.most.into(),
            hold.authority.as_deref().into(),
            hold.reference.as_deref().into(),
            hold.purpose.map(|purpose| as_word(&purpose)).as_deref().into(),
            hold.owner.as_deref().into(),
            hold.review_at.into(),
            hold.report.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn hold(tx: &mut Tx, id: HoldId) -> Result<Option<Hold>> {
    let row = tx.row("SELECT * FROM holds WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read_hold).transpose()?)
}

/// Puts the end of a hold later; never sooner, whatever somebody else wrote meanwhile.
pub(super) async fn prolong(tx: &mut Tx, hold: &Hold, before: Timestamp) -> Result<()> {
    let changed = tx
        .execute(
            "UPDATE holds SET until_at = $1, renewals = $2, purpose = $3, owner = $4, review_at = $5
             WHERE id = $6 AND until_at = $7 AND until_at < $1 AND released_at IS NULL",
            &[
                hold.until.into(),
                hold.renewals.into(),
                hold.purpose.map(|purpose| as_word(&purpose)).as_deref().into(),
                hold.owner.as_deref().into(),
                hold.review_at.into(),
                hold.id.into(),
                before.into(),
            ],
        )
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Overtaken.into()) }
}

pub(super) async fn end_hold(tx: &mut Tx, id: HoldId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE holds SET released_at = $1 WHERE id = $2 AND released_at IS NULL", &[now.into(), id.into()])
        .await?;
    Ok(())
}

/// Cases whose holds have all ended while something of them is there, and those whose bases may contradict each other.
pub(super) async fn worth_a_look(tx: &mut Tx, now: Timestamp) -> Result<Vec<CaseId>> {
    let rows = tx
        .rows(
            "SELECT id FROM cases WHERE id IN (SELECT case_id FROM holds) AND (
                 id IN (SELECT case_id FROM holds WHERE most_at IS NOT NULL AND released_at IS NULL)
                 OR id IN (SELECT case_id FROM counsel)
                 OR (id NOT IN (SELECT case_id FROM holds WHERE released_at IS NULL AND (until_at IS NULL OR until_at > $1))
                     AND (wiped_at IS NULL OR wiped_at < (SELECT MAX(starts_at) FROM holds WHERE case_id = cases.id)
                          OR id IN (SELECT case_id FROM contexts WHERE destroyed_at IS NULL)
                          OR id IN (SELECT signals.case_id FROM signals JOIN exhibits ON exhibits.item = signals.item
                                    WHERE destroyed_at IS NULL AND expires_at IS NULL))))
             ORDER BY id",
            &[now.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("id")).collect::<Read<_>>()?)
}

/// Uploads of a case whose media is there and does not go already.
pub(super) async fn living(tx: &mut Tx, case: CaseId) -> Result<Vec<ItemId>> {
    let rows = tx
        .rows(
            "SELECT DISTINCT exhibits.item AS item FROM signals JOIN exhibits ON exhibits.item = signals.item
             WHERE signals.case_id = $1 AND destroyed_at IS NULL AND expires_at IS NULL",
            &[case.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("item")).collect::<Read<_>>()?)
}

/// Cases with a hold whose day of review has come.
pub(super) async fn to_be_reviewed(tx: &mut Tx, now: Timestamp) -> Result<Vec<CaseId>> {
    let rows = tx
        .rows(
            "SELECT DISTINCT case_id FROM holds WHERE review_at <= $1 AND released_at IS NULL AND until_at > $1",
            &[now.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("case_id")).collect::<Read<_>>()?)
}

pub(super) async fn insert_release(tx: &mut Tx, release: &Release) -> Result<()> {
    tx.execute(
        "INSERT INTO releases (id, case_id, hold, ordered, reason, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            release.id.into(),
            release.case.into(),
            release.hold.into(),
            release.order.into(),
            release.reason.as_str().into(),
            release.asked_by.into(),
            release.asked_at.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) fn read_release(row: &Row) -> Read<Release> {
    // Absent until it is answered; the two come together.
    let answered_at: Option<Timestamp> = row.get("answered_at")?;
    Ok(Release {
        id: row.get("id")?,
        case: row.get("case_id")?,
        hold: row.get("hold")?,
        order: row.get("ordered")?,
        reason: row.get("reason")?,
        asked_by: row.get("asked_by")?,
        asked_at: row.get("asked_at")?,
        answered_by: row.get("answered_by")?,
        answered_at,
        approved: row.get("approved")?,
    })
}

pub(super) async fn release(tx: &mut Tx, id: ReleaseId) -> Result<Option<Release>> {
    let row = tx.row("SELECT * FROM releases WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read_release).transpose()?)
}

/// Releases of every case, the newest first; only those that wait for an answer, if asked so.
pub(super) async fn all_releases(
    tx: &mut Tx,
    waiting: bool,
    before: Option<ReleaseId>,
    limit: i64,
) -> Result<Vec<Release>> {
    let sql = "SELECT * FROM releases WHERE ($1 IS NULL OR id < $1) AND (answered_at IS NULL OR NOT $2)
         ORDER BY id DESC LIMIT $3";
    let rows = tx.rows(sql, &[before.into(), waiting.into(), limit.into()]).await?;
    Ok(rows.iter().map(read_release).collect::<Read<_>>()?)
}

pub(super) async fn releases(tx: &mut Tx, case: CaseId) -> Result<Vec<Release>> {
    let rows = tx.rows("SELECT * FROM releases WHERE case_id = $1 ORDER BY id", &[case.into()]).await?;
    Ok(rows.iter().map(read_release).collect::<Read<_>>()?)
}

/// False when somebody answered first.
pub(super) async fn answer_release(tx: &mut Tx, release: &Release) -> Result<bool> {
    let answered = tx
        .execute(
            "UPDATE releases SET answered_by = $1, answered_at = $2, approved = $3 WHERE id = $4 AND answered_at IS NULL",
            &[
                release.answered_by.into(),
                release.answered_at.into(),
                (release.approved == Some(true)).into(),
                release.id.into(),
            ],
        )
        .await?;
    Ok(answered == 1)
}

pub(super) async fn counsel(tx: &mut Tx, case: CaseId) -> Result<Option<String>> {
    let row = tx.row("SELECT words FROM counsel WHERE case_id = $1", &[case.into()]).await?;
    Ok(row.map(|row| row.get("words")).transpose()?)
}

pub(super) async fn insert_counsel(tx: &mut Tx, case: CaseId, words: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO counsel (case_id, words, since) VALUES ($1, $2, $3)",
        &[case.into(), words.into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn end_counsel(tx: &mut Tx, case: CaseId) -> Result<()> {
    tx.execute("DELETE FROM counsel WHERE case_id = $1", &[case.into()]).await?;
    Ok(())
}

pub(super) async fn believed_time(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let row = tx.row("SELECT at FROM believed_time", &[]).await?;
    Ok(row.map(|row| row.get("at")).transpose()?)
}

pub(super) async fn set_believed_time(tx: &mut Tx, at: Timestamp, first: bool) -> Result<()> {
    let sql = if first {
        "INSERT INTO believed_time (one, at) VALUES (1, $1)"
    } else {
        "UPDATE believed_time SET at = $1 WHERE at < $1"
    };
    tx.execute(sql, &[at.into()]).await?;
    Ok(())
}

/// Objects that rows name, of media sealed before then.
pub(super) async fn named_before(tx: &mut Tx, before: Timestamp) -> Result<Vec<ObjectId>> {
    let rows = tx
        .rows(
            "SELECT object FROM exhibits WHERE destroyed_at IS NULL AND sealed_at < $1
             UNION ALL SELECT object FROM contexts WHERE destroyed_at IS NULL AND received_at < $1",
            &[before.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("object")).collect::<Read<_>>()?)
}

/// How often somebody looked in the last hour, and at this upload in the last day.
pub(super) async fn looks_of(tx: &mut Tx, person: PersonId, item: ItemId) -> Result<(i64, i64)> {
    let before = |hours| tx.now().checked_sub(jiff::SignedDuration::from_hours(hours)).unwrap_or(Timestamp::UNIX_EPOCH);
    let (hour, day) = (before(1), before(24));
    let row = tx
        .row(
            "SELECT (SELECT COUNT(*) FROM views WHERE person = $1 AND at > $2) AS hour,
                    (SELECT COUNT(*) FROM views WHERE person = $1 AND at > $3 AND item = $4) AS day",
            &[person.into(), hour.into(), day.into(), item.into()],
        )
        .await?;
    Ok(row.map(|row| Ok::<_, StoreError>((row.get("hour")?, row.get("day")?))).transpose()?.unwrap_or_default())
}
