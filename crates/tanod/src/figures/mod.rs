//! Figures of the house: how much comes, how long it takes, which list is right how often. Never of a person: nobody's speed is
//! counted, and who works on how much is said of now only, so that work can be shared.

pub mod api;
pub mod pages;
mod store;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::accounts::{Caller, Permission};
use crate::refusal::Result;
use crate::store::Tx;

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
    /// List by list, most matches first.
    pub lists: Vec<ListFigures>,
    /// Who holds how many cases now.
    pub load: Vec<Load>,
}

/// The figures of the last thirty days.
pub async fn figures(tx: &mut Tx, caller: &Caller) -> Result<Figures> {
    caller.require(Permission::ReadFigures)?;
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
        lists: store::lists(tx, since).await?,
        load: store::load(tx).await?,
    })
}

/// The edges of a [`Spread`], in microseconds.
fn edges() -> [i64; 4] {
    [1, 4, 24, 72].map(|hours| i64::try_from(SignedDuration::from_hours(hours).as_micros()).unwrap_or(i64::MAX))
}
