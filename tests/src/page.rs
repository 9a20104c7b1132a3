//! A page as a browser got it: its text, links and forms.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// A page.
#[derive(Debug, Clone)]
pub struct Page {
    /// The addresses that sent the browser on, before it ended up here.
    pub trail: Vec<Url>,
    /// Where the browser ended up.
    pub url: Url,
    /// The status of the answer.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The page as it was sent.
    pub html: String,
}

/// What pressing a button sends.
pub(crate) struct Submission {
    pub to: Url,
    pub is_post: bool,
    pub fields: Vec<(String, String)>,
}

impl Page {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }

    /// The texts of all elements that a CSS selector finds.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let document = Html::parse_document(&self.html);
        document.select(&selector(css)).map(text_of).collect()
    }

    /// The values of an attribute of all elements that a CSS selector finds.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let document = Html::parse_document(&self.html);
        let wanted = selector(css);
        let found = document.select(&wanted).filter_map(|e| e.attr(name));
        found.map(str::to_owned).collect()
    }

    /// The text of the first heading.
    ///
    /// # Panics
    /// When there is none.
    pub fn heading(&self) -> String {
        let found = self.texts("h1").into_iter().next();
        found.unwrap_or_else(|| panic!("no heading on {}:\n{}", self.url, self.html))
    }

    /// All that can be read on the page.
    pub fn text(&self) -> String {
        self.texts("body").join(" ")
    }

    /// Where a link with this text leads.
    pub(crate) fn link(&self, label: &str) -> Url {
        let document = Html::parse_document(&self.html);
        let links = selector("a[href]");
        let href = document
            .select(&links)
            .find(|link| text_of(*link) == label)
            .and_then(|link| link.attr("href"))
            .unwrap_or_else(|| panic!("no link {label:?} on {}:\n{}", self.url, self.html));
        self.url.join(href).expect("an address")
    }

    /// What the button with this text sends, with some fields chosen by the person.
    pub(crate) fn submission(&self, label: &str, chosen: &[(&str, &str)]) -> Submission {
        let document = Html::parse_document(&self.html);
        let (forms, buttons) = (selector("form"), selector("button"));
        let pressed = document.select(&forms).find_map(|form| {
            let button = form.select(&buttons).find(|b| text_of(*b) == label)?;
            Some((form, button))
        });
        let (form, button) = pressed
            .unwrap_or_else(|| panic!("no button {label:?} on {}:\n{}", self.url, self.html));
        let mut fields = fields_of(form);
        for (name, value) in chosen {
            fields.retain(|(known, _)| known != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        if let Some(name) = button.attr("name") {
            fields.push((
                name.to_owned(),
                button.attr("value").unwrap_or_default().to_owned(),
            ));
        }
        Submission {
            to: self
                .url
                .join(form.attr("action").unwrap_or_default())
                .expect("an address"),
            is_post: form
                .attr("method")
                .is_some_and(|m| m.eq_ignore_ascii_case("post")),
            fields,
        }
    }
}

/// What a form sends when nobody touches it.
fn fields_of(form: ElementRef<'_>) -> Vec<(String, String)> {
    let named = selector("input[name]");
    let inputs = form.select(&named).filter(|input| {
        let kind = input.attr("type").unwrap_or("text");
        !matches!(kind, "radio" | "checkbox") || input.attr("checked").is_some()
    });
    let field = |input: ElementRef<'_>| {
        let value = |name| input.attr(name).unwrap_or_default().to_owned();
        (value("name"), value("value"))
    };
    inputs.map(field).collect()
}

fn text_of(element: ElementRef<'_>) -> String {
    element
        .text()
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|e| panic!("the selector {css:?}: {e:?}"))
}
