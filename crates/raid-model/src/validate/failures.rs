//! Collecting failures, and the constraints that many blocks share.

use crate::external_id::BREAKS;
pub(super) use crate::text::is_blank;
use crate::validate::addresses::has_gaps;
use crate::validate::deceptive::leads_elsewhere;
use crate::validate::{ErrorType, Failure, FailureList, ValidationContext};
use crate::vocabulary::language_name;
use crate::{Classification, ExternalId, ExternalIdAt, Language, Resolver};

/// The failures found so far, in order, and the identifiers that could be looked up.
#[derive(Debug, Default)]
pub(super) struct Failures {
    found: FailureList,
    external_ids: Vec<ExternalIdAt>,
}

/// The message of a value that must be set.
const NOT_SET: &str = "field must be set";

impl Failures {
    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn into_list(self) -> FailureList {
        self.found
    }

    pub(super) fn into_external_ids(self) -> Vec<ExternalIdAt> {
        self.external_ids
    }

    pub(super) fn extend(&mut self, failures: impl Into<FailureList>) {
        self.found.extend(failures);
    }

    pub(super) fn add(
        &mut self,
        field: impl Into<String>,
        error_type: ErrorType,
        message: impl Into<String>,
    ) {
        self.found.add(|| Failure {
            field_id: field.into(),
            error_type,
            message: message.into(),
        });
    }

    /// A value that is missing or blank.
    pub(super) fn not_set(&mut self, field: impl Into<String>) {
        self.add(field, ErrorType::NotSet, NOT_SET);
    }

    /// A value that is not allowed; `why` is a remark such as `should be …`.
    pub(super) fn invalid(&mut self, field: impl Into<String>, why: impl std::fmt::Display) {
        let message = format!("has invalid/unsupported value - {why}");
        self.add(field, ErrorType::InvalidValue, message);
    }

    /// An identifier of the right form must not be one that its registry does not know.
    pub(super) fn must_exist(
        &mut self,
        field: String,
        resolver: Resolver,
        value: &str,
        context: &ValidationContext,
    ) {
        // It is refused, or has stood since before it would have been.
        if leads_elsewhere(value) || has_gaps(value) {
            return;
        }
        let id = ExternalId {
            resolver,
            value: value.to_owned(),
        };
        if context.missing.contains(&id) {
            let (error_type, message) = match resolver {
                Resolver::Orcid | Resolver::Isni => (ErrorType::NotFound, "This id does not exist"),
                Resolver::Ror => (ErrorType::NotFound, "This ROR does not exist"),
                _ => (ErrorType::InvalidValue, "uri not found"),
            };
            self.add(field.clone(), error_type, message);
        }
        self.external_ids.push(ExternalIdAt { field, id });
    }

    /// Something must be there.
    pub(super) fn required(&mut self, field: impl Into<String>, is_set: bool) {
        if !is_set {
            self.not_set(field);
        }
    }

    /// A text of one line must be there, with something in it.
    pub(super) fn line(&mut self, field: impl Into<String>, text: Option<&str>) {
        match text {
            Some(text) if !is_blank(text) => {
                // Blank lines before the text are let through, as the RAiD API's pattern does.
                let ascii_space = |c: char| c.is_ascii_whitespace() || c == '\x0b';
                let mut text = text.trim_start_matches(ascii_space).chars();
                // Only ASCII spaces count as leading; the first character may be anything else.
                text.next();
                if text.any(|c| BREAKS.contains(&c)) {
                    self.malformed(field);
                }
            }
            _ => self.not_set(field),
        }
    }

    /// A text must be there, with something in it; it may have several lines.
    pub(super) fn lines(&mut self, field: impl Into<String>, text: Option<&str>) {
        self.required(field, text.is_some_and(|text| !is_blank(text)));
    }

    /// A value of another shape than the API's schema demands.
    pub(super) fn malformed(&mut self, field: impl Into<String>) {
        self.add(field, ErrorType::InvalidValue, "field has an invalid value");
    }

    /// `id` and `schemaUri` must be there.
    pub(super) fn classification<M>(&mut self, at: &str, value: Option<&Classification<M>>) {
        match value {
            None => self.not_set(at),
            Some(value) => {
                self.required(format!("{at}.id"), value.id.is_some());
                self.required(format!("{at}.schemaUri"), value.schema_uri.is_some());
            }
        }
    }

    /// A language is optional; one that is given must be complete.
    pub(super) fn language(&mut self, parent: &str, language: Option<&Language>) {
        if let Some(language) = language {
            self.line(format!("{parent}.language.id"), language.id.as_deref());
            self.required(
                format!("{parent}.language.schemaUri"),
                language.schema_uri.is_some(),
            );
        }
    }

    /// A language's code must exist.
    pub(super) fn language_code(&mut self, parent: &str, language: Option<&Language>) {
        let code = language.and_then(|language| language.id.as_deref());
        if code.is_some_and(|code| language_name(code).is_none()) {
            self.add(
                format!("{parent}.language.id"),
                ErrorType::InvalidValue,
                "id does not exist within the given schema",
            );
        }
    }
}
