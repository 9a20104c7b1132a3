//! What ORCID's code demands of a membership beyond the schema, and when two are the same.

use time::{Date, Month};

use super::{Affiliation, ExternalId, FuzzyDate, Membership, Organization};
use crate::api_error::ApiError;

/// The registry of organisations that an identifier is looked up in.
pub(crate) struct Organizations {
    /// Well-formed identifiers that the registry does not have.
    pub(crate) unknown: Vec<String>,
}

const SOURCES: &[&str] = &["ROR", "RINGGOLD", "GRID", "FUNDREF", "LEI"];

impl Organizations {
    fn knows(&self, identifier: &str, source: &str) -> bool {
        let well_formed = match source {
            // The full URL, exactly, is what the registry is searched for.
            "ROR" => identifier
                .strip_prefix("https://ror.org/0")
                .is_some_and(|rest| {
                    rest.len() == 8
                        && rest
                            .bytes()
                            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                }),
            _ => SOURCES.contains(&source) && !identifier.trim().is_empty(),
        };
        well_formed && !self.unknown.iter().any(|u| u == identifier)
    }
}

/// Checks a membership that passed the schema.
pub(crate) fn check(affiliation: &Affiliation, registry: &Organizations) -> Result<(), ApiError> {
    let start = affiliation
        .start_date
        .as_ref()
        .map(checked_date)
        .transpose()?;
    let end = affiliation
        .end_date
        .as_ref()
        .map(checked_date)
        .transpose()?;
    // Missing parts count as 00, so 2021-05 is after 2021.
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return Err(ApiError::new(9055));
    }
    let organization = affiliation
        .organization
        .as_ref()
        .ok_or_else(|| ApiError::new(9046))?;
    check_organization(organization, registry)?;
    if organization.disambiguated.is_none() && affiliation.external_ids.is_empty() {
        return Err(ApiError::new(9062));
    }
    Ok(())
}

fn check_organization(
    organization: &Organization,
    registry: &Organizations,
) -> Result<(), ApiError> {
    let Organization {
        city,
        region,
        country,
        disambiguated,
        ..
    } = organization;
    if (city.is_some() || region.is_some()) && country.is_none() {
        return Err(ApiError::new(9061));
    }
    match disambiguated {
        Some(d) if !registry.knows(&d.identifier, &d.source) => Err(ApiError::new(9045)),
        _ => Ok(()),
    }
}

/// The date as text of eight digits that sorts by time. Each part needs its full width.
fn checked_date(date: &FuzzyDate) -> Result<String, ApiError> {
    let FuzzyDate { year, month, day } = date;
    let invalid = || ApiError::invalid_date(&date.display());
    let two_digits = |part: &Option<String>| part.as_ref().is_none_or(|p| p.len() == 2);
    if year.len() != 4 || !two_digits(month) || !two_digits(day) {
        return Err(invalid());
    }
    let number = |text: &str| text.parse::<u16>().map_err(|_| invalid());
    let year_number = i32::from(number(year)?);
    let month_number = month.as_deref().map(number).transpose()?.unwrap_or(1);
    let day_number = day.as_deref().map(number).transpose()?.unwrap_or(1);
    let month_number = u8::try_from(month_number).map_err(|_| invalid())?;
    let day_number = u8::try_from(day_number).map_err(|_| invalid())?;
    let calendar_month = Month::try_from(month_number).map_err(|_| invalid())?;
    Date::from_calendar_date(year_number, calendar_month, day_number).map_err(|_| invalid())?;
    let part = |p: &Option<String>| p.clone().unwrap_or_else(|| "00".to_owned());
    Ok(format!("{year}{}{}", part(month), part(day)))
}

/// The put-code of another membership of the same client that carries the same identifier.
pub(crate) fn duplicate_of<'a>(
    sent: &Affiliation,
    client_id: &str,
    own_put_code: Option<i64>,
    standing: impl Iterator<Item = &'a Membership>,
) -> Option<i64> {
    standing
        .filter(|m| m.source.client_id == client_id && Some(m.put_code) != own_put_code)
        .find(|m| {
            let ids = &m.affiliation.external_ids;
            sent.external_ids
                .iter()
                .any(|new| ids.iter().any(|old| collide(new, old)))
        })
        .map(|m| m.put_code)
}

/// The relationships are both `self` or both absent, the types equal, the normalised values equal.
/// The sent spelling of the type meets the stored lower-case one: `RAiD` slips past `raid`.
fn collide(new: &ExternalId, old: &ExternalId) -> bool {
    let comparable = matches!(
        (new.relationship.as_deref(), old.relationship.as_deref()),
        (Some("self"), Some("self")) | (None, None)
    );
    comparable && new.kind == old.kind && new.normalized_eq(old)
}
