//! A RAiD record, and how minting and amending make one from a request.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::record::connections::{
    AlternateIdentifier, AlternateUrl, Organisation, RelatedObject, RelatedRaid, SpatialCoverage,
    Subject,
};
use crate::record::contributor::Contributor;
use crate::record::contributor::ContributorStatus;
use crate::record::identifier::{Identifier, Owner, RaidUrl, RegistrationAgency};
use crate::record::project::{Access, Description, ProjectDates, Title};
use crate::record::request::RaidRequest;
use crate::vocabulary::SchemaUri;
use crate::{AddressPrefix, Handle, OrcidId, RorId, wire};

/// A RAiD record, as stored and as shown. Members are written in alphabetical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Raid {
    /// Who may see the record.
    pub access: Access,
    /// Other identifiers of the project.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub alternate_identifier: Option<Vec<AlternateIdentifier>>,
    /// Web pages of the project.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub alternate_url: Option<Vec<AlternateUrl>>,
    /// People.
    pub contributor: Vec<Contributor>,
    /// When the project runs.
    pub date: ProjectDates,
    /// Descriptions.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub description: Option<Vec<Description>>,
    /// What the registry says about the RAiD itself.
    pub identifier: Identifier,
    /// When the record was made and changed.
    pub metadata: Metadata,
    /// Organisations.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub organisation: Option<Vec<Organisation>>,
    /// Things that the project used or made.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub related_object: Option<Vec<RelatedObject>>,
    /// Other RAiDs.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub related_raid: Option<Vec<RelatedRaid>>,
    /// Places.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub spatial_coverage: Option<Vec<SpatialCoverage>>,
    /// Subjects.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub subject: Option<Vec<Subject>>,
    /// Titles.
    pub title: Vec<Title>,
}

/// When a record was made and changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// When the RAiD was minted, in seconds since 1970-01-01T00:00:00Z.
    pub created: i64,
    /// When this version was made, in seconds since 1970-01-01T00:00:00Z.
    pub updated: i64,
}

/// What the server, and not the client, says about a new RAiD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOwned {
    /// Its name.
    pub handle: Handle,
    /// The organisation that owns the record.
    pub owner: RorId,
    /// Number of the service point that mints it.
    pub service_point: i64,
    /// The registration agency.
    pub agency: RorId,
    /// Licence of the metadata.
    pub licence: String,
    /// Landing page of the project at the agency.
    pub agency_url: Option<String>,
    /// Resolver of RAiDs, such as `https://raid.org/`.
    pub id_prefix: AddressPrefix,
    /// The time of minting.
    pub now: OffsetDateTime,
}

impl Raid {
    /// The first version of a new RAiD.
    pub fn mint(request: RaidRequest, server: ServerOwned) -> Self {
        let now = server.now.unix_timestamp();
        let identifier = Identifier {
            id: RaidUrl::new(&server.id_prefix, server.handle),
            license: server.licence,
            owner: Owner {
                id: server.owner,
                schema_uri: SchemaUri::new("https://ror.org/"),
                service_point: server.service_point,
            },
            raid_agency_url: server.agency_url,
            registration_agency: RegistrationAgency {
                id: server.agency,
                schema_uri: SchemaUri::new("https://ror.org/"),
            },
            schema_uri: SchemaUri::new("https://raid.org/"),
            version: 1,
        };
        Self::assemble(
            request,
            identifier,
            Metadata {
                created: now,
                updated: now,
            },
        )
    }

    /// The next version of `current`, with the content of `request`.
    pub fn amend(current: &Self, request: RaidRequest, now: OffsetDateTime) -> Self {
        let version = current.identifier.version.saturating_add(1);
        Self::assemble(
            request,
            Identifier {
                version,
                ..current.identifier.clone()
            },
            Metadata {
                created: current.metadata.created,
                updated: now.unix_timestamp(),
            },
        )
    }

    /// The same record as its own next version, for a change that the server makes by itself.
    #[must_use]
    pub fn next_version(mut self, now: OffsetDateTime) -> Self {
        self.identifier.version = self.identifier.version.saturating_add(1);
        self.metadata.updated = now.unix_timestamp();
        self
    }

    fn assemble(request: RaidRequest, identifier: Identifier, metadata: Metadata) -> Self {
        let mut raid = Self {
            access: request.access.unwrap_or_default(),
            alternate_identifier: request.alternate_identifier,
            alternate_url: request.alternate_url,
            contributor: request.contributor.unwrap_or_default(),
            date: request.date.unwrap_or_default(),
            description: request.description,
            identifier,
            metadata,
            organisation: request.organisation,
            related_object: request.related_object,
            related_raid: request.related_raid,
            spatial_coverage: request.spatial_coverage,
            subject: request.subject,
            title: request.title.unwrap_or_default(),
        };
        for contributor in &mut raid.contributor {
            contributor.status = None;
        }
        raid
    }

    /// Whether a request would change nothing. What the server owns does not count: metadata, the
    /// identifier block, and the contributors' status. Otherwise null and an empty list differ.
    pub fn same_content(&self, request: &RaidRequest) -> bool {
        let people = request.contributor.as_ref();
        people.is_some_and(|people| self.has_contributors(people))
            && request.access.as_ref() == Some(&self.access)
            && request.alternate_identifier == self.alternate_identifier
            && request.alternate_url == self.alternate_url
            && request.date.as_ref() == Some(&self.date)
            && request.description == self.description
            && request.organisation == self.organisation
            && request.related_object == self.related_object
            && request.related_raid == self.related_raid
            && request.spatial_coverage == self.spatial_coverage
            && request.subject == self.subject
            && request.title.as_ref() == Some(&self.title)
    }

    /// Whether its contributors are these, in their order; their status does not count.
    pub fn has_contributors(&self, people: &[Contributor]) -> bool {
        let person = |contributor: &Contributor| Contributor {
            status: None,
            ..contributor.clone()
        };
        let own = self.contributor.iter().map(person);
        own.eq(people.iter().map(person))
    }

    /// The blocks of the record that a request leaves out, so that an update removes them. A block that
    /// is sent empty is not among them: that is plainly meant.
    pub fn blocks_left_out(&self, request: &RaidRequest) -> Vec<&'static str> {
        fn is_left_out<T>(stands: Option<&Vec<T>>, sent: Option<&Vec<T>>) -> bool {
            stands.is_some_and(|block| !block.is_empty()) && sent.is_none()
        }
        macro_rules! left_out {
            ($($name:literal: $block:ident),+ $(,)?) => {
                [$(($name, is_left_out(self.$block.as_ref(), request.$block.as_ref()))),+]
            };
        }
        let blocks = left_out! {
            "alternateIdentifier": alternate_identifier,
            "alternateUrl": alternate_url,
            "description": description,
            "organisation": organisation,
            "relatedObject": related_object,
            "relatedRaid": related_raid,
            "spatialCoverage": spatial_coverage,
            "subject": subject,
        };
        let left_out = blocks.into_iter().filter(|(_, is_left_out)| *is_left_out);
        left_out.map(|(name, _)| name).collect()
    }

    /// The record for output, each contributor with a status.
    #[must_use]
    pub fn with_statuses(mut self, status_of: impl Fn(&Contributor) -> ContributorStatus) -> Self {
        for contributor in &mut self.contributor {
            contributor.status = Some(status_of(contributor));
        }
        self
    }

    /// The next version, with other people.
    #[must_use]
    pub fn with_contributors(&self, contributor: Vec<Contributor>, now: OffsetDateTime) -> Self {
        let raid = Self {
            contributor,
            ..self.clone()
        };
        raid.next_version(now)
    }

    /// The next version, which everybody may see. The statement and the date stay, as what was said
    /// about the embargo.
    #[must_use]
    pub fn opened(mut self, now: OffsetDateTime) -> Self {
        self.access.open();
        self.next_version(now)
    }

    /// The next version, which another service point owns.
    #[must_use]
    pub fn with_owner(mut self, owner: RorId, service_point: i64, now: OffsetDateTime) -> Self {
        self.identifier.owner.id = owner;
        self.identifier.owner.service_point = service_point;
        self.next_version(now)
    }

    /// The RAiD's name.
    pub fn handle(&self) -> &Handle {
        self.identifier.id.handle()
    }

    /// The version of this record, from 1.
    pub fn version(&self) -> u32 {
        self.identifier.version
    }

    /// The ORCID iDs of the contributors, in their order.
    pub fn orcids(&self) -> impl Iterator<Item = OrcidId> {
        self.contributor.iter().filter_map(Contributor::orcid)
    }

    /// The contributor with this iD.
    pub fn contributor(&self, orcid: &OrcidId) -> Option<&Contributor> {
        self.contributor
            .iter()
            .find(|contributor| contributor.orcid().as_ref() == Some(orcid))
    }
}
