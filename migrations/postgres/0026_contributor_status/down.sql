DROP TABLE contributor_status;
