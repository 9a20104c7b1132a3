//! Where the sweep is, as a text that the store keeps.

use raid_model::{Handle, OrcidId};
use std::fmt;
use std::str::FromStr;

/// What the sweep looks at next, after the last row that it has seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Each person's permission.
    People(Option<OrcidId>),
    /// The entry of each contributor of each RAiD.
    Entries(Option<(OrcidId, Handle)>),
    /// Entries of people who left a RAiD.
    Left(Option<(OrcidId, Handle)>),
    /// What each RAiD has to come.
    Raids(Option<Handle>),
}

impl Place {
    /// Where it begins.
    pub(super) fn first() -> Self {
        Self::People(None)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pair = |after: &Option<(OrcidId, Handle)>| {
            after
                .as_ref()
                .map(|(orcid, handle)| format!(" {orcid} {handle}"))
                .unwrap_or_default()
        };
        match self {
            Self::People(None) => f.write_str("people"),
            Self::People(Some(orcid)) => write!(f, "people {orcid}"),
            Self::Entries(after) => write!(f, "entries{}", pair(after)),
            Self::Left(after) => write!(f, "left{}", pair(after)),
            Self::Raids(None) => f.write_str("raids"),
            Self::Raids(Some(handle)) => write!(f, "raids {handle}"),
        }
    }
}

/// The text names no place; the sweep begins again then.
#[derive(Debug)]
pub(super) struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let words: Vec<&str> = text.split(' ').collect();
        let pair = |orcid: &str, handle: &str| {
            let orcid = orcid.parse().map_err(|_| NoPlace)?;
            Ok((orcid, handle.parse().map_err(|_| NoPlace)?))
        };
        Ok(match words[..] {
            ["people"] => Self::People(None),
            ["people", orcid] => Self::People(Some(orcid.parse().map_err(|_| NoPlace)?)),
            ["entries"] => Self::Entries(None),
            ["entries", orcid, handle] => Self::Entries(Some(pair(orcid, handle)?)),
            ["left"] => Self::Left(None),
            ["left", orcid, handle] => Self::Left(Some(pair(orcid, handle)?)),
            ["raids"] => Self::Raids(None),
            ["raids", handle] => Self::Raids(Some(handle.parse().map_err(|_| NoPlace)?)),
            _ => return Err(NoPlace),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let orcid: OrcidId = "0000-0002-1825-0097".parse().unwrap();
        let handle: Handle = "10.82841/abc".parse().unwrap();
        let pair = || Some((orcid, handle.clone()));
        for place in [
            Place::People(None),
            Place::People(Some(orcid)),
            Place::Entries(None),
            Place::Entries(pair()),
            Place::Left(None),
            Place::Left(pair()),
            Place::Raids(None),
            Place::Raids(Some(handle.clone())),
        ] {
            assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
        }
        for nothing in ["", "people x", "entries 0000-0002-1825-0097", "all"] {
            assert!(nothing.parse::<Place>().is_err(), "{nothing}");
        }
    }
}
