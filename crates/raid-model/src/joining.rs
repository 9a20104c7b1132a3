//! What a contributor is after accepting another position in the same project.
//!
//! A person holds one position at a time, and the RAiD API refuses records that say otherwise. So
//! where the accepted position overlaps others, the one that begins later holds; the earlier one
//! ends the day before, and goes on when the later one has ended. Of two that begin on the same
//! day, the accepted one holds. The same position twice is one, from the earlier beginning to the
//! later end.

use time::Date;

use crate::{Contributor, ContributorPosition, OrcidId, PartialDate};

impl Contributor {
    /// This contributor, with the positions, roles and flags of an invitation that they accepted.
    /// Equal to `self` when it has all of that already.
    ///
    /// Both must be valid. Positions that are no dates are kept as they are.
    #[must_use]
    pub fn joined_by(&self, invited: &Self) -> Self {
        let mut joined = self.clone();
        let mut positions = self.positions().to_vec();
        for position in invited.positions() {
            positions = with_position(positions, position);
        }
        if positions != self.positions() {
            // Of those that were there, two may overlap from a day in the future on, and are valid
            // only until one of them ends.
            let apart = positions.iter().fold(Vec::new(), with_position);
            joined.position = Some(apart);
        }
        let mut roles = self.roles().to_vec();
        for role in invited.roles() {
            if roles.iter().all(|known| known.id != role.id) {
                roles.push(*role);
            }
        }
        if roles != self.roles() {
            joined.role = Some(roles);
        }
        for (flag, set) in [
            (&mut joined.leader, invited.leader),
            (&mut joined.contact, invited.contact),
        ] {
            if set == Some(true) {
                *flag = set;
            }
        }
        joined
    }
}

/// The contributors of a RAiD when ORCID merged the record `from` into `into`, whose URL is `url`:
/// the person is named by the other iD. If it is among them already, they become one contributor
/// with the positions, roles and flags of both. None if nobody is named by `from`.
pub fn merged(
    contributors: &[Contributor],
    from: &OrcidId,
    into: &OrcidId,
    url: &str,
) -> Option<Vec<Contributor>> {
    let is = |orcid: &OrcidId| {
        let orcid = *orcid;
        move |it: &&Contributor| it.orcid() == Some(orcid)
    };
    let old = contributors.iter().find(is(from))?;
    let other = contributors.iter().find(is(into));
    let renamed = Contributor {
        id: Some(url.to_owned()),
        ..old.clone()
    };
    let one = other.map_or(renamed, |other| other.joined_by(old));
    let mut one = Some(one);
    let merged = contributors.iter().filter_map(|it| {
        let is_theirs = it.orcid().is_some_and(|id| id == *from || id == *into);
        if is_theirs {
            one.take()
        } else {
            Some(it.clone())
        }
    });
    Some(merged.collect())
}

/// Positions and one more.
fn with_position(
    known: Vec<ContributorPosition>,
    accepted: &ContributorPosition,
) -> Vec<ContributorPosition> {
    if known.contains(accepted) {
        return known;
    }
    let mut accepted = accepted.clone();
    let mut others = Vec::new();
    for position in known.iter().cloned() {
        if position.id == accepted.id && overlap(&position, &accepted) {
            accepted = united(&position, &accepted);
        } else {
            others.push(position);
        }
    }
    // The same position is there, and for longer.
    if known.contains(&accepted) {
        return known;
    }
    let mut pieces = vec![accepted.clone()];
    let mut all = Vec::new();
    for position in others {
        if begins(&position) > begins(&accepted) {
            pieces = pieces
                .into_iter()
                .flat_map(|piece| outside(piece, &position))
                .collect();
            all.push(position);
        } else {
            all.extend(outside(position, &accepted));
        }
    }
    all.extend(pieces);
    all
}

fn date(text: Option<&str>) -> Option<PartialDate> {
    text?.trim().parse().ok()
}

fn begins(position: &ContributorPosition) -> Option<Date> {
    date(position.start_date.as_deref()).map(|start| start.first_day())
}

/// The day on which it counts as ended: the first that the date can mean, as in validation.
/// An open end never comes.
fn ends(position: &ContributorPosition) -> Date {
    date(position.end_date.as_deref()).map_or(Date::MAX, |end| end.first_day())
}

/// Whether validation refuses these two beside each other, today or later.
fn overlap(a: &ContributorPosition, b: &ContributorPosition) -> bool {
    let (Some(begins_a), Some(begins_b)) = (begins(a), begins(b)) else {
        return false;
    };
    let (first, second) = if (begins_a, ends(a)) <= (begins_b, ends(b)) {
        (ends(a), begins_b)
    } else {
        (ends(b), begins_a)
    };
    second < first
}

/// The same position, from the earlier beginning to the later end.
fn united(known: &ContributorPosition, accepted: &ContributorPosition) -> ContributorPosition {
    let earlier = if begins(accepted) < begins(known) {
        accepted
    } else {
        known
    };
    let later = if ends(accepted) > ends(known) {
        accepted
    } else {
        known
    };
    ContributorPosition {
        start_date: earlier.start_date.clone(),
        end_date: later.end_date.clone(),
        ..known.clone()
    }
}

/// What of a position is before and after another one; all of it if they do not overlap.
fn outside(position: ContributorPosition, other: &ContributorPosition) -> Vec<ContributorPosition> {
    if !overlap(&position, other) {
        return vec![position];
    }
    let before = begins(other)
        .filter(|other| begins(&position).is_some_and(|start| start < *other))
        .and_then(Date::previous_day)
        .map(|end| ContributorPosition {
            end_date: Some(end.to_string()),
            ..position.clone()
        });
    let after = date(other.end_date.as_deref())
        .and_then(|end| end.last_day().next_day())
        .filter(|start| *start <= ends(&position))
        .map(|start| ContributorPosition {
            start_date: Some(start.to_string()),
            ..position.clone()
        });
    before.into_iter().chain(after).collect()
}

#[cfg(test)]
mod tests;
