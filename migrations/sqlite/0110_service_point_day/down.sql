DROP TABLE service_point_day;
