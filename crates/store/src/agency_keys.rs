//! Which keys this database was written with. A process that lacks one of them is refused, so that
//! nobody goes on with other keys and splits the data.
//!
//! A key is known by its [`KeyId`], which follows from the key. For a sealing key there is a canary as
//! well: a value that it sealed and that must open. A key is known from the first start with it as the
//! current one until it is retired.

use crate::conn::{Conn, per_backend};
use crate::engine::Settings;
use crate::error::StoreError;
use crate::key_id::KeyId;
use crate::migrate;
use crate::schema::{agency_key, installation};
use crate::seal::KeyRing;
use crate::sealed_values;
use crate::types::{Timestamp, text_enum};
use diesel::prelude::*;

/// For whom the canary is sealed, which no person's iD and no row's key is.
const CANARY_OWNER: &str = "canary";
const CANARY: &str = "this database is read with its own keys";

text_enum! {
    /// What a key is for.
    Purpose {
        /// Seals what is secret in the database.
        Sealing = "sealing",
        /// Signs links in notifications and mails.
        Links = "links",
        /// Signs tokens of the local issuer.
        Tokens = "tokens",
    }
}

impl Purpose {
    /// Where a key of this purpose is configured.
    pub fn place(self) -> &'static str {
        match self {
            Self::Sealing => {
                "secrets/sealing.key or sealing-*.key in data.folder, or [keys.sealing]"
            }
            Self::Links => {
                "secrets/links.key or links-*.key in data.folder, or keys.links and \
                 [keys.former_links]"
            }
            Self::Tokens => "secrets/tokens.key in data.folder, or keys.tokens",
        }
    }
}

/// A key that this database was written with.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = agency_key)]
pub struct KnownKey {
    /// What it is for.
    pub purpose: Purpose,
    /// Its [`KeyId`] as text.
    pub id: String,
    canary: Option<Vec<u8>>,
    /// When a process first started with it as the current one.
    pub first_used_at: Timestamp,
    /// Since when another one is current. None while it is in use.
    pub replaced_at: Option<Timestamp>,
    /// Since when nothing needs it any more.
    pub retired_at: Option<Timestamp>,
}

impl KnownKey {
    /// Whether a process must have it.
    pub fn is_needed(&self) -> bool {
        self.retired_at.is_none()
    }
}

/// What a database says of its keys before there is a store.
#[derive(Debug, Clone)]
pub struct Known {
    /// All keys that it was written with.
    pub keys: Vec<KnownKey>,
    /// Whether it has sealed values.
    pub has_sealed_values: bool,
}

impl Known {
    /// The keys of a purpose that a process must have.
    pub fn needed(&self, purpose: Purpose) -> impl Iterator<Item = &KnownKey> {
        let needed = move |key: &&KnownKey| key.purpose == purpose && key.is_needed();
        self.keys.iter().filter(needed)
    }

    /// The first key of a purpose that is needed and not among these.
    ///
    /// # Errors
    /// [`StoreError::MissingKey`] names it.
    pub fn check(&self, purpose: Purpose, configured: &[KeyId]) -> Result<(), StoreError> {
        let is_there = |key: &KnownKey| configured.iter().any(|id| id.as_str() == key.id);
        match self.needed(purpose).find(|key| !is_there(key)) {
            Some(missing) => Err(missing_key(purpose, &missing.id)),
            None => Ok(()),
        }
    }
}

fn missing_key(purpose: Purpose, id: &str) -> StoreError {
    StoreError::MissingKey {
        purpose,
        id: id.to_owned(),
    }
}

/// Reads what a database says of its keys, by a connection of its own. The schema must be up to date.
pub fn known(settings: &Settings) -> Result<Known, StoreError> {
    migrate::with_connection(settings, known_to)
}

/// As [`known`], by an open connection.
pub fn known_to(c: &mut Conn) -> Result<Known, StoreError> {
    let keys = agency_key::table
        .order((
            agency_key::purpose,
            agency_key::first_used_at,
            agency_key::id,
        ))
        .select(KnownKey::as_select())
        .load(c)?;
    Ok(Known {
        keys,
        has_sealed_values: sealed_values::is_any(c)?,
    })
}

/// Verifies that these keys open what the database has sealed. Reads only.
///
/// # Errors
/// [`StoreError::MissingKey`] names the key that is missing.
pub fn verify_sealing(c: &mut Conn, keys: &KeyRing) -> Result<(), StoreError> {
    let known = known_to(c)?;
    let ids: Vec<_> = keys.ids().cloned().collect();
    known.check(Purpose::Sealing, &ids)?;
    let mut has_canary = false;
    for key in known.needed(Purpose::Sealing) {
        let Some(canary) = &key.canary else {
            continue;
        };
        if keys.open(CANARY_OWNER, canary)? != CANARY {
            return Err(StoreError::Unsealable(key.id.clone()));
        }
        has_canary = true;
    }
    if !has_canary && known.has_sealed_values {
        // From before there were canaries: the values themselves tell.
        let survey = sealed_values::survey(c, keys)?;
        if let Some((id, _)) = survey.iter().find(|(_, tally)| tally.unopenable > 0) {
            return Err(missing_key(Purpose::Sealing, id));
        }
    }
    Ok(())
}

/// Ties the database to its sealing keys. The current one is needed from now on.
///
/// # Errors
/// As [`verify_sealing`].
pub fn claim_sealing(c: &mut Conn, keys: &KeyRing, now: Timestamp) -> Result<(), StoreError> {
    lock(c)?;
    verify_sealing(c, keys)?;
    let ids: Vec<_> = keys.ids().cloned().collect();
    let canary = keys.seal(CANARY_OWNER, CANARY)?;
    take_over(c, Purpose::Sealing, &ids, Some(canary), now)
}

/// Ties the database to keys that seal nothing; the first of them is the current one.
///
/// # Errors
/// [`StoreError::MissingKey`] names the key that is missing.
pub fn claim(
    c: &mut Conn,
    purpose: Purpose,
    ids: &[KeyId],
    now: Timestamp,
) -> Result<(), StoreError> {
    lock(c)?;
    known_to(c)?.check(purpose, ids)?;
    take_over(c, purpose, ids, None, now)
}

/// Processes that start at the same time with different keys come one after the other.
fn lock(c: &mut Conn) -> Result<(), StoreError> {
    if let Conn::Postgres(c) = c {
        installation::table
            .find("orcid_environment")
            .select(installation::name)
            .for_update()
            .first::<String>(c)
            .optional()?;
    }
    Ok(())
}

fn take_over(
    c: &mut Conn,
    purpose: Purpose,
    ids: &[KeyId],
    canary: Option<Vec<u8>>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(current) = ids.first() else {
        return Ok(());
    };
    let row = (
        agency_key::purpose.eq(purpose),
        agency_key::id.eq(current.as_str()),
        agency_key::canary.eq(canary),
        agency_key::first_used_at.eq(now),
    );
    per_backend!(c, |c| diesel::insert_into(agency_key::table)
        .values(row)
        .on_conflict((agency_key::purpose, agency_key::id))
        .do_update()
        .set((
            agency_key::replaced_at.eq(None::<Timestamp>),
            agency_key::retired_at.eq(None::<Timestamp>),
        ))
        .execute(c))?;
    let others = agency_key::table
        .filter(agency_key::purpose.eq(purpose))
        .filter(agency_key::id.ne(current.as_str()))
        .filter(agency_key::replaced_at.is_null());
    diesel::update(others)
        .set(agency_key::replaced_at.eq(now))
        .execute(c)?;
    Ok(())
}

/// Nothing needs this key any more: a process without it is not refused from now on. Says whether it
/// was needed.
pub fn retire(
    c: &mut Conn,
    purpose: Purpose,
    id: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = agency_key::table
        .find((purpose, id))
        .filter(agency_key::retired_at.is_null());
    let retired = diesel::update(row)
        .set(agency_key::retired_at.eq(now))
        .execute(c)?;
    Ok(retired == 1)
}
