DROP TABLE subject_lease;
