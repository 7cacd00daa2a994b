//! The SQL of vocabularies.

use std::collections::BTreeSet;

use super::{Hash, Vocabulary};
use crate::refusal::Result;
use crate::store::{Row, StoreError, Tx, VocabularyId};

type Read<T> = std::result::Result<T, StoreError>;

fn read(row: &Row) -> Read<Vocabulary> {
    Ok(Vocabulary {
        id: row.get("id")?,
        name: row.get("name")?,
        entries: row.get("entries")?,
        imported_at: row.get("imported_at")?,
    })
}

pub(super) async fn list(tx: &mut Tx) -> Result<Vec<Vocabulary>> {
    let rows = tx.rows("SELECT * FROM vocabularies ORDER BY name", &[]).await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn insert(tx: &mut Tx, list: &Vocabulary, hashes: &BTreeSet<Hash>) -> Result<()> {
    tx.execute(
        "INSERT INTO vocabularies (id, name, entries, imported_at) VALUES ($1, $2, $3, $4)",
        &[list.id.into(), list.name.as_str().into(), list.entries.into(), list.imported_at.into()],
    )
    .await?;
    for hash in hashes {
        let sql = "INSERT INTO vocabulary_words (list, hash) VALUES ($1, $2)";
        tx.execute(sql, &[list.id.into(), hash.to_vec().into()]).await?;
    }
    Ok(())
}

/// False when there was none of this name.
pub(super) async fn remove(tx: &mut Tx, name: &str) -> Result<bool> {
    let sql = "DELETE FROM vocabulary_words WHERE list IN (SELECT id FROM vocabularies WHERE name = $1)";
    tx.execute(sql, &[name.into()]).await?;
    Ok(tx.execute("DELETE FROM vocabularies WHERE name = $1", &[name.into()]).await? > 0)
}

pub(super) async fn hashes(tx: &mut Tx, list: VocabularyId) -> Result<Vec<Hash>> {
    let rows = tx.rows("SELECT hash FROM vocabulary_words WHERE list = $1", &[list.into()]).await?;
    let hash = |row: &Row| {
        let bytes: Vec<u8> = row.get("hash")?;
        bytes.try_into().map_err(|_| StoreError::Unreadable("hash".to_owned()))
    };
    Ok(rows.iter().map(hash).collect::<Read<_>>()?)
}
