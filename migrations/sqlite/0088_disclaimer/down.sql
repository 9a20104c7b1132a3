DROP TABLE disclaimer;
