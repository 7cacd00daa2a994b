//! A stream while it runs: the platform tells what happens in it, and what somebody reports becomes sealed evidence and a paged
//! person within a minute. Without a signal nothing personal is kept of it.

pub mod api;
mod events;
mod hits;
pub mod jobs;
pub mod pages;
mod participants;
pub mod rules;
mod store;
mod stream;
pub mod vocabulary;
pub mod watching;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::accounts::{Caller, Permission};
use crate::actions;
use crate::alarms;
use crate::audit::{self, Entry};
use crate::context::{self, StreamSnapshot};
use crate::intake::Account;
use crate::notices::{self, NewNotice, Reason, Reporter};
use crate::queue::{self, Work};
use crate::refusal::{Kind as RefusalKind, Result};
use crate::review::{self, involved};
use crate::store::{ActionId, CaseId, NoticeId, Recorded, StreamId, StreamSignalId, Tx};
use crate::webhooks;

pub use events::{Event, Kind, MOST_AT_ONCE, Told, check};
pub use hits::{FrameHit, Frames, OfBank, frame_hits, hits};
pub use stream::{Cause, NewStream, State, Stream, StreamSignal};
use watching::Watching;

/// A stream that cannot be taken as it is told.
pub static BAD_STREAM: RefusalKind = RefusalKind::new(
    422,
    "bad-stream",
    "The stream cannot be taken as it is told.",
    "Mend what the detail names, and tell it again.",
)
.program("At least `content_id` is needed, your own id of it; /openapi.json has the form.");
/// An event that cannot be kept.
pub static BAD_EVENT: RefusalKind = RefusalKind::new(
    422,
    "bad-event",
    "An event cannot be kept as it is told, so none of this call was.",
    "Mend what the rows name and send the call again.",
)
.program("/openapi.json has the form of each kind.");
/// An id that leads nowhere.
pub static UNKNOWN_STREAM: RefusalKind =
    RefusalKind::new(404, "unknown-stream", "There is no such stream.", "Look for it among the streams.")
        .program("GET /v1/streams lists them.");
/// A stream of which nothing is kept any more.
pub static FORGOTTEN: RefusalKind = RefusalKind::new(
    409,
    "stream-forgotten",
    "This stream is over, and what happened in it is no longer kept.",
    "Tell of it as a notice, with its content id.",
)
.program("POST /v1/notices takes it.");
/// More events than a stream may have.
pub static TOO_MANY_EVENTS: RefusalKind = RefusalKind::new(
    429,
    "too-many-events",
    "This stream has as many events as are kept of one, so none of this call was.",
    "Send reports alone; they are always taken. An administrator may raise live.most_events.",
);
/// A stop of something that does not run.
pub static NOT_RUNNING: RefusalKind = RefusalKind::new(
    409,
    "stream-over",
    "This stream is over.",
    "There is nothing to stop. What was kept of it is in its case.",
);
/// A resumption of something that nobody stopped.
pub static NOT_STOPPED: RefusalKind = RefusalKind::new(
    409,
    "stream-not-stopped",
    "Nobody has asked for this stream to be stopped, or that was undone already.",
    "Look at the stream again: it says what was asked for.",
);

/// All refusals of this domain.
pub const REFUSALS: &[&RefusalKind] = &[
    &BAD_STREAM,
    &BAD_EVENT,
    &UNKNOWN_STREAM,
    &FORGOTTEN,
    &TOO_MANY_EVENTS,
    &NOT_RUNNING,
    &NOT_STOPPED,
    &rules::NOT_HALTED,
    &vocabulary::BAD_VOCABULARY,
    &vocabulary::UNKNOWN_VOCABULARY,
    &watching::SOURCE_NOT_ALLOWED,
    &watching::pushed::NOTHING_IS_SENT_HERE,
    &watching::pushed::NO_PORT,
    &watching::NOT_WATCHED,
];

/// How streams are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Seconds after a signal at which those who took part are sealed once more.
    pub again_seconds: u32,
    /// Minutes after its end in which events of a stream are still taken, and after which they are forgotten.
    pub linger_minutes: u32,
    /// Minutes for which what was written is kept of a stream without a signal.
    pub chat_minutes: u32,
    /// Hours without an event after which a stream is taken for over.
    pub silent_hours: u32,
    /// So many events are kept of one stream; reports are always taken.
    pub most_events: i64,
    /// So many streams one rule may ask to be stopped within a day, without a person.
    pub stops_per_rule_per_day: i64,
    /// So many may all rules together.
    pub stops_per_day: i64,
    /// When frames that lists know say something.
    pub frames: Frames,
    /// From which hosts streams may be read: names, `*.NAME`, addresses, ranges. None, if nothing is said.
    pub sources: Vec<String>,
    /// At which address and port streams are taken that are sent to us by RTMP. None, if nothing is said.
    pub rtmp_listen: String,
    /// At which address, and from which port to which, streams are taken that are sent to us by SRT: one port each.
    pub srt_listen: String,
    /// By which name or address those who send streams reach this machine.
    pub push_host: String,
    /// How closely streams are looked at, where nothing is said.
    pub mode: watching::Mode,
    /// So many seconds of a stream are held in memory, to be kept on a signal.
    pub ring_seconds: u32,
    /// And never more than this of one.
    pub ring_megabytes: usize,
    /// Nor more than this of all together that one process looks at.
    pub rings_megabytes: usize,
    /// So many seconds after a signal are kept as well.
    pub after_seconds: u32,
    /// What raises urgency by itself.
    #[serde(default)]
    pub rules: Vec<rules::Written>,
}

/// Takes a stream that runs. One that runs already is answered as it is: a source that reconnects is no other stream.
pub async fn begin(
    tx: &mut Tx,
    caller: &Caller,
    new: NewStream,
    watching: &Watching,
    settings: &Settings,
) -> Result<(Stream, Recorded)> {
    caller.require(Permission::WriteStreams)?;
    new.check()?;
    if let Some(callback) = &new.callback
        && !webhooks::is_listed(tx, callback).await?
    {
        return Err(BAD_STREAM.because("callback names no endpoint of the settings"));
    }
    if let Some(running) = store::running(tx, &new.content_id).await? {
        return Ok((running, Recorded::unrecorded("the stream runs already, with its entry")));
    }
    let source = match &new.watch {
        Some(watch) => Some(watching.source(tx, watch).await?),
        None => None,
    };
    let stream = Stream {
        id: tx.id(),
        content_id: new.content_id,
        account: new.account,
        address: new.address,
        port: new.port,
        urls: new.urls,
        public: new.public,
        callback: new.callback,
        state: State::Live,
        started_at: tx.now(),
        ended_at: None,
        stirred_at: tx.now(),
        events: 0,
        mode: new.watch.as_ref().map(|watch| watch.mode.unwrap_or(settings.mode)),
        source,
        unseen_because: None,
        case: None,
        forgotten_at: None,
    };
    store::insert(tx, caller.scope_id(), &stream).await?;
    let proof = audit::record(tx, Entry::by(caller, "stream.begun").about(stream.id)).await?;
    Ok((stream, proof))
}

/// One stream.
pub async fn find(tx: &mut Tx, caller: &Caller, id: StreamId) -> Result<Stream> {
    caller.require(Permission::ReadStreams)?;
    stream(tx, id).await
}

/// One stream, for the program itself.
pub async fn known(tx: &mut Tx, id: StreamId) -> Result<Stream> {
    stream(tx, id).await
}

async fn stream(tx: &mut Tx, id: StreamId) -> Result<Stream> {
    store::stream(tx, id).await?.ok_or_else(|| (&UNKNOWN_STREAM).into())
}

/// Streams, newest first.
pub async fn list(
    tx: &mut Tx,
    caller: &Caller,
    state: Option<State>,
    before: Option<StreamId>,
    limit: i64,
) -> Result<Vec<Stream>> {
    caller.require(Permission::ReadStreams)?;
    store::list(tx, state, before, limit).await
}

/// What made a stream a case's, oldest first.
pub async fn signals(tx: &mut Tx, caller: &Caller, id: StreamId) -> Result<Vec<StreamSignal>> {
    caller.require(Permission::ReadCases)?;
    store::signals(tx, id).await
}

/// A stream is over. Said again, it changes nothing.
pub async fn end(tx: &mut Tx, caller: &Caller, id: StreamId) -> Result<(Stream, Recorded)> {
    caller.require(Permission::WriteStreams)?;
    let running = stream(tx, id).await?;
    if running.state == State::Ended {
        return Ok((running, Recorded::unrecorded("the end of the stream is on record already")));
    }
    let proof = over(tx, &running, Entry::by(caller, "stream.ended")).await?;
    Ok((stream(tx, id).await?, proof))
}

/// The stream that runs under this id of the platform's is over.
pub async fn end_named(tx: &mut Tx, caller: &Caller, content_id: &str) -> Result<(Stream, Recorded)> {
    caller.require(Permission::WriteStreams)?;
    let running = store::running(tx, content_id).await?.ok_or(&UNKNOWN_STREAM)?;
    end(tx, caller, running.id).await
}

async fn over(tx: &mut Tx, stream: &Stream, entry: Entry) -> Result<Recorded> {
    store::end(tx, stream.id).await?;
    // Who was there to the end is sealed as well.
    seal_again(tx, stream.id).await?;
    let mut entry = entry.about(stream.id);
    if let Some(scan) = watching::scan_of(tx, stream).await? {
        entry = entry
            .detail(json!({"mode": scan.mode, "unscanned_seconds": scan.unscanned_seconds, "frames": scan.frames}));
    }
    entry.case = stream.case;
    audit::record(tx, entry).await
}

async fn seal_again(tx: &mut Tx, stream: StreamId) -> Result<()> {
    match store::signals(tx, stream).await?.last() {
        Some(signal) => queue::revive(tx, &Work::SealStreamV1 { signal: signal.id }).await,
        None => Ok(()),
    }
}

/// What events are taken by.
#[derive(Clone, Copy)]
pub struct Ways<'a> {
    /// How streams are kept.
    pub settings: &'a Settings,
    /// The rules of the settings, read.
    pub rules: &'a [rules::Rule],
    /// How the door for people is kept.
    pub door: &'a notices::Settings,
}

/// What became of a call with events.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Taken {
    /// How many are new.
    pub taken: usize,
    /// How many were known by their ids.
    pub known: usize,
    /// How many of them put the stream before a person.
    pub signals: usize,
}

/// Takes what happened in a stream, with the vocabularies that each event meets. A report puts it before a person in the same transaction.
pub async fn tell(
    tx: &mut Tx,
    caller: &Caller,
    id: StreamId,
    told: Vec<Told>,
    met: &[BTreeSet<String>],
    by: Ways<'_>,
) -> Result<(Taken, Recorded)> {
    let Ways { settings, door, .. } = by;
    caller.require(Permission::WriteStreams)?;
    events::check(&told)?;
    let stream = stream(tx, id).await?;
    if stream.forgotten_at.is_some() {
        return Err((&FORGOTTEN).into());
    }
    let plain = told.iter().filter(|event| event.kind != Kind::Report).count();
    if plain > 0 && stream.events.saturating_add(i64::try_from(told.len()).unwrap_or(i64::MAX)) > settings.most_events {
        return Err((&TOO_MANY_EVENTS).into());
    }
    let mut taken = Taken::default();
    let mut reports = Vec::new();
    let nothing = BTreeSet::new();
    let met = met.iter().chain(std::iter::repeat(&nothing));
    for (told, met) in told.into_iter().zip(met) {
        let event = Event { id: tx.id(), at: told.at.unwrap_or(tx.now()).min(tx.now()), told };
        if !store::insert_event(tx, id, &event, met).await? {
            taken.known += 1;
            continue;
        }
        taken.taken += 1;
        if event.told.kind == Kind::Report {
            reports.push(event);
        }
    }
    store::count_events(tx, id, taken.taken).await?;
    if stream.state == State::Ended && taken.taken > 0 {
        seal_again(tx, id).await?;
    }
    // After everything else of the call: whoever came with it is among those who are sealed.
    for report in reports {
        if let Some((case, notice)) = reported(tx, caller, &stream, &report, door).await? {
            signal(tx, &stream, By { cause: Cause::Report, rule: None, notice: Some(notice) }, case).await?;
            taken.signals += 1;
        }
    }
    if taken.taken > 0 {
        taken.signals += rules::heed(tx, id, by).await?;
    }
    let mut entry = Entry::by(caller, "stream.told").about(id);
    entry.case = store::case_of(tx, id).await?;
    let detail = json!({"taken": taken.taken, "known": taken.known, "signals": taken.signals});
    Ok((taken, audit::record(tx, entry.detail(detail)).await?))
}

/// Somebody tells what they see in a stream: a notice like any other, about this content, by somebody who is there. Live abuse in a
/// stream that runs is abuse now.
async fn reported(
    tx: &mut Tx,
    caller: &Caller,
    stream: &Stream,
    report: &Event,
    door: &notices::Settings,
) -> Result<Option<(CaseId, NoticeId)>> {
    let told = &report.told;
    let reason = told.reason.unwrap_or(Reason::LiveAbuse);
    let runs = stream.state == State::Live;
    let said = NewNotice {
        kind: if told.moderator == Some(true) { notices::Kind::Moderator } else { notices::Kind::User },
        reason,
        words: told.text.clone().unwrap_or_default(),
        thread: None,
        account: stream.account.clone(),
        content_ids: vec![stream.content_id.clone()],
        urls: stream.urls.clone(),
        danger_now: told.danger_now.unwrap_or(reason == Reason::LiveAbuse && runs),
        contact: None,
        reporter_account: told.account.clone(),
    };
    let reporter = Reporter::by_program(caller, &said);
    let (taken, _) = notices::take(tx, &reporter, said, &[], door).await?;
    Ok(taken.notice.case.map(|case| (case, taken.notice.id)))
}

/// Who or what puts a stream before a person.
struct By<'a> {
    cause: Cause,
    rule: Option<&'a str>,
    notice: Option<NoticeId>,
}

/// Puts a stream before a person: those who take part are sealed, whoever paid comes into the case, and somebody is paged.
async fn signal(tx: &mut Tx, stream: &Stream, by: By<'_>, case: CaseId) -> Result<StreamSignalId> {
    let signal = StreamSignal {
        id: tx.id(),
        cause: by.cause,
        rule: by.rule.map(str::to_owned),
        stopped: false,
        notice: by.notice,
        case,
        at: tx.now(),
        snapshots: 0,
        sealed_at: None,
    };
    store::insert_signal(tx, stream.id, &signal).await?;
    store::set_case(tx, stream.id, case).await?;
    queue::push(tx, &Work::SealStreamV1 { signal: signal.id }, Duration::ZERO).await?;
    // A page for danger is one already; every other signal of a stream that runs is urgent enough for one.
    if review::case(tx, case).await?.priority != review::Priority::P0 {
        alarms::raise(tx, alarms::Kind::StreamSignal, &stream.id.to_string(), Some(case)).await?;
    }
    let data = json!({"stream": stream.id, "content_id": stream.content_id, "cause": by.cause, "rule": by.rule});
    webhooks::send_to(tx, stream.callback.as_deref(), webhooks::Event::StreamSignalled, Some(case), &data).await?;
    let detail = json!({"cause": by.cause, "rule": by.rule, "notice": by.notice});
    let entry = Entry::by_tanod("stream.signal").case(case).about(signal.id).detail(detail);
    audit::record(tx, entry).await.map(drop)?;
    Ok(signal.id)
}

/// Who and what there was in a stream up to now.
async fn snapshot(tx: &mut Tx, stream: &Stream) -> Result<StreamSnapshot> {
    let events = store::events(tx, stream.id).await?;
    Ok(StreamSnapshot {
        stream: stream.id,
        content_id: stream.content_id.clone(),
        urls: stream.urls.clone(),
        account: stream.account.as_ref().map(|account| account.id.clone()),
        address: stream.address,
        port: stream.port,
        started_at: stream.started_at,
        ended_at: stream.ended_at,
        taken_at: tx.now(),
        participants: participants::of(&events),
        chat: participants::chat(&events),
    })
}

/// Names a sealed snapshot in the case, and brings those who paid into it. Nothing when another worker did.
async fn keep_snapshot(
    tx: &mut Tx,
    signal: &StreamSignal,
    snapshot: &StreamSnapshot,
    answer: &context::Answer,
) -> Result<Option<Recorded>> {
    if !store::sealed(tx, signal).await? {
        return Ok(None);
    }
    let proof = context::note(tx, signal.case, answer).await?;
    let paid = snapshot.participants.iter().filter(|one| !one.payments.is_empty());
    for account in paid.filter_map(|one| one.account.clone()).take(MOST_PAYERS) {
        involved::bring(tx, signal.case, Some(&Account { id: account, ..Account::default() })).await?;
    }
    actions::look_again(tx, signal.case).await?;
    Ok(Some(proof))
}

/// So many of those who paid come into a case by themselves; all of them are in the snapshot.
const MOST_PAYERS: usize = 25;

/// Whether everybody who took part in the streams of a case is sealed: before that nothing is stopped.
pub async fn is_sealed(tx: &mut Tx, case: CaseId) -> Result<bool> {
    store::is_sealed(tx, case).await
}

/// Asks the platform to stop a stream, by any person who decides cases: once those who take part are sealed. A stream that is in
/// no case comes into one by it.
pub async fn stop(
    tx: &mut Tx,
    caller: &Caller,
    id: StreamId,
    reason: &str,
    door: &notices::Settings,
) -> Result<(actions::Action, Recorded)> {
    caller.require(Permission::DecideCases)?;
    if reason.trim().chars().count() < 8 {
        return Err((&review::NO_REASON).into());
    }
    let stream = stream(tx, id).await?;
    if stream.state == State::Ended {
        return Err((&NOT_RUNNING).into());
    }
    let case = match stream.case {
        Some(case) if !context::is_closed(tx, case).await? => case,
        _ => seen_by_staff(tx, caller, &stream, reason, door).await?,
    };
    let mut new = actions::New::plain(case, actions::Kind::StopStream, reason, &caller.mark());
    new.target.content_ids = vec![stream.content_id.clone()];
    actions::ask(tx, new).await
}

/// A person who stops a stream says by it what they saw.
async fn seen_by_staff(
    tx: &mut Tx,
    caller: &Caller,
    stream: &Stream,
    words: &str,
    door: &notices::Settings,
) -> Result<CaseId> {
    let said = NewNotice {
        kind: notices::Kind::Moderator,
        reason: Reason::LiveAbuse,
        words: words.trim().chars().take(4_000).collect(),
        thread: None,
        account: stream.account.clone(),
        content_ids: vec![stream.content_id.clone()],
        urls: stream.urls.clone(),
        danger_now: false,
        contact: None,
        reporter_account: None,
    };
    let (taken, _) = notices::take(tx, &Reporter::by_staff(caller), said, &[], door).await?;
    let case = taken.notice.case.ok_or(&review::UNKNOWN_CASE)?;
    signal(tx, stream, By { cause: Cause::Stop, rule: None, notice: Some(taken.notice.id) }, case).await.map(drop)?;
    Ok(case)
}

/// Asks the platform to let a stream go on that was stopped.
pub async fn resume(tx: &mut Tx, caller: &Caller, id: StreamId, reason: &str) -> Result<(actions::Action, Recorded)> {
    caller.require(Permission::DecideCases)?;
    if reason.trim().chars().count() < 8 {
        return Err((&review::NO_REASON).into());
    }
    let stream = stream(tx, id).await?;
    let case = stream.case.ok_or(&NOT_STOPPED)?;
    let stopped = stop_of(tx, &stream, case).await?.ok_or(&NOT_STOPPED)?;
    actions::undo(tx, case, stopped.id, reason, &caller.mark()).await
}

/// The stop of a stream that was asked for and not undone.
async fn stop_of(tx: &mut Tx, stream: &Stream, case: CaseId) -> Result<Option<actions::Action>> {
    let all = actions::of_case(tx, case).await?;
    let undone: Vec<ActionId> = all.iter().filter_map(|other| other.undo_of).collect();
    let stops = |one: &actions::Action| {
        one.kind == actions::Kind::StopStream
            && one.target.content_ids.contains(&stream.content_id)
            && one.state != actions::State::Cancelled
            && !undone.contains(&one.id)
    };
    Ok(all.into_iter().rev().find(stops))
}

/// Lets go of what no signal asks to keep: what was written a while ago, and everything personal of a stream that is over.
async fn forget(tx: &mut Tx, settings: &Settings) -> Result<Option<Recorded>> {
    let ago = |by: SignedDuration| tx.now().checked_sub(by).unwrap_or(Timestamp::UNIX_EPOCH);
    let minutes = |n: u32| SignedDuration::from_mins(i64::from(n));
    let silent = ago(SignedDuration::from_hours(i64::from(settings.silent_hours.max(1))));
    let (chat, over_at) = (ago(minutes(settings.chat_minutes)), ago(minutes(settings.linger_minutes)));
    let mut proof = None;
    for stream in store::silent(tx, silent).await? {
        proof = Some(over(tx, &stream, Entry::by_tanod("stream.fell_silent")).await?);
    }
    if store::forget_chat(tx, chat).await? > 0 {
        proof.get_or_insert(Recorded::unrecorded("what was written in a stream without a signal is no record"));
    }
    for id in store::due_to_forget(tx, over_at).await? {
        store::forget(tx, id).await?;
        proof = Some(audit::record(tx, Entry::by_tanod("stream.forgotten").about(id)).await?);
    }
    Ok(proof)
}
