use super::*;

const PREFIX: &str = "https://orcid.org/";

/// RAiD API, section on contributors: iDs with or without host, in any grouping.
#[test]
fn orcid_ids_as_they_are_pasted() {
    let canonical = "https://orcid.org/0000-0002-1694-233X";
    for pasted in [
        "https://orcid.org/0000-0002-1694-233X",
        "http://orcid.org/0000-0002-1694-233x",
        "  https://orcid.org/0000-0002-1694-233X/ ",
        "https://www.orcid.org/0000-0002-1694-233X?lang=en#works",
        "HTTPS://ORCID.ORG/0000-0002-1694-233X",
        "orcid.org/0000-0002-1694-233X",
        "0000-0002-1694-233X",
        "0000 0002 1694 233x",
        "000000021694233X",
        "0000\u{2010}0002\u{2010}1694\u{2010}233X",
        "\u{feff}0000-0002-1694-233X\u{200b}",
    ] {
        assert_eq!(
            orcid(pasted, PREFIX).as_deref(),
            Some(canonical),
            "{pasted}"
        );
    }
    let sandbox = "https://sandbox.orcid.org/0000-0002-1694-233X";
    for pasted in [sandbox, "sandbox.orcid.org/0000-0002-1694-233x"] {
        assert_eq!(orcid(pasted, PREFIX).as_deref(), Some(sandbox));
    }
    // A wrong checksum is for validation to name.
    assert!(orcid("0000-0002-1694-2330", PREFIX).is_some());
    for other in [
        "",
        "0000-0002-1694-233",
        "0000-0002-1694-233XX",
        "https://example.org/0000-0002-1694-233X",
        "https://orcid.org.example/0000-0002-1694-233X",
        "javascript:0000-0002-1694-233X",
    ] {
        assert_eq!(orcid(other, PREFIX), None, "{other}");
    }
}

/// RAiD API, section on identifiers of other registries.
#[test]
fn other_identifiers_as_they_are_pasted() {
    type Read = fn(&str) -> Option<String>;
    let cases: [(Read, &str, Option<&str>); 20] = [
        (
            isni,
            "0000 0001 2103 2683",
            Some("https://isni.org/isni/0000000121032683"),
        ),
        (
            isni,
            "https://isni.org/0000000121032683",
            Some("https://isni.org/isni/0000000121032683"),
        ),
        (
            isni,
            "http://www.isni.org/isni/000000012103268x/",
            Some("https://isni.org/isni/000000012103268X"),
        ),
        (isni, "https://viaf.org/0000000121032683", None),
        (
            ror,
            "https://ror.org/038SJWQ14",
            Some("https://ror.org/038sjwq14"),
        ),
        (
            ror,
            "http://ror.org/038sjwq14/",
            Some("https://ror.org/038sjwq14"),
        ),
        (ror, "038sjwq14", Some("https://ror.org/038sjwq14")),
        (ror, "https://grid.ac/038sjwq14", None),
        (
            doi,
            "https://doi.org/10.1000/xyz ",
            Some("https://doi.org/10.1000/xyz"),
        ),
        (
            doi,
            "http://dx.doi.org/10.1000/xyz",
            Some("https://dx.doi.org/10.1000/xyz"),
        ),
        (doi, "doi: 10.1000/xyz", Some("https://doi.org/10.1000/xyz")),
        (
            doi,
            "10.1000/xyz?a=b",
            Some("https://doi.org/10.1000/xyz?a=b"),
        ),
        (doi, "https://example.org/10.1000/xyz", None),
        (
            handle,
            "20.500.12345/abc",
            Some("https://hdl.handle.net/20.500.12345/abc"),
        ),
        (
            handle,
            "http://hdl.handle.net/20.500.12345/abc",
            Some("https://hdl.handle.net/20.500.12345/abc"),
        ),
        (
            rrid,
            "RRID:AB_123456",
            Some("https://scicrunch.org/resolver/RRID:AB_123456"),
        ),
        (
            raid,
            "10.82841/9F3C1A7E",
            Some("https://raid.org/10.82841/9f3c1a7e"),
        ),
        (
            raid,
            "http://raid.org/10.82841/9f3c1a7e/",
            Some("https://raid.org/10.82841/9f3c1a7e"),
        ),
        (raid, "https://demo.raid.example/10.82841/9f3c1a7e", None),
        (raid, "not a raid at all", None),
    ];
    for (read, pasted, canonical) in cases {
        assert_eq!(read(pasted).as_deref(), canonical, "{pasted}");
    }
}
