//! The SQL of alarms, pages and signs of life.

use jiff::Timestamp;

use super::{Alarm, Kind, Page, Part, State, Told};
use crate::refusal::Result;
use crate::store::{AlarmId, Arg, CaseId, PageId, ProcessId, Row, StoreError, Tx, as_word, uuids};

type Read<T> = std::result::Result<T, StoreError>;

/// Writes an alarm, unless one of this kind and subject stands. True when it did.
pub(super) async fn insert(tx: &mut Tx, id: AlarmId, kind: Kind, subject: &str, case: Option<CaseId>) -> Result<bool> {
    let now = tx.now();
    let touched = tx
        .execute(
            "INSERT INTO alarms (id, kind, subject, case_id, state, pages, raised_at)
             VALUES ($1, $2, $3, $4, 'open', 0, $5) ON CONFLICT DO NOTHING",
            &[id.into(), as_word(&kind).into(), subject.into(), case.into(), now.into()],
        )
        .await?;
    Ok(touched == 1)
}

fn read(row: &Row) -> Read<Alarm> {
    Ok(Alarm {
        id: row.get("id")?,
        kind: row.word("kind")?,
        subject: row.get("subject")?,
        case: row.get("case_id")?,
        case_number: row.get("case_number")?,
        state: row.word("state")?,
        raised_at: row.get("raised_at")?,
        pages: row.get("pages")?,
        paged_at: row.get("paged_at")?,
        acknowledged_at: row.get("acknowledged_at")?,
        acknowledged_by: row.get("acknowledged_by")?,
        cleared_at: row.get("cleared_at")?,
    })
}

pub(super) async fn alarm(tx: &mut Tx, id: AlarmId) -> Result<Option<Alarm>> {
    let row = tx
        .row(
            "SELECT alarms.*, cases.number AS case_number FROM alarms LEFT JOIN cases ON cases.id = alarms.case_id
             WHERE alarms.id = $1",
            &[id.into()],
        )
        .await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// The one of this kind and subject that is not cleared.
pub(super) async fn standing(tx: &mut Tx, kind: Kind, subject: &str) -> Result<Option<Alarm>> {
    let row = tx
        .row(
            "SELECT alarms.*, cases.number AS case_number FROM alarms LEFT JOIN cases ON cases.id = alarms.case_id
             WHERE alarms.kind = $1 AND alarms.subject = $2 AND alarms.cleared_at IS NULL",
            &[as_word(&kind).into(), subject.into()],
        )
        .await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// Kinds and subjects of those about these cases that are not cleared.
pub(super) async fn standing_on(tx: &mut Tx, cases: &[CaseId]) -> Result<Vec<(Kind, String)>> {
    let sql = "SELECT kind, subject FROM alarms WHERE cleared_at IS NULL AND case_id IN IDS";
    let rows = tx.rows_of(sql, &[], &uuids(cases)).await?;
    Ok(rows.iter().map(|row| Ok((row.word("kind")?, row.get("subject")?))).collect::<Read<_>>()?)
}

/// All that are not cleared.
pub(super) async fn all_standing(tx: &mut Tx) -> Result<Vec<Alarm>> {
    let rows = tx
        .rows(
            "SELECT alarms.*, cases.number AS case_number FROM alarms LEFT JOIN cases ON cases.id = alarms.case_id
             WHERE alarms.cleared_at IS NULL ORDER BY alarms.id",
            &[],
        )
        .await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn list(tx: &mut Tx, state: Option<State>, before: Option<AlarmId>, limit: i64) -> Result<Vec<Alarm>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    let state = state.as_ref().map(as_word);
    let rows = tx
        .rows(
            "SELECT alarms.*, cases.number AS case_number FROM alarms LEFT JOIN cases ON cases.id = alarms.case_id
             WHERE alarms.id < $1 AND ($2 IS NULL OR alarms.state = $2) ORDER BY alarms.id DESC LIMIT $3",
            &[before.into(), state.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn acknowledge(tx: &mut Tx, id: AlarmId, by: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE alarms SET state = 'acknowledged', acknowledged_at = $1, acknowledged_by = $2
         WHERE id = $3 AND state = 'open'",
        &[now.into(), by.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn reopen(tx: &mut Tx, id: AlarmId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE alarms SET state = 'open', raised_at = $1, pages = 0, paged_at = NULL, acknowledged_at = NULL,
             acknowledged_by = NULL
         WHERE id = $2 AND state = 'acknowledged'",
        &[now.into(), id.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn clear(tx: &mut Tx, id: AlarmId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE alarms SET state = 'cleared', cleared_at = $1 WHERE id = $2", &[now.into(), id.into()]).await?;
    Ok(())
}

/// Counts the next page. False when another worker did meanwhile.
pub(super) async fn count_page(tx: &mut Tx, alarm: &Alarm) -> Result<bool> {
    let now = tx.now();
    let touched = tx
        .execute(
            "UPDATE alarms SET pages = pages + 1, paged_at = $1 WHERE id = $2 AND state = 'open' AND pages = $3",
            &[now.into(), alarm.id.into(), alarm.pages.into()],
        )
        .await?;
    Ok(touched == 1)
}

pub(super) async fn insert_page(tx: &mut Tx, id: PageId, nth: i64, token: &[u8], page: &Page) -> Result<()> {
    tx.execute(
        "INSERT INTO pages (id, alarm, nth, person, token, mail, webhook, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            id.into(),
            page.alarm.into(),
            nth.into(),
            page.person.as_str().into(),
            token.into(),
            told(page.mail),
            told(page.webhook),
            page.at.into(),
        ],
    )
    .await?;
    Ok(())
}

fn told(told: Option<Told>) -> Arg {
    told.as_ref().map(as_word).into()
}

/// Writes down what became of a page.
pub(super) async fn settle_page(
    tx: &mut Tx,
    id: PageId,
    mail: Option<Told>,
    webhook: Option<Told>,
    trouble: Option<&str>,
) -> Result<()> {
    tx.execute(
        "UPDATE pages SET mail = $1, webhook = $2, trouble = $3 WHERE id = $4",
        &[told(mail), told(webhook), trouble.into(), id.into()],
    )
    .await?;
    Ok(())
}

fn read_page(row: &Row) -> Read<Page> {
    let told = |name: &str| -> Read<Option<Told>> {
        Ok(row.get::<Option<String>>(name)?.and_then(|text| crate::store::word(&text)))
    };
    Ok(Page {
        alarm: row.get("alarm")?,
        person: row.get("person")?,
        mail: told("mail")?,
        webhook: told("webhook")?,
        at: row.get("at")?,
    })
}

/// The newest page about an alarm since it was raised.
pub(super) async fn newest_page(tx: &mut Tx, alarm: &Alarm) -> Result<Option<Page>> {
    let row = tx
        .row(
            "SELECT * FROM pages WHERE alarm = $1 AND at >= $2 ORDER BY at DESC, id DESC LIMIT 1",
            &[alarm.id.into(), alarm.raised_at.into()],
        )
        .await?;
    Ok(row.as_ref().map(read_page).transpose()?)
}

pub(super) async fn page_of(tx: &mut Tx, token: &[u8]) -> Result<Option<Page>> {
    let row = tx.row("SELECT * FROM pages WHERE token = $1", &[token.into()]).await?;
    Ok(row.as_ref().map(read_page).transpose()?)
}

pub(super) async fn tick(tx: &mut Tx, part: Part) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO ticks (part, at) VALUES ($1, $2) ON CONFLICT (part) DO UPDATE SET at = excluded.at",
        &[as_word(&part).into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn ticked_since(tx: &mut Tx, oldest: Timestamp) -> Result<Vec<Part>> {
    let rows = tx.rows("SELECT part FROM ticks WHERE at >= $1", &[oldest.into()]).await?;
    Ok(rows.iter().map(|row| row.word("part")).collect::<Read<_>>()?)
}

pub(super) async fn scans(tx: &mut Tx, process: ProcessId, works: bool) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO scanners (process, works, at) VALUES ($1, $2, $3)
         ON CONFLICT (process) DO UPDATE SET works = excluded.works, at = excluded.at",
        &[process.into(), works.into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn forget_scanners(tx: &mut Tx, process: Option<ProcessId>) -> Result<()> {
    tx.execute("DELETE FROM scanners WHERE $1 IS NULL OR process = $1", &[process.into()]).await?;
    Ok(())
}

pub(super) async fn stuck_scanners(tx: &mut Tx, oldest: Timestamp) -> Result<Vec<ProcessId>> {
    let rows =
        tx.rows("SELECT process FROM scanners WHERE NOT works OR at < $1 ORDER BY process", &[oldest.into()]).await?;
    Ok(rows.iter().map(|row| row.get("process")).collect::<Read<_>>()?)
}

/// Lets go of a process that is silent and that somebody knows of: it is not coming back.
pub(super) async fn forget_silent_scanner(tx: &mut Tx, process: ProcessId, oldest: Timestamp) -> Result<()> {
    tx.execute("DELETE FROM scanners WHERE process = $1 AND at < $2", &[process.into(), oldest.into()]).await?;
    Ok(())
}
