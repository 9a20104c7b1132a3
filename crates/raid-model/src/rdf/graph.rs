//! Triples in the making: nodes from any text, literals, and an order that reads well.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use oxrdf::{BlankNode, Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, Term, Triple};

use super::terms::dc;

/// What is said so far.
#[derive(Default)]
pub(super) struct Graph {
    triples: Vec<Triple>,
    /// How many blank nodes of each kind there are.
    blanks: BTreeMap<&'static str, u32>,
}

impl Graph {
    /// A new blank node, named after its kind and place: the same in each rendering of a record.
    pub(super) fn blank(&mut self, kind: &'static str) -> NamedOrBlankNode {
        let number = self.blanks.entry(kind).or_default();
        *number += 1;
        BlankNode::new_unchecked(format!("{kind}{number}")).into()
    }

    /// The node that an id names. An id that is no IRI, or none, makes a blank node, which has the
    /// id as its `dc:identifier`.
    pub(super) fn node(&mut self, kind: &'static str, id: Option<&str>) -> NamedOrBlankNode {
        if let Some(iri) = id.and_then(iri) {
            return iri.into();
        }
        let node = self.blank(kind);
        self.literal(&node, dc::IDENTIFIER, id);
        node
    }

    /// Says that two nodes are related.
    pub(super) fn link(
        &mut self,
        subject: &NamedOrBlankNode,
        predicate: NamedNodeRef<'_>,
        object: impl Into<Term>,
    ) {
        self.triples
            .push(Triple::new(subject.clone(), predicate, object));
    }

    /// Says a text of a node, if there is something to read in it.
    pub(super) fn literal(
        &mut self,
        subject: &NamedOrBlankNode,
        predicate: NamedNodeRef<'_>,
        text: Option<&str>,
    ) {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            self.link(
                subject,
                predicate,
                Literal::new_simple_literal(carried(text)),
            );
        }
    }

    /// Each triple once, subjects in the order in which they came up. Those of one subject stand
    /// together, and of these, those of one predicate: so the formats come out short.
    pub(super) fn into_triples(self) -> Vec<Triple> {
        let mut subjects = HashMap::new();
        let mut predicates = HashMap::new();
        for (place, triple) in self.triples.iter().enumerate() {
            let subject = &triple.subject;
            subjects.entry(subject).or_insert(place);
            predicates
                .entry((subject, &triple.predicate))
                .or_insert(place);
        }
        let place = |triple: &&Triple| {
            let subject = &triple.subject;
            (
                subjects.get(subject).copied(),
                predicates.get(&(subject, &triple.predicate)).copied(),
            )
        };
        let mut ordered: Vec<&Triple> = self.triples.iter().collect();
        ordered.sort_by_key(place);
        let mut seen = HashSet::new();
        let once = ordered.into_iter().filter(|triple| seen.insert(*triple));
        once.cloned().collect()
    }
}

/// The IRI (RFC 3987) that a text is. In a web address, characters that no IRI may hold are
/// percent-encoded, as a browser would: there are DOIs with `<` and `[`. So are every `#` but the
/// first, and a `%` that encodes nothing. White space beyond ASCII, which RFC 3987 allows, counts
/// among them: there are readers that stumble over it.
fn iri(text: &str) -> Option<NamedNode> {
    let text = text.trim();
    let as_it_is = (!text.contains(char::is_whitespace)).then(|| NamedNode::new(text).ok());
    as_it_is.flatten().or_else(|| {
        let is_web = text.starts_with("https://") || text.starts_with("http://");
        is_web
            .then(|| NamedNode::new(percent_encoded(text)).ok())
            .flatten()
    })
}

fn percent_encoded(text: &str) -> String {
    let is_foreign = |character: char| {
        character.is_control() || character.is_whitespace() || "\"<>[\\]^`{|}".contains(character)
    };
    let fragment = text.find('#');
    let mut encoded = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        let is_misplaced = match character {
            '#' => fragment != Some(at),
            '%' => !encodes_a_byte(&text[at..]),
            _ => false,
        };
        if is_misplaced || is_foreign(character) {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                // Writing to a text cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(character);
        }
    }
    encoded
}

/// Whether a text that begins with `%` goes on with two hexadecimal digits.
fn encodes_a_byte(text: &str) -> bool {
    let digits = text.as_bytes().get(1..3);
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// The text as every format carries it: XML 1.0 has no other line end than a line feed, and of the
/// control characters only the tab.
fn carried(text: &str) -> String {
    let carried = |character| match character {
        '\r' => '\n',
        '\t' | '\n' | ' '..='\u{FFFD}' | '\u{10000}'.. => character,
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.replace("\r\n", "\n").chars().map(carried).collect()
}
