//! A person at a browser, without JavaScript: opens pages, follows links, presses buttons.

use crate::orcid::Orcid;
use crate::page::Page;
use std::time::Duration;
use url::Url;

/// The longest wait for a page: longer than an exchange may take.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Redirects that a browser follows before it gives up.
const REDIRECTS: usize = 10;

/// A browser with its cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    http: reqwest::Client,
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    /// A browser that has never been anywhere.
    pub fn new() -> Self {
        let http = reqwest::Client::builder()
            .cookie_store(true)
            .timeout(TIMEOUT)
            // Followed here, so that a test can see the way.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("an HTTP client");
        Self { http }
    }

    /// Opens a page, wherever redirects lead.
    pub async fn open(&self, url: &str) -> Page {
        self.show(self.http.get(url)).await
    }

    /// Follows the link with this text.
    pub async fn follow(&self, page: &Page, label: &str) -> Page {
        self.open(page.link(label).as_str()).await
    }

    /// Presses the button with this text.
    pub async fn press(&self, page: &Page, label: &str) -> Page {
        self.press_with(page, label, &[]).await
    }

    /// Chooses some fields, then presses the button with this text.
    pub async fn press_with(&self, page: &Page, label: &str, chosen: &[(&str, &str)]) -> Page {
        let mut sent = page.submission(label, chosen);
        if sent.is_post {
            return self.show(self.http.post(sent.to).form(&sent.fields)).await;
        }
        sent.to.query_pairs_mut().clear().extend_pairs(&sent.fields);
        self.open(sent.to.as_str()).await
    }

    /// Where the button with this text leads, without going there.
    pub async fn press_to(&self, page: &Page, label: &str) -> Url {
        let sent = page.submission(label, &[]);
        let answer = answer(self.http.post(sent.to).form(&sent.fields)).await;
        location(&answer)
    }

    async fn show(&self, request: reqwest::RequestBuilder) -> Page {
        let mut answer = answer(request).await;
        let mut trail = Vec::new();
        while answer.status().is_redirection() {
            let location = answer
                .headers()
                .get("Location")
                .and_then(|l| l.to_str().ok());
            let next = answer
                .url()
                .join(location.expect("where to go"))
                .expect("an address");
            trail.push(answer.url().clone());
            assert!(trail.len() <= REDIRECTS, "redirected in circles: {trail:?}");
            answer = self::answer(self.http.get(next)).await;
        }
        Page {
            trail,
            url: answer.url().clone(),
            status: answer.status(),
            headers: answer.headers().clone(),
            html: answer.text().await.expect("a page"),
        }
    }

    /// Signs in at ORCID.
    pub async fn sign_in_as(&self, orcid_host: &Orcid, orcid: &str) {
        let page = self.open(&format!("{}/signin", orcid_host.web_url())).await;
        self.press_with(&page, "Sign in", &[("orcid", orcid)]).await;
    }

    /// Opens the inbox of a person, signed in as them.
    pub async fn open_inbox(&self, orcid_host: &Orcid, orcid: &str) -> Page {
        self.sign_in_as(orcid_host, orcid).await;
        self.open(&format!("{}/inbox", orcid_host.web_url())).await
    }

    /// Waits for the request in a person's inbox and presses *Grant permission*: our landing page.
    pub async fn open_request(&self, orcid_host: &Orcid, orcid: &str) -> Page {
        orcid_host.request(orcid).await;
        let inbox = self.open_inbox(orcid_host, orcid).await;
        self.follow(&inbox, "Grant permission").await
    }

    /// Grants from the inbox, all the way: our result page.
    pub async fn grant(&self, orcid_host: &Orcid, orcid: &str) -> Page {
        let landing = self.open_request(orcid_host, orcid).await;
        let consent = self.press(&landing, "Continue to ORCID").await;
        self.press(&consent, "Authorize access").await
    }

    /// Grants by the link of the latest request, whether or not that is archived: our result page.
    pub async fn grant_by_old_link(&self, orcid_host: &Orcid, orcid: &str) -> Page {
        let requests = orcid_host.requests(orcid).await;
        let latest = requests.last().expect("a request");
        let link = latest["authorization_url"].as_str().expect("its link");
        self.sign_in_as(orcid_host, orcid).await;
        let landing = self.open(link).await;
        // Whoever granted before is not urged to do so again.
        let again = "Give permission again";
        let offered = landing.texts("button").iter().any(|text| text == again);
        let button = if offered { again } else { "Continue to ORCID" };
        let next = self.press(&landing, button).await;
        // ORCID does not ask again for what stands.
        if next.heading() == "Authorize access" {
            return self.press(&next, "Authorize access").await;
        }
        next
    }

    /// As [`Self::press`], by a page that another site shows.
    pub async fn press_from(&self, page: &Page, label: &str, headers: &[(&str, &str)]) -> Page {
        let sent = page.submission(label, &[]);
        let mut request = self.http.post(sent.to).form(&sent.fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.show(request).await
    }

    /// Says no from the inbox, and signs in to say it for good: our result page.
    pub async fn refuse(&self, orcid_host: &Orcid, orcid: &str) -> Page {
        let denied = self.deny(orcid_host, orcid).await;
        let consent = self.press(&denied, "Do not ask me again").await;
        self.press(&consent, "Authorize access").await
    }

    /// Says no from the inbox, all the way: our result page.
    pub async fn deny(&self, orcid_host: &Orcid, orcid: &str) -> Page {
        let landing = self.open_request(orcid_host, orcid).await;
        let consent = self.press(&landing, "Continue to ORCID").await;
        self.press(&consent, "Deny access").await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> reqwest::Response {
    match request.send().await {
        Ok(answer) => answer,
        Err(e) => panic!("no page came: {e:?}"),
    }
}

fn location(answer: &reqwest::Response) -> Url {
    let location = answer
        .headers()
        .get("Location")
        .and_then(|l| l.to_str().ok());
    answer
        .url()
        .join(location.expect("where to go"))
        .expect("an address")
}
