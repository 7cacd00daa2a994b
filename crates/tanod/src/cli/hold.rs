//! `tanod hold`.

use jiff::Timestamp;
use serde_json::json;

use super::{Context, Done, Trouble};
use crate::accounts::Caller;
use crate::evidence::{self, Basis, Extension, Fate, Keeping, NewHold};
use crate::store::{CaseId, HoldId, as_word};

/// Why cases are kept, and until when.
#[derive(clap::Subcommand)]
pub(super) enum Hold {
    /// List holds, or the bases that there are.
    #[command(after_help = "Examples:\n  tanod hold ls --data /var/lib/tanod\n  tanod hold ls --bases")]
    Ls {
        /// The bases with their laws and times.
        #[arg(long)]
        bases: bool,
    },
    /// Say what would be kept, due and in conflict at some day, if nothing else happened until then. Changes nothing.
    #[command(after_help = "Example:\n  tanod hold simulate --until 2027-12-31 --data /var/lib/tanod")]
    Simulate {
        /// A day (`2027-12-31`, its end in UTC) or a time.
        #[arg(long, value_name = "DATE")]
        until: String,
    },
    /// Place a hold: a preservation request, an order of a court, your own.
    #[command(after_help = "Example:
  tanod hold place case_01… --basis us_2703_f --authority 'Example Police' --reference 26-117 --data /var/lib/tanod")]
    Place {
        /// On which case.
        case: CaseId,
        /// On what basis.
        #[arg(long)]
        basis: Basis,
        /// Until when, where the basis leaves that open.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Who asked.
        #[arg(long)]
        authority: Option<String>,
        /// Under what reference.
        #[arg(long)]
        reference: Option<String>,
        /// What your own hold is for.
        #[arg(long)]
        purpose: Option<Keeping>,
        /// When your own hold is looked at again.
        #[arg(long, value_name = "DATE")]
        review_at: Option<String>,
    },
    /// Make a hold last longer: a renewal, or until a day with a purpose.
    #[command(after_help = "Examples:
  tanod hold extend hold_01… --data /var/lib/tanod
  tanod hold extend hold_01… --until 2028-06-30 --purpose prevent_exploitation --review-at 2027-12-01 --data /var/lib/tanod")]
    Extend {
        /// Which.
        hold: HoldId,
        /// Until when; without it the hold is renewed, as its basis allows.
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// What for.
        #[arg(long)]
        purpose: Option<Keeping>,
        /// When that is looked at again.
        #[arg(long, value_name = "DATE")]
        review_at: Option<String>,
    },
    /// Ask that a hold give way: your own, an open one whose matter has ended, or one that contradicts another. A person with the
    /// right to change holds answers (POST /v1/releases/{release}/answer).
    #[command(
        after_help = "Example:\n  tanod hold release hold_01… --reason 'The court lifted its order.' --data /var/lib/tanod"
    )]
    Release {
        /// Which.
        hold: HoldId,
        /// Why, for the second person and the record.
        #[arg(long)]
        reason: String,
    },
}

/// A time, or the end of a day in UTC.
fn time(text: &str) -> Result<Timestamp, Trouble> {
    let day = || format!("{text}T23:59:59Z").parse();
    text.parse().or_else(|_| day()).map_err(|_| Trouble::Said(format!("{text} is no day or time; write 2027-12-31")))
}

fn times(text: Option<&String>) -> Result<Option<Timestamp>, Trouble> {
    text.map(|text| time(text)).transpose()
}

pub(super) async fn run(context: &Context, hold: Hold) -> Done {
    if let Hold::Ls { bases: true } = hold {
        for rules in evidence::bases() {
            let days = |days: Option<i64>| days.map_or_else(|| "-".to_owned(), |days| days.to_string());
            let name = as_word(&rules.name);
            let (least, most) = (days(rules.least_days), days(rules.most_days));
            context.result(rules, format!("{name:<17} {:<6} {least:>4} … {most:>4} days  {}", rules.law, rules.words));
        }
        return Ok(());
    }
    let app = context.open().await?;
    let operator = Caller::Operator;
    match hold {
        Hold::Ls { .. } => {
            let mut tx = app.db.read().await?;
            let mut before = None;
            loop {
                let rows = evidence::holds(&mut tx, &operator, before, 500).await?;
                let Some(last) = rows.last() else { break };
                before = Some(last.id);
                for hold in rows {
                    let until = hold.until.map_or_else(|| "open".to_owned(), |until| until.to_string());
                    let state = if hold.released_at.is_some() { "released" } else { "stands" };
                    let words = format!("{} {} {} until {until}, {state}", hold.id, hold.case, as_word(&hold.basis));
                    context.result(&hold, words);
                }
            }
        }
        Hold::Simulate { until } => {
            let until = time(&until)?;
            let mut tx = app.db.read().await?;
            let (mut kept, mut due, mut conflicts) = (0, 0, 0);
            for one in evidence::simulate(&mut tx, &operator, until).await? {
                let words = match one.fate {
                    Fate::Held { until: Some(until) } => format!("kept until {until}"),
                    Fate::Held { until: None } => "kept, its end is not known".to_owned(),
                    Fate::Due { since } => format!("due since {since}"),
                    Fate::Conflict { gone_by, until } => format!(
                        "IN CONFLICT: gone by {gone_by}, kept until {}",
                        until.map_or_else(|| "an unknown day".to_owned(), |until| until.to_string())
                    ),
                    Fate::Unheld => "kept by nothing".to_owned(),
                };
                match one.fate {
                    Fate::Held { .. } => kept += 1,
                    Fate::Conflict { .. } => conflicts += 1,
                    Fate::Due { .. } | Fate::Unheld => due += 1,
                }
                let bases: Vec<String> = one.bases.iter().map(as_word).collect();
                context.result(&one, format!("case {}: {words} ({})", one.number, bases.join(", ")));
            }
            let row = json!({"until": until, "kept": kept, "due": due, "in_conflict": conflicts});
            context.result(&row, format!("at {until}: {kept} kept, {due} due, {conflicts} in conflict"));
        }
        Hold::Place { case, basis, until, authority, reference, purpose, review_at } => {
            let (until, review_at) = (times(until.as_ref())?, times(review_at.as_ref())?);
            let new = NewHold { basis, starts_at: None, until, authority, reference, purpose, review_at };
            let mut tx = app.db.write().await?;
            let (hold, proof) = evidence::place(&mut tx, &operator, case, &new).await?;
            tx.commit(proof).await?;
            context.result(&hold, format!("{} stands", hold.id));
        }
        Hold::Extend { hold, until, purpose, review_at } => {
            let by = Extension { until: times(until.as_ref())?, purpose, review_at: times(review_at.as_ref())? };
            let mut tx = app.db.write().await?;
            let (hold, proof) = evidence::extend(&mut tx, &operator, hold, &by).await?;
            tx.commit(proof).await?;
            let until = hold.until.map_or_else(String::new, |until| until.to_string());
            context.result(&hold, format!("{} stands until {until}", hold.id));
        }
        Hold::Release { hold, reason } => {
            let mut tx = app.db.write().await?;
            let (release, proof) = evidence::ask_release(&mut tx, &operator, hold, &reason).await?;
            tx.commit(proof).await?;
            context.result(&release, format!("{} waits for a person's answer", release.id));
        }
    }
    Ok(())
}
