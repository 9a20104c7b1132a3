//! What becomes of a good body on its way through careless hands.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{TestRng, TestRunner};
use raid_model::vocabulary;
use serde_json::{Map, Value, json};

/// Numbers and texts that only stand in JSON as somebody wrote it: a value that was read has lost
/// how. The first half is JSON, the others are not.
const LITERALS: &[&str] = &[
    "-0",
    "-0.0",
    "1.0",
    "1E+2",
    "0.1e-5",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "1e308",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "1e999",
    "-1E400",
    "\"\\ud800\"",
    "NaN",
    "Infinity",
    "01",
    "+1",
    ".5",
    "'x'",
    "undefined",
    "\"",
    "[1,]",
    "{\"a\":1,}",
];

/// Makes bad bodies of good ones.
pub struct Mutator {
    anything: BoxedStrategy<Value>,
}

impl Mutator {
    pub fn new() -> Self {
        Self {
            anything: anything(),
        }
    }

    /// A body that came of a good one.
    pub fn mutated(&self, good: &Value, runner: &mut TestRunner) -> Vec<u8> {
        let mut body = good.clone();
        let edits = [1, 1, 1, 1, 1, 2, 2, 3, 4][below(runner.rng(), 9)];
        for _ in 0..edits {
            self.edit(&mut body, runner);
        }
        let mut text = body.to_string();
        for (number, literal) in LITERALS.iter().enumerate() {
            let mark = format!("\"{}\"", mark_of(number));
            if text.contains(&mark) {
                text = text.replace(&mark, literal);
            }
        }
        let mut bytes = text.into_bytes();
        if runner.rng().random_ratio(1, 20) {
            damage(&mut bytes, runner.rng());
        }
        bytes
    }

    /// A value that somebody might put anywhere.
    fn anything(&self, runner: &mut TestRunner) -> Value {
        self.anything.new_tree(runner).unwrap().current()
    }

    /// Changes something at some place.
    fn edit(&self, body: &mut Value, runner: &mut TestRunner) {
        let mut places = Vec::new();
        collect_places(body, "", &mut places);
        if places.is_empty() {
            return;
        }
        let at = one_of(runner.rng(), &places).clone();
        let Some(slot) = body.pointer_mut(&at) else {
            return;
        };
        match below(runner.rng(), 20) {
            0 | 1 => remove(body, &at),
            2 => *slot = Value::Null,
            3 | 4 => *slot = self.anything(runner),
            5 | 6 => {
                // A term of another vocabulary, a date at another end, a block in another's place.
                let from = one_of(runner.rng(), &places);
                if let Some(other) = body.pointer(from).cloned()
                    && let Some(slot) = body.pointer_mut(&at)
                {
                    *slot = other;
                }
            }
            7 => repeat(body, &at, runner.rng()),
            8 => rename(body, &at, runner.rng()),
            9 | 10 => *slot = term(runner.rng()),
            11 => *slot = json!(mark_of(below(runner.rng(), LITERALS.len()))),
            12 => {
                for _ in 0..*one_of(runner.rng(), &[1, 2, 130]) {
                    *slot = json!([slot.take()]);
                }
            }
            13 | 14 => add_unknown(body, &at, self.anything(runner)),
            15..=17 => {
                // What people write freely.
                let free: Vec<_> = places.iter().filter(|at| is_free_text(at)).collect();
                let text = respelled(&random_text(runner), runner.rng());
                if !free.is_empty() {
                    let at = *one_of(runner.rng(), &free);
                    if let Some(slot) = body.pointer_mut(at) {
                        *slot = json!(text);
                    }
                }
            }
            _ => match slot {
                Value::String(text) => *text = respelled(text, runner.rng()),
                _ => *slot = self.anything(runner),
            },
        }
    }
}

fn below(rng: &mut TestRng, end: usize) -> usize {
    rng.random_range(0..end.max(1))
}

fn one_of<'a, T>(rng: &mut TestRng, list: &'a [T]) -> &'a T {
    &list[below(rng, list.len())]
}

/// Stands in a value for a literal until the value is written.
fn mark_of(literal: usize) -> String {
    format!("@literal {literal}@")
}

/// JSON pointers (RFC 6901) to all members and elements of a value.
fn collect_places(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(index, element)| (index.to_string(), element))
            .collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.replace('~', "~0").replace('/', "~1"), member))
            .collect(),
        _ => Vec::new(),
    };
    for (step, child) in children {
        let place = format!("{at}/{step}");
        collect_places(child, &place, found);
        found.push(place);
    }
}

/// The value that holds a place, and the place's name in it.
fn parent<'a>(body: &'a mut Value, at: &str) -> Option<(&'a mut Value, String)> {
    let (parent, step) = at.rsplit_once('/')?;
    let step = step.replace("~1", "/").replace("~0", "~");
    Some((body.pointer_mut(parent)?, step))
}

fn remove(body: &mut Value, at: &str) {
    match parent(body, at) {
        Some((Value::Array(list), step)) => drop(list.remove(step.parse().unwrap())),
        Some((Value::Object(members), step)) => drop(members.remove(&step)),
        _ => {}
    }
}

/// Says a thing twice: an element again in its list, a member again under its neighbour's name.
fn repeat(body: &mut Value, at: &str, rng: &mut TestRng) {
    match parent(body, at) {
        Some((Value::Array(list), step)) => {
            let again = list[step.parse::<usize>().unwrap()].clone();
            let times = *one_of(rng, &[1, 1, 2, 30]);
            list.extend(std::iter::repeat_n(again, times));
        }
        Some((Value::Object(members), step)) => {
            let names: Vec<String> = members.keys().cloned().collect();
            let again = members[&step].clone();
            members.insert(one_of(rng, &names).clone(), again);
        }
        _ => {}
    }
}

fn rename(body: &mut Value, at: &str, rng: &mut TestRng) {
    if let Some((Value::Object(members), step)) = parent(body, at) {
        let value = members.remove(&step).unwrap_or_default();
        members.insert(respelled(&step, rng), value);
    }
}

/// Puts a member into an object that knows none of its name.
fn add_unknown(body: &mut Value, at: &str, value: Value) {
    if let Some((Value::Object(members), step)) = parent(body, at) {
        members.insert(format!("{step}Note"), value);
    }
}

fn is_free_text(at: &str) -> bool {
    ["/text", "Name", "Email", "/name"]
        .iter()
        .any(|end| at.ends_with(end))
        || (at.starts_with("/alternateIdentifier/") && at.matches('/').count() == 3)
}

/// A short text of any characters, with something to read at its beginning.
fn random_text(runner: &mut TestRunner) -> String {
    let length = below(runner.rng(), 60);
    let characters = (0..length).map(|_| runner.rng().random::<char>());
    format!("x{}", characters.collect::<String>())
}

fn term(rng: &mut TestRng) -> Value {
    let all: Vec<_> = vocabulary::all()
        .map(|(_, vocabulary)| vocabulary)
        .collect();
    let vocabulary = one_of(rng, &all);
    if vocabulary.terms.is_empty() || rng.random_ratio(1, 3) {
        json!(one_of(rng, &vocabulary.schema_uris))
    } else {
        json!(one_of(rng, &vocabulary.terms).id)
    }
}

/// A text as somebody might mistype or paste it.
fn respelled(text: &str, rng: &mut TestRng) -> String {
    const ODD: &[&str] = &[
        " ", "\t", "\n", "\u{0}", "\u{7}", "\u{85}", "\u{a0}", "\u{200b}", "\u{202e}", "\u{feff}",
        "\u{ffff}", "\u{301}", "😀", "é", "٣", "ﬁ", "\"", "\\", "/", "'", "<b>", "%00", "0", "9",
        "X", "x", ".", "-", "--", "{}",
    ];
    let mut characters: Vec<String> = text.chars().map(String::from).collect();
    let at = below(rng, characters.len());
    let odd = one_of(rng, ODD).to_string();
    match below(rng, 10) {
        0 => return text.to_uppercase(),
        1 => return format!(" {text} "),
        2 => return String::new(),
        3 => return text.repeat(60),
        4 => return text.chars().rev().collect(),
        5 => characters.truncate(at),
        6 if !characters.is_empty() => drop(characters.remove(at)),
        7 if !characters.is_empty() => characters[at] = odd,
        _ => characters.insert(at, odd),
    }
    characters.concat()
}

/// A value that somebody might put anywhere.
fn anything() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9]{4}(-[0-9]{2}){0,2}(T[0-9:.]{2,8}Z?)?".prop_map(Value::from),
        "https?://(dx\\.doi|orcid|isni|ror|raid)\\.org/[0-9Xx/-]{0,20}".prop_map(Value::from),
        select(vec![
            json!([]),
            json!({}),
            json!([null]),
            json!([2026, 2, 30]),
            json!([2026, 6, 22]),
            json!([i64::MAX, 13, -1]),
            json!(""),
            json!(0),
            json!(-1),
            json!("true"),
            json!("9999-12-31"),
            json!("-0001-01-01"),
            json!("https://orcid.org/0000-0002-1825-0097"),
            json!("x".repeat(5000)),
            json!("\u{10ffff}".repeat(101)),
        ]),
    ];
    let nested = leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec(("id|text|type|schemaUri|startDate", inner), 0..3)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    });
    nested.boxed()
}

/// Does to the bytes what a broken connection, a wrong charset or a careless template does.
fn damage(bytes: &mut Vec<u8>, rng: &mut TestRng) {
    let at = below(rng, bytes.len());
    let byte = *one_of(rng, b"\0\x08 \n\"\\,:[]{}0x\x7f\x80\xc0\xe2\xff");
    match below(rng, 7) {
        0 => bytes.truncate(at),
        1 => bytes[at] = byte,
        2 => bytes.insert(at, byte),
        3 => drop(bytes.remove(at)),
        4 => drop(bytes.splice(..0, *b"\xef\xbb\xbf")),
        5 => bytes.extend_from_within(..),
        // Of a member that comes twice, the last counts.
        _ => drop(bytes.splice(..1, *b"{\"title\":7,\"contributor\":[],\"name\":[],")),
    }
}
