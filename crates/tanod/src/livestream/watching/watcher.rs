//! One stream, looked at: its source is taken and taken again, its eye is replaced when it dies, frames meet the lists, and from
//! when to when it was seen is noted. Nothing here touches the record; what is noted is written down by `jobs`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use decode::{FrameHash, Glimpse, Source, Unscanned, Way};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::door::{Door, To};
use super::pushed::{Entrance, Sent};
use super::ring::Ring;
use super::sources::{Address, Sources};
use super::whep::{self, Session};
use super::{Mode, Sight};
use crate::livestream::FrameHit;
use crate::matching::Lists;
use crate::plan::App;
use crate::refusal::Error;
use crate::store::{StreamSightId, new_uuid};

/// Between two tries to reach a source that is gone.
const AGAIN: Duration = Duration::from_millis(500);
/// And to one that does not let us in.
const REFUSED: Duration = Duration::from_secs(3);
/// So long nothing may come of a session that was agreed upon: its server may have to wait for a key frame.
const BEGINS: Duration = Duration::from_secs(15);
/// So long without a byte, and the source is taken anew.
const STALLED: Duration = Duration::from_secs(5);
/// So long without a frame while bytes come, and everything is begun anew.
const BLIND: Duration = Duration::from_secs(15);
/// How long a stream is looked at closely after a frame that a list knows.
const CLOSELY: Duration = Duration::from_secs(10);
/// How much of a stream an eye is shown again that replaces another: more than lies between two key frames.
const AGAIN_SHOWN: SignedDuration = SignedDuration::from_secs(6);
/// How long the last frames of a source that is gone are waited for.
const LAST: Duration = Duration::from_secs(2);
/// So many pieces may wait for an eye that is slower than the stream.
const BEHIND: usize = 4_000;

/// What is known of a stream in memory: what is to be written down, and what is never.
#[derive(Debug)]
pub(super) struct Noted {
    /// As the record says.
    pub(super) mode: Mode,
    /// What came lately.
    pub(super) ring: Ring,
    /// Frames that lists know, to be written down.
    pub(super) hits: Vec<FrameHit>,
    /// From when to when it was seen, to be written down; the last one may go on.
    pub(super) sights: Vec<Sight>,
    /// Why nothing is seen at the moment.
    pub(super) because: Option<&'static str>,
    /// The latest frame, small, grey and blurred.
    pub(super) thumbnail: Option<Bytes>,
}

impl Noted {
    pub(super) fn new(mode: Mode, ring: Ring) -> Self {
        Self { mode, ring, hits: Vec::new(), sights: Vec::new(), because: Some("connecting"), thumbnail: None }
    }

    /// The sight that goes on, if one does.
    fn current(&mut self) -> Option<&mut Sight> {
        self.sights.last_mut().filter(|sight| sight.ended_by.is_none())
    }

    /// From here on nobody sees it.
    pub(super) fn lost(&mut self, because: &'static str) {
        if let Some(sight) = self.current() {
            sight.ended_by = Some(because.to_owned());
        }
        self.because = Some(because);
    }

    /// It was seen at this moment.
    fn seen(&mut self, at: Timestamp, id: StreamSightId) {
        let step = self.mode.step();
        if let Some(sight) = self.current() {
            if at.duration_since(sight.until) <= step {
                sight.until = sight.until.max(at);
                sight.frames += 1;
                self.because = None;
                return;
            }
            sight.ended_by = Some("frames_missing".to_owned());
        }
        self.sights.push(Sight { id, from: at, until: at, frames: 1, ended_by: None });
        self.because = None;
    }
}

pub(super) fn lock(noted: &Mutex<Noted>) -> MutexGuard<'_, Noted> {
    noted.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An eye with the tasks that show it the stream and hear what it says, so that neither waits for the other.
struct Looking {
    mode: Mode,
    show: Sender<Bytes>,
    hears: Receiver<Glimpse>,
    // Dropping it ends them, and with them the eye.
    _tasks: JoinSet<()>,
}

impl Looking {
    fn begin(app: &App, mode: Mode) -> Result<Self, Unscanned> {
        let eye = app.pool.eye(mode.into(), app.lists.with(Lists::wanted))?;
        let (show, mut shown) = mpsc::channel::<Bytes>(BEHIND);
        let (tell, hears) = mpsc::channel(64);
        let (mut at, mut told) = (eye.shown, eye.told);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Some(packets) = shown.recv().await {
                if !at.show(&packets).await {
                    return;
                }
            }
        });
        tasks.spawn(async move {
            while let Some(glimpse) = told.next().await {
                if tell.send(glimpse).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self { mode, show, hears, _tasks: tasks })
    }

    /// Has it look so from here on.
    fn turn(&mut self, mode: Mode) {
        // One that is gone or does not keep up is noticed by what it is shown next.
        if mode != self.mode && self.show.try_send(decode::Mode::from(mode).order()).is_ok() {
            self.mode = mode;
        }
    }
}

/// The stream's own time, laid on ours.
#[derive(Default)]
struct Times {
    offset: Option<i64>,
    last_ms: Option<i64>,
}

impl Times {
    /// When a frame of this time was shown. What comes late was shown before; the quickest way a frame ever took tells how long.
    fn at(&mut self, at_ms: i64, now: Timestamp) -> Timestamp {
        let late = now.as_millisecond().saturating_sub(at_ms);
        let offset = match self.offset {
            // Its clock may be a little slower than ours; one that jumped is begun anew.
            Some(offset) if (late - offset).abs() < 600_000 => late.min(offset + 1),
            _ => late,
        };
        self.offset = Some(offset);
        Timestamp::from_millisecond(at_ms.saturating_add(offset)).unwrap_or(now).min(now)
    }

    /// Whether a frame was looked at before, by an eye that is gone.
    fn is_again(&mut self, at_ms: i64) -> bool {
        let again = self.last_ms.is_some_and(|last| at_ms <= last && last - at_ms < 30_000);
        if !again {
            self.last_ms = Some(at_ms);
        }
        again
    }
}

/// What became of a frame.
#[derive(Clone, Copy, Default)]
struct Met {
    /// It was not looked at before.
    new: bool,
    /// A list knows it.
    known: bool,
}

/// Who looks at one stream.
pub(super) struct Watcher {
    pub(super) app: App,
    pub(super) sources: Arc<Sources>,
    pub(super) url: String,
    pub(super) noted: Arc<Mutex<Noted>>,
    pub(super) entrance: Arc<Entrance>,
}

impl Watcher {
    fn now(&self) -> Timestamp {
        self.app.db.clock().now()
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        lock(&self.noted)
    }

    /// Looks until it is dropped: whatever ends is begun anew.
    pub(super) async fn run(self) {
        loop {
            let because = self.once().await;
            self.noted().lost(because);
            self.app.watching.wake.notify_one();
            let refused = matches!(because, whep::SOURCE_REFUSES | whep::NOT_ALLOWED);
            tokio::time::sleep(if refused { REFUSED } else { AGAIN }).await;
        }
    }

    /// Looks as long as the source lasts; why it did not last longer.
    async fn once(&self) -> &'static str {
        // Where nothing is looked for, nothing is seen either.
        if self.app.may_match().is_err() {
            return crate::matching::DETECTOR_OFF;
        }
        if self.app.lists.with(Lists::as_of).is_none() {
            return "no_list";
        }
        let awaited = Sent::of(&self.url).is_some();
        // The door stays open, and a session goes on, as long as the source is taken.
        let (mut source, _door, session) = match self.source().await {
            Ok(source) => source,
            Err(because) => return because,
        };
        let (mut times, mut fruitless) = (Times::default(), 0);
        let (mut shown_from, mut eye) = (None, None::<Looking>);
        let (mut heard_at, mut closely, mut began) = (Instant::now(), None::<Instant>, false);
        loop {
            // As the record says, and closely for a while after a known frame.
            let closely_now = closely.is_some_and(|until| until > Instant::now());
            let mode = if closely_now { Mode::Thorough } else { self.noted().mode };
            let looking = match &mut eye {
                Some(looking) => {
                    looking.turn(mode);
                    looking
                }
                None if fruitless > 2 => return "watcher_died",
                None => {
                    let Ok(looking) = Looking::begin(&self.app, mode) else { return "decoder_down" };
                    if let Some(from) = shown_from {
                        for packets in self.noted().ring.since(from) {
                            drop(looking.show.try_send(packets.clone()));
                        }
                    }
                    fruitless += 1;
                    eye.insert(looking)
                }
            };
            let patience = match &session {
                _ if began => STALLED,
                // Who is waited for may come at any time.
                _ if awaited => Duration::MAX,
                Some(_) => BEGINS,
                None => STALLED,
            };
            tokio::select! {
                came = timeout(patience, source.next()) => {
                    let Ok(Some(packets)) = came else {
                        self.drained(looking, &mut times).await;
                        return if came.is_err() { "stalled" } else { "source_ended" };
                    };
                    if !began {
                        (began, heard_at) = (true, Instant::now());
                    }
                    self.noted().ring.push(self.now(), packets.clone());
                    if looking.show.try_send(packets).is_err() {
                        // It is gone, or too slow to be waited for.
                        if !looking.show.is_closed() {
                            return "behind";
                        }
                        shown_from = again(&mut eye, &self.noted());
                    }
                    if heard_at.elapsed() > BLIND {
                        return "unreadable";
                    }
                }
                // Who sends it sends it anew: the connection before is dead, whether anybody noticed or not.
                () = self.entrance.knocked() => return "source_ended",
                heard = looking.hears.recv() => {
                    let Some(glimpse) = heard else {
                        shown_from = again(&mut eye, &self.noted());
                        continue;
                    };
                    heard_at = Instant::now();
                    let seen = self.glimpse(glimpse, &mut times);
                    if seen.new {
                        fruitless = 0;
                    }
                    if seen.known {
                        closely = Some(Instant::now() + CLOSELY);
                    }
                }
            }
        }
    }

    /// The source, as it comes by itself or is sent to us; why there is none.
    async fn source(&self) -> Result<(Source, Option<Door>, Option<Session>), &'static str> {
        let watching = &self.app.watching;
        let way = match Sent::of(&self.url) {
            Some(Sent::Rtmp { .. }) => {
                self.nobody_sends();
                let publisher = self.entrance.next().await;
                return self.app.pool.sent(publisher).map(|source| (source, None, None)).map_err(Unscanned::slug);
            }
            Some(Sent::Srt { port, key }) => {
                self.nobody_sends();
                (watching.awaited(port, &key).ok_or(whep::NOT_ALLOWED)?, None)
            }
            None => {
                let address = self.sources.allowed(&self.url).map_err(|error| match error {
                    Error::Refused(_) => whep::NOT_ALLOWED,
                    Error::Internal(..) => "unreachable",
                })?;
                if matches!(address.url.scheme(), "whep" | "wheps") {
                    let (source, session) = whep::take(&self.app, &self.sources, &address).await?;
                    return Ok((source, None, Some(session)));
                }
                self.way(&address).await.map_err(|_| "unreachable")?
            }
        };
        let source = self.app.pool.source(&way.0).map_err(Unscanned::slug)?;
        Ok((source, way.1, None))
    }

    fn nobody_sends(&self) {
        self.noted().because = Some("nobody_sends");
        self.app.watching.wake.notify_one();
    }

    /// Hears the last that is seen of what came.
    async fn drained(&self, looking: &mut Looking, times: &mut Times) {
        // What it is shown ends here.
        looking.show = mpsc::channel(1).0;
        while let Ok(Some(glimpse)) = timeout(LAST, looking.hears.recv()).await {
            self.glimpse(glimpse, times);
        }
    }

    /// Takes what an eye says.
    fn glimpse(&self, glimpse: Glimpse, times: &mut Times) -> Met {
        match glimpse {
            Glimpse::Thumbnail(jpeg) => {
                self.noted().thumbnail = Some(jpeg);
                Met::default()
            }
            // Another eye saw it, which is gone.
            Glimpse::Frame(frame) if times.is_again(i64::from(frame.at_ms)) => Met::default(),
            Glimpse::Frame(frame) => {
                let at = times.at(i64::from(frame.at_ms), self.now());
                Met { new: true, known: self.frame(&frame, at) }
            }
        }
    }

    /// A frame meets the lists. Whether one knows it.
    fn frame(&self, frame: &FrameHash, at: Timestamp) -> bool {
        let known = self.app.lists.with(|lists| lists.glimpsed(frame));
        let id = StreamSightId(new_uuid(self.now(), self.app.db.random()));
        let mut noted = self.noted();
        noted.seen(at, id);
        if known.is_empty() {
            return false;
        }
        noted.hits.extend(known.into_iter().map(|hit| FrameHit {
            at,
            bank: hit.bank,
            list: hit.bank_name,
            kind: hit.kind,
            entry: hit.entry,
            distance: hit.distance.unwrap_or_default(),
            quality: frame.quality,
        }));
        drop(noted);
        self.app.watching.wake.notify_one();
        true
    }

    /// How a source comes to its child: by a door to a host that was found and allowed.
    async fn way(&self, address: &Address) -> std::io::Result<(Way, Option<Door>)> {
        let Address { url, host, port } = address;
        let path = url.path().trim_start_matches('/');
        let path = url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        if url.scheme() == "srt" {
            let found = self.sources.find(host, *port).await?;
            return Ok((Way::Srt { address: found, query: url.query().unwrap_or_default().to_owned() }, None));
        }
        let asked = matches!(url.scheme(), "http" | "https");
        let to = if asked { To::Asked } else { To::One(host.clone(), *port) };
        let open = Door::open(Arc::clone(&self.sources), to).await?;
        let door = open.port;
        let way = match url.scheme() {
            "rtmp" => {
                let application = path.split('/').next().unwrap_or_default();
                Way::Rtmp { door, known_as: format!("rtmp://{host}:{port}/{application}"), path }
            }
            "rtsp" => {
                let word = url.password().map_or_else(String::new, |word| format!(":{word}"));
                let login =
                    if url.username().is_empty() { String::new() } else { format!("{}{word}@", url.username()) };
                Way::Rtsp { door, login, path }
            }
            "tcp" => Way::Tcp { door },
            _ => Way::Http { door, url: url.to_string() },
        };
        Ok((way, Some(open)))
    }
}

/// An eye is gone: the next one is shown again what this one may not have seen, and more.
fn again(eye: &mut Option<Looking>, noted: &Noted) -> Option<Timestamp> {
    *eye = None;
    let seen = noted.sights.last().filter(|sight| sight.ended_by.is_none()).map(|sight| sight.until);
    seen.and_then(|seen| seen.checked_sub(AGAIN_SHOWN).ok())
}
