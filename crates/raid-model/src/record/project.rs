//! What the project is called and said to be: titles, descriptions, dates, access.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::vocabulary::{self, LanguageCode, Member, SchemaUri, TermId};
use crate::wire;

/// An id and the vocabulary it is from: the shape of every `type`, `category` and `role`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[serde(bound(deserialize = "M: Member", serialize = ""))]
pub struct Classification<M> {
    /// Which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<TermId<M>>,
    /// The vocabulary it is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<M>>,
}

impl<M> Classification<M> {
    /// Whether the id is `id`.
    pub fn is(&self, id: &str) -> bool {
        self.id.as_ref().is_some_and(|own| own.as_str() == id)
    }
}

/// The language of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Language {
    /// ISO 639-3 code, such as `eng`.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// The standard that the code is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<LanguageCode>>,
}

/// A title, and when the project bore it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Title {
    /// Last date, if the title is no longer borne; empty counts as none.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub end_date: Option<String>,
    /// Language of the text.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub language: Option<Language>,
    /// First date: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub start_date: Option<String>,
    /// The title.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub text: Option<String>,
    /// Primary, alternative, acronym or short.
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub kind: Option<Classification<vocabulary::TitleType>>,
}

impl Title {
    /// Whether this is a primary title.
    pub fn is_primary(&self) -> bool {
        self.kind
            .is_some_and(|kind| kind.is(vocabulary::PRIMARY_TITLE))
    }
}

/// When the project runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectDates {
    /// Last date, if known; empty counts as none.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub end_date: Option<String>,
    /// First date: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub start_date: Option<String>,
}

/// A description of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Description {
    /// Language of the text.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub language: Option<Language>,
    /// The description; may have several lines.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub text: Option<String>,
    /// Primary, brief, methods and so on.
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub kind: Option<Classification<vocabulary::DescriptionType>>,
}

impl Description {
    /// Whether this is a primary description.
    pub fn is_primary(&self) -> bool {
        self.kind
            .is_some_and(|kind| kind.is(vocabulary::PRIMARY_DESCRIPTION))
    }
}

/// A text and its language: access statements, keywords, names of places.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LocalizedText {
    /// Language of the text.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub language: Option<Language>,
    /// The text.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub text: Option<String>,
}

/// Who may see the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Access {
    /// The day on which an embargo ends.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::date",
        serialize_with = "wire::write_date"
    )]
    pub embargo_expiry: Option<Date>,
    /// What readers are told who may not see it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub statement: Option<LocalizedText>,
    /// Open or embargoed.
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub kind: Option<Classification<vocabulary::AccessType>>,
}

impl Access {
    /// Opens the record to everybody.
    pub(crate) fn open(&mut self) {
        if let Some(kind) = &mut self.kind {
            kind.id = TermId::new(vocabulary::OPEN_ACCESS);
        }
    }

    /// Whether the record is embargoed. It stays so until a new version says otherwise, also past
    /// its expiry, so that nothing shows before the agency's system has lifted the embargo.
    pub fn is_embargoed(&self) -> bool {
        self.kind
            .is_some_and(|kind| kind.is(vocabulary::EMBARGOED_ACCESS))
    }
}
