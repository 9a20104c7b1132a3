//! Environment variables: which are settings, and which look as if they were.

use super::{Mistakes, Settings};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// What the name of a variable begins with.
const PREFIX: &str = "RAID_";
/// Variables that are read, and are no settings.
const OTHERS: [&str; 1] = ["RAID_TOKEN"];

/// The variables with our prefix, taken apart.
#[derive(Debug, Default)]
pub struct Variables {
    /// Settings: names with two underscores between the levels.
    pub settings: Vec<(String, String)>,
    /// Names of those that nobody reads.
    pub unknown: Vec<String>,
}

impl Variables {
    /// Takes the variables of a process apart. Those without our prefix are left out.
    pub fn of(environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all = Self::default();
        for (name, value) in environment {
            if !name.starts_with(PREFIX) || OTHERS.contains(&name.as_str()) {
                continue;
            }
            if name.contains("__") {
                all.settings.push((name, value));
            } else {
                all.unknown.push(name);
            }
        }
        all.settings.sort();
        all.unknown.sort();
        all
    }

    /// Refuses those that were meant to be a setting: where two underscores are missing, the setting
    /// would silently stay as it was.
    pub(super) fn check(&self, defaults: &Settings, mistakes: &mut Mistakes) {
        let settings = paths(defaults);
        for name in &self.unknown {
            let meant = settings.iter().find(|path| {
                name.eq_ignore_ascii_case(&format!("{PREFIX}{}", path.replace('.', "_")))
            });
            if let Some(meant) = meant {
                let right = meant.replace('.', "__").to_uppercase();
                let why = format!("is not read: {meant} is set by {PREFIX}{right}");
                mistakes.refuse(name.clone(), why);
            }
        }
    }
}

/// The name of every setting, such as `server.public_url`.
pub fn paths(settings: &Settings) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    if let Ok(table) = Table::try_from(settings) {
        collect(&table, "", &mut all);
    }
    all
}

fn collect(table: &Table, above: &str, all: &mut BTreeSet<String>) {
    for (name, value) in table {
        let path = format!("{above}{name}");
        if let Value::Table(below) = value {
            collect(below, &format!("{path}."), all);
        }
        all.insert(path);
    }
}

#[cfg(test)]
mod tests {
    use super::Variables;
    use crate::settings::{Mistakes, Settings};

    fn variables(names: &[&str]) -> Variables {
        Variables::of(
            names
                .iter()
                .map(|name| ((*name).to_owned(), "1".to_owned())),
        )
    }

    #[test]
    fn a_variable_with_one_underscore_too_few_is_refused() {
        let found = variables(&[
            "PATH",
            "RAID_TOKEN",
            "RAID_WORKER__SLOTS",
            "RAID_ORCID_CLIENT_ID",
            "RAID_SERVICE_HOST",
        ]);
        assert_eq!(found.settings, [("RAID_WORKER__SLOTS".into(), "1".into())]);
        assert_eq!(found.unknown, ["RAID_ORCID_CLIENT_ID", "RAID_SERVICE_HOST"]);
        let mut mistakes = Mistakes::default();
        found.check(&Settings::demo().unwrap(), &mut mistakes);
        let text = mistakes.to_string();
        assert!(text.starts_with("RAID_ORCID_CLIENT_ID: "), "{text}");
        assert!(text.contains("RAID_ORCID__CLIENT_ID"), "{text}");
        assert_eq!(mistakes.iter().count(), 1, "{text}");
    }
}
