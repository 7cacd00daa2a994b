//! The figures as pictures, each with its table beside it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::{Figures, FromStreams, OnTime, Spread};
use crate::plan::App;
use crate::web::console::{Paged, Staff, Who, show};
use crate::web::languages::{Said, filters, say, word};

/// The pages of this domain.
pub fn router() -> Router<App> {
    Router::new().route("/console/figures", get(page))
}

#[derive(Template)]
#[template(path = "figures/pages/figures.html")]
struct Page {
    who: Who,
    open: i64,
    counted_at: String,
    days: Vec<Column>,
    opened: i64,
    decided: i64,
    spreads: [(&'static str, Said, Vec<Bar>); 2],
    on_time: Vec<(i64, OnTime)>,
    from_streams: FromStreams,
    lists: Vec<List>,
    load: Vec<Bar>,
}

/// A day as two columns of a picture 1,000 wide and 200 high.
struct Column {
    day: String,
    opened: i64,
    decided: i64,
    x: usize,
    opened_high: i64,
    decided_high: i64,
}

/// A row of a table, with its length in thousandths.
struct Bar {
    words: String,
    n: i64,
    long: i64,
}

struct List {
    bank: String,
    matched: i64,
    long: i64,
    decided: i64,
    wrong: i64,
    rate: String,
}

/// A part of the most there is, in these units.
fn part(n: i64, most: i64, units: i64) -> i64 {
    n.saturating_mul(units) / most.max(1)
}

fn bars(rows: Vec<(String, i64)>) -> Vec<Bar> {
    let most = rows.iter().map(|(_, n)| *n).max().unwrap_or_default();
    rows.into_iter().map(|(words, n)| Bar { long: part(n, most, 1_000), words, n }).collect()
}

fn spread(of: Spread) -> Vec<Bar> {
    let words = ["hour", "four-hours", "day", "three-days", "longer"];
    let counts = [of.hour, of.four_hours, of.day, of.three_days, of.longer];
    bars(words.into_iter().map(|long| word("figures-within", long).to_string()).zip(counts).collect())
}

async fn page(State(app): State<App>, staff: Staff) -> Paged {
    let Figures { days, open, to_decision, to_report, on_time, from_streams, lists, load, counted_at } =
        super::figures(&app, &staff.caller).await?;
    let most = days.iter().map(|day| day.opened.max(day.decided)).max().unwrap_or_default();
    let most_matched = lists.iter().map(|list| list.matched).max().unwrap_or_default();
    let (opened, decided) = (days.iter().map(|day| day.opened).sum(), days.iter().map(|day| day.decided).sum());
    let columns = days.into_iter().enumerate().map(|(nth, day)| Column {
        day: day.day.to_string(),
        opened: day.opened,
        decided: day.decided,
        x: nth * 33,
        opened_high: part(day.opened, most, 190),
        decided_high: part(day.decided, most, 190),
    });
    let lists = lists.into_iter().map(|list| List {
        long: part(list.matched, most_matched, 1_000),
        rate: match list.decided {
            0 => say("figures-undecided").to_string(),
            decided => {
                let tenths = list.wrong.saturating_mul(1_000) / decided;
                format!("{}.{} %", tenths / 10, tenths % 10)
            }
        },
        bank: list.bank,
        matched: list.matched,
        decided: list.decided,
        wrong: list.wrong,
    });
    show(&Page {
        open,
        counted_at: counted_at.strftime("%Y-%m-%d %H:%M").to_string(),
        days: columns.collect(),
        opened,
        decided,
        spreads: [
            ("to-decision", say("figures-to-decision"), spread(to_decision)),
            ("to-report", say("figures-to-report"), spread(to_report)),
        ],
        on_time: on_time.into_iter().map(|one| (part(one.in_time, one.reports, 1_000), one)).collect(),
        from_streams,
        lists: lists.collect(),
        load: bars(
            load.into_iter()
                .map(|load| (say("page-staff").with("staff", load.staff).to_string(), load.cases))
                .collect(),
        ),
        who: staff.who,
    })
}
