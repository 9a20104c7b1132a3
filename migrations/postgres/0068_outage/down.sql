DROP TABLE outage;
