//! Figures of the house: how much comes, how long it takes, which list is right how often. Never of a person: nobody's speed is
//! counted, and who works on how much is said of now only, so that work can be shared.

pub mod api;
pub mod pages;
mod store;

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::accounts::{Caller, Permission};
use crate::clocks;
use crate::plan::App;
use crate::refusal::Result;
use crate::store::Tx;
use crate::web::languages;

/// So many days are looked back.
pub const DAYS: i64 = 30;

/// What came and what was settled on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Day {
    /// The day, in UTC.
    #[schema(value_type = String)]
    pub day: jiff::civil::Date,
    /// Cases that were opened.
    pub opened: i64,
    /// Decisions that were made and stand.
    pub decided: i64,
}

/// How many took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Spread {
    /// Within an hour.
    pub hour: i64,
    /// Within four hours.
    pub four_hours: i64,
    /// Within a day.
    pub day: i64,
    /// Within three days.
    pub three_days: i64,
    /// Longer.
    pub longer: i64,
}

/// How many first reports kept a target (US-07).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OnTime {
    /// The clock whose target it is.
    pub clock: &'static str,
    /// What must happen.
    pub words: &'static str,
    /// Hours it allows, from knowledge to the finished report.
    pub hours: i64,
    /// Reports that it is for.
    pub reports: i64,
    /// Of these, how many were in time.
    pub in_time: i64,
}

impl OnTime {
    /// What must happen, in the language of who reads.
    pub fn said(&self) -> Cow<'static, str> {
        languages::named("clock", self.clock, self.words)
    }
}

/// How soon somebody looked at what came of a stream: a child may be in danger while it runs. The aim is a minute for 95 of 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FromStreams {
    /// Cases that a stream brought before a person.
    pub cases: i64,
    /// Of these, how many somebody took.
    pub taken: i64,
    /// Of these, how many within a minute.
    pub within_a_minute: i64,
    /// Within so many seconds 95 of 100 were taken; one that still waits counts with the time until now.
    pub p95_seconds: Option<i64>,
}

impl FromStreams {
    /// Of cases with when they came and when somebody took them.
    fn of(cases: &[(Timestamp, Option<Timestamp>)], now: Timestamp) -> Self {
        let took = |came: &Timestamp, until: Timestamp| until.duration_since(*came).as_secs();
        let taken: Vec<i64> = cases.iter().filter_map(|(came, taken)| Some(took(came, (*taken)?))).collect();
        let mut all: Vec<i64> = cases.iter().map(|(came, taken)| took(came, taken.unwrap_or(now))).collect();
        all.sort_unstable();
        // The smallest time within which at least 95 of 100 are.
        let place = (all.len() * 95).div_ceil(100).checked_sub(1);
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            cases: number(all.len()),
            taken: number(taken.len()),
            within_a_minute: number(taken.iter().filter(|seconds| **seconds <= 60).count()),
            p95_seconds: place.and_then(|place| all.get(place).copied()),
        }
    }
}

/// How often a list was right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ListFigures {
    /// Its name.
    pub bank: String,
    /// Uploads that it matched.
    pub matched: i64,
    /// Of these, how many a person decided.
    pub decided: i64,
    /// Of these, how many were no violation.
    pub wrong: i64,
}

/// How much somebody works on now, so that it can be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Load {
    /// As the record names them.
    pub staff: i64,
    /// Cases that they hold.
    pub cases: i64,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Figures {
    /// Day by day, oldest first.
    pub days: Vec<Day>,
    /// Cases that wait now.
    pub open: i64,
    /// From the knowledge of a case to the decision.
    pub to_decision: Spread,
    /// From the knowledge of a case to the finished report (US-07 asks for it as soon as reasonably possible).
    pub to_report: Spread,
    /// The same against each target.
    pub on_time: Vec<OnTime>,
    /// How soon somebody looked at what came of a stream.
    pub from_streams: FromStreams,
    /// List by list, most matches first.
    pub lists: Vec<ListFigures>,
    /// Who holds how many cases now.
    pub load: Vec<Load>,
    /// When days, times and lists were counted; what waits and who holds how much is of now.
    #[schema(value_type = String)]
    pub counted_at: Timestamp,
}

/// What was counted last by a process that counts in the background ([`keep_counting`]). Where none does, each asking counts.
#[derive(Debug, Default)]
pub struct Counted(RwLock<Option<Figures>>);

impl Counted {
    fn last(&self) -> Option<Figures> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, figures: Figures) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(figures);
    }
}

/// The figures of the last thirty days.
pub async fn figures(app: &App, caller: &Caller) -> Result<Figures> {
    caller.require(Permission::ReadFigures)?;
    let mut tx = app.db.read().await?;
    let Some(last) = app.counted.last() else { return count(&mut tx).await };
    Ok(Figures { open: store::open(&mut tx).await?, load: store::load(&mut tx).await?, ..last })
}

/// Counting reads every upload of thirty days: a page does not wait for it.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// Counts now, for whoever asks next.
pub async fn count_now(app: &App) -> Result<()> {
    let mut tx = app.db.read().await?;
    app.counted.keep(count(&mut tx).await?);
    Ok(())
}

/// Counts again and again, at most a hundredth of the time.
pub async fn keep_counting(app: App, stop: CancellationToken) {
    loop {
        let begin = Instant::now();
        if let Err(error) = count_now(&app).await {
            tracing::warn!(%error, "the figures were not counted; those of before are shown");
        }
        let rest = COUNT_EVERY.max(begin.elapsed() * 100);
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
    }
}

async fn count(tx: &mut Tx) -> Result<Figures> {
    let now = tx.now();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let first = today.checked_sub(jiff::Span::new().days(DAYS - 1)).unwrap_or(today);
    let since = first.to_zoned(jiff::tz::TimeZone::UTC).map_or(now, |zoned| zoned.timestamp());
    let (opened, decided) = (store::opened(tx, since).await?, store::decided(tx, since).await?);
    let of = |counts: &[(Timestamp, i64)], day: jiff::civil::Date| {
        let on = |at: &Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date() == day;
        counts.iter().filter(|(at, _)| on(at)).map(|(_, n)| n).sum()
    };
    let days = first.series(jiff::Span::new().days(1)).take_while(|day| *day <= today);
    Ok(Figures {
        days: days.map(|day| Day { day, opened: of(&opened, day), decided: of(&decided, day) }).collect(),
        open: store::open(tx).await?,
        to_decision: store::to_decision(tx, since).await?,
        to_report: store::to_report(tx, since).await?,
        on_time: on_time(tx, since).await?,
        from_streams: FromStreams::of(&store::from_streams(tx, since).await?, now),
        lists: store::lists(tx, since).await?,
        load: store::load(tx).await?,
        counted_at: now,
    })
}

async fn on_time(tx: &mut Tx, since: Timestamp) -> Result<Vec<OnTime>> {
    let mut all = Vec::new();
    for clocks::Target { clock, words, hours, danger } in clocks::targets() {
        let (reports, in_time) = store::on_time(tx, since, SignedDuration::from_hours(hours), danger).await?;
        all.push(OnTime { clock, words, hours, reports, in_time });
    }
    Ok(all)
}

/// The edges of a [`Spread`], in microseconds.
fn edges() -> [i64; 4] {
    [1, 4, 24, 72].map(|hours| i64::try_from(SignedDuration::from_hours(hours).as_micros()).unwrap_or(i64::MAX))
}
