//! The SQL of the view of one file.

use uuid::Uuid;

use super::super::store::{Read, read_case, read_decision};
use crate::refusal::Result;
use crate::review::involved::Role;
use crate::review::{Approval, Case, Decision, State};
use crate::store::{CaseId, DecisionId, InvolvedId, ItemId, PersonId, Row, Tx, as_word, uuids};

/// A case that holds a copy of a file.
pub(super) struct Held {
    pub(super) case: Case,
    /// It rests on this file alone: no other file, no notice.
    pub(super) alone: bool,
    /// A decision that was made for this file waits in it for its second person.
    pub(super) waiting: bool,
}

/// What stands in a decision that was made for a file.
fn for_file(sha256: &str) -> String {
    format!("%\"file\":\"{sha256}\"%")
}

/// Cases that are not dismissed and hold a copy of a file, oldest first.
pub(super) async fn with_file(tx: &mut Tx, bytes: &[u8], sha256: &str, limit: i64) -> Result<Vec<Held>> {
    let rows = tx
        .rows(
            "SELECT cases.*, NOT EXISTS (SELECT 1 FROM signals LEFT JOIN items ON items.id = signals.item
                     WHERE signals.case_id = cases.id AND (items.sha256 IS NULL OR items.sha256 <> $1)) AS alone,
                 cases.state = 'approval' AND EXISTS (SELECT 1 FROM decisions
                     WHERE decisions.case_id = cases.id AND decisions.approval = 'asked'
                         AND decisions.undone_at IS NULL AND decisions.particulars LIKE $2) AS waiting
             FROM cases WHERE state <> 'dismissed' AND id IN
                 (SELECT signals.case_id FROM signals JOIN items ON items.id = signals.item WHERE items.sha256 = $1)
             ORDER BY number LIMIT $3",
            &[bytes.into(), for_file(sha256).into(), limit.into()],
        )
        .await?;
    let held = |row: &Row| Ok(Held { case: read_case(row)?, alone: row.get("alone")?, waiting: row.get("waiting")? });
    Ok(rows.iter().map(held).collect::<Read<_>>()?)
}

/// Locks their rows: no signal joins them until the transaction ends.
pub(super) async fn lock_with_file(tx: &mut Tx, bytes: &[u8]) -> Result<()> {
    // SQLite has one writer, and a transaction that writes is it.
    let sql = tx.dialect(
        "SELECT 1 WHERE $1 IS NULL",
        "SELECT 1 FROM cases WHERE state <> 'dismissed' AND id IN
             (SELECT signals.case_id FROM signals JOIN items ON items.id = signals.item WHERE items.sha256 = $1)
         ORDER BY number FOR UPDATE",
    );
    Ok(tx.rows(sql, &[bytes.into()]).await.map(drop)?)
}

fn ids_of(decisions: &[Decision]) -> Vec<Uuid> {
    decisions.iter().map(|decision| decision.id.0).collect()
}

/// Gives a role to whoever has none in these cases; answers who they are.
pub(super) async fn give_roles(
    tx: &mut Tx,
    ids: &[CaseId],
    role: Role,
    by: PersonId,
) -> Result<Vec<(CaseId, InvolvedId)>> {
    let now = tx.now();
    let sql = "UPDATE involved SET role = $1, set_by = $2, set_at = $3 WHERE role IS NULL AND case_id IN IDS
         RETURNING id, case_id";
    let rows = tx.rows_of(sql, &[as_word(&role).into(), by.into(), now.into()], &uuids(ids)).await?;
    Ok(rows.iter().map(|row| Ok((row.get("case_id")?, row.get("id")?))).collect::<Read<_>>()?)
}

/// Somebody in these cases who has no role.
pub(super) async fn without_role(tx: &mut Tx, ids: &[CaseId]) -> Result<Option<String>> {
    let sql = "SELECT COALESCE(account, 'whoever has no account') AS account FROM involved
         WHERE role IS NULL AND case_id IN IDS LIMIT 1";
    let rows = tx.rows_of(sql, &[], &uuids(ids)).await?;
    Ok(rows.first().map(|row| row.get("account")).transpose()?)
}

/// Each decision covers the signals of its case that are there.
pub(super) async fn assign_signals(tx: &mut Tx, decisions: &[Decision]) -> Result<()> {
    let sql = "UPDATE signals SET decision = decisions.id FROM decisions
         WHERE decisions.case_id = signals.case_id AND signals.decision IS NULL AND decisions.id IN IDS";
    Ok(tx.rows_of(sql, &[], &ids_of(decisions)).await.map(drop)?)
}

pub(super) async fn unassign_signals(tx: &mut Tx, decisions: &[Decision]) -> Result<()> {
    let sql = "UPDATE signals SET decision = NULL WHERE decision IN IDS";
    Ok(tx.rows_of(sql, &[], &ids_of(decisions)).await.map(drop)?)
}

/// The state of many cases, which nobody works on or is named for any more.
pub(super) async fn set_state(tx: &mut Tx, ids: &[CaseId], state: State) -> Result<()> {
    let now = tx.now();
    let sql = "UPDATE cases SET state = $1, changed_at = $2, leased_by = NULL, leased_until = NULL, given_to = NULL
         WHERE id IN IDS";
    Ok(tx.rows_of(sql, &[as_word(&state).into(), now.into()], &uuids(ids)).await.map(drop)?)
}

/// The decisions for a file that wait in these cases for a second person.
pub(super) async fn waiting_for_file(tx: &mut Tx, ids: &[CaseId], sha256: &str) -> Result<Vec<Decision>> {
    let sql = "SELECT * FROM decisions WHERE approval = 'asked' AND undone_at IS NULL AND particulars LIKE $1
         AND case_id IN IDS";
    let rows = tx.rows_of(sql, &[for_file(sha256).into()], &uuids(ids)).await?;
    Ok(rows.iter().map(read_decision).collect::<Read<_>>()?)
}

pub(super) async fn settle_approvals(
    tx: &mut Tx,
    decisions: &[Decision],
    approval: Approval,
    approver: PersonId,
    reason: &str,
) -> Result<()> {
    let now = tx.now();
    let sql =
        "UPDATE decisions SET approval = $1, approver = $2, approver_reason = $3, settled_at = $4 WHERE id IN IDS";
    let args = [as_word(&approval).into(), approver.into(), reason.into(), now.into()];
    Ok(tx.rows_of(sql, &args, &ids_of(decisions)).await.map(drop)?)
}

/// Whether one of them is called viral.
pub(super) async fn is_viral(tx: &mut Tx, sha256: &[u8]) -> Result<bool> {
    let sql =
        "SELECT 1 AS one FROM items JOIN signals ON signals.item = items.id JOIN cases ON cases.id = signals.case_id
         WHERE items.sha256 = $1 AND cases.state <> 'dismissed' AND cases.reasons LIKE '%\"viral\"%' LIMIT 1";
    Ok(tx.row(sql, &[sha256.into()]).await?.is_some())
}

/// How many cases that are not dismissed hold a copy of a file, counted no further than `limit`.
pub(super) async fn count_with_file(tx: &mut Tx, sha256: &[u8], limit: i64) -> Result<i64> {
    let row = tx
        .row(
            "SELECT COUNT(*) AS n FROM (SELECT DISTINCT signals.case_id FROM signals
                 JOIN items ON items.id = signals.item JOIN cases ON cases.id = signals.case_id
                 WHERE items.sha256 = $1 AND cases.state <> 'dismissed' LIMIT $2) AS counted",
            &[sha256.into(), limit.into()],
        )
        .await?;
    Ok(row.map_or(Ok(0), |row| row.get("n"))?)
}

/// The same, beside one case.
pub(super) async fn count_others_with_file(tx: &mut Tx, sha256: &[u8], case: CaseId, limit: i64) -> Result<i64> {
    let row = tx
        .row(
            "SELECT COUNT(*) AS n FROM (SELECT DISTINCT signals.case_id FROM signals
                 JOIN items ON items.id = signals.item JOIN cases ON cases.id = signals.case_id
                 WHERE items.sha256 = $1 AND cases.state <> 'dismissed' AND cases.id <> $2 LIMIT $3) AS counted",
            &[sha256.into(), case.into(), limit.into()],
        )
        .await?;
    Ok(row.map_or(Ok(0), |row| row.get("n"))?)
}

/// Of these uploads those a copy of which was decided to be nothing that must be reported; such a decision stands.
pub(super) async fn disputed(tx: &mut Tx, items: &[ItemId]) -> Result<Vec<ItemId>> {
    let ids: Vec<Uuid> = items.iter().map(|item| item.0).collect();
    let sql = "SELECT mine.id FROM items AS mine WHERE (EXISTS (SELECT 1 FROM items AS copy
             JOIN signals ON signals.item = copy.id JOIN decisions ON decisions.id = signals.decision
             WHERE copy.sha256 = mine.sha256 AND decisions.undone_at IS NULL
                 AND decisions.outcome IN ('no_violation', 'other_violation'))
             OR EXISTS (SELECT 1 FROM match_opinions WHERE match_opinions.sha256 = mine.sha256 AND NOT fits))
         AND mine.id IN IDS";
    Ok(tx.rows_of(sql, &[], &ids).await?.iter().map(|row| row.get("id")).collect::<Read<_>>()?)
}

/// Whether a decision covers a file that another standing decision calls the opposite, or whose match somebody denied.
pub(super) async fn decided_otherwise(tx: &mut Tx, decision: DecisionId) -> Result<bool> {
    let found = tx
        .row(
            "SELECT mine.id FROM signals AS own JOIN items AS mine ON mine.id = own.item
             JOIN decisions AS this ON this.id = own.decision
             WHERE own.decision = $1 AND (EXISTS (SELECT 1 FROM items AS copy
                     JOIN signals ON signals.item = copy.id JOIN decisions AS other ON other.id = signals.decision
                     WHERE copy.sha256 = mine.sha256 AND other.id <> this.id AND other.undone_at IS NULL
                         AND ((this.outcome = 'report' AND other.outcome IN ('no_violation', 'other_violation'))
                             OR (this.outcome <> 'report' AND other.outcome = 'report')))
                 OR EXISTS (SELECT 1 FROM match_opinions WHERE match_opinions.sha256 = mine.sha256 AND NOT fits
                     AND this.outcome = 'report')) LIMIT 1",
            &[decision.into()],
        )
        .await?;
    Ok(found.is_some())
}

/// Whether any case holds or held a copy of a file.
pub(super) async fn was_held(tx: &mut Tx, sha256: &[u8]) -> Result<bool> {
    let sql = "SELECT signals.id FROM signals JOIN items ON items.id = signals.item WHERE items.sha256 = $1 LIMIT 1";
    Ok(tx.row(sql, &[sha256.into()]).await?.is_some())
}
