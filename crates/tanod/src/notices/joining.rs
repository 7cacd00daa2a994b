//! A notice joins the case of what it names, or opens one.

use super::{Notice, Told};
use crate::refusal::Result;
use crate::store::{CaseId, Tx};

/// Joins or opens the case.
#[expect(clippy::unused_async, reason = "cases take signals of other kinds than matches soon")]
pub(super) async fn join(_tx: &mut Tx, _notice: &Notice, _told: &[Told]) -> Result<Option<CaseId>> {
    Ok(None)
}
