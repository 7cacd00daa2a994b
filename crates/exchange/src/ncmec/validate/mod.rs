//! Whether the destination would accept a document: its schema, and the documented rules on top of it.

mod rules;
mod values;

use jiff::Timestamp;
use serde::Serialize;

use super::document::Level;
use super::grammar::{Attribute, Content, Order, Part, shape};
use super::xml::{self, Node};

/// Something that the destination would refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where, as a path of elements; of several with one name the second is `[2]`.
    pub path: String,
    /// Stable name of the rule.
    pub rule: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
    /// Who says so.
    pub origin: Origin,
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// XML itself, or the destination's schema.
    Schema,
    /// The documentation alone.
    Documentation,
}

struct Fault {
    rule: &'static str,
    origin: Origin,
    message: String,
}

struct Check {
    now: Timestamp,
    level: Level,
    /// Prefixes that mean XML Schema's own attributes.
    about_schema: Vec<String>,
    findings: Vec<Finding>,
}

/// Whether a text is an address that the documentation takes.
pub(super) fn is_url(text: &str) -> bool {
    values::url(text).is_none()
}

/// Checks a document for `submit` or `fileinfo`. No finding: it would be accepted, as far as is known.
pub fn validate(document: &str, now: Timestamp, level: Level) -> Vec<Finding> {
    let mut check = Check { now, level, about_schema: Vec::new(), findings: Vec::new() };
    let root = match xml::parse(document.as_bytes()) {
        Ok(root) => root,
        Err(why) => {
            check.find("/", "xml", Origin::Schema, format!("the document is not well-formed XML: {why}"));
            return check.findings;
        }
    };
    let instance = |(key, value): &(String, String)| {
        let prefix = key.strip_prefix("xmlns:").filter(|_| value == "http://www.w3.org/2001/XMLSchema-instance");
        prefix.map(str::to_owned)
    };
    check.about_schema = root.attributes.iter().filter_map(instance).collect();
    match root.name.as_str() {
        "report" => {
            check.element("/report", &root, "Report");
            check.report(&root);
        }
        "fileDetails" => {
            check.element("/fileDetails", &root, "FileDetails");
            check.file_details(&root);
        }
        other => {
            let message = format!("the root is {other}; expected report or fileDetails");
            check.find("/", "root", Origin::Schema, message);
        }
    }
    check.findings
}

/// White space as XML knows it, and no other, does not count around a yes or no.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

/// The children of an element, each with its path.
fn children<'a>(path: &'a str, node: &'a Node) -> impl Iterator<Item = (String, &'a Node)> {
    node.children.iter().enumerate().map(move |(at, child)| {
        match node.children.iter().take(at).filter(|before| before.name == child.name).count() {
            0 => (format!("{path}/{}", child.name), child),
            before => (format!("{path}/{}[{}]", child.name, before + 1), child),
        }
    })
}

impl Check {
    fn find(&mut self, path: &str, rule: &'static str, origin: Origin, message: impl Into<String>) {
        self.findings.push(Finding { path: path.to_owned(), rule, message: message.into(), origin });
    }

    /// A finding of the schema.
    fn shape(&mut self, path: &str, rule: &'static str, message: impl Into<String>) {
        self.find(path, rule, Origin::Schema, message);
    }

    fn element(&mut self, path: &str, node: &Node, kind: &'static str) {
        let Some(shape) = shape(kind) else {
            self.attributes(path, node, &[]);
            self.plain(path, node, kind);
            return;
        };
        self.attributes(path, node, &shape.attributes);
        match &shape.content {
            Content::Text(kind) => self.plain(path, node, kind),
            Content::Parts(order, parts) => self.children(path, node, *order, parts),
        }
    }

    fn plain(&mut self, path: &str, node: &Node, kind: &'static str) {
        if let Some(child) = node.children.first() {
            self.shape(path, "element", format!("{} is not allowed here; only text is", child.name));
            return;
        }
        self.value(path, &node.text, kind);
    }

    fn value(&mut self, path: &str, text: &str, kind: &str) {
        if let Some(Fault { rule, origin, message }) = values::fault(text, kind, self.now) {
            self.find(path, rule, origin, message);
        }
    }

    fn attributes(&mut self, path: &str, node: &Node, known: &'static [Attribute]) {
        for (name, value) in &node.attributes {
            if name.starts_with("xmlns:") || self.says_where_the_schema_is(name) {
                continue;
            }
            match known.iter().find(|attribute| attribute.name == name) {
                Some(attribute) => self.value(&format!("{path}/@{name}"), value, attribute.kind),
                None if name == "xmlns" && value.is_empty() => {}
                None => self.shape(path, "attribute", format!("the attribute {name} is not allowed; leave it out")),
            }
        }
        for attribute in known {
            if attribute.required && node.attribute(attribute.name).is_none() {
                self.shape(path, "attribute", format!("the attribute {} is missing; add it", attribute.name));
            }
        }
    }

    fn says_where_the_schema_is(&self, name: &str) -> bool {
        name.split_once(':').is_some_and(|(prefix, local)| {
            matches!(local, "schemaLocation" | "noNamespaceSchemaLocation")
                && self.about_schema.iter().any(|known| known == prefix)
        })
    }

    fn children(&mut self, path: &str, node: &Node, order: Order, parts: &'static [Part]) {
        if !trimmed(&node.text).is_empty() {
            self.shape(path, "text", "text is not allowed between the elements; leave it out");
        }
        let mut counts = vec![0_usize; parts.len()];
        let mut at = 0;
        for (below, child) in children(path, node) {
            let known = |part: &Part| part.name == child.name && Level::of(part.name) <= self.level;
            let place = parts.iter().position(known);
            let Some((place, part)) = place.and_then(|place| Some((place, parts.get(place)?))) else {
                let names: Vec<_> = parts.iter().map(|part| part.name).collect();
                self.shape(&below, "element", format!("not allowed here; expected one of: {}", names.join(", ")));
                continue;
            };
            if order == Order::Sequence && place < at {
                let later = parts.get(at).map_or("", |part| part.name);
                self.shape(&below, "order", format!("must stand before {later}; move it there"));
            }
            at = at.max(place);
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
                if *count > part.most {
                    let message = format!("at most {} allowed; leave out the others", part.most);
                    self.find(&below, "cardinality", part.origin(), message);
                }
            }
            self.element(&below, child, part.kind);
        }
        if order == Order::One {
            if node.children.len() != 1 {
                self.shape(path, "choice", "exactly one kind must stand here; repeat the element for more");
            }
            return;
        }
        for (part, count) in parts.iter().zip(counts) {
            if count < part.least {
                self.find(path, "missing", part.origin(), format!("{} is missing; add it", part.name));
            }
        }
        // The one choice within a sequence.
        if node.child("potentialMeme").is_some() && node.child("fileAnnotations").is_some() {
            let message = "stands beside fileAnnotations; say potentialMeme within them only";
            self.shape(&format!("{path}/potentialMeme"), "choice", message);
        }
    }
}

impl Part {
    fn origin(&self) -> Origin {
        if self.documented { Origin::Documentation } else { Origin::Schema }
    }
}
