DROP TABLE permission_request;
