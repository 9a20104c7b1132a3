//! Readers for members whose JSON may come in more than one shape.
//!
//! Existing clients of the RAiD API send explicit nulls for what is unset, numbers for texts, and
//! calendar dates as arrays; the API's own reader coerces all of these. Use with
//! `#[serde(deserialize_with = "…")]`, together with `default` so that the member may be absent.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;
use time::format_description::well_known::Iso8601;
use time::{Date, Month, Time};

use crate::partial_date::{PartialDate, Precision};

/// A text; a number counts as its digits.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(D::Error::custom("expected a text")),
    }
}

/// A truth value; `"true"`, `"false"` and integers (zero is false) count, an empty text is none.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(flag)),
        Value::String(text) => match text.trim() {
            "" => Ok(None),
            "true" | "True" | "TRUE" => Ok(Some(true)),
            "false" | "False" | "FALSE" => Ok(Some(false)),
            _ => Err(D::Error::custom("expected true or false")),
        },
        Value::Number(number) => match number.as_i64() {
            Some(number) => Ok(Some(number != 0)),
            None => Err(D::Error::custom("expected true or false")),
        },
        _ => Err(D::Error::custom("expected true or false")),
    }
}

/// A whole number; a text of digits counts, a fraction is cut off, an empty text is none.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    // Up to 2^53 a float holds every integer, so the cast loses the fraction only.
    #[allow(clippy::cast_possible_truncation)]
    let cut = |float: f64| (float.abs() < 9e15).then_some(float as i64);
    let number = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        // Numbers that a float would change arrive as texts (`json::read`).
        Value::String(text) => {
            let text = text.trim();
            let fraction = || text.parse().ok().and_then(cut);
            text.parse().ok().or_else(fraction)
        }
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(cut)),
        _ => None,
    };
    number
        .map(Some)
        .ok_or_else(|| D::Error::custom("expected a whole number"))
}

/// A calendar date: `"2026-06-22"`, with a time behind it or not, or `[2026,6,22]`; an empty text
/// is none.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let date = match Value::deserialize(deserializer)? {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => date_of_text(&text),
        Value::Array(parts) => date_of_parts(&parts),
        _ => None,
    };
    date.map(Some)
        .ok_or_else(|| D::Error::custom("expected a date of the calendar, YYYY-MM-DD"))
}

fn date_of_text(text: &str) -> Option<Date> {
    let (date, time) = text
        .split_once('T')
        .map_or((text, None), |(date, time)| (date, Some(time)));
    if let Some(time) = time {
        Time::parse(time.strip_suffix('Z').unwrap_or(time), &Iso8601::TIME).ok()?;
    }
    let date: PartialDate = date.parse().ok()?;
    (date.precision() == Precision::Day).then(|| date.first_day())
}

fn date_of_parts(parts: &[Value]) -> Option<Date> {
    let [year, month, day] = parts else {
        return None;
    };
    let year = i32::try_from(year.as_i64()?).ok()?;
    let month = Month::try_from(u8::try_from(month.as_u64()?).ok()?).ok()?;
    let day = Date::from_calendar_date(year, month, u8::try_from(day.as_u64()?).ok()?).ok()?;
    PartialDate::from_day(day).ok().map(|date| date.first_day())
}

/// Writes a calendar date as `YYYY-MM-DD`.
#[allow(clippy::ref_option)] // The signature that serde asks for.
pub fn write_date<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    match date {
        None => serializer.serialize_none(),
        Some(date) => serializer.collect_str(date),
    }
}

/// An object or null. Unlike a derived reader it takes no array in place of the object.
pub fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

/// A list of objects or null. A null among the objects reads as an object with nothing set, so
/// that validation names what is missing.
pub fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    deserializer.deserialize_any(ListVisitor(PhantomData))
}

/// What an absent list reads as where the list is required: empty, unlike an explicit null.
#[allow(clippy::unnecessary_wraps)] // The signature that serde asks for.
pub fn empty_list<T>() -> Option<Vec<T>> {
    Some(Vec::new())
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for ObjectVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

struct ListVisitor<T>(PhantomData<T>);

/// One element of a list.
struct Element<T>(Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

impl<'de, T: DeserializeOwned + Default> Visitor<'de> for ListVisitor<T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Element(element)) = elements.next_element()? {
            list.push(element.unwrap_or_default());
        }
        Ok(Some(list))
    }
}
