//! Rules of the access block.

use time::Date;

use crate::Access;
use crate::validate::failures::{Failures, is_blank};
use crate::validate::limits::{Breach, Severity};
use crate::validate::{ErrorType, Failure, ValidationContext};

/// How long an embargo may last, in months from registration (RAiD metadata schema, access).
const LONGEST_EMBARGO: u8 = 18;

pub(super) fn constraints(access: Option<&Access>, failures: &mut Failures) {
    let Some(access) = access else {
        return failures.not_set("access");
    };
    failures.classification("access.type", access.kind.as_ref());
    if let Some(statement) = &access.statement {
        failures.language("access.statement", statement.language.as_ref());
    }
}

pub(super) fn rules(access: &Access, context: &ValidationContext, failures: &mut Failures) {
    if access.is_embargoed() {
        failures.required("access.statement", access.statement.is_some());
        match access.embargo_expiry {
            None => failures.not_set("access.embargoExpiry"),
            Some(expiry) => {
                let registered = context.registered.unwrap_or(context.today);
                if expiry > months_after(registered, LONGEST_EMBARGO) {
                    failures.add(
                        "access.embargoExpiry",
                        ErrorType::InvalidValue,
                        "Embargo expiry cannot be more than 18 months in the future",
                    );
                }
            }
        }
    }
    if let Some(statement) = &access.statement {
        let is_set = statement
            .text
            .as_deref()
            .is_some_and(|text| !is_blank(text));
        failures.required("access.statement.text", is_set);
        failures.language_code("access.statement", statement.language.as_ref());
    }
}

/// An embargo that has ended already: the record would be open at once.
pub(super) fn ended(access: &Access, context: &ValidationContext) -> Option<Breach> {
    let expiry = access.embargo_expiry.filter(|_| access.is_embargoed())?;
    (expiry <= context.today).then(|| Breach {
        failure: Failure {
            field_id: "access.embargoExpiry".to_owned(),
            error_type: ErrorType::InvalidValue,
            message:
                "Embargo expiry must be after today: the RAiD opens on that day. To open it now, \
                      send the open access type"
                    .to_owned(),
        },
        what: ("ended", expiry.to_string()),
        severity: Severity::Refused,
    })
}

/// The same day some months later, or the last day of that month if it is shorter.
fn months_after(date: Date, months: u8) -> Date {
    let years = (i32::from(u8::from(date.month())) - 1 + i32::from(months)) / 12;
    let (year, month) = (date.year() + years, date.month().nth_next(months));
    let day = date.day().min(month.length(year));
    // Past the calendar's last year nothing is later.
    Date::from_calendar_date(year, month, day).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn months_end_where_the_calendar_ends_them() {
        assert_eq!(
            months_after(date!(2026 - 06 - 22), 18),
            date!(2027 - 12 - 22)
        );
        assert_eq!(
            months_after(date!(2026 - 08 - 31), 18),
            date!(2028 - 02 - 29)
        );
        assert_eq!(
            months_after(date!(2025 - 08 - 31), 18),
            date!(2027 - 02 - 28)
        );
        assert_eq!(
            months_after(date!(2026 - 07 - 01), 18),
            date!(2028 - 01 - 01)
        );
        assert_eq!(months_after(date!(9999 - 12 - 31), 18), Date::MAX);
    }
}
