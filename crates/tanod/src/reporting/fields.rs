//! The fields of a report's editor, as its page shows them.

use askama::Template;
use exchange::ncmec::Finding;
use exchange::ncmec::form::{Entry, FormField, Group};

use super::document::Origin;
use super::editor;
use super::labels::{label, origin_words};
use crate::store::ItemId;
use crate::web::languages::{filters, say};

/// A field as the page shows it.
pub(super) struct FieldView {
    name: String,
    label: String,
    value: String,
    entry: Entry,
    origin: String,
    fault: String,
    key: Option<char>,
    /// It is the class, which keys of their own choose.
    classes: bool,
    /// It follows from something else, and is not entered here.
    fixed: bool,
    /// Which of the page's long lists of words it is entered from.
    list: Option<usize>,
}

/// A list of words that is longer is written once on a page, for all fields that are entered from it.
const LONG: usize = 12;
pub(super) type Lists = Vec<Vec<&'static str>>;

/// An element as the page shows it, with those within it.
#[derive(Template)]
#[template(path = "reporting/pages/group.html")]
pub(super) struct GroupView {
    label: String,
    open: bool,
    fields: Vec<FieldView>,
    groups: Vec<Self>,
}

/// So many parts of one kind stand on a page.
pub(super) const MANY: usize = 15;

/// How many parts there are of the kind of which there are most.
pub(super) fn most(group: &Group) -> usize {
    let within = group.groups.iter().map(|within| most(within).max(within.nth.filter(|_| within.filled).unwrap_or(0)));
    within.max().unwrap_or(0)
}

impl GroupView {
    /// Takes the long lists of words out of the fields.
    pub(super) fn share(&mut self, lists: &mut Lists) {
        for field in &mut self.fields {
            let Entry::Words(words) = &field.entry else { continue };
            if words.len() <= LONG {
                continue;
            }
            let known = lists.iter().position(|list| list == words);
            field.list = known.or(Some(lists.len()));
            if known.is_none() {
                lists.push(words.clone());
            }
        }
        self.groups.iter_mut().for_each(|group| group.share(lists));
    }
}

/// What all groups of one document share.
pub(super) struct Shown<'a> {
    /// Also what can stand within a part that is empty itself.
    pub(super) all: bool,
    /// Of parts of which there are many, those from here on.
    pub(super) from: usize,
    pub(super) file: Option<ItemId>,
    pub(super) origins: &'a [(String, Origin)],
    pub(super) faults: &'a [Finding],
}

impl Shown<'_> {
    pub(super) fn group(&self, group: &Group) -> GroupView {
        let nth = group.nth.map_or_else(String::new, |nth| format!(" {nth}"));
        GroupView {
            label: format!("{}{nth}", label(group.name)),
            open: group.filled,
            fields: group.fields.iter().map(|field| self.field(field)).collect(),
            groups: group
                .groups
                .iter()
                .filter(|within| self.all || group.filled || within.filled)
                .filter(|within| match within.nth {
                    Some(nth) if within.filled => (self.from..self.from.saturating_add(MANY)).contains(&nth),
                    _ => true,
                })
                .map(|group| self.group(group))
                .collect(),
        }
    }

    fn field(&self, field: &FormField) -> FieldView {
        let name = self.file.map_or_else(|| field.path.clone(), |item| format!("{item}:{}", field.path));
        let here = field.path.replace("[1]", "");
        let fault = self.faults.iter().filter(|fault| fault.path == here && !field.value.is_empty());
        FieldView {
            name,
            label: label(field.name),
            value: field.value.clone(),
            entry: field.entry.clone(),
            origin: if field.value.is_empty() { String::new() } else { self.origin(&field.path) },
            fault: fault.map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; "),
            key: key(field.name),
            classes: field.name == "industryClassification",
            fixed: editor::chosen_elsewhere(&field.path),
            list: None,
        }
    }

    /// Where a value is from: what is noted of the longest path above it, and the latest of those.
    pub(super) fn origin(&self, path: &str) -> String {
        let above =
            |noted: &str| path == noted || path.strip_prefix(noted).is_some_and(|rest| rest.starts_with(['/', '[']));
        let noted = self.origins.iter().filter(|(noted, _)| above(noted)).max_by_key(|(noted, _)| noted.len());
        noted.map_or_else(|| say("report-from-record").to_string(), |(_, origin)| origin_words(origin))
    }
}

/// The key that ticks an annotation of the file in focus.
fn key(name: &str) -> Option<char> {
    Some(match name {
        "viral" => 'r',
        "potentialMeme" => 'm',
        "possibleSelfProduction" => 's',
        "generativeAi" => 'g',
        "infant" => 'i',
        "liveStreaming" => 'l',
        "physicalHarm" => 'h',
        "violenceGore" => 'w',
        "bestiality" => 'b',
        "animeDrawingVirtualHentai" => 'd',
        _ => return None,
    })
}
