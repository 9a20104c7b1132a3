DROP TABLE agency_key;
