//! What backups mean for destruction: a key is gone when the last copy of it is, and what was destroyed stays so after a restore.

use jiff::Timestamp;

use super::super::{bases, store as kept};
use super::store;
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::Result;
use crate::store::{BackupId, ObjectId, Recorded, Tx};

/// A copy of the records and the keys.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// When it was made.
    pub made_at: Timestamp,
    /// When its data keys are deleted.
    pub keys_until: Timestamp,
}

/// Writes down that a backup is made, before it is.
pub async fn note_backup(tx: &mut Tx, caller: &Caller, keys_days: i64) -> Result<(Backup, Recorded)> {
    caller.require(Permission::ChangeHolds)?;
    let made_at = tx.now();
    let backup = Backup { id: tx.id(), made_at, keys_until: bases::days_after(made_at, keys_days) };
    store::insert_backup(tx, &backup).await?;
    let detail = serde_json::json!({"keys_until": backup.keys_until});
    let proof = audit::record(tx, Entry::by(caller, "backup.made").about(backup.id).detail(detail)).await?;
    Ok((backup, proof))
}

/// After a restore: discards again the keys of objects that were destroyed since the backup. Answers how many there were.
pub async fn replay(tx: &mut Tx, destroyed: &[ObjectId]) -> Result<usize> {
    let mut count = 0;
    for object in destroyed {
        if kept::key(tx, *object).await?.is_some() {
            kept::drop_key(tx, *object).await?;
            store::mark_object_destroyed(tx, *object).await?;
            audit::record(tx, Entry::by_tanod("destruction.replayed").about(*object)).await.map(drop)?;
            count += 1;
        }
    }
    Ok(count)
}
