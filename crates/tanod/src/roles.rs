//! Start and stop: what a process does, and how it ends without losing anything.

use std::time::Duration;

use exchange::ncmec::Schema;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alarms::{self, Part};
use crate::audit;
use crate::clocks;
use crate::evidence;
use crate::intake;
use crate::matching::{FOLLOW_EVERY, KEEP_EVERY};
use crate::plan::App;
use crate::queue::{self, Done, Leased, Work};
use crate::refusal::{Error, Result};
use crate::reporting::jobs::Filing;
use crate::store::Recorded;
use crate::{actions, context, figures, legal, livestream, notices, reporting, review, web, webhooks};

/// What a process is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Everything.
    All,
    /// The API.
    Api,
    /// The console.
    Console,
    /// Background work.
    Worker,
    /// Places in the ledger, and checkpoints.
    Sequencer,
    /// What must happen now and then.
    Scheduler,
}

impl Role {
    fn is(self, role: Self) -> bool {
        self == Self::All || self == role
    }
}

/// Each lane as often as it has workers. Pages have lanes of their own: nothing slow stands in their way.
const LANES: [&str; 15] = [
    "reports",
    "reports",
    "items",
    "expiry",
    "decisions",
    "appeals",
    "context",
    "actions",
    "webhooks",
    "webhooks",
    "webhooks",
    "webhooks",
    "pages",
    "pages",
    "streams",
];
/// How often a part gives a sign of life.
const TICK_EVERY: Duration = Duration::from_secs(15);
/// How often it is looked whether something is wrong.
const WATCH_EVERY: Duration = Duration::from_secs(10);

/// The tasks of a process: started here, joined at the end.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    /// Asks every task to stop.
    pub stop: CancellationToken,
}

impl Tasks {
    /// No task yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts a task.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.tracker.spawn(task));
    }

    /// Asks all to stop, and waits until they have.
    pub async fn end(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// Writes down what other parts must find: which endpoints there are, and who can open the key ring.
pub async fn prepare(app: &App) -> Result<()> {
    evidence::jobs::recovery(app).await?;
    let mut tx = app.db.write().await?;
    if let Some(proof) = webhooks::subscribe(&mut tx, &app.endpoints).await? {
        tx.commit(proof).await?;
    }
    Ok(())
}

/// Runs a role until the application's tasks are asked to stop. The listener is needed for the roles that are called.
pub async fn run(app: &App, role: Role, listener: Option<TcpListener>) -> Result<()> {
    let tasks = &app.tasks;
    if !app.db.is_shared() {
        // One process owns the file: whoever held a lease is gone.
        let mut tx = app.db.write().await?;
        queue::reclaim(&mut tx).await.map(drop)?;
        let proof = alarms::scans_no_more(&mut tx, None).await?;
        tx.commit(proof).await?;
    }
    prepare(app).await?;
    // Served before the lists are there: /healthz answers while a long list loads, and /readyz says why not yet.
    if let Some(listener) = listener {
        let router = web::router::router(app, role.is(Role::Api), role.is(Role::Console));
        let stop = tasks.stop.clone();
        tasks.spawn(async move {
            let router = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
            let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "serving has ended");
            }
        });
    }
    if !matches!(role, Role::Sequencer | Role::Scheduler) {
        app.lists.catch_up(&app.db).await?;
        tasks.spawn(follow(app.clone(), tasks.stop.clone()));
        tasks.spawn(keep(app.clone(), tasks.stop.clone()));
        tasks.spawn(scan(app.clone(), tasks.stop.clone()));
    }
    if role.is(Role::Api) || role.is(Role::Console) {
        tasks.spawn(figures::keep_counting(app.clone(), tasks.stop.clone()));
    }
    if role.is(Role::Worker) {
        if let Some(client) = app.ncmec.clone() {
            let (db, stop) = (app.db.clone(), tasks.stop.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    compared = reporting::jobs::compare_schema(&db, &client) => {
                        if let Err(error) = compared {
                            tracing::warn!(%error, "what the destination's schema is now is not kept");
                        }
                    }
                }
            });
        }
        if let Some(at) = app.watching.rtmp() {
            let listener = TcpListener::bind(at).await;
            let listener =
                listener.map_err(|error| Error::internal("live.rtmp_listen cannot be listened at", error))?;
            tasks.spawn(livestream::watching::jobs::listen(app.clone(), listener, tasks.stop.clone()));
        }
        tasks.spawn(livestream::watching::jobs::look(app.clone(), tasks.stop.clone()));
        for lane in LANES {
            tasks.spawn(work(app.clone(), lane, tasks.stop.clone()));
        }
    }
    if role.is(Role::Sequencer) {
        tasks.spawn(sequence(app.clone(), tasks.stop.clone()));
    }
    if role.is(Role::Scheduler) {
        tasks.spawn(schedule(app.clone(), tasks.stop.clone()));
        tasks.spawn(watch(app.clone(), tasks.stop.clone()));
        tasks.spawn(compare_schema(app.clone(), tasks.stop.clone()));
    }
    Ok(())
}

/// Says once, at the start, whether the CyberTipline goes by another schema than ours. Reports are sent all the same.
async fn compare_schema(app: App, stop: CancellationToken) {
    let Some(client) = &app.ncmec else { return };
    let served = tokio::select! {
        served = client.schema() => served,
        () = stop.cancelled() => return,
    };
    if let Ok(Schema::Drifted { sha256 }) = served {
        tracing::warn!(sha256, "the CyberTipline's schema is a newer one; `tanod doctor --outside` says what to do");
    }
}

/// Keeps the index on disk, so that the next start need not read every entry.
async fn keep(app: App, stop: CancellationToken) {
    loop {
        if let Err(error) = app.lists.keep().await {
            tracing::warn!(%error, "the index is not kept on disk; the next start reads every entry");
        }
        if !pause(&stop, KEEP_EVERY).await {
            return;
        }
    }
}

/// Keeps the lists fresh.
async fn follow(app: App, stop: CancellationToken) {
    while pause(&stop, FOLLOW_EVERY).await {
        if let Err(error) = app.lists.catch_up(&app.db).await {
            // The lists grow old, and readiness says so; a moment later it is tried again.
            tracing::warn!(%error, "the feed of the banks does not answer");
        }
    }
}

/// Works off one lane of the queue.
async fn work(app: App, lane: &'static str, stop: CancellationToken) {
    let mut pulse = Pulse::of(Part::Worker);
    loop {
        // One lane speaks for all: `QueueStuck` tells of a lane that is not worked off.
        if lane == "pages" {
            pulse.beat(&app).await;
        }
        let nudge = app.nudge.notified();
        match next(&app, lane).await {
            Ok(true) => {
                if stop.is_cancelled() {
                    return;
                }
                continue;
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, lane, "the queue does not answer"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = nudge => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Leases and does one due job. False when there is none.
pub async fn next(app: &App, lane: &str) -> Result<bool> {
    let mut tx = app.db.write().await?;
    let Some(job) = queue::lease(&mut tx, lane).await? else { return Ok(false) };
    tx.commit(Recorded::unrecorded("a lease is no change of the record")).await?;
    let done = match perform(app, &job).await {
        Ok(done) => done,
        Err(error) => {
            let words = words(&error);
            tracing::warn!(job = %job.id, lane, error = words, "a job failed");
            Done::Failed(words)
        }
    };
    let tries = tries(&job.work);
    let died = matches!(&done, Done::Failed(_)) && job.attempts + 1 >= tries;
    let mut tx = app.db.write().await?;
    let mut proof = queue::settle(&mut tx, &job, done, tries).await?;
    if let (true, Work::FileReportV1 { report }) = (died, &job.work) {
        proof = reporting::gave_up(&mut tx, *report).await?;
    }
    tx.commit(proof).await?;
    Ok(true)
}

/// After how many failures a job waits for a person.
fn tries(work: &Work) -> i64 {
    match work {
        // With the back-off of the queue that is after about two hours, and the report is shown as dead.
        Work::FileReportV1 { .. } => 20,
        // The week of the unscanned ends both. A store that was down for an afternoon must not end them sooner: media
        // would never be looked at again, or never go.
        // A delivery counts its own tries, and a page goes on until somebody knows.
        Work::RetryItemV1 { .. }
        | Work::ExpireExhibitV1 { .. }
        | Work::VerifyDestructionV1 { .. }
        | Work::SendWebhookV1 { .. }
        | Work::PageV1 { .. }
        | Work::AskContextV1 { .. }
        | Work::AskAddressesV1 { .. }
        | Work::AskPlatformV1 { .. }
        | Work::SealStreamV1 { .. }
        // A decision that waits for its hour must not be lost, nor a copy be kept for ever.
        | Work::SettleAloneV1 { .. }
        | Work::EndAppealV1 { .. } => i64::MAX,
    }
}

async fn perform(app: &App, job: &Leased) -> Result<Done> {
    match &job.work {
        Work::FileReportV1 { report } => {
            let with = Filing { db: &app.db, vault: &app.vault, ncmec: app.ncmec.as_deref() };
            reporting::jobs::file(&with, job, *report).await
        }
        Work::RetryItemV1 { item } => intake::jobs::retry(app, *item).await,
        Work::ExpireExhibitV1 { item } => intake::jobs::expire(app, *item).await,
        Work::VerifyDestructionV1 { destruction } => evidence::jobs::verify(app, *destruction).await,
        Work::SettleAloneV1 { decision } => review::jobs::settle_alone(app, *decision).await,
        Work::EndAppealV1 { case } => review::jobs::end_appeal(app, *case).await,
        Work::SendWebhookV1 { delivery } => webhooks::jobs::deliver(app, *delivery).await,
        Work::PageV1 { alarm } => alarms::page(app, *alarm).await,
        Work::AskContextV1 { case } => context::jobs::ask(app, *case).await,
        Work::AskAddressesV1 { case, .. } => context::jobs::ask_where(app, *case).await,
        Work::AskPlatformV1 { action } => actions::jobs::ask(app, *action).await,
        Work::SealStreamV1 { signal } => livestream::jobs::seal(app, *signal).await,
    }
}

fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// Gives committed entries their places, several times a second.
async fn sequence(app: App, stop: CancellationToken) {
    let mut pulse = Pulse::of(Part::Sequencer);
    loop {
        // Only who has placed what waits is alive: a sequencer that fails again and again falls silent.
        match sequence_once(&app).await {
            Ok(_) => pulse.beat(&app).await,
            Err(error) => tracing::warn!(%error, "the ledger waits"),
        }
        if !pause(&stop, Duration::from_millis(250)).await {
            // The last entries of this process get their places before it ends.
            sequence_once(&app).await.ok();
            return;
        }
    }
}

/// Places what waits, hashes it, signs the new root and offers it. Each step is a transaction of its own: whatever process
/// does the next one goes on from there.
pub async fn sequence_once(app: &App) -> Result<u64> {
    let mut placed = 0;
    loop {
        let mut tx = app.db.write().await?;
        match audit::sequence(&mut tx).await? {
            0 => break,
            n => placed += n,
        }
        tx.commit(Recorded::unrecorded("places in the ledger are given to entries that are on record")).await?;
    }
    loop {
        let mut tx = app.db.write().await?;
        if audit::integrate(&mut tx).await? == 0 {
            break;
        }
        tx.commit(Recorded::unrecorded("entries that are on record are hashed into the ledger's tree")).await?;
    }
    let mut tx = app.db.write().await?;
    let folder = app.ledger.as_deref();
    if let Some(note) = audit::publish(&mut tx, &app.signer, folder).await? {
        tx.commit(Recorded::unrecorded("a checkpoint promises entries that are on record")).await?;
        if let Some(folder) = folder {
            audit::offer(folder, &app.signer, &note)?;
        }
    }
    Ok(placed)
}

/// Sweeps up what a crash left between an object and its row.
async fn schedule(app: App, stop: CancellationToken) {
    loop {
        if let Err(error) = forget(&app).await {
            tracing::warn!(%error, "old answers are not forgotten");
        }
        if let Err(error) = clocks::jobs::watch(&app).await {
            tracing::warn!(%error, "the deadlines of cases are not watched");
        }
        if let Err(error) = notices::removals::jobs::watch(&app).await {
            tracing::warn!(%error, "the deadlines of removals are not watched");
        }
        if let Err(error) = livestream::jobs::watch(&app).await {
            tracing::warn!(%error, "streams that are over are not forgotten");
        }
        if let Err(error) = legal::jobs::watch(&app).await {
            tracing::warn!(%error, "the deadlines of legal process are not watched");
        }
        if let Err(error) = evidence::jobs::watch(&app).await {
            tracing::warn!(%error, "what is due is not let go");
        }
        if let Err(error) = audit::watch_stamps(&app).await {
            tracing::warn!(%error, "no time stamp on the ledger; it is asked for again");
        }
        if let Err(error) = evidence::jobs::sweep(&app).await {
            tracing::warn!(%error, "sweeping failed");
        }
        if !pause(&stop, Duration::from_mins(10)).await {
            return;
        }
    }
}

/// Signs of life of one task.
struct Pulse {
    part: Part,
    last: Option<tokio::time::Instant>,
}

impl Pulse {
    fn of(part: Part) -> Self {
        Self { part, last: None }
    }

    /// Gives a sign of life, unless the last one is young.
    async fn beat(&mut self, app: &App) {
        if self.last.is_some_and(|last| last.elapsed() < TICK_EVERY) {
            return;
        }
        let ticked = async {
            let mut tx = app.db.write().await?;
            let proof = alarms::tick(&mut tx, self.part).await?;
            Ok::<_, Error>(tx.commit(proof).await?)
        };
        match ticked.await {
            Ok(()) => self.last = Some(tokio::time::Instant::now()),
            Err(error) => tracing::warn!(%error, part = ?self.part, "no sign of life can be given"),
        }
    }
}

/// Says of this process that it looks at files, until it ends.
async fn scan(app: App, stop: CancellationToken) {
    loop {
        if let Err(error) = alarms::scan(&app).await {
            tracing::warn!(%error, "no sign of life of the scanner can be given");
        }
        if !pause(&stop, TICK_EVERY).await {
            break;
        }
    }
    let gone = async {
        let mut tx = app.db.write().await?;
        let proof = alarms::scans_no_more(&mut tx, Some(app.process)).await?;
        Ok::<_, Error>(tx.commit(proof).await?)
    };
    if let Err(error) = gone.await {
        tracing::warn!(%error, "this process may be missed as a scanner");
    }
}

/// Looks whether something is wrong of which nobody tells by itself, and calls the outside watcher.
async fn watch(app: App, stop: CancellationToken) {
    let mut pulse = Pulse::of(Part::Scheduler);
    let mut knocked: Option<tokio::time::Instant> = None;
    // A moment later, so that what starts together is not taken for silent.
    while pause(&stop, WATCH_EVERY).await {
        match alarms::watch(&app).await {
            Ok(()) => pulse.beat(&app).await,
            Err(error) => tracing::error!(%error, "nobody watches"),
        }
        if knocked.is_none_or(|at| at.elapsed() >= Duration::from_mins(1)) {
            knocked = Some(tokio::time::Instant::now());
            if let Err(error) = alarms::knock(&app).await {
                tracing::warn!(%error, "the outside watcher is not called");
            }
        }
    }
}

/// Lets go of the answers that no repeated request can ask for any more.
async fn forget(app: &App) -> Result<()> {
    let mut tx = app.db.write().await?;
    web::forget_answers(&mut tx).await?;
    webhooks::forget(&mut tx).await?;
    Ok(tx.commit(Recorded::unrecorded("answers and deliveries that are kept for a while are no record")).await?)
}

/// Waits, unless asked to stop. False: stop.
async fn pause(stop: &CancellationToken, time: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}

/// Ends when the process is asked to: SIGINT or SIGTERM.
pub async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let both = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    if let (Ok(mut interrupt), Ok(mut terminate)) = both {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    } else {
        std::future::pending::<()>().await;
    }
}
