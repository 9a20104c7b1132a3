-- Words are folded in another way, and identifiers are among them.
UPDATE raid SET indexed_version = NULL;
