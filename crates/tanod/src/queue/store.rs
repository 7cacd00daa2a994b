//! The SQL of the queue.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Counts, GaveUp, Lane, Leased, Work};
use crate::refusal::{Error, Result};
use crate::store::{JobId, LeaseId, Row, StoreError, Tx};

pub(super) async fn insert(tx: &mut Tx, work: &[Work], due: Timestamp) -> Result<()> {
    let now = tx.now();
    let mut rows = Vec::with_capacity(work.len());
    for work in work {
        let id: JobId = tx.id();
        let payload = serde_json::to_string(work).map_err(|error| Error::internal("writing a job", error))?;
        let (lane, subject) = (work.lane(), work.subject());
        rows.push(vec![
            id.into(),
            lane.into(),
            payload.into(),
            subject.into(),
            "waiting".into(),
            due.into(),
            0_i64.into(),
            now.into(),
        ]);
    }
    let sql = "INSERT INTO jobs (id, lane, payload, subject, state, due_at, attempts, created_at) VALUES ROWS
         ON CONFLICT (lane, subject) DO NOTHING";
    Ok(tx.write_rows(sql, &rows).await?)
}

pub(super) async fn lease(tx: &mut Tx, lane: &str, lease: LeaseId, until: Timestamp) -> Result<Option<Leased>> {
    let sql = tx.dialect(
        "UPDATE jobs SET state = 'leased', lease = $1, leased_until = $2 WHERE id IN (
             SELECT id FROM jobs WHERE lane = $3
               AND ((state = 'waiting' AND due_at <= $4) OR (state = 'leased' AND leased_until < $4))
             ORDER BY due_at, id LIMIT 1)
         RETURNING id, payload, attempts",
        "UPDATE jobs SET state = 'leased', lease = $1, leased_until = $2 WHERE id IN (
             SELECT id FROM jobs WHERE lane = $3
               AND ((state = 'waiting' AND due_at <= $4) OR (state = 'leased' AND leased_until < $4))
             ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING id, payload, attempts",
    );
    let now = tx.now();
    let row = tx.row(sql, &[lease.into(), until.into(), lane.into(), now.into()]).await?;
    Ok(row
        .map(|row| {
            Ok::<_, StoreError>(Leased {
                id: row.get("id")?,
                lease,
                work: row.json("payload")?,
                attempts: row.get("attempts")?,
            })
        })
        .transpose()?)
}

pub(super) async fn keep(tx: &mut Tx, id: JobId, lease: LeaseId, until: Timestamp) -> Result<bool> {
    let kept = tx
        .execute(
            "UPDATE jobs SET leased_until = $1 WHERE id = $2 AND lease = $3 AND state = 'leased'",
            &[until.into(), id.into(), lease.into()],
        )
        .await?;
    Ok(kept == 1)
}

pub(super) async fn remove(tx: &mut Tx, job: &Leased) -> Result<()> {
    tx.execute("DELETE FROM jobs WHERE id = $1 AND lease = $2", &[job.id.into(), job.lease.into()]).await?;
    Ok(())
}

pub(super) async fn again(tx: &mut Tx, job: &Leased, attempts: i64, due: Timestamp, error: Option<&str>) -> Result<()> {
    tx.execute(
        "UPDATE jobs SET state = 'waiting', lease = NULL, leased_until = NULL, attempts = $1, due_at = $2,
             last_error = $3
         WHERE id = $4 AND lease = $5",
        &[attempts.into(), due.into(), error.into(), job.id.into(), job.lease.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn bury(tx: &mut Tx, job: &Leased, error: &str) -> Result<()> {
    tx.execute(
        "UPDATE jobs SET state = 'dead', lease = NULL, leased_until = NULL, attempts = attempts + 1, last_error = $1
         WHERE id = $2 AND lease = $3",
        &[error.into(), job.id.into(), job.lease.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn reclaim(tx: &mut Tx) -> Result<()> {
    tx.execute("UPDATE jobs SET state = 'waiting', lease = NULL, leased_until = NULL WHERE state = 'leased'", &[])
        .await?;
    Ok(())
}

pub(super) async fn revive(tx: &mut Tx, lane: &str, subject: Uuid, now: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE jobs SET state = 'waiting', attempts = 0, due_at = $1
         WHERE lane = $2 AND subject = $3 AND state <> 'leased'",
        &[now.into(), lane.into(), subject.into()],
    )
    .await?;
    Ok(())
}

pub(super) async fn counts(tx: &mut Tx) -> Result<Counts> {
    let mut counts = Counts::default();
    for row in tx.rows("SELECT state, COUNT(*) AS n FROM jobs GROUP BY state", &[]).await? {
        let state: String = row.get("state")?;
        let n: i64 = row.get("n")?;
        match state.as_str() {
            "waiting" => counts.waiting = n,
            "leased" => counts.leased = n,
            _ => counts.dead = n,
        }
    }
    Ok(counts)
}

pub(super) async fn stuck(tx: &mut Tx, since: Timestamp) -> Result<Vec<String>> {
    let rows = tx
        .rows(
            "SELECT DISTINCT lane FROM jobs WHERE (state = 'waiting' AND due_at < $1)
                 OR (state = 'leased' AND leased_until < $1)
             ORDER BY lane",
            &[since.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get("lane")).collect::<std::result::Result<_, StoreError>>()?)
}

pub(super) async fn lanes(tx: &mut Tx) -> Result<Vec<Lane>> {
    let now = tx.now();
    let rows = tx
        .rows(
            "SELECT lane, COUNT(CASE WHEN state = 'waiting' THEN 1 END) AS waiting,
                    COUNT(CASE WHEN state = 'waiting' AND due_at <= $1 THEN 1 END) AS due,
                    COUNT(CASE WHEN state = 'leased' THEN 1 END) AS leased,
                    COUNT(CASE WHEN state = 'dead' THEN 1 END) AS dead,
                    MIN(CASE WHEN state = 'waiting' AND due_at <= $1 THEN due_at END) AS oldest
             FROM jobs GROUP BY lane ORDER BY lane",
            &[now.into()],
        )
        .await?;
    let read = |row: &Row| {
        Ok::<_, StoreError>(Lane {
            lane: row.get("lane")?,
            waiting: row.get("waiting")?,
            due: row.get("due")?,
            leased: row.get("leased")?,
            dead: row.get("dead")?,
            oldest_due_at: row.get("oldest")?,
        })
    };
    Ok(rows.iter().map(read).collect::<std::result::Result<_, _>>()?)
}

fn gave(row: &Row) -> std::result::Result<GaveUp, StoreError> {
    Ok(GaveUp {
        job: row.get("id")?,
        lane: row.get("lane")?,
        due_at: row.get("due_at")?,
        attempts: row.get("attempts")?,
        last_error: row.get("last_error")?,
    })
}

pub(super) async fn gave_up(tx: &mut Tx, most: i64) -> Result<Vec<GaveUp>> {
    let sql = "SELECT id, lane, due_at, attempts, last_error FROM jobs WHERE state = 'dead' ORDER BY due_at DESC, id LIMIT $1";
    Ok(tx.rows(sql, &[most.into()]).await?.iter().map(gave).collect::<std::result::Result<_, _>>()?)
}

pub(super) async fn dead(tx: &mut Tx, job: JobId) -> Result<Option<GaveUp>> {
    let sql = "SELECT id, lane, due_at, attempts, last_error FROM jobs WHERE state = 'dead' AND id = $1";
    Ok(tx.row(sql, &[job.into()]).await?.as_ref().map(gave).transpose()?)
}

pub(super) async fn try_again(tx: &mut Tx, job: JobId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE jobs SET state = 'waiting', attempts = 0, due_at = $1 WHERE id = $2 AND state = 'dead'",
        &[now.into(), job.into()],
    )
    .await?;
    Ok(())
}
