//! What was told to another authority beside the reports: by letter, web form or call. It starts the same holds, and it stops the
//! clocks of the laws that ask for that authority (PH-11, PH-15, PH-30, PH-40).

pub mod pages;
mod store;

use jiff::Timestamp;
use serde::Serialize;

use super::Elsewhere;
use crate::accounts::{Caller, Permission};
use crate::audit::{self, Entry};
use crate::evidence;
use crate::refusal::Result;
use crate::review;
use crate::store::{CaseId, FilingId, PersonId, Recorded, Tx};

/// What was told, where, under which number.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Filing {
    /// Its id.
    pub id: FilingId,
    /// About which case.
    pub case: CaseId,
    /// To whom, when, under which number.
    #[serde(flatten)]
    pub elsewhere: Elsewhere,
    /// Who wrote it down.
    pub by: PersonId,
    /// When. It covers what was in the case by then.
    #[schema(value_type = String)]
    pub written_at: Timestamp,
}

/// Writes down that another authority was told, beside what is or will be reported.
pub async fn file(tx: &mut Tx, caller: &Caller, case: CaseId, elsewhere: &Elsewhere) -> Result<(Filing, Recorded)> {
    caller.require(Permission::DecideCases)?;
    elsewhere.check(tx.now())?;
    review::find(tx, caller, case).await?;
    let elsewhere = Elsewhere { authority: elsewhere.authority.trim().to_owned(), ..elsewhere.clone() };
    let filing = Filing { id: tx.id(), case, elsewhere, by: caller.person()?, written_at: tx.now() };
    store::insert(tx, &filing).await?;
    let told = &filing.elsewhere;
    evidence::hold_told(tx, case, &told.authority, told.at).await?;
    let detail = serde_json::json!({"authority": told.authority, "number": told.number, "at": told.at});
    let entry = Entry::by(caller, "report.told_elsewhere").case(case).about(filing.id).detail(detail);
    let proof = audit::record(tx, entry).await?;
    Ok((filing, proof))
}

/// What was told about a case, oldest first.
pub async fn of_case(tx: &mut Tx, case: CaseId) -> Result<Vec<Filing>> {
    store::of_case(tx, case).await
}
