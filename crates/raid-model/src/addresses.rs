//! Where a RAiD is found, as the settings have it now.

use crate::{AddressPrefix, Handle, Raid, RaidUrl};

/// What a handle is appended to for a URL. These are settings of the agency: URLs are made when
/// they are read or written, so that a change of the settings reaches every RAiD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Where the agency shows its RAiDs, such as `https://raid.example/raids/`.
    pub landing_prefix: AddressPrefix,
    /// The resolver of RAiDs, such as `https://raid.org/`.
    pub id_prefix: AddressPrefix,
}

impl Addresses {
    /// The landing page of a RAiD, `identifier.raidAgencyUrl`.
    pub fn landing_page(&self, handle: &Handle) -> String {
        handle.url(&self.landing_prefix)
    }

    /// The RAiD as a URL, `identifier.id`.
    pub fn raid_url(&self, handle: &Handle) -> String {
        handle.url(&self.id_prefix)
    }
}

impl Raid {
    /// The record with today's URLs of itself in place of those of the day it was minted.
    #[must_use]
    pub fn with_addresses(mut self, addresses: &Addresses) -> Self {
        let handle = self.handle().clone();
        self.identifier.raid_agency_url = Some(addresses.landing_page(&handle));
        self.identifier.id = RaidUrl::new(&addresses.id_prefix, handle);
        self
    }
}
