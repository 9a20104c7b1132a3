//! Reading an element tree against a schema: order, cardinality and simple types.
//!
//! Error texts follow the shape of the validator that ORCID uses, because its messages reach
//! clients inside `developer-message`.

use std::slice;

use super::{Attribute, Element, ns};

/// The document is well-formed but not valid against ORCID's XSD.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Invalid(pub(crate) String);

/// The children of one element, read in the order of an `xs:sequence`.
pub(crate) struct Sequence<'a> {
    parent: &'a Element,
    rest: slice::Iter<'a, Element>,
    expected: Vec<String>,
}

impl<'a> Sequence<'a> {
    /// Starts reading; refuses character data between the children.
    pub(crate) fn of(parent: &'a Element) -> Result<Self, Invalid> {
        if !parent.text.trim().is_empty() {
            return Err(Invalid(format!(
                "cvc-complex-type.2.3: Element '{}' cannot have character [children], because the \
                 type's content type is element-only.",
                parent.local
            )));
        }
        Ok(Self {
            parent,
            rest: parent.children.iter(),
            expected: Vec::new(),
        })
    }

    /// The next child when it has this name.
    pub(crate) fn optional(&mut self, namespace: &str, local: &str) -> Option<&'a Element> {
        let next = self.rest.as_slice().first()?;
        if next.namespace == namespace && next.local == local {
            self.rest.next();
            self.expected.clear();
            return Some(next);
        }
        self.expected.push(format!("\"{namespace}\":{local}"));
        None
    }

    /// The next child, which must have this name.
    pub(crate) fn required(
        &mut self,
        namespace: &str,
        local: &str,
    ) -> Result<&'a Element, Invalid> {
        if let Some(found) = self.optional(namespace, local) {
            return Ok(found);
        }
        if self.rest.as_slice().is_empty() {
            return Err(Invalid(format!(
                "cvc-complex-type.2.4.b: The content of element '{}' is not complete. One of \
                 '{{\"{namespace}\":{local}}}' is expected.",
                self.parent.local
            )));
        }
        Err(self.unexpected())
    }

    /// Refuses whatever is left.
    pub(crate) fn finish(self) -> Result<(), Invalid> {
        if self.rest.as_slice().is_empty() {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn unexpected(&self) -> Invalid {
        let found = self
            .rest
            .as_slice()
            .first()
            .map_or("", |e| e.local.as_str());
        if self.expected.is_empty() {
            return Invalid(format!(
                "cvc-complex-type.2.4.d: Invalid content was found starting with element '{found}'. \
                 No child element is expected at this point."
            ));
        }
        Invalid(format!(
            "cvc-complex-type.2.4.a: Invalid content was found starting with element '{found}'. One \
             of '{{{}}}' is expected.",
            self.expected.join(", ")
        ))
    }
}

/// Refuses attributes other than `allowed`; schema-instance attributes are always fine.
pub(crate) fn only_attributes(element: &Element, allowed: &[&str]) -> Result<(), Invalid> {
    for attribute in &element.attributes {
        let known = attribute.namespace == ns::XSI
            || (attribute.namespace.is_empty() && allowed.contains(&attribute.local.as_str()));
        if !known {
            return Err(Invalid(format!(
                "cvc-complex-type.3.2.2: Attribute '{}' is not allowed to appear in element '{}'.",
                attribute.local, element.local
            )));
        }
    }
    Ok(())
}

/// The value of an unqualified attribute.
pub(crate) fn attribute<'a>(element: &'a Element, local: &str) -> Option<&'a str> {
    let found = |a: &&Attribute| a.namespace.is_empty() && a.local == local;
    element
        .attributes
        .iter()
        .find(found)
        .map(|a| a.value.as_str())
}

/// `xs:string` with an optional greatest length in characters.
pub(crate) fn string(element: &Element, max: Option<usize>) -> Result<String, Invalid> {
    simple(element, &[])?;
    checked_length(element, max)?;
    Ok(element.text.clone())
}

/// A string with at least one character that is not white space (`common:non-empty-string`).
pub(crate) fn non_empty(element: &Element, max: Option<usize>) -> Result<String, Invalid> {
    simple(element, &[])?;
    if element.text.trim().is_empty() {
        return Err(Invalid(format!(
            "cvc-pattern-valid: Value '{}' is not facet-valid with respect to pattern \
             '[\\s\\S]*[^\\s\\n\\r]+[\\s\\S]*' for type '{}'.",
            element.text, element.local
        )));
    }
    checked_length(element, max)?;
    Ok(element.text.trim().to_owned())
}

/// `xs:anyURI`: practically every string passes, white space around it is cut off.
pub(crate) fn any_uri(element: &Element) -> Result<String, Invalid> {
    simple(element, &[])?;
    Ok(element.text.trim().to_owned())
}

/// `xs:integer` within a range; the spelling is returned, because leading zeros matter later.
pub(crate) fn integer(element: &Element, min: i64, max: i64) -> Result<String, Invalid> {
    simple(element, &[])?;
    let text = element.text.trim();
    let value = parse_integer(text).ok_or_else(|| {
        Invalid(format!(
            "cvc-datatype-valid.1.2.1: '{text}' is not a valid value for 'integer'."
        ))
    })?;
    if value < min {
        return Err(Invalid(format!(
            "cvc-minInclusive-valid: Value '{text}' is not facet-valid with respect to minInclusive \
             '{min}' for type '{}'.",
            element.local
        )));
    }
    if value > max {
        return Err(Invalid(format!(
            "cvc-maxInclusive-valid: Value '{text}' is not facet-valid with respect to maxInclusive \
             '{max}' for type '{}'.",
            element.local
        )));
    }
    Ok(text.to_owned())
}

/// `xs:integer` as a number, when it fits 64 bits.
pub(crate) fn parse_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let well_formed = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if well_formed { text.parse().ok() } else { None }
}

/// One of the listed values, exactly.
pub(crate) fn enumeration(element: &Element, allowed: &[&str]) -> Result<String, Invalid> {
    simple(element, &[])?;
    if allowed.contains(&element.text.as_str()) {
        return Ok(element.text.clone());
    }
    Err(Invalid(format!(
        "cvc-enumeration-valid: Value '{}' is not facet-valid with respect to enumeration '[{}]'. It \
         must be a value from the enumeration.",
        element.text,
        allowed.join(", ")
    )))
}

fn simple(element: &Element, attributes: &[&str]) -> Result<(), Invalid> {
    only_attributes(element, attributes)?;
    if element.children.is_empty() {
        return Ok(());
    }
    Err(Invalid(format!(
        "cvc-type.3.1.2: Element '{}' is a simple type, so it must have no element information item \
         [children].",
        element.local
    )))
}

fn checked_length(element: &Element, max: Option<usize>) -> Result<(), Invalid> {
    let length = element.text.chars().count();
    match max {
        Some(max) if length > max => Err(Invalid(format!(
            "cvc-maxLength-valid: Value with length = '{length}' is not facet-valid with respect to \
             maxLength '{max}' for type '{}'.",
            element.local
        ))),
        _ => Ok(()),
    }
}
