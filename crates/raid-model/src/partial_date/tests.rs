use proptest::prelude::*;
use time::macros::date;

use super::*;

fn parse(text: &str) -> PartialDate {
    text.parse().unwrap()
}

#[test]
fn keeps_its_precision() {
    for (text, precision, first, last) in [
        (
            "2024",
            Precision::Year,
            date!(2024 - 01 - 01),
            date!(2024 - 12 - 31),
        ),
        (
            "2024-02",
            Precision::YearMonth,
            date!(2024 - 02 - 01),
            date!(2024 - 02 - 29),
        ),
        (
            "2023-02",
            Precision::YearMonth,
            date!(2023 - 02 - 01),
            date!(2023 - 02 - 28),
        ),
        (
            "2024-02-29",
            Precision::Day,
            date!(2024 - 02 - 29),
            date!(2024 - 02 - 29),
        ),
        (
            "9999",
            Precision::Year,
            date!(9999 - 01 - 01),
            date!(9999 - 12 - 31),
        ),
    ] {
        let date = parse(text);
        assert_eq!(date.precision(), precision);
        assert_eq!((date.first_day(), date.last_day()), (first, last), "{text}");
        assert_eq!(date.to_string(), text);
    }
}

#[test]
fn reduces() {
    let day = parse("2024-03-15");
    assert_eq!(day.reduce_to(Precision::Day), day);
    assert_eq!(day.reduce_to(Precision::YearMonth), parse("2024-03"));
    assert_eq!(day.reduce_to(Precision::Year), parse("2024"));
    assert_eq!(parse("2024").reduce_to(Precision::Day), parse("2024"));
    assert_eq!(
        (parse("2024").month(), parse("2024-03").day()),
        (None, None)
    );
}

#[test]
fn orders_by_first_day() {
    assert!(parse("2024") < parse("2024-01-02"));
    assert!(parse("2024-01") < parse("2024-01-01"));
    assert!(parse("2023-12-31") < parse("2024"));
}

#[test]
fn refuses_other_forms_and_impossible_dates() {
    for text in [
        "",
        "24",
        "0999",
        "20240",
        "2024-",
        "2024-3",
        "2024-03-1",
        "2024-03-15-",
        "2024/03",
        " 2024",
        "２０２４",
        "+024",
    ] {
        assert_eq!(
            text.parse::<PartialDate>(),
            Err(PartialDateError::Form),
            "{text}"
        );
    }
    for text in [
        "2021-13",
        "2021-00",
        "2021-02-30",
        "2023-02-29",
        "2021-01-00",
    ] {
        assert_eq!(
            text.parse::<PartialDate>(),
            Err(PartialDateError::Impossible),
            "{text}"
        );
    }
    assert!(PartialDate::from_day(date!(0999 - 12 - 31)).is_err());
}

proptest! {
    #[test]
    fn round_trips(year in 1000..=9999i32, month in 1..=12u8, day in 1..=31u8) {
        let Ok(day) = Date::from_calendar_date(year, Month::try_from(month).unwrap(), day) else {
            return Ok(());
        };
        let date = PartialDate::from_day(day).unwrap();
        for precision in [Precision::Year, Precision::YearMonth, Precision::Day] {
            let reduced = date.reduce_to(precision);
            prop_assert_eq!(reduced.precision(), precision);
            prop_assert!(reduced.first_day() <= day && day <= reduced.last_day());
            prop_assert_eq!(reduced.to_string().parse(), Ok(reduced));
        }
    }

    #[test]
    fn never_panics(text in any::<String>(), like in "[0-9+-]{0,11}") {
        let _ = text.parse::<PartialDate>();
        if let Ok(date) = like.parse::<PartialDate>() {
            prop_assert_eq!(date.to_string(), like);
        }
    }
}
