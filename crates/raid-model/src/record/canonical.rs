//! The identifiers of a request in the form in which they are stored.

use std::collections::BTreeSet;

use crate::pasted::{self, trimmed};
use crate::{Contributor, ContributorPatch, Raid, RaidRequest};

impl RaidRequest {
    /// The request with every identifier in its canonical form. What stands in `current` as it was sent
    /// stays, so that a record from before can be sent back unchanged. What is no identifier stays too:
    /// validation says what is wrong with it.
    #[must_use]
    pub fn with_canonical_ids(mut self, current: Option<&Raid>) -> Self {
        let standing = current.map(Raid::ids).unwrap_or_default();
        contributors(self.contributor.as_deref_mut(), &standing);
        for organisation in self.organisation.iter_mut().flatten() {
            replace(&mut organisation.id, &standing, pasted::ror);
        }
        for object in self.related_object.iter_mut().flatten() {
            let schema = object.schema_uri.map(|schema| schema.as_str());
            replace(&mut object.id, &standing, |id| match schema {
                Some("https://doi.org/") => pasted::doi(id),
                Some("https://hdl.handle.net/") => pasted::handle(id),
                Some("https://scicrunch.org/resolver/") => pasted::rrid(id),
                _ => None,
            });
        }
        for raid in self.related_raid.iter_mut().flatten() {
            replace(&mut raid.id, &standing, pasted::raid);
        }
        for place in self.spatial_coverage.iter_mut().flatten() {
            replace(&mut place.id, &standing, |_| None);
        }
        for page in self.alternate_url.iter_mut().flatten() {
            replace(&mut page.url, &standing, |_| None);
        }
        self
    }
}

impl ContributorPatch {
    /// As [`RaidRequest::with_canonical_ids`].
    #[must_use]
    pub fn with_canonical_ids(mut self, current: &Raid) -> Self {
        contributors(self.contributor.as_deref_mut(), &current.ids());
        self
    }
}

impl Raid {
    /// The identifiers and addresses of others that stand in the record.
    pub(crate) fn ids(&self) -> BTreeSet<&str> {
        let contributors = self.contributor.iter().map(|it| &it.id);
        let organisations = self.organisation.iter().flatten().map(|it| &it.id);
        let objects = self.related_object.iter().flatten().map(|it| &it.id);
        let raids = self.related_raid.iter().flatten().map(|it| &it.id);
        let places = self.spatial_coverage.iter().flatten().map(|it| &it.id);
        let pages = self.alternate_url.iter().flatten().map(|it| &it.url);
        let ids = contributors.chain(organisations).chain(objects);
        let ids = ids.chain(raids).chain(places).chain(pages);
        ids.filter_map(Option::as_deref).collect()
    }
}

fn contributors(contributors: Option<&mut [Contributor]>, standing: &BTreeSet<&str>) {
    for person in contributors.into_iter().flatten() {
        let schema = person.schema_uri.map_or("", |schema| schema.as_str());
        replace(&mut person.id, standing, |id| {
            if schema.contains("isni") {
                pasted::isni(id)
            } else if schema.contains("orcid") {
                pasted::orcid(id, schema)
            } else {
                None
            }
        });
    }
}

/// Replaces an identifier by its canonical form, or by what is left without blanks around it.
fn replace(
    id: &mut Option<String>,
    standing: &BTreeSet<&str>,
    canonical: impl Fn(&str) -> Option<String>,
) {
    if let Some(text) = id
        && !standing.contains(text.as_str())
    {
        *text = canonical(text).unwrap_or_else(|| trimmed(text).to_owned());
    }
}
