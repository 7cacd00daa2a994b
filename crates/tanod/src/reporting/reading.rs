//! A report in words: as an officer reads it, and what an officer could do with it.

use std::ops::Range;

use exchange::ncmec::form::Group;

use super::document::Draft;
use super::viewing::Viewed;
use super::{editor, labels, store};
use crate::accounts::Caller;
use crate::config;
use crate::refusal::Result;
use crate::store::{CaseId, Tx};
use crate::web::languages::{say, word};

/// The newest call to any destination: for whoever asks again and again whether something moved.
pub async fn last_call(tx: &mut Tx) -> Result<Option<uuid::Uuid>> {
    store::last_call(tx).await
}

/// How much an officer could do with the report of a case as it would be now, in sentences; for whoever decides.
pub async fn outlook(tx: &mut Tx, caller: &Caller, case: CaseId, settings: &config::Settings) -> Result<Vec<String>> {
    let Some(score) = editor::preview(tx, caller, case, settings, &(0..0)).await?.draft.score else {
        return Ok(Vec::new());
    };
    let mut says = vec![say("report-outlook").with("points", score.points).to_string()];
    let mut missing = score.missing.clone();
    missing.sort_by_key(|one| std::cmp::Reverse(one.points));
    says.extend(missing.iter().take(3).map(|one| {
        say("report-lacks")
            .with("what", word("score", &one.name))
            .with("costs", word("score-cost", &one.name))
            .to_string()
    }));
    if score.is_low() {
        says.push(say("report-outlook-low").to_string());
    }
    Ok(says)
}

/// Of what there is much, the part that a page shows: files, and parts of a kind by their numbers.
pub(super) struct Part {
    pub(super) files: Range<usize>,
    pub(super) parts: Range<usize>,
}

/// What a report (as a form: `whole`) says as an officer reads it: every field that says something, under its heading. No
/// picture, no path to one of ours.
pub(super) fn lines(draft: &Draft, whole: &Group, viewed: &[Viewed], part: &Part) -> Result<Vec<(String, String)>> {
    fn add(group: &Group, parts: &Range<usize>, lines: &mut Vec<(String, String)>, heading: &str) {
        for field in group.fields.iter().filter(|field| !field.value.trim().is_empty()) {
            let label = labels::label(field.name);
            let said = match (heading, field.path == group.path) {
                ("", _) => label,
                (heading, true) => heading.to_owned(),
                (heading, false) => format!("{heading}: {label}"),
            };
            let value = if field.value == "true" { say("report-yes").to_string() } else { field.value.clone() };
            lines.push((said, value));
        }
        let here = |group: &&Group| group.filled && group.nth.is_none_or(|nth| parts.contains(&nth));
        for below in group.groups.iter().filter(here) {
            let nth = below.nth.filter(|nth| *nth > 1).map_or_else(String::new, |nth| format!(" {nth}"));
            let label = format!("{}{nth}", labels::label(below.name));
            let flat = matches!(below.name, "incidentSummary" | "reporter" | "internetDetails");
            add(below, parts, lines, if flat { "" } else { &label });
        }
    }
    let mut lines = Vec::new();
    add(whole, &part.parts, &mut lines, "");
    let files = draft.files.iter().zip(1_usize..).skip(part.files.start).take(part.files.len()).zip(viewed);
    for ((file, nth), viewed) in files {
        let name = say("report-file").with("number", nth).to_string();
        lines.push((name.clone(), file.name.clone()));
        add(&editor::form_of(&file.sketch(), draft.level)?, &part.parts, &mut lines, &name);
        lines.extend(file.digests().map(|(digest, value)| (format!("{name}: {digest}"), value.to_owned())));
        lines.extend(file.exif().map(|(field, value)| (format!("{name}: EXIF {field}"), value.to_owned())));
        lines.push((format!("{name}: {}", say("report-viewed")), viewed.in_short().to_string()));
        lines.extend(viewed.words().into_iter().map(|words| (format!("{name}: {}", say("report-more")), words)));
    }
    Ok(lines)
}
