use std::collections::HashSet;

use oxrdf::{Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, Term, Triple};
use oxrdfxml::RdfXmlParser;
use oxttl::{NTriplesParser, TurtleParser};
use proptest::prelude::*;
use time::macros::datetime;

use super::terms::{dc, prov, raid};
use super::{RdfFormat, render, triples};
use crate::vocabulary::{Member, SchemaUri, TermId};
use crate::{
    AlternateIdentifier, AlternateUrl, Classification, ContributorStatus, LocalizedText, Raid,
    RaidRequest, RelatedObject, RelatedRaid, ServerOwned, SpatialCoverage, Subject, generators,
};

const MAXIMAL: &[u8] = include_bytes!("../../../../examples/raid-max.json");
const MAXIMAL_TURTLE: &str = include_str!("../../../../examples/raid-max.ttl");

fn minted(request: RaidRequest) -> Raid {
    let server = ServerOwned {
        handle: "10.82841/9f3c1a7e".parse().unwrap(),
        owner: "https://ror.org/02stey378".parse().unwrap(),
        service_point: 20_000_000,
        agency: "https://ror.org/038sjwq14".parse().unwrap(),
        licence: "Creative Commons CC-0".to_owned(),
        agency_url: Some("https://agency.example.org/raids/10.82841/9f3c1a7e".to_owned()),
        id_prefix: "https://raid.org/".parse().unwrap(),
        now: datetime!(2026-06-22 00:00 UTC),
    };
    Raid::mint(request, server).with_statuses(|person| match person.orcid() {
        Some(_) => ContributorStatus::Authenticated,
        None => ContributorStatus::AwaitingAuthentication,
    })
}

fn maximal() -> Raid {
    minted(RaidRequest::from_json(MAXIMAL).unwrap())
}

/// What a reader of that format understands.
fn read(raid: &Raid, format: RdfFormat) -> Vec<Triple> {
    let bytes = render(raid, format).unwrap();
    let read: Result<Vec<_>, String> = match format {
        RdfFormat::Turtle => TurtleParser::new()
            .for_slice(&bytes)
            .map(|triple| triple.map_err(|e| e.to_string()))
            .collect(),
        RdfFormat::NTriples => NTriplesParser::new()
            .for_slice(&bytes)
            .map(|triple| triple.map_err(|e| e.to_string()))
            .collect(),
        RdfFormat::RdfXml => RdfXmlParser::new()
            .for_slice(&bytes)
            .map(|triple| triple.map_err(|e| e.to_string()))
            .collect(),
    };
    read.unwrap_or_else(|e| panic!("{e} in {:?}", String::from_utf8_lossy(&bytes)))
}

/// The objects of a predicate.
fn objects(
    triples: &[Triple],
    subject: &NamedOrBlankNode,
    predicate: NamedNodeRef<'_>,
) -> Vec<Term> {
    let said = |triple: &&Triple| triple.subject == *subject && triple.predicate == predicate;
    let objects = triples.iter().filter(said);
    objects.map(|triple| triple.object.clone()).collect()
}

fn named(iri: &str) -> NamedOrBlankNode {
    NamedNode::new(iri).unwrap().into()
}

fn texts(texts: &[&str]) -> Vec<Term> {
    let literal = |text: &&str| Literal::new_simple_literal(*text).into();
    texts.iter().map(literal).collect()
}

/// RAiD API, section on the RDF model: every block of the largest example, as a person has read it.
#[test]
fn the_largest_example_in_turtle() {
    let turtle = String::from_utf8(render(&maximal(), RdfFormat::Turtle).unwrap()).unwrap();
    assert!(
        turtle == MAXIMAL_TURTLE,
        "examples/raid-max.ttl is not what examples/raid-max.json becomes. Read this, and save it \
         if it is right:\n{turtle}"
    );
}

/// RAiD API, section on the RDF model: the query of an existing reader for a position.
#[test]
fn a_position_is_found_by_its_iri_and_has_the_dates_of_no_person() {
    let triples = triples(&maximal());
    let position = named("https://vocabulary.raid.org/contributor.position.schema/308");
    let mut holders: Vec<_> = triples
        .iter()
        .filter(|triple| triple.predicate == raid::HAS_POSITION)
        .filter(|triple| triple.object == position.clone().into())
        .map(|triple| triple.subject.to_string())
        .collect();
    holders.sort();
    assert_eq!(
        holders,
        [
            "<https://orcid.org/0000-0001-5109-3700>",
            "<https://orcid.org/0000-0002-1825-0097>"
        ]
    );
    assert_eq!(
        objects(&triples, &position, raid::SCHEMA_URI),
        texts(&["https://vocabulary.raid.org/contributor.position.schema/305"])
    );
    assert_eq!(objects(&triples, &position, raid::START_DATE), []);
    assert_eq!(objects(&triples, &position, raid::END_DATE), []);
}

/// The dates of a position or role, by person or organisation.
#[test]
fn an_association_tells_who_was_what_from_when_to_when() {
    let triples = triples(&maximal());
    let dates = |agent: &str, role: &str| {
        let (agent, role) = (named(agent).into(), named(role).into());
        let associations = objects(
            &triples,
            &named("https://raid.org/10.82841/9f3c1a7e"),
            prov::QUALIFIED_ASSOCIATION,
        );
        let of = |node: &NamedOrBlankNode| {
            objects(&triples, node, prov::AGENT) == std::slice::from_ref(&agent)
                && objects(&triples, node, prov::HAD_ROLE) == std::slice::from_ref(&role)
        };
        let nodes: Vec<NamedOrBlankNode> = associations
            .into_iter()
            .map(|term| term.try_into().unwrap())
            .filter(of)
            .collect();
        assert_eq!(nodes.len(), 1, "{agent} as {role}");
        (
            objects(&triples, &nodes[0], raid::START_DATE),
            objects(&triples, &nodes[0], raid::END_DATE),
        )
    };
    let position = "https://vocabulary.raid.org/contributor.position.schema/308";
    assert_eq!(
        dates("https://orcid.org/0000-0002-1825-0097", position),
        (texts(&["2020-04"]), texts(&["2021-06-30"]))
    );
    assert_eq!(
        dates("https://orcid.org/0000-0001-5109-3700", position),
        (texts(&["2021-07-01"]), texts(&["2030-03-31"]))
    );
    assert_eq!(
        dates(
            "https://ror.org/01ej9dk98",
            "https://vocabulary.raid.org/organisation.role.schema/182"
        ),
        (texts(&["2021-07-01"]), vec![])
    );
    assert_eq!(
        dates(
            "https://orcid.org/0000-0001-5109-3700",
            "https://credit.niso.org/contributor-roles/software/"
        ),
        (vec![], vec![])
    );
}

/// The node of a related RAiD with that id, and the text that it is said to be identified by.
fn related(id: &str) -> (Term, Vec<Term>) {
    let mut raid = maximal();
    raid.related_raid = Some(vec![RelatedRaid {
        id: Some(id.to_owned()),
        kind: None,
    }]);
    let triples = triples(&raid);
    let subject = named("https://raid.org/10.82841/9f3c1a7e");
    let [node] = objects(&triples, &subject, raid::HAS_RELATED_RAID)
        .try_into()
        .unwrap();
    let identifier = match &node {
        Term::BlankNode(blank) => objects(&triples, &blank.clone().into(), dc::IDENTIFIER),
        _ => Vec::new(),
    };
    (node, identifier)
}

/// RAiD API, section on the RDF model: ids are IRIs, where they can be.
#[test]
fn what_an_id_becomes() {
    for (id, iri) in [
        (
            "https://doi.org/10.5438/0012",
            "https://doi.org/10.5438/0012",
        ),
        (
            " https://doi.org/10.5438/0012\n",
            "https://doi.org/10.5438/0012",
        ),
        (
            "https://doi.org/10.1/zone-côtière",
            "https://doi.org/10.1/zone-côtière",
        ),
        (
            "https://doi.org/10.1002/(SICI)1096-8644(199601)99:1<1::AID-A>3.0.CO;2-1",
            "https://doi.org/10.1002/(SICI)1096-8644(199601)99:1%3C1::AID-A%3E3.0.CO;2-1",
        ),
        (
            "http://doi.org/10.1890/0012-9658(2006)87[1564:E]2.0.CO;2",
            "http://doi.org/10.1890/0012-9658(2006)87%5B1564:E%5D2.0.CO;2",
        ),
        (
            "https://a.example/b c\"\\^`{|}\n\u{85}d",
            "https://a.example/b%20c%22%5C%5E%60%7B%7C%7D%0A%C2%85d",
        ),
        (
            "https://a.example/b\u{2028}c\u{A0}d",
            "https://a.example/b%E2%80%A8c%C2%A0d",
        ),
        ("urn:isbn:9780306406157", "urn:isbn:9780306406157"),
        ("https://a.example/100%", "https://a.example/100%25"),
        (
            "https://a.example/100%/50%zz/%C3%A4#one#two#",
            "https://a.example/100%25/50%25zz/%C3%A4#one%23two%23",
        ),
    ] {
        assert_eq!(related(id).0, named(iri).into(), "{id}");
    }
    for id in [
        "10.82841/4k7w2m9t",
        "see annex",
        "urn:a b",
        "urn:a\u{A0}b",
        "https://a.example:port/x y",
        "urn:a%",
        "https://a.example/\u{FFFE}",
        "> . <urn:a> <urn:b> <urn:c",
    ] {
        let (node, identifier) = related(id);
        assert!(matches!(node, Term::BlankNode(_)), "{id} is {node}");
        let carried = id.replace('\u{FFFE}', "\u{FFFD}");
        assert_eq!(identifier, texts(&[&carried]), "{id}");
    }
    let (node, identifier) = related(" ");
    assert!(matches!(node, Term::BlankNode(_)), "{node}");
    assert_eq!(identifier, []);
}

/// RAiD API, section on the RDF model: absent values give no triple.
#[test]
fn what_a_text_becomes() {
    let mut raid = maximal();
    let written = [
        ("Zeile\r\nzwei\rdrei\n\t", &["Zeile\nzwei\ndrei\n\t"][..]),
        ("a\u{0}b\u{B}\u{FFFF}c", &["a\u{FFFD}b\u{FFFD}\u{FFFD}c"]),
        ("<a href=\"x\">&amp;]]>", &["<a href=\"x\">&amp;]]>"]),
        (
            "\u{7F}\u{85}\u{FEFF}\u{1F426}",
            &["\u{7F}\u{85}\u{FEFF}\u{1F426}"],
        ),
        ("", &[]),
        (" \r\n\t", &[]),
    ];
    for (text, carried) in written {
        raid.title.truncate(1);
        raid.title[0].text = Some(text.to_owned());
        for format in [RdfFormat::Turtle, RdfFormat::NTriples, RdfFormat::RdfXml] {
            let triples = read(&raid, format);
            let title = triples
                .iter()
                .find(|triple| triple.predicate == raid::HAS_TITLE)
                .map(|triple| triple.object.clone().try_into().unwrap())
                .unwrap();
            let said = objects(&triples, &title, dc::TITLE);
            assert_eq!(said, texts(carried), "{text:?} in {format:?}");
        }
    }
}

/// Texts that have broken a document before: markup, quotes, line ends, controls, half an address.
fn hostile() -> impl Strategy<Value = String> {
    let nasty = "[ \t\r\n<>&\"'\\\\{}|^`%:/#?@.;,_a-z\\[\\]\u{0}-\u{1F}\u{7F}-\u{9F}\u{2028}\u{FEFF}\u{FFFD}\u{FFFE}\u{FFFF}\u{10FFFF}]{0,24}";
    prop_oneof![
        any::<String>(),
        nasty,
        nasty.prop_map(|text| format!("https://doi.org/{text}")),
        Just("https://orcid.org/0000-0002-1825-0097".to_owned()),
        Just("]]>\"\"\"' . <urn:a> <urn:b> <urn:c> .".to_owned()),
    ]
}

fn localized() -> impl Strategy<Value = Vec<LocalizedText>> {
    let text = hostile().prop_map(|text| LocalizedText {
        text: Some(text),
        language: None,
    });
    proptest::collection::vec(text, 0..3)
}

fn known<M: Member>() -> (Option<TermId<M>>, Option<SchemaUri<M>>) {
    let vocabulary = M::vocabulary();
    let id = vocabulary.terms.first().map(|term| term.id);
    let schema_uri = vocabulary.schema_uris.first().copied();
    (
        id.and_then(TermId::new),
        schema_uri.and_then(SchemaUri::new),
    )
}

fn classification<M: Member>() -> Classification<M> {
    let (id, schema_uri) = known();
    Classification { id, schema_uri }
}

/// A record whose texts and ids are hostile, also where validation would refuse them: older records
/// were checked less.
fn record() -> impl Strategy<Value = Raid> {
    let texts = proptest::collection::vec(hostile(), 12);
    let absent = proptest::option::of(hostile());
    (generators::raid_request(), texts, localized(), absent).prop_map(
        |(request, texts, localized, absent)| {
            let mut texts = texts.into_iter();
            let mut next = || texts.next();
            let mut raid = minted(request);
            raid.title[0].text = next();
            raid.title[0].end_date = next();
            raid.contributor[0].uuid = next();
            raid.contributor[0].id = next();
            raid.identifier.license = next().unwrap_or_default();
            raid.identifier.raid_agency_url = next();
            raid.subject = Some(vec![Subject {
                id: next(),
                keyword: Some(localized.clone()),
                schema_uri: known().1,
            }]);
            let other = RelatedRaid {
                id: next(),
                kind: Some(classification()),
            };
            raid.related_raid = Some(vec![other.clone(), other, RelatedRaid::default()]);
            raid.related_object = Some(vec![RelatedObject {
                id: next(),
                category: Some(vec![classification()]),
                schema_uri: known().1,
                kind: Some(classification()),
            }]);
            raid.alternate_identifier = Some(vec![AlternateIdentifier {
                id: next(),
                kind: absent,
            }]);
            raid.alternate_url = Some(vec![AlternateUrl { url: next() }]);
            raid.spatial_coverage = Some(vec![SpatialCoverage {
                id: next(),
                place: Some(localized),
                schema_uri: known().1,
            }]);
            raid
        },
    )
}

proptest! {
    // Each case writes and reads the record many times.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn all_formats_say_the_same_each_time(raid in record()) {
        let said = triples(&raid);
        let expected: HashSet<Triple> = said.iter().cloned().collect();
        prop_assert_eq!(expected.len(), said.len(), "a triple comes twice");
        for format in [RdfFormat::Turtle, RdfFormat::NTriples, RdfFormat::RdfXml] {
            let read: HashSet<Triple> = read(&raid, format).into_iter().collect();
            prop_assert_eq!(&read, &expected, "in {:?}", format);
            prop_assert_eq!(render(&raid, format).unwrap(), render(&raid, format).unwrap());
        }
    }
}
