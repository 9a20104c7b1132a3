//! XML as a namespace-aware tree, read strictly.
//!
//! Messages are small, so a whole document becomes a tree first and is then compared with the
//! schema (see [`schema`]). Well-formedness errors and schema errors stay apart because ORCID
//! answers them with different codes.

pub(crate) mod schema;
pub(crate) mod write;

use quick_xml::NsReader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// Namespaces of ORCID's messages (API v3.0).
pub(crate) mod ns {
    pub(crate) const COMMON: &str = "http://www.orcid.org/ns/common";
    pub(crate) const MEMBERSHIP: &str = "http://www.orcid.org/ns/membership";
    pub(crate) const NOTIFICATION: &str = "http://www.orcid.org/ns/notification";
    pub(crate) const ACTIVITIES: &str = "http://www.orcid.org/ns/activities";
    pub(crate) const RECORD: &str = "http://www.orcid.org/ns/record";
    pub(crate) const PERSON: &str = "http://www.orcid.org/ns/person";
    pub(crate) const PERSONAL_DETAILS: &str = "http://www.orcid.org/ns/personal-details";
    pub(crate) const EMAIL: &str = "http://www.orcid.org/ns/email";
    pub(crate) const PREFERENCES: &str = "http://www.orcid.org/ns/preferences";
    pub(crate) const ERROR: &str = "http://www.orcid.org/ns/error";
    pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
}

const MAX_DEPTH: usize = 32;
const MAX_ELEMENTS: usize = 20_000;

/// The document is not well-formed XML 1.0 with namespaces.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(String);

/// One element with its resolved namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) namespace: String,
    pub(crate) local: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Element>,
    /// All character data directly inside this element, in order.
    pub(crate) text: String,
}

/// One attribute; `namespace` is empty for the usual unqualified one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) namespace: String,
    pub(crate) local: String,
    pub(crate) value: String,
}

/// Reads one document.
pub(crate) fn parse(bytes: &[u8]) -> Result<Element, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|e| Malformed(format!("not UTF-8: {e}")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(bad) = text.chars().find(|c| !is_xml_char(*c)) {
        return Err(invalid_char(bad));
    }
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut tree = Tree::default();
    loop {
        let (resolved, event) = reader
            .read_resolved_event()
            .map_err(|e| Malformed(e.to_string()))?;
        match event {
            Event::Start(start) => {
                let namespace = namespace(&resolved)?;
                let element = open(&reader, namespace, &start)?;
                tree.open(element)?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => {
                let text = text.xml10_content();
                if text.contains("]]>") {
                    return Err(Malformed("']]>' must not appear in content".into()));
                }
                tree.text(&text)?;
            }
            Event::CData(data) => {
                tree.text(&data.xml10_content())?;
            }
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(c)) if is_xml_char(c) => c.to_string(),
                    Ok(Some(c)) => return Err(invalid_char(c)),
                    Ok(None) => {
                        let name: &str = &reference;
                        resolve_predefined_entity(name)
                            .ok_or_else(|| {
                                Malformed(format!(
                                    "The entity \"{name}\" was referenced, but not declared."
                                ))
                            })?
                            .to_string()
                    }
                    Err(e) => return Err(Malformed(e.to_string())),
                };
                tree.text(&resolved)?;
            }
            Event::DocType(_) => return Err(Malformed("DOCTYPE is disallowed".into())),
            Event::Eof => return tree.finish(),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
        }
    }
}

fn invalid_char(c: char) -> Malformed {
    Malformed(format!(
        "An invalid XML character (Unicode: 0x{:x}) was found",
        u32::from(c)
    ))
}

/// The `Char` production of XML 1.0, <https://www.w3.org/TR/xml/#charsets>.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn namespace(resolved: &ResolveResult<'_>) -> Result<String, Malformed> {
    match resolved {
        ResolveResult::Bound(namespace) => Ok(namespace.as_ref().to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => {
            Err(Malformed(format!("The prefix \"{prefix}\" is not bound.")))
        }
    }
}

fn open(
    reader: &NsReader<&[u8]>,
    namespace: String,
    start: &BytesStart<'_>,
) -> Result<Element, Malformed> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| Malformed(e.to_string()))?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        if attribute.value.contains('<') {
            return Err(Malformed("an attribute value must not contain '<'".into()));
        }
        let (resolved, local) = reader.resolver().resolve_attribute(attribute.key);
        attributes.push(Attribute {
            namespace: self::namespace(&resolved)?,
            local: local.as_ref().to_owned(),
            value: attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map_err(|e| Malformed(e.to_string()))?
                .into_owned(),
        });
    }
    Ok(Element {
        namespace,
        local: start.local_name().as_ref().to_owned(),
        attributes,
        children: Vec::new(),
        text: String::new(),
    })
}

#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn open(&mut self, element: Element) -> Result<(), Malformed> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(Malformed("more than one root element".into()));
        }
        self.elements += 1;
        if self.open.len() >= MAX_DEPTH || self.elements > MAX_ELEMENTS {
            return Err(Malformed("the document is too deep or too large".into()));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Malformed> {
        let element = self
            .open
            .pop()
            .ok_or_else(|| Malformed("unexpected end tag".into()))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Malformed> {
        match self.open.last_mut() {
            Some(element) => {
                element.text.push_str(text);
                Ok(())
            }
            None if text.trim().is_empty() => Ok(()),
            None => Err(Malformed(
                "Content is not allowed outside the root element.".into(),
            )),
        }
    }

    fn finish(self) -> Result<Element, Malformed> {
        if let Some(element) = self.open.last() {
            return Err(Malformed(format!(
                "the element '{}' is not closed",
                element.local
            )));
        }
        self.root
            .ok_or_else(|| Malformed("Premature end of file.".into()))
    }
}

#[cfg(test)]
mod tests;
