-- Of people with the same subject at several issuers nobody is left.
DELETE FROM raid_holder AS one WHERE EXISTS (
    SELECT 1 FROM raid_holder AS other
    WHERE other.handle = one.handle AND other.subject = one.subject AND other.role = one.role
        AND other.issuer <> one.issuer
);
ALTER TABLE raid_holder
    DROP CONSTRAINT raid_holder_pkey,
    DROP COLUMN issuer,
    DROP COLUMN given_by_issuer,
    ADD PRIMARY KEY (handle, subject, role);
