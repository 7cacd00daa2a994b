//! A notice joins the case of the content it names.

use super::{Notice, Told, store};
use crate::refusal::Result;
use crate::store::{CaseId, Tx};

/// The case of the content that the notice names. Cases take no other signals than matches yet, so that a notice about
/// anything else stands by itself in the list of notices.
pub(super) async fn join(tx: &mut Tx, notice: &Notice, _told: &[Told]) -> Result<Option<CaseId>> {
    for content in &notice.said.content_ids {
        if let Some(case) = store::case_of_content(tx, content).await? {
            return Ok(Some(case));
        }
    }
    Ok(None)
}
