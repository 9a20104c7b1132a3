use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::{date, datetime};

use super::{BREAK, MAX_QUERY_WORDS, Query, SearchDocument, Term, TermKind, fold};
use crate::{Raid, RaidRequest, ServerOwned};

const TODAY: time::Date = date!(2026 - 06 - 22);

fn raid(change: impl FnOnce(&mut Value)) -> Raid {
    let mut body: Value =
        serde_json::from_slice(include_bytes!("../../../../examples/raid-max.json")).unwrap();
    change(&mut body);
    let server = ServerOwned {
        handle: "10.82841/9f3c1a7e".parse().unwrap(),
        owner: "https://ror.org/038sjwq14".parse().unwrap(),
        service_point: 20_000_000,
        agency: "https://ror.org/04wxnsj81".parse().unwrap(),
        licence: "Creative Commons CC-0".to_owned(),
        agency_url: None,
        id_prefix: "https://raid.org/".parse().unwrap(),
        now: datetime!(2026-06-22 00:00 UTC),
    };
    Raid::mint(
        RaidRequest::from_json(body.to_string().as_bytes()).unwrap(),
        server,
    )
}

#[test]
fn what_reads_as_the_same_word_is_the_same_word() {
    for (written, words) in [
        (
            "Climate-Change: the 2nd report!",
            "climate change the 2nd report",
        ),
        ("Malmö MALMO\u{308} malmo", "malmo malmo malmo"),
        ("Łódź, Ærø, Straße, STRASSE", "lodz aero strasse strasse"),
        ("İstanbul ISTANBUL ısparta", "istanbul istanbul isparta"),
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("ﬁnance H₂O ２０２６", "finance h2o 2026"),
        ("co\u{ad}operate zero\u{200b}width", "cooperate zerowidth"),
        ("氣候變遷 climate研究", "氣 候 變 遷 climate 研 究"),
        ("ガラス ｶﾞ", "ガ ラ ス ガ"),
        ("ข้าว ข่าว ขาว", "ข้ า ว ข่ า ว ข า ว"),
        ("@\u{17b6}Σ", "\u{17b6} σ"),
        ("ภาษาไทย-2", "ภ า ษ า ไ ท ย 2"),
        (
            "Hawaiʻi Hawai'i Hawai‘i Hawai’i Hawaii",
            "hawaii hawaii hawaii hawaii hawaii",
        ),
        ("ʻOhana 'ohana’ students' o'", "ohana ohana students o"),
        ("L’eau d'Ivoire", "leau divoire"),
        (
            "SARS-CoV-2, 2,4-D and β-catenin",
            "sars cov 2 2 4 d and β catenin",
        ),
        ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
        ("हिन्दी", "हिनदी"),
        ("naïve—text…", "naive text"),
        ("!?* \" ' \\ ()", ""),
        ("", ""),
    ] {
        assert_eq!(fold(written).join(" "), words, "{written}");
    }
    let long = fold(&"ab".repeat(200));
    assert_eq!(long, ["ab".repeat(30)]);
}

proptest! {
    /// Words go into the languages of two databases as they are.
    #[test]
    fn words_are_letters_and_digits_only(text: String) {
        for word in fold(&text) {
            prop_assert!(!word.is_empty() && word.chars().count() <= 60);
            // What databases read as syntax is ASCII.
            prop_assert!(word.chars().all(|c| !c.is_ascii() || c.is_alphanumeric()), "{word:?}");
            prop_assert!(!word.contains(char::is_whitespace) && !word.contains(BREAK));
        }
    }

    #[test]
    fn folded_words_stay_as_they_are(text: String) {
        let words = fold(&text);
        prop_assert_eq!(fold(&words.join(" ")), words);
    }

    /// Any text can be asked, and what it asks for are words and nothing else.
    #[test]
    fn any_text_is_a_query_or_too_long(text in "([ -~äß研“”\u{0}]{0,80}|\\PC{0,80})") {
        if let Ok(query) = Query::parse(&text) {
            let asked: Vec<_> = query.parts().iter().flat_map(|part| part.words.clone()).collect();
            if !text.contains(['/', ':']) {
                prop_assert_eq!(&asked, &fold(&text), "each word once, in its order");
            }
            prop_assert!(asked.len() <= MAX_QUERY_WORDS);
            prop_assert!(query.parts().iter().all(|part| !part.words.is_empty()));
        } else {
            prop_assert!(fold(&text).len() > MAX_QUERY_WORDS);
        }
    }
}

#[test]
fn queries_are_words_phrases_and_beginnings() {
    let parts = |text: &str| {
        let query = Query::parse(text).unwrap();
        let part = |part: &super::Part| {
            format!(
                "{}{}",
                part.words.join("+"),
                if part.is_prefix { "*" } else { "" }
            )
        };
        query.parts().iter().map(part).collect::<Vec<_>>()
    };
    assert_eq!(parts("Climate change"), ["climate", "change"]);
    assert_eq!(
        parts(r#"the "climate change" plan"#),
        ["the", "climate+change", "plan"]
    );
    assert_eq!(
        parts(r#"“Climate Change” "not closed"#),
        ["climate+change", "not+closed"]
    );
    assert_eq!(
        parts("climate-change clim* * sea-lev*"),
        ["climate+change", "clim*", "sea+lev*"]
    );
    assert_eq!(parts(r#""sea lev*" "sea lev"*"#), ["sea+lev*", "sea+lev"]);
    assert_eq!(parts("氣候"), ["氣+候"]);
    assert_eq!(
        parts("a AND b OR NOT NEAR(c) title:x"),
        ["a", "and", "b", "or", "not", "near+c", "title+x"]
    );
    assert!(parts(" \"\" * - ").is_empty());
    assert!(Query::parse(&"w ".repeat(20)).is_ok());
    assert!(Query::parse(&"w ".repeat(21)).is_err());
}

#[test]
fn what_is_written_as_one_is_also_asked_for_as_one_word() {
    let spellings = |text: &str| {
        let query = Query::parse(text).unwrap();
        let part = |part: &super::Part| (part.words.join("+"), part.joined.clone());
        query.parts().iter().map(part).collect::<Vec<_>>()
    };
    let joined = |words: &str, joined: &str| (words.to_owned(), Some(joined.to_owned()));
    let single = |words: &str| (words.to_owned(), None);
    assert_eq!(
        spellings("SARS-CoV-2 \"COVID-19\""),
        [
            joined("sars+cov+2", "sarscov2"),
            joined("covid+19", "covid19"),
        ]
    );
    assert_eq!(
        spellings("\"new COVID-19\" 氣候-變"),
        [single("new+covid+19"), single("氣+候+變"),]
    );
    for (written, word) in [
        ("10.82841/9f3c-1A7e", "10828419f3c1a7e"),
        ("https://raid.org/10.82841/9f3c1a7e", "10828419f3c1a7e"),
        (
            "https://agency.example/raids/10.82841/9f3c1a7e",
            "10828419f3c1a7e",
        ),
        ("doi:10.5281/zenodo.7", "105281zenodo7"),
        ("DX.doi.org/10.5281/zenodo.7", "105281zenodo7"),
        ("https://orcid.org/0000-0002-1825-0097", "0000000218250097"),
        ("ror.org/038sjwq14", "038sjwq14"),
        ("https://github.com/a/b", "githubcomab"),
    ] {
        assert_eq!(spellings(written), [single(word)], "{written}");
    }
    // As copied from a browser, and between quotation marks.
    for written in [
        "https://raid.org/10.82841/9f3c1a7e?from=mail#top",
        "\"10.82841/9f3c1a7e\"",
        "“https://doi.org/10.82841/9f3c1a7e”",
        "https://raid.org/10.82841/9f3c%31a7e",
    ] {
        assert_eq!(spellings(written), [single("10828419f3c1a7e")], "{written}");
    }
    let doi = "10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o";
    let encoded =
        "https://doi.org/10.1002/(sici)1097-4571(199806)49:8%3c693::aid-asi4%3e3.0.co;2-o";
    assert_eq!(spellings(encoded), spellings(doi));
    assert_eq!(
        spellings("110.5/7 10./7 v10.5/"),
        [single("110+5+7"), single("10+7"), joined("v10+5", "v105"),]
    );
}

#[test]
fn titles_descriptions_and_keywords_are_searched() {
    let raid = raid(|body| {
        let mut second = body["title"][0].clone();
        second["text"] = json!("Ångström & Söhne");
        second["startDate"] = json!("2030");
        let first = body["title"][0].clone();
        body["title"] = json!([first, second]);
        body["title"][0]["text"] = json!("The First");
        body["title"][0]["endDate"] = json!("2025");
        body["description"] = json!([body["description"][0].clone()]);
        body["description"][0]["text"] = json!("Ice\nand snow.");
        let subject = body["subject"][0].clone();
        body["subject"] = json!([subject]);
        body["subject"][0]["keyword"] = json!([{"text": "Gla-cier"}, {"text": null}, {}]);
        body["date"] = json!({"startDate": "2024", "endDate": "2026-02"});
    });
    let document = SearchDocument::of(&raid, TODAY);
    assert_eq!(
        document.titles,
        format!("the first {BREAK} angstrom sohne {BREAK} 10828419f3c1a7e {BREAK} 9f3c1a7e")
    );
    let words = format!("ice and snow {BREAK} gla cier {BREAK} glacier {BREAK} ");
    assert!(document.texts.starts_with(&words), "{}", document.texts);
    assert_eq!(document.sort_title, "the first", "the title in force");
    let later = SearchDocument::of(&raid, date!(2030 - 01 - 01));
    assert_eq!(later.sort_title, "angstrom sohne");
    assert_eq!(document.starts_on, date!(2024 - 01 - 01));
    assert_eq!(document.ends_on, Some(date!(2026 - 02 - 28)));
}

#[test]
fn a_raid_is_found_by_what_it_is_connected_with() {
    let raid = raid(|body| {
        body["contributor"][0]["id"] = json!("https://orcid.org/0000-0002-1825-0097");
        body["organisation"][0]["id"] = json!("https://ror.org/038sjwq14");
        body["subject"][0]["id"] = json!("https://linked.data.gov.au/def/anzsrc-for/2020/3702");
        body["relatedObject"][0]["id"] = json!("https://doi.org/10.5281/Zenodo.123");
        body["relatedRaid"][0]["id"] = json!("https://raid.org/10.82841/ab12");
        body["relatedRaid"][1]["id"] = json!("no RAiD");
    });
    let document = SearchDocument::of(&raid, TODAY);
    for kind in TermKind::ALL {
        let has = |term: &Term| term.kind() == *kind;
        assert!(document.terms.iter().any(has), "{kind:?}");
    }
    for asked in [
        Term::contributor("0000-0002-1825-0097"),
        Term::contributor("https://orcid.org/0000-0002-1825-0097"),
        Term::contributor(" https://isni.org/isni/0000000218250097 "),
        Term::contributor("0000 0002 1825 0097"),
        Term::organisation("https://ror.org/038sjwq14"),
        Term::organisation("038sjwq14"),
        Term::organisation("ror.org/038sjwq14"),
        Term::subjects("3702").first().cloned(),
        Some(Term::subject(
            "https://linked.data.gov.au/def/anzsrc-for/2020/3702",
        )),
        Some(Term::related_object("10.5281/zenodo.123")),
        Some(Term::related_object("doi:10.5281/ZENODO.123")),
        Some(Term::related_object("http://dx.doi.org/10.5281/Zenodo.123")),
        Some(Term::related_raid("10.82841/AB12")),
        Some(Term::related_raid(
            "https://other.example.org/10.82841/ab12/",
        )),
        Some(Term::related_raid("no RAiD")),
    ] {
        assert!(
            document.terms.contains(asked.as_ref().unwrap()),
            "{asked:?}"
        );
    }
    for text in ["", "x", "0000-0002-1825-0098", "https://ror.org/038sjwq15"] {
        assert_eq!(Term::contributor(text), None);
        assert_eq!(Term::organisation(text), None);
    }
    assert_eq!(
        Term::subjects("3702").len(),
        2,
        "two vocabularies have such codes"
    );
    assert_eq!(Term::subjects("x"), [Term::subject("x")]);
    assert_eq!(
        Term::related_object("https://web.archive.org/A").value(),
        "web.archive.org/A"
    );
}

/// No RAiD is too large for the databases' indexes.
#[test]
fn what_is_searched_is_bounded() {
    let raid = raid(|body| {
        let mut title = body["title"][0].take();
        title["text"] = json!("word ".repeat(6_000));
        body["title"] = json!([title]);
        body["description"][0]["text"] = json!("other ".to_owned() + &"\u{fdfa}".repeat(100_000));
        body["relatedObject"][0]["id"] =
            json!(format!("https://doi.org/10.1/{}", "x".repeat(9_000)));
    });
    let document = SearchDocument::of(&raid, TODAY);
    let words = format!("{} {}", document.titles, document.texts);
    assert!(words.split(' ').count() <= 10_000);
    assert!(document.titles.starts_with("word word") && document.texts.contains("other"));
    assert!(words.len() < 300_000);
    assert!(
        document
            .terms
            .iter()
            .all(|term| term.value().chars().count() <= 400)
    );
    assert_eq!(document.sort_title.chars().count(), 100);
}
