//! A document as a form: every field that the grammar knows, filled or empty, in its groups; and the document with fields
//! changed. A path is one of elements, `[2]` for the second of a kind, `@` for an attribute.

use super::document::Level;
use super::grammar::{self, Content, Order, Shape};
use super::xml::{self, Node};

/// What may be entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A line of at most so many characters.
    Line(Option<usize>),
    /// More than a line.
    Text,
    /// One of these words.
    Words(Vec<&'static str>),
    /// Yes, no, or nothing.
    YesNo,
    /// There or not.
    Flag,
    /// A time with its offset.
    Time,
    /// A day.
    Day,
    /// A whole number.
    Number,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Where it stands.
    pub path: String,
    /// Its element or attribute.
    pub name: &'static str,
    /// What it says; empty where it is not there.
    pub value: String,
    /// What may be entered.
    pub entry: Entry,
    /// Whether the schema demands it where its group is.
    pub needed: bool,
}

/// An element with its fields and the elements within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Where it stands.
    pub path: String,
    /// Its element.
    pub name: &'static str,
    /// Which of its kind, from 1, where there may be several.
    pub nth: Option<usize>,
    /// Whether the document has it; otherwise it is there to be filled in.
    pub filled: bool,
    /// Its own fields.
    pub fields: Vec<FormField>,
    /// What stands within it.
    pub groups: Vec<Group>,
}

/// Elements that nobody fills in: what the destination gives, and what follows from elsewhere.
const NOBODYS: [&str; 9] = [
    "batchedReport",
    "reportId",
    "fileId",
    "fileName",
    "fileViewedByEsp",
    "exifViewedByEsp",
    "originalFileHash",
    "fileRelevance",
    "details",
];

/// A document as a form. Nothing where it cannot be read.
pub fn form(document: &str, level: Level) -> Option<Group> {
    let root = xml::parse(document.as_bytes()).ok()?;
    let (name, kind) = kind(&root)?;
    Some(group(format!("/{name}"), name, None, Some(&root), grammar::shape(kind)?, level))
}

fn kind(root: &Node) -> Option<(&'static str, &'static str)> {
    match root.name.as_str() {
        "report" => Some(("report", "Report")),
        "fileDetails" => Some(("fileDetails", "FileDetails")),
        _ => None,
    }
}

fn group(
    path: String,
    name: &'static str,
    nth: Option<usize>,
    node: Option<&Node>,
    shape: &'static Shape,
    level: Level,
) -> Group {
    let mut made = Group { path, name, nth, filled: node.is_some(), fields: Vec::new(), groups: Vec::new() };
    let path = &made.path;
    match &shape.content {
        Content::Text(kind) => {
            let value = node.map_or_else(String::new, |node| node.text.clone());
            made.fields.push(FormField { path: path.clone(), name, value, entry: entry(name, kind), needed: true });
        }
        Content::Parts(order, parts) => {
            for part in parts.iter().filter(|part| Level::of(part.name) <= level && !NOBODYS.contains(&part.name)) {
                let there: Vec<&Node> = node.into_iter().flat_map(|node| node.all(part.name)).collect();
                // Exactly one of a choice: what is chosen hides the others.
                if *order == Order::One && there.is_empty() && node.is_some_and(|node| !node.children.is_empty()) {
                    continue;
                }
                let many = part.most > 1;
                // One more than there are, to be filled in.
                let rows = if many { there.len() + 1 } else { 1 };
                for row in 0..rows {
                    let node = there.get(row).copied();
                    let nth = many.then_some(row + 1);
                    let path = nth
                        .map_or_else(|| format!("{path}/{}", part.name), |nth| format!("{path}/{}[{nth}]", part.name));
                    if let Some(shape) = grammar::shape(part.kind) {
                        made.groups.push(group(path, part.name, nth, node, shape, level));
                    } else {
                        let flag = part.kind == "flag";
                        let value = match node {
                            Some(_) if flag => "true".to_owned(),
                            Some(node) => node.text.clone(),
                            None => String::new(),
                        };
                        let (entry, needed) = (entry(part.name, part.kind), part.least > 0);
                        made.fields.push(FormField { path, name: part.name, value, entry, needed });
                    }
                }
            }
        }
    }
    for attribute in &shape.attributes {
        let value = node.and_then(|node| node.attribute(attribute.name)).unwrap_or_default().to_owned();
        let path = format!("{}/@{}", made.path, attribute.name);
        let entry = entry(attribute.name, attribute.kind);
        made.fields.push(FormField { path, name: attribute.name, value, entry, needed: attribute.required });
    }
    made
}

fn entry(name: &str, kind: &'static str) -> Entry {
    if let Some(words) = grammar::words(kind) {
        return Entry::Words(words.filter(|word| !word.is_empty()).collect());
    }
    match kind {
        "flag" => Entry::Flag,
        "bool" => Entry::YesNo,
        "past" | "datetime" => Entry::Time,
        "pastdate" => Entry::Day,
        "age" | "number" | "port" => Entry::Number,
        "text" if !matches!(name, "value" | "originalFileHash") => Entry::Text,
        _ => match kind.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse() {
            Ok(most) if most > 300 => Entry::Text,
            Ok(most) => Entry::Line(Some(most)),
            Err(_) => Entry::Line(None),
        },
    }
}

/// The document with fields changed; an empty value takes a field away. Nothing where a path fits no field that somebody may
/// fill in, or the document cannot be read.
pub fn with(document: &str, changes: &[(String, String)], level: Level) -> Option<String> {
    let mut root = xml::parse(document.as_bytes()).ok()?;
    let (name, kind) = kind(&root)?;
    for (path, value) in changes {
        let steps: Vec<&str> = path.strip_prefix('/')?.strip_prefix(name)?.strip_prefix('/')?.split('/').collect();
        set(&mut root, grammar::shape(kind), &steps, value.trim())?;
    }
    apart(&mut root, kind);
    Some(xml::write(&root, level).xml)
}

/// Answers whether the element still says something.
fn set(node: &mut Node, shape: Option<&'static Shape>, steps: &[&str], value: &str) -> Option<bool> {
    let Some((step, rest)) = steps.split_first() else {
        match shape.map(|shape| &shape.content) {
            None | Some(Content::Text(_)) => value.clone_into(&mut node.text),
            Some(Content::Parts(..)) => return None,
        }
        return Some(!value.is_empty());
    };
    let shape = shape?;
    if let Some(name) = step.strip_prefix('@') {
        let known = shape.attributes.iter().find(|attribute| attribute.name == name)?;
        node.attributes.retain(|(key, _)| key != known.name);
        if !value.is_empty() {
            node.attributes.push((known.name.to_owned(), value.to_owned()));
        }
        return rest.is_empty().then_some(true);
    }
    let Content::Parts(_, parts) = &shape.content else { return None };
    let (name, nth) = match step.split_once('[') {
        Some((name, nth)) => (name, nth.strip_suffix(']')?.parse::<usize>().ok()?.checked_sub(1)?),
        None => (*step, 0),
    };
    let part = parts.iter().find(|part| part.name == name && !NOBODYS.contains(&part.name))?;
    if nth >= part.most {
        return None;
    }
    let place =
        node.children.iter().enumerate().filter(|(_, child)| child.name == name).map(|(place, _)| place).nth(nth);
    if part.kind == "flag" {
        match (place, value) {
            (Some(place), "") => drop(node.children.remove(place)),
            (None, "true") => node.children.push(Node::named(name)),
            (None, "") | (Some(_), "true") => {}
            _ => return None,
        }
        return rest.is_empty().then_some(true);
    }
    if let Some(place) = place {
        let says = set(node.children.get_mut(place)?, grammar::shape(part.kind), rest, value)?;
        let empty = node.children.get(place).is_some_and(|child| {
            child.children.is_empty() && child.attributes.is_empty() && child.text.trim().is_empty()
        });
        // Also what the schema demands: whoever checks the document is told that it is missing.
        if value.is_empty() && (!says || empty) {
            node.children.remove(place);
        }
    } else {
        let mut child = Node::named(name);
        set(&mut child, grammar::shape(part.kind), rest, value)?;
        if !value.is_empty() {
            node.children.push(child);
        }
    }
    Some(true)
}

/// Where exactly one of several may stand and several were filled in, each gets an element of its own.
fn apart(node: &mut Node, kind: &str) {
    let Some(Content::Parts(_, parts)) = grammar::shape(kind).map(|shape| &shape.content) else { return };
    let mut children = Vec::new();
    for mut child in std::mem::take(&mut node.children) {
        let kind = parts.iter().find(|part| part.name == child.name).map_or("", |part| part.kind);
        apart(&mut child, kind);
        let one = matches!(grammar::shape(kind).map(|shape| &shape.content), Some(Content::Parts(Order::One, _)));
        if one && child.children.len() > 1 {
            let name = child.name.clone();
            children.extend(child.children.into_iter().map(|only| Node { children: vec![only], ..Node::named(&name) }));
        } else {
            children.push(child);
        }
    }
    node.children = children;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ncmec::Random;
    use crate::ncmec::document::Tip;

    fn fields(group: &Group) -> Vec<FormField> {
        group.fields.iter().cloned().chain(group.groups.iter().flat_map(fields)).collect()
    }

    const LEAST: &str = "<report><incidentSummary><incidentType>Child Sex Tourism</incidentType>\
        <incidentDateTime>2026-01-01T00:00:00Z</incidentDateTime></incidentSummary>\
        <reporter><reportingPerson><email>a@b.example</email></reportingPerson></reporter></report>";

    fn changed(document: &str, changes: &[(&str, &str)]) -> Option<String> {
        let changes: Vec<_> = changes.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
        with(document, &changes, Level::default())
    }

    #[test]
    fn every_empty_field_can_be_filled_and_taken_away_again() {
        let start = changed(LEAST, &[]).unwrap();
        let all = fields(&form(&start, Level::default()).unwrap());
        assert!(all.len() > 300, "{}", all.len());
        for field in all.iter().filter(|field| field.value.is_empty()) {
            let value = match &field.entry {
                Entry::Words(words) => words[0],
                Entry::Flag | Entry::YesNo => "true",
                Entry::Time => "2026-01-01T00:00:00Z",
                Entry::Day => "2001-01-01",
                Entry::Number => "7",
                Entry::Line(_) | Entry::Text => "x",
            };
            let filled = changed(&start, &[(&field.path, value)]).unwrap();
            assert_ne!(filled, start, "{}", field.path);
            let shown = fields(&form(&filled, Level::default()).unwrap());
            assert!(shown.iter().any(|one| one.path == field.path && one.value == value), "{}", field.path);
            assert_eq!(changed(&filled, &[(&field.path, "")]).unwrap(), start, "{}", field.path);
        }
    }

    #[test]
    fn what_nobody_fills_in_is_not_there_and_cannot_be_set() {
        let file = "<fileDetails><reportId>1</reportId><fileId>a</fileId></fileDetails>";
        assert!(fields(&form(file, Level::default()).unwrap()).iter().all(|field| !NOBODYS.contains(&field.name)));
        for path in [
            "/fileDetails/fileViewedByEsp",
            "/fileDetails/exifViewedByEsp",
            "/fileDetails/fileId",
            "/fileDetails/originalFileHash[1]",
            "/fileDetails/nothing",
            "/report/additionalInfo",
            "/fileDetails/ipCaptureEvent[2]/port",
            "/fileDetails/@type",
            "/fileDetails",
            "",
        ] {
            assert_eq!(changed(file, &[(path, "true")]), None, "{path}");
        }
    }

    #[test]
    fn two_kinds_of_incident_stand_apart() {
        let both = changed(
            LEAST,
            &[
                ("/report/internetDetails[1]/webPageIncident/url[1]", "https://a.example/"),
                ("/report/internetDetails[1]/chatImIncident/content", "hello"),
            ],
        )
        .unwrap();
        assert_eq!(both.matches("<internetDetails>").count(), 2);
        assert!(Tip::from_xml(&both).is_some());
    }

    proptest! {
        /// Nothing that anybody enters makes a document that cannot be read, or changes what was not named.
        #[test]
        fn any_entry_is_taken_or_refused(seed in any::<u64>(), pick in any::<prop::sample::Index>(), value in "\\PC{0,20}") {
            let now = "2026-11-25T00:00:00Z".parse().unwrap();
            let document = Random::new(seed, now, Level::default()).tip().to_xml(Level::default()).xml;
            let all = fields(&form(&document, Level::default()).unwrap());
            let field = pick.get(&all);
            if let Some(made) = with(&document, &[(field.path.clone(), value)], Level::default()) {
                prop_assert!(form(&made, Level::default()).is_some());
            }
            prop_assert_eq!(with(&document, &[], Level::default()), Some(document));
        }
    }
}
