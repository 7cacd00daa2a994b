//! What a form says of a report that was filed elsewhere.

use super::Elsewhere;
use crate::refusal::Result;
use crate::review::NOT_SAID_WHERE;
use crate::web::console::Fields;

/// Where something was filed, as a form says it.
pub fn typed(form: &Fields) -> Result<Elsewhere> {
    let at = format!("{}:00Z", form.one("filed_at").trim_end_matches('Z'));
    Ok(Elsewhere {
        authority: form.one("authority").to_owned(),
        number: form.one("number").to_owned(),
        at: at.parse().map_err(|_| NOT_SAID_WHERE.because("the time is day and minute, in UTC"))?,
        receipt: Some(form.one("receipt").trim().to_owned()).filter(|receipt| !receipt.is_empty()),
    })
}
