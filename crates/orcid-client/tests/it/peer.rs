//! An HTTP server that answers as a test tells it to, also wrongly or not at all.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `POST /v3.0/…`
    pub line: String,
    /// Head with all headers, in lower case names as sent.
    pub head: String,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The fields of a form body.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .into_owned()
            .collect()
    }
}

pub enum Reply {
    /// Status, extra headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Announces more than it sends, then closes.
    Broken(u16, String),
    /// Closes without a word.
    Hangup,
    /// Keeps the connection open and says nothing.
    Silence,
}

pub fn answer(status: u16, body: &str) -> Reply {
    Reply::Answer(status, Vec::new(), body.to_owned())
}

pub fn created(location: &str) -> Reply {
    Reply::Answer(201, vec![("Location", location.to_owned())], String::new())
}

pub fn error(status: u16, code: u16, message: &str) -> Reply {
    answer(
        status,
        &format!(
            r#"<error xmlns="http://www.orcid.org/ns/error"><response-code>{status}</response-code>
               <developer-message>{message}</developer-message><error-code>{code}</error-code>
               </error>"#
        ),
    )
}

pub fn oauth_error(status: u16, error: &str, description: &str) -> Reply {
    answer(
        status,
        &format!(r#"{{"error":"{error}","error_description":"{description}"}}"#),
    )
}

pub fn client_token(token: &str) -> Reply {
    answer(
        200,
        &format!(
            r#"{{"access_token":"{token}","token_type":"bearer","refresh_token":"r",
                "expires_in":631138518,"scope":"/read-public","orcid":null}}"#
        ),
    )
}

pub struct Peer {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    stop: Arc<AtomicBool>,
}

impl Peer {
    /// A peer that answers each request with what `reply` says.
    pub fn new(mut reply: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (log, stopped) = (seen.clone(), stop.clone());
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(mut stream) = stream else { continue };
                let Some(request) = read(&mut stream) else {
                    continue;
                };
                log.lock().unwrap().push(request.clone());
                match reply(&request) {
                    Reply::Answer(status, headers, body) => {
                        write(&mut stream, status, &headers, body.len(), &body);
                    }
                    Reply::Broken(status, body) => {
                        write(&mut stream, status, &[], body.len() + 100, &body);
                    }
                    Reply::Hangup => {}
                    Reply::Silence => silent.push(stream),
                }
            }
        });
        Self {
            address,
            seen,
            stop,
        }
    }

    /// A peer that gives these answers in this order, and 418 after them.
    pub fn scripted(replies: impl IntoIterator<Item = Reply>) -> Self {
        let mut replies = replies.into_iter().collect::<Vec<_>>().into_iter();
        Self::new(move |_| {
            replies
                .next()
                .unwrap_or_else(|| answer(418, "no more answers"))
        })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread so that it sees the end. Not joined: it may still be writing to a
        // connection whose other side only this thread can close.
        let _ = TcpStream::connect(self.address);
    }
}

fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let line = head
                .lines()
                .next()?
                .trim_end_matches(" HTTP/1.1")
                .to_owned();
            let seen = Seen {
                line,
                head: head.to_owned(),
                body: body.to_owned(),
            };
            let length = seen
                .header("content-length")
                .map_or(0, |n| n.parse().unwrap());
            if body.len() >= length {
                return Some(seen);
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&part[..n]),
        }
    }
}

fn write(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(&'static str, String)],
    length: usize,
    body: &str,
) {
    let extra: Vec<String> = headers
        .iter()
        .map(|(k, v)| format!("{k}: {v}\r\n"))
        .collect();
    let extra = extra.concat();
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{extra}\r\n"
    );
    // The client may have gone; that is its business.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()));
}
