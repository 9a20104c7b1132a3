//! What the RDF of a record says, block by block.

use oxrdf::vocab::rdf;
use oxrdf::{NamedNode, NamedNodeRef, NamedOrBlankNode};

use super::graph::Graph;
use super::terms::{dc, prov, raid, schema, skos};
use crate::vocabulary::{SchemaUri, TermId};
use crate::{
    Access, Classification, Contributor, ContributorStatus, Description, Identifier, Language,
    LocalizedText, Organisation, Raid, RelatedObject, RelatedRaid, SpatialCoverage, Subject, Title,
};

/// Says everything of a record.
pub(super) fn record(graph: &mut Graph, record: &Raid) {
    let node = graph.node("raid", Some(&record.identifier.id.to_string()));
    graph.link(&node, rdf::TYPE, raid::RAID.into_owned());
    identifier(graph, &node, &record.identifier);
    period(
        graph,
        &node,
        record.date.start_date.as_deref(),
        record.date.end_date.as_deref(),
    );
    for it in &record.title {
        title(graph, &node, it);
    }
    for it in each(record.description.as_ref()) {
        description(graph, &node, it);
    }
    access(graph, &node, &record.access);
    for it in &record.contributor {
        contributor(graph, &node, it);
    }
    for it in each(record.organisation.as_ref()) {
        organisation(graph, &node, it);
    }
    for it in each(record.subject.as_ref()) {
        subject(graph, &node, it);
    }
    for it in each(record.related_raid.as_ref()) {
        related_raid(graph, &node, it);
    }
    for it in each(record.related_object.as_ref()) {
        related_object(graph, &node, it);
    }
    for it in each(record.alternate_url.as_ref()) {
        graph.literal(&node, raid::ALTERNATE_URL, it.url.as_deref());
    }
    for it in each(record.alternate_identifier.as_ref()) {
        let alternate = graph.blank("alternateIdentifier");
        graph.link(&node, raid::ALTERNATE_IDENTIFIER, alternate.clone());
        graph.literal(&alternate, dc::IDENTIFIER, it.id.as_deref());
        graph.literal(&alternate, dc::TYPE, it.kind.as_deref());
    }
    for it in each(record.spatial_coverage.as_ref()) {
        spatial_coverage(graph, &node, it);
    }
}

fn each<T>(list: Option<&Vec<T>>) -> impl Iterator<Item = &T> {
    list.into_iter().flatten()
}

fn identifier(graph: &mut Graph, node: &NamedOrBlankNode, block: &Identifier) {
    let schema_uri = block.schema_uri.map(|uri| uri.as_str());
    graph.literal(node, dc::IDENTIFIER, Some(&block.id.to_string()));
    graph.literal(node, raid::SCHEMA_URI, schema_uri);
    graph.literal(node, raid::VERSION, Some(&block.version.to_string()));
    graph.literal(node, dc::LICENSE, Some(&block.license));
    graph.literal(
        node,
        raid::RAID_AGENCY_URL,
        block.raid_agency_url.as_deref(),
    );

    let agency = &block.registration_agency;
    let agency_node = graph.node("organisation", Some(&agency.id.to_string()));
    let schema_uri = agency.schema_uri.map(|uri| uri.as_str());
    graph.link(node, raid::REGISTRATION_AGENCY, agency_node.clone());
    graph.literal(&agency_node, raid::SCHEMA_URI, schema_uri);

    let owner = &block.owner;
    let owner_node = graph.node("organisation", Some(&owner.id.to_string()));
    let schema_uri = owner.schema_uri.map(|uri| uri.as_str());
    let service_point = owner.service_point.to_string();
    graph.link(node, raid::OWNER, owner_node.clone());
    graph.literal(&owner_node, raid::SCHEMA_URI, schema_uri);
    graph.literal(&owner_node, raid::SERVICE_POINT, Some(&service_point));
}

fn title(graph: &mut Graph, of: &NamedOrBlankNode, block: &Title) {
    let node = graph.blank("title");
    graph.link(of, raid::HAS_TITLE, node.clone());
    graph.literal(&node, dc::TITLE, block.text.as_deref());
    graph.literal(&node, dc::TYPE, id(block.kind.as_ref()));
    period(
        graph,
        &node,
        block.start_date.as_deref(),
        block.end_date.as_deref(),
    );
    language(graph, &node, block.language.as_ref());
}

fn description(graph: &mut Graph, of: &NamedOrBlankNode, block: &Description) {
    let node = graph.blank("description");
    graph.link(of, raid::HAS_DESCRIPTION, node.clone());
    graph.literal(&node, dc::DESCRIPTION, block.text.as_deref());
    graph.literal(&node, dc::TYPE, id(block.kind.as_ref()));
    language(graph, &node, block.language.as_ref());
}

fn access(graph: &mut Graph, of: &NamedOrBlankNode, block: &Access) {
    let node = graph.blank("access");
    graph.link(of, raid::HAS_ACCESS, node.clone());
    graph.literal(&node, raid::ACCESS_TYPE, id(block.kind.as_ref()));
    if let Some(statement) = &block.statement {
        let kind = "accessStatement";
        labelled(graph, &node, raid::ACCESS_STATEMENT, kind, statement);
    }
    let expiry = block.embargo_expiry.map(|day| day.to_string());
    graph.literal(&node, raid::EMBARGO_EXPIRY, expiry.as_deref());
}

fn contributor(graph: &mut Graph, of: &NamedOrBlankNode, block: &Contributor) {
    let node = graph.node("contributor", block.id.as_deref());
    graph.link(of, raid::HAS_CONTRIBUTOR, node.clone());
    let schema_uri = block.schema_uri.map(|uri| uri.as_str());
    graph.literal(&node, raid::SCHEMA_URI, schema_uri);
    let status = block.status.map(ContributorStatus::as_str);
    graph.literal(&node, raid::STATUS, status);
    graph.literal(&node, raid::UUID, block.uuid.as_deref());
    let is = |flag: Option<bool>| flag.filter(|flag| *flag).map(|_| "true");
    graph.literal(&node, raid::IS_LEADER, is(block.leader));
    graph.literal(&node, raid::IS_CONTACT, is(block.contact));
    for it in block.positions() {
        let position = term(graph, &node, raid::HAS_POSITION, (it.id, it.schema_uri));
        let (start, end) = (it.start_date.as_deref(), it.end_date.as_deref());
        association(graph, of, &node, position, (start, end));
    }
    for it in block.roles() {
        let role = term(graph, &node, raid::HAS_ROLE, (it.id, it.schema_uri));
        association(graph, of, &node, role, (None, None));
    }
}

fn organisation(graph: &mut Graph, of: &NamedOrBlankNode, block: &Organisation) {
    let node = graph.node("organisation", block.id.as_deref());
    graph.link(of, raid::HAS_ORGANISATION, node.clone());
    let schema_uri = block.schema_uri.map(|uri| uri.as_str());
    graph.literal(&node, raid::SCHEMA_URI, schema_uri);
    for it in each(block.role.as_ref()) {
        let role = term(graph, &node, raid::HAS_ROLE, (it.id, it.schema_uri));
        let (start, end) = (it.start_date.as_deref(), it.end_date.as_deref());
        association(graph, of, &node, role, (start, end));
    }
}

/// One time that an agent was something in the project. Hangs on the RAiD, so that it stays clear
/// which project is meant when several records are read into one store.
fn association(
    graph: &mut Graph,
    of: &NamedOrBlankNode,
    agent: &NamedOrBlankNode,
    role: Option<NamedNode>,
    (start, end): (Option<&str>, Option<&str>),
) {
    let node = graph.blank("association");
    graph.link(of, prov::QUALIFIED_ASSOCIATION, node.clone());
    graph.link(&node, prov::AGENT, agent.clone());
    if let Some(role) = role {
        graph.link(&node, prov::HAD_ROLE, role);
    }
    period(graph, &node, start, end);
}

fn subject(graph: &mut Graph, of: &NamedOrBlankNode, block: &Subject) {
    let node = graph.node("subject", block.id.as_deref());
    graph.link(of, dc::SUBJECT, node.clone());
    let schema_uri = block.schema_uri.map(|uri| uri.as_str());
    graph.literal(&node, raid::SCHEMA_URI, schema_uri);
    for it in each(block.keyword.as_ref()) {
        labelled(graph, &node, raid::KEYWORD, "keyword", it);
    }
}

fn related_raid(graph: &mut Graph, of: &NamedOrBlankNode, block: &RelatedRaid) {
    let node = graph.node("relatedRaid", block.id.as_deref());
    graph.link(of, raid::HAS_RELATED_RAID, node.clone());
    if let Some(kind) = block.kind {
        let kind = (kind.id, kind.schema_uri);
        term(graph, &node, raid::RELATION_TYPE, kind);
    }
}

fn related_object(graph: &mut Graph, of: &NamedOrBlankNode, block: &RelatedObject) {
    let node = graph.node("relatedObject", block.id.as_deref());
    graph.link(of, raid::HAS_RELATED_OBJECT, node.clone());
    let schema_uri = block.schema_uri.map(|uri| uri.as_str());
    graph.literal(&node, raid::SCHEMA_URI, schema_uri);
    if let Some(kind) = block.kind {
        term(graph, &node, dc::TYPE, (kind.id, kind.schema_uri));
    }
    for it in each(block.category.as_ref()) {
        term(graph, &node, raid::CATEGORY, (it.id, it.schema_uri));
    }
}

fn spatial_coverage(graph: &mut Graph, of: &NamedOrBlankNode, block: &SpatialCoverage) {
    let node = graph.node("spatialCoverage", block.id.as_deref());
    graph.link(of, dc::SPATIAL, node.clone());
    let schema_uri = block.schema_uri.map(|uri| uri.as_str());
    graph.literal(&node, raid::SCHEMA_URI, schema_uri);
    for it in each(block.place.as_ref()) {
        labelled(graph, &node, schema::PLACE, "place", it);
    }
}

fn period(graph: &mut Graph, node: &NamedOrBlankNode, start: Option<&str>, end: Option<&str>) {
    graph.literal(node, raid::START_DATE, start);
    graph.literal(node, raid::END_DATE, end);
}

/// Says a text and its language.
fn labelled(
    graph: &mut Graph,
    subject: &NamedOrBlankNode,
    predicate: NamedNodeRef<'_>,
    kind: &'static str,
    text: &LocalizedText,
) {
    let node = graph.blank(kind);
    graph.link(subject, predicate, node.clone());
    graph.literal(&node, skos::PREF_LABEL, text.text.as_deref());
    language(graph, &node, text.language.as_ref());
}

fn language(graph: &mut Graph, node: &NamedOrBlankNode, language: Option<&Language>) {
    let code = language.and_then(|language| language.id.as_deref());
    graph.literal(node, dc::LANGUAGE, code);
}

fn id<M>(of: Option<&Classification<M>>) -> Option<&'static str> {
    Some(of?.id.as_ref()?.as_str())
}

/// Says a term of a vocabulary, and the vocabulary of the term. Terms whose id is absent are not
/// said.
fn term<M>(
    graph: &mut Graph,
    subject: &NamedOrBlankNode,
    predicate: NamedNodeRef<'_>,
    (id, schema_uri): (Option<TermId<M>>, Option<SchemaUri<M>>),
) -> Option<NamedNode> {
    let node = NamedNode::new(id?.as_str()).ok()?;
    graph.link(subject, predicate, node.clone());
    let schema_uri = schema_uri.as_ref().map(SchemaUri::as_str);
    graph.literal(&node.clone().into(), raid::SCHEMA_URI, schema_uri);
    Some(node)
}
