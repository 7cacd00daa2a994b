//! The SQL of streams, their events and signals.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::events::Event;
use super::hits::FrameHit;
use super::rules::Moments;
use super::{Cause, State, Stream, StreamSignal, vocabulary};
use crate::refusal::{Error, Result};
use crate::store::{CaseId, Row, StoreError, StreamId, StreamSignalId, Tx, as_word};

type Read<T> = std::result::Result<T, StoreError>;

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    // PostgreSQL takes no NUL in a text.
    let text = serde_json::to_string(value).map_err(|error| Error::internal("writing a stream", error))?;
    Ok(text.replace("\\u0000", " "))
}

pub(super) async fn insert(tx: &mut Tx, by: uuid::Uuid, stream: &Stream) -> Result<()> {
    tx.execute(
        "INSERT INTO streams (id, by_key, content_id, urls, account, address, port, public, callback, state, started_at,
             stirred_at, events, source, mode)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 0, $12, $13)",
        &[
            stream.id.into(),
            by.into(),
            stream.content_id.as_str().into(),
            json(&stream.urls)?.into(),
            stream.account.as_ref().map(json).transpose()?.into(),
            stream.address.map(|address| address.to_string()).into(),
            stream.port.map(i64::from).into(),
            stream.public.into(),
            stream.callback.as_deref().into(),
            as_word(&stream.state).into(),
            stream.started_at.into(),
            stream.source.as_deref().into(),
            stream.mode.as_ref().map(as_word).into(),
        ],
    )
    .await?;
    Ok(())
}

fn read(row: &Row) -> Read<Stream> {
    let unreadable = |name: &str| StoreError::Unreadable(name.to_owned());
    let account: Option<String> = row.get("account")?;
    let address: Option<String> = row.get("address")?;
    Ok(Stream {
        id: row.get("id")?,
        content_id: row.get("content_id")?,
        account: account.map(|text| serde_json::from_str(&text).map_err(|_| unreadable("account"))).transpose()?,
        address: address.map(|text| text.parse().map_err(|_| unreadable("address"))).transpose()?,
        port: row.get::<Option<i64>>("port")?.and_then(|port| u16::try_from(port).ok()),
        urls: row.json("urls")?,
        public: row.get("public")?,
        callback: row.get("callback")?,
        state: row.word("state")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        stirred_at: row.get("stirred_at")?,
        events: row.get("events")?,
        mode: row.get::<Option<String>>("mode")?.as_deref().and_then(crate::store::word),
        source: row.get("source")?,
        unseen_because: row.get("unseen_because")?,
        case: row.get("case_id")?,
        forgotten_at: row.get("forgotten_at")?,
    })
}

pub(super) async fn stream(tx: &mut Tx, id: StreamId) -> Result<Option<Stream>> {
    let row = tx.row("SELECT * FROM streams WHERE id = $1", &[id.into()]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

pub(super) async fn running(tx: &mut Tx, content_id: &str) -> Result<Option<Stream>> {
    let row = tx.row("SELECT * FROM streams WHERE content_id = $1 AND state = 'live'", &[content_id.into()]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

pub(super) async fn list(
    tx: &mut Tx,
    state: Option<State>,
    before: Option<StreamId>,
    limit: i64,
) -> Result<Vec<Stream>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    let state = state.as_ref().map(as_word);
    let rows = tx
        .rows(
            "SELECT * FROM streams WHERE id < $1 AND ($2 IS NULL OR state = $2) ORDER BY id DESC LIMIT $3",
            &[before.into(), state.into(), limit.into()],
        )
        .await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

pub(super) async fn end(tx: &mut Tx, id: StreamId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE streams SET state = 'ended', ended_at = $1 WHERE id = $2", &[now.into(), id.into()]).await?;
    Ok(())
}

pub(super) async fn set_case(tx: &mut Tx, id: StreamId, case: CaseId) -> Result<()> {
    tx.execute("UPDATE streams SET case_id = $1 WHERE id = $2", &[case.into(), id.into()]).await?;
    Ok(())
}

pub(super) async fn case_of(tx: &mut Tx, id: StreamId) -> Result<Option<CaseId>> {
    let row = tx.row("SELECT case_id FROM streams WHERE id = $1", &[id.into()]).await?;
    Ok(row.map(|row| row.get("case_id")).transpose()?.flatten())
}

/// Writes an event down. False when one of the same name is there.
pub(super) async fn insert_event(tx: &mut Tx, stream: StreamId, event: &Event, met: &BTreeSet<String>) -> Result<bool> {
    let (now, told) = (tx.now(), &event.told);
    let touched = tx
        .execute(
            "INSERT INTO stream_events (id, stream, named, kind, account, at, received_at, body, vocabularies)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (stream, named) DO NOTHING",
            &[
                event.id.into(),
                stream.into(),
                told.id.as_deref().into(),
                as_word(&told.kind).into(),
                told.account.as_deref().into(),
                event.at.into(),
                now.into(),
                json(told)?.into(),
                Some(met).filter(|met| !met.is_empty()).map(json).transpose()?.into(),
            ],
        )
        .await?;
    Ok(touched > 0)
}

pub(super) async fn count_events(tx: &mut Tx, stream: StreamId, more: usize) -> Result<()> {
    let (now, more) = (tx.now(), i64::try_from(more).unwrap_or(i64::MAX));
    tx.execute(
        "UPDATE streams SET events = events + $1, stirred_at = $2 WHERE id = $3",
        &[more.into(), now.into(), stream.into()],
    )
    .await?;
    Ok(())
}

/// Everything that happened, in the order in which it did.
pub(super) async fn events(tx: &mut Tx, stream: StreamId) -> Result<Vec<Event>> {
    let sql = "SELECT id, at, body FROM stream_events WHERE stream = $1 ORDER BY at, id";
    let rows = tx.rows(sql, &[stream.into()]).await?;
    let event = |row: &Row| Ok(Event { id: row.get("id")?, at: row.get("at")?, told: row.json("body")? });
    Ok(rows.iter().map(event).collect::<Read<_>>()?)
}

pub(super) async fn insert_signal(tx: &mut Tx, stream: StreamId, signal: &StreamSignal) -> Result<()> {
    tx.execute(
        "INSERT INTO stream_signals (id, stream, cause, notice, case_id, at, snapshots, rule)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
        &[
            signal.id.into(),
            stream.into(),
            as_word(&signal.cause).into(),
            signal.notice.into(),
            signal.case.into(),
            signal.at.into(),
            signal.rule.as_deref().into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn set_stopped(tx: &mut Tx, id: StreamSignalId) -> Result<()> {
    tx.execute("UPDATE stream_signals SET stopped = TRUE WHERE id = $1", &[id.into()]).await?;
    Ok(())
}

/// How many streams this rule, or any, asked to be stopped since then.
pub(super) async fn stops_since(tx: &mut Tx, rule: Option<&str>, since: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM stream_signals WHERE stopped AND at > $1 AND ($2 IS NULL OR rule = $2)";
    Ok(tx.row(sql, &[since.into(), rule.into()]).await?.map_or(Ok(0), |row| row.get("n"))?)
}

pub(super) async fn resumed_at(tx: &mut Tx, rule: &str) -> Result<Option<Timestamp>> {
    let row = tx.row("SELECT resumed_at FROM stream_breakers WHERE rule = $1", &[rule.into()]).await?;
    Ok(row.map(|row| row.get("resumed_at")).transpose()?)
}

pub(super) async fn resume(tx: &mut Tx, rule: &str, by: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO stream_breakers (rule, resumed_at, resumed_by) VALUES ($1, $2, $3)
         ON CONFLICT (rule) DO UPDATE SET resumed_at = excluded.resumed_at, resumed_by = excluded.resumed_by",
        &[rule.into(), now.into(), by.into()],
    )
    .await?;
    Ok(())
}

/// What happened in a stream since then.
pub(super) async fn moments(tx: &mut Tx, stream: &Stream, since: Timestamp) -> Result<Moments> {
    let (id, now, mut moments) = (stream.id, tx.now(), Moments::default());
    let args = [id.into(), since.into(), now.into()];
    let sql = "SELECT kind, ($3 - at) / 1000000 AS age, COUNT(*) AS n FROM stream_events WHERE stream = $1 AND at > $2
         GROUP BY kind, ($3 - at) / 1000000";
    for row in tx.rows(sql, &args).await? {
        moments.counts.push((row.word("kind")?, row.get("age")?, row.get("n")?));
    }
    // What was paid and scored is looked at one by one; more than so many change no rule's answer.
    let sql = "SELECT ($3 - at) / 1000000 AS age, body FROM stream_events WHERE stream = $1 AND at > $2
         AND kind IN ('payment', 'classifier') ORDER BY at DESC, id DESC LIMIT 2000";
    for row in tx.rows(sql, &args).await? {
        moments.told.push((row.get("age")?, row.json("body")?));
    }
    let sql = "SELECT ($3 - at) / 1000000 AS age, vocabularies FROM stream_events WHERE stream = $1 AND at > $2
         AND vocabularies IS NOT NULL ORDER BY at DESC, id DESC LIMIT 2000";
    for row in tx.rows(sql, &args).await? {
        moments.words.push((row.get("age")?, row.json("vocabularies")?));
    }
    moments.vocabularies = vocabulary::names(tx).await?;
    moments.hits = hits(tx, id, since).await?;
    let sql = "SELECT cause, rule, MAX(at) AS at FROM stream_signals WHERE stream = $1 AND rule IS NOT NULL GROUP BY cause, rule";
    for row in tx.rows(sql, &[id.into()]).await? {
        match row.word("cause")? {
            Cause::Frames => moments.recording_known = true,
            _ => drop(moments.said.insert(row.get("rule")?, row.get("at")?)),
        }
    }
    if let Some(account) = &stream.account {
        let sql = "SELECT id FROM cases WHERE account = $1 AND state <> 'dismissed' AND opened_at < $2 LIMIT 1";
        let row = tx.row(sql, &[account.id.as_str().into(), stream.started_at.into()]).await?;
        moments.account_known = row.is_some();
    }
    Ok(moments)
}

pub(super) async fn insert_hit(tx: &mut Tx, stream: StreamId, hit: &FrameHit) -> Result<()> {
    let (id, at): (uuid::Uuid, _) = (tx.id(), hit.at.min(tx.now()));
    tx.execute(
        "INSERT INTO stream_hits (id, stream, at, bank, list, kind, entry, distance, quality)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            id.into(),
            stream.into(),
            at.into(),
            hit.bank.into(),
            hit.list.as_str().into(),
            as_word(&hit.kind).into(),
            hit.entry.into(),
            i64::from(hit.distance).into(),
            i64::from(hit.quality).into(),
        ],
    )
    .await?;
    Ok(())
}

/// What lists know of a stream since then, oldest first. Among more than so many, the latest.
pub(super) async fn hits(tx: &mut Tx, stream: StreamId, since: Timestamp) -> Result<Vec<FrameHit>> {
    let sql = "SELECT * FROM stream_hits WHERE stream = $1 AND at > $2 ORDER BY at DESC, id DESC LIMIT 2000";
    let rows = tx.rows(sql, &[stream.into(), since.into()]).await?;
    let hit = |row: &Row| {
        Ok(FrameHit {
            at: row.get("at")?,
            bank: row.get("bank")?,
            list: row.get("list")?,
            kind: row.word("kind")?,
            entry: row.get("entry")?,
            distance: u32::try_from(row.get::<i64>("distance")?).unwrap_or(u32::MAX),
            quality: u8::try_from(row.get::<i64>("quality")?).unwrap_or_default(),
        })
    };
    Ok(rows.iter().rev().map(hit).collect::<Read<_>>()?)
}

pub(super) async fn any_hit(tx: &mut Tx, stream: StreamId) -> Result<bool> {
    Ok(tx.row("SELECT id FROM stream_hits WHERE stream = $1 LIMIT 1", &[stream.into()]).await?.is_some())
}

/// Whether a list has put a stream before a person already.
pub(super) async fn list_has_said(tx: &mut Tx, stream: StreamId, list: &str) -> Result<bool> {
    let sql = "SELECT id FROM stream_signals WHERE stream = $1 AND cause = 'frames' AND rule = $2 LIMIT 1";
    Ok(tx.row(sql, &[stream.into(), list.into()]).await?.is_some())
}

fn read_signal(row: &Row) -> Read<StreamSignal> {
    Ok(StreamSignal {
        id: row.get("id")?,
        cause: row.word("cause")?,
        rule: row.get("rule")?,
        stopped: row.get("stopped")?,
        notice: row.get("notice")?,
        case: row.get("case_id")?,
        at: row.get("at")?,
        snapshots: row.get("snapshots")?,
        sealed_at: row.get("sealed_at")?,
    })
}

pub(super) async fn signals(tx: &mut Tx, stream: StreamId) -> Result<Vec<StreamSignal>> {
    let rows = tx.rows("SELECT * FROM stream_signals WHERE stream = $1 ORDER BY at, id", &[stream.into()]).await?;
    Ok(rows.iter().map(read_signal).collect::<Read<_>>()?)
}

/// A signal with its stream.
pub(super) async fn signal(tx: &mut Tx, id: StreamSignalId) -> Result<Option<(StreamSignal, Stream)>> {
    let Some(row) = tx.row("SELECT * FROM stream_signals WHERE id = $1", &[id.into()]).await? else { return Ok(None) };
    let found = stream(tx, row.get("stream")?).await?;
    Ok(found.map(|stream| Ok::<_, StoreError>((read_signal(&row)?, stream))).transpose()?)
}

/// Counts a snapshot. False when somebody else has counted since.
pub(super) async fn sealed(tx: &mut Tx, signal: &StreamSignal) -> Result<bool> {
    let now = tx.now();
    let touched = tx
        .execute(
            "UPDATE stream_signals SET snapshots = snapshots + 1, sealed_at = $1 WHERE id = $2 AND snapshots = $3",
            &[now.into(), signal.id.into(), signal.snapshots.into()],
        )
        .await?;
    Ok(touched > 0)
}

pub(super) async fn is_sealed(tx: &mut Tx, case: CaseId) -> Result<bool> {
    let sql = "SELECT id FROM stream_signals WHERE case_id = $1 AND snapshots = 0 LIMIT 1";
    Ok(tx.row(sql, &[case.into()]).await?.is_none())
}

/// Streams that run and of which nothing was heard since then.
pub(super) async fn silent(tx: &mut Tx, since: Timestamp) -> Result<Vec<Stream>> {
    let rows = tx
        .rows("SELECT * FROM streams WHERE state = 'live' AND stirred_at < $1 ORDER BY id LIMIT 100", &[since.into()])
        .await?;
    Ok(rows.iter().map(read).collect::<Read<_>>()?)
}

/// Lets go of what was written before then in streams that are in no case.
pub(super) async fn forget_chat(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM stream_events WHERE kind = 'chat' AND at < $1
         AND stream IN (SELECT id FROM streams WHERE case_id IS NULL AND forgotten_at IS NULL)";
    Ok(tx.execute(sql, &[before.into()]).await?)
}

/// Streams that were over by then, are in no case, and were not forgotten yet.
pub(super) async fn due_to_forget(tx: &mut Tx, over_by: Timestamp) -> Result<Vec<StreamId>> {
    let sql = "SELECT id FROM streams WHERE state = 'ended' AND ended_at < $1 AND case_id IS NULL
         AND forgotten_at IS NULL ORDER BY id LIMIT 500";
    let rows = tx.rows(sql, &[over_by.into()]).await?;
    Ok(rows.iter().map(|row| row.get("id")).collect::<Read<_>>()?)
}

pub(super) async fn forget(tx: &mut Tx, id: StreamId) -> Result<()> {
    let now = tx.now();
    tx.execute("DELETE FROM stream_events WHERE stream = $1", &[id.into()]).await?;
    tx.execute("DELETE FROM stream_hits WHERE stream = $1", &[id.into()]).await?;
    tx.execute(
        "UPDATE streams SET account = NULL, address = NULL, port = NULL, urls = '[]', source = NULL, forgotten_at = $1
         WHERE id = $2",
        &[now.into(), id.into()],
    )
    .await?;
    Ok(())
}
