use time::{Duration, OffsetDateTime};

use super::{Amendment, KEPT_UNARCHIVED, Notification, Subject, age};
use crate::membership::Source;

fn inbox(count: usize, created: OffsetDateTime) -> Vec<Notification> {
    (0..count)
        .map(|n| {
            let subject = Subject::Amended(Amendment {
                action: "added".into(),
                item: "x".into(),
            });
            let source = Source {
                client_id: "APP-1".into(),
                name: "n".into(),
            };
            Notification::new(i64::try_from(n).unwrap(), source, subject, created)
        })
        .collect()
}

#[test]
fn only_the_newest_stay_unarchived() {
    let now = OffsetDateTime::UNIX_EPOCH;
    let mut inbox = inbox(KEPT_UNARCHIVED + 3, now);
    age(&mut inbox, now);
    let archived: Vec<i64> = inbox
        .iter()
        .filter(|n| n.archived.is_some())
        .map(|n| n.put_code)
        .collect();
    assert_eq!(archived, [0, 1, 2]);
    age(&mut inbox, now);
    assert_eq!(inbox.iter().filter(|n| n.archived.is_some()).count(), 3);
}

#[test]
fn age_archives_and_then_deletes() {
    let created = OffsetDateTime::UNIX_EPOCH;
    let mut inbox = inbox(1, created);
    age(&mut inbox, created + Duration::days(181));
    assert!(inbox[0].archived.is_none());
    age(&mut inbox, created + Duration::days(182));
    assert!(inbox[0].archived.is_some());
    age(&mut inbox, created + Duration::days(365));
    assert_eq!(inbox.len(), 1);
    age(&mut inbox, created + Duration::days(366));
    assert!(inbox.is_empty());
}
