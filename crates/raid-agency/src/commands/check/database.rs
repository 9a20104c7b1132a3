//! The database: whether it can be reached, is this program's, and agrees about the time.

use super::report::Report;
use crate::keys;
use crate::settings::Settings;
use std::path::Path;
use store::migrate::{self, Inspection};
use time::Duration;

/// Clocks that differ by more are worth a look.
const NOTICEABLE: Duration = Duration::seconds(2);
/// Clocks that differ by more break tokens, which have times in them.
const TOO_MUCH: Duration = Duration::seconds(30);

pub(super) async fn look(settings: &Settings, report: &mut Report) {
    let database = settings.database();
    if !database.is_postgres() && !Path::new(&database.url).exists() {
        return report.warning("store.url", "is not there; it is made at the first start");
    }
    let looked = tokio::task::spawn_blocking(move || migrate::inspect(&database)).await;
    match looked {
        Ok(Ok(found)) => {
            describe(settings, &found, report);
            if !found.is_pending {
                match keys::verify(settings) {
                    Ok(()) => report.fine("keys", "are those that the database was written with"),
                    Err(error) => report.failed("keys", error),
                }
            }
        }
        Ok(Err(error)) => report.failed("store.url", error),
        Err(error) => report.failed("store.url", error),
    }
}

fn describe(settings: &Settings, found: &Inspection, report: &mut Report) {
    let subject = "store.url";
    if !found.is_pending {
        report.fine(subject, "can be read and written; its schema is up to date");
    } else if settings.store.migrate {
        report.warning(subject, "its schema is brought up to date at the start");
    } else {
        let text = "its schema is not up to date: run `raid-agency migrate`";
        report.failed(subject, text);
    }
    let wanted = settings.orcid.environment.as_str();
    match found.environment.as_deref() {
        Some(found) if found == wanted => {
            report.fine(
                "orcid.environment",
                format!("{found}, as the database says"),
            );
        }
        Some(found) => report.failed(
            "orcid.environment",
            format!(
                "the database belongs to {found}, the configuration says {wanted}: give each \
                 environment a database of its own"
            ),
        ),
        None => report.fine(
            "orcid.environment",
            format!("{wanted}; the database is new"),
        ),
    }
    if let Some(ahead) = found.clock_ahead {
        describe_clock("the database's clock", ahead, report);
    }
}

/// A row about a clock that is so far ahead of this machine's.
pub(super) fn describe_clock(whose: &str, ahead: Duration, report: &mut Report) {
    let off = ahead.abs();
    let way = if ahead.is_negative() {
        "behind"
    } else {
        "ahead of"
    };
    let text = format!("{:.1} s {way} this machine's", off.as_seconds_f64());
    if off <= NOTICEABLE {
        report.fine(whose, "agrees with this machine's");
    } else if off <= TOO_MUCH {
        report.warning(whose, text);
    } else {
        report.failed(whose, format!("{text}: set both by a time server"));
    }
}
