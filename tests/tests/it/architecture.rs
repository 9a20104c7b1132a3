//! The crates and who may use whom.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Which of the workspace's crates each crate uses when it is built; tests may use more.
const USES: &[(&str, &[&str])] = &[
    ("bounded-cache", &[]),
    ("raid-model", &[]),
    ("store", &["raid-model"]),
    ("reconciler", &["store"]),
    ("orcid-client", &["raid-model"]),
    ("resolvers", &["bounded-cache", "raid-model"]),
    (
        "raid-registry",
        &[
            "bounded-cache",
            "raid-model",
            "reconciler",
            "resolvers",
            "store",
        ],
    ),
    (
        "orcid-inbox",
        &["orcid-client", "raid-model", "reconciler", "store"],
    ),
    (
        "sync-worker",
        &["orcid-client", "raid-model", "reconciler", "store"],
    ),
    ("orcid-simulator", &[]),
    (
        "raid-agency",
        &[
            "orcid-client",
            "orcid-inbox",
            "orcid-simulator",
            "raid-model",
            "raid-registry",
            "reconciler",
            "resolvers",
            "store",
            "sync-worker",
        ],
    ),
];
/// The package of these tests; it may use all of them.
const TESTS: &str = "raid-tests";

struct Package {
    name: String,
    /// Everything it depends on, and whether it does so only in its own tests.
    dependencies: Vec<(String, bool)>,
}

fn packages() -> Vec<Package> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
            "--manifest-path",
        ])
        .arg(manifest)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(package)
        .collect()
}

fn package(package: &Value) -> Package {
    let dependencies = package["dependencies"].as_array().unwrap();
    let dependency = |d: &Value| (d["name"].as_str().unwrap().to_owned(), d["kind"] == "dev");
    Package {
        name: package["name"].as_str().unwrap().to_owned(),
        dependencies: dependencies.iter().map(dependency).collect(),
    }
}

#[test]
fn each_crate_uses_only_what_it_may() {
    let packages = packages();
    let own: BTreeSet<&str> = packages.iter().map(|p| p.name.as_str()).collect();
    let found: BTreeMap<&str, BTreeSet<&str>> = packages
        .iter()
        .filter(|p| p.name != TESTS)
        .map(|p| {
            let used = p.dependencies.iter().filter(|(_, in_tests)| !in_tests);
            let used = used
                .map(|(name, _)| name.as_str())
                .filter(|name| own.contains(name));
            (p.name.as_str(), used.collect())
        })
        .collect();
    let expected: BTreeMap<&str, BTreeSet<&str>> = USES
        .iter()
        .map(|(name, used)| (*name, used.iter().copied().collect()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn only_the_store_knows_the_database_library() {
    let knowing: Vec<String> = packages()
        .into_iter()
        .filter(|p| {
            p.dependencies
                .iter()
                .any(|(name, _)| is_of_the_database(name))
        })
        .map(|p| p.name)
        .collect();
    assert_eq!(knowing, ["store"]);
}

fn is_of_the_database(name: &str) -> bool {
    name.starts_with("diesel") || ["pq-sys", "libsqlite3-sys", "rusqlite", "sqlx"].contains(&name)
}

/// Not in its tests either: what it shares with the client would hide the mistakes of both.
#[test]
fn the_simulator_shares_no_code_with_the_rest() {
    let packages = packages();
    let own: BTreeSet<&str> = packages.iter().map(|p| p.name.as_str()).collect();
    let simulator = packages
        .iter()
        .find(|p| p.name == "orcid-simulator")
        .unwrap();
    let shared: Vec<_> = simulator
        .dependencies
        .iter()
        .filter(|(name, _)| own.contains(name.as_str()))
        .collect();
    assert!(shared.is_empty(), "{shared:?}");
}

#[test]
fn no_module_is_named_after_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in ["crates", "tests"] {
        vague_names(&root.join(folder), &mut found);
    }
    assert!(found.is_empty(), "name these for what they hold: {found:?}");
}

fn vague_names(folder: &Path, found: &mut Vec<String>) {
    const VAGUE: [&str; 8] = [
        "util", "utils", "helper", "helpers", "common", "commons", "manager", "managers",
    ];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_stem()
            .is_some_and(|stem| VAGUE.iter().any(|vague| stem == *vague))
        {
            found.push(path.display().to_string());
        }
        // What others named theirs is their own.
        if path.is_dir() && !path.ends_with("node_modules") {
            vague_names(&path, found);
        }
    }
}
