//! Identifiers by which RAiDs are found, each in one way of writing.

use crate::{Handle, IsniId, OrcidId, RorId, pasted};

/// What a RAiD is connected with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    kind: TermKind,
    value: String,
}

/// How a RAiD is connected with something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TermKind {
    /// A person who contributes: the 16 characters of an ORCID iD or an ISNI, which are never the
    /// same for two people.
    Contributor,
    /// An organisation: its ROR id as a URL.
    Organisation,
    /// A subject: its id.
    Subject,
    /// A related object: its id, without what only tells where it is resolved.
    RelatedObject,
    /// A related RAiD: its handle.
    RelatedRaid,
}

impl TermKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Contributor,
        Self::Organisation,
        Self::Subject,
        Self::RelatedObject,
        Self::RelatedRaid,
    ];

    /// The word for it in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contributor => "contributor",
            Self::Organisation => "organisation",
            Self::Subject => "subject",
            Self::RelatedObject => "related-object",
            Self::RelatedRaid => "related-raid",
        }
    }
}

/// Characters of an identifier that count. An index takes no longer ones.
const VALUE_CHARACTERS: usize = 400;
/// Where the ids of the subjects' vocabularies begin.
const SUBJECT_PREFIXES: [&str; 2] = [
    "https://linked.data.gov.au/def/anzsrc-for/2020/",
    "https://linked.data.gov.au/def/anzsrc-seo/2020/",
];
const DOI_HOSTS: [&str; 4] = ["doi.org/", "dx.doi.org/", "www.doi.org/", "doi:"];

impl Term {
    fn new(kind: TermKind, value: impl AsRef<str>) -> Self {
        let value = value.as_ref().trim().chars().take(VALUE_CHARACTERS);
        Self {
            kind,
            value: value.collect(),
        }
    }

    /// How the RAiD is connected with it.
    pub fn kind(&self) -> TermKind {
        self.kind
    }

    /// Its identifier.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// A person, by their ORCID iD or ISNI, however it was pasted. None if it is neither.
    pub fn contributor(text: &str) -> Option<Self> {
        let orcid = pasted::orcid(text, "").and_then(|url| url.parse::<OrcidId>().ok());
        let isni = || pasted::isni(text)?.parse::<IsniId>().ok();
        let id = match orcid {
            Some(orcid) => orcid.to_string(),
            None => isni()?.to_string(),
        };
        let characters: String = id.chars().filter(|c| *c != '-').collect();
        Some(Self::new(TermKind::Contributor, characters))
    }

    /// An organisation, by its ROR id, however it was pasted. None if it is none.
    pub fn organisation(text: &str) -> Option<Self> {
        let ror: RorId = pasted::ror(text)?.parse().ok()?;
        Some(Self::new(TermKind::Organisation, ror.to_string()))
    }

    /// A subject, by its id.
    pub fn subject(id: &str) -> Self {
        Self::new(TermKind::Subject, id)
    }

    /// The subjects that somebody may mean: the one with this id, or those with this code.
    pub fn subjects(text: &str) -> Vec<Self> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
            return vec![Self::subject(text)];
        }
        let with_code = |prefix: &&str| Self::subject(&format!("{prefix}{text}"));
        SUBJECT_PREFIXES.iter().map(with_code).collect()
    }

    /// A related object, by its id: with or without scheme and, for a DOI, resolver; the letters of
    /// a DOI have no case (DOI Handbook, §3.4).
    pub fn related_object(id: &str) -> Self {
        let id = id.trim();
        let bare = ["https://", "http://"]
            .iter()
            .find_map(|scheme| id.strip_prefix(scheme))
            .unwrap_or(id);
        let lower = bare.to_lowercase();
        let doi = DOI_HOSTS.iter().find_map(|host| lower.strip_prefix(host));
        let doi = doi.or(Some(lower.as_str()).filter(|_| lower.starts_with("10.")));
        Self::new(TermKind::RelatedObject, doi.unwrap_or(bare))
    }

    /// A related RAiD, by its handle or its URL.
    pub fn related_raid(id: &str) -> Self {
        let mut segments = id.trim().trim_end_matches('/').rsplit('/');
        let (suffix, prefix) = (segments.next(), segments.next());
        let handle = format!(
            "{}/{}",
            prefix.unwrap_or_default(),
            suffix.unwrap_or_default()
        );
        let handle = handle.parse().map(|handle: Handle| handle.to_string());
        Self::new(TermKind::RelatedRaid, handle.as_deref().unwrap_or(id))
    }
}
