-- '' in rows from before, and of older nodes, until a start gives them the issuer of that time.
ALTER TABLE raid_holder
    ADD COLUMN issuer TEXT NOT NULL DEFAULT '',
    ADD COLUMN given_by_issuer TEXT NOT NULL DEFAULT '',
    DROP CONSTRAINT raid_holder_pkey,
    ADD PRIMARY KEY (handle, issuer, subject, role);
