//! The page on compatibility: what it says is offered is shown by a test, it leaves out no endpoint,
//! and it says nothing twice.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The cells of each row of a page's tables.
fn rows_of(page: &str) -> Vec<Vec<String>> {
    let page = fs::read_to_string(root().join(page)).unwrap();
    page.lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect()
}

/// The rows of the page on compatibility, but those of headings.
fn rows() -> Vec<Vec<String>> {
    let mut rows = rows_of("docs/compatibility.md");
    rows.retain(|cells| !matches!(cells[1].as_str(), "here" | "---"));
    assert!(rows.len() > 60, "only {} rows were found", rows.len());
    rows
}

/// The threats that docs/security.md lists are shown by tests that exist.
#[test]
fn every_threat_has_a_test() {
    let sources = sources();
    let mut threats = 0;
    let is_threat = |row: &&Vec<String>| row.len() == 3 && row[2].contains("::");
    for row in rows_of("docs/security.md").iter().filter(is_threat) {
        for test in code(&row[2]) {
            assert!(doc_comment(&sources, test).is_some(), "there is no {test}");
        }
        threats += 1;
    }
    assert!(threats > 30, "only {threats} threats were found");
}

/// What a cell has between backticks.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// All Rust files of tests, by their path, and what is in them.
fn sources() -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![root().join("crates"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push((path.to_str().unwrap().to_owned(), text));
            }
        }
    }
    sources
}

/// The doc comment of a test, `module::name`, in one line; none if there is no such test.
fn doc_comment(sources: &[(String, String)], test: &str) -> Option<String> {
    let (module, name) = test.rsplit_once("::")?;
    let file = format!("/{}.rs", module.replace("::", "/"));
    let (_, source) = sources
        .iter()
        .find(|(path, source)| path.ends_with(&file) && source.contains(&format!("fn {name}(")))?;
    let before = source.split(&format!("fn {name}(")).next()?;
    let mut comment: Vec<&str> = before
        .lines()
        .rev()
        // The line of the function itself.
        .skip(usize::from(!before.ends_with('\n')))
        .skip_while(|line| line.trim_start().starts_with("#["))
        .map_while(|line| line.trim_start().strip_prefix("///"))
        .map(str::trim)
        .collect();
    comment.reverse();
    Some(comment.join(" "))
}

#[test]
fn what_is_offered_has_a_test_that_names_the_section() {
    let sources = sources();
    let mut named = 0;
    for row in rows() {
        let what = &row[0];
        let tests: Vec<&str> = row
            .get(3)
            .map(|cell| code(cell).collect())
            .unwrap_or_default();
        assert!(
            row[1] == "not offered" || !tests.is_empty(),
            "{what} is offered by no test"
        );
        for test in tests {
            let Some(comment) = doc_comment(&sources, test) else {
                panic!("{what}: there is no test {test}");
            };
            let prefixes = ["RAiD API, section", "RAiD metadata schema,"];
            // What is an addition is in no section.
            assert!(
                row[1] == "addition" || prefixes.iter().any(|prefix| comment.contains(prefix)),
                "{test} names no section: {comment:?}"
            );
            named += 1;
        }
    }
    assert!(named > 120, "only {named} tests are named");
}

#[test]
fn nothing_is_said_twice() {
    let mut said: Vec<String> = rows().into_iter().map(|row| row[0].clone()).collect();
    said.sort();
    let all = said.len();
    said.dedup();
    assert_eq!(said.len(), all, "a row, or a whole table, is there twice");
}

#[test]
fn every_endpoint_is_on_the_page() {
    let description = fs::read_to_string(root().join("openapi/raid-registry.json")).unwrap();
    let description: Value = serde_json::from_str(&description).unwrap();
    let rows = rows();
    let addresses: Vec<&str> = rows
        .iter()
        .flat_map(|row| code(&row[0]))
        .map(|code| code.rsplit(' ').next().unwrap())
        .map(|address| address.trim_end_matches('/'))
        .collect();
    for path in description["paths"].as_object().unwrap().keys() {
        let path = path.trim_end_matches('/');
        // `…` stands for how the row's other addresses begin.
        let is_there = addresses.iter().any(|address| {
            *address == path
                || address
                    .strip_prefix('…')
                    .is_some_and(|end| end.starts_with('/') && path.ends_with(end))
        });
        assert!(is_there, "{path} is not on the page");
    }
}
