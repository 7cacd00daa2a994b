//! What was said to a destination and what it answered, as it is on record.

use jiff::Timestamp;

use super::{batch, find, store};
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::refusal::Result;
use crate::store::{CaseId, Recorded, ReportId, Tx};

/// The receipt of a finished report: the raw answer to `finish`, as it arrived. By NCMEC's own statement it is the notice
/// that starts the duty to preserve.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Receipt {
    /// When it arrived.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The destination's id of the request.
    pub request_id: Option<String>,
    /// Header lines, as JSON.
    pub headers: Option<String>,
    /// The body, as text.
    pub answer: String,
    /// The body, byte for byte.
    #[serde(skip)]
    pub(crate) raw: Vec<u8>,
}

/// Every document that was sent for a report, word for word, in order: the call it went with, and its text.
pub async fn sent(tx: &mut Tx, id: ReportId) -> Result<Vec<(String, String)>> {
    let sent = store::sent(tx, id).await?;
    Ok(sent.into_iter().map(|(step, text)| (crate::store::as_word(&step), text)).collect())
}

/// The receipt of a report, if it has one.
pub async fn receipt(tx: &mut Tx, id: ReportId) -> Result<Option<Receipt>> {
    let Some(report) = store::report(tx, id).await? else { return Ok(None) };
    store::receipt(tx, batch::calls_of(&report)).await
}

/// One call to the destination, with its answer, as they are on record.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Spoken {
    /// In which attempt.
    pub attempt: i64,
    /// Which call.
    pub step: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What it sent; files are not repeated here.
    pub sent: Option<String>,
    /// When the answer came.
    #[schema(value_type = Option<String>)]
    pub answered_at: Option<Timestamp>,
    /// What the answer means; absent while none is on record.
    pub outcome: Option<String>,
    /// Its HTTP status.
    pub http_status: Option<i64>,
    /// What to quote to the destination's support.
    pub request_id: Option<String>,
    /// Its header lines, as JSON.
    pub headers: Option<String>,
    /// Its body, as text.
    pub answer: Option<String>,
}

/// The whole conversation about a report.
pub async fn conversation(tx: &mut Tx, caller: &Caller, id: ReportId) -> Result<Vec<Spoken>> {
    caller.require(Permission::ReadCases)?;
    let report = find(tx, caller, id).await?;
    store::conversation(tx, batch::calls_of(&report)).await
}

/// Somebody reads a report, with the letters in it: that is on record.
pub async fn read_on_record(tx: &mut Tx, caller: &Caller, case: CaseId) -> Result<Recorded> {
    caller.require(Permission::ReadReports)?;
    audit::record(tx, Entry::by(caller, "report.read").case(case)).await
}
