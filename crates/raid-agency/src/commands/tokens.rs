//! `raid-agency tokens`: lists the tokens that the agency keeps, and revokes them one by one.

use crate::application::open_store;
use crate::settings::Settings;
use anyhow::bail;
use store::api_tokens::{self, ApiTokenRow};
use store::{Conn, Id, Store, Timestamp};

/// Tokens that are read at once.
const PAGE: i64 = 500;

/// Revokes these tokens; without any it lists all, newest first.
pub(crate) async fn tokens(settings: &Settings, revoked: &[Id]) -> anyhow::Result<()> {
    let store = open_store(settings).await?;
    if revoked.is_empty() {
        return list(&store).await;
    }
    for id in revoked {
        revoke(&store, *id).await?;
    }
    println!(
        "{} revoked; running nodes refuse them within two seconds",
        revoked.len()
    );
    Ok(())
}

async fn revoke(store: &Store, id: Id) -> anyhow::Result<()> {
    let now = store.clock().now();
    let found = store
        .write(move |c| {
            let found = api_tokens::find(c, id)?.is_some();
            api_tokens::revoke(c, id, now)?;
            Ok(found)
        })
        .await?;
    if !found {
        bail!("there is no token {id}");
    }
    Ok(())
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let now = store.clock().now();
    let mut after = None;
    loop {
        let from = after;
        let load = move |c: &mut Conn| api_tokens::page(c, None, from, PAGE);
        let rows = store.read(load).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for row in &rows {
            println!("{}", line(row, now));
        }
    }
}

/// A token on one line.
fn line(row: &ApiTokenRow, now: Timestamp) -> String {
    let state = match row.revoked_at {
        Some(at) => format!("revoked {}", seconds(at)),
        None if row.expires_at <= now => format!("expired {}", seconds(row.expires_at)),
        None => format!("until {}", seconds(row.expires_at)),
    };
    let used = match row.last_used_at {
        Some(at) => format!("last used {}", seconds(at)),
        None => "never used".to_owned(),
    };
    let point = match row.service_point_id {
        Some(id) => format!(" at {id}"),
        None => String::new(),
    };
    format!(
        "{} {} ({}{point}): {state}, {used}",
        row.id, row.name, row.roles
    )
}

/// A time without fractions of a second.
fn seconds(at: Timestamp) -> Timestamp {
    at.replace_nanosecond(0).unwrap_or(at)
}
