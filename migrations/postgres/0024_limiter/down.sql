DROP TABLE limiter;
