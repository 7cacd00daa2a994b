//! Elements of NCMEC's documents, where values are from, and changes, in words for a person.

use super::document::{Draft, Origin};
use super::editor::Change;
use crate::web::console::minute;
use crate::web::languages::{self, say, word};

/// What an element is called in the console.
pub(super) fn label(element: &str) -> String {
    // Names of elements that are words already need no other ones.
    languages::word_if_any("field", &kebab(element)).unwrap_or_else(|| spaced(element))
}

/// `thisIsOne` becomes `this-is-one`.
fn kebab(element: &str) -> String {
    let mut words = String::new();
    for c in element.chars() {
        if c.is_uppercase() {
            words.push('-');
        }
        words.extend(c.to_lowercase());
    }
    words
}

/// `thisIsOne` becomes "This is one".
fn spaced(element: &str) -> String {
    let mut words = String::new();
    for (nth, c) in element.chars().enumerate() {
        if nth == 0 {
            words.extend(c.to_uppercase());
        } else if c.is_uppercase() {
            words.push(' ');
            words.extend(c.to_lowercase());
        } else {
            words.push(c);
        }
    }
    words
}

/// Where a value is from.
pub(super) fn origin_words(origin: &Origin) -> String {
    match origin {
        Origin::Upload => say("report-from-upload").to_string(),
        Origin::Context => say("report-from-context").to_string(),
        Origin::Decision => say("report-from-decision").to_string(),
        Origin::Provider => say("way-provider").to_string(),
        Origin::Record => say("report-from-record").to_string(),
        Origin::Person { staff, at } => {
            say("report-from-person").with("staff", *staff).with("time", minute(*at)).to_string()
        }
    }
}

/// Reads a change back, in words.
pub(super) fn sentences(draft: &Draft, changes: &[Change]) -> Vec<String> {
    let of = |change: &Change| {
        let file = draft.files.iter().position(|file| Some(file.item) == change.file);
        let at = file.map_or_else(String::new, |nth| format!("{}: ", say("report-file").with("number", nth + 1)));
        let steps = change.path.split('/').skip(2).map(|step| {
            let (name, nth) = step.split_once('[').unwrap_or((step, ""));
            let nth = nth.trim_end_matches(']');
            format!("{}{}{nth}", label(name.trim_start_matches('@')), if nth.is_empty() { "" } else { " " })
        });
        let place = format!("{at}{}", steps.collect::<Vec<_>>().join(", "));
        let was = draft.value(change).unwrap_or_default();
        let quote = |text: &str| match text {
            "" => say("report-nothing").to_string(),
            "not_applicable" | "not_reasonably_available" => format!("“{}”", word("report-why", text)),
            _ => format!("“{text}”"),
        };
        let sentence = say("report-changed").with("place", place);
        sentence.with("new", quote(&change.value)).with("old", quote(&was)).to_string()
    };
    changes.iter().map(of).collect()
}
