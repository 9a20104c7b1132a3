//! `raid-agency why`: how a person, or the people of a RAiD, stand, in words.

use crate::application::{contact_budget, open_store};
use crate::settings::{Mode, Settings};
use anyhow::bail;
use raid_model::{Handle, OrcidId, pasted};
use raid_registry::{ContributorView, EntryView, NotificationView, PermissionView, TaskView};
use std::fmt::Write as _;
use store::contributor_states;

/// Projects of a person that are shown.
const MOST_PROJECTS: i64 = 50;

/// Prints what is known of an ORCID iD in its projects, or of the contributors of a RAiD.
pub(crate) async fn why(settings: &Settings, subject: &str) -> anyhow::Result<()> {
    let store = open_store(settings).await?;
    let orcid = pasted::orcid(subject, "").and_then(|id| id.parse::<OrcidId>().ok());
    let (known, more) = if let Some(orcid) = orcid {
        let load =
            move |c: &mut store::Conn| contributor_states::of_person(c, &orcid, MOST_PROJECTS);
        let (known, all) = store.read(load).await?;
        let more = all - known.len();
        (known, more)
    } else if let Ok(handle) = subject.parse::<Handle>() {
        let load = move |c: &mut store::Conn| contributor_states::of_raid(c, &handle);
        (store.read(load).await?, 0)
    } else {
        bail!("`{subject}` is neither an ORCID iD, such as 0000-0002-1825-0097, nor a handle");
    };
    if known.is_empty() {
        println!("{subject}: nothing is known");
    }
    let budget = (settings.orcid.mode == Mode::Own).then(|| contact_budget(settings));
    let now = store.clock().now();
    for known in &known {
        let view = ContributorView::of(known, budget.as_ref(), now)?;
        print!("{}", in_words(&view)?);
    }
    if more > 0 {
        println!("… and {more} more RAiDs");
    }
    Ok(())
}

/// A contributor in words, a line for each thing that is known.
fn in_words(view: &ContributorView) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let left = if view.contributes {
        ""
    } else {
        " (named by the RAiD no more)"
    };
    writeln!(text, "{} in {}{left}", view.orcid, view.handle)?;
    permission(&mut text, &view.permission)?;
    if let Some(notification) = &view.notification {
        self::notification(&mut text, notification)?;
    }
    entry(&mut text, &view.entry)?;
    for action in &view.actions {
        writeln!(text, "  {}: {}", action.action, action.text)?;
    }
    Ok(text)
}

fn permission(text: &mut String, it: &PermissionView) -> std::fmt::Result {
    let since = it.since.as_ref().map(|at| format!(" since {at}"));
    let since = since.unwrap_or_default();
    writeln!(text, "  permission: {}{since}. {}", it.state, it.reason)?;
    if let Some(primary) = &it.merged_into {
        writeln!(text, "    merged into {primary}")?;
    }
    if let Some(at) = &it.disclaimed_at {
        let unconfirmed = match it.disclaimer_confirmed {
            Some(true) => "",
            _ => " (by somebody who has their link, not confirmed by a sign-in)",
        };
        writeln!(
            text,
            "    said at {at} that they are not part of the project{unconfirmed}"
        )?;
    }
    task(text, it.task.as_ref())
}

fn notification(text: &mut String, it: &NotificationView) -> std::fmt::Result {
    let read = if it.read { "read" } else { "not known as read" };
    write!(
        text,
        "  notification: {}, sent at {}, {read}",
        it.state, it.sent_at
    )?;
    match &it.closed_at {
        Some(at) => writeln!(text, ", closed at {at}"),
        None => writeln!(text),
    }
}

fn entry(text: &mut String, it: &EntryView) -> std::fmt::Result {
    writeln!(text, "  entry: {}. {}", it.state, it.reason)?;
    if let Some(put_code) = it.put_code {
        writeln!(text, "    put-code {put_code}")?;
    }
    if let Some(at) = &it.written_at {
        writeln!(text, "    written at {at}")?;
    }
    if let Some(refusal) = &it.refusal {
        writeln!(text, "    ORCID refused to remove it: {refusal}")?;
    }
    task(text, it.task.as_ref())
}

fn task(text: &mut String, task: Option<&TaskView>) -> std::fmt::Result {
    let Some(task) = task else {
        return Ok(());
    };
    match &task.due_at {
        Some(at) => write!(text, "    looked at next at {at}")?,
        None => write!(text, "    needs an operator (raid-agency dead-letters)")?,
    }
    if task.attempts > 0 {
        write!(text, ", tried {} times", task.attempts)?;
    }
    if task.waits_for_orcid {
        write!(text, ", at once when ORCID is back")?;
    }
    match &task.last_reason {
        Some(reason) => writeln!(text, ": {reason}"),
        None => writeln!(text),
    }
}
