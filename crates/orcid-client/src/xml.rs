//! Reading and writing ORCID's XML.
//!
//! Answers are read into a small tree by namespace, since ORCID's prefixes vary. Messages are
//! written with fixed prefixes, in the order that the schemas demand.

use quick_xml::NsReader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// ORCID nests about ten levels deep; anything far beyond is an attack or a mistake.
const MAX_DEPTH: usize = 40;

/// The namespaces of ORCID API v3.0 that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    Activities,
    Common,
    Error,
    Membership,
    Notification,
    Other,
}

impl Namespace {
    fn of(resolved: &ResolveResult<'_>) -> Result<Self, XmlError> {
        Ok(match resolved {
            ResolveResult::Bound(namespace) => match namespace.into_inner() {
                "http://www.orcid.org/ns/activities" => Self::Activities,
                COMMON => Self::Common,
                "http://www.orcid.org/ns/error" => Self::Error,
                MEMBERSHIP => Self::Membership,
                NOTIFICATION => Self::Notification,
                _ => Self::Other,
            },
            ResolveResult::Unbound => Self::Other,
            ResolveResult::Unknown(_) => return Err(XmlError("a prefix without a namespace")),
        })
    }
}

pub(crate) const COMMON: &str = "http://www.orcid.org/ns/common";
pub(crate) const MEMBERSHIP: &str = "http://www.orcid.org/ns/membership";
pub(crate) const NOTIFICATION: &str = "http://www.orcid.org/ns/notification";

/// Why a text is not XML that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the expected XML: {0}")]
pub(crate) struct XmlError(pub &'static str);

/// One element with all that is in it.
#[derive(Debug)]
pub(crate) struct Element {
    namespace: Namespace,
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    /// Whether this is the element `name` of `namespace`.
    pub fn is(&self, namespace: Namespace, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    /// All children with that name.
    pub fn children<'a>(
        &'a self,
        namespace: Namespace,
        name: &'a str,
    ) -> impl Iterator<Item = &'a Element> {
        self.children
            .iter()
            .filter(move |child| child.is(namespace, name))
    }

    /// The first child with that name.
    pub fn child(&self, namespace: Namespace, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    /// The text of the first child with that name, trimmed; `None` when absent or blank.
    pub fn text_of(&self, namespace: Namespace, name: &str) -> Option<String> {
        self.child(namespace, name).and_then(Element::text)
    }

    /// The element's own text, trimmed; `None` when blank.
    pub fn text(&self) -> Option<String> {
        let text = self.text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The value of an attribute without namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Reads one document.
pub(crate) fn parse(document: &[u8]) -> Result<Element, XmlError> {
    let text = std::str::from_utf8(document).map_err(|_| XmlError("the text is not UTF-8"))?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let (resolved, event) = reader
            .read_resolved_event()
            .map_err(|_| XmlError("it is not well-formed"))?;
        match event {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(XmlError("it is nested too deeply"));
                }
                if root.is_some() {
                    return Err(XmlError("there is a second root element"));
                }
                open.push(element(Namespace::of(&resolved)?, &start)?);
            }
            Event::End(_) => {
                let Some(element) = open.pop() else {
                    return Err(XmlError("an element ends that did not begin"));
                };
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => root = Some(element),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content()),
            Event::CData(text) => append(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference
                    .resolve_char_ref()
                    .map_err(|_| XmlError("a character reference is wrong"))?;
                match (character, resolve_predefined_entity(&reference)) {
                    (Some(character), _) => append(&mut open, character.encode_utf8(&mut [0; 4])),
                    (None, Some(text)) => append(&mut open, text),
                    (None, None) => return Err(XmlError("an entity is not defined")),
                }
            }
            Event::DocType(_) => return Err(XmlError("it has a document type")),
            Event::Eof => break,
            _ => {}
        }
    }
    if !open.is_empty() {
        return Err(XmlError("it ends too early"));
    }
    root.ok_or(XmlError("there is no element"))
}

fn element(namespace: Namespace, start: &BytesStart<'_>) -> Result<Element, XmlError> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| XmlError("an attribute is malformed"))?;
        let key = attribute.key.into_inner();
        // Prefixed attributes (xmlns:…, xsi:…) mean nothing to us.
        if !key.contains(':') {
            let value = attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map_err(|_| XmlError("an attribute's value is malformed"))?;
            attributes.push((key.to_owned(), value.into_owned()));
        }
    }
    Ok(Element {
        namespace,
        name: start.local_name().into_inner().to_owned(),
        attributes,
        children: Vec::new(),
        text: String::new(),
    })
}

fn append(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// Writes one document, element by element.
pub(crate) struct Document {
    xml: String,
    open: Vec<&'static str>,
}

impl Document {
    /// A document with the XML declaration and the start of its root element.
    pub fn new(root: &'static str, attributes: &[(&str, &str)]) -> Self {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
        xml.push_str(root);
        for (name, value) in attributes {
            xml.push(' ');
            xml.push_str(name);
            xml.push_str("=\"");
            xml.push_str(&escape(*value));
            xml.push('"');
        }
        xml.push('>');
        Self {
            xml,
            open: vec![root],
        }
    }

    /// Begins an element.
    pub fn begin(&mut self, name: &'static str) -> &mut Self {
        self.tag("<", name);
        self.open.push(name);
        self
    }

    /// Ends the element begun last.
    pub fn end(&mut self) -> &mut Self {
        if let Some(name) = self.open.pop() {
            self.tag("</", name);
        }
        self
    }

    /// An element with text. Characters that XML 1.0 cannot hold become spaces.
    pub fn text(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.tag("<", name);
        let legal: String = text
            .chars()
            .map(|c| if is_legal(c) { c } else { ' ' })
            .collect();
        self.xml.push_str(&escape(legal.as_str()));
        self.tag("</", name);
        self
    }

    /// An element without content.
    pub fn empty(&mut self, name: &'static str) -> &mut Self {
        self.xml.push('<');
        self.xml.push_str(name);
        self.xml.push_str("/>");
        self
    }

    /// Ends what is open and gives the document.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.xml
    }

    fn tag(&mut self, bracket: &str, name: &str) {
        self.xml.push_str(bracket);
        self.xml.push_str(name);
        self.xml.push('>');
    }
}

/// The production `Char` of XML 1.0.
fn is_legal(c: char) -> bool {
    !matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// `text` on one line: control characters, and characters that XML cannot hold, become spaces; runs
/// of white space become one space; the ends are trimmed.
pub(crate) fn one_line(text: &str) -> String {
    let spaced = text.split(|c: char| c.is_whitespace() || c.is_control() || !is_legal(c));
    let words: Vec<&str> = spaced.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests;
