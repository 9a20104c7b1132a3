use proptest::prelude::*;

use super::*;
use crate::Precision;

/// The dates of the entry of a person with these positions in a project with these dates.
fn entry(project: (&str, &str), positions: &[(&str, &str)]) -> (String, String) {
    let position = |(start, end): &(&str, &str)| ContributorPosition {
        start_date: Some((*start).to_owned()),
        end_date: Some((*end).to_owned()),
        ..ContributorPosition::default()
    };
    let contributor = Contributor {
        position: Some(positions.iter().map(position).collect()),
        ..Contributor::default()
    };
    let project = ProjectDates {
        start_date: Some(project.0.to_owned()),
        end_date: Some(project.1.to_owned()),
    };
    let (start, end) = entry_dates(&contributor, &project);
    let text = |date: Option<PartialDate>| date.map(|d| d.to_string()).unwrap_or_default();
    (text(start), text(end))
}

fn pair(text: &str) -> (&str, &str) {
    text.split_once('/').unwrap()
}

/// Checks rows of project, positions, and entry, each period as `start/end`.
fn check(rows: &[(&str, &[&str], &str)]) {
    for (project, positions, expected) in rows {
        let held: Vec<_> = positions.iter().map(|position| pair(position)).collect();
        let (start, end) = entry(pair(project), &held);
        assert_eq!(
            format!("{start}/{end}"),
            *expected,
            "{project} with {positions:?}"
        );
    }
}

#[test]
fn positions_are_cut_to_the_project() {
    check(&[
        ("2020-03/2023-12", &["2020-03/"], "2020-03/2023-12"),
        ("2020-03/2023-12", &["2010-01/2030-12"], "2020-03/2023-12"),
        ("2020-03/", &["2021-01/2022-02"], "2021-01/2022-02"),
        ("2020-03/2023-12", &["2021/2022"], "2021/2022"),
        ("2019/", &["2020-05/"], "2020-05/"),
        // Of a year and a month in it, the month cuts: 2020 may mean January, and 2023 December.
        ("2020-03/2023-06", &["2020/2023"], "2020-03/2023-06"),
        ("2020/2023", &["2020-03/2023-06"], "2020-03/2023-06"),
        // Where they mean the same day, the person's own date stays as it is written.
        ("2020-01/2023-12", &["2020/2023"], "2020/2023"),
        (
            "2020/2023",
            &["2020-01-01/2023-12-31"],
            "2020-01-01/2023-12-31",
        ),
        // An end in the future is an end.
        ("2020/2099", &["2021/"], "2021/2099"),
        ("/2023", &["2021/"], "2021/2023"),
        ("/", &["2021/"], "2021/"),
    ]);
}

#[test]
fn positions_outside_the_project_shrink_to_its_edge() {
    check(&[
        ("2020-03/2023-12", &["2024/"], "2023-12/2023-12"),
        ("2020-03/2023-12", &["2024/2025"], "2023-12/2023-12"),
        ("2020-03/2023-12", &["2010/2015"], "2020-03/2020-03"),
        ("2020-03/", &["2010/2015-05-06"], "2020-03/2020-03"),
        // But one that lies in the project counts alone.
        (
            "2020/2023",
            &["2010/2015", "2021/2022", "2024/"],
            "2021/2022",
        ),
        // In the project's last and first month is not outside.
        ("2020-03/2023-12", &["2023-12-31/"], "2023-12/2023-12"),
        (
            "2020-03/2023-12",
            &["2010/2020-03-01"],
            "2020-03/2020-03-01",
        ),
    ]);
}

#[test]
fn the_entry_spans_all_positions() {
    check(&[
        ("2019/", &["2021-05-03/2022-01-31"], "2021-05-03/2022-01-31"),
        ("2019/", &["2021/2022", "2019/2020"], "2019/2022"),
        ("2019/", &["2019/2020", "2023/2024"], "2019/2024"),
        ("2019/", &["2021/2022", "2022/"], "2021/"),
        ("2019/2025", &["2021/2022", "2023/"], "2021/2025"),
        ("2019/", &["2021/ "], "2021/"),
        // 2024 ends after June 2024.
        ("2019/", &["2023-02/2024-06", "2024/2024"], "2023-02/2024"),
    ]);
}

#[test]
fn an_ended_project_has_an_end_even_without_positions() {
    check(&[("2020/2023", &[], "/2023"), ("2020/", &[], "/")]);
}

#[test]
fn dates_lose_only_what_orcid_refuses() {
    check(&[
        ("2019/", &["2024-06/2024"], "2024/2024"),
        ("2019/", &["2024-06-30/2024"], "2024/2024"),
        ("2019/", &["2024-06-30/2024-06"], "2024-06/2024-06"),
        ("2019/", &["2020-05-15/2024"], "2020-05-15/2024"),
        ("2019/", &["2021-06-01/2023-07"], "2021-06-01/2023-07"),
        ("2019/", &["2021-06-30/2021-07"], "2021-06-30/2021-07"),
        ("2019/", &["2021/2021-06"], "2021/2021-06"),
        ("2019/", &["2021-06/2021-06-01"], "2021-06/2021-06-01"),
        ("2019/", &["2021-05-03/"], "2021-05-03/"),
        ("2019/", &["2020/"], "2020/"),
    ]);
}

#[test]
fn years_that_orcid_does_not_take_are_left_out() {
    check(&[
        ("1850/", &["1899-12-31/1901"], "/1901"),
        ("1850/", &["1900/2100"], "1900/2100"),
        ("1850/", &["2020-01-01/2101"], "2020-01-01/"),
    ]);
}

/// A date and the same or a later one, each of any precision.
fn two_dates() -> impl Strategy<Value = (String, String)> {
    let precision = || {
        prop_oneof![
            Just(Precision::Year),
            Just(Precision::YearMonth),
            Just(Precision::Day)
        ]
    };
    let start = prop_oneof![1850..2150i32, 2019..2023i32];
    (start, 1..=365u16, 0..1200i64, precision(), precision()).prop_map(
        |(year, day, length, first, second)| {
            let start = Date::from_ordinal_date(year, day).unwrap();
            let end = start + time::Duration::days(length);
            let text = |day: Date, precision| {
                PartialDate::from_day(day)
                    .unwrap()
                    .reduce_to(precision)
                    .to_string()
            };
            (text(start, first), text(end, second))
        },
    )
}

/// A start, and an end or none.
fn period() -> impl Strategy<Value = (String, String)> {
    (two_dates(), prop::bool::weighted(0.2))
        .prop_map(|((start, end), open)| (start, if open { String::new() } else { end }))
}

#[test]
fn what_ended_before_the_years_of_orcid_does_not_read_to_present() {
    let (start, end) = entry(("1897", "1900"), &[("1850", "1850")]);
    assert_eq!((start.as_str(), end.as_str()), ("", "1900"));
}

/// ORCID pads what is missing with 00, and compares as text.
fn padded(date: &str) -> String {
    let digits: String = date.chars().filter(char::is_ascii_digit).collect();
    format!("{digits:0<8}")
}

fn day(text: &str, last: bool) -> Date {
    let date: PartialDate = text.parse().unwrap();
    if last {
        date.last_day()
    } else {
        date.first_day()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn orcid_takes_the_dates(
        project in period(),
        positions in prop::collection::vec(period(), 0..4),
    ) {
        let held: Vec<_> = positions.iter().map(|(start, end)| (start.as_str(), end.as_str())).collect();
        let (start, end) = entry((&project.0, &project.1), &held);
        if !start.is_empty() && !end.is_empty() {
            prop_assert!(padded(&start) <= padded(&end), "{} {}", start, end);
        }
        if !project.1.is_empty() && (1900..=2100).contains(&day(&project.1, true).year()) {
            prop_assert!(!end.is_empty(), "reads to present");
            prop_assert!(day(&end, true) <= day(&project.1, true));
        }
    }

    /// Where ORCID takes the dates as they are, nothing of them is lost.
    #[test]
    fn nothing_is_lost_without_need((start, end) in two_dates()) {
        let as_they_are = padded(&start) <= padded(&end)
            && [&start, &end].iter().all(|date| (1900..=2100).contains(&day(date, false).year()));
        prop_assume!(as_they_are);
        prop_assert_eq!(entry(("1000", ""), &[(&start, &end)]), (start, end));
    }
}
