//! The SQL of who looks at streams, from when to when they were seen, and what is kept of them.

use jiff::Timestamp;

use super::{Mode, Part, Segment, Sight};
use crate::refusal::Result;
use crate::store::{ItemId, ProcessId, Row, StoreError, StreamId, StreamSignalId, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

/// A stream as those who look at it need it.
pub(super) struct Watched {
    pub(super) id: StreamId,
    pub(super) source: String,
    pub(super) mode: Mode,
}

/// Whether there is anything to look at.
pub(super) async fn any(tx: &mut Tx) -> Result<bool> {
    let sql = "SELECT id FROM streams WHERE state = 'live' AND source IS NOT NULL LIMIT 1";
    Ok(tx.row(sql, &[]).await?.is_some())
}

/// Says that this process looks at streams until then.
pub(super) async fn beat(tx: &mut Tx, process: ProcessId, until: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO stream_watchers (process, alive_until) VALUES ($1, $2)
         ON CONFLICT (process) DO UPDATE SET alive_until = excluded.alive_until",
        &[process.into(), until.into()],
    )
    .await?;
    Ok(())
}

/// This process looks at nothing any more. Those that are long gone are forgotten.
pub(super) async fn leave(tx: &mut Tx, process: ProcessId, gone_by: Timestamp) -> Result<()> {
    let sql = "DELETE FROM stream_watchers WHERE process = $1 OR alive_until < $2";
    tx.execute(sql, &[process.into(), gone_by.into()]).await?;
    Ok(())
}

/// Takes the streams that nobody looks at. What was seen of them by who is gone has ended.
pub(super) async fn claim(tx: &mut Tx, process: ProcessId) -> Result<()> {
    let now = tx.now();
    let free =
        "SELECT id FROM streams WHERE state = 'live' AND source IS NOT NULL AND (watcher IS NULL OR watcher NOT IN
         (SELECT process FROM stream_watchers WHERE alive_until > $1)) ORDER BY id LIMIT 500";
    let rows = tx.rows(free, &[now.into()]).await?;
    for row in rows {
        let id: StreamId = row.get("id")?;
        let taken = tx
            .execute(
                "UPDATE streams SET watcher = $1 WHERE id = $2 AND state = 'live' AND (watcher IS NULL OR watcher NOT IN
                     (SELECT process FROM stream_watchers WHERE alive_until > $3))",
                &[process.into(), id.into(), now.into()],
            )
            .await?;
        if taken > 0 {
            let sql = "UPDATE stream_sights SET ended_by = 'watcher_gone' WHERE stream = $1 AND ended_by IS NULL";
            tx.execute(sql, &[id.into()]).await?;
        }
    }
    Ok(())
}

/// How streams that run are sent to us.
pub(super) async fn pushed(tx: &mut Tx) -> Result<Vec<String>> {
    let sql = "SELECT source FROM streams WHERE state = 'live' AND source LIKE 'push:%'";
    let rows = tx.rows(sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get("source")).collect::<Read<_>>()?)
}

/// The stream that runs and comes this way.
pub(super) async fn of_source(tx: &mut Tx, source: &str) -> Result<Option<StreamId>> {
    let sql = "SELECT id FROM streams WHERE state = 'live' AND source = $1";
    let row = tx.row(sql, &[source.into()]).await?;
    Ok(row.map(|row| row.get("id")).transpose()?)
}

/// Takes a stream, whoever looks at it. False when this process does already.
pub(super) async fn take(tx: &mut Tx, process: ProcessId, id: StreamId) -> Result<bool> {
    let sql = "UPDATE streams SET watcher = $1 WHERE id = $2 AND state = 'live' AND (watcher IS NULL OR watcher <> $1)";
    let taken = tx.execute(sql, &[process.into(), id.into()]).await? > 0;
    if taken {
        let sql = "UPDATE stream_sights SET ended_by = 'watcher_gone' WHERE stream = $1 AND ended_by IS NULL";
        tx.execute(sql, &[id.into()]).await?;
    }
    Ok(taken)
}

/// The streams that this process is to look at.
pub(super) async fn own(tx: &mut Tx, process: ProcessId) -> Result<Vec<Watched>> {
    let sql = "SELECT id, source, mode FROM streams WHERE watcher = $1 AND state = 'live' AND source IS NOT NULL";
    let rows = tx.rows(sql, &[process.into()]).await?;
    let watched = |row: &Row| Ok(Watched { id: row.get("id")?, source: row.get("source")?, mode: row.word("mode")? });
    Ok(rows.iter().map(watched).collect::<Read<_>>()?)
}

pub(super) async fn set_mode(tx: &mut Tx, id: StreamId, mode: Mode) -> Result<()> {
    tx.execute("UPDATE streams SET mode = $1 WHERE id = $2", &[as_word(&mode).into(), id.into()]).await?;
    Ok(())
}

pub(super) async fn set_because(tx: &mut Tx, id: StreamId, because: Option<&str>) -> Result<()> {
    tx.execute("UPDATE streams SET unseen_because = $1 WHERE id = $2", &[because.into(), id.into()]).await?;
    Ok(())
}

/// Writes down from when to when a stream was seen, as far as that is known now. Whether it is new.
pub(super) async fn keep_sight(tx: &mut Tx, stream: StreamId, sight: &Sight) -> Result<bool> {
    let known = tx
        .execute(
            "UPDATE stream_sights SET until_at = $1, frames = $2, ended_by = $3 WHERE id = $4",
            &[sight.until.into(), sight.frames.into(), sight.ended_by.as_deref().into(), sight.id.into()],
        )
        .await?;
    if known > 0 {
        return Ok(false);
    }
    tx.execute(
        "INSERT INTO stream_sights (id, stream, from_at, until_at, frames, ended_by) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            sight.id.into(),
            stream.into(),
            sight.from.into(),
            sight.until.into(),
            sight.frames.into(),
            sight.ended_by.as_deref().into(),
        ],
    )
    .await?;
    Ok(true)
}

fn read_sight(row: &Row) -> Read<Sight> {
    Ok(Sight {
        id: row.get("id")?,
        from: row.get("from_at")?,
        until: row.get("until_at")?,
        frames: row.get("frames")?,
        ended_by: row.get("ended_by")?,
    })
}

pub(super) async fn sights(tx: &mut Tx, stream: StreamId) -> Result<Vec<Sight>> {
    let rows = tx.rows("SELECT * FROM stream_sights WHERE stream = $1 ORDER BY from_at, id", &[stream.into()]).await?;
    Ok(rows.iter().map(read_sight).collect::<Read<_>>()?)
}

pub(super) async fn last_sight(tx: &mut Tx, stream: StreamId) -> Result<Option<Sight>> {
    let sql = "SELECT * FROM stream_sights WHERE stream = $1 ORDER BY from_at DESC, id DESC LIMIT 1";
    Ok(tx.row(sql, &[stream.into()]).await?.as_ref().map(read_sight).transpose()?)
}

/// Signals of the streams that this process looks at, or looked at to their end, of which this stretch is not kept yet.
pub(super) async fn owed(
    tx: &mut Tx,
    process: ProcessId,
    part: Part,
    by: Timestamp,
) -> Result<Vec<(StreamSignalId, StreamId)>> {
    let sql = "SELECT stream_signals.id AS id, stream_signals.stream AS stream FROM stream_signals
         JOIN streams ON streams.id = stream_signals.stream
         WHERE streams.watcher = $1 AND streams.mode IS NOT NULL
           AND (stream_signals.at <= $2 OR streams.state = 'ended')
           AND NOT EXISTS (SELECT 1 FROM stream_segments
                           WHERE stream_segments.signal = stream_signals.id AND stream_segments.part = $3)
         ORDER BY stream_signals.at LIMIT 100";
    let rows = tx.rows(sql, &[process.into(), by.into(), as_word(&part).into()]).await?;
    Ok(rows.iter().map(|row| Ok((row.get("id")?, row.get("stream")?))).collect::<Read<_>>()?)
}

/// Names a stretch that is kept, or says that there was none. False when somebody has said so before.
pub(super) async fn insert_segment(tx: &mut Tx, stream: StreamId, segment: &Segment) -> Result<bool> {
    let id: uuid::Uuid = tx.id();
    let touched = tx
        .execute(
            "INSERT INTO stream_segments (id, stream, signal, part, from_at, until_at, item)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (signal, part) DO NOTHING",
            &[
                id.into(),
                stream.into(),
                segment.signal.into(),
                as_word(&segment.part).into(),
                segment.from.into(),
                segment.until.into(),
                segment.item.into(),
            ],
        )
        .await?;
    Ok(touched > 0)
}

pub(super) async fn segments(tx: &mut Tx, stream: StreamId) -> Result<Vec<Segment>> {
    let sql = "SELECT * FROM stream_segments WHERE stream = $1 ORDER BY from_at, part DESC";
    let rows = tx.rows(sql, &[stream.into()]).await?;
    let segment = |row: &Row| {
        let item: Option<ItemId> = row.get("item")?;
        Ok(Segment {
            signal: row.get("signal")?,
            part: row.word("part")?,
            from: row.get("from_at")?,
            until: row.get("until_at")?,
            item,
        })
    };
    Ok(rows.iter().map(segment).collect::<Read<_>>()?)
}
