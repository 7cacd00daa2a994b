//! The SQL of uploads.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Arrival, Facts, Item, KeptMatch, Recent};
use crate::matching::{Hit, Judgement, Prints, Verdict, shield};
use crate::refusal::{Error, Result};
use crate::store::{CaseId, ItemId, Row, StoreError, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

fn frames(prints: &Prints) -> Result<String> {
    let frames: Vec<(String, u8)> = match &prints.look {
        Some(Ok(look)) => look.frames.iter().map(|frame| (frame.hash.to_string(), frame.quality)).collect(),
        _ => Vec::new(),
    };
    serde_json::to_string(&frames).map_err(|error| Error::internal("writing fingerprints", error))
}

fn film(prints: &Prints) -> Result<Option<String>> {
    let video = prints.look.as_ref().and_then(|look| look.as_ref().ok()).and_then(|look| look.video);
    let text = video.map(|video| serde_json::to_string(&video)).transpose();
    text.map_err(|error| Error::internal("writing a film's length", error))
}

pub(super) async fn insert(tx: &mut Tx, api_key: Uuid, arrival: &Arrival) -> Result<()> {
    let now = tx.now();
    let judgement = &arrival.judgement;
    // Where nothing is kept, only fingerprints and the content id stay (data minimisation, HR-13).
    let facts = (judgement.verdict != Verdict::NoMatch || arrival.sealed.is_some())
        .then(|| serde_json::to_string(&arrival.facts))
        .transpose()
        .map_err(|error| Error::internal("writing an upload's facts", error))?;
    let bytes = i64::try_from(arrival.bytes).map_err(|error| Error::internal("measuring an upload", error))?;
    tx.execute(
        "INSERT INTO items (id, api_key, content_id, verdict, reason, strength, coverage, lists_as_of, facts, bytes,
             md5, sha1, sha256, frames, received_at, film)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        &[
            arrival.id.into(),
            api_key.into(),
            arrival.facts.content_id.as_str().into(),
            as_word(&judgement.verdict).into(),
            judgement.reason.into(),
            judgement.strength.as_ref().map(as_word).into(),
            as_word(&judgement.coverage).into(),
            judgement.lists_as_of.into(),
            facts.into(),
            bytes.into(),
            arrival.prints.digests.md5.as_slice().into(),
            arrival.prints.digests.sha1.as_slice().into(),
            arrival.prints.digests.sha256.as_slice().into(),
            frames(&arrival.prints)?.into(),
            now.into(),
            film(&arrival.prints)?.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Keeps what is seen at an address; the newest digest of it, where there is one.
pub(super) async fn insert_address(tx: &mut Tx, address: &[u8], content: &str, sha256: Option<&[u8]>) -> Result<()> {
    tx.execute(
        "INSERT INTO content_addresses (address, content_id, sha256) VALUES ($1, $2, $3)
         ON CONFLICT (address, content_id)
             DO UPDATE SET sha256 = COALESCE(excluded.sha256, content_addresses.sha256)",
        &[address.into(), content.into(), sha256.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn contents_at(tx: &mut Tx, address: &[u8]) -> Result<Vec<String>> {
    let sql = "SELECT content_id FROM content_addresses WHERE address = $1 ORDER BY content_id LIMIT 100";
    let rows = tx.rows(sql, &[address.into()]).await?;
    Ok(rows.iter().map(|row| row.get("content_id")).collect::<Read<_>>()?)
}

pub(super) async fn insert_match(tx: &mut Tx, item: ItemId, hit: &Hit) -> Result<()> {
    let (distance, threshold) = hit.kept();
    let in_common = hit.in_common.as_ref().map(serde_json::to_string).transpose();
    let in_common = in_common.map_err(|error| Error::internal("writing what two films have in common", error))?;
    // What one of our own entries says is read from the entry.
    let classification = hit.classification.as_deref().filter(|_| hit.bank == shield::BANK);
    tx.execute(
        "INSERT INTO item_matches (item, entry, bank, signal, strength, distance, threshold, shadow, orientation, trimmed, classification, in_common)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (item, entry) DO NOTHING",
        &[
            item.into(),
            hit.entry.into(),
            hit.bank.into(),
            as_word(&hit.signal).into(),
            as_word(&hit.strength).into(),
            distance.into(),
            threshold.into(),
            hit.shadow.into(),
            hit.orientation.as_ref().map(as_word).into(),
            hit.trimmed.into(),
            classification.into(),
            in_common.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn rejudge(tx: &mut Tx, id: ItemId, prints: &Prints, judgement: &Judgement) -> Result<bool> {
    let sql = "UPDATE items SET verdict = $1, reason = $2, strength = $3, coverage = $4, lists_as_of = $5, frames = $6, film = $7
         WHERE id = $8 AND verdict = 'unscanned'";
    let changed = tx
        .execute(
            sql,
            &[
                as_word(&judgement.verdict).into(),
                judgement.reason.into(),
                judgement.strength.as_ref().map(as_word).into(),
                as_word(&judgement.coverage).into(),
                judgement.lists_as_of.into(),
                frames(prints)?.into(),
                film(prints)?.into(),
                id.into(),
            ],
        )
        .await?;
    Ok(changed == 1)
}

pub(super) async fn forget_facts(tx: &mut Tx, id: ItemId) -> Result<()> {
    tx.execute("UPDATE items SET facts = NULL WHERE id = $1", &[id.into()]).await?;
    Ok(())
}

fn digest<const N: usize>(row: &Row, name: &str) -> Read<[u8; N]> {
    row.get::<Vec<u8>>(name)?.try_into().map_err(|_| StoreError::Unreadable(name.to_owned()))
}

/// JSON that may be absent.
fn optional<T: serde::de::DeserializeOwned>(row: &Row, name: &str) -> Read<Option<T>> {
    let text: Option<String> = row.get(name)?;
    text.map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Unreadable(name.to_owned()))).transpose()
}

fn read_item(row: &Row) -> Read<Item> {
    let facts: Option<String> = row.get("facts")?;
    let facts: Option<Facts> = facts
        .map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Unreadable("facts".to_owned())))
        .transpose()?;
    let strength: Option<String> = row.get("strength")?;
    Ok(Item {
        id: row.get("id")?,
        content_id: row.get("content_id")?,
        verdict: row.word("verdict")?,
        reason: row.get("reason")?,
        strength: strength.and_then(|text| crate::store::word(&text)),
        coverage: row.word("coverage")?,
        lists_as_of: row.get("lists_as_of")?,
        facts,
        bytes: row.get("bytes")?,
        digests: fingerprint::Digests {
            md5: digest(row, "md5")?,
            sha1: digest(row, "sha1")?,
            sha256: digest(row, "sha256")?,
        },
        frames: row.json("frames")?,
        film: optional(row, "film")?,
        received_at: row.get("received_at")?,
    })
}

pub(super) async fn recent(tx: &mut Tx, before: ItemId, most: i64) -> Result<Vec<Recent>> {
    let rows = tx
        .rows(
            "SELECT id, content_id, verdict, md5, sha1, sha256, frames, received_at FROM items
             WHERE id < $1 ORDER BY id DESC LIMIT $2",
            &[before.into(), most.into()],
        )
        .await?;
    let read = |row: &Row| {
        let frames: Vec<(String, u8)> = row.json("frames")?;
        let frame = |(hash, quality): (String, u8)| Some((hash.parse().ok()?, quality));
        Ok(Recent {
            id: row.get("id")?,
            content_id: row.get("content_id")?,
            verdict: row.word("verdict")?,
            digests: fingerprint::Digests {
                md5: digest(row, "md5")?,
                sha1: digest(row, "sha1")?,
                sha256: digest(row, "sha256")?,
            },
            frames: frames.into_iter().filter_map(frame).collect(),
            received_at: row.get("received_at")?,
        })
    };
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn cases_of(tx: &mut Tx, ids: &[ItemId]) -> Result<HashMap<ItemId, (CaseId, i64)>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let sql = "SELECT signals.item, cases.id, cases.number FROM signals JOIN cases ON cases.id = signals.case_id
         WHERE signals.item IN IDS ORDER BY signals.at";
    let rows = tx.rows_of(sql, &[], &ids).await?;
    Ok(rows.iter().map(|row| Ok((row.get("item")?, (row.get("id")?, row.get("number")?)))).collect::<Read<_>>()?)
}

pub(super) async fn item(tx: &mut Tx, id: ItemId) -> Result<Option<Item>> {
    let row = tx.row("SELECT * FROM items WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read_item).transpose()?)
}

pub(super) async fn items(tx: &mut Tx, ids: &[ItemId]) -> Result<Vec<Item>> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = tx.rows_of("SELECT * FROM items WHERE id IN IDS", &[], &ids).await?;
    Ok(rows.iter().map(read_item).collect::<Read<_>>()?)
}

pub(super) async fn matches(tx: &mut Tx, ids: &[ItemId]) -> Result<Vec<(ItemId, KeptMatch)>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let sql = "SELECT * FROM item_matches WHERE NOT shadow AND item IN IDS ORDER BY strength, distance, entry";
    let rows = tx.rows_of(sql, &[], &ids).await?;
    let kept = |row: &Row| {
        let bits = |value: Option<i64>| value.and_then(|bits| u32::try_from(bits).ok());
        let kept = KeptMatch {
            entry: row.get("entry")?,
            bank: row.get("bank")?,
            signal: row.word("signal")?,
            strength: row.word("strength")?,
            classification: row.get("classification")?,
            distance: bits(row.get("distance")?),
            threshold: bits(row.get("threshold")?),
            orientation: row.get::<Option<String>>("orientation")?.and_then(|text| crate::store::word(&text)),
            trimmed: row.get("trimmed")?,
            in_common: optional(row, "in_common")?,
        };
        Ok((row.get("item")?, kept))
    };
    Ok(rows.iter().map(kept).collect::<Read<_>>()?)
}

pub(super) async fn case_of(tx: &mut Tx, id: ItemId) -> Result<Option<CaseId>> {
    let row = tx.row("SELECT case_id FROM signals WHERE item = $1", &[id.into()]).await?;
    Ok(row.map(|row| row.get("case_id")).transpose()?)
}
