-- Whether the person signed in at ORCID to say it.
ALTER TABLE disclaimer ADD COLUMN confirmed BOOLEAN NOT NULL DEFAULT FALSE;
