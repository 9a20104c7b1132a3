DROP TABLE mailed_address;
