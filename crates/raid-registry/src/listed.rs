//! RAiDs as lists show them: whole, or the members that are wanted.

use std::collections::BTreeSet;
use std::sync::Arc;

use raid_model::{Addresses, Raid};
use serde_json::Value;
use store::raids::{RaidRow, Sight};
use store::{Conn, StoreError, damage};

use crate::openapi::Describe;
use crate::query::Query;
use crate::record;
use crate::status::Known;

/// The members of a RAiD.
const MEMBERS: &[&str] = &[
    "access",
    "alternateIdentifier",
    "alternateUrl",
    "contributor",
    "date",
    "description",
    "identifier",
    "metadata",
    "organisation",
    "relatedObject",
    "relatedRaid",
    "spatialCoverage",
    "subject",
    "title",
];

/// The parameter that names members.
pub(crate) const INCLUDE_FIELDS: &str = "includeFields";

/// The members that are wanted; none for all.
#[derive(Debug, Clone)]
pub(crate) struct Fields(Option<Arc<BTreeSet<String>>>);

impl Fields {
    /// All members.
    pub(crate) const ALL: Self = Self(None);

    /// The members named by `includeFields`, which may be repeated and hold several.
    pub(crate) fn read(query: &mut Query) -> Self {
        let fields: BTreeSet<String> = query
            .all(INCLUDE_FIELDS)
            .flat_map(|names| names.split(','))
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        if let Some(unknown) = fields.iter().find(|f| !MEMBERS.contains(&f.as_str())) {
            let members = MEMBERS.join(", ");
            let advice = format!("no RAiD has a member {unknown}; write some of {members}");
            query.refuse(INCLUDE_FIELDS, &advice);
        }
        Self((!fields.is_empty()).then(|| Arc::new(fields)))
    }

    /// A RAiD with the members that are wanted, and no others: an empty list would say that there are
    /// none.
    fn write(&self, raid: &Raid) -> Result<Vec<u8>, StoreError> {
        let Some(fields) = &self.0 else {
            return record::write(raid);
        };
        let unfit = |e| StoreError::Corrupt(format!("a RAiD: {e}"));
        let Value::Object(all) = serde_json::to_value(raid).map_err(unfit)? else {
            return Ok(Vec::new());
        };
        let wanted: serde_json::Map<String, Value> = all
            .into_iter()
            .filter(|(name, _)| fields.contains(name))
            .collect();
        serde_json::to_vec(&wanted).map_err(unfit)
    }
}

/// Each RAiD, ready to be sent to a reader. Damaged ones are left out.
pub(crate) fn items(
    c: &mut Conn,
    rows: &[RaidRow],
    fields: &Fields,
    sight: &Sight,
    addresses: &Addresses,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let known = Known::seen_with(c, rows, sight)?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(raid) = damage::readable(&row.handle, record::parse(&row.document))? {
            items.push(fields.write(&record::show(raid, &known, addresses))?);
        }
    }
    Ok(items)
}

/// An array of them.
pub(crate) fn array(items: &[Vec<u8>]) -> Vec<u8> {
    let mut array = vec![b'['];
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            array.push(b',');
        }
        array.extend_from_slice(item);
    }
    array.push(b']');
    array
}

impl Describe {
    /// Shows of each RAiD the members that are wanted.
    pub(crate) fn includes_fields(self) -> Self {
        self.query(
            INCLUDE_FIELDS,
            "Members of a RAiD, such as `identifier,title`",
        )
    }
}
