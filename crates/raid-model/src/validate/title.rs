//! Rules of the title block.

use crate::Title;
use crate::validate::failures::Failures;
use crate::validate::period::{Period, neighbours, overlaps};
use crate::validate::{ErrorType, ValidationContext};

pub(super) fn constraints(titles: Option<&[Title]>, failures: &mut Failures) {
    let Some(titles) = titles else {
        return failures.not_set("title");
    };
    for (index, title) in titles.iter().enumerate() {
        let at = format!("title[{index}]");
        failures.line(format!("{at}.text"), title.text.as_deref());
        failures.classification(&format!("{at}.type"), title.kind.as_ref());
        failures.line(format!("{at}.startDate"), title.start_date.as_deref());
        failures.language(&at, title.language.as_ref());
    }
}

pub(super) fn rules(titles: &[Title], context: &ValidationContext, failures: &mut Failures) {
    if !titles.iter().any(Title::is_primary) {
        failures.add(
            "title.type",
            ErrorType::MissingPrimaryTitle,
            "at least one primaryTitle entry must be provided",
        );
    }
    one_primary_title_at_a_time(titles, context, failures);
    for (index, title) in titles.iter().enumerate() {
        let at = format!("title[{index}]");
        failures.period(&at, title.start_date.as_deref(), title.end_date.as_deref());
        failures.language_code(&at, title.language.as_ref());
    }
}

fn one_primary_title_at_a_time(
    titles: &[Title],
    context: &ValidationContext,
    failures: &mut Failures,
) {
    let periods: Vec<Option<Period>> = titles
        .iter()
        .map(|title| {
            Period::parse(title.start_date.as_deref(), title.end_date.as_deref())
                .filter(|_| title.is_primary())
        })
        .collect();
    let ends = |period: &Period| period.end.unwrap_or(context.today);
    let repeated =
        neighbours(&periods, ends).find(|(first, second)| titles[first.0] == titles[second.0]);
    // One repetition says it all: what overlaps besides is not told then.
    if let Some((_, (title, _))) = repeated {
        let first = titles.iter().position(|other| *other == titles[title]);
        return failures.add(
            format!("title[{}]", first.unwrap_or(title)),
            ErrorType::DuplicateValue,
            "an object with the same values appears in the list",
        );
    }
    for (first, second) in overlaps(&periods, context.today) {
        failures.add(
            format!("title[{second}].startDate"),
            ErrorType::InvalidValue,
            format!(
                "There can only be one primary title in any given period. The start date for this \
                 title overlaps with title[{first}]"
            ),
        );
    }
}
