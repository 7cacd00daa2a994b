//! A report in words: as an officer reads it, and what an officer could do with it.

use exchange::ncmec::form::Group;

use super::document::Draft;
use super::viewing::Viewed;
use super::{editor, labels, store};
use crate::accounts::Caller;
use crate::config;
use crate::refusal::Result;
use crate::store::{CaseId, Tx};

/// The newest call to any destination: for whoever asks again and again whether something moved.
pub async fn last_call(tx: &mut Tx) -> Result<Option<uuid::Uuid>> {
    store::last_call(tx).await
}

/// How much an officer could do with the report of a case as it would be now, in sentences; for whoever decides.
pub async fn outlook(tx: &mut Tx, caller: &Caller, case: CaseId, settings: &config::Settings) -> Result<Vec<String>> {
    let Some(score) = editor::preview(tx, caller, case, settings).await?.draft.score else { return Ok(Vec::new()) };
    let mut says = vec![format!("An officer can do with it as much as {} of 100 points say.", score.points)];
    let mut missing = score.missing.clone();
    missing.sort_by_key(|one| std::cmp::Reverse(one.points));
    says.extend(missing.iter().take(3).map(|one| format!("It lacks {}: {}.", one.what, one.costs)));
    if score.is_low() {
        says.push("That is little. It can go out all the same: your reason is kept as the reason for that.".to_owned());
    }
    Ok(says)
}

/// What a report says as an officer reads it: every field that says something, under its heading; of the files, so
/// many from one on. No picture, no path to one of
/// ours.
pub(super) fn lines(
    draft: &Draft,
    viewed: &[Viewed],
    first_file: usize,
    files: usize,
) -> Result<Vec<(String, String)>> {
    fn add(group: &Group, lines: &mut Vec<(String, String)>, heading: &str) {
        for field in group.fields.iter().filter(|field| !field.value.trim().is_empty()) {
            let label = labels::label(field.name);
            let said = match (heading, field.path == group.path) {
                ("", _) => label,
                (heading, true) => heading.to_owned(),
                (heading, false) => format!("{heading}: {label}"),
            };
            let value = if field.value == "true" { "yes".to_owned() } else { field.value.clone() };
            lines.push((said, value));
        }
        for below in group.groups.iter().filter(|group| group.filled) {
            let nth = below.nth.filter(|nth| *nth > 1).map_or_else(String::new, |nth| format!(" {nth}"));
            let label = format!("{}{nth}", labels::label(below.name));
            let flat = matches!(below.name, "incidentSummary" | "reporter" | "internetDetails");
            add(below, lines, if flat { "" } else { &label });
        }
    }
    let mut lines = Vec::new();
    add(&editor::form_of(&draft.document(), draft.level)?, &mut lines, "");
    for ((file, viewed), nth) in draft.files.iter().zip(viewed).zip(1..).skip(first_file).take(files) {
        lines.push((format!("File {nth}"), file.name.clone()));
        add(&editor::form_of(&file.sketch(), draft.level)?, &mut lines, &format!("File {nth}"));
        lines.extend(file.digests().map(|(name, value)| (format!("File {nth}: {name}"), value.to_owned())));
        lines.extend(file.exif().map(|(name, value)| (format!("File {nth}: EXIF {name}"), value.to_owned())));
        lines.push((format!("File {nth}: Viewed by the platform"), viewed.in_short().to_owned()));
        lines.extend(viewed.words().into_iter().map(|words| (format!("File {nth}: More"), words)));
    }
    Ok(lines)
}
