//! The SQL of what needs somebody: one question each.

use jiff::Timestamp;

use super::{Kind, Numbered};
use crate::refusal::Result;
use crate::store::{PersonId, Row, StoreError, Tx};

/// How many there are, and the time of the first. Each text takes the person and the time, and may use neither.
fn counted(kind: Kind) -> &'static str {
    match kind {
        Kind::Danger => {
            "SELECT COUNT(*) AS n, MIN(knowledge_at) AS at FROM cases
             WHERE priority = 0 AND state IN ('open', 'help', 'approval', 'reporting') AND $1 IS NOT NULL AND $2 > 0"
        }
        Kind::Alarms => {
            "SELECT COUNT(*) AS n, MIN(raised_at) AS at FROM alarms
             WHERE state = 'open' AND $1 IS NOT NULL AND $2 > 0"
        }
        Kind::Deadlines => {
            "SELECT COUNT(DISTINCT cases.id) AS n, MIN(alarms.raised_at) AS at FROM alarms
             JOIN cases ON cases.id = alarms.case_id
             WHERE alarms.kind IN ('clock_near', 'clock_passed') AND alarms.cleared_at IS NULL
               AND cases.state IN ('open', 'help', 'approval') AND $1 IS NOT NULL AND $2 > 0"
        }
        Kind::Yours => {
            "SELECT COUNT(*) AS n, MIN(leased_until) AS at FROM cases
             WHERE leased_by = $1 AND leased_until > $2 AND state IN ('open', 'help', 'approval')"
        }
        Kind::Handed => {
            "SELECT COUNT(*) AS n, MIN(changed_at) AS at FROM cases
             WHERE given_to = $1 AND state IN ('open', 'help', 'approval')
               AND (leased_by IS NULL OR leased_until <= $2)"
        }
        Kind::Approvals => {
            "SELECT COUNT(*) AS n, MIN(decisions.at) AS at FROM decisions JOIN cases ON cases.id = decisions.case_id
             WHERE cases.state = 'approval' AND decisions.approval IN ('asked', 'alone') AND decisions.undone_at IS NULL
               AND decisions.by_person <> $1 AND $2 > 0"
        }
        Kind::Help => {
            "SELECT COUNT(*) AS n, MIN(changed_at) AS at FROM cases
             WHERE state = 'help' AND $1 IS NOT NULL AND $2 > 0"
        }
        Kind::Removals => {
            "SELECT COUNT(*) AS n, MIN(due_at) AS at FROM removals
             WHERE settled_at IS NULL AND $1 IS NOT NULL AND $2 > 0"
        }
        Kind::Stuck => {
            "SELECT COUNT(*) AS n, MIN(created_at) AS at FROM reports
             WHERE state = 'dead' AND $1 IS NOT NULL AND $2 > 0"
        }
        Kind::Counsel => "SELECT COUNT(*) AS n, MIN(since) AS at FROM counsel WHERE $1 IS NOT NULL AND $2 > 0",
        Kind::Releases => {
            "SELECT COUNT(*) AS n, MIN(asked_at) AS at FROM releases
             WHERE answered_at IS NULL AND asked_by <> $1 AND $2 > 0"
        }
        Kind::Process => {
            "SELECT COUNT(*) AS n, MIN(due_at) AS at FROM legal_processes
             WHERE settled_at IS NULL AND $1 IS NOT NULL AND $2 > 0"
        }
        Kind::Packages => {
            "SELECT COUNT(*) AS n, MIN(asked_at) AS at FROM packages
             WHERE state = 'asked' AND asked_by <> $1 AND $2 > 0"
        }
        Kind::Untold => {
            "SELECT COUNT(*) AS n, MIN(corrections.at) AS at FROM corrections_told
             JOIN corrections ON corrections.id = corrections_told.correction
             WHERE corrections_told.told_at IS NULL AND $1 IS NOT NULL AND $2 > 0"
        }
        Kind::Disagreements => {
            "SELECT COUNT(*) AS n, MIN(said_at) AS at FROM second_looks
             WHERE said_at IS NOT NULL AND NOT agrees AND settled_at IS NULL AND $1 IS NOT NULL AND $2 > 0"
        }
        Kind::Work => {
            "SELECT COUNT(*) AS n, MIN(due_at) AS at FROM jobs
             WHERE state = 'dead' AND lane <> 'reports' AND $1 IS NOT NULL AND $2 > 0"
        }
    }
}

/// Which cases it is about, for those few that are settled on a case's own page.
fn named(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Danger => Some(
            "SELECT id, number FROM cases
             WHERE priority = 0 AND state IN ('open', 'help', 'approval', 'reporting') AND $1 IS NOT NULL AND $2 > 0
             ORDER BY knowledge_at, id LIMIT $3",
        ),
        Kind::Deadlines => Some(
            "SELECT DISTINCT cases.id, cases.number, cases.priority FROM alarms JOIN cases ON cases.id = alarms.case_id
             WHERE alarms.kind IN ('clock_near', 'clock_passed') AND alarms.cleared_at IS NULL
               AND cases.state IN ('open', 'help', 'approval') AND $1 IS NOT NULL AND $2 > 0
             ORDER BY cases.priority, cases.number LIMIT $3",
        ),
        Kind::Yours => Some(
            "SELECT id, number FROM cases
             WHERE leased_by = $1 AND leased_until > $2 AND state IN ('open', 'help', 'approval')
             ORDER BY priority, knowledge_at, id LIMIT $3",
        ),
        Kind::Handed => Some(
            "SELECT id, number FROM cases
             WHERE given_to = $1 AND state IN ('open', 'help', 'approval')
               AND (leased_by IS NULL OR leased_until <= $2)
             ORDER BY priority, knowledge_at, id LIMIT $3",
        ),
        Kind::Approvals => Some(
            "SELECT DISTINCT cases.id, cases.number, cases.priority FROM decisions
             JOIN cases ON cases.id = decisions.case_id
             WHERE cases.state = 'approval' AND decisions.approval IN ('asked', 'alone') AND decisions.undone_at IS NULL
               AND decisions.by_person <> $1 AND $2 > 0
             ORDER BY cases.priority, cases.number LIMIT $3",
        ),
        _ => None,
    }
}

pub(super) async fn count(tx: &mut Tx, kind: Kind, person: PersonId) -> Result<(i64, Option<Timestamp>)> {
    let now = tx.now();
    let row = tx.row(counted(kind), &[person.into(), now.into()]).await?;
    Ok(row.map(|row| Ok::<_, StoreError>((row.get("n")?, row.get("at")?))).transpose()?.unwrap_or((0, None)))
}

pub(super) async fn cases(tx: &mut Tx, kind: Kind, person: PersonId, most: i64) -> Result<Vec<Numbered>> {
    let Some(sql) = named(kind) else { return Ok(Vec::new()) };
    let now = tx.now();
    let rows = tx.rows(sql, &[person.into(), now.into(), most.into()]).await?;
    let read = |row: &Row| Ok::<_, StoreError>(Numbered { case: row.get("id")?, number: row.get("number")? });
    Ok(rows.iter().map(read).collect::<std::result::Result<_, _>>()?)
}
