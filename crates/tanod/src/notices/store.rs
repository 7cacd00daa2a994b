//! The SQL of notices.

use jiff::Timestamp;

use super::{History, NewNotice, Notice, Queue, Status};
use crate::refusal::{Error, Result};
use crate::store::{CaseId, ItemId, NoticeId, Row, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::internal("writing a notice", error))
}

pub(super) async fn insert(tx: &mut Tx, notice: &Notice, reporter: Option<&str>, link: &[u8; 32]) -> Result<()> {
    let said = &notice.said;
    let account = said.account.as_ref().map(json).transpose()?;
    tx.execute(
        "INSERT INTO notices (id, kind, reason, words, thread, account, content_ids, urls, danger_now, danger_discounted,
             contact, reporter, door, gathered, link, received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        &[
            notice.id.into(),
            as_word(&said.kind).into(),
            as_word(&said.reason).into(),
            said.words.as_str().into(),
            said.thread.as_deref().into(),
            account.into(),
            json(&said.content_ids)?.into(),
            json(&said.urls)?.into(),
            said.danger_now.into(),
            notice.danger_discounted.into(),
            said.contact.as_deref().into(),
            reporter.into(),
            as_word(&notice.door).into(),
            notice.gathered.into(),
            link.as_slice().into(),
            notice.received_at.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_address(tx: &mut Tx, notice: NoticeId, address: &[u8]) -> Result<()> {
    let sql = "INSERT INTO notice_addresses (address, notice) VALUES ($1, $2) ON CONFLICT (address, notice) DO NOTHING";
    tx.execute(sql, &[address.into(), notice.into()]).await?;
    Ok(())
}

pub(super) async fn insert_item(tx: &mut Tx, notice: NoticeId, item: ItemId) -> Result<()> {
    tx.execute("INSERT INTO notice_items (notice, item) VALUES ($1, $2)", &[notice.into(), item.into()]).await?;
    Ok(())
}

pub(super) async fn set_case(tx: &mut Tx, notice: NoticeId, case: CaseId) -> Result<()> {
    tx.execute("UPDATE notices SET case_id = $1 WHERE id = $2", &[case.into(), notice.into()]).await?;
    Ok(())
}

/// How many notices, and how many that say "danger now", a reporter has sent since then.
pub(super) async fn sent_since(tx: &mut Tx, reporter: &str, since: Timestamp) -> Result<(i64, i64)> {
    let sql = "SELECT COUNT(*) AS n, COALESCE(SUM(CASE WHEN danger_now THEN 1 ELSE 0 END), 0) AS dangers
         FROM notices WHERE reporter = $1 AND received_at > $2";
    let row = tx.row(sql, &[reporter.into(), since.into()]).await?;
    Ok(match row {
        Some(row) => (row.get("n")?, row.get("dangers")?),
        None => (0, 0),
    })
}

/// The case of content that a notice names, where there is one.
pub(super) async fn case_of_content(tx: &mut Tx, content: &str) -> Result<Option<CaseId>> {
    let sql = "SELECT s.case_id FROM items i JOIN signals s ON s.item = i.id JOIN cases c ON c.id = s.case_id
         WHERE i.content_id = $1 AND c.state <> 'dismissed' ORDER BY s.at DESC LIMIT 1";
    Ok(tx.row(sql, &[content.into()]).await?.map(|row| row.get("case_id")).transpose()?)
}

async fn read(tx: &mut Tx, row: &Row) -> Result<Notice> {
    let id: NoticeId = row.get("id")?;
    let account: Option<String> = row.get("account")?;
    let account = account
        .map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Unreadable("account".to_owned())))
        .transpose()?;
    let items = tx.rows("SELECT item FROM notice_items WHERE notice = $1 ORDER BY item", &[id.into()]).await?;
    Ok(Notice {
        id,
        said: NewNotice {
            kind: row.word("kind")?,
            reason: row.word("reason")?,
            words: row.get("words")?,
            thread: row.get("thread")?,
            account,
            content_ids: row.json("content_ids")?,
            urls: row.json("urls")?,
            danger_now: row.get("danger_now")?,
            contact: row.get("contact")?,
            // Who told is not passed on: it is there for floods and histories.
            reporter_account: None,
        },
        door: row.word("door")?,
        items: items.iter().map(|item| item.get("item")).collect::<Read<_>>()?,
        case: row.get("case_id")?,
        gathered: row.get("gathered")?,
        danger_discounted: row.get("danger_discounted")?,
        reporter_known: row.get::<Option<String>>("reporter")?.is_some(),
        received_at: row.get("received_at")?,
    })
}

pub(super) async fn notice(tx: &mut Tx, id: NoticeId) -> Result<Option<Notice>> {
    let row = tx.row("SELECT * FROM notices WHERE id = $1", &[id.into()]).await?;
    match row {
        Some(row) => read(tx, &row).await.map(Some),
        None => Ok(None),
    }
}

pub(super) async fn list(
    tx: &mut Tx,
    queue: Option<Queue>,
    case: Option<CaseId>,
    before: Option<NoticeId>,
    limit: i64,
) -> Result<Vec<Notice>> {
    let adults = queue.map(|queue| i64::from(queue == Queue::Adults));
    let rows = tx
        .rows(
            "SELECT * FROM notices WHERE ($1 IS NULL OR case_id = $1) AND ($2 IS NULL OR id < $2)
                 AND ($3 IS NULL OR CASE WHEN reason = 'intimate_adult' THEN 1 ELSE 0 END = $3)
             ORDER BY id DESC LIMIT $4",
            &[case.into(), before.into(), adults.into(), limit.into()],
        )
        .await?;
    let mut notices = Vec::new();
    for row in &rows {
        notices.push(read(tx, row).await?);
    }
    Ok(notices)
}

pub(super) async fn history(tx: &mut Tx, notice: NoticeId) -> Result<History> {
    let rows = tx
        .rows(
            "SELECT c.state AS state, COUNT(*) AS n FROM notices own JOIN notices o ON o.reporter = own.reporter AND o.id <> own.id
             LEFT JOIN cases c ON c.id = o.case_id WHERE own.id = $1 GROUP BY c.state",
            &[notice.into()],
        )
        .await?;
    let mut history = History::default();
    for row in &rows {
        let (state, n): (Option<String>, i64) = (row.get("state")?, row.get("n")?);
        history.notices += n;
        match state.as_deref() {
            Some("reported") => history.reported += n,
            Some("dismissed") => history.dismissed += n,
            _ => {}
        }
    }
    Ok(history)
}

pub(super) async fn status(tx: &mut Tx, link: &[u8; 32]) -> Result<Option<Status>> {
    let sql = "SELECT c.state AS state, c.leased_until AS leased_until, r.state AS removal FROM notices n
         LEFT JOIN cases c ON c.id = n.case_id LEFT JOIN removals r ON r.notice = n.id WHERE n.link = $1";
    let Some(row) = tx.row(sql, &[link.as_slice().into()]).await? else { return Ok(None) };
    let (state, until): (Option<String>, Option<Timestamp>) = (row.get("state")?, row.get("leased_until")?);
    match row.get::<Option<String>>("removal")?.as_deref() {
        Some("asked") => return Ok(Some(Status::LookedAt)),
        Some("removed" | "declined") => return Ok(Some(Status::Done)),
        _ => {}
    }
    let leased = until.is_some_and(|until| until > tx.now());
    Ok(Some(match state.as_deref() {
        Some("reported" | "dismissed") => Status::Done,
        None | Some("open") if !leased => Status::Received,
        _ => Status::LookedAt,
    }))
}
