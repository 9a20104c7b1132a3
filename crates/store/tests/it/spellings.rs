//! What is written in different ways, and identifiers among the words.

use crate::sample;
use crate::search::{BEST, found, words};
use crate::searched::{titled, write};
use serde_json::json;
use store::testing::TestDb;

store::on_both_databases!(
    titles_are_found_by_each_usual_spelling,
    identifiers_are_found_among_the_words,
);

/// A title, a query, and whether it finds it.
const CASES: [(&str, &str, bool); 44] = [
    ("Moʻolelo of Hawaiʻi", "Hawai'i", true),
    ("Moʻolelo of Hawaiʻi", "Hawai‘i", true),
    ("Moʻolelo of Hawaiʻi", "Hawai’i", true),
    ("Moʻolelo of Hawaiʻi", "Hawaii", true),
    ("Moʻolelo of Hawaiʻi", "moolelo", true),
    ("Hawaii, the land", "Hawaiʻi", true),
    ("fakaʻapaʻapa Tonga", "fakaapaapa", true),
    ("здоровʼя населення", "здоров'я", true),
    ("oʻzbek tili", "o'zbek", true),
    ("Gestion de l'eau", "eau", true),
    ("Gestion de l’eau", "\"de l'eau\"", true),
    ("การวิจัยภาษาไทย", "ไทย", true),
    ("การวิจัยภาษาไทย", "ภาษา", true),
    ("การวิจัยภาษาไทย", "ไทร", false),
    ("ราคาข้าว", "ข้าว", true),
    ("ราคาข้าว", "ข่าว", false),
    ("ราคาข้าว", "ขาว", false),
    ("ພາສາລາວ", "ລາວ", true),
    ("ភាសាខ្មែរ", "ខ្មែរ", true),
    ("မြန်မာဘာသာ", "ဘာသာ", true),
    ("東京都の川", "川", true),
    ("ガラス", "カラス", false),
    ("SARS-CoV-2 in Whanganui", "CoV-2", true),
    ("SARS-CoV-2 in Whanganui", "SARS-CoV-2", true),
    ("SARS-CoV-2 in Whanganui", "sars cov 2", true),
    ("SARS-CoV-2 in Whanganui", "sarscov2", true),
    ("COVID-19 cohort", "covid 19", true),
    ("COVID-19 cohort", "covid19", true),
    ("COVID19 cohort", "covid-19", true),
    ("COVID19 cohort", "covid 19", true),
    ("COVID19 cohort", "19 covid", true),
    ("COVID 19 cohort", "covid19", true),
    ("COVID 19 cohort", "covid1*", true),
    ("SARS CoV 2", "cov2", true),
    ("RAiD 9f3c1a7e", "9f3c", false),
    ("COVID19 cohort", "covid-1*", true),
    (
        "2,4-dichlorophenoxyacetic acid in soils",
        "dichlorophenoxyacetic",
        true,
    ),
    ("Traces of 2,4-D", "2,4-d", true),
    ("β-catenin signalling", "β catenin", true),
    ("β-catenin signalling", "beta-catenin", false),
    ("Ngāti Whātua archives", "ngati whatua", true),
    ("Łódź tramways", "lodz", true),
    ("Whanganui river", "ganui", false),
    ("Whanganui river", "wha*", true),
];

async fn titles_are_found_by_each_usual_spelling(db: &TestDb) {
    let store = sample::store(db).await;
    for (n, (title, _, _)) in (1..).zip(CASES) {
        let raid = titled(n, title, |_| {});
        store.mint(write(&raid, i64::from(n))).await.unwrap();
    }
    for (n, (title, query, is_found)) in (1..).zip(CASES) {
        let found = found(&store, &words(query), BEST).await;
        assert_eq!(found.contains(&n), is_found, "{query} in {title}");
    }
}

async fn identifiers_are_found_among_the_words(db: &TestDb) {
    let store = sample::store(db).await;
    let raid = titled(1, "Rivers", |raid| {
        raid["relatedObject"] = json!([{"id": "https://doi.org/10.5281/zenodo.7"}]);
        raid["relatedRaid"] = json!([{"id": "https://raid.org/10.82210/00000002"}]);
        raid["alternateIdentifier"] = json!([{"id": "ARC/DP-220101234", "type": "grant"}]);
        raid["alternateUrl"] = json!([{"url": "https://rivers.example/a?b=1"}]);
    });
    let other = titled(2, "Lakes", |_| {});
    for (second, raid) in [(1, &raid), (2, &other)] {
        store.mint(write(raid, second)).await.unwrap();
    }
    let handle = raid.handle();
    let asked = [
        handle.to_string(),
        handle.to_string().to_uppercase(),
        handle.suffix().to_string(),
        format!("https://raid.org/{handle}"),
        format!("https://doi.org/{handle}"),
        format!("rivers {handle}"),
        "10.5281/zenodo.7".to_owned(),
        "https://doi.org/10.5281/ZENODO.7".to_owned(),
        "DP-220101234".to_owned(),
        "dp220101234".to_owned(),
        "ARC/DP-220101234".to_owned(),
        "https://rivers.example/a?b=1".to_owned(),
    ];
    for query in asked {
        assert_eq!(found(&store, &words(&query), BEST).await, [1], "{query}");
    }
    // A RAiD is before those that name it.
    let second = sample::handle(2).to_string();
    assert_eq!(found(&store, &words(&second), BEST).await, [2, 1]);
    let both = [
        "0000-0002-1825-0097",
        "https://orcid.org/0000-0002-1825-0097",
    ];
    for person in both {
        assert_eq!(found(&store, &words(person), BEST).await.len(), 2);
    }
    for query in ["10.5281/zenodo.8", "zenodo.org", "10"] {
        let found = found(&store, &words(query), BEST).await;
        assert!(found.is_empty(), "{query}: {found:?}");
    }
}
