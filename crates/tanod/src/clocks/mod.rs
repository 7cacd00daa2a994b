//! The deadlines of a case. What they are stands in `config/clocks.toml`; [`of`] is pure: operator and facts in, clocks out.

pub mod api;
mod facts;
pub mod jobs;
mod store;

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::operator::Operator;
use crate::web::languages;

pub use facts::{facts, facts_of, of_case};

/// What starts a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum From {
    Knowledge,
    Notice,
    Restriction,
    Finish,
}

/// What ends a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stops {
    ReportFinished,
    RestrictionAcknowledged,
    Decision,
    FiledElsewhere,
}

/// In which cases, or for which operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Only {
    Danger,
    Calm,
    IntimateAdult,
    Authority,
    InternetAccess,
    Payments,
}

/// A deadline, as the file says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    id: String,
    law: String,
    words: String,
    from: From,
    hours: i64,
    stops: Stops,
    #[serde(default)]
    authorities: Vec<String>,
    #[serde(default)]
    countries: Vec<String>,
    #[serde(default)]
    only: Vec<Only>,
    /// Why the limit is ours where the law names none.
    #[serde(default)]
    design: Option<String>,
}

#[derive(Deserialize)]
struct File {
    clock: Vec<Rule>,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let read = toml::from_str::<File>(include_str!("../../../../config/clocks.toml"));
    // A test reads the file that is compiled in, so this is never empty.
    read.map(|file| file.clock).unwrap_or_default()
});

/// What of a case its clocks depend on.
#[derive(Clone, Debug)]
pub struct ClockFacts {
    /// Now.
    pub now: Timestamp,
    /// When the operator first knew; after a report: of what is not reported yet.
    pub knowledge_at: Timestamp,
    /// When the first notice came that names content.
    pub notice_at: Option<Timestamp>,
    /// When the platform acknowledged a restriction.
    pub restricted_at: Option<Timestamp>,
    /// When a decision was made.
    pub decided_at: Option<Timestamp>,
    /// When the first report was finished; nothing while something is not reported.
    pub finished_at: Option<Timestamp>,
    /// When the operator first knew, whatever was reported since.
    pub first_known_at: Timestamp,
    /// When each signal came that is not found to be harmless.
    pub signals: Vec<Timestamp>,
    /// What was filed with others.
    pub filed: Vec<FiledWith>,
    /// When the case was closed without a report.
    pub closed_at: Option<Timestamp>,
    /// Whether a child may be in danger now.
    pub danger: bool,
    /// Whether an adult's intimate picture is what was told of.
    pub intimate_adult: bool,
    /// Whether police or a regulator told.
    pub authority: bool,
}

/// What was filed with an authority.
#[derive(Clone, Debug)]
pub struct FiledWith {
    /// Which.
    pub authority: String,
    /// When.
    pub at: Timestamp,
    /// What came later is not in it.
    pub covers: Timestamp,
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClockState)]
pub enum State {
    /// There is time.
    Running,
    /// Four fifths of it are gone.
    Near,
    /// It has passed, and nothing ended it.
    Passed,
    /// What it asks was done, or the case was closed without a report.
    Met,
}

impl Clock {
    /// What must happen, in the language of who reads.
    pub fn said(&self) -> Cow<'static, str> {
        languages::named("clock", self.id, self.words)
    }
}

/// A deadline of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Clock {
    /// Which.
    pub id: &'static str,
    /// The requirement's number.
    pub law: &'static str,
    /// What must happen.
    pub words: &'static str,
    /// Why the limit is ours, where the law names none.
    pub design: Option<&'static str>,
    /// Since when it runs.
    #[schema(value_type = String)]
    pub since: Timestamp,
    /// Until when.
    #[schema(value_type = String)]
    pub due_at: Timestamp,
    /// How it stands.
    pub state: State,
    /// When it was met.
    #[schema(value_type = Option<String>)]
    pub met_at: Option<Timestamp>,
    /// Whether that was too late.
    pub late: bool,
}

impl Rule {
    fn is_here(&self, operator: &Operator) -> bool {
        let here = |country: &String| match country.as_str() {
            "EU" => operator.is_in_union(),
            country => operator.is_in(country),
        };
        self.countries.is_empty() || self.countries.iter().any(here)
    }

    fn applies(&self, operator: &Operator, facts: &ClockFacts) -> bool {
        self.is_here(operator)
            && self.only.iter().all(|only| match only {
                Only::Danger => facts.danger,
                Only::Calm => !facts.danger,
                Only::IntimateAdult => facts.intimate_adult,
                Only::Authority => facts.authority,
                Only::InternetAccess => operator.internet_access,
                Only::Payments => operator.payments,
            })
    }

    /// What was filed with an authority that counts.
    fn filed<'a>(&self, facts: &'a ClockFacts) -> impl Iterator<Item = &'a FiledWith> {
        let counts = |told: &FiledWith| self.authorities.iter().any(|one| one.eq_ignore_ascii_case(&told.authority));
        facts.filed.iter().filter(move |told| counts(told))
    }

    /// When the first signal came that no filing covers, after one that covers others: for it the time runs anew, for every
    /// discovery has its own (PH-30, PH-40).
    fn uncovered(&self, facts: &ClockFacts) -> Option<Timestamp> {
        let covered = self.filed(facts).map(|told| told.covers).max()?;
        let to_others = self.stops == Stops::FiledElsewhere && self.from == From::Knowledge;
        facts.signals.iter().copied().filter(|at| to_others && *at > covered).min()
    }

    fn since(&self, facts: &ClockFacts) -> Option<Timestamp> {
        match self.from {
            From::Knowledge if self.stops == Stops::FiledElsewhere => {
                Some(self.uncovered(facts).unwrap_or(facts.first_known_at))
            }
            From::Knowledge => Some(facts.knowledge_at),
            From::Notice => facts.notice_at,
            From::Restriction => facts.restricted_at,
            From::Finish => facts.finished_at,
        }
    }

    fn met_at(&self, facts: &ClockFacts) -> Option<Timestamp> {
        let done = match self.stops {
            Stops::ReportFinished => facts.finished_at,
            Stops::RestrictionAcknowledged => facts.restricted_at,
            Stops::Decision => facts.decided_at,
            Stops::FiledElsewhere if self.uncovered(facts).is_some() => None,
            Stops::FiledElsewhere => self.filed(facts).map(|told| told.at).min(),
        };
        done.into_iter().chain(facts.closed_at).min()
    }

    fn clock(&'static self, facts: &ClockFacts) -> Option<Clock> {
        let since = self.since(facts)?;
        let after = |limit| since.checked_add(limit).unwrap_or(Timestamp::MAX);
        let due_at = after(SignedDuration::from_hours(self.hours));
        let near_at = after(SignedDuration::from_mins(self.hours * 48));
        let met_at = self.met_at(facts);
        let state = match met_at {
            Some(_) => State::Met,
            None if facts.now >= due_at => State::Passed,
            None if facts.now >= near_at => State::Near,
            None => State::Running,
        };
        Some(Clock {
            id: &self.id,
            law: &self.law,
            words: &self.words,
            design: self.design.as_deref(),
            since,
            due_at,
            state,
            met_at,
            late: met_at.is_some_and(|met| met > due_at),
        })
    }
}

/// The clocks that apply, the next deadline first; what is met comes last.
pub fn of(operator: &Operator, facts: &ClockFacts) -> Vec<Clock> {
    let rules = RULES.iter().filter(|rule| rule.applies(operator, facts));
    let mut clocks: Vec<Clock> = rules.filter_map(|rule| rule.clock(facts)).collect();
    clocks.sort_by_key(|clock| (clock.state == State::Met, clock.due_at));
    clocks
}

/// Authorities that a law of the operator's countries asks to be told, as their clocks name them.
pub fn authorities(operator: &Operator) -> Vec<&'static str> {
    let mut names = Vec::new();
    let here = |rule: &&Rule| !rule.countries.is_empty() && rule.is_here(operator);
    for name in RULES.iter().filter(here).flat_map(|rule| rule.authorities.iter().map(String::as_str)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A limit that every operator has set itself for the time from knowledge to the finished report (US-07).
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Of which clock.
    pub clock: &'static str,
    /// What must happen.
    pub words: &'static str,
    /// Hours it allows.
    pub hours: i64,
    /// Only where a child may be in danger now, only where not, or always.
    pub danger: Option<bool>,
}

/// The targets of the first report.
pub fn targets() -> impl Iterator<Item = Target> {
    RULES.iter().filter(|rule| rule.law == "US-07").map(|rule| Target {
        clock: &rule.id,
        words: &rule.words,
        hours: rule.hours,
        danger: rule.only.iter().find_map(|only| match only {
            Only::Danger => Some(true),
            Only::Calm => Some(false),
            _ => None,
        }),
    })
}

impl ClockFacts {
    /// Of a case of which nothing more is known than since when, and whether a child may be in danger.
    pub fn plain(now: Timestamp, knowledge_at: Timestamp, danger: bool) -> Self {
        Self {
            now,
            knowledge_at,
            first_known_at: knowledge_at,
            signals: vec![knowledge_at],
            notice_at: None,
            restricted_at: None,
            decided_at: None,
            finished_at: None,
            filed: Vec::new(),
            closed_at: None,
            danger,
            intimate_adult: false,
            authority: false,
        }
    }
}

/// The next deadline, if one is open.
pub fn next(clocks: &[Clock]) -> Option<&Clock> {
    clocks.iter().find(|clock| clock.state != State::Met)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        "2026-11-24T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
    }

    fn facts(now: i64) -> ClockFacts {
        ClockFacts::plain(at(now), at(0), false)
    }

    fn operator(country: &str) -> Operator {
        Operator { country: country.to_owned(), ..Operator::default() }
    }

    fn ids(clocks: &[Clock]) -> Vec<&str> {
        clocks.iter().map(|clock| clock.id).collect()
    }

    fn find<'a>(clocks: &'a [Clock], id: &str) -> &'a Clock {
        clocks.iter().find(|clock| clock.id == id).unwrap_or_else(|| panic!("{id} is not in {:?}", ids(clocks)))
    }

    /// The limits of the catalogue's table, by number.
    const CATALOGUE: [(&str, &[i64]); 11] = [
        ("US-07", &[1, 24, 72]),
        ("PH-07", &[24]),
        ("PH-15", &[24]),
        ("PH-11", &[72]),
        ("PH-30", &[48]),
        ("PH-40", &[24, 120]),
        ("UK-05", &[1]),
        ("EU-25", &[1]),
        ("AU-04", &[24]),
        ("US-60", &[48]),
        ("UK-17", &[48]),
    ];

    #[test]
    fn each_deadline_is_said_in_each_language() {
        for (rule, language) in
            RULES.iter().flat_map(|rule| ["fil", "ar"].map(|tag| (rule, languages::Language::of(tag))))
        {
            assert_ne!(language.named("clock", &rule.id, &rule.words), rule.words, "{} is not said", rule.id);
        }
    }

    #[test]
    fn the_file_reads_and_says_what_the_catalogue_says() {
        let file: File = toml::from_str(include_str!("../../../../config/clocks.toml")).unwrap();
        for rule in &file.clock {
            let (family, number) = rule.law.split_once('-').unwrap();
            assert!(["US", "PH", "UK", "EU", "AU", "CA", "SC"].contains(&family), "{}", rule.law);
            assert!(number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit()), "{}", rule.law);
            let (_, limits) = CATALOGUE.iter().find(|(law, _)| *law == rule.law).unwrap();
            assert!(limits.contains(&rule.hours), "{}: {} hours", rule.id, rule.hours);
            assert_eq!(rule.authorities.is_empty(), rule.stops != Stops::FiledElsewhere, "{}", rule.id);
            assert!(rule.words.len() > 5);
        }
        for (law, limits) in CATALOGUE {
            let hours: Vec<i64> = file.clock.iter().filter(|rule| rule.law == law).map(|rule| rule.hours).collect();
            assert_eq!(hours, limits, "{law}");
        }
        let mut names: Vec<_> = file.clock.iter().map(|rule| &rule.id).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), file.clock.len());
    }

    #[test]
    fn a_clock_runs_is_near_passes_and_is_met_in_time_or_late() {
        let ours = operator("US");
        let state = |hours| find(&of(&ours, &facts(hours)), "us-report").state;
        assert_eq!(
            [state(0), state(19), state(20), state(24)],
            [State::Running, State::Running, State::Near, State::Passed]
        );
        for (finished, late) in [(23, false), (24, false), (30, true)] {
            let clocks = of(&ours, &ClockFacts { finished_at: Some(at(finished)), ..facts(40) });
            let clock = find(&clocks, "us-report");
            assert_eq!((clock.state, clock.met_at, clock.late), (State::Met, Some(at(finished)), late));
            assert_eq!(next(&clocks), None);
        }
        let closed = of(&ours, &ClockFacts { closed_at: Some(at(5)), ..facts(40) });
        assert!(closed.iter().all(|clock| clock.state == State::Met));
        assert_eq!(next(&of(&ours, &facts(30))).unwrap().id, "us-report", "what has passed comes first");
    }

    #[test]
    fn clocks_apply_by_country_by_what_the_operator_is_and_by_what_happened() {
        assert_eq!(ids(&of(&operator("US"), &facts(0))), ["us-report", "us-report-last"]);
        let danger = ClockFacts { danger: true, ..facts(0) };
        assert_eq!(ids(&of(&operator("US"), &danger)), ["us-report-danger", "us-report-last"]);
        assert!(ids(&of(&operator("GB"), &danger)).contains(&"uk-priority-1"));
        for country in ["DE", "ie"] {
            assert!(ids(&of(&operator(country), &danger)).contains(&"eu-danger"));
        }
        let philippine =
            Operator { payments: true, internet_access: true, also_in: vec!["PH".to_owned()], ..operator("US") };
        let all = of(&philippine, &ClockFacts { notice_at: Some(at(1)), restricted_at: Some(at(2)), ..facts(3) });
        for id in ["ph-takedown", "ph-immunity", "ph-report", "ph-isp", "ph-payments-report", "ph-payments-str"] {
            find(&all, id);
        }
        assert_eq!(find(&all, "ph-takedown").state, State::Met);
        assert_eq!(find(&all, "ph-immunity").due_at, at(26));
        let intimate = ClockFacts { notice_at: Some(at(1)), intimate_adult: true, ..facts(3) };
        assert_eq!(find(&of(&operator("US"), &intimate), "us-intimate").due_at, at(49));
        assert!(!ids(&of(&operator("AU"), &intimate)).contains(&"au-removal"));
        assert!(ids(&of(&operator("AU"), &ClockFacts { authority: true, ..intimate })).contains(&"au-removal"));
    }

    #[test]
    fn only_the_authority_that_counts_stops_a_clock() {
        let philippine = Operator { payments: true, ..operator("PH") };
        let told =
            |authority: &str, when| FiledWith { authority: authority.to_owned(), at: at(when), covers: at(when) };
        let filed = vec![told("doj-ooc", 4), told("somebody", 1)];
        let clocks = of(&philippine, &ClockFacts { filed: filed.clone(), ..facts(10) });
        assert_eq!(find(&clocks, "ph-payments-report").met_at, Some(at(4)));
        assert_eq!(find(&clocks, "ph-payments-str").state, State::Running);
        assert_eq!(find(&clocks, "us-report").state, State::Running, "telling others is no report to NCMEC");
        // What was discovered afterwards must be told anew, within its own time.
        let more = ClockFacts { filed, signals: vec![at(0), at(6)], ..facts(10) };
        let clock = of(&philippine, &more);
        let clock = find(&clock, "ph-payments-report");
        assert_eq!((clock.state, clock.since, clock.due_at), (State::Running, at(6), at(30)));
        assert_eq!(find(&of(&philippine, &more), "ph-payments-str").since, at(0), "nobody told AMLC of anything yet");
    }
}
