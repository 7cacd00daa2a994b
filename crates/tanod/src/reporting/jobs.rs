//! Filing: one step at a time, each written down before it is made and its answer after.

use std::time::Duration;

use exchange::ncmec::{Answer, CallError, Client, Outcome, Schema};
use fingerprint::DigestStream;
use futures_util::stream::try_unfold;

use super::batch::{self, Outgoing};
use super::line::{self, Turn};
use super::steps::{self, Call, Ended, Next, Step};
use super::store::{self, Answered, Sending};
use super::{Draft, DraftFile, Report, ReportState, document, viewing};
use crate::evidence::{self, Exhibit, Pieces, Vault};
use crate::queue::{self, Done, Leased};
use crate::refusal::{Error, Result};
use crate::review;
use crate::store::{CallId, Db, ItemId, Recorded, ReportId, Tx};

/// What filing needs besides the database.
pub struct Filing<'a> {
    /// The records.
    pub db: &'a Db,
    /// The files.
    pub vault: &'a Vault,
    /// The destination, unless none is configured.
    pub ncmec: Option<&'a Client>,
}

/// Files one report, or takes it as far as it goes now. Each transaction writes down the answer that came and the call that
/// follows from it: killed anywhere, at most one call is without an answer, and `steps` knows what that means.
pub async fn file(with: &Filing<'_>, job: &Leased, id: ReportId) -> Result<Done> {
    let Some(client) = with.ncmec else {
        return Ok(Done::Later(Duration::from_mins(1)));
    };
    let mut tx = with.db.write().await?;
    let mut turn = line::turn(&mut tx, client).await?;
    if turn == Turn::Ask {
        learnt(tx).await?;
        let outcome = client.status().await.map_or_else(|error| error.outcome(), |answer| answer.outcome());
        tx = with.db.write().await?;
        line::hear(&mut tx, client, &outcome).await?;
        turn = line::turn(&mut tx, client).await?;
    }
    let clear = match turn {
        Turn::Call { clear } => clear,
        Turn::Ask | Turn::Rest(_) => {
            learnt(tx).await?;
            return Ok(Done::Later(if let Turn::Rest(rest) = turn { rest } else { Duration::ZERO }));
        }
    };
    // Read once, and held against a change until the first call is written down: there may be thousands of files.
    let Some(mut report) = store::locked(&mut tx, id).await? else { return Ok(Done::Finished) };
    let Some(draft) = report.draft()? else { return Ok(Done::Finished) };
    let files: Vec<ItemId> = draft.files.iter().map(|file| file.item).collect();
    let mut calls = store::calls(&mut tx, id).await?;
    loop {
        if !queue::keep(&mut tx, job).await? {
            // Another worker has it now; going on would file it twice.
            return Ok(Done::Finished);
        }
        store::refresh(&mut tx, &mut report).await?;
        // What goes along with another is that one's work.
        if report.joined.is_some() || !matches!(report.state, ReportState::Waiting | ReportState::Filing) {
            tx.commit(Recorded::unrecorded("only the lease was renewed")).await?;
            return Ok(Done::Finished);
        }
        let next = steps::next(&calls, &files, report.revived, report.withdraw_asked, tx.now());
        let ending = match &next {
            Next::Finished { number } => Some(super::finished(&mut tx, &report, *number).await?),
            Next::Withdrawn => {
                let (proof, anew) = super::withdrawn(&mut tx, &report).await?;
                tx.commit(proof).await?;
                return Ok(if anew { Done::Later(Duration::ZERO) } else { Done::Finished });
            }
            Next::Stuck { why } => Some(super::died(&mut tx, &report, why).await?),
            _ => None,
        };
        if let Some(proof) = ending {
            tx.commit(proof).await?;
            return Ok(Done::Finished);
        }
        if let Next::Submit { .. } = next {
            batch::gather(&mut tx, &report).await?;
        }
        let Some(plan) = Plan::of(&mut tx, &next, &report, &draft).await? else {
            return Err(Error::internal("filing a report", "the next step names a file that the draft has not"));
        };
        if let Some(fault) = &plan.fault {
            let proof = super::died(&mut tx, &report, fault).await?;
            tx.commit(proof).await?;
            return Ok(Done::Finished);
        }
        if plan.step == Step::Submit && !store::begin_attempt(&mut tx, id, plan.attempt).await? {
            return Ok(Done::Finished);
        }
        let (call, mut made) = plan.write_down(&mut tx, id).await?;
        tx.commit(Recorded::unrecorded("a call is written down before it is made; its effect has its own entry"))
            .await?;

        let answer = plan.make(client, with.vault).await?;
        let read = match answer {
            Some(answer) => read(plan.step, plan.file, answer),
            None => ReadAnswer::nothing("the sealed file could not be opened"),
        };
        tracing::info!(
            report = %id, step = ?plan.step, ended = ?read.ended, status = read.answered.http_status,
            request_id = read.answered.request_id, "called the CyberTipline"
        );
        tx = with.db.write().await?;
        if let Some(outcome) = read.outcome.as_ref().filter(|outcome| !clear || line::is_news(outcome)) {
            line::hear(&mut tx, client, outcome).await?;
        }
        made.ended = Some(read.ended);
        made.number = read.answered.number.or(made.number);
        made.file_id.clone_from(&read.answered.file_id);
        calls.push(made);
        store::answer_call(&mut tx, call, read.ended, read.answered).await?;
        if let Some(wait) = read.wait {
            let why = "the answer is written down as it came; its effect has its own entry";
            tx.commit(Recorded::unrecorded(why)).await?;
            return Ok(match wait {
                Wait::For(after) => Done::Later(after),
                Wait::BackOff(why) => Done::Failed(why),
            });
        }
    }
}

async fn learnt(tx: Tx) -> Result<()> {
    Ok(tx.commit(Recorded::unrecorded("what is known of the destination is no change of the record")).await?)
}

/// Compares the destination's schema with the one that documents are written for. Reports are sent all the same; people are
/// told.
pub async fn compare_schema(db: &Db, client: &Client) -> Result<()> {
    let drifted = match client.schema().await {
        Ok(Schema::Drifted { sha256 }) => {
            tracing::warn!(
                sha256,
                "the CyberTipline's schema is not the one that reports are written for: download it, then tanod report check --xsd"
            );
            Some(sha256)
        }
        Ok(Schema::Known(_)) => None,
        Ok(Schema::Absent { .. }) | Err(_) => return Ok(()),
    };
    let mut tx = db.write().await?;
    if line::drift(&mut tx, client, drifted).await? { learnt(tx).await } else { Ok(()) }
}

/// One call, before it is made.
struct Plan<'a> {
    step: Step,
    attempt: i64,
    number: Option<i64>,
    file: Option<&'a DraftFile>,
    media: Option<Exhibit>,
    sent: Option<String>,
    fault: Option<String>,
}

impl<'a> Plan<'a> {
    async fn of(tx: &mut Tx, next: &Next, report: &Report, draft: &'a Draft) -> Result<Option<Self>> {
        let attempt = report.attempt;
        let plan = |step, number| Self { step, attempt, number, file: None, media: None, sent: None, fault: None };
        let file = |item: &ItemId| draft.files.iter().find(|file| file.item == *item);
        let outgoing = Outgoing::of(tx, report).await?;
        Ok(Some(match next {
            Next::Submit { attempt } => {
                let sent = outgoing.report(draft)?;
                // Every outgoing document is checked before the report is opened.
                let fault =
                    draft.faults(tx.now()).into_iter().chain(document::faults(&sent, tx.now(), draft.level)).next();
                Self { attempt: *attempt, sent: Some(sent), fault, ..plan(Step::Submit, None) }
            }
            Next::Upload { number, item } => {
                let Some(file) = file(item) else { return Ok(None) };
                let media = if file.text.is_none() { Some(evidence::exhibit(tx, *item).await?) } else { None };
                Self { file: Some(file), media, ..plan(Step::Upload, Some(*number)) }
            }
            Next::Fileinfo { number, item, file_id } => {
                let Some(file) = file(item) else { return Ok(None) };
                // Read at the last moment: who looked since the decision has looked before the submission.
                let decision = review::decision(tx, report.decision).await?;
                let viewed = viewing::of_file(tx, decision.as_ref(), file, tx.now()).await?;
                let batched = outgoing.file(file, *number, file_id, viewed.stated());
                let sent = Some(batched.unwrap_or_else(|| file.document(*number, file_id, &viewed)));
                Self { file: Some(file), sent, ..plan(Step::Fileinfo, Some(*number)) }
            }
            Next::Finish { number } => plan(Step::Finish, Some(*number)),
            Next::Retract { number } => plan(Step::Retract, Some(*number)),
            Next::Finished { .. } | Next::Withdrawn | Next::Stuck { .. } => return Ok(None),
        }))
    }

    /// The call on record, without its answer.
    async fn write_down(&self, tx: &mut Tx, report: ReportId) -> Result<(CallId, Call)> {
        let item = self.file.map(|file| file.item);
        let sent = self.sent.as_deref();
        let sending = Sending { report, attempt: self.attempt, step: self.step, item, number: self.number, sent };
        let id = store::insert_call(tx, &sending).await?;
        let (attempt, step, number) = (self.attempt, self.step, self.number);
        Ok((id, Call { attempt, step, item, number, sent_at: tx.now(), ended: None, file_id: None }))
    }

    /// Makes the call. Nothing when it was certainly not made.
    async fn make(&self, client: &Client, vault: &Vault) -> Result<Option<std::result::Result<Answer, CallError>>> {
        let sent = self.sent.as_deref().unwrap_or_default();
        let number = self.number.unwrap_or(0);
        Ok(Some(match (self.step, self.file, &self.media) {
            (Step::Submit, ..) => client.submit(sent).await,
            (Step::Upload, Some(file), Some(exhibit)) => match vault.pieces(exhibit).await {
                Ok(pieces) => {
                    let length = pieces.length();
                    client.upload(number, &file.name, length, body(pieces, file.md5.clone())).await
                }
                Err(error) => {
                    tracing::error!(%error, exhibit = %exhibit.id, "a file of a report cannot be opened");
                    return Ok(None);
                }
            },
            (Step::Upload, Some(DraftFile { text: Some(text), name, .. }), None) => {
                let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
                client.upload(number, name, length, text.clone()).await
            }
            (Step::Upload, ..) => return Err(Error::internal("filing a report", "an upload without its media")),
            (Step::Fileinfo, ..) => client.fileinfo(sent).await,
            (Step::Finish, ..) => client.finish(number).await,
            (Step::Retract, ..) => client.retract(number).await,
        }))
    }
}

/// A sealed file as the body of an upload, opened as it is sent. Its last piece is held back until the MD5 of all of it is the
/// one that the report names: what is cut short is never taken for a file.
fn body(pieces: Pieces, md5: String) -> reqwest::Body {
    let begin = (pieces, DigestStream::new(), md5);
    reqwest::Body::wrap_stream(try_unfold(begin, async |(mut pieces, mut digests, md5)| {
        let Some(piece) = pieces.next().await? else { return Ok(None) };
        digests.update(&piece);
        if pieces.is_over() && digests.clone().finish().md5_hex() != md5 {
            return Err(Error::internal("sending a file", "its MD5 is not the one that the report names"));
        }
        Ok(Some((piece, (pieces, digests, md5))))
    }))
}

enum Wait {
    For(Duration),
    BackOff(String),
}

struct ReadAnswer {
    ended: Ended,
    answered: Answered,
    wait: Option<Wait>,
    outcome: Option<Outcome>,
}

impl ReadAnswer {
    fn nothing(why: &str) -> Self {
        let wait = Some(Wait::BackOff(why.to_owned()));
        Self { ended: Ended::Nothing, answered: Answered::default(), wait, outcome: None }
    }
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
    let heard = Some(outcome.clone());
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
    ReadAnswer { ended, answered, wait, outcome: heard }
}
