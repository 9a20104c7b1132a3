-- A number behind a name is a word of its own.
UPDATE raid SET indexed_version = NULL;
