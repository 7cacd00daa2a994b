//! What goes with the evidence of a case: its reports word for word, and everything else that tells of a person (US-34, EV-07).
//! What stays says that something was done, when, by which staff number, and under which number it was reported (UK-09).

use jiff::Timestamp;

use super::store;
use crate::audit::{self, Entry};
use crate::refusal::Result;
use crate::reporting;
use crate::store::{CaseId, Tx};

/// Takes everything personal out of the rows of a case whose holds have all ended. False when that was done before.
pub(super) async fn wipe(tx: &mut Tx, case: CaseId, believed: Timestamp) -> Result<bool> {
    let reports = reporting::wipe(tx, case).await?;
    if reports == 0 && !store::is_unwiped(tx, case).await? {
        return Ok(false);
    }
    let rows = store::wipe(tx, case, believed).await?;
    let detail = serde_json::json!({"reports": reports, "rows": rows});
    audit::record(tx, Entry::by_tanod("case.wiped").case(case).detail(detail)).await.map(drop)?;
    Ok(true)
}
