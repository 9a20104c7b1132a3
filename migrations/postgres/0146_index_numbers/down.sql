-- Their words are not marked any more, so these are indexed again.
UPDATE raid SET indexed_version = NULL WHERE access = 'embargoed';
