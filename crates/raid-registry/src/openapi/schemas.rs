//! The shapes of bodies, block by block. The lists of allowed values come from the vocabularies.

use raid_model::vocabulary;
use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Schema, SchemaFormat};

/// Every schema by its name.
pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    let mut schemas = blocks();
    schemas.extend([
        ("RaidDto", raid(&["identifier", "metadata"]).into()),
        ("RaidCreateRequest", raid(&[]).into()),
        ("RaidUpdateRequest", raid(&["identifier"]).into()),
        ("ServicePoint", service_point().into()),
        ("InvitationRequest", invitation_request().into()),
        ("Invitation", invitation().into()),
        ("FailureResponse", failure().into()),
        ("ValidationFailureResponse", validation_failure().into()),
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

fn blocks() -> Vec<(&'static str, RefOr<Schema>)> {
    let start = || must("startDate", date(), "`YYYY`, `YYYY-MM` or `YYYY-MM-DD`");
    let end = || {
        may(
            "endDate",
            date(),
            "Not before the start; empty counts as none",
        )
    };
    let language = || may("language", named("Language"), "");
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
                    "Required under embargo",
                ),
                must("type", classification("access.type"), ""),
            ],
        ),
        block(
            "AlternateIdentifier",
            [
                must("id", text(), ""),
                must("type", text(), "Whose identifier it is, in free text"),
            ],
        ),
        block("AlternateUrl", [must("url", text(), "")]),
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
        block("Date", [end(), start()]),
        block(
            "Description",
            [
                language(),
                must("text", text(), "May have several lines"),
                must("type", classification("description.type"), ""),
            ],
        ),
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
            "Language",
            [
                must("id", text(), "ISO 639-3 code, such as `eng`"),
                must("schemaUri", schema_uri("language"), ""),
            ],
        ),
        block("LocalizedText", [language(), may("text", text(), "")]),
        block(
            "Metadata",
            [
                may("created", number(), "Seconds since 1970"),
                may("updated", number(), "Seconds since 1970"),
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
        block(
            "Title",
            [
                end(),
                language(),
                start(),
                must("text", text(), "One line"),
                must("type", classification("title.type"), ""),
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

fn service_point() -> Object {
    object([
        must("adminEmail", text(), ""),
        may(
            "appWritesEnabled",
            flag(),
            "Whether people may write through the agency's application",
        ),
        must("enabled", flag(), "Whether it may mint and change"),
        may("groupId", text(), "The group whose members act for it"),
        must("id", number(), ""),
        must(
            "identifierOwner",
            text(),
            "The owning organisation's ROR id as a URL",
        ),
        must("name", text(), ""),
        may("prefix", text(), "The prefix of the handles it mints"),
        may("repositoryId", text(), "Its DataCite repository"),
        must("techEmail", text(), ""),
    ])
}

fn invitation_request() -> Object {
    object([
        may("contact", flag(), ""),
        must("email", text(), "Where the mail goes; never shown again"),
        may("leader", flag(), ""),
        must("position", list_of("ContributorPosition"), "At least one"),
        may("role", list(classification("contributor.role")), "CRediT"),
    ])
}

fn invitation() -> Object {
    object([
        must("expiresAt", moment(), "Until when it can be accepted"),
        must("handle", text(), ""),
        must("id", text(), ""),
        must("state", one_of(&["open"]), ""),
    ])
}

fn failure_members() -> Vec<Member> {
    vec![
        must("detail", text(), "What happened, in words"),
        must("instance", text(), ""),
        must("status", number(), "The status of the answer"),
        must("title", text(), ""),
        must("type", text(), "What kind of problem it is"),
        may(
            "currentVersion",
            number(),
            "With 409: the version to build on",
        ),
    ]
}

fn failure() -> Object {
    object(failure_members())
}

fn validation_failure() -> Object {
    let failure = object([
        must("errorType", text(), "What kind of mistake it is"),
        must(
            "fieldId",
            text(),
            "The member, such as `contributor[0].position[1].startDate`",
        ),
        must("message", text(), ""),
    ]);
    let mut members = failure_members();
    members.retain(|member| member.name != "currentVersion");
    members.push(may("failures", list(failure), "Each thing that is wrong"));
    object(members)
}

/// One member of an object.
struct Member {
    name: &'static str,
    schema: RefOr<Schema>,
    text: &'static str,
    is_required: bool,
}

fn must(name: &'static str, schema: impl Into<RefOr<Schema>>, text: &'static str) -> Member {
    Member {
        name,
        schema: schema.into(),
        text,
        is_required: true,
    }
}

fn may(name: &'static str, schema: impl Into<RefOr<Schema>>, text: &'static str) -> Member {
    Member {
        is_required: false,
        ..must(name, schema, text)
    }
}

fn read_only(name: &'static str, mut schema: Object, text: &'static str) -> Member {
    schema.read_only = Some(true);
    may(name, schema, text)
}

fn block<const N: usize>(
    name: &'static str,
    members: [Member; N],
) -> (&'static str, RefOr<Schema>) {
    (name, object(members).into())
}

fn object(members: impl IntoIterator<Item = Member>) -> Object {
    let object = ObjectBuilder::new().schema_type(Type::Object);
    members
        .into_iter()
        .fold(object, |object, member| {
            let object = object.property(member.name, described(member.schema, member.text));
            if member.is_required {
                object.required(member.name)
            } else {
                object
            }
        })
        .build()
}

fn described(mut schema: RefOr<Schema>, text: &str) -> RefOr<Schema> {
    let text = (!text.is_empty()).then(|| text.to_owned());
    match &mut schema {
        RefOr::T(Schema::Object(object)) => object.description = text,
        RefOr::T(Schema::Array(array)) => array.description = text,
        RefOr::Ref(reference) => reference.description = text.unwrap_or_default(),
        RefOr::T(_) => {}
    }
    schema
}

fn named(schema: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(schema))
}

fn list(items: impl Into<RefOr<Schema>>) -> RefOr<Schema> {
    let list: Array = ArrayBuilder::new().items(items.into()).build();
    RefOr::T(Schema::Array(list))
}

fn list_of(schema: &str) -> RefOr<Schema> {
    list(named(schema))
}

fn of_type(kind: Type) -> Object {
    ObjectBuilder::new().schema_type(kind).build()
}

fn text() -> Object {
    of_type(Type::String)
}

fn flag() -> Object {
    of_type(Type::Boolean)
}

fn number() -> Object {
    of_type(Type::Integer)
}

fn formatted(format: KnownFormat) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.format(Some(SchemaFormat::KnownFormat(format))).build()
}

/// A day of the calendar.
fn day() -> Object {
    formatted(KnownFormat::Date)
}

fn moment() -> Object {
    formatted(KnownFormat::DateTime)
}

/// A date whose precision is its own.
fn date() -> Object {
    let pattern = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$";
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.pattern(Some(pattern)).build()
}

fn one_of(values: &[&str]) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.enum_values(Some(values.iter().copied())).build()
}

/// The ids that a vocabulary has.
fn term(path: &str) -> Object {
    one_of(&of_vocabulary(path, |v| {
        v.terms.iter().map(|t| t.id).collect()
    }))
}

/// The schemas that a vocabulary has.
fn schema_uri(path: &str) -> Object {
    one_of(&of_vocabulary(path, |v| v.schema_uris.clone()))
}

fn of_vocabulary(
    path: &str,
    values: impl Fn(&vocabulary::Vocabulary) -> Vec<&'static str>,
) -> Vec<&'static str> {
    vocabulary::all()
        .find(|(name, _)| *name == path)
        .map(|(_, vocabulary)| values(vocabulary))
        .unwrap_or_default()
}

/// An id and the vocabulary it is from.
fn classification(path: &str) -> Object {
    object([
        must("id", term(path), ""),
        must("schemaUri", schema_uri(path), ""),
    ])
}
