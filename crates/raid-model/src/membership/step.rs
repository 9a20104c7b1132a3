//! The next step towards an ORCID record that says what the RAiD says, as a pure function of what
//! should be and what is.

use sha2::{Digest as _, Sha256};

use super::MembershipDocument;

/// Which consent permits writing to the ORCID record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Their record may be written.
    Granted,
    /// They have not been asked.
    Unasked,
    /// They were asked and have not said yes. What they were asked for may change.
    Unanswered,
    /// They withdrew their permission.
    Withdrawn,
    /// Nothing may be written, and a change of their projects changes nothing about that.
    None,
}

/// What is known to stand on the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Nothing of ours.
    Absent,
    /// An answer never came, so only a look tells.
    InDoubt,
    /// Our entry.
    Written {
        /// ORCID's put-code.
        put_code: i64,
        /// [`MembershipDocument::hash`] of what it says; none when that is unknown.
        hash: Option<String>,
    },
    /// Our entry. ORCID refused to remove it after the person withdrew their permission.
    LeftBehind {
        /// ORCID's put-code.
        put_code: i64,
    },
    /// The researcher removed our entry.
    Removed,
}

/// One step towards agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// They agree, or the person's permission does not reach so far.
    Nothing,
    /// The person has not been asked.
    AskFirst,
    /// The person was asked for something that may have changed.
    ReviewQuestion,
    /// An answer never came: look what stands there, and adopt it.
    Look,
    /// Create the entry.
    Create(MembershipDocument),
    /// Replace the entry.
    Update(i64, MembershipDocument),
    /// Remove the entry.
    Delete(i64),
}

impl Step {
    /// The step while the question and the entry wait for release: nothing new is asked or added. What
    /// stands on the record follows, and goes, as always.
    #[must_use]
    pub fn while_waiting(self) -> Self {
        match self {
            Self::AskFirst | Self::Create(_) => Self::Nothing,
            other => other,
        }
    }

    /// Chooses the next step towards `desired`. Never adds what the researcher removed, and never
    /// acts without a grant.
    pub fn next(desired: Option<MembershipDocument>, consent: Consent, entry: Entry) -> Self {
        match (consent, &entry) {
            (Consent::Granted, _) => {}
            (Consent::Unasked, _) if desired.is_some() => return Self::AskFirst,
            (Consent::Unanswered, _) => return Self::ReviewQuestion,
            // What has to go is tried once. ORCID refuses it as a rule.
            (Consent::Withdrawn, Entry::Written { put_code, .. }) if desired.is_none() => {
                return Self::Delete(*put_code);
            }
            (Consent::Unasked | Consent::Withdrawn | Consent::None, _) => return Self::Nothing,
        }
        match (entry, desired) {
            (Entry::InDoubt, _) => Self::Look,
            (Entry::Removed, _) | (Entry::Absent, None) => Self::Nothing,
            (Entry::Absent, Some(document)) => Self::Create(document),
            (Entry::Written { put_code, .. } | Entry::LeftBehind { put_code }, None) => {
                Self::Delete(put_code)
            }
            (Entry::Written { hash, .. }, Some(document)) if hash == Some(document.hash()) => {
                Self::Nothing
            }
            (Entry::Written { put_code, .. } | Entry::LeftBehind { put_code }, Some(document)) => {
                Self::Update(put_code, document)
            }
        }
    }
}

impl MembershipDocument {
    /// The hash of the canonical form, in hex. An unchanged document is not sent again: each write
    /// sends the researcher a notice.
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.canonical().as_bytes());
        digest
            .iter()
            .fold(String::with_capacity(64), |mut hex, byte| {
                // Writing to a string cannot fail.
                let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
                hex
            })
    }
}
