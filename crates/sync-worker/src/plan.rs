//! The next step, as a pure function of what should be and what is.

use raid_model::membership::MembershipDocument;
use sha2::{Digest as _, Sha256};
use store::memberships::{Membership, State};
use store::permissions;

/// What is known when the step is chosen.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What should stand on the record: none when the person is no contributor, or the RAiD may
    /// not be shown.
    pub desired: Option<MembershipDocument>,
    /// What the person said.
    pub permission: permissions::State,
    /// What we know ORCID holds.
    pub actual: Option<Membership>,
}

impl Facts {
    /// Whether a write may have been carried out whose answer never came, so that only a look at
    /// the record tells what stands there. Writing again without it would add the entry twice, send
    /// the researcher a second notice, or take our own deletion for theirs.
    pub(crate) fn in_doubt(&self) -> bool {
        self.actual.as_ref().is_some_and(|m| match m.state {
            State::Posting | State::Deleting => true,
            State::Written => m.document_hash.is_none(),
            State::RemovedByResearcher | State::Deleted => false,
        })
    }
}

/// One step towards agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// They agree, or the person's permission does not reach so far.
    Nothing,
    /// The person has not been asked.
    AskFirst,
    /// An answer never came: look what stands there, and adopt it.
    Look,
    /// Create the entry.
    Create(MembershipDocument),
    /// Replace the entry.
    Update(i64, MembershipDocument),
    /// Remove the entry.
    Delete(i64),
}

/// Chooses the next step. Never adds what the researcher removed, and never acts without a grant.
pub fn plan(facts: Facts) -> Step {
    let actual = facts.actual.as_ref();
    match facts.permission {
        permissions::State::Granted => {}
        permissions::State::Unasked if facts.desired.is_some() => return Step::AskFirst,
        _ => return Step::Nothing,
    }
    let stands = actual.map(|m| (m.state, m.put_code));
    match (stands, facts.desired) {
        (Some((State::Posting | State::Deleting, _)), _) => Step::Look,
        (Some((State::RemovedByResearcher, _)), _)
        | (None | Some((State::Deleted, _) | (State::Written, None)), None) => Step::Nothing,
        (None | Some((State::Deleted, _) | (State::Written, None)), Some(document)) => {
            Step::Create(document)
        }
        (Some((State::Written, Some(put_code))), None) => Step::Delete(put_code),
        (Some((State::Written, Some(put_code))), Some(document)) => {
            let known = actual.and_then(|m| m.document_hash.as_deref());
            if known == Some(hash(&document).as_str()) {
                Step::Nothing
            } else {
                Step::Update(put_code, document)
            }
        }
    }
}

/// The hash of a document's canonical form, in hex. An unchanged document is not sent again: each
/// write sends the researcher a notice.
pub(crate) fn hash(document: &MembershipDocument) -> String {
    let digest = Sha256::digest(document.canonical().as_bytes());
    digest
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
            hex
        })
}

#[cfg(test)]
mod tests;
