//! The names that the RDF of a record is made of.

use oxrdf::NamedNodeRef;

/// Every prefix that a document declares. The RAiD API declares all but `prov`, used or not.
pub(super) const PREFIXES: &[(&str, &str)] = &[
    ("raid", "https://raid.org/schema#"),
    ("dc", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("coar", "https://vocabularies.coar-repositories.org/"),
    ("schema", "https://schema.org/"),
    ("bibo", "http://purl.org/ontology/bibo/"),
    ("geo", "http://www.w3.org/2003/01/geo/wgs84_pos#"),
    ("prov", "http://www.w3.org/ns/prov#"),
];

macro_rules! terms {
    ($($vocabulary:ident $namespace:literal { $($name:ident = $local:literal),+ $(,)? })+) => {$(
        pub(super) mod $vocabulary {
            use super::NamedNodeRef;

            $(pub(in crate::rdf) const $name: NamedNodeRef<'static> =
                NamedNodeRef::new_unchecked(concat!($namespace, $local));)+
        }
    )+};
}

terms! {
    raid "https://raid.org/schema#" {
        RAID = "RAiD",
        ACCESS_STATEMENT = "accessStatement",
        ACCESS_TYPE = "accessType",
        ALTERNATE_IDENTIFIER = "alternateIdentifier",
        ALTERNATE_URL = "alternateUrl",
        CATEGORY = "category",
        EMBARGO_EXPIRY = "embargoExpiry",
        END_DATE = "endDate",
        HAS_ACCESS = "hasAccess",
        HAS_CONTRIBUTOR = "hasContributor",
        HAS_DESCRIPTION = "hasDescription",
        HAS_ORGANISATION = "hasOrganisation",
        HAS_POSITION = "hasPosition",
        HAS_RELATED_OBJECT = "hasRelatedObject",
        HAS_RELATED_RAID = "hasRelatedRaid",
        HAS_ROLE = "hasRole",
        HAS_TITLE = "hasTitle",
        IS_CONTACT = "isContact",
        IS_LEADER = "isLeader",
        KEYWORD = "keyword",
        OWNER = "owner",
        RAID_AGENCY_URL = "raidAgencyUrl",
        REGISTRATION_AGENCY = "registrationAgency",
        RELATION_TYPE = "relationType",
        SCHEMA_URI = "schemaUri",
        SERVICE_POINT = "servicePoint",
        START_DATE = "startDate",
        STATUS = "status",
        UUID = "uuid",
        VERSION = "version",
    }
    dc "http://purl.org/dc/terms/" {
        DESCRIPTION = "description",
        IDENTIFIER = "identifier",
        LANGUAGE = "language",
        LICENSE = "license",
        SPATIAL = "spatial",
        SUBJECT = "subject",
        TITLE = "title",
        TYPE = "type",
    }
    prov "http://www.w3.org/ns/prov#" {
        AGENT = "agent",
        HAD_ROLE = "hadRole",
        QUALIFIED_ASSOCIATION = "qualifiedAssociation",
    }
    schema "https://schema.org/" {
        PLACE = "Place",
    }
    skos "http://www.w3.org/2004/02/skos/core#" {
        PREF_LABEL = "prefLabel",
    }
}
