//! What is kept on which basis and until when, counted over all cases.

use std::borrow::Cow;
use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;

use super::{Foreseen, simulate};
use crate::evidence::{Basis, Fate, Rules};
use crate::plan::App;
use crate::web::console::{Paged, Staff, Who, minute, show};
use crate::web::languages::filters;

#[derive(Template)]
#[template(path = "evidence/pages/retention.html")]
struct Page {
    who: Who,
    cases: usize,
    fates: Vec<FateRow>,
    bases: Vec<BasisRow>,
}

struct FateRow {
    fate: &'static str,
    cases: usize,
    next: Option<String>,
    last: Option<String>,
}

struct BasisRow {
    law: &'static str,
    words: Cow<'static, str>,
    holds: usize,
    cases: usize,
}

/// Its word, and its end where one is known.
fn named(fate: &Fate) -> (&'static str, Option<Timestamp>) {
    match fate {
        Fate::Unheld => ("unheld", None),
        Fate::Held { until: Some(until) } => ("held", Some(*until)),
        Fate::Held { until: None } => ("open", None),
        Fate::Due { since } => ("due", Some(*since)),
        Fate::Conflict { gone_by, .. } => ("conflict", Some(*gone_by)),
    }
}

fn by_fate(seen: &[Foreseen]) -> Vec<FateRow> {
    let row = |fate: &'static str| {
        let ends: Vec<_> = seen.iter().map(|one| named(&one.fate)).filter(|(name, _)| *name == fate).collect();
        let times = || ends.iter().filter_map(|(_, at)| *at);
        FateRow { fate, cases: ends.len(), next: times().min().map(minute), last: times().max().map(minute) }
    };
    ["held", "open", "conflict", "due", "unheld"].map(row).into_iter().filter(|row| row.cases > 0).collect()
}

fn by_basis(seen: &[Foreseen]) -> Vec<BasisRow> {
    let mut counted: BTreeMap<&'static str, (&'static Rules, usize, usize)> = BTreeMap::new();
    for one in seen {
        let rules = one.bases.iter().copied().filter_map(Basis::rules);
        let mut here: Vec<&'static Rules> = Vec::new();
        for rule in rules {
            let known = counted.entry(rule.law.as_str()).or_insert((rule, 0, 0));
            known.1 = known.1.saturating_add(1);
            if !here.iter().any(|other| other.law == rule.law) {
                known.2 = known.2.saturating_add(1);
                here.push(rule);
            }
        }
    }
    let row = |(rules, holds, cases): (&'static Rules, usize, usize)| BasisRow {
        law: &rules.law,
        words: rules.said(),
        holds,
        cases,
    };
    counted.into_values().map(row).collect()
}

/// The page.
pub(super) async fn page(State(app): State<App>, staff: Staff) -> Paged {
    let mut tx = app.db.read().await?;
    let now = tx.now();
    let seen = simulate(&mut tx, &staff.caller, now).await?;
    show(&Page { who: staff.who, cases: seen.len(), fates: by_fate(&seen), bases: by_basis(&seen) })
}
