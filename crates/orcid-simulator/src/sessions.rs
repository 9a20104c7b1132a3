//! Who is signed in on which browser.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::OrcidId;
use crate::random::token_uuid;

/// The oldest sessions end when there are more.
const MOST: usize = 10_000;

/// Signed-in sessions by their cookie value.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sessions {
    signed_in: BTreeMap<String, OrcidId>,
    order: VecDeque<String>,
}

impl Sessions {
    /// Starts a session and gives its cookie value.
    pub(crate) fn start(&mut self, orcid: OrcidId) -> String {
        let id = token_uuid();
        self.signed_in.insert(id.clone(), orcid);
        self.order.push_back(id.clone());
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.signed_in.remove(&oldest);
        }
        id
    }

    /// Who is signed in.
    pub(crate) fn researcher(&self, id: &str) -> Option<&OrcidId> {
        self.signed_in.get(id)
    }

    /// Ends a session.
    pub(crate) fn end(&mut self, id: &str) {
        self.signed_in.remove(id);
        self.order.retain(|other| other != id);
    }
}
