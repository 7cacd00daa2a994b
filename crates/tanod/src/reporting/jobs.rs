//! Filing: one step at a time, each written down before it is made and its answer after.

use std::time::Duration;

use exchange::ncmec::document::Level;
use exchange::ncmec::{Answer, CallError, Client, Outcome};

use super::steps::{self, Ended, Next, Step};
use super::store::{self, Answered, Sending};
use super::{DraftFile, Report, ReportState};
use crate::evidence::{self, Vault};
use crate::queue::{self, Done, Leased};
use crate::refusal::{Error, Result};
use crate::store::{Db, ItemId, Recorded, ReportId};

/// What filing needs besides the database.
pub struct Filing<'a> {
    /// The records.
    pub db: &'a Db,
    /// The files.
    pub vault: &'a Vault,
    /// The destination, unless none is configured.
    pub ncmec: Option<&'a Client>,
}

/// Files one report, or takes it as far as it goes now.
pub async fn file(with: &Filing<'_>, job: &Leased, id: ReportId) -> Result<Done> {
    let Some(client) = with.ncmec else {
        return Ok(Done::Later(Duration::from_mins(1)));
    };
    loop {
        let mut tx = with.db.write().await?;
        if !queue::keep(&mut tx, job).await? {
            // Another worker has it now; going on would file it twice.
            return Ok(Done::Finished);
        }
        let Some(report) = store::report(&mut tx, id).await? else { return Ok(Done::Finished) };
        if !matches!(report.state, ReportState::Waiting | ReportState::Filing) {
            tx.commit(Recorded::unrecorded("only the lease was renewed")).await?;
            return Ok(Done::Finished);
        }
        let Some(draft) = report.draft()? else { return Ok(Done::Finished) };
        let calls = store::calls(&mut tx, id).await?;
        let files: Vec<ItemId> = draft.files.iter().map(|file| file.item).collect();
        let next = steps::next(&calls, &files, report.revived, report.withdraw_asked);
        match &next {
            Next::Finished { number } => {
                let proof = super::finished(&mut tx, &report, *number).await?;
                tx.commit(proof).await?;
                return Ok(Done::Finished);
            }
            Next::Withdrawn => {
                let proof = super::withdrawn(&mut tx, &report).await?;
                tx.commit(proof).await?;
                return Ok(Done::Finished);
            }
            Next::Stuck { why } => {
                let proof = super::died(&mut tx, &report, why).await?;
                tx.commit(proof).await?;
                return Ok(Done::Finished);
            }
            _ => {}
        }
        let plan = Plan::of(&next, &report, &draft, tx.now());
        let Some(plan) = plan else {
            return Err(Error::internal("filing a report", "the next step names a file that the draft has not"));
        };
        if let Some(fault) = plan.fault {
            let proof = super::died(&mut tx, &report, &fault).await?;
            tx.commit(proof).await?;
            return Ok(Done::Finished);
        }
        let media = match (plan.step, plan.file) {
            (Step::Upload, Some(file)) => {
                let exhibit = evidence::exhibit(&mut tx, file.item).await?;
                Some((file.name.clone(), with.vault.open(&exhibit).await?))
            }
            _ => None,
        };
        let attempt = plan.attempt;
        if plan.step == Step::Submit && !store::begin_attempt(&mut tx, id, attempt).await? {
            return Ok(Done::Finished);
        }
        let call = store::insert_call(
            &mut tx,
            &Sending {
                report: id,
                attempt,
                step: plan.step,
                item: plan.file.map(|file| file.item),
                number: plan.number,
                sent: plan.sent.as_deref(),
            },
        )
        .await?;
        tx.commit(Recorded::unrecorded("a call is written down before it is made; its effect has its own entry"))
            .await?;

        // From here until the answer is written, a crash leaves a call without an answer; `steps` knows what that means.
        let sent = plan.sent.as_deref().unwrap_or_default();
        let number = plan.number.unwrap_or(0);
        let answer = match (plan.step, media) {
            (Step::Submit, _) => client.submit(sent).await,
            (Step::Upload, Some((name, bytes))) => client.upload(number, &name, bytes).await,
            (Step::Upload, None) => return Err(Error::internal("filing a report", "an upload without its media")),
            (Step::Fileinfo, _) => client.fileinfo(sent).await,
            (Step::Finish, _) => client.finish(number).await,
            (Step::Retract, _) => client.retract(number).await,
        };
        let read = read(plan.step, plan.file, answer);
        let mut tx = with.db.write().await?;
        store::answer_call(&mut tx, call, read.ended, read.answered).await?;
        tx.commit(Recorded::unrecorded("the answer is written down as it came; its effect has its own entry")).await?;
        if let Some(wait) = read.wait {
            return Ok(match wait {
                Wait::For(after) => Done::Later(after),
                Wait::BackOff(why) => Done::Failed(why),
            });
        }
    }
}

struct Plan<'a> {
    step: Step,
    attempt: i64,
    number: Option<i64>,
    file: Option<&'a DraftFile>,
    sent: Option<String>,
    fault: Option<String>,
}

impl<'a> Plan<'a> {
    fn of(next: &Next, report: &Report, draft: &'a super::Draft, now: jiff::Timestamp) -> Option<Self> {
        let plan = |step, number| Self { step, attempt: report.attempt, number, file: None, sent: None, fault: None };
        let file = |item: &ItemId| draft.files.iter().find(|file| file.item == *item);
        Some(match next {
            Next::Submit { attempt } => Self {
                attempt: *attempt,
                sent: Some(draft.tip.to_xml(Level::default()).xml),
                // Every outgoing document is checked before the report is opened.
                fault: draft.faults(now).into_iter().next(),
                ..plan(Step::Submit, None)
            },
            Next::Upload { number, item } => Self { file: Some(file(item)?), ..plan(Step::Upload, Some(*number)) },
            Next::Fileinfo { number, item, file_id } => {
                let file = file(item)?;
                Self {
                    file: Some(file),
                    sent: Some(file.document(*number, file_id)),
                    ..plan(Step::Fileinfo, Some(*number))
                }
            }
            Next::Finish { number } => plan(Step::Finish, Some(*number)),
            Next::Retract { number } => plan(Step::Retract, Some(*number)),
            Next::Finished { .. } | Next::Withdrawn | Next::Stuck { .. } => return None,
        })
    }
}

enum Wait {
    For(Duration),
    BackOff(String),
}

struct ReadAnswer {
    ended: Ended,
    answered: Answered,
    wait: Option<Wait>,
}

/// What an answer means for the step it answers.
fn read(step: Step, file: Option<&DraftFile>, answer: std::result::Result<Answer, CallError>) -> ReadAnswer {
    let (outcome, mut answered) = match answer {
        Ok(answer) => {
            let outcome = answer.outcome();
            let answered = Answered {
                http_status: Some(i64::from(answer.http_status)),
                request_id: answer.request_id.clone(),
                headers: serde_json::to_string(&answer.headers).ok(),
                answer: Some(answer.raw),
                ..Answered::default()
            };
            (outcome, answered)
        }
        Err(error) => (error.outcome(), Answered::default()),
    };
    let mut wait = None;
    let ended = match outcome {
        Outcome::Accepted(parsed) => {
            answered.number = parsed.report_id;
            answered.file_id.clone_from(&parsed.file_id);
            match (step, file) {
                (Step::Upload, Some(file)) => {
                    let same = parsed.hash.as_deref().is_some_and(|hash| hash.eq_ignore_ascii_case(&file.md5));
                    if same && parsed.file_id.is_some() { Ended::Accepted } else { Ended::Garbled }
                }
                (Step::Submit, _) if parsed.report_id.is_none() => Ended::Unknown,
                _ => Ended::Accepted,
            }
        }
        Outcome::AlreadyFinished => Ended::AlreadyFinished,
        Outcome::AlreadyRetracted => Ended::AlreadyRetracted,
        Outcome::NoSuchReport => Ended::Gone,
        Outcome::Refused { .. } => Ended::Refused,
        Outcome::Credentials { .. } => Ended::Locked,
        Outcome::NotSent { why } => {
            wait = Some(Wait::BackOff(why));
            Ended::Nothing
        }
        // An answer that says "not now" to a call that changes something leaves open whether it did.
        Outcome::Retry { after, why } => {
            wait = Some(after.map_or(Wait::BackOff(why), Wait::For));
            Ended::Unknown
        }
        Outcome::Lost { why } => {
            wait = Some(Wait::BackOff(why));
            Ended::Unknown
        }
    };
    ReadAnswer { ended, answered, wait }
}
