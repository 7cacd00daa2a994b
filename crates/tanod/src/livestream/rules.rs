//! What an operator's rules say of a stream: facts of the last while, expressions over them, and a limit on what they may stop alone.

use std::collections::{BTreeMap, BTreeSet};

use ::rules::{Fact, Rule as Expression};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::events::Kind as EventKind;
use super::hits::{self, FrameHit, Frames};
use super::{By, Cause, Settings, State, Stream, Told, Ways, store, watching};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::review::{self, Ground, Joining, Route, SignalKind};
use crate::store::{Recorded, StreamId, Tx};
use crate::{actions, alarms};

/// A rule that nothing keeps from stopping.
pub static NOT_HALTED: Kind = Kind::new(
    409,
    "rule-not-halted",
    "No rule of this name is halted.",
    "Look at the alarms: each rule that is halted has one.",
);

/// A rule as it stands in the settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// How it is spoken of.
    pub name: String,
    /// When it holds: CEL over the facts of [`NAMES`].
    pub when: String,
    /// Over how many seconds facts are counted.
    pub window_seconds: u32,
    /// Whether it says that a child may be in danger now. What people, payments, a classifier or words of a vocabulary say must be among its facts: a hit
    /// alone is a replay.
    #[serde(default)]
    pub now: bool,
    /// Whether the platform is asked to stop the stream without a person, within the limits of a day.
    #[serde(default)]
    pub stop: bool,
    /// Whether the stream's pictures are looked at four times a second from then on. A rule that says this says nothing else: no case
    /// comes of it.
    #[serde(default)]
    pub closely: bool,
}

/// What rules can look at. Counts are of the rule's last seconds.
pub const NAMES: [&str; 16] = [
    "word_hits",
    "words",
    "frame_hits",
    "recording_known",
    "reports",
    "joins",
    "leaves",
    "chats",
    "payments",
    "payers",
    "largest_minor",
    "scores",
    "account_known",
    "in_case",
    "public",
    "minutes",
];

/// A rule that was read.
#[derive(Debug)]
pub struct Rule {
    /// As it was written.
    pub written: Written,
    expression: Expression,
}

/// Reads the rules of the settings; says what is wrong with one of them.
pub fn read(written: &[Written]) -> std::result::Result<Vec<Rule>, String> {
    let mut rules: Vec<Rule> = Vec::new();
    for one in written {
        let fault = |what: String| Err(format!("live.rules, {:?}: {what}", one.name));
        if one.name.trim().is_empty() || one.name.chars().count() > 64 {
            return fault("its name has 1 to 64 characters".to_owned());
        }
        if rules.iter().any(|rule| rule.written.name == one.name) {
            return fault("there are two of this name".to_owned());
        }
        if !(1..=86_400).contains(&one.window_seconds) {
            return fault("window_seconds is 1 to 86400".to_owned());
        }
        if one.closely && (one.now || one.stop) {
            return fault("closely opens no case: say now and stop in a rule of its own".to_owned());
        }
        match Expression::read(&one.when, &NAMES) {
            // One frame decides nothing, also not together with whatever else.
            Ok(expression) if expression.tells_apart("frame_hits", 0, 1) => {
                return fault(
                    "one frame alone would decide it: compare frame_hits by itself with 2 or more, as in frame_hits >= 3"
                        .to_owned(),
                );
            }
            Ok(expression) => rules.push(Rule { written: one.clone(), expression }),
            Err(bad) => return fault(bad.to_string()),
        }
    }
    Ok(rules)
}

/// What happened in the longest while that any rule looks at. Ages are in whole seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments {
    /// How many events of each kind there are of each age.
    pub(super) counts: Vec<(EventKind, i64, i64)>,
    /// What was paid and scored, one by one.
    pub(super) told: Vec<(i64, Told)>,
    /// The vocabularies that what was written meets, chat by chat.
    pub(super) words: Vec<(i64, BTreeSet<String>)>,
    /// The vocabularies that there are.
    pub(super) vocabularies: Vec<String>,
    /// The frames that lists know, oldest first.
    pub(super) hits: Vec<FrameHit>,
    /// Whether a list knows enough of them to have put the stream before a person.
    pub(super) recording_known: bool,
    /// Whether the account that broadcasts had a case before.
    pub(super) account_known: bool,
    /// When each rule said something last.
    pub(super) said: BTreeMap<String, Timestamp>,
}

/// What happened in the window of one rule, counted.
#[derive(Clone, Debug, Default)]
struct Tally {
    by_kind: BTreeMap<EventKind, i64>,
    payers: BTreeSet<String>,
    largest_minor: i64,
    scores: BTreeMap<String, f64>,
    word_hits: usize,
    words: BTreeMap<String, f64>,
    frames: usize,
}

impl Moments {
    fn within(&self, seconds: u32, now: Timestamp, frames: &Frames) -> Tally {
        let (since, seconds) = (ago(seconds, now), i64::from(seconds));
        let mut tally = Tally::default();
        for (kind, _, count) in self.counts.iter().filter(|(_, age, _)| *age < seconds) {
            *tally.by_kind.entry(*kind).or_default() += count;
        }
        for (_, told) in self.told.iter().filter(|(age, _)| *age < seconds) {
            tally.largest_minor = tally.largest_minor.max(told.amount_minor.unwrap_or_default());
            if told.kind == EventKind::Payment {
                tally.payers.extend(told.account.clone());
            } else if let (Some(name), Some(score)) = (&told.classifier, told.score) {
                let known = tally.scores.entry(name.clone()).or_insert(score);
                *known = known.max(score);
            }
        }
        // Of one that there is and that nothing meets the count is known: none.
        tally.words = self.vocabularies.iter().map(|name| (name.clone(), 0.0)).collect();
        for (_, met) in self.words.iter().filter(|(age, _)| *age < seconds) {
            let known = met.iter().filter(|name| self.vocabularies.contains(name)).count();
            tally.word_hits += usize::from(known > 0);
            tally.words.iter_mut().filter(|(name, _)| met.contains(*name)).for_each(|(_, count)| *count += 1.0);
        }
        let seen = self.hits.iter().filter(|hit| hit.at > since && frames.counts(hit));
        tally.frames = hits::moments(seen.map(|hit| hit.at));
        tally
    }

    fn facts(&self, tally: &Tally, stream: &Stream, now: Timestamp) -> BTreeMap<&'static str, Fact> {
        let number = |count: usize| Fact::Number(i64::try_from(count).unwrap_or(i64::MAX));
        let count = |kind| Fact::Number(tally.count(kind));
        BTreeMap::from([
            ("frame_hits", number(tally.frames)),
            ("recording_known", Fact::Yes(self.recording_known)),
            ("word_hits", number(tally.word_hits)),
            ("words", Fact::Scores(tally.words.clone())),
            ("reports", count(EventKind::Report)),
            ("joins", count(EventKind::Join)),
            ("leaves", count(EventKind::Leave)),
            ("chats", count(EventKind::Chat)),
            ("payments", count(EventKind::Payment)),
            ("payers", number(tally.payers.len())),
            ("largest_minor", Fact::Number(tally.largest_minor)),
            ("scores", Fact::Scores(tally.scores.clone())),
            ("account_known", Fact::Yes(self.account_known)),
            ("in_case", Fact::Yes(stream.case.is_some())),
            ("public", Fact::Yes(stream.public)),
            ("minutes", Fact::Number(now.duration_since(stream.started_at).as_mins())),
        ])
    }
}

impl Tally {
    fn count(&self, kind: EventKind) -> i64 {
        self.by_kind.get(&kind).copied().unwrap_or_default()
    }

    /// Whether somebody or something says "now": not a recording alone.
    fn says_now(&self) -> bool {
        let kinds = [EventKind::Report, EventKind::Payment, EventKind::Classifier];
        self.word_hits > 0 || kinds.into_iter().any(|kind| self.count(kind) > 0)
    }
}

/// A rule that holds.
struct Held<'a> {
    rule: &'a Written,
    /// Whether it says "now", and something besides a recording does.
    now: bool,
}

/// The rules that hold for a stream now and did not within their own time. What happened is read once for all of them.
async fn held<'a>(tx: &mut Tx, stream: &Stream, by: Ways<'a>) -> Result<Vec<Held<'a>>> {
    let mut all = Vec::new();
    let Some(widest) = by.rules.iter().map(|rule| rule.written.window_seconds).max() else { return Ok(all) };
    let now = tx.now();
    let moments = store::moments(tx, stream, ago(widest, now)).await?;
    for rule in by.rules {
        let since = ago(rule.written.window_seconds, now);
        if moments.said.get(&rule.written.name).is_some_and(|at| *at > since) {
            continue;
        }
        let tally = moments.within(rule.written.window_seconds, now, &by.settings.frames);
        match rule.expression.holds(&moments.facts(&tally, stream, now)) {
            Ok(true) => all.push(Held { rule: &rule.written, now: rule.written.now && tally.says_now() }),
            Ok(false) => {}
            Err(error) => tracing::error!(rule = rule.written.name, %error, "a rule over streams cannot be decided"),
        }
    }
    Ok(all)
}

fn ago(seconds: u32, now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Looks at what frames and rules say after something happened in a stream. Says how many signals came of it.
pub(super) async fn heed(tx: &mut Tx, id: StreamId, by: Ways<'_>) -> Result<usize> {
    let stream = super::stream(tx, id).await?;
    if stream.state != State::Live {
        return Ok(0);
    }
    let known = hits::weigh(tx, &stream, &by.settings.frames).await?;
    let stream = if known > 0 { super::stream(tx, id).await? } else { stream };
    let held = held(tx, &stream, by).await?;
    let mut signals = known;
    for one in &held {
        if one.rule.closely {
            watching::closely(tx, &stream, &one.rule.name).await?;
        } else {
            by_rule(tx, &stream, one, by.settings).await?;
            signals += 1;
        }
    }
    Ok(signals)
}

/// A rule holds: the stream joins the account's case or opens one, and may be stopped.
async fn by_rule(tx: &mut Tx, stream: &Stream, held: &Held<'_>, settings: &Settings) -> Result<()> {
    let joining = Joining {
        kind: SignalKind::Stream,
        item: None,
        notice: None,
        stream: Some(stream.id),
        route: Route::StreamRule,
        account: stream.account.as_ref(),
        gathered_by: vec![format!("content:{}", stream.content_id)],
        case: stream.case,
        grounds: vec![if held.now { Ground::StreamNow } else { Ground::StreamRule }],
        language: None,
    };
    let case = review::join(tx, joining).await?;
    if held.now {
        alarms::raise_anew(tx, alarms::Kind::DangerNow, &case.to_string(), Some(case)).await?;
    }
    let by = By { cause: Cause::Rule, rule: Some(&held.rule.name), notice: None };
    let signal = super::signal(tx, stream, by, case).await?;
    if held.rule.stop && may_stop(tx, &held.rule.name, settings).await? {
        let reason = format!("the rule {:?} holds", held.rule.name);
        let mut new = actions::New::plain(case, actions::Kind::StopStream, &reason, "tanod");
        new.target.content_ids = vec![stream.content_id.clone()];
        actions::ask(tx, new).await.map(drop)?;
        store::set_stopped(tx, signal).await?;
    }
    Ok(())
}

/// The alarm and the breaker of all rules together.
const ALL_RULES: &str = "*";

/// Whether a rule may stop one more stream without a person. Where it has stopped as many as it may within a day, it stops none until
/// a person lets it go on, and somebody is told.
async fn may_stop(tx: &mut Tx, rule: &str, settings: &Settings) -> Result<bool> {
    for (breaker, one, most) in
        [(rule, Some(rule), settings.stops_per_rule_per_day), (ALL_RULES, None, settings.stops_per_day)]
    {
        if alarms::stands(tx, alarms::Kind::RuleHalted, breaker).await? {
            return Ok(false);
        }
        let day = tx.now().checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::UNIX_EPOCH);
        let since = store::resumed_at(tx, breaker).await?.map_or(day, |at| at.max(day));
        if store::stops_since(tx, one, since).await? >= most {
            alarms::raise(tx, alarms::Kind::RuleHalted, breaker, None).await?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// Lets a rule that was halted, or `*` for all of them, stop streams again: its count begins anew.
pub async fn let_go_on(tx: &mut Tx, caller: &Caller, rule: &str) -> Result<Recorded> {
    caller.require(Permission::ApproveDecisions)?;
    if !alarms::stands(tx, alarms::Kind::RuleHalted, rule).await? {
        return Err((&NOT_HALTED).into());
    }
    store::resume(tx, rule, &caller.mark()).await?;
    alarms::clear(tx, alarms::Kind::RuleHalted, rule).await?;
    audit::record(tx, Entry::by(caller, "stream.rule_resumed").detail(json!({"rule": rule}))).await
}
