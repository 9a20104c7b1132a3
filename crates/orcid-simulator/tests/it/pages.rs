//! The researcher's pages, and the whole way from the inbox to the token.

use crate::documents::{MEMBERSHIP, NOTIFICATION, with};
use crate::harness::{Browser, CARBERRY, CLIENT, OKAFOR, SCOPES, Sim, authorize_query};

fn invite() -> String {
    format!("/v3.0/{CARBERRY}/notification-permission")
}

#[tokio::test]
async fn from_the_inbox_to_the_token() {
    let sim = Sim::start();
    let premium = sim.client_token("/premium-notification").await;
    let url = sim.web(&format!(
        "/oauth/authorize?{}",
        authorize_query(CLIENT, SCOPES, "st")
    ));
    let document = with(
        NOTIFICATION,
        "https://raid.example/orcid/grant?state=v1.abc",
        &url.replace('&', "&amp;"),
    );
    let put_code = sim.post(&invite(), &premium, &document).await.put_code();

    let browser = Browser::new(&sim);
    let inbox = browser
        .open(&format!("/researchers/{CARBERRY}/inbox"))
        .await;
    assert_eq!(inbox.status, 200);
    for text in [
        "Add your projects",
        "would like your permission",
        "Example Agency would like to add your projects.",
        "Reef Watch (Principal Investigator)",
        "raid: 10.82841/c588ab06",
        "Archive without granting permissions",
    ] {
        assert!(inbox.body.contains(text), "{text}");
    }
    let end = inbox
        .body
        .find(">Grant permission</a>")
        .expect("a plain link");
    let link = &inbox.body[..end];
    let from = link.rfind("href=\"").unwrap() + 6;
    let to = link[from..].find('"').unwrap();
    let href = link[from..from + to]
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    assert_eq!(href, url);

    let consent = browser.open(href.strip_prefix(&sim.web("")).unwrap()).await;
    assert!(
        consent.body.contains("Authorize access"),
        "{}",
        consent.body
    );
    let query = href.split_once('?').unwrap().1;
    let granted = browser.decide(query, "authorize").await.redirect();
    assert_eq!(granted["state"], "st");
    let token = sim.exchange(&granted["code"]).await.json();
    assert_eq!(token["orcid"], CARBERRY);
    // Granting in the inbox marks nothing.
    let notification = sim.get(&format!("{}/{put_code}", invite()), &premium).await;
    assert!(notification.element("actioned-date").is_none());
    assert!(notification.element("read-date").is_none());
}

#[tokio::test]
async fn two_colons_in_the_intro_take_the_buttons_away() {
    let sim = Sim::start();
    let premium = sim.client_token("/premium-notification").await;
    let intro = "Example Agency would like to add your projects.";
    let trap = with(NOTIFICATION, intro, "Project A::B about reefs");
    sim.post(&invite(), &premium, &trap).await.put_code();
    let inbox = Browser::new(&sim)
        .open(&format!("/researchers/{CARBERRY}/inbox"))
        .await;
    assert!(
        inbox.body.contains("Connect with Project A"),
        "{}",
        inbox.body
    );
    assert!(!inbox.body.contains("Grant permission"));
    assert!(!inbox.body.contains("Archive without"));
    assert!(!inbox.body.contains("would like your permission"));
}

#[tokio::test]
async fn the_link_of_the_e_mail() {
    let sim = Sim::start();
    let premium = sim.client_token("/premium-notification").await;
    let put_code = sim.post(&invite(), &premium, NOTIFICATION).await.put_code();
    let link = format!("/inbox/encrypted/{put_code}/action");
    let url = "https://raid.example/orcid/grant?state=v1.abc";
    let signed_out = Browser::new(&sim).open(&link).await;
    assert_eq!(
        signed_out.header("location"),
        format!("{url}&orcid={CARBERRY}")
    );
    let signed_in = Browser::signed_in(&sim, CARBERRY).await.open(&link).await;
    assert_eq!(signed_in.header("location"), url);
    let read = sim.get(&format!("{}/{put_code}", invite()), &premium).await;
    assert!(read.element("read-date").is_some() && read.element("actioned-date").is_some());
}

#[tokio::test]
async fn opening_and_archiving() {
    let sim = Sim::start();
    let premium = sim.client_token("/premium-notification").await;
    let put_code = sim.post(&invite(), &premium, NOTIFICATION).await.put_code();
    let browser = Browser::signed_in(&sim, CARBERRY).await;
    assert_eq!(
        browser.open(&format!("/inbox/{put_code}")).await.status,
        302
    );
    let read = sim.get(&format!("{}/{put_code}", invite()), &premium).await;
    assert!(read.element("read-date").is_some());
    browser
        .submit(&format!("/inbox/{put_code}/archive"), &[])
        .await;
    let inbox = browser.open("/inbox").await;
    assert!(!inbox.body.contains("Add your projects"));
    let all = browser.open("/inbox?includeArchived=true").await;
    assert!(
        all.body.contains("Grant permission"),
        "granting stays possible"
    );
    assert!(!all.body.contains("Archive without"));
    // Nobody reads or changes another person's inbox.
    let other = Browser::signed_in(&sim, OKAFOR).await;
    assert_eq!(
        other
            .submit(&format!("/inbox/{put_code}/archive"), &[])
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn the_record_shows_the_card() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let hostile = with(
        MEMBERSHIP,
        "<c:role-title>Principal",
        "<c:role-title>&lt;script&gt;Principal",
    );
    let post = format!("/v3.0/{CARBERRY}/membership");
    let put_code = sim.post(&post, &token, &hostile).await.put_code();
    let browser = Browser::new(&sim);
    let record = browser.open(&format!("/{CARBERRY}")).await;
    for text in [
        "Josiah Carberry",
        "Reef Watch: Brisbane, AU",
        "2024-03-01 to 2027-02-28 | ",
        "Principal Investigator (Reef Watch)",
        "Membership",
        "href=\"https://raid.org/10.82841/c588ab06\"",
        "Example RAiD Agency",
    ] {
        assert!(record.body.contains(text), "{text}: {}", record.body);
    }
    assert!(!record.body.contains("<script>"), "texts are escaped");

    let delete = format!("/{CARBERRY}/memberships/{put_code}/delete");
    assert_eq!(
        browser.submit(&delete, &[]).await.status,
        403,
        "only the owner deletes"
    );
    let owner = Browser::signed_in(&sim, CARBERRY).await;
    assert!(owner.open("/inbox").await.body.contains("was added"));
    assert_eq!(owner.submit(&delete, &[]).await.status, 302);
    assert!(
        !owner
            .open(&format!("/{CARBERRY}"))
            .await
            .body
            .contains("Reef Watch")
    );
}

#[tokio::test]
async fn an_open_end_reads_present() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let end =
        "<c:end-date><c:year>2027</c:year><c:month>02</c:month><c:day>28</c:day></c:end-date>";
    let open = with(MEMBERSHIP, end, "");
    sim.post(&format!("/v3.0/{CARBERRY}/membership"), &token, &open)
        .await
        .put_code();
    let record = Browser::new(&sim).open(&format!("/{CARBERRY}")).await;
    assert!(record.body.contains("2024-03-01 to present"));
}

#[tokio::test]
async fn trusted_organizations_can_be_removed() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let second = sim.grant(CARBERRY).await;
    let browser = Browser::new(&sim);
    let page = browser
        .open(&format!("/researchers/{CARBERRY}/trusted-parties"))
        .await;
    assert!(page.body.contains("Example RAiD Agency"));
    assert!(page.body.contains("Revoke access"));
    browser
        .submit("/trusted-parties/revoke", &[("client_id", CLIENT)])
        .await;
    let page = browser.open("/trusted-parties").await;
    assert!(!page.body.contains("Example RAiD Agency"));
    for token in [token, second] {
        let answer = sim
            .get(&format!("/v3.0/{CARBERRY}/memberships"), &token)
            .await;
        assert_eq!(answer.status, 401, "all pairs are disabled");
    }
}

#[tokio::test]
async fn every_page_is_there_and_has_its_landmarks() {
    let sim = Sim::start();
    let browser = Browser::signed_in(&sim, CARBERRY).await;
    let own = format!("/{CARBERRY}");
    for path in ["/", "/signin", "/inbox", "/trusted-parties", own.as_str()] {
        let page = browser.open(path).await;
        assert_eq!(page.status, 200, "{path}");
        for mark in [
            "<html lang=\"en\">",
            "<main id=\"content\"",
            "<h1>",
            "<nav aria-label",
            "<title>",
        ] {
            assert!(page.body.contains(mark), "{path}: {mark}");
        }
        assert!(!page.body.contains("<script"), "{path} needs no JavaScript");
    }
    assert_eq!(browser.open("/nothing").await.status, 404);
    assert_eq!(browser.open("/0000-0003-0000-0000").await.status, 404);
    let mistaken = browser.open(&format!("/v3.0/{CARBERRY}/record")).await;
    assert_eq!(mistaken.status, 403);
    assert!(mistaken.body.contains("Oops an error happened!"));
    let home = Browser::new(&sim).open("/").await;
    assert!(home.body.contains("Josiah Carberry"));
}
