//! Every state that the code knows can be kept, and the databases know no other.

use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::BTreeSet;
use store::testing::TestDb;
use store::{
    Conn, StoreError, grants, holders, invitations, memberships, permission_requests, raids, tasks,
    visits,
};

store::on_both_databases!(the_database_knows_the_states_of_the_code);

#[derive(QueryableByName)]
struct Definition {
    #[diesel(sql_type = Text)]
    text: String,
}

/// What the `CHECK` of a column allows.
fn allowed(c: &mut Conn, table: &str, column: &str) -> Result<BTreeSet<String>, StoreError> {
    let (definitions, start, end): (Vec<Definition>, _, _) = match c {
        Conn::Postgres(c) => {
            let query = format!(
                "SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint \
                 WHERE contype = 'c' AND conrelid = '{table}'::regclass"
            );
            let found = diesel::sql_query(query).load(c)?;
            (found, format!("({column} = ANY (ARRAY["), "]")
        }
        Conn::Sqlite(c) => {
            let query = format!("SELECT sql AS text FROM sqlite_master WHERE name = '{table}'");
            let found = diesel::sql_query(query).load(c)?;
            (found, format!("CHECK ({column} IN ("), "))")
        }
    };
    let list = definitions.iter().find_map(|d| {
        let (_, rest) = d.text.split_once(&start)?;
        rest.split_once(end)
    });
    let (list, _) = list.ok_or(StoreError::NotFound)?;
    // Every other piece between quotes is a value.
    let values = list.split('\'').skip(1).step_by(2);
    Ok(values.map(ToOwned::to_owned).collect())
}

async fn the_database_knows_the_states_of_the_code(db: &TestDb) {
    macro_rules! texts {
        ($kind:ty) => {
            <$kind>::ALL.iter().map(|s| s.as_str().to_owned()).collect()
        };
    }
    let known: [(&str, &str, BTreeSet<String>); 13] = [
        ("raid", "access", texts!(raids::Access)),
        ("change", "access", texts!(raids::Access)),
        ("change_pending", "access", texts!(raids::Access)),
        ("raid_holder", "role", texts!(holders::HolderRole)),
        ("task", "kind", texts!(tasks::Kind)),
        ("task", "state", texts!(tasks::State)),
        (
            "permission",
            "state",
            texts!(raid_model::permission::PermissionState),
        ),
        (
            "permission_request",
            "state",
            texts!(permission_requests::State),
        ),
        ("orcid_grant", "state", texts!(grants::State)),
        ("membership", "state", texts!(memberships::State)),
        ("invitation", "state", texts!(invitations::State)),
        ("visit", "purpose", texts!(visits::Purpose)),
        ("visit", "state", texts!(visits::State)),
    ];
    for (table, column, states) in known {
        let found = db.store().read(move |c| allowed(c, table, column)).await;
        assert_eq!(found.unwrap(), states, "{table}.{column}");
    }
}
