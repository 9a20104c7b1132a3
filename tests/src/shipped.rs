//! The settings that the program is shipped with. A stage has others, which suit tests.

use toml::{Table, Value};

const DEFAULT: &str = include_str!("../../config/default.toml");
/// What is taken back to what is shipped: whole sections, and single settings.
const SECTIONS: [&str; 4] = ["permissions", "sync", "worker", "log"];
const SETTINGS: [(&str, &str); 8] = [
    ("server", "workers"),
    ("store", "connections"),
    ("store", "wait"),
    ("orcid", "connect_timeout"),
    ("orcid", "call_timeout"),
    ("orcid", "per_second"),
    ("orcid", "burst"),
    ("orcid", "max_wait"),
];

/// The shipped settings but for limits, in TOML, with ORCID on (`own`) or `off`.
///
/// # Panics
/// When the default configuration is none.
pub fn settings(orcid_mode: &str) -> String {
    let default: Table = DEFAULT.parse().expect("the default configuration");
    let mut taken = Table::new();
    for section in SECTIONS {
        taken.insert(section.to_owned(), default[section].clone());
    }
    for (section, setting) in SETTINGS {
        set(
            &mut taken,
            section,
            setting,
            default[section][setting].clone(),
        );
    }
    set(&mut taken, "orcid", "mode", Value::from(orcid_mode));
    taken.to_string()
}

/// The shipped limits, in TOML.
///
/// # Panics
/// When the default configuration is none.
pub fn limits() -> String {
    let default: Table = DEFAULT.parse().expect("the default configuration");
    let mut taken = Table::new();
    taken.insert("limits".to_owned(), default["limits"].clone());
    let timeout = default["server"]["write_timeout"].clone();
    set(&mut taken, "server", "write_timeout", timeout);
    taken.to_string()
}

fn set(settings: &mut Table, section: &str, setting: &str, value: Value) {
    let section = settings
        .entry(section.to_owned())
        .or_insert_with(|| Value::Table(Table::new()));
    let section = section.as_table_mut().expect("a section");
    section.insert(setting.to_owned(), value);
}
