//! The pictures of a stream while it runs: who looks at it, from when to when it was seen, and what is kept of it on a signal. Time
//! that nobody saw is said to be unscanned, always.

pub mod door;
pub mod jobs;
pub mod pushed;
mod ring;
mod segments;
mod sources;
mod store;
mod tls;
mod watcher;
mod whep;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{BAD_STREAM, Settings, Stream, UNKNOWN_STREAM};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::plan::App;
use crate::refusal::{Kind, Result};
use crate::store::{Recorded, StreamId, StreamSightId, Tx};

pub use pushed::Push;
use pushed::{Doors, Entrance};
pub use segments::{Part, Segment};
pub use sources::Sources;
use watcher::Noted;

/// A source whose host nobody allowed.
pub static SOURCE_NOT_ALLOWED: Kind = Kind::new(
    422,
    "source-not-allowed",
    "This installation reads no streams from this host.",
    "An administrator names the host in live.sources; a private address only as an address or a range.",
);
/// A stream that nobody was asked to look at.
pub static NOT_WATCHED: Kind = Kind::new(
    409,
    "stream-not-watched",
    "Nobody looks at the pictures of this stream.",
    "Tell of it with where it is read, once it runs again.",
)
.program("`watch` of POST /v1/streams says where.");

/// How closely a stream is looked at.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[schema(as = StreamMode)]
pub enum Mode {
    /// Its key frames; where one is known, four frames a second for a while.
    Economical,
    /// Four frames a second.
    Thorough,
}

impl Mode {
    /// How long may lie between two frames before the time between them is called unscanned.
    fn step(self) -> SignedDuration {
        match self {
            // Encoders put key frames two to four seconds apart.
            Self::Economical => SignedDuration::from_secs(5),
            Self::Thorough => SignedDuration::from_millis(1_500),
        }
    }
}

impl From<Mode> for decode::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Economical => Self::Economical,
            Mode::Thorough => Self::Thorough,
        }
    }
}

/// Where a stream is to be looked at, and how closely.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewStreamWatch)]
pub struct NewWatch {
    /// Where it is read: rtmp, rtsp, http or https (HLS, or a transport stream), whep or wheps, srt, or a transport stream by tcp. The
    /// host must be among `live.sources` of the settings. It is never answered, for it may hold a key.
    #[serde(default)]
    pub url: Option<String>,
    /// Instead of `url`: you send it to us in this way, to the address in `send_to` of the answer.
    #[serde(default)]
    pub push: Option<Push>,
    /// With `push`: the key under which you send it, of 16 to 64 letters, digits, `-` and `_`; a fresh one, if nothing is said.
    #[serde(default)]
    pub key: Option<String>,
    /// How closely; as the settings say, if nothing is said.
    #[serde(default)]
    pub mode: Option<Mode>,
}

/// A stretch of time in which a stream was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) id: StreamSightId,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) frames: i64,
    pub(super) ended_by: Option<String>,
}

/// A stretch of time in which nobody saw a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = UnscannedTime)]
pub struct Gap {
    /// From when.
    #[schema(value_type = String)]
    pub from: Timestamp,
    /// Until when, or until now.
    #[schema(value_type = String)]
    pub until: Timestamp,
    /// Why, where that is known.
    pub because: Option<String>,
}

/// How far a stream was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = StreamScan)]
pub struct Scan {
    /// How closely.
    pub mode: Mode,
    /// Whether it is seen at the moment.
    pub seeing: bool,
    /// Until when it was seen.
    #[schema(value_type = Option<String>)]
    pub seen_until: Option<Timestamp>,
    /// How many frames were looked at.
    pub frames: i64,
    /// For how long nobody saw it. Nothing is known of that time, and it is never clean.
    pub unscanned_seconds: f64,
    /// When that was.
    pub gaps: Vec<Gap>,
}

/// From when to when something was to be seen, and why it is not at the moment.
struct Span<'a> {
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    because: Option<&'a str>,
}

impl<'a> From<&'a Stream> for Span<'a> {
    fn from(stream: &'a Stream) -> Self {
        Self { started_at: stream.started_at, ended_at: stream.ended_at, because: stream.unseen_because.as_deref() }
    }
}

/// How far a stream was looked at, from when to when it was seen: what is between was not, whoever forgot to say so.
fn scan(of: &Span<'_>, mode: Mode, sights: &[Sight], now: Timestamp) -> Scan {
    let end = of.ended_at.unwrap_or(now);
    let (mut seen, mut because, mut open) = (of.started_at, None, false);
    let mut gaps = Vec::new();
    for sight in sights {
        if sight.from > seen {
            gaps.push(Gap { from: seen, until: sight.from, because: because.take() });
        }
        seen = seen.max(sight.until);
        because.clone_from(&sight.ended_by);
        open = sight.ended_by.is_none();
    }
    // Between two frames nobody says anything; what was written down last may be a moment old.
    let grace = mode.step().saturating_add(SignedDuration::from_secs(2));
    let whole = !sights.is_empty() && (open || of.ended_at.is_some()) && end.duration_since(seen) <= grace;
    if end > seen && !whole {
        let because = because.or_else(|| of.because.map(str::to_owned));
        gaps.push(Gap { from: seen, until: end, because });
    }
    let unscanned = gaps.iter().map(|gap| gap.until.duration_since(gap.from).as_secs_f64()).sum();
    Scan {
        mode,
        seeing: whole && of.ended_at.is_none(),
        seen_until: sights.iter().map(|sight| sight.until).max(),
        frames: sights.iter().map(|sight| sight.frames).sum(),
        unscanned_seconds: unscanned,
        gaps,
    }
}

/// How far a stream was looked at; nothing where nobody was asked to.
pub async fn scan_of(tx: &mut Tx, stream: &Stream) -> Result<Option<Scan>> {
    let Some(mode) = stream.mode else { return Ok(None) };
    let sights = store::sights(tx, stream.id).await?;
    Ok(Some(scan(&stream.into(), mode, &sights, tx.now())))
}

/// Looks at a stream more or less closely from now on.
pub async fn set_mode(tx: &mut Tx, caller: &Caller, id: StreamId, mode: Mode) -> Result<(Scan, Recorded)> {
    if !caller.may(Permission::DecideCases) {
        caller.require(Permission::WriteStreams)?;
    }
    let stream = super::store::stream(tx, id).await?.ok_or(&UNKNOWN_STREAM)?;
    if stream.mode.is_none() {
        return Err((&NOT_WATCHED).into());
    }
    if stream.ended_at.is_some() {
        return Err((&super::NOT_RUNNING).into());
    }
    store::set_mode(tx, id, mode).await?;
    let mut entry = Entry::by(caller, "stream.mode_set").about(id).detail(json!({"mode": mode}));
    entry.case = stream.case;
    let proof = audit::record(tx, entry).await?;
    let sights = store::sights(tx, id).await?;
    Ok((scan(&(&stream).into(), mode, &sights, tx.now()), proof))
}

/// A rule has a stream looked at closely from now on, if it is looked at less so.
pub(super) async fn closely(tx: &mut Tx, stream: &Stream, rule: &str) -> Result<()> {
    if stream.mode != Some(Mode::Economical) {
        return Ok(());
    }
    store::set_mode(tx, stream.id, Mode::Thorough).await?;
    let detail = json!({"mode": Mode::Thorough, "rule": rule});
    let mut entry = Entry::by_tanod("stream.mode_set").about(stream.id).detail(detail);
    entry.case = stream.case;
    audit::record(tx, entry).await.map(drop)
}

/// Writes down from when to when a stream was seen; where that begins anew, what lies before it is on record as unscanned.
async fn seen(tx: &mut Tx, id: StreamId, sight: &Sight) -> Result<Option<Recorded>> {
    let before = store::last_sight(tx, id).await?;
    if !store::keep_sight(tx, id, sight).await? {
        return Ok(None);
    }
    let Some(stream) = super::store::stream(tx, id).await? else { return Ok(None) };
    let (from, because) = before.map_or((stream.started_at, None), |before| (before.until, before.ended_by));
    if sight.from <= from {
        return Ok(None);
    }
    let detail = json!({"from": from, "until": sight.from, "because": because});
    let mut entry = Entry::by_tanod("stream.unscanned").about(id).detail(detail);
    entry.case = stream.case;
    audit::record(tx, entry).await.map(Some)
}

/// Stretches that are kept of a stream, oldest first.
pub async fn segments(tx: &mut Tx, id: StreamId) -> Result<Vec<Segment>> {
    store::segments(tx, id).await
}

/// What this process holds of a stream that it looks at.
#[derive(Clone)]
struct Held {
    noted: Arc<Mutex<Noted>>,
    entrance: Arc<Entrance>,
}

/// From where streams may be read and where they may be sent, which of them this process looks at, and what it holds of them in memory.
pub struct Watching {
    sources: Arc<Sources>,
    doors: Doors,
    held: Mutex<HashMap<StreamId, Held>>,
    /// Something is to be written down at once.
    wake: Notify,
}

impl Watching {
    /// With what the settings allow.
    pub fn of(settings: &Settings) -> std::result::Result<Self, String> {
        let sources = Arc::new(Sources::read(&settings.sources)?);
        let doors = Doors::read(settings)?;
        Ok(Self { sources, doors, held: Mutex::default(), wake: Notify::new() })
    }

    /// Where streams that are sent by RTMP are taken, if anywhere.
    pub fn rtmp(&self) -> Option<std::net::SocketAddr> {
        self.doors.rtmp
    }

    /// Where a stream comes from, as it is written down; refused where it may not be read, or not be sent.
    pub(super) async fn source(&self, tx: &mut Tx, watch: &NewWatch) -> Result<String> {
        match watch {
            NewWatch { url: Some(url), push: None, key: None, .. } => {
                self.sources.check(url)?;
                Ok(url.clone())
            }
            NewWatch { url: None, push: Some(push), key, .. } => self.room(tx, *push, key.as_deref()).await,
            _ => Err(BAD_STREAM.because("watch: either url, or push and maybe key")),
        }
    }

    /// From where streams may be read.
    pub fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<StreamId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn noted(&self, stream: StreamId) -> Option<Arc<Mutex<Noted>>> {
        self.held().get(&stream).map(|held| Arc::clone(&held.noted))
    }

    /// The latest frame of a stream, small, grey and blurred, where this process looks at it. It is nowhere but in memory.
    pub fn thumbnail(&self, stream: StreamId) -> Option<Bytes> {
        self.noted(stream)?.lock().unwrap_or_else(PoisonError::into_inner).thumbnail.clone()
    }
}

/// A source that is looked at without a record of it: nothing is kept, and no case is made. It ends with this.
pub struct Trial {
    noted: Arc<Mutex<Noted>>,
    // Dropping it ends it.
    task: JoinSet<()>,
    started_at: Timestamp,
    mode: Mode,
}

impl Trial {
    /// Begins to look. Whoever names the address here allows its host.
    pub fn begin(app: &App, url: &str, mode: Mode) -> Result<Self> {
        let mut sources = (**app.watching.sources()).clone();
        sources.allow(url);
        sources.check(url)?;
        let noted = Arc::new(Mutex::new(Noted::new(mode, ring::Ring::new(10, 16 << 20))));
        let (sources, noted_there) = (Arc::new(sources), Arc::clone(&noted));
        let watcher = watcher::Watcher {
            app: app.clone(),
            sources,
            url: url.to_owned(),
            noted: noted_there,
            entrance: Arc::default(),
        };
        let mut task = JoinSet::new();
        task.spawn(watcher.run());
        Ok(Self { noted, task, started_at: app.db.clock().now(), mode })
    }

    /// Ends it, and waits until it has.
    pub async fn end(mut self) {
        self.task.shutdown().await;
    }

    /// The frames that lists know since it was asked last.
    pub fn hits(&self) -> Vec<super::FrameHit> {
        std::mem::take(&mut watcher::lock(&self.noted).hits)
    }

    /// How far it was looked at, and why nothing is seen where that is so.
    pub fn scan(&self, now: Timestamp) -> (Scan, Option<&'static str>) {
        let noted = watcher::lock(&self.noted);
        let span = Span { started_at: self.started_at, ended_at: None, because: noted.because };
        (scan(&span, self.mode, &noted.sights, now), noted.because)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn stream(ended: Option<i64>) -> Span<'static> {
        Span { started_at: at(0), ended_at: ended.map(at), because: None }
    }

    fn sight(from: i64, until: i64, ended_by: Option<&str>) -> Sight {
        let id = StreamSightId(uuid::Uuid::nil());
        Sight { id, from: at(from), until: at(until), frames: 1, ended_by: ended_by.map(str::to_owned) }
    }

    #[test]
    fn a_stream_that_nobody_saw_is_unscanned_from_its_first_second() {
        let seen = scan(&stream(None), Mode::Economical, &[], at(60));
        assert!(!seen.seeing && (seen.unscanned_seconds - 60.0).abs() < 1e-9);
        // A sight that nobody wrote on is over, whether somebody said so or not.
        let seen = scan(&stream(None), Mode::Economical, &[sight(1, 20, None)], at(60));
        assert!(!seen.seeing && (seen.unscanned_seconds - 41.0).abs() < 1e-9, "{seen:?}");
        let seen = scan(&stream(None), Mode::Economical, &[sight(0, 57, None)], at(60));
        assert!(seen.seeing && seen.gaps.is_empty());
    }

    proptest! {
        /// Every second is either within a sight, within the grace at the end, or within a gap, and never counted twice.
        #[test]
        fn what_was_not_seen_is_unscanned(spans in prop::collection::vec((1_i64..50, 0_i64..50), 0..8), more in 0_i64..60, ended in any::<bool>()) {
            let (mut now, mut sights, mut seen_for) = (0, Vec::new(), 0);
            for (pause, length) in spans {
                sights.push(sight(now + pause, now + pause + length, Some("stalled")));
                now += pause + length;
                seen_for += length;
            }
            let end = now + more;
            let found = scan(&stream(ended.then_some(end)), Mode::Thorough, &sights, at(end));
            let total = found.unscanned_seconds + f64::from(u32::try_from(seen_for).unwrap());
            let whole = f64::from(u32::try_from(end).unwrap());
            let graced = ended && !sights.is_empty() && more <= 3;
            prop_assert!((total - if graced { whole - f64::from(u32::try_from(more).unwrap()) } else { whole }).abs() < 1e-6, "{:?}", found);
            prop_assert!(!found.seeing);
        }
    }
}
