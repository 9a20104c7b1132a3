//! What only an operator of PostgreSQL does, by its own program.

use raid_tests::Stage;
use std::process::Command;
use url::Url;

/// Runs statements as the owner of the server.
pub fn psql(url: &str, statements: &str) {
    let output = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1"])
        .args(["--dbname", url, "--command", statements])
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
}

/// The schema that the tables of a stage are in.
pub fn schema_of(stage: &Stage) -> String {
    let url = stage.database_url();
    let (_, schema) = url.rsplit_once("search_path%3D").unwrap();
    schema.to_owned()
}

/// Another database on the server of a stage.
pub fn another_database(stage: &Stage, name: &str) -> String {
    let mut url = Url::parse(&stage.database_url()).unwrap();
    url.set_path(name);
    url.set_query(None);
    url.to_string()
}
