//! An upload on the pages of a case and of a file: what is known of it, who looked, and its picture under the veil.

use super::files;
use super::pages::{found_words, outcome_words};
use super::{Case, Decision, Priority, Signal};
use crate::care;
use crate::config::Settings;
use crate::evidence;
use crate::intake;
use crate::matching::Hit;
use crate::refusal::{Error, Result};
use crate::store::{ItemId, Tx};
use crate::web::console::{Staff, minute};

/// An upload on the case's page.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the page shows or does not")]
pub(super) struct Upload {
    /// The page that it stands on.
    pub(super) home: String,
    pub(super) nth: usize,
    pub(super) item: ItemId,
    pub(super) sha256: String,
    /// How many other cases hold the same file.
    pub(super) elsewhere: i64,
    pub(super) found: String,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) looks: String,
    pub(super) decision: &'static str,
    pub(super) undecided: bool,
    pub(super) viewed: bool,
    pub(super) kept: bool,
    pub(super) whole: bool,
    /// What care for the person who works on the case says against this look.
    pub(super) held: Option<String>,
    /// Whether nothing is shown, not even under the veil.
    pub(super) shut: bool,
    pub(super) strip: Option<Strip>,
}

/// A film at a glance: what a strip of its frames shows, and where on it the lists know something.
pub(crate) struct Strip {
    pub(crate) alt: String,
    /// Where marks begin, and how wide they are, in thousandths of the strip.
    pub(crate) marks: Vec<(u64, u64)>,
    pub(crate) ranges: Vec<String>,
}

/// Which upload of which case a page shows, and how.
pub(super) struct Shown<'a> {
    pub(super) case: &'a Case,
    pub(super) nth: usize,
    pub(super) signal: &'a Signal,
    pub(super) item: ItemId,
    pub(super) whole: bool,
    pub(super) may_look: bool,
}

/// Gathers what a page shows of an upload. Where care keeps its person from a look, the page says so in the picture's place.
pub(super) async fn upload(
    tx: &mut Tx,
    staff: &Staff,
    shown: Shown<'_>,
    decisions: &[Decision],
    settings: &Settings,
) -> Result<Upload> {
    let Shown { case, nth, signal, item: id, mut whole, may_look } = shown;
    let me = staff.caller.person()?;
    let (mut held, mut shut) = (None, false);
    if may_look {
        (held, shut) = kept_from(tx, staff, id, case.priority == Priority::P0, whole, settings).await?;
        whole &= held.is_none();
    }
    let item = intake::find(tx, id).await?;
    let (views, hits) = (evidence::views(tx, id).await?, intake::matches(tx, id).await?);
    let viewed = views.iter().any(|view| view.person == me && view.whole && !view.veiled);
    let open = views.iter().filter(|view| !view.veiled).count();
    let decision = decisions.iter().find(|decision| Some(decision.id) == signal.decision);
    let mut facts = vec![("Content", item.content_id.clone())];
    if let Some(said) = &item.facts {
        let mut add = |name, value: Option<String>| facts.extend(value.map(|value| (name, value)));
        add("Uploaded", said.uploaded_at.map(|at| format!("{} UTC", minute(at))));
        let port = said.upload_port.map_or_else(String::new, |port| format!(", port {port}"));
        add("From address", said.upload_ip.map(|ip| format!("{ip}{port}")));
        add("Surface", said.surface.clone());
        add("Public", said.public.map(|yes| if yes { "yes" } else { "no" }.to_owned()));
        add("File name", said.file_name.clone());
    }
    facts.push(("Received", format!("{} UTC", minute(item.received_at))));
    Ok(Upload {
        home: format!("/console/cases/{}", case.id),
        nth,
        item: id,
        sha256: hex::encode(item.digests.sha256),
        elsewhere: files::others(tx, &item.digests.sha256, case.id).await?,
        found: hits.first().map_or_else(|| "a match".to_owned(), found_words),
        strip: item.film.map(|film| strip(nth, film, &hits)),
        facts,
        looks: match (views.len(), open) {
            (0, _) => "nobody has looked".to_owned(),
            (all, open) => format!("{all}, of which {open} without the veil"),
        },
        decision: decision.map_or("open", |decision| outcome_words(decision.outcome)),
        undecided: signal.decision.is_none(),
        // What this very page shows whole may be stated with it; the decision looks for the look itself.
        viewed: viewed || whole,
        kept: evidence::is_kept(tx, id).await?,
        whole,
        held,
        shut,
    })
}

/// What care for who looks says against it, under the veil or, where it is wanted, without; and whether nothing is shown at all.
pub(crate) async fn kept_from(
    tx: &mut Tx,
    staff: &Staff,
    item: ItemId,
    urgent: bool,
    whole: bool,
    settings: &Settings,
) -> Result<(Option<String>, bool)> {
    let held = care_says(care::may_look(tx, &staff.caller, item, true, urgent, settings).await)?;
    if held.is_some() || !whole {
        let shut = held.is_some();
        return Ok((held, shut));
    }
    Ok((care_says(care::may_look(tx, &staff.caller, item, false, urgent, settings).await)?, false))
}

/// What care says against a look, in a sentence and what to do.
fn care_says(answer: Result<()>) -> Result<Option<String>> {
    match answer {
        Ok(()) => Ok(None),
        Err(Error::Refused(refusal)) => {
            let detail = refusal.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
            Ok(Some(format!("{}{detail} {}", refusal.kind.title, refusal.kind.remedy)))
        }
        Err(error) => Err(error),
    }
}

pub(crate) fn strip(nth: usize, film: decode::Video, hits: &[Hit]) -> Strip {
    let common = hits.iter().filter_map(|hit| hit.in_common.as_ref()).flat_map(|common| &common.ranges);
    let length = u64::from(film.length_ms).max(1);
    let thousandths = |ms: u32| (u64::from(ms) * 1_000 / length).min(1_000);
    let (mut marks, mut ranges) = (Vec::new(), Vec::new());
    for range in common {
        let Some((from, to)) = range.upload_ms else { continue };
        marks.push((thousandths(from), (thousandths(to) - thousandths(from)).max(3)));
        let there = range
            .entry_ms
            .map_or_else(String::new, |(from, to)| format!(", in the entry {} to {}", minutes(from), minutes(to)));
        ranges.push(format!("{} to {}{there}", minutes(from), minutes(to)));
    }
    let alt =
        format!("Upload {nth}, a film of {}: frames of its whole length, blurred and grey", minutes(film.length_ms));
    Strip { alt, marks, ranges }
}

/// A time in a film.
fn minutes(ms: u32) -> String {
    format!("{}:{:02}", ms / 60_000, ms / 1_000 % 60)
}
