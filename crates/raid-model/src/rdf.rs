//! A record as RDF, in the model of the RAiD API.
//!
//! Subjects, predicates, literals and prefixes are those of the RAiD API: literals are plain
//! strings, what is absent or blank gives no triple. One thing differs. There, a position or role is
//! the IRI of its vocabulary and carries the dates of everybody who ever held it. Here that IRI has
//! no dates, and each time in a position or role is an association of its own (PROV-O,
//! <https://www.w3.org/TR/prov-o/#qualifiedAssociation>), which names the person or organisation,
//! the position or role, and the dates. `raid:hasPosition` and `raid:hasRole` stay as they are.
//!
//! The same record gives the same bytes, and every format the same triples.

mod describe;
mod graph;
mod terms;

use std::io;

use oxrdf::Triple;
use oxrdfxml::RdfXmlSerializer;
use oxttl::{NTriplesSerializer, TurtleSerializer};

use crate::Raid;
use graph::Graph;

/// How RDF is written down. Always in UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RdfFormat {
    /// RDF 1.1 Turtle.
    Turtle,
    /// RDF 1.1 N-Triples.
    NTriples,
    /// RDF 1.1 XML Syntax, in XML 1.0.
    RdfXml,
}

/// A record could not be written as RDF.
#[derive(Debug, thiserror::Error)]
#[error("the record cannot be written as RDF: {0}")]
pub struct RdfError(#[from] io::Error);

/// The record in that format.
///
/// Any text can be written: what XML cannot hold comes as U+FFFD, line ends as line feeds.
///
/// # Errors
/// None that a record could cause; the writers of the formats are fallible by their signature.
pub fn render(raid: &Raid, format: RdfFormat) -> Result<Vec<u8>, RdfError> {
    let triples = triples(raid);
    let bytes = match format {
        RdfFormat::Turtle => turtle(&triples),
        RdfFormat::NTriples => n_triples(&triples),
        RdfFormat::RdfXml => rdf_xml(&triples),
    };
    Ok(bytes?)
}

fn triples(raid: &Raid) -> Vec<Triple> {
    let mut graph = Graph::default();
    describe::record(&mut graph, raid);
    graph.into_triples()
}

fn turtle(triples: &[Triple]) -> io::Result<Vec<u8>> {
    let start = TurtleSerializer::new();
    let mut serializer = terms::PREFIXES
        .iter()
        .try_fold(start, |it, (name, iri)| it.with_prefix(*name, *iri))
        .map_err(io::Error::other)?
        .for_writer(Vec::new());
    for triple in triples {
        serializer.serialize_triple(triple)?;
    }
    serializer.finish()
}

fn n_triples(triples: &[Triple]) -> io::Result<Vec<u8>> {
    let mut serializer = NTriplesSerializer::new().for_writer(Vec::new());
    for triple in triples {
        serializer.serialize_triple(triple)?;
    }
    Ok(serializer.finish())
}

fn rdf_xml(triples: &[Triple]) -> io::Result<Vec<u8>> {
    let start = RdfXmlSerializer::new();
    let mut serializer = terms::PREFIXES
        .iter()
        .try_fold(start, |it, (name, iri)| it.with_prefix(*name, *iri))
        .map_err(io::Error::other)?
        .for_writer(Vec::new());
    for triple in triples {
        serializer.serialize_triple(triple)?;
    }
    serializer.finish()
}

#[cfg(test)]
mod tests;
