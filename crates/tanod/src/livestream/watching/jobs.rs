//! Who looks at streams in this process: begins it, writes down what was noted, keeps what signals ask for, and takes over what others
//! left.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Held;
use super::pushed::{Entrance, Sent};
use super::ring::Ring;
use super::segments::{self, Part, Segment};
use super::store::{self, Watched};
use super::watcher::{Noted, Watcher, lock};
use crate::intake::{self, Arrival};
use crate::livestream::{Ways, hits};
use crate::plan::App;
use crate::refusal::Result;
use crate::store::{ItemId, Recorded, StreamId, StreamSignalId, Tx, new_uuid};

/// How often it is written down that this process looks, and what it saw.
const TICK: Duration = Duration::from_millis(500);
/// A process that has not said so for this long is gone. With a tick it is less than the two seconds within which another looks.
const GONE_AFTER: SignedDuration = SignedDuration::from_millis(1_400);

/// So many may be at the door without having said their names.
const MOST_KNOCKING: usize = 16;
/// How long they have for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one waits for this process to begin to look at its stream.
const BEGINS_WITHIN: Duration = Duration::from_secs(3);
/// A stream that is looked at.
struct Running {
    noted: Arc<Mutex<Noted>>,
    /// It ends with this.
    task: JoinSet<()>,
    /// What the record says of why nothing is seen.
    said: Option<&'static str>,
    /// When it was over: what it held in memory is held for a while.
    over: Option<Instant>,
}

/// Everything that this process looks at.
#[derive(Default)]
struct Desk {
    running: HashMap<StreamId, Running>,
    /// Stretches that are being sealed.
    sealing: HashSet<(StreamSignalId, Part)>,
    sealed: JoinSet<(StreamSignalId, Part)>,
    /// Whether so many streams run that less is held of each than the settings say.
    crowded: bool,
}

/// Looks at streams until it is asked to stop.
pub async fn look(app: App, stop: CancellationToken) {
    let mut desk = Desk::default();
    loop {
        if let Err(error) = desk.tick(&app).await {
            tracing::warn!(%error, "what was seen of streams is not written down; it is tried again");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = app.watching.wake.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
    if let Err(error) = desk.leave(&app).await {
        tracing::warn!(%error, "the last of what was seen of streams is not written down");
    }
}

impl Desk {
    async fn tick(&mut self, app: &App) -> Result<()> {
        while let Some(done) = self.sealed.try_join_next() {
            // One that panicked is tried again with the next.
            match done {
                Ok(done) => drop(self.sealing.remove(&done)),
                Err(_) => self.sealing.clear(),
            }
        }
        if self.running.is_empty() && !store::any(&mut app.db.glance().await?).await? {
            return Ok(());
        }
        // What a list knows first, and by itself: it does not wait for everything else that is to be written down.
        let known = |noted: &Noted| !noted.hits.is_empty();
        if self.running.values().any(|running| known(&lock(&running.noted))) {
            let mut tx = app.db.write().await?;
            let mut written = self.write(&mut tx, app, known).await?;
            tx.commit(written.proof()).await?;
            self.forget(&written);
            app.nudge.notify_waiters();
        }
        let mut tx = app.db.write().await?;
        let until = tx.now().checked_add(GONE_AFTER).unwrap_or(tx.now());
        store::beat(&mut tx, app.process, until).await?;
        store::claim(&mut tx, app.process).await?;
        let own = store::own(&mut tx, app.process).await?;
        self.take(app, own);
        self.share(app);
        let mut written = self.write(&mut tx, app, |_| true).await?;
        tx.commit(written.proof()).await?;
        self.forget(&written);
        if written.told {
            app.nudge.notify_waiters();
        }
        self.keep_what_is_owed(app).await
    }

    /// Begins what is new, and ends what is over.
    fn take(&mut self, app: &App, own: Vec<Watched>) {
        let live = &app.settings.live;
        let ids: HashSet<StreamId> = own.iter().map(|one| one.id).collect();
        for Watched { id, source, mode } in own {
            if let Some(running) = self.running.get(&id) {
                lock(&running.noted).mode = mode;
                continue;
            }
            let ring = Ring::new(live.ring_seconds, live.ring_megabytes.saturating_mul(1 << 20));
            let noted = Arc::new(Mutex::new(Noted::new(mode, ring)));
            let entrance = Arc::<Entrance>::default();
            let watcher = Watcher {
                app: app.clone(),
                sources: Arc::clone(app.watching.sources()),
                url: source,
                noted: Arc::clone(&noted),
                entrance: Arc::clone(&entrance),
            };
            let mut task = JoinSet::new();
            task.spawn(watcher.run());
            app.watching.held().insert(id, Held { noted: Arc::clone(&noted), entrance });
            self.running.insert(id, Running { noted, task, said: None, over: None });
        }
        for (id, running) in &mut self.running {
            if !ids.contains(id) && running.over.is_none() {
                running.task.abort_all();
                running.over = Some(Instant::now());
                let mut noted = lock(&running.noted);
                noted.lost("ended");
                noted.thumbnail = None;
            }
        }
    }

    /// Shares the memory that there is for all of them.
    fn share(&mut self, app: &App) {
        let live = &app.settings.live;
        let each = live.rings_megabytes.saturating_mul(1 << 20) / self.running.len().max(1);
        let most = live.ring_megabytes.saturating_mul(1 << 20);
        for running in self.running.values() {
            lock(&running.noted).ring.limit(each.min(most));
        }
        let crowded = each < most;
        if crowded && !self.crowded {
            let streams = self.running.len();
            tracing::warn!(
                streams,
                "so many streams run that each is held in memory for less: live.rings_megabytes is shared"
            );
        }
        self.crowded = crowded;
    }

    /// Writes down what was noted of these streams.
    async fn write(&self, tx: &mut Tx, app: &App, which: impl Fn(&Noted) -> bool) -> Result<Written> {
        let mut all = Written::default();
        let by = Ways { settings: &app.settings.live, rules: &app.rules, door: &app.settings.notices };
        for (id, running) in &self.running {
            let (hits, sights, because) = {
                let noted = lock(&running.noted);
                if !which(&noted) {
                    continue;
                }
                (noted.hits.clone(), noted.sights.clone(), noted.because)
            };
            for sight in &sights {
                if let Some(proof) = super::seen(tx, *id, sight).await? {
                    all.proof = Some(proof);
                }
            }
            if because != running.said {
                store::set_because(tx, *id, because).await?;
            }
            if !hits.is_empty() {
                all.proof = Some(hits::frame_hits(tx, *id, &hits, by).await?.1);
                all.told = true;
            }
            all.of.push((*id, hits.len(), sights, because));
        }
        Ok(all)
    }

    /// Lets go of what is written down.
    fn forget(&mut self, written: &Written) {
        for (id, hits, sights, because) in &written.of {
            let Some(running) = self.running.get_mut(id) else { continue };
            running.said = *because;
            let mut noted = lock(&running.noted);
            noted.hits.drain(..*hits);
            noted.sights.retain(|sight| sight.ended_by.is_none() || !sights.contains(sight));
        }
    }

    /// Seals what signals ask for. What was held of a stream that is over goes a while later.
    async fn keep_what_is_owed(&mut self, app: &App) -> Result<()> {
        let live = &app.settings.live;
        let mut tx = app.db.read().await?;
        let now = tx.now();
        let after = SignedDuration::from_secs(i64::from(live.after_seconds));
        let mut owed = Vec::new();
        for (part, by) in [(Part::Before, now), (Part::After, now.checked_sub(after).unwrap_or(now))] {
            owed.extend(store::owed(&mut tx, app.process, part, by).await?.into_iter().map(|one| (one, part)));
        }
        drop(tx);
        for ((signal, stream), part) in owed {
            let first = self.sealing.contains(&(signal, Part::Before));
            if (part == Part::After && first) || !self.sealing.insert((signal, part)) {
                continue;
            }
            let app = app.clone();
            self.sealed.spawn(async move {
                if let Err(error) = keep(&app, signal, stream, part).await {
                    tracing::error!(%error, %stream, "a stretch of a stream is not sealed; it is tried again");
                }
                (signal, part)
            });
        }
        let held_for = Duration::from_secs(u64::from(live.ring_seconds));
        self.running.retain(|id, running| {
            let stays = running.over.is_none_or(|over| over.elapsed() < held_for);
            if !stays {
                app.watching.held().remove(id);
            }
            stays
        });
        Ok(())
    }

    /// The last of what was seen, and that this process looks no more: others need not wait.
    async fn leave(&mut self, app: &App) -> Result<()> {
        while self.sealed.join_next().await.is_some() {}
        for running in self.running.values_mut() {
            running.task.shutdown().await;
            lock(&running.noted).lost("watcher_gone");
        }
        if self.running.is_empty() {
            return Ok(());
        }
        let mut tx = app.db.write().await?;
        let mut written = self.write(&mut tx, app, |_| true).await?;
        let gone_by = tx.now().checked_sub(SignedDuration::from_hours(1)).unwrap_or(tx.now());
        store::leave(&mut tx, app.process, gone_by).await?;
        tx.commit(written.proof()).await?;
        Ok(())
    }
}

/// Takes the connections of those who send streams by RTMP, until it is asked to stop.
pub async fn listen(app: App, listener: TcpListener, stop: CancellationToken) {
    let mut knocking = JoinSet::new();
    loop {
        let came = tokio::select! {
            () = stop.cancelled() => return,
            Some(_) = knocking.join_next() => continue,
            came = listener.accept() => came,
        };
        let Ok((connection, _)) = came else {
            // Too many files are open, say: a moment later it may be otherwise.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // Who comes when all places are taken is sent away.
        if knocking.len() < MOST_KNOCKING {
            let app = app.clone();
            // Nothing is said of one without a key: not even that it has none.
            knocking.spawn(async move { drop(tokio::time::timeout(PATIENCE, let_in(&app, connection)).await) });
        }
    }
}

async fn let_in(app: &App, connection: TcpStream) -> Option<()> {
    connection.set_nodelay(true).ok()?;
    let mut publisher = app.pool.publisher(connection.into_std().ok()?).ok()?;
    let key = publisher.name().await?;
    let id = match of_this_process(app, &Sent::Rtmp { key }.written()).await {
        Ok(id) => id?,
        Err(error) => {
            tracing::warn!(%error, "whose a stream is that is sent here cannot be seen");
            return None;
        }
    };
    let begins = tokio::time::Instant::now() + BEGINS_WITHIN;
    let entrance = loop {
        if let Some(held) = app.watching.held().get(&id) {
            break Arc::clone(&held.entrance);
        }
        if tokio::time::Instant::now() > begins {
            return None;
        }
        app.watching.wake.notify_one();
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    entrance.let_in(publisher);
    Some(())
}

/// The stream of a key; from here on this process looks at it, for it has the connection.
async fn of_this_process(app: &App, source: &str) -> Result<Option<StreamId>> {
    // Who has no key does not get as far as writing.
    let Some(id) = store::of_source(&mut app.db.read().await?, source).await? else { return Ok(None) };
    let mut tx = app.db.write().await?;
    if store::take(&mut tx, app.process, id).await? {
        tx.commit(Recorded::unrecorded("who looks at a stream is in its own row; what was missed has its entry"))
            .await?;
    }
    Ok(Some(id))
}

/// Seals a stretch and puts it into the case. Done twice, it is there once.
async fn keep(app: &App, signal: StreamSignalId, id: StreamId, part: Part) -> Result<()> {
    let mut tx = app.db.read().await?;
    let Some((signal, stream)) = super::super::store::signal(&mut tx, signal).await? else { return Ok(()) };
    let known = store::segments(&mut tx, id).await?;
    let before = known.iter().find(|one| one.signal == signal.id && one.part == Part::Before).and_then(|one| one.until);
    drop(tx);
    // What follows the stretch before it, and nothing twice.
    let after = match part {
        Part::Before => Timestamp::UNIX_EPOCH,
        Part::After => before.unwrap_or(signal.at),
    };
    let cut = app.watching.noted(id).and_then(|noted| lock(&noted).ring.cut(after));
    let mut segment = Segment { signal: signal.id, part, from: None, until: None, item: None };
    let mut arrival = None;
    if let Some((from, until, media)) = cut {
        let (sealed, (prints, judgement)) = tokio::join!(intake::seal(app, &media), intake::judge(app, &media));
        let item = ItemId(new_uuid(app.db.clock().now(), app.db.random()));
        let facts = segments::facts(&stream, from);
        arrival = Some(Arrival { id: item, facts, bytes: media.len(), prints, judgement, sealed: Some(sealed?) });
        (segment.from, segment.until, segment.item) = (Some(from), Some(until), Some(item));
    }
    let mut tx = app.db.write().await?;
    if let Some(proof) = segments::put(&mut tx, &stream, &signal, &segment, arrival.as_ref()).await? {
        tx.commit(proof).await?;
        app.nudge.notify_waiters();
    }
    Ok(())
}

/// What was written down in one transaction.
#[derive(Default)]
struct Written {
    proof: Option<Recorded>,
    /// Whether somebody may be told of it.
    told: bool,
    /// Of each stream: how many hits, which sights, and why nothing is seen.
    of: Vec<(StreamId, usize, Vec<super::Sight>, Option<&'static str>)>,
}

impl Written {
    fn proof(&mut self) -> Recorded {
        let entry = self.proof.take();
        entry.unwrap_or_else(|| {
            Recorded::unrecorded(
                "who looks at streams, and until when they saw them, is in its own rows; what was missed has its entry",
            )
        })
    }
}
