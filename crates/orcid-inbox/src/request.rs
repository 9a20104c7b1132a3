//! The permission request: what a person reads in their ORCID inbox.

use crate::settings::Settings;
use crate::signed::{Link, Signer};
use orcid_client::{Item, PermissionRequest, PermissionRequestError};
use raid_model::membership::{MembershipDocument, MembershipPolicy};
use raid_model::{OrcidId, Raid};
use store::{Conn, Id, StoreError, Timestamp, contributions, raids};
use time::Date;
use url::Url;

/// Projects that one request lists at most; the grant covers all of them anyway.
const MAX_ITEMS: usize = 50;

/// What a person's grant would write, at most [`MAX_ITEMS`] of their projects.
pub(crate) struct Projects {
    /// The entries, as they would be written.
    pub listed: Vec<MembershipDocument>,
    /// Whether there are more.
    pub more: bool,
}

/// Loads the projects of a person that may be written to their record.
pub(crate) fn projects(
    c: &mut Conn,
    orcid: &OrcidId,
    policy: &MembershipPolicy,
    today: Date,
) -> Result<Projects, StoreError> {
    let limit = i64::try_from(MAX_ITEMS).unwrap_or(i64::MAX);
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let handles = contributions::of_person(c, orcid, after.as_ref(), limit)?;
        let Some(last) = handles.last().cloned() else {
            return Ok(Projects {
                listed,
                more: false,
            });
        };
        for handle in handles {
            let Some(row) = raids::find_standing(c, &handle)? else {
                continue;
            };
            let raid: Raid = serde_json::from_str(&row.document.0)
                .map_err(|e| StoreError::Corrupt(format!("RAiD {handle}: {e}")))?;
            if let Some(document) = MembershipDocument::for_contributor(&raid, orcid, policy, today)
            {
                if listed.len() == MAX_ITEMS {
                    return Ok(Projects { listed, more: true });
                }
                listed.push(document);
            }
        }
        after = Some(last);
    }
}

/// Writes the request. Its link carries the request's id, by which it is recognised in the inbox
/// when the answer to the posting never came.
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
         nothing else. You are asked once. You can stop this at any time in your ORCID account \
         under trusted parties. Questions: {}",
        settings.contact
    );
    let items = projects
        .listed
        .iter()
        .map(|p| {
            let name = format!("{} ({})", p.title, p.role_title);
            Item::new(&name, p.handle.clone(), &p.raid_url)
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
