//! A small tree of elements, read with limits: no document type, no deep nesting, no endless text.

use quick_xml::XmlVersion;
use quick_xml::events::Event;

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

fn add_text(text: &str, open: &mut [Node]) -> Result<(), String> {
    if let Some(found) = text.chars().find(|c| !allowed(*c)) {
        return Err(format!("U+{:04X} is not allowed in XML", u32::from(found)));
    }
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

/// Writes elements in the order in which they are said.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: String,
    removed: usize,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), removed: 0 }
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.out += "&amp;",
                '<' => self.out += "&lt;",
                '>' => self.out += "&gt;",
                '"' => self.out += "&quot;",
                // Kept as they are: a reader would otherwise make a space or a plain line break of them.
                '\r' => self.out += "&#13;",
                c if allowed(c) => self.out.push(c),
                _ => self.removed += 1,
            }
        }
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.out.push('<');
        self.out += name;
        for (key, value) in attributes {
            self.out.push(' ');
            self.out += key;
            self.out += "=\"";
            self.escaped(value);
            self.out.push('"');
        }
        self.out.push('>');
    }

    pub(crate) fn within(&mut self, name: &str, attributes: &[(&str, &str)], write: impl FnOnce(&mut Self)) {
        self.open(name, attributes);
        write(self);
        self.out += "</";
        self.out += name;
        self.out.push('>');
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.within(name, &[], |writer| writer.escaped(text));
    }

    pub(crate) fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.within(name, attributes, |writer| writer.escaped(text));
    }

    pub(crate) fn maybe(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    pub(crate) fn flag(&mut self, name: &str) {
        self.out.push('<');
        self.out += name;
        self.out += "/>";
    }

    pub(crate) fn finish(self) -> (String, usize) {
        (self.out, self.removed)
    }
}
