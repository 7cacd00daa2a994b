//! The SQL of banks.

use uuid::Uuid;

use super::{Bank, Entry, Place, Row as ImportRow, Signal};
use crate::refusal::Result;
use crate::store::{BankId, EntryId, Row, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

fn bank(row: &Row) -> Read<Bank> {
    Ok(Bank {
        id: row.get("id")?,
        name: row.get("name")?,
        kind: row.word("kind")?,
        source: row.get("source")?,
        licence: row.word("licence")?,
        threshold: u32::try_from(row.get::<i64>("threshold")?).unwrap_or(0),
        enabled: row.get("enabled")?,
        shadow: row.get("shadow")?,
        turned: row.get("turned")?,
        trimmed: row.get("trimmed")?,
        least_quality: u8::try_from(row.get::<i64>("least_quality")?).unwrap_or(0),
        refreshed_at: row.get("refreshed_at")?,
        feed: row.get("feed")?,
        removed: row.get("removed")?,
        filled: false,
    })
}

fn entry_row(row: &Row) -> Read<Entry> {
    Ok(Entry {
        id: row.get("id")?,
        bank: row.get("bank")?,
        signal: row.word("signal")?,
        value: row.get("value")?,
        frames: row.get("frames")?,
        classification: row.get("classification")?,
        source: row.get("source")?,
        provenance: row.get("provenance")?,
        enabled: row.get("enabled")?,
        removed: row.get("removed")?,
        feed: row.get("feed")?,
    })
}

pub(super) async fn insert(tx: &mut Tx, bank: &Bank) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO banks (id, name, kind, source, licence, threshold, enabled, shadow, removed, refreshed_at, feed,
             created_at, turned, trimmed, least_quality)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        &[
            bank.id.into(),
            bank.name.as_str().into(),
            as_word(&bank.kind).into(),
            bank.source.as_str().into(),
            as_word(&bank.licence).into(),
            i64::from(bank.threshold).into(),
            bank.enabled.into(),
            bank.shadow.into(),
            bank.removed.into(),
            bank.refreshed_at.into(),
            bank.feed.into(),
            now.into(),
            bank.turned.into(),
            bank.trimmed.into(),
            i64::from(bank.least_quality).into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, bank: &Bank) -> Result<()> {
    tx.execute(
        "UPDATE banks SET name = $1, threshold = $2, enabled = $3, shadow = $4, removed = $5, refreshed_at = $6,
             feed = $7, turned = $8, trimmed = $9, least_quality = $10
         WHERE id = $11",
        &[
            bank.name.as_str().into(),
            i64::from(bank.threshold).into(),
            bank.enabled.into(),
            bank.shadow.into(),
            bank.removed.into(),
            bank.refreshed_at.into(),
            bank.feed.into(),
            bank.turned.into(),
            bank.trimmed.into(),
            i64::from(bank.least_quality).into(),
            bank.id.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn list(tx: &mut Tx) -> Result<Vec<(Bank, i64)>> {
    let rows = tx
        .rows(
            "SELECT banks.*, (SELECT COUNT(*) FROM entries
                 WHERE entries.bank = banks.id AND NOT entries.removed) AS entries
             FROM banks WHERE NOT removed ORDER BY name",
            &[],
        )
        .await?;
    Ok(rows.iter().map(|row| Ok((bank(row)?, row.get("entries")?))).collect::<Read<_>>()?)
}

pub(super) async fn by_id(tx: &mut Tx, id: BankId) -> Result<Option<Bank>> {
    let row = tx.row("SELECT * FROM banks WHERE id = $1 AND NOT removed", &[id.into()]).await?;
    Ok(row.as_ref().map(bank).transpose()?)
}

pub(super) async fn by_name(tx: &mut Tx, name: &str) -> Result<Option<Bank>> {
    let row = tx.row("SELECT * FROM banks WHERE name = $1 AND NOT removed", &[name.into()]).await?;
    Ok(row.as_ref().map(bank).transpose()?)
}

/// True when the entry is new.
pub(super) async fn upsert_entry(tx: &mut Tx, bank: BankId, row: &ImportRow, feed: i64) -> Result<bool> {
    let id: EntryId = tx.id();
    let now = tx.now();
    let kept = tx
        .row(
            "INSERT INTO entries (id, bank, signal, value, classification, source, provenance, enabled, removed, feed,
                 created_at, frames)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (bank, signal, value) DO UPDATE SET
                 classification = excluded.classification, source = excluded.source,
                 provenance = excluded.provenance, removed = excluded.removed, feed = excluded.feed
             RETURNING id",
            &[
                id.into(),
                bank.into(),
                as_word(&row.signal).into(),
                row.value.as_slice().into(),
                row.classification.as_deref().into(),
                row.source.as_deref().into(),
                row.provenance.as_deref().into(),
                true.into(),
                false.into(),
                feed.into(),
                now.into(),
                row.frames.as_deref().into(),
            ],
        )
        .await?;
    Ok(kept.map(|row| row.get::<EntryId>("id")).transpose()? == Some(id))
}

pub(super) async fn set_entry(tx: &mut Tx, bank: BankId, entry: EntryId, enabled: bool, feed: i64) -> Result<bool> {
    let touched = tx
        .execute(
            "UPDATE entries SET enabled = $1, feed = $2 WHERE id = $3 AND bank = $4 AND NOT removed",
            &[enabled.into(), feed.into(), entry.into(), bank.into()],
        )
        .await?;
    Ok(touched == 1)
}

pub(super) async fn entries(tx: &mut Tx, bank: BankId, after: EntryId, limit: i64) -> Result<Vec<Entry>> {
    let rows = tx
        .rows(
            "SELECT * FROM entries WHERE bank = $1 AND id > $2 AND NOT removed ORDER BY id LIMIT $3",
            &[bank.into(), after.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(entry_row).collect::<Read<_>>()?)
}

/// The next number of the feed, with a mark of its own.
pub(super) async fn next_feed(tx: &mut Tx) -> Result<i64> {
    let number = tx.next_number("bank_feed").await?;
    let mark: uuid::Uuid = tx.id();
    tx.execute("INSERT INTO feed (number, mark) VALUES ($1, $2)", &[number.into(), mark.into()]).await?;
    Ok(number)
}

pub(super) async fn mark(tx: &mut Tx, number: i64) -> Result<Option<uuid::Uuid>> {
    let row = tx.row("SELECT mark FROM feed WHERE number = $1", &[number.into()]).await?;
    Ok(row.map(|row| row.get("mark")).transpose()?)
}

pub(super) async fn newest(tx: &mut Tx) -> Result<i64> {
    let row = tx.row("SELECT value FROM counters WHERE name = 'bank_feed'", &[]).await?;
    Ok(row.map(|row| row.get("value")).transpose()?.unwrap_or(0))
}

/// A change of an entry is a change of its bank.
pub(super) async fn touch(tx: &mut Tx, bank: BankId, feed: i64) -> Result<()> {
    tx.execute("UPDATE banks SET feed = $1 WHERE id = $2", &[feed.into(), bank.into()]).await?;
    Ok(())
}

pub(super) async fn banks_after(tx: &mut Tx, feed: i64) -> Result<Vec<Bank>> {
    let rows = tx
        .rows(
            "SELECT banks.*, EXISTS (SELECT 1 FROM entries
                 WHERE entries.bank = banks.id AND entries.enabled AND NOT entries.removed) AS filled
             FROM banks WHERE banks.feed > $1 ORDER BY banks.feed",
            &[feed.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| Ok(Bank { filled: row.get("filled")?, ..bank(row)? })).collect::<Read<_>>()?)
}

pub(super) async fn entries_after(tx: &mut Tx, (feed, id): Place, limit: i64) -> Result<Vec<Entry>> {
    let rows = tx
        .rows(
            "SELECT * FROM entries WHERE (feed, id) > ($1, $2) ORDER BY feed, id LIMIT $3",
            &[feed.into(), id.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(entry_row).collect::<Read<_>>()?)
}

pub(super) async fn ids_after(tx: &mut Tx, bank: BankId, after: EntryId, limit: i64) -> Result<Vec<EntryId>> {
    let rows = tx
        .rows(
            "SELECT id FROM entries WHERE bank = $1 AND id > $2 ORDER BY id LIMIT $3",
            &[bank.into(), after.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("id")).collect::<Read<_>>()?)
}

/// The entry of a bank with this fingerprint.
pub(super) async fn entry_of(tx: &mut Tx, bank: BankId, signal: Signal, value: &[u8]) -> Result<Option<EntryId>> {
    let sql = "SELECT id FROM entries WHERE bank = $1 AND signal = $2 AND value = $3 AND NOT removed";
    let row = tx.row(sql, &[bank.into(), as_word(&signal).into(), value.into()]).await?;
    Ok(row.map(|row| row.get("id")).transpose()?)
}

/// How many of these fingerprints a bank has: those that act, and those that are switched off.
pub(super) async fn have(tx: &mut Tx, bank: BankId, signal: Signal, values: &[&[u8]]) -> Result<(i64, i64)> {
    let sql =
        "SELECT enabled, COUNT(*) AS n FROM entries WHERE bank = $1 AND signal = $2 AND NOT removed AND value IN IDS
         GROUP BY enabled";
    let (mut on, mut off) = (0, 0);
    for row in tx.rows_of(sql, &[bank.into(), as_word(&signal).into()], values).await? {
        let n: i64 = row.get("n")?;
        *(if row.get("enabled")? { &mut on } else { &mut off }) += n;
    }
    Ok((on, off))
}

pub(super) async fn entries_of(tx: &mut Tx, ids: &[EntryId]) -> Result<Vec<(Bank, Entry)>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = tx.rows_of("SELECT * FROM entries WHERE id IN IDS", &[], &ids).await?;
    let found = rows.iter().map(entry_row).collect::<Read<Vec<_>>>()?;
    let mut ids: Vec<Uuid> = found.iter().map(|entry| entry.bank.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = tx.rows_of("SELECT * FROM banks WHERE id IN IDS", &[], &ids).await?;
    let banks = rows.iter().map(bank).collect::<Read<Vec<_>>>()?;
    let pair = |entry: Entry| Some((banks.iter().find(|bank| bank.id == entry.bank)?.clone(), entry));
    Ok(found.into_iter().filter_map(pair).collect())
}
