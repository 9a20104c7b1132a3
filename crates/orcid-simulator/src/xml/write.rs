//! Writing XML: elements with fixed prefixes, text escaped.

use quick_xml::escape::escape;

use super::ns;

/// Prefix and namespace of everything that the simulator writes.
const PREFIXES: &[(&str, &str)] = &[
    ("common", ns::COMMON),
    ("membership", ns::MEMBERSHIP),
    ("notification", ns::NOTIFICATION),
    ("activities", ns::ACTIVITIES),
    ("record", ns::RECORD),
    ("person", ns::PERSON),
    ("personal-details", ns::PERSONAL_DETAILS),
    ("email", ns::EMAIL),
    ("preferences", ns::PREFERENCES),
    ("error", ns::ERROR),
];

/// A document under construction. Names are written with the fixed prefixes, as `common:year`.
pub(crate) struct Writer {
    out: String,
    open: Vec<&'static str>,
}

impl Writer {
    /// Starts a document; the root declares all prefixes.
    pub(crate) fn document(root: &'static str, attributes: &[(&str, String)]) -> Self {
        let mut writer = Self {
            out: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"),
            open: Vec::new(),
        };
        let mut all: Vec<(String, String)> = PREFIXES
            .iter()
            .map(|(prefix, namespace)| (format!("xmlns:{prefix}"), (*namespace).to_owned()))
            .collect();
        all.extend(
            attributes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        let all: Vec<(&str, String)> = all.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
        writer.start(root, &all);
        writer
    }

    /// Opens an element.
    pub(crate) fn start(&mut self, name: &'static str, attributes: &[(&str, String)]) {
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in attributes {
            self.out.push(' ');
            self.out.push_str(attribute);
            self.out.push_str("=\"");
            self.out.push_str(&escape(value.as_str()));
            self.out.push('"');
        }
        self.out.push('>');
        self.open.push(name);
    }

    /// Closes the element opened last.
    pub(crate) fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    /// An element with text only.
    pub(crate) fn text(&mut self, name: &'static str, value: &str) {
        self.text_with(name, &[], value);
    }

    /// An element with attributes and text.
    pub(crate) fn text_with(
        &mut self,
        name: &'static str,
        attributes: &[(&str, String)],
        value: &str,
    ) {
        self.start(name, attributes);
        self.out.push_str(&escape(value));
        self.end();
    }

    /// As [`Writer::text`], nothing for `None`.
    pub(crate) fn optional(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// Closes what is open and gives the document.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.end();
        }
        self.out.into_bytes()
    }
}
