//! How many mails go out in a day.

use crate::sample::{SERVICE_POINT, noon, store};
use raid_model::trust::Quotas;
use secrecy::SecretString;
use store::mail_quotas::{self, MailQuota};
use store::testing::TestDb;
use store::{Conn, Timestamp};
use time::Duration;

store::on_both_databases!(mails_are_counted_for_a_day);

async fn mails_are_counted_for_a_day(db: &TestDb) {
    let store = store(db).await;
    let quotas = Quotas {
        mails_per_day: 4,
        mails_per_address_per_day: 2,
        ..Quotas::default()
    };
    let take = async |address: &'static str, now: Timestamp| {
        let take = move |c: &mut Conn| {
            let email: SecretString = address.to_owned().into();
            mail_quotas::take(c, &TestDb::keys(), SERVICE_POINT, &email, &quotas, now)
        };
        store.write(take).await.unwrap()
    };
    assert_eq!(take("jo@x.example", noon()).await, None);
    assert_eq!(take("Jo@X.example", noon()).await, None);
    let address = Some(MailQuota::Address);
    assert_eq!(take("jo@x.example", noon()).await, address);
    assert_eq!(take("jo+1@x.example", noon()).await, address);
    assert_eq!(take("al@x.example", noon()).await, None);
    assert_eq!(take("bo@x.example", noon()).await, None);
    let point = Some(MailQuota::ServicePoint);
    assert_eq!(take("cy@x.example", noon()).await, point);
    let tomorrow = noon() + Duration::DAY;
    assert_eq!(take("jo@x.example", tomorrow).await, None);
    let forget = |c: &mut Conn| mail_quotas::forget_before(c, (noon() + Duration::DAY).date(), 100);
    assert_eq!(store.write(forget).await.unwrap(), 3);
    assert_eq!(store.write(forget).await.unwrap(), 0);
}
