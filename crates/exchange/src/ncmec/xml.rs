//! A small tree of elements, read with limits: no document type, no deep nesting, no endless text.

use quick_xml::XmlVersion;
use quick_xml::events::Event;

use super::document::{Document, Level};
use super::grammar::{self, Content};
use super::url;

/// No document of ours or of the destination is longer.
pub(crate) const MOST_BYTES: usize = 16 << 20;
const MOST_DEPTH: usize = 16;

/// One element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Node>,
    pub(crate) text: String,
}

impl Node {
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a document; answers what is wrong with it in a few words.
pub(crate) fn parse(bytes: &[u8]) -> Result<Node, String> {
    if bytes.len() > MOST_BYTES {
        return Err("the document is too long".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "the document is not UTF-8".to_owned())?;
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(tag) | Event::Empty(tag) if root.is_some() && open.is_empty() => {
                return Err(format!("there is a second root, {}", tag.name().as_ref()));
            }
            Event::Start(tag) => {
                if open.len() >= MOST_DEPTH {
                    return Err("elements are nested too deep".to_owned());
                }
                open.push(node(&tag)?);
            }
            Event::Empty(tag) => close(node(&tag)?, &mut open, &mut root),
            Event::End(_) => {
                let done = open.pop().ok_or("an element ends that did not begin")?;
                close(done, &mut open, &mut root);
            }
            Event::Text(text) => {
                add_text(&text.xml_content(XmlVersion::Implicit1_0), &mut open)?;
            }
            Event::CData(text) => {
                add_text(&text.xml_content(XmlVersion::Implicit1_0), &mut open)?;
            }
            Event::GeneralRef(name) => {
                let text = if let Some(c) = name.resolve_char_ref().map_err(|error| error.to_string())? {
                    c.to_string()
                } else {
                    let name = name.into_inner();
                    let text = quick_xml::escape::resolve_predefined_entity(&name);
                    text.ok_or_else(|| format!("&{name}; is not known"))?.to_owned()
                };
                add_text(&text, &mut open)?;
            }
            Event::DocType(_) => return Err("a document type is not allowed".to_owned()),
            Event::Eof => break,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
    if !open.is_empty() {
        return Err("the document ends within an element".to_owned());
    }
    root.ok_or_else(|| "there is no element".to_owned())
}

fn node(tag: &quick_xml::events::BytesStart<'_>) -> Result<Node, String> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        if attribute.value.contains('<') {
            return Err("< stands in an attribute".to_owned());
        }
        only_allowed(&value)?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(Node { name: tag.name().as_ref().to_owned(), attributes, ..Node::default() })
}

fn close(node: Node, open: &mut [Node], root: &mut Option<Node>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None => *root = Some(node),
    }
}

fn only_allowed(text: &str) -> Result<(), String> {
    let forbidden = text.chars().find(|c| !allowed(*c));
    forbidden.map_or(Ok(()), |found| Err(format!("U+{:04X} is not allowed in XML", u32::from(found))))
}

fn add_text(text: &str, open: &mut [Node]) -> Result<(), String> {
    only_allowed(text)?;
    match open.last_mut() {
        Some(node) => node.text += text,
        None if text.trim().is_empty() => {}
        None => return Err("there is text outside the root".to_owned()),
    }
    Ok(())
}

/// Characters that XML 1.0 allows (section 2.2).
pub(crate) fn allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Writes a tree: children in the order of the grammar, nothing newer than the level, no character that XML forbids, and
/// addresses percent-encoded.
pub(crate) fn write(root: &Node, level: Level) -> Document {
    let mut writer = Writer {
        out: String::with_capacity(4_096),
        level,
        path: Vec::new(),
        cleaned: Vec::new(),
        encoded: Vec::new(),
        left_out: Vec::new(),
    };
    writer.out += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    let kind = if root.name == "fileDetails" { "FileDetails" } else { "Report" };
    writer.node(root, kind);
    Document { xml: writer.out, cleaned: writer.cleaned, encoded: writer.encoded, left_out: writer.left_out }
}

struct Writer<'a> {
    out: String,
    level: Level,
    path: Vec<&'a str>,
    cleaned: Vec<(String, usize)>,
    encoded: Vec<(String, usize)>,
    left_out: Vec<String>,
}

impl<'a> Writer<'a> {
    fn node(&mut self, node: &'a Node, kind: &str) {
        self.path.push(&node.name);
        if Level::of(&node.name) > self.level {
            self.left_out.push(self.place());
        } else {
            self.element(node, kind);
        }
        self.path.pop();
    }

    fn element(&mut self, node: &'a Node, kind: &str) {
        self.out.push('<');
        self.out += &node.name;
        for (key, value) in &node.attributes {
            self.out.push(' ');
            self.out += key;
            self.out += "=\"";
            self.escaped(value, true);
            self.out.push('"');
        }
        if node.text.is_empty() && node.children.is_empty() {
            self.out += "/>";
            return;
        }
        self.out.push('>');
        if kind == "url" {
            let (text, encoded) = url::repaired(&node.text);
            self.escaped(&text, false);
            if encoded > 0 {
                self.encoded.push((self.place(), encoded));
            }
        } else {
            self.escaped(&node.text, false);
        }
        let parts = match grammar::shape(kind).map(|shape| &shape.content) {
            Some(Content::Parts(_, parts)) => parts.as_slice(),
            _ => &[],
        };
        for part in parts {
            for child in node.all(part.name) {
                self.node(child, part.kind);
            }
        }
        self.out += "</";
        self.out += &node.name;
        self.out.push('>');
    }

    fn escaped(&mut self, text: &str, attribute: bool) {
        let mut removed = 0;
        for c in text.chars() {
            match c {
                '&' => self.out += "&amp;",
                '<' => self.out += "&lt;",
                '>' => self.out += "&gt;",
                '"' => self.out += "&quot;",
                // A reader would otherwise make a plain line break of it, and of any of these in an attribute a space.
                '\r' => self.out += "&#13;",
                '\n' if attribute => self.out += "&#10;",
                '\t' if attribute => self.out += "&#9;",
                c if allowed(c) => self.out.push(c),
                _ => removed += 1,
            }
        }
        if removed > 0 {
            self.cleaned.push((self.place(), removed));
        }
    }

    fn place(&self) -> String {
        self.path.iter().fold(String::new(), |path, name| path + "/" + name)
    }
}
