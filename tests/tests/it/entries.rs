//! What an entry on an ORCID record says about when, where and how the project is called.

use crate::steps::granted_project;
use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Agency, Stage};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    an_entry_never_reads_to_present_after_the_project,
    an_entry_keeps_the_dates_that_orcid_accepts,
    an_entry_has_no_invisible_characters,
);

/// Changes the RAiD and waits until its entry has these dates.
async fn change_dates(
    stage: &Stage,
    agency: &Agency<'_>,
    handle: &str,
    (project, position): ([&str; 2], [&str; 2]),
    (start, end): (Value, Value),
) {
    let dates = |[start, end]: [&str; 2]| json!({ "startDate": start, "endDate": end });
    let change = |raid: &mut Value| {
        raid["date"] = dates(project);
        let held = &mut raid["contributor"][0]["position"][0];
        for (member, date) in dates(position).as_object().unwrap() {
            held[member] = date.clone();
        }
    };
    agency.client().edit(handle, change).await;
    let follows = |e: &Value| e["start_date"] == start && e["end_date"] == end;
    stage.orcid.membership_that(CARBERRY, handle, follows).await;
}

async fn an_entry_never_reads_to_present_after_the_project(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = granted_project(stage, &agency).await.handle;
    for (project, position, entry) in [
        (
            ["2020-03", "2023-12"],
            ["2020-03", ""],
            ["2020-03", "2023-12"],
        ),
        (
            ["2020-03", "2023-11"],
            ["2010-01", "2030-12"],
            ["2020-03", "2023-11"],
        ),
        (
            ["2020-03", "2023-12"],
            ["2024-05", ""],
            ["2023-12", "2023-12"],
        ),
    ] {
        let entry = (json!(entry[0]), json!(entry[1]));
        change_dates(stage, &agency, &handle, (project, position), entry).await;
    }
}

/// The simulator compares dates as ORCID does, and refuses what ORCID would refuse.
async fn an_entry_keeps_the_dates_that_orcid_accepts(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = granted_project(stage, &agency).await.handle;
    for (position, start, end) in [
        (["2020-05-15", "2024"], json!("2020-05-15"), json!("2024")),
        (
            ["2021-06-01", "2023-07"],
            json!("2021-06-01"),
            json!("2023-07"),
        ),
        (["2020", "2020-06"], json!("2020"), json!("2020-06")),
        (["2020", ""], json!("2020"), Value::Null),
    ] {
        let dates = (["2019", ""], position);
        change_dates(stage, &agency, &handle, dates, (start, end)).await;
    }
    assert_eq!(stage.orcid.answers("membership_update", 400).await, 0);
}

async fn an_entry_has_no_invisible_characters(stage: &Stage) {
    let agency = stage.agency().await;
    granted_project(stage, &agency).await;
    let title = "Night\u{200b} so\u{ad}unds \u{202b}of\u{202c} the\u{feff} parks\u{2066}";
    let raid = agency.client().mint(&examples::titled(title)).await;
    let entry = stage.orcid.membership(CARBERRY, &handle_of(&raid)).await;
    assert_eq!(entry["department_name"], "Night sounds of the parks");
}
