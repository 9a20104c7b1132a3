//! A RAiD as it is answered: the stored document with each contributor's status and today's URLs.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use raid_model::{Addresses, ContributorStatus, Handle, Raid};
use serde::{Deserialize, Serialize};
use store::raids::{self, Access, RaidRow};
use store::{Conn, Json, StoreError};

use crate::problem::Problem;
use crate::registry::Registry;
use crate::status::Known;
use crate::{etag, status};

/// The final bytes of a RAiD, as some readers see it.
#[derive(Debug, Clone)]
pub(crate) struct Face {
    pub(crate) body: Bytes,
    /// The entity tag of the body.
    pub(crate) etag: HeaderValue,
}

impl Face {
    fn of(version: i32, shown: &Raid) -> Result<Self, StoreError> {
        let body: Bytes = write(shown)?.into();
        Ok(Self {
            etag: etag::of(version, &body),
            body,
        })
    }

    /// The RAiD that the bytes show, the contributors' statuses included.
    pub(crate) fn shown(&self) -> Result<Raid, StoreError> {
        let corrupt = |e: serde_json::Error| StoreError::Corrupt(format!("a shown RAiD: {e}"));
        let mut raid: Raid = serde_json::from_slice(&self.body).map_err(corrupt)?;
        // A status is never taken from a document, so it is read on its own.
        let statuses: Statuses = serde_json::from_slice(&self.body).map_err(corrupt)?;
        for (contributor, shown) in raid.contributor.iter_mut().zip(statuses.contributor) {
            contributor.status = shown.status;
        }
        Ok(raid)
    }
}

/// A RAiD ready to be sent, and what authorization needs to know of it.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) version: i32,
    pub(crate) service_point_id: i64,
    pub(crate) access: Access,
    /// For those who look after the RAiD: with the contributors' real statuses.
    pub(crate) full: Face,
    /// For everybody else: it says who is confirmed, and no more of the others.
    pub(crate) public: Face,
    /// Of an embargoed RAiD: what those learn who may not see it. Otherwise empty.
    pub(crate) closed: Bytes,
    /// Why it was withdrawn, if it was.
    pub(crate) withdrawal: Option<String>,
}

/// What those learn of an embargoed RAiD who may not see it. Members as in the RAiD API.
#[derive(Serialize)]
struct ClosedRaid<'a> {
    id: String,
    access: &'a raid_model::Access,
}

impl ClosedRaid<'_> {
    fn write(raid: &Raid) -> Result<Bytes, StoreError> {
        let closed = ClosedRaid {
            id: raid.identifier.id.to_string(),
            access: &raid.access,
        };
        let body = serde_json::to_vec(&closed);
        Ok(body
            .map_err(|e| StoreError::Corrupt(format!("a RAiD: {e}")))?
            .into())
    }
}

impl Record {
    /// The RAiD as it stands.
    pub(crate) fn load(
        c: &mut Conn,
        handle: &Handle,
        addresses: &Addresses,
    ) -> Result<Option<Self>, StoreError> {
        let Some((row, raid)) = load_shown(c, handle, addresses)? else {
            return Ok(None);
        };
        let full = Face::of(row.version, &raid)?;
        Ok(Some(Self {
            closed: match row.access {
                Access::Open => Bytes::new(),
                Access::Embargoed => ClosedRaid::write(&raid)?,
            },
            withdrawal: row.withdrawal_reason,
            public: match status::raid_for_everybody(&raid) {
                Some(public) => Face::of(row.version, &public)?,
                None => full.clone(),
            },
            full,
            version: row.version,
            service_point_id: row.service_point_id,
            access: row.access,
        }))
    }

    /// What it takes in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let face = |face: &Face| face.body.len() + face.etag.len();
        size_of::<Self>()
            + face(&self.full)
            + face(&self.public)
            + self.closed.len()
            + self.withdrawal.as_ref().map_or(0, String::len)
    }

    /// What is told of a RAiD that was withdrawn.
    pub(crate) fn withdrawn(&self, handle: &Handle) -> Option<Problem> {
        let reason = self.withdrawal.as_ref()?;
        Some(Problem::withdrawn(handle, reason))
    }
}

/// The contributors' statuses in a shown RAiD.
#[derive(Deserialize)]
struct Statuses {
    contributor: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    status: Option<ContributorStatus>,
}

/// The RAiD as it stands, each contributor with a status.
pub(crate) fn load_shown(
    c: &mut Conn,
    handle: &Handle,
    addresses: &Addresses,
) -> Result<Option<(RaidRow, Raid)>, StoreError> {
    let Some(row) = raids::find(c, handle)? else {
        return Ok(None);
    };
    let known = Known::load(c, &[handle])?;
    let raid = show(parse(&row.document)?, &known, addresses);
    Ok(Some((row, raid)))
}

/// Reads a stored document.
pub(crate) fn parse(document: &Json) -> Result<Raid, StoreError> {
    raids::read_document(document)
}

/// Gives each contributor a status, and the RAiD the URLs that the settings make today.
pub(crate) fn show(raid: Raid, known: &Known, addresses: &Addresses) -> Raid {
    let handle = raid.handle().clone();
    raid.with_addresses(addresses)
        .with_statuses(|person| known.status(&handle, person))
}

/// Writes a record for output.
pub(crate) fn write(shown: &Raid) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(shown).map_err(|e| StoreError::Corrupt(format!("a RAiD: {e}")))
}

/// The RAiD as it stands, past the cache, which learns of it.
pub(crate) async fn load_anew(
    registry: &Registry,
    handle: &Handle,
) -> Result<Arc<Record>, StoreError> {
    let (wanted, since) = (handle.clone(), Instant::now());
    let addresses = registry.settings.addresses.clone();
    let record = registry
        .store
        .read(move |c| Record::load(c, &wanted, &addresses))
        .await?
        .map(Arc::new)
        .ok_or(StoreError::NotFound)?;
    registry.remember(handle, &record, since);
    Ok(record)
}
