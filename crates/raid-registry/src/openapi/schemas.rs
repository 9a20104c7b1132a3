//! The shapes of bodies, block by block. The lists of allowed values come from the vocabularies.

use utoipa::openapi::schema::Object;
use utoipa::openapi::{RefOr, Schema};

use super::shapes::{
    Member, block, classification, date, day, flag, list, list_of, may, must, named, number,
    object, one_of, read_only, schema_uri, term, text,
};
use super::{messages, operator_messages, orcid_messages, owner_messages};

/// Every schema by its name.
pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    let mut schemas = Vec::new();
    schemas.extend(project_blocks());
    schemas.extend(people_blocks());
    schemas.extend(registry_blocks());
    schemas.extend(connection_blocks());
    schemas.extend(messages::all());
    schemas.extend(operator_messages::all());
    schemas.extend(orcid_messages::all());
    schemas.extend(owner_messages::all());
    schemas.extend([
        ("RaidDto", raid(&["identifier", "metadata"]).into()),
        ("RaidCreateRequest", raid(&[]).into()),
        ("RaidUpdateRequest", raid(&["identifier"]).into()),
        (
            "RaidPatchRequest",
            object([must("contributor", list_of("Contributor"), "All of them")]).into(),
        ),
    ]);
    schemas
}

/// A RAiD: the blocks that must be there are the same for all, and `besides`.
fn raid(besides: &[&str]) -> Object {
    let block = |name: &'static str, object: &'static str, text| {
        let is_required = ["access", "contributor", "date", "title"].contains(&name);
        let is_list = !["access", "date", "identifier", "metadata"].contains(&name);
        let schema = if is_list {
            list_of(object)
        } else {
            named(object)
        };
        Member {
            name,
            schema,
            text,
            is_required: is_required || besides.contains(&name),
        }
    };
    object([
        block("access", "Access", "Who may see the record"),
        block("alternateIdentifier", "AlternateIdentifier", ""),
        block("alternateUrl", "AlternateUrl", "Web pages of the project"),
        block("contributor", "Contributor", "People"),
        block("date", "Date", "When the project runs"),
        block("description", "Description", ""),
        block("identifier", "Id", "What the registry says about the RAiD"),
        block("metadata", "Metadata", "The server's own"),
        block("organisation", "Organisation", ""),
        block("relatedObject", "RelatedObject", "What was used or made"),
        block("relatedRaid", "RelatedRaid", ""),
        block("spatialCoverage", "SpatialCoverage", "Places"),
        block("subject", "Subject", ""),
        block("title", "Title", "At least one is primary"),
    ])
}

fn start() -> Member {
    must("startDate", date(), "`YYYY`, `YYYY-MM` or `YYYY-MM-DD`")
}

fn end() -> Member {
    let text = "Not before the start; empty counts as none";
    may("endDate", date(), text)
}

fn language() -> Member {
    may("language", named("Language"), "")
}

/// What the project is called and said to be.
fn project_blocks() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        block(
            "Access",
            [
                may(
                    "embargoExpiry",
                    day(),
                    "At most 18 months after registration",
                ),
                may(
                    "statement",
                    named("LocalizedText"),
                    "Required under embargo; at most 1000 characters",
                ),
                must("type", classification("access.type"), ""),
            ],
        ),
        block("Date", [end(), start()]),
        block(
            "Description",
            [
                language(),
                must(
                    "text",
                    text(),
                    "May have several lines; at most 1000 characters",
                ),
                must("type", classification("description.type"), ""),
            ],
        ),
        block(
            "Language",
            [
                must("id", text(), "ISO 639-3 code, such as `eng`"),
                must("schemaUri", schema_uri("language"), ""),
            ],
        ),
        block("LocalizedText", [language(), may("text", text(), "")]),
        block(
            "Title",
            [
                end(),
                language(),
                start(),
                must("text", text(), "One line of at most 100 characters"),
                must("type", classification("title.type"), ""),
            ],
        ),
    ]
}

/// Who takes part.
fn people_blocks() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        block(
            "Contributor",
            [
                may("contact", flag(), "At least one contributor is a contact"),
                must("id", text(), "ORCID iD or ISNI as a URL, with its checksum"),
                may("leader", flag(), "At least one contributor leads"),
                must("position", list_of("ContributorPosition"), "At least one"),
                may("role", list(classification("contributor.role")), "CRediT"),
                must("schemaUri", schema_uri("contributor"), ""),
                read_only(
                    "status",
                    one_of(STATUSES),
                    "What the person said about their ORCID record",
                ),
                may("statusMessage", text(), ""),
                may("uuid", text(), ""),
            ],
        ),
        block(
            "ContributorPosition",
            [
                end(),
                must("id", term("contributor.position"), ""),
                must("schemaUri", schema_uri("contributor.position"), ""),
                start(),
            ],
        ),
        block(
            "Organisation",
            [
                must("id", text(), "ROR id as a URL, with its checksum"),
                must("role", list_of("OrganisationRole"), ""),
                must("schemaUri", schema_uri("organisation"), ""),
            ],
        ),
        block(
            "OrganisationRole",
            [
                end(),
                must("id", term("organisation.role"), ""),
                must("schemaUri", schema_uri("organisation.role"), ""),
                start(),
            ],
        ),
    ]
}

/// What the registry says.
fn registry_blocks() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        block(
            "Id",
            [
                must("id", text(), "The RAiD as a URL"),
                must("license", text(), ""),
                must("owner", named("Owner"), ""),
                may(
                    "raidAgencyUrl",
                    text(),
                    "The page of the RAiD at the agency",
                ),
                must("registrationAgency", named("RegistrationAgency"), ""),
                must("schemaUri", schema_uri("identifier"), ""),
                must(
                    "version",
                    number(),
                    "From 1; on update, the version that was read",
                ),
            ],
        ),
        block(
            "Metadata",
            [
                may("created", number(), "Seconds since 1970"),
                may("updated", number(), "Seconds since 1970"),
            ],
        ),
        block(
            "Owner",
            [
                must("id", text(), "ROR id as a URL"),
                must("schemaUri", schema_uri("organisation"), ""),
                must("servicePoint", number(), "The service point that minted it"),
            ],
        ),
        block(
            "RegistrationAgency",
            [
                must("id", text(), "ROR id as a URL"),
                must("schemaUri", schema_uri("organisation"), ""),
            ],
        ),
    ]
}

/// What the project is connected with.
fn connection_blocks() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        block(
            "AlternateIdentifier",
            [
                must("id", text(), ""),
                must("type", text(), "Whose identifier it is, in free text"),
            ],
        ),
        block("AlternateUrl", [must("url", text(), "")]),
        block(
            "RelatedObject",
            [
                must(
                    "category",
                    list(classification("relatedObject.category")),
                    "At least one",
                ),
                must("id", text(), "The object as a URL"),
                must("schemaUri", schema_uri("relatedObject"), ""),
                must("type", classification("relatedObject.type"), ""),
            ],
        ),
        block(
            "RelatedRaid",
            [
                must("id", text(), "The other RAiD as a URL"),
                must("type", classification("relatedRaid.type"), ""),
            ],
        ),
        block(
            "SpatialCoverage",
            [
                must("id", text(), "The place as a URL"),
                may("place", list_of("LocalizedText"), "Names of the place"),
                must("schemaUri", schema_uri("spatialCoverage"), ""),
            ],
        ),
        block(
            "Subject",
            [
                may("id", text(), "The subject as a URL"),
                may("keyword", list_of("LocalizedText"), ""),
                may("schemaUri", schema_uri("subject"), ""),
            ],
        ),
    ]
}

const STATUSES: &[&str] = &[
    "AUTHENTICATED",
    "UNAUTHENTICATED",
    "AWAITING_AUTHENTICATION",
    "AUTHENTICATION_FAILED",
    "AUTHENTICATION_REVOKED",
];
