//! `raid-agency import`: a file of requests becomes RAiDs, each once, whatever dies on the way.

use raid_tests::examples::{handle_of, titled};
use raid_tests::{Agency, Client, Stage, eventually, random_moment};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

raid_tests::on_both_databases!(
    an_import_tells_what_became_of_each_line,
    an_import_goes_on_where_it_died,
    an_import_outlives_the_agency,
    an_import_can_be_tried,
    an_import_can_be_withdrawn,
    records_as_they_are_go_through,
);

const OFF: &str = "[orcid]\nmode = \"off\"";

/// Writes a file with so many requests, where those of which `is_bad` says so are.
fn file(stage: &Stage, lines: u64, is_bad: impl Fn(u64) -> bool) -> PathBuf {
    let line = |number| {
        let title = format!("Project {number}");
        let mut raid = titled(&title);
        if is_bad(number) {
            raid["contributor"] = json!([]);
        }
        format!("{raid}\n")
    };
    let path = stage.folder().join("records.ndjson");
    std::fs::write(&path, (1..=lines).map(line).collect::<String>()).unwrap();
    path
}

fn import(stage: &Stage, agency: &Agency<'_>, more: &[&str]) -> Command {
    let mut command = stage.program("");
    command
        .args(["import", "records.ndjson", "--url", agency.url()])
        .args(more)
        .env("RAID_TOKEN", agency.client().token().unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Whether it succeeded, and what it said.
fn finish(mut command: Command) -> (bool, String) {
    let output = command.output().unwrap();
    let mut said = String::from_utf8(output.stdout).unwrap();
    said.push_str(&String::from_utf8(output.stderr).unwrap());
    (output.status.success(), said)
}

/// The report without its head.
fn report(stage: &Stage) -> Vec<Value> {
    let path = stage.folder().join("records.ndjson.report.ndjson");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    let lines = whole.lines().skip(1);
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The handles under each title.
async fn minted(client: &Client) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for raid in client.list().await {
        let title = raid["title"][0]["text"].as_str().unwrap().to_owned();
        found.entry(title).or_default().push(handle_of(&raid));
    }
    found
}

/// Each line that should be was minted once, under the handle that the report says.
async fn assert_each_once(stage: &Stage, client: &Client, lines: u64) {
    let minted = minted(client).await;
    assert_eq!(minted.len() as u64, lines);
    let report = report(stage);
    assert_eq!(report.len() as u64, lines, "a line is reported twice");
    for result in report {
        let title = format!("Project {}", result["line"]);
        let handle = result["handle"].as_str().unwrap().to_owned();
        assert_eq!(minted[&title], [handle], "{title}");
    }
}

async fn an_import_tells_what_became_of_each_line(stage: &Stage) {
    let agency = stage.agency_with(OFF).await;
    let path = file(stage, 450, |number| number % 100 == 0);
    let (success, said) = finish(import(stage, &agency, &[]));
    assert!(!success, "{said}");
    assert!(
        said.contains("446 RAiDs minted, 446 of them now; 4 lines"),
        "{said}"
    );
    assert!(said.contains("records.ndjson.report.ndjson"), "{said}");
    let report = report(stage);
    let numbers: Vec<_> = report.iter().map(|result| &result["line"]).collect();
    assert_eq!(
        numbers,
        (1..=450)
            .map(|n| json!(n))
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
    assert_eq!(report[99]["status"], 400);
    assert_eq!(
        report[99]["problem"]["failures"][0]["fieldId"],
        "contributor"
    );

    // Again: nothing is left to do, and only who asks for it tries what was refused.
    let (success, said) = finish(import(stage, &agency, &[]));
    assert!(
        !success && said.contains("446 RAiDs minted, 0 of them now"),
        "{said}"
    );
    assert_eq!(self::report(stage).len(), 450);
    let (success, said) = finish(import(stage, &agency, &["--retry-failed"]));
    assert!(
        !success && said.contains("0 of them now; 4 lines"),
        "{said}"
    );
    assert_eq!(self::report(stage).len(), 454);
    assert_eq!(minted(&agency.client()).await.len(), 446);

    // The lines of another file have other numbers.
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str(&titled("One more").to_string());
    std::fs::write(&path, text).unwrap();
    let (success, said) = finish(import(stage, &agency, &[]));
    assert!(!success && said.contains("the file has changed"), "{said}");
    let (success, said) = finish(import(stage, &agency, &["--report", "other.ndjson"]));
    assert!(!success && said.contains("447 RAiDs minted"), "{said}");

    let mut nobody = import(stage, &agency, &["--report", "third.ndjson"]);
    nobody.env("RAID_TOKEN", "no.such.token");
    let (success, said) = finish(nobody);
    assert!(!success && said.contains("refuses with 401"), "{said}");
    let mut nobody = import(stage, &agency, &["--report", "third.ndjson"]);
    nobody.env_remove("RAID_TOKEN");
    let (success, said) = finish(nobody);
    assert!(!success && said.contains("--token-file"), "{said}");
}

async fn an_import_goes_on_where_it_died(stage: &Stage) {
    let agency = stage.agency_with(OFF).await;
    file(stage, 1500, |_| false);
    let mut deaths = 0;
    let said = loop {
        let mut running = import(stage, &agency, &[]).spawn().unwrap();
        let before = report(stage).len();
        eventually("a line to be reported, or the end", async || {
            let is_over = running.try_wait().unwrap().is_some();
            (is_over || report(stage).len() > before).then_some(())
        })
        .await;
        random_moment(Duration::from_millis(150)).await;
        if let Some(said) = kill(running) {
            break said;
        }
        deaths += 1;
    };
    println!("it died {deaths} times; {said}");
    assert!(deaths > 0, "it never died");
    assert!(said.contains("1500 RAiDs minted"), "{said}");
    assert_each_once(stage, &agency.client(), 1500).await;
}

/// Ends a process as `kill -9` does; gives what it said if it had succeeded by itself.
fn kill(mut running: Child) -> Option<String> {
    // It may have ended.
    drop(running.kill());
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(said)
}

async fn an_import_outlives_the_agency(stage: &Stage) {
    let mut agency = stage.agency_with(OFF).await;
    file(stage, 1200, |_| false);
    let running = import(stage, &agency, &[]).spawn().unwrap();
    for _ in 0..3 {
        let before = report(stage).len();
        eventually("a line to be reported", async || {
            (report(stage).len() > before).then_some(())
        })
        .await;
        agency.kill_9();
        agency.restart().await;
    }
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("1200 RAiDs minted, 1200 of them now"),
        "{output:?}"
    );
    assert_each_once(stage, &agency.client(), 1200).await;
}

async fn an_import_can_be_tried(stage: &Stage) {
    let agency = stage.agency().await;
    let path = file(stage, 450, |number| number % 100 == 0);
    let (success, said) = finish(import(stage, &agency, &["--dry-run"]));
    assert!(!success, "{said}");
    assert!(
        said.contains("446 lines can be minted, 4 would be refused; nothing was minted"),
        "{said}"
    );
    let tried = || {
        let text = std::fs::read_to_string(stage.folder().join("records.ndjson.dry-run.ndjson"));
        let text = text.unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect::<Vec<Value>>()
    };
    let lines = tried();
    assert_eq!((lines.len(), &lines[0]["dryRun"]), (451, &json!(true)));
    assert_eq!(
        (&lines[250]["line"], &lines[250]["status"]),
        (&json!(250), &json!(200))
    );
    assert_eq!(lines[250]["orcid"][0]["change"], "unknown");
    assert_eq!(
        lines[100]["problem"]["failures"][0]["fieldId"],
        "contributor"
    );
    assert!(agency.client().list().await.is_empty());
    assert!(report(stage).is_empty());

    // The corrected file is tried in its place, and then imported.
    std::fs::remove_file(path).unwrap();
    file(stage, 250, |_| false);
    let (success, said) = finish(import(stage, &agency, &["--dry-run"]));
    assert!(
        success && said.contains("250 lines can be minted, 0 would"),
        "{said}"
    );
    assert_eq!(tried().len(), 251);
    let (success, said) = finish(import(stage, &agency, &[]));
    assert!(
        success && said.contains("250 RAiDs minted, 250 of them now"),
        "{said}"
    );
    assert_each_once(stage, &agency.client(), 250).await;
    // A dry run does not write over the report of an import.
    let report = ["--dry-run", "--report", "records.ndjson.report.ndjson"];
    let (success, said) = finish(import(stage, &agency, &report));
    assert!(
        !success && said.contains("no report of a dry run"),
        "{said}"
    );
    assert_each_once(stage, &agency.client(), 250).await;
}

async fn an_import_can_be_withdrawn(stage: &Stage) {
    let agency = stage.agency_with(OFF).await;
    let other = handle_of(&agency.client().mint(&titled("Stays")).await);
    file(stage, 20, |number| number == 7);
    let (success, said) = finish(import(stage, &agency, &[]));
    assert!(!success && said.contains("19 RAiDs minted"), "{said}");
    let withdraw = |token: &str, more: &[&str]| {
        let mut command = stage.program("");
        command
            .args(["withdraw", "records.ndjson.report.ndjson"])
            .args(["--reason", "Wrong file", "--url", agency.url()])
            .args(more)
            .env("RAID_TOKEN", token)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        finish(command)
    };
    let operator = crate::steps::operator(stage, &agency);
    let token = operator.token().unwrap();
    let (success, said) = withdraw(token, &["--dry-run"]);
    assert!(
        success && said.contains("19 RAiDs would be withdrawn"),
        "{said}"
    );
    let (success, said) = withdraw(agency.client().token().unwrap(), &[]);
    assert!(
        !success && said.contains("the agency refuses: 403"),
        "{said}"
    );
    assert_eq!(agency.client().list().await.len(), 20);

    let (success, said) = withdraw(token, &[]);
    assert!(
        success && said.contains("19 RAiDs withdrawn, 0 were"),
        "{said}"
    );
    let left: Vec<_> = agency.client().list().await.iter().map(handle_of).collect();
    assert_eq!(left, [other]);
    let first = report(stage)[0]["handle"].as_str().unwrap().to_owned();
    let gone = agency
        .client()
        .get(&format!("/raid/{first}"))
        .await
        .expect(410);
    assert!(
        gone["detail"].as_str().unwrap().contains("Wrong file"),
        "{gone}"
    );
    let (success, said) = withdraw(token, &[]);
    assert!(
        success && said.contains("0 RAiDs withdrawn, 19 were"),
        "{said}"
    );
}

/// A record as those of a public dump: long titles, open ends, old vocabularies, withdrawn blocks.
fn as_it_is(number: usize) -> Value {
    const OLD: &str = "https://github.com/au-research/raid-metadata";
    let mut title = format!("Project {number} ");
    while title.len() < 20 + number % 170 {
        title.push('x');
    }
    let mut raid = titled(&title);
    raid["title"][0]["endDate"] = Value::Null;
    raid["date"]["endDate"] = json!("");
    if number.is_multiple_of(2) {
        raid["title"][0]["type"] = json!({
            "id": format!("{OLD}/blob/main/scheme/title/type/v1/primary.json"),
            "schemaUri": format!("{OLD}/tree/main/scheme/title/type/v1/"),
        });
    }
    if number.is_multiple_of(3) {
        let position = &mut raid["contributor"][0]["position"][0];
        position["id"] = json!(format!(
            "{OLD}/blob/main/scheme/contributor/position/v1/leader.json"
        ));
        position["schemaUri"] = json!(format!("{OLD}/tree/main/scheme/contributor/position/v1/"));
    }
    if number.is_multiple_of(5) {
        raid["traditionalKnowledgeLabel"] = json!([{ "id": "x", "schemaUri": "y" }]);
    }
    raid
}

async fn records_as_they_are_go_through(stage: &Stage) {
    const RECORDS: usize = 1000;
    let agency = stage.agency_with(OFF).await;
    let line = |number| format!("{}\n", as_it_is(number));
    let path = stage.folder().join("records.ndjson");
    std::fs::write(path, (1..=RECORDS).map(line).collect::<String>()).unwrap();
    let (success, said) = finish(import(stage, &agency, &[]));
    assert!(success && said.contains("1000 RAiDs minted"), "{said}");
    let report = report(stage);
    assert_eq!(report.len(), RECORDS);
    for (number, result) in (1..).zip(&report) {
        let changes = result["changes"].to_string();
        let says = |what: &str| changes.contains(what);
        assert_eq!(says("title[0].type.id: https"), number % 2 == 0, "{result}");
        assert_eq!(
            says("contributor[0].leader: true"),
            number % 3 == 0,
            "{result}"
        );
        assert_eq!(
            says("traditionalKnowledgeLabel: left out"),
            number % 5 == 0,
            "{result}"
        );
        let title = as_it_is(number)["title"][0]["text"].as_str().unwrap().len();
        let warned = result["validationWarning"].as_str() == Some("title[0].text");
        assert_eq!(warned, title > 100, "{result}");
    }
    assert_eq!(minted(&agency.client()).await.len(), RECORDS);
}
