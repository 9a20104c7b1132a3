-- Words of embargoed RAiDs are marked in the search index, so these are indexed again.
UPDATE raid SET indexed_version = NULL WHERE access = 'embargoed';
