//! `raid-agency keys`

use crate::application::open_store;
use crate::keys::{self, Found, KeyState};
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use clap::Subcommand;
use std::collections::BTreeMap;
use std::time::Duration;
use store::agency_keys::{self, Known, KnownKey, Purpose};
use store::sealed_values::{self, Cursor, Tally};
use store::{Conn, KeyRing, Store, Timestamp, migrate};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// List the keys that the database was written with, and which of them are configured here.
    List,
    /// Seal with the current key what former ones sealed, while the agency runs.
    Reseal,
    /// Say that nothing needs a former key any more; then it can be removed from the configuration.
    Retire {
        /// The key's id, from `keys list`.
        id: String,
        /// Also a key of links that are still good: they stop working.
        #[arg(long)]
        now: bool,
    },
    /// Forget what was sealed or signed with keys that are lost for good.
    GiveUp {
        /// Only say what would be forgotten.
        #[arg(long)]
        dry_run: bool,
    },
}

pub(crate) async fn keys(settings: &Settings, what: &What) -> anyhow::Result<()> {
    match what {
        What::List => list(settings),
        What::Reseal => reseal(&open_store(settings).await?).await,
        What::Retire { id, now } => retire(settings, id, *now).await,
        What::GiveUp { dry_run } => give_up(settings, *dry_run).await,
    }
}

fn list(settings: &Settings) -> anyhow::Result<()> {
    let database = settings.database();
    migrate::check(&database)?;
    let known = agency_keys::known(&database)?;
    println!("purpose  id                 state    values  first used");
    let sealing = keys::find(settings, Purpose::Sealing)?;
    let mut sealed = match sealing.current.or_else(|| sealing.former.first().copied()) {
        Some(key) => {
            let ring = KeyRing::new(&key, &sealing.former);
            migrate::with_connection(&database, |c| sealed_values::survey(c, &ring))?
        }
        None => BTreeMap::new(),
    };
    for key in &known.keys {
        let found = keys::find(settings, key.purpose)?;
        let values = sealed.remove(&key.id).map_or(0, |tally| tally.values);
        let values = match key.purpose {
            Purpose::Sealing => values.to_string(),
            _ => "-".to_owned(),
        };
        let state = KeyState::of(key, &found).as_str();
        println!(
            "{:<8} {:<18} {state:<8} {values:>6}  {}",
            key.purpose.as_str(),
            key.id,
            key.first_used_at.date()
        );
    }
    for (name, tally) in sealed {
        let Tally { values, unopenable } = tally;
        println!("sealing  {name:<18} by name  {values:>6}  ({unopenable} of them do not open)");
    }
    Ok(())
}

async fn reseal(store: &Store) -> anyhow::Result<()> {
    let all = store.read(sealed_values::count).await?;
    let mut at = Some(Cursor::default());
    let (mut looked_at, mut changed, mut unopenable) = (0, 0, 0);
    while let Some(from) = at {
        let keys = store.keys().clone();
        let page = store
            .write(move |c| sealed_values::reseal_page(c, &keys, from.clone()))
            .await?;
        looked_at += page.looked_at;
        changed += page.changed;
        unopenable += page.unopenable;
        at = page.next;
        eprintln!("looked at {looked_at} of {all} values, sealed {changed} again");
    }
    println!("{changed} values are sealed with the current key now");
    if unopenable > 0 {
        println!("{unopenable} values cannot be opened with the keys configured");
    }
    for (id, tally) in survey(store).await? {
        println!("{id}: {} values", tally.values);
    }
    Ok(())
}

async fn survey(store: &Store) -> anyhow::Result<BTreeMap<String, Tally>> {
    let keys = store.keys().clone();
    let survey = move |c: &mut Conn| sealed_values::survey(c, &keys);
    Ok(store.snapshot(survey).await?)
}

async fn retire(settings: &Settings, id: &str, at_once: bool) -> anyhow::Result<()> {
    let store = open_store(settings).await?;
    let known = store.read(agency_keys::known_to).await?;
    let key = known.keys.iter().find(|key| key.id == id);
    let key = key.with_context(|| format!("this database was not written with a key {id}"))?;
    if !key.is_needed() {
        println!("{id} is retired already");
        return Ok(());
    }
    let now = store.clock().now();
    let current = keys::find(settings, key.purpose)?.current;
    let is_current = current.is_some_and(|it| store::KeyId::of(&it).as_str() == id);
    if is_current {
        bail!("{id} is in use: start all processes with another current key first");
    }
    match key.purpose {
        Purpose::Sealing => refuse_while_it_seals(&store, &known, key).await?,
        Purpose::Links if !at_once => refuse_while_links_are_good(settings, key, now)?,
        // Without its key a token does not count anyway.
        Purpose::Links | Purpose::Tokens => {}
    }
    mark_retired(&store, vec![key.clone()]).await?;
    println!(
        "{id} is retired: remove it from the configuration of all processes, and restart them"
    );
    Ok(())
}

/// Values from before ids were derived may be any key's.
async fn refuse_while_it_seals(store: &Store, known: &Known, key: &KnownKey) -> anyhow::Result<()> {
    let id = &key.id;
    since_when_replaced(key)?;
    let is_of_another = |name: &String| name != id && known.keys.iter().any(|it| it.id == *name);
    let sealed = survey(store).await?;
    let left: u64 = sealed
        .iter()
        .filter(|(name, _)| !is_of_another(name))
        .map(|(_, tally)| tally.values)
        .sum();
    if left > 0 {
        bail!("{left} values are sealed with {id}: run `raid-agency keys reseal` first");
    }
    Ok(())
}

fn refuse_while_links_are_good(
    settings: &Settings,
    key: &KnownKey,
    now: Timestamp,
) -> anyhow::Result<()> {
    let longest: Duration = settings
        .permissions
        .link_lifetime
        .max(settings.agency.invitation_lifetime);
    let good_until = since_when_replaced(key)?.saturating_add(longest.try_into()?);
    if good_until > now {
        bail!(
            "links that it signed are good until {}: retire it then, or with --now",
            good_until.date()
        );
    }
    Ok(())
}

fn since_when_replaced(key: &KnownKey) -> anyhow::Result<Timestamp> {
    let id = &key.id;
    let replaced_at = key.replaced_at;
    replaced_at.with_context(|| {
        format!(
            "no process started with another key than {id}: start one with it and a new one first"
        )
    })
}

async fn mark_retired(store: &Store, keys: Vec<KnownKey>) -> anyhow::Result<()> {
    let clock = store.clock().clone();
    let retire = move |c: &mut Conn| {
        for key in &keys {
            agency_keys::retire(c, key.purpose, &key.id, clock.now())?;
        }
        Ok(())
    };
    Ok(store.write(retire).await?)
}

async fn give_up(settings: &Settings, is_dry_run: bool) -> anyhow::Result<()> {
    let database = settings.database();
    migrate::check(&database)?;
    let known = agency_keys::known(&database)?;
    let mut missing = Vec::new();
    for purpose in Purpose::ALL.iter().copied() {
        let found = keys::find(settings, purpose)?;
        let lost = |key: &&KnownKey| KeyState::of(key, &found) == KeyState::Missing;
        missing.extend(known.needed(purpose).filter(lost).cloned());
    }
    let sealing = keys::find(settings, Purpose::Sealing)?;
    let ring = ring_of_what_is_left(settings, &sealing, is_dry_run)?;
    let store = Store::open(&database, store::Clock::system(), ring)?;
    let mut at = Some(Cursor::default());
    let mut unopenable = 0;
    while let Some(from) = at {
        let (keys, clock) = (store.keys().clone(), store.clock().clone());
        let page = move |c: &mut Conn| {
            sealed_values::give_up_page(c, &keys, from.clone(), is_dry_run, clock.now())
        };
        let page = store.write(page).await?;
        unopenable += page.unopenable;
        at = page.next;
    }
    for key in &missing {
        println!("{} key {}: missing", key.purpose, key.id);
    }
    println!("{unopenable} sealed values (tokens, codes, addresses) cannot be opened");
    if is_dry_run {
        println!(
            "dry run: nothing was changed. Without --dry-run they are forgotten: people whose token \
             is among them are asked again, invitations cannot be sent again, and links and tokens \
             signed with a missing key stop working"
        );
        return Ok(());
    }
    mark_retired(&store, missing).await?;
    let (keys, clock) = (store.keys().clone(), store.clock().clone());
    store
        .write(move |c| agency_keys::claim_sealing(c, &keys, clock.now()))
        .await?;
    println!("they are forgotten; start the agency");
    Ok(())
}

/// The keys that are there. Where none is current, a new one is made; a dry run looks with one that
/// nobody keeps.
fn ring_of_what_is_left(
    settings: &Settings,
    found: &Found,
    is_dry_run: bool,
) -> anyhow::Result<KeyRing> {
    let current = match found.current {
        Some(current) => current,
        None if is_dry_run => rand::random(),
        None => keys::make(settings, Purpose::Sealing)?,
    };
    Ok(KeyRing::new(&current, &found.former))
}
