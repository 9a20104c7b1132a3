//! PostgreSQL's own programs, `pg_dump` and `pg_restore`, which must be on the PATH and not older than
//! the server.

use anyhow::{Context as _, bail};
use std::path::Path;
use std::process::Command;
use url::Url;

/// Dumps one schema to a file, in the custom format. The dump is of one moment; others read and write.
pub(crate) fn dump(url: &str, schema: &str, to: &Path) -> anyhow::Result<()> {
    let mut command = program("pg_dump", url)?;
    // A pattern: quotes take it literally.
    let pattern = format!("\"{}\"", schema.replace('"', "\"\""));
    command
        .args(["--format=custom", "--no-owner", "--no-privileges"])
        .args(["--schema", &pattern])
        .arg("--file")
        .arg(to);
    run("pg_dump", command)
}

/// Restores a dump into an empty schema, all of it or nothing.
pub(crate) fn load(url: &str, schema: &str, from: &Path) -> anyhow::Result<()> {
    let mut command = program("pg_restore", url)?;
    command
        .args(["--no-owner", "--no-privileges"])
        .args(["--exit-on-error", "--single-transaction"])
        .args(["--schema", schema])
        .arg(from);
    run("pg_restore", command)
}

/// The password goes by the environment: everybody on the machine sees the arguments of a process.
fn program(name: &str, url: &str) -> anyhow::Result<Command> {
    let (url, password) = without_password(url)?;
    let mut command = Command::new(name);
    command.arg("--dbname").arg(url.as_str());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

fn without_password(url: &str) -> anyhow::Result<(Url, Option<String>)> {
    // The error says nothing of the URL.
    let mut url = Url::parse(url).ok().context("store.url cannot be read")?;
    let mut password = url.password().map(decoded);
    if password.is_some() && url.set_password(None).is_err() {
        bail!("store.url cannot be read");
    }
    let query = url.query().unwrap_or_default().to_owned();
    let (given, others): (Vec<&str>, Vec<&str>) = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .partition(|pair| pair.starts_with("password="));
    if let Some(given) = given.first() {
        password = given.split_once('=').map(|(_, value)| decoded(value));
    }
    let rest = others.join("&");
    url.set_query(Some(rest.as_str()).filter(|rest| !rest.is_empty()));
    Ok((url, password))
}

/// Percent-decoded; libpq leaves `+` as it is.
fn decoded(text: &str) -> String {
    let literal = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("p={literal}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

fn run(name: &str, mut command: Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| {
        format!("{name} cannot be started: install PostgreSQL's client programs")
    })?;
    if !status.success() {
        bail!("{name} failed ({status}): what it wrote above says why");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn no_password_stays_in_the_url() {
        for (url, without, password) in [
            ("postgres://raid@db/raid", "postgres://raid@db/raid", None),
            (
                "postgres://raid:p%40ss+w%26@db/raid?sslmode=verify-full",
                "postgres://raid@db/raid?sslmode=verify-full",
                Some("p@ss+w&"),
            ),
            (
                "postgres:///raid?host=%2Frun%2Fpg&password=a%3Db&options=-csearch_path%3Dx",
                "postgres:///raid?host=%2Frun%2Fpg&options=-csearch_path%3Dx",
                Some("a=b"),
            ),
        ] {
            let (found, given) = without_password(url).unwrap();
            assert_eq!(found.as_str(), without);
            assert_eq!(given.as_deref(), password);
        }
        assert!(without_password("nonsense").is_err());
    }
}
