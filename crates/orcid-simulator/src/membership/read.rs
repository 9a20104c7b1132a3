//! Reading a `membership` document (`record_3.0/membership-3.0.xsd`).

use super::{Affiliation, Disambiguated, ExternalId, FuzzyDate, Organization};
use crate::api_error::ApiError;
use crate::country::is_country;
use crate::xml::schema::{
    Invalid, Sequence, any_uri, attribute, enumeration, integer, non_empty, only_attributes,
    parse_integer, string,
};
use crate::xml::{Element, ns, parse};

const LONG: Option<usize> = Some(4000);
const SHORT: Option<usize> = Some(500);
const ITEM_ATTRIBUTES: &[&str] = &["put-code", "visibility", "display-index", "path"];
const RELATIONSHIPS: &[&str] = &["self", "part-of", "version-of", "funded-by"];

/// A membership as a client sent it.
#[derive(Debug)]
pub(crate) struct SentMembership {
    pub(crate) put_code: Option<i64>,
    pub(crate) visibility: Option<String>,
    pub(crate) affiliation: Affiliation,
}

/// Parses and validates the body: 9001 when it is not XML, 9012 when the schema refuses it, 9051
/// when a value outside an enumeration passes the schema.
pub(crate) fn read_membership(body: &[u8]) -> Result<SentMembership, ApiError> {
    let root = parse(body).map_err(|e| ApiError::new(9001).detail(&e.to_string()))?;
    let sent = membership(&root).map_err(|e| ApiError::new(9012).detail(&e.to_string()))?;
    enumerations(&sent.affiliation)?;
    Ok(sent)
}

/// Values that the schema leaves open and the server's own types do not.
fn enumerations(affiliation: &Affiliation) -> Result<(), ApiError> {
    let country = affiliation
        .organization
        .as_ref()
        .and_then(|o| o.country.as_deref());
    if let Some(country) = country.filter(|c| !is_country(c)) {
        return Err(ApiError::invalid_value(country, "Iso3166Country"));
    }
    let relationships = affiliation
        .external_ids
        .iter()
        .filter_map(|id| id.relationship.as_deref());
    for relationship in relationships {
        if !RELATIONSHIPS.contains(&relationship) {
            return Err(ApiError::invalid_value(relationship, "Relationship"));
        }
    }
    Ok(())
}

fn membership(root: &Element) -> Result<SentMembership, Invalid> {
    if root.namespace != ns::MEMBERSHIP || root.local != "membership" {
        return Err(Invalid(format!(
            "cvc-elt.1: Cannot find the declaration of element '{}'.",
            root.local
        )));
    }
    only_attributes(root, ITEM_ATTRIBUTES)?;
    let put_code = match attribute(root, "put-code") {
        Some(text) => Some(parse_integer(text.trim()).ok_or_else(|| {
            Invalid(format!(
                "cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'integer'."
            ))
        })?),
        None => None,
    };
    let visibility = attribute(root, "visibility").map(str::to_owned);
    if let Some(v) = &visibility
        && !["private", "limited", "public", "registered-only"].contains(&v.as_str())
    {
        return Err(Invalid(format!(
            "cvc-enumeration-valid: Value '{v}' is not facet-valid with respect to enumeration \
             '[private, limited, public, registered-only]'."
        )));
    }
    let mut children = Sequence::of(root)?;
    // Read-only parts may be sent back as they were read; they are ignored.
    for read_only in ["created-date", "last-modified-date", "source"] {
        children.optional(ns::COMMON, read_only);
    }
    let department_name = children.optional(ns::COMMON, "department-name");
    let role_title = children.optional(ns::COMMON, "role-title");
    let start_date = children.optional(ns::COMMON, "start-date");
    let end_date = children.optional(ns::COMMON, "end-date");
    let organization = children.optional(ns::COMMON, "organization");
    let url = children.optional(ns::COMMON, "url");
    let external_ids = children.optional(ns::COMMON, "external-ids");
    children.finish()?;
    Ok(SentMembership {
        put_code,
        visibility,
        affiliation: Affiliation {
            department_name: department_name.map(|e| non_empty(e, LONG)).transpose()?,
            role_title: role_title.map(|e| non_empty(e, LONG)).transpose()?,
            start_date: start_date.map(fuzzy_date).transpose()?,
            end_date: end_date.map(fuzzy_date).transpose()?,
            organization: organization.map(self::organization).transpose()?,
            url: url.map(any_uri).transpose()?,
            external_ids: external_ids
                .map(self::external_ids)
                .transpose()?
                .unwrap_or_default(),
        },
    })
}

fn fuzzy_date(element: &Element) -> Result<FuzzyDate, Invalid> {
    only_attributes(element, &[])?;
    let mut parts = Sequence::of(element)?;
    let year = integer(parts.required(ns::COMMON, "year")?, 1900, 2100)?;
    let month = parts.optional(ns::COMMON, "month");
    let month = month.map(|e| integer(e, 1, 12)).transpose()?;
    let day = month
        .as_ref()
        .and_then(|_| parts.optional(ns::COMMON, "day"));
    let day = day.map(|e| integer(e, 1, 31)).transpose()?;
    parts.finish()?;
    Ok(FuzzyDate { year, month, day })
}

fn organization(element: &Element) -> Result<Organization, Invalid> {
    only_attributes(element, &[])?;
    let mut parts = Sequence::of(element)?;
    let name = non_empty(parts.required(ns::COMMON, "name")?, LONG)?;
    let address = parts.required(ns::COMMON, "address")?;
    let disambiguated = parts.optional(ns::COMMON, "disambiguated-organization");
    parts.finish()?;

    only_attributes(address, &[])?;
    let mut lines = Sequence::of(address)?;
    let city = lines
        .optional(ns::COMMON, "city")
        .map(|e| non_empty(e, LONG))
        .transpose()?;
    let region = lines
        .optional(ns::COMMON, "region")
        .map(|e| non_empty(e, LONG))
        .transpose()?;
    let country = lines
        .optional(ns::COMMON, "country")
        .map(|e| string(e, None))
        .transpose()?;
    lines.finish()?;
    let disambiguated = disambiguated.map(self::disambiguated).transpose()?;
    Ok(Organization {
        name,
        city,
        region,
        country,
        disambiguated,
    })
}

fn disambiguated(element: &Element) -> Result<Disambiguated, Invalid> {
    only_attributes(element, &[])?;
    let mut parts = Sequence::of(element)?;
    let identifier = parts.required(ns::COMMON, "disambiguated-organization-identifier")?;
    let source = parts.required(ns::COMMON, "disambiguation-source")?;
    parts.finish()?;
    Ok(Disambiguated {
        identifier: string(identifier, SHORT)?,
        source: string(source, SHORT)?,
    })
}

fn external_ids(element: &Element) -> Result<Vec<ExternalId>, Invalid> {
    only_attributes(element, &[])?;
    let mut list = Sequence::of(element)?;
    let mut ids = Vec::new();
    while let Some(id) = list.optional(ns::COMMON, "external-id") {
        ids.push(external_id(id)?);
    }
    list.finish()?;
    Ok(ids)
}

fn external_id(element: &Element) -> Result<ExternalId, Invalid> {
    only_attributes(element, ITEM_ATTRIBUTES)?;
    let mut parts = Sequence::of(element)?;
    for read_only in ["created-date", "last-modified-date", "source"] {
        parts.optional(ns::COMMON, read_only);
    }
    let kind = non_empty(parts.required(ns::COMMON, "external-id-type")?, None)?;
    let value = non_empty(parts.required(ns::COMMON, "external-id-value")?, None)?;
    for read_only in ["external-id-normalized", "external-id-normalized-error"] {
        if let Some(transient) = parts.optional(ns::COMMON, read_only) {
            only_attributes(transient, &["transient"])?;
            if attribute(transient, "transient") != Some("true") {
                return Err(Invalid(format!(
                    "cvc-complex-type.4: Attribute 'transient' must appear on element '{read_only}'."
                )));
            }
        }
    }
    let url = parts
        .optional(ns::COMMON, "external-id-url")
        .map(any_uri)
        .transpose()?;
    let relationship = parts.optional(ns::COMMON, "external-id-relationship");
    let relationship = relationship.map(|e| string(e, None)).transpose()?;
    parts.finish()?;
    Ok(ExternalId {
        kind,
        value,
        url,
        relationship,
    })
}

/// An `external-id` inside a notification item. Notifications are read against the 2.1 schema,
/// which knows two relationships and no normalised values.
pub(crate) fn notification_external_id(element: &Element) -> Result<ExternalId, Invalid> {
    only_attributes(element, ITEM_ATTRIBUTES)?;
    let mut parts = Sequence::of(element)?;
    for read_only in ["created-date", "last-modified-date", "source"] {
        parts.optional(ns::COMMON, read_only);
    }
    let kind = non_empty(parts.required(ns::COMMON, "external-id-type")?, None)?;
    let value = non_empty(parts.required(ns::COMMON, "external-id-value")?, None)?;
    let url = parts
        .optional(ns::COMMON, "external-id-url")
        .map(any_uri)
        .transpose()?;
    let relationship = parts.optional(ns::COMMON, "external-id-relationship");
    let relationship = relationship
        .map(|e| enumeration(e, &["self", "part-of"]))
        .transpose()?;
    parts.finish()?;
    Ok(ExternalId {
        kind,
        value,
        url,
        relationship,
    })
}
