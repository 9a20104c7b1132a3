//! A small browser: follows links and presses buttons by their text, and keeps cookies.

use anyhow::{Context as _, ensure};
use std::time::Duration;
use url::Url;

/// The page that is open.
pub(crate) struct Browser {
    http: reqwest::Client,
    url: Url,
    page: String,
}

impl Browser {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .cookie_store(true)
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self {
            http,
            url: Url::parse("about:blank")?,
            page: String::new(),
        })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Opens a page, following redirects.
    pub(crate) async fn open(&mut self, url: Url) -> anyhow::Result<()> {
        let answer = self.http.get(url).send().await?;
        self.show(answer).await
    }

    /// Follows the link with this text.
    pub(crate) async fn follow(&mut self, text: &str) -> anyhow::Result<()> {
        let tag = self
            .tag_before("<a ", text)
            .with_context(|| format!("no link “{text}”"))?;
        let href = attribute(tag, "href").context("a link without an address")?;
        self.open(self.url.join(&href)?).await
    }

    /// Whether there is a button with this text.
    pub(crate) fn has_button(&self, text: &str) -> bool {
        self.tag_before("<button", text).is_some()
    }

    /// Presses the button with this text, with what was filled in.
    pub(crate) async fn press(
        &mut self,
        text: &str,
        filled_in: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        let tag = self
            .tag_before("<button", text)
            .with_context(|| format!("no button “{text}”"))?;
        let at = tag.as_ptr() as usize - self.page.as_ptr() as usize;
        let from = self.page[..at]
            .rfind("<form")
            .context("a button outside a form")?;
        let form = &self.page[from..at];
        let action = attribute(form, "action").context("a form without an address")?;
        let mut fields: Vec<(String, String)> = form
            .split("<input")
            .skip(1)
            .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
            .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
            .collect();
        if let (Some(name), Some(value)) = (attribute(tag, "name"), attribute(tag, "value")) {
            fields.push((name, value));
        }
        fields.extend(
            filled_in
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        );
        let answer = self
            .http
            .post(self.url.join(&action)?)
            .form(&fields)
            .send()
            .await?;
        self.show(answer).await
    }

    /// The page's heading.
    pub(crate) fn heading(&self) -> String {
        let inside = self
            .page
            .split_once("<h1")
            .and_then(|(_, rest)| rest.split_once("</h1>"));
        let text = inside
            .and_then(|(heading, _)| heading.split_once('>'))
            .map(|(_, text)| text);
        unescape(text.unwrap_or_default().trim())
    }

    async fn show(&mut self, answer: reqwest::Response) -> anyhow::Result<()> {
        self.url = answer.url().clone();
        let status = answer.status();
        self.page = answer.text().await?;
        ensure!(
            status.is_success(),
            "{status} at {}: {}",
            self.url.path(),
            self.heading()
        );
        Ok(())
    }

    /// The opening tag of the element of this kind that holds just this text.
    fn tag_before(&self, kind: &str, text: &str) -> Option<&str> {
        self.page.match_indices(kind).find_map(|(start, _)| {
            let tag = &self.page[start..];
            let (tag, rest) = tag.split_once('>')?;
            (unescape(rest.split('<').next()?.trim()) == text).then_some(tag)
        })
    }
}

/// An attribute's value within (the beginning of) a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescape(rest.split('"').next()?))
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&lt;", "<")
        .replace("&#60;", "<")
        .replace("&gt;", ">")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_links_and_attributes_by_text() {
        let browser = Browser {
            http: reqwest::Client::new(),
            url: Url::parse("http://a.example/").unwrap(),
            page: r#"<h1 class="x">A &amp; B</h1><a href="/x">no</a>
                <a class="y" href="/p?a=1&amp;b=2">Go on</a><button name="d" value="v">Yes</button>"#
                .into(),
        };
        assert_eq!(browser.heading(), "A & B");
        let tag = browser.tag_before("<a ", "Go on").unwrap();
        assert_eq!(attribute(tag, "href").unwrap(), "/p?a=1&b=2");
        assert!(browser.has_button("Yes") && !browser.has_button("No"));
        assert!(browser.tag_before("<a ", "Go").is_none());
    }
}
