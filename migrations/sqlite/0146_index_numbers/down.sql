-- Their words are folded as before again.
UPDATE raid SET indexed_version = NULL;
