DROP TABLE permission;
