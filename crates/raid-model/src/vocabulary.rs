//! Controlled vocabularies: data files compiled in, read once.
//!
//! Ids are compared exactly; a trailing slash matters. Sources: the RAiD controlled lists
//! (<https://vocabulary.raid.org/>), `CRediT` (<https://credit.niso.org/>), COAR access rights,
//! ISO 639-3, and ANZSRC 2020.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `title.type.id` of a primary title.
pub const PRIMARY_TITLE: &str = "https://vocabulary.raid.org/title.type.schema/5";
/// `description.type.id` of a primary description.
pub const PRIMARY_DESCRIPTION: &str = "https://vocabulary.raid.org/description.type.schema/318";
/// `organisation.role.id` of the organisation that leads.
pub const LEAD_RESEARCH_ORGANISATION: &str =
    "https://vocabulary.raid.org/organisation.role.schema/182";
/// `access.type.id` of an open RAiD.
pub const OPEN_ACCESS: &str = "https://vocabularies.coar-repositories.org/access_rights/c_abf2/";
/// `access.type.id` of an embargoed RAiD.
pub const EMBARGOED_ACCESS: &str =
    "https://vocabularies.coar-repositories.org/access_rights/c_f1cf/";

/// `subject.schemaUri` of ANZSRC 2020 fields of research.
pub const FIELD_OF_RESEARCH_SCHEMA: &str = "https://vocabs.ardc.edu.au/viewById/316";
/// `subject.schemaUri` of ANZSRC 2020 socio-economic objectives.
pub const SOCIO_ECONOMIC_OBJECTIVE_SCHEMA: &str = "https://vocabs.ardc.edu.au/viewById/317";

/// The values that one pair of members `id` and `schemaUri` may take.
#[derive(Debug, Default)]
pub struct Vocabulary {
    /// Values of `schemaUri`.
    pub schema_uris: Vec<&'static str>,
    /// Values of `id`; empty where the ids belong to an outside registry.
    pub terms: Vec<Term>,
}

/// One value of a vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The value of `id` on the wire, or the code.
    pub id: &'static str,
    /// Its English name.
    pub label: &'static str,
}

/// Lines of tab-separated columns.
fn lines(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.lines().filter_map(|line| line.split_once('\t'))
}

static VOCABULARIES: LazyLock<BTreeMap<&'static str, Vocabulary>> = LazyLock::new(|| {
    let mut vocabularies: BTreeMap<_, Vocabulary> = BTreeMap::new();
    for (name, rest) in lines(include_str!("../data/vocabularies.tsv")) {
        let vocabulary = vocabularies.entry(name).or_default();
        let mut columns = rest.split('\t');
        match (columns.next(), columns.next(), columns.next()) {
            (Some("schema"), Some(uri), _) => vocabulary.schema_uris.push(uri),
            (Some("term"), Some(id), Some(label)) => vocabulary.terms.push(Term { id, label }),
            _ => {}
        }
    }
    vocabularies
});

static LANGUAGES: LazyLock<BTreeMap<&'static str, &'static str>> =
    LazyLock::new(|| lines(include_str!("../data/languages.tsv")).collect());
static FIELDS_OF_RESEARCH: LazyLock<BTreeMap<&'static str, &'static str>> =
    LazyLock::new(|| lines(include_str!("../data/anzsrc-for.tsv")).collect());
static SOCIO_ECONOMIC_OBJECTIVES: LazyLock<BTreeMap<&'static str, &'static str>> =
    LazyLock::new(|| lines(include_str!("../data/anzsrc-seo.tsv")).collect());

/// All vocabularies with their terms, by the path of the member they belong to.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Vocabulary)> {
    VOCABULARIES
        .iter()
        .map(|(name, vocabulary)| (*name, vocabulary))
}

/// The vocabularies that have terms, each with its schemas: by the path of the member that draws
/// from it, and the codes of languages and subjects, whose terms are many.
pub fn listed() -> impl Iterator<Item = (&'static str, Vec<&'static str>, Vec<Term>)> {
    let codes = |names: &'static BTreeMap<&'static str, &'static str>| {
        let term = |(id, label): (&&'static str, &&'static str)| Term { id, label };
        names.iter().map(term).collect::<Vec<_>>()
    };
    let small = VOCABULARIES
        .iter()
        .filter(|(_, vocabulary)| !vocabulary.terms.is_empty())
        .map(|(name, vocabulary)| {
            let schemas = vocabulary.schema_uris.clone();
            (*name, schemas, vocabulary.terms.clone())
        });
    small.chain([
        (
            "language",
            vec!["https://www.iso.org/standard/74575.html"],
            codes(&LANGUAGES),
        ),
        (
            "subject.anzsrc-for",
            vec![FIELD_OF_RESEARCH_SCHEMA],
            codes(&FIELDS_OF_RESEARCH),
        ),
        (
            "subject.anzsrc-seo",
            vec![SOCIO_ECONOMIC_OBJECTIVE_SCHEMA],
            codes(&SOCIO_ECONOMIC_OBJECTIVES),
        ),
    ])
}

/// The English name of an ISO 639-3 code such as `eng`.
pub fn language_name(code: &str) -> Option<&'static str> {
    LANGUAGES.get(code).copied()
}

/// The name of an ANZSRC 2020 field of research, by its 2, 4 or 6 digits.
pub fn field_of_research(code: &str) -> Option<&'static str> {
    FIELDS_OF_RESEARCH.get(code).copied()
}

/// The name of an ANZSRC 2020 socio-economic objective, by its 2, 4 or 6 digits.
pub fn socio_economic_objective(code: &str) -> Option<&'static str> {
    SOCIO_ECONOMIC_OBJECTIVES.get(code).copied()
}

/// The English name of a contributor's position, by its id.
pub fn position_label(id: &str) -> Option<&'static str> {
    TermId::<Position>::new(id).map(|term| term.label())
}

/// The English name of a contributor's `CRediT` role, by its id.
pub fn role_label(id: &str) -> Option<&'static str> {
    TermId::<Role>::new(id).map(|term| term.label())
}

/// Which vocabulary a member draws from.
pub trait Member: Default {
    /// The path of the member that holds `id` and `schemaUri`.
    const PATH: &'static str;

    /// The vocabulary; empty if the data files know none of that name.
    fn vocabulary() -> &'static Vocabulary {
        static NONE: Vocabulary = Vocabulary {
            schema_uris: Vec::new(),
            terms: Vec::new(),
        };
        VOCABULARIES.get(Self::PATH).unwrap_or(&NONE)
    }
}

macro_rules! members {
    ($($name:ident = $path:literal: $doc:literal),+ $(,)?) => {
        $(
            #[doc = $doc]
            #[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
            pub struct $name;

            impl Member for $name {
                const PATH: &'static str = $path;
            }
        )+

        #[cfg(test)]
        const MEMBER_PATHS: &[&str] = &[$($path),+];
    };
}

members! {
    AccessType = "access.type": "Access types (COAR).",
    TitleType = "title.type": "Title types.",
    DescriptionType = "description.type": "Description types.",
    Position = "contributor.position": "Positions of contributors.",
    Role = "contributor.role": "Roles of contributors (`CRediT`).",
    OrganisationRole = "organisation.role": "Roles of organisations.",
    RelatedObjectType = "relatedObject.type": "Types of related objects.",
    RelatedObjectCategory = "relatedObject.category": "Categories of related objects.",
    RelatedRaidType = "relatedRaid.type": "Types of relation between RAiDs.",
    ContributorId = "contributor": "Registries of people.",
    Ror = "organisation": "The registry of organisations.",
    RelatedObjectId = "relatedObject": "Registries of related objects.",
    LanguageCode = "language": "The standard of language codes.",
    SubjectCode = "subject": "Classifications of subjects.",
    Place = "spatialCoverage": "Registries of places.",
    RaidIdentifier = "identifier": "The registry of RAiDs.",
}

/// An `id` that its vocabulary knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TermId<M>(Term, PhantomData<M>);

/// A `schemaUri` that its vocabulary knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SchemaUri<M>(&'static str, PhantomData<M>);

impl<M: Member> TermId<M> {
    /// Looks an id up.
    pub fn new(id: &str) -> Option<Self> {
        let term = M::vocabulary().terms.iter().find(|term| term.id == id)?;
        Some(Self(*term, PhantomData))
    }
}

impl<M> TermId<M> {
    /// The id as on the wire.
    pub fn as_str(&self) -> &'static str {
        self.0.id
    }

    /// The English name.
    pub fn label(&self) -> &'static str {
        self.0.label
    }
}

impl<M: Member> SchemaUri<M> {
    /// Looks a schema up.
    pub fn new(uri: &str) -> Option<Self> {
        let uri = M::vocabulary()
            .schema_uris
            .iter()
            .find(|known| **known == uri)?;
        Some(Self(uri, PhantomData))
    }
}

impl<M> SchemaUri<M> {
    /// The URI as on the wire.
    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

impl<M> fmt::Debug for TermId<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<M> fmt::Debug for SchemaUri<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<M> Serialize for TermId<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<M> Serialize for SchemaUri<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, M: Member> Deserialize<'de> for TermId<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = Cow::<str>::deserialize(deserializer)?;
        Self::new(&id).ok_or_else(|| {
            D::Error::custom(format_args!("expected an id of the vocabulary {}", M::PATH))
        })
    }
}

impl<'de, M: Member> Deserialize<'de> for SchemaUri<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let uri = Cow::<str>::deserialize(deserializer)?;
        Self::new(&uri).ok_or_else(|| {
            let known = M::vocabulary().schema_uris.join(" or ");
            D::Error::custom(format_args!("expected {known}"))
        })
    }
}

#[cfg(test)]
mod tests;
