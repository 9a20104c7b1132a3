//! The parts that schemas are made of.

use raid_model::vocabulary;
use utoipa::openapi::schema::{Array, ArrayBuilder, Object, ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Schema, SchemaFormat};

/// One member of an object.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) schema: RefOr<Schema>,
    pub(super) text: &'static str,
    pub(super) is_required: bool,
}

pub(super) fn must(
    name: &'static str,
    schema: impl Into<RefOr<Schema>>,
    text: &'static str,
) -> Member {
    Member {
        name,
        schema: schema.into(),
        text,
        is_required: true,
    }
}

pub(super) fn may(
    name: &'static str,
    schema: impl Into<RefOr<Schema>>,
    text: &'static str,
) -> Member {
    Member {
        is_required: false,
        ..must(name, schema, text)
    }
}

pub(super) fn read_only(name: &'static str, mut schema: Object, text: &'static str) -> Member {
    schema.read_only = Some(true);
    may(name, schema, text)
}

pub(super) fn block<const N: usize>(
    name: &'static str,
    members: [Member; N],
) -> (&'static str, RefOr<Schema>) {
    (name, object(members).into())
}

pub(super) fn object(members: impl IntoIterator<Item = Member>) -> Object {
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

pub(super) fn named(schema: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(schema))
}

pub(super) fn list(items: impl Into<RefOr<Schema>>) -> RefOr<Schema> {
    let list: Array = ArrayBuilder::new().items(items.into()).build();
    RefOr::T(Schema::Array(list))
}

pub(super) fn list_of(schema: &str) -> RefOr<Schema> {
    list(named(schema))
}

fn of_type(kind: Type) -> Object {
    ObjectBuilder::new().schema_type(kind).build()
}

pub(super) fn text() -> Object {
    of_type(Type::String)
}

pub(super) fn flag() -> Object {
    of_type(Type::Boolean)
}

pub(super) fn number() -> Object {
    of_type(Type::Integer)
}

fn formatted(format: KnownFormat) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.format(Some(SchemaFormat::KnownFormat(format))).build()
}

/// A day of the calendar.
pub(super) fn day() -> Object {
    formatted(KnownFormat::Date)
}

pub(super) fn moment() -> Object {
    formatted(KnownFormat::DateTime)
}

/// A date whose precision is its own.
pub(super) fn date() -> Object {
    let pattern = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$";
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.pattern(Some(pattern)).build()
}

pub(super) fn one_of(values: &[&str]) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.enum_values(Some(values.iter().copied())).build()
}

/// The ids that a vocabulary has.
pub(super) fn term(path: &str) -> Object {
    one_of(&of_vocabulary(path, |v| {
        v.terms.iter().map(|t| t.id).collect()
    }))
}

/// The schemas that a vocabulary has.
pub(super) fn schema_uri(path: &str) -> Object {
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
pub(super) fn classification(path: &str) -> Object {
    object([
        must("id", term(path), ""),
        must("schemaUri", schema_uri(path), ""),
    ])
}
