//! The SQL of exports.

use jiff::Timestamp;

use super::super::Signal;
use crate::refusal::Result;
use crate::store::{BankId, EntryId, ExportId, Row, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

pub(super) async fn insert(
    tx: &mut Tx,
    id: ExportId,
    bank: BankId,
    whom: &str,
    by: &str,
    entries: usize,
) -> Result<()> {
    let now = tx.now();
    let entries = i64::try_from(entries).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO exports (id, bank, whom, by_whom, entries, at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[id.into(), bank.into(), whom.into(), by.into(), entries.into(), now.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn left_out(tx: &mut Tx, export: ExportId, entry: EntryId) -> Result<()> {
    tx.execute("INSERT INTO exports_left_out (export, entry) VALUES ($1, $2)", &[export.into(), entry.into()]).await?;
    Ok(())
}

fn words(row: &Row) -> Read<String> {
    let (whom, name): (String, String) = (row.get("whom")?, row.get("name")?);
    let at: Timestamp = row.get("at")?;
    Ok(format!("{whom}, who received the list {name} on {}", at.strftime("%Y-%m-%d")))
}

/// Who received this hash: every export of its list that was made when it was there and did not leave it out.
pub(super) async fn received(tx: &mut Tx, signal: Signal, value: &[u8]) -> Result<Vec<String>> {
    let rows = tx
        .rows(
            "SELECT exports.whom, banks.name, MIN(exports.at) AS at FROM entries
             JOIN exports ON exports.bank = entries.bank AND exports.at >= entries.created_at
             JOIN banks ON banks.id = entries.bank
             WHERE entries.signal = $1 AND entries.value = $2 AND banks.kind <> 'exception'
               AND NOT EXISTS (SELECT 1 FROM exports_left_out
                   WHERE exports_left_out.export = exports.id AND exports_left_out.entry = entries.id)
             GROUP BY exports.whom, banks.name ORDER BY at, exports.whom",
            &[as_word(&signal).into(), value.into()],
        )
        .await?;
    Ok(rows.iter().map(words).collect::<Read<_>>()?)
}

/// Who received a list.
pub(super) async fn received_list(tx: &mut Tx, bank: BankId) -> Result<Vec<String>> {
    let rows = tx
        .rows(
            "SELECT exports.whom, banks.name, MIN(exports.at) AS at FROM exports
             JOIN banks ON banks.id = exports.bank WHERE exports.bank = $1
             GROUP BY exports.whom, banks.name ORDER BY at, exports.whom",
            &[bank.into()],
        )
        .await?;
    Ok(rows.iter().map(words).collect::<Read<_>>()?)
}
