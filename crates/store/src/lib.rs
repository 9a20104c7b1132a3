//! How it is kept: schema, migrations, transactions, encryption at rest. The only crate that knows diesel.
