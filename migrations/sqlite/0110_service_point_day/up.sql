-- What a service point used of its quotas on a day (UTC), and how many people it names objected.
CREATE TABLE service_point_day (
    service_point_id BIGINT NOT NULL REFERENCES service_point (id),
    day DATE NOT NULL,
    new_people INTEGER NOT NULL,
    mails INTEGER NOT NULL,
    objections INTEGER NOT NULL,
    PRIMARY KEY (service_point_id, day)
);
