//! Rules of the date and description blocks.

use crate::validate::ErrorType;
use crate::validate::failures::Failures;
use crate::{Description, ProjectDates};

pub(super) fn date_constraints(date: Option<&ProjectDates>, failures: &mut Failures) {
    match date {
        None => failures.not_set("date"),
        Some(date) => failures.line("date.startDate", date.start_date.as_deref()),
    }
}

pub(super) fn description_constraints(
    descriptions: Option<&[Description]>,
    failures: &mut Failures,
) {
    for (index, description) in descriptions.unwrap_or_default().iter().enumerate() {
        let at = format!("description[{index}]");
        failures.lines(format!("{at}.text"), description.text.as_deref());
        failures.classification(&format!("{at}.type"), description.kind.as_ref());
        failures.language(&at, description.language.as_ref());
    }
}

pub(super) fn description_rules(descriptions: &[Description], failures: &mut Failures) {
    let mut primary = descriptions
        .iter()
        .enumerate()
        .filter(|(_, d)| d.is_primary())
        .map(|(index, _)| index);
    match primary.next() {
        None if descriptions.is_empty() => {}
        None => failures.add(
            "description",
            ErrorType::InvalidValue,
            "Descriptions are optional but if specified one must be the primary description.",
        ),
        Some(first) => {
            let others: Vec<String> = primary
                .map(|index| format!("description[{index}].type.id"))
                .collect();
            if !others.is_empty() {
                failures.add(
                    format!("description[{first}].type.id"),
                    ErrorType::InvalidValue,
                    format!(
                        "There can only be one primary description. This description conflicts \
                         with {}",
                        others.join(", ")
                    ),
                );
            }
        }
    }
    for (index, description) in descriptions.iter().enumerate() {
        failures.language_code(
            &format!("description[{index}]"),
            description.language.as_ref(),
        );
    }
}
