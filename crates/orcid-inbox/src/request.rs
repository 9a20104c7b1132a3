//! The permission request: what a person reads in their ORCID inbox.

use crate::settings::Settings;
use crate::signed::{Link, Signer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use orcid_client::{Item, PermissionRequest, PermissionRequestError};
use raid_model::membership::{MembershipDocument, MembershipPolicy};
use raid_model::{Handle, OrcidId, Raid};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use store::permission_requests::Said;
use store::raids::{self, PageSize, RaidRow};
use store::{Conn, Id, StoreError, Timestamp, contributions, disclaimers, namings, permissions};
use time::Date;
use url::Url;

/// Projects that one request lists at most; the grant covers all of them anyway.
const MAX_ITEMS: usize = 50;
/// Bytes of RAiDs that are read for it at most.
const MAX_BYTES: usize = 8 << 20;

/// A project that a person is asked about.
pub(crate) struct Listed {
    /// The entry, as it would be written.
    pub entry: MembershipDocument,
    /// The iD that the RAiD names: the person's, or one that was merged into it. Such a project is
    /// not written before the RAiD names theirs.
    pub named: OrcidId,
}

/// What a person's grant would write, at most [`MAX_ITEMS`] of their projects.
pub(crate) struct Projects {
    /// The projects, each once.
    pub listed: Vec<Listed>,
    /// Whether there are more.
    pub more: bool,
}

impl Projects {
    pub(crate) fn none() -> Self {
        Self {
            listed: Vec::new(),
            more: false,
        }
    }

    /// What a request says of them; none when there is nothing to ask for.
    pub(crate) fn said(&self) -> Option<Said> {
        if self.listed.is_empty() {
            return None;
        }
        let handles: Vec<&Handle> = self.listed.iter().map(|p| &p.entry.handle).collect();
        Some(Said {
            says: serde_json::to_string(&self.says()).unwrap_or_default(),
            names: serde_json::to_string(&handles).unwrap_or_default(),
        })
    }

    /// A digest of what a request says of each project. Only what the RAiDs say counts: a new agency
    /// name alone is no reason to ask everybody again.
    fn says(&self) -> BTreeMap<Handle, String> {
        let of_one = |listed: &Listed| {
            let digest = Sha256::digest(item_name(&listed.entry));
            let handle = listed.entry.handle.clone();
            (handle, URL_SAFE_NO_PAD.encode(digest))
        };
        self.listed.iter().map(of_one).collect()
    }

    /// Whether all that a request said of its projects is true now. That others came since is no
    /// reason to ask again: a grant covers them, too. One whose content was not kept counts as true.
    pub(crate) fn is_true(&self, said: Option<&str>) -> bool {
        let said: Option<BTreeMap<Handle, String>> =
            said.and_then(|json| serde_json::from_str(json).ok());
        let says = self.says();
        said.unwrap_or_default().iter().all(|(handle, digest)| {
            match says.get(handle) {
                Some(now) => now == digest,
                // It may stand beyond those that are listed.
                None => self.more,
            }
        })
    }
}

pub(crate) fn item_name(project: &MembershipDocument) -> String {
    format!("{} ({})", project.title, project.role_title)
}

/// The iDs whose projects a person answers for: their own, and those merged into it.
pub(crate) fn people_of(c: &mut Conn, orcid: &OrcidId) -> Result<Vec<OrcidId>, StoreError> {
    let mut people = vec![*orcid];
    people.extend(permissions::merged_into(c, orcid)?);
    Ok(people)
}

/// Loads the projects of a person that may be written to their record: without those that they said
/// they are not part of, those of service points that they want no entries from, and those that wait
/// for release.
pub(crate) fn projects(
    c: &mut Conn,
    orcid: &OrcidId,
    policy: &MembershipPolicy,
    today: Date,
) -> Result<Projects, StoreError> {
    let mut found = Projects::none();
    for person in people_of(c, orcid)? {
        add_projects(c, &mut found, &person, policy, today)?;
    }
    Ok(found)
}

/// Adds the projects of one iD. What is read is bounded, however many there are.
fn add_projects(
    c: &mut Conn,
    found: &mut Projects,
    orcid: &OrcidId,
    policy: &MembershipPolicy,
    today: Date,
) -> Result<(), StoreError> {
    let size = PageSize {
        rows: i64::try_from(MAX_ITEMS).unwrap_or(i64::MAX),
        bytes: MAX_BYTES,
    };
    let (rows, more) = raids::writable_for(c, orcid, policy.write_embargoed, size)?;
    found.more |= more;
    for row in rows {
        let handle = row.handle.get();
        let mut known = found.listed.iter();
        if known.any(|known| known.entry.handle == *handle) {
            continue;
        }
        let Some(entry) = entry(&row, orcid, policy, today)? else {
            continue;
        };
        if found.listed.len() == MAX_ITEMS {
            found.more = true;
            return Ok(());
        }
        found.listed.push(Listed {
            entry,
            named: *orcid,
        });
    }
    Ok(())
}

/// What would stand on the person's record for a RAiD.
pub(crate) fn entry(
    row: &RaidRow,
    orcid: &OrcidId,
    policy: &MembershipPolicy,
    today: Date,
) -> Result<Option<MembershipDocument>, StoreError> {
    let raid: Raid = serde_json::from_str(&row.document.0)
        .map_err(|e| StoreError::Corrupt(format!("RAiD {}: {e}", row.handle.as_str())))?;
    Ok(MembershipDocument::for_contributor(
        &raid, orcid, policy, today,
    ))
}

/// The projects of a person and of those merged into them that were not withdrawn, without those that
/// they do not want to see on their record, at most `limit`; and whether there may be more.
pub(crate) fn wanted(
    c: &mut Conn,
    orcid: &OrcidId,
    limit: i64,
) -> Result<(BTreeSet<Handle>, bool), StoreError> {
    let people = people_of(c, orcid)?;
    let mut handles = contributions::standing(c, &people, limit)?;
    let many = i64::try_from(handles.len()).is_ok_and(|n| n >= limit);
    for person in &people {
        for handle in disclaimers::of_person(c, person)? {
            handles.remove(&handle);
        }
        for handle in namings::stopped_projects(c, person)? {
            handles.remove(&handle);
        }
    }
    Ok((handles, many))
}

/// Writes the request. Its link carries the request's id, by which it is recognised in the inbox
/// after an unknown outcome.
pub(crate) fn compose(
    settings: &Settings,
    signer: &Signer,
    orcid: &OrcidId,
    request: Id,
    projects: &Projects,
    now: Timestamp,
) -> Result<PermissionRequest, PermissionRequestError> {
    let agency = &settings.agency_name;
    let which = match (projects.listed.len(), projects.more) {
        (1, false) => "the research project below".to_owned(),
        (n, false) => format!("the {n} research projects below"),
        (n, true) => format!("the {n} research projects below and more"),
    };
    let intro = format!(
        "{agency} registered you as a contributor to {which}. If you grant permission, {agency} \
         adds each of your projects, these and later ones, to the professional activities of your \
         ORCID record: title, your role, dates and a link. It keeps them up to date, and writes \
         nothing else. We ask you {often}. You can stop this at any time in your ORCID account \
         under trusted parties. Questions: {contact}",
        often = settings.rules.budget.in_words(),
        contact = settings.contact
    );
    let items = projects
        .listed
        .iter()
        .map(|Listed { entry, .. }| {
            Item::new(&item_name(entry), entry.handle.clone(), &entry.raid_url)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let subject = if projects.listed.len() == 1 && !projects.more {
        "Your research project"
    } else {
        "Your research projects"
    };
    PermissionRequest::new(
        subject,
        &intro,
        landing_url(settings, signer, orcid, request, now),
        items,
    )
}

fn landing_url(
    settings: &Settings,
    signer: &Signer,
    orcid: &OrcidId,
    request: Id,
    now: Timestamp,
) -> Url {
    let link = Link::Permission {
        orcid: orcid.to_string(),
    };
    let mut url = page_url(settings, "orcid/landing");
    url.query_pairs_mut()
        .append_pair("i", &signer.sign(link, now + settings.link_lifetime))
        .append_pair("r", &request.to_string());
    url
}

/// A page below the public address, whether that ends with a slash or not.
pub(crate) fn page_url(settings: &Settings, path: &str) -> Url {
    let mut url = settings.public_url.clone();
    let base = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{base}/{path}"));
    url.set_query(None);
    url
}

/// Whether a notification's link is the one of this request.
pub(crate) fn is_link_of(uri: &str, request: Id) -> bool {
    let wanted = request.to_string();
    Url::parse(uri).is_ok_and(|url| url.query_pairs().any(|(k, v)| k == "r" && v == wanted))
}
