//! The SQL of the figures: it counts, and reads nobody's words.

use jiff::{SignedDuration, Timestamp};

use super::{ListFigures, Load, Spread, edges};
use crate::refusal::Result;
use crate::store::{Arg, Row, StoreError, Tx};

type Read<T> = std::result::Result<T, StoreError>;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

fn by_day(rows: &[Row]) -> Read<Vec<(Timestamp, i64)>> {
    let day = |row: &Row| {
        let day: i64 = row.get("day")?;
        Ok((Timestamp::from_microsecond(day.saturating_mul(DAY)).unwrap_or(Timestamp::MIN), row.get("n")?))
    };
    rows.iter().map(day).collect()
}

pub(super) async fn opened(tx: &mut Tx, since: Timestamp) -> Result<Vec<(Timestamp, i64)>> {
    let sql = "SELECT opened_at / 86400000000 AS day, COUNT(*) AS n FROM cases WHERE opened_at >= $1 GROUP BY 1";
    Ok(by_day(&tx.rows(sql, &[since.into()]).await?)?)
}

pub(super) async fn decided(tx: &mut Tx, since: Timestamp) -> Result<Vec<(Timestamp, i64)>> {
    let sql = "SELECT at / 86400000000 AS day, COUNT(*) AS n FROM decisions
               WHERE at >= $1 AND undone_at IS NULL GROUP BY 1";
    Ok(by_day(&tx.rows(sql, &[since.into()]).await?)?)
}

pub(super) async fn open(tx: &mut Tx) -> Result<i64> {
    let row = tx.row("SELECT COUNT(*) AS n FROM cases WHERE state = 'open'", &[]).await?;
    Ok(row.map_or(Ok(0), |row| row.get("n"))?)
}

fn args(since: Timestamp) -> Vec<Arg> {
    std::iter::once(since.into()).chain(edges().map(Arg::from)).collect()
}

fn spread(row: Option<Row>) -> Read<Spread> {
    let Some(row) = row else { return Ok(Spread::default()) };
    let upto = |name: &str| row.get::<Option<i64>>(name).map(Option::unwrap_or_default);
    let [hour, four, day, three, all] = [upto("a")?, upto("b")?, upto("c")?, upto("d")?, upto("n")?];
    Ok(Spread { hour, four_hours: four - hour, day: day - four, three_days: three - day, longer: all - three })
}

pub(super) async fn to_decision(tx: &mut Tx, since: Timestamp) -> Result<Spread> {
    let row = tx
        .row(
            "SELECT COUNT(*) AS n, COUNT(CASE WHEN took <= $2 THEN 1 END) AS a, COUNT(CASE WHEN took <= $3 THEN 1 END) AS b,
                    COUNT(CASE WHEN took <= $4 THEN 1 END) AS c, COUNT(CASE WHEN took <= $5 THEN 1 END) AS d
             FROM (SELECT decisions.at - cases.knowledge_at AS took FROM decisions
                   JOIN cases ON cases.id = decisions.case_id
                   WHERE decisions.at >= $1 AND decisions.undone_at IS NULL) AS times",
            &args(since),
        )
        .await?;
    Ok(spread(row)?)
}

pub(super) async fn to_report(tx: &mut Tx, since: Timestamp) -> Result<Spread> {
    let row = tx
        .row(
            "SELECT COUNT(*) AS n, COUNT(CASE WHEN took <= $2 THEN 1 END) AS a, COUNT(CASE WHEN took <= $3 THEN 1 END) AS b,
                    COUNT(CASE WHEN took <= $4 THEN 1 END) AS c, COUNT(CASE WHEN took <= $5 THEN 1 END) AS d
             FROM (SELECT reports.finished_at - cases.knowledge_at AS took FROM reports
                   JOIN cases ON cases.id = reports.case_id
                   WHERE reports.finished_at >= $1 AND reports.kind = 'initial') AS times",
            &args(since),
        )
        .await?;
    Ok(spread(row)?)
}

/// How many first reports there are of cases in which a child was in danger, or not, or of all, and how many took no longer.
pub(super) async fn on_time(
    tx: &mut Tx,
    since: Timestamp,
    limit: SignedDuration,
    danger: Option<bool>,
) -> Result<(i64, i64)> {
    let most = i64::try_from(limit.as_micros()).unwrap_or(i64::MAX);
    let row = tx
        .row(
            "SELECT COUNT(*) AS n, COUNT(CASE WHEN reports.finished_at - cases.knowledge_at <= $2 THEN 1 END) AS kept
             FROM reports JOIN cases ON cases.id = reports.case_id
             WHERE reports.finished_at >= $1 AND reports.kind = 'initial'
               AND (cases.priority = 0 AND $3 OR cases.priority > 0 AND $4)",
            &[since.into(), most.into(), danger.unwrap_or(true).into(), (!danger.unwrap_or(false)).into()],
        )
        .await?;
    Ok(row.map_or(Ok((0, 0)), |row| Read::Ok((row.get("n")?, row.get("kept")?)))?)
}

/// Cases that a stream brought before anybody had taken them: when, and when somebody did.
pub(super) async fn from_streams(tx: &mut Tx, since: Timestamp) -> Result<Vec<(Timestamp, Option<Timestamp>)>> {
    let rows = tx
        .rows(
            "SELECT came.at AS came, MIN(audit.at) AS taken
             FROM (SELECT case_id, MIN(at) AS at FROM stream_signals GROUP BY case_id) AS came
             LEFT JOIN audit ON audit.case_id = came.case_id AND audit.kind = 'case.leased'
             WHERE came.at >= $1
             GROUP BY came.case_id, came.at HAVING MIN(audit.at) IS NULL OR MIN(audit.at) >= came.at",
            &[since.into()],
        )
        .await?;
    Ok(rows.iter().map(|row| Ok((row.get("came")?, row.get("taken")?))).collect::<Read<_>>()?)
}

pub(super) async fn lists(tx: &mut Tx, since: Timestamp) -> Result<Vec<ListFigures>> {
    let rows = tx
        .rows(
            "SELECT banks.name, COUNT(*) AS matched, COUNT(hits.outcome) AS decided,
                    COUNT(CASE WHEN hits.outcome = 'no_violation' THEN 1 END) AS wrong
             FROM (SELECT DISTINCT item_matches.bank, items.id, decisions.outcome FROM item_matches
                   JOIN items ON items.id = item_matches.item
                   LEFT JOIN signals ON signals.item = items.id
                   LEFT JOIN decisions ON decisions.id = signals.decision AND decisions.undone_at IS NULL
                   WHERE items.received_at >= $1 AND item_matches.shadow = FALSE) AS hits
             JOIN banks ON banks.id = hits.bank
             GROUP BY banks.name ORDER BY matched DESC, banks.name LIMIT 50",
            &[since.into()],
        )
        .await?;
    let list = |row: &Row| {
        Ok(ListFigures {
            bank: row.get("name")?,
            matched: row.get("matched")?,
            decided: row.get("decided")?,
            wrong: row.get("wrong")?,
        })
    };
    Ok(rows.iter().map(list).collect::<Read<_>>()?)
}

pub(super) async fn load(tx: &mut Tx) -> Result<Vec<Load>> {
    let now = tx.now();
    let rows = tx
        .rows(
            "SELECT people.staff, COUNT(*) AS n FROM cases JOIN people ON people.id = cases.leased_by
             WHERE cases.leased_until > $1 GROUP BY people.staff ORDER BY people.staff",
            &[now.into()],
        )
        .await?;
    let load = |row: &Row| Ok(Load { staff: row.get("staff")?, cases: row.get("n")? });
    Ok(rows.iter().map(load).collect::<Read<_>>()?)
}
