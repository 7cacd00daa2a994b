//! What an operator's rules say of a stream: facts of the last while, expressions over them, and a limit on what they may stop alone.

use std::collections::BTreeMap;

use ::rules::{Fact, Rule as Expression};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{By, Cause, Settings, Stream, store};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::{Kind, Result};
use crate::review::{self, Ground, Joining, Route, SignalKind};
use crate::store::{Recorded, Tx};
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
    /// Whether it says that a child may be in danger now. What people, payments or a classifier say must be among its facts: a hit
    /// alone is a replay.
    #[serde(default)]
    pub now: bool,
    /// Whether the platform is asked to stop the stream without a person, within the limits of a day.
    #[serde(default)]
    pub stop: bool,
}

/// What rules can look at. Counts are of the rule's last seconds.
pub const NAMES: [&str; 12] = [
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
        match Expression::read(&one.when, &NAMES) {
            Ok(expression) => rules.push(Rule { written: one.clone(), expression }),
            Err(bad) => return fault(bad.to_string()),
        }
    }
    Ok(rules)
}

/// What happened in the last while, counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) by_kind: BTreeMap<String, i64>,
    pub(super) payers: i64,
    pub(super) largest_minor: i64,
    pub(super) scores: BTreeMap<String, f64>,
    pub(super) account_known: bool,
}

impl Tally {
    /// Whether somebody or something says "now": not a recording alone.
    fn says_now(&self) -> bool {
        ["report", "payment", "classifier"].iter().any(|kind| self.by_kind.get(*kind).is_some_and(|count| *count > 0))
    }

    fn facts(&self, stream: &Stream, now: Timestamp) -> BTreeMap<&'static str, Fact> {
        let count = |kind: &str| Fact::Number(self.by_kind.get(kind).copied().unwrap_or_default());
        BTreeMap::from([
            ("reports", count("report")),
            ("joins", count("join")),
            ("leaves", count("leave")),
            ("chats", count("chat")),
            ("payments", count("payment")),
            ("payers", Fact::Number(self.payers)),
            ("largest_minor", Fact::Number(self.largest_minor)),
            ("scores", Fact::Scores(self.scores.clone())),
            ("account_known", Fact::Yes(self.account_known)),
            ("in_case", Fact::Yes(stream.case.is_some())),
            ("public", Fact::Yes(stream.public)),
            ("minutes", Fact::Number(now.duration_since(stream.started_at).as_mins())),
        ])
    }
}

/// A rule that holds.
pub(super) struct Held<'a> {
    pub(super) rule: &'a Written,
    /// Whether it says "now", and something besides a recording does.
    pub(super) now: bool,
}

/// The rules that hold for a stream now and did not within their own time.
pub(super) async fn held<'a>(tx: &mut Tx, stream: &Stream, rules: &'a [Rule]) -> Result<Vec<Held<'a>>> {
    let mut all = Vec::new();
    for rule in rules {
        let window = SignedDuration::from_secs(i64::from(rule.written.window_seconds));
        let since = tx.now().checked_sub(window).unwrap_or(Timestamp::UNIX_EPOCH);
        if store::said_since(tx, stream.id, &rule.written.name, since).await? {
            continue;
        }
        let tally = store::tally(tx, stream, since).await?;
        match rule.expression.holds(&tally.facts(stream, tx.now())) {
            Ok(true) => all.push(Held { rule: &rule.written, now: rule.written.now && tally.says_now() }),
            Ok(false) => {}
            Err(error) => tracing::error!(rule = rule.written.name, %error, "a rule over streams cannot be decided"),
        }
    }
    Ok(all)
}

/// A rule holds: the stream joins the account's case or opens one, and may be stopped.
pub(super) async fn by_rule(tx: &mut Tx, stream: &Stream, held: &Held<'_>, settings: &Settings) -> Result<()> {
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
