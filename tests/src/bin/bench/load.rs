//! Clients that ask over HTTP/1.1, as lightly as can be: they share the cores with the server.

use crate::figures::Slice;
use std::net::SocketAddr;
use std::sync::Barrier;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// Two, so that the clients are never the one thread that everything waits for.
const THREADS: usize = 2;
/// The largest answer that is taken.
const BUFFER: usize = 64 * 1024;

/// What is asked of whom.
#[derive(Debug)]
pub struct Target {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Whole requests, head and body, asked in turn.
    pub requests: Vec<Vec<u8>>,
    /// The status of a good answer.
    pub status: u16,
}

impl Target {
    /// Asks for as long as `time`, on connections that are kept and carry one request at a time.
    ///
    /// # Panics
    /// When an answer does not come or is not good: its time would mean nothing.
    pub fn load(&self, connections: usize, time: Duration) -> Slice {
        let barrier = Barrier::new(THREADS);
        let latencies = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let barrier = &barrier;
                    // Far apart from each other, so that no two ask the same at the same time.
                    let apart = self.requests.len() / connections.max(1);
                    let numbers = (thread..connections)
                        .step_by(THREADS)
                        .map(move |number| number * apart.max(1));
                    scope.spawn(move || self.load_thread(numbers, barrier, time))
                })
                .collect();
            let ended = threads
                .into_iter()
                .map(|t| t.join().expect("a thread of clients"));
            ended.flatten().collect::<Vec<_>>()
        });
        Slice {
            rate: latencies.len() as f64 / time.as_secs_f64(),
            latencies,
        }
    }

    fn load_thread(
        &self,
        numbers: impl Iterator<Item = usize>,
        barrier: &Barrier,
        time: Duration,
    ) -> Vec<Duration> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut clients = Vec::new();
            for number in numbers {
                let stream = TcpStream::connect(self.address)
                    .await
                    .expect("a connection");
                stream.set_nodelay(true).expect("a socket option");
                clients.push((number, stream));
            }
            barrier.wait();
            let end = Instant::now() + time;
            let clients = clients
                .into_iter()
                .map(|(number, stream)| self.ask(number, stream, end));
            futures::future::join_all(clients).await.concat()
        })
    }

    /// One client: what it asked until `end`, and was answered by then.
    async fn ask(&self, first: usize, stream: TcpStream, end: Instant) -> Vec<Duration> {
        let mut buffer = vec![0; BUFFER];
        let mut latencies = Vec::new();
        for request in self.requests.iter().cycle().skip(first) {
            let started = Instant::now();
            if started >= end {
                break;
            }
            write(&stream, request).await;
            let answer = read(&stream, &mut buffer).await;
            let status = format!("HTTP/1.1 {} ", self.status);
            assert!(
                answer.starts_with(status.as_bytes()),
                "not a good answer: {}",
                String::from_utf8_lossy(answer)
            );
            let answered = Instant::now();
            if answered < end {
                latencies.push(answered - started);
            }
        }
        latencies
    }
}

/// A request with a token, head and body.
pub fn request(line: &str, token: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "{line} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

async fn write(stream: &TcpStream, mut rest: &[u8]) {
    while !rest.is_empty() {
        match stream.try_write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                stream.writable().await.expect("a connection");
            }
            Err(e) => panic!("the server takes no request: {e}"),
        }
    }
}

/// Reads one answer: its head, and as much as `Content-Length` says.
async fn read<'a>(stream: &TcpStream, buffer: &'a mut [u8]) -> &'a [u8] {
    let (mut filled, mut wanted) = (0, None);
    loop {
        stream.readable().await.expect("a connection");
        match stream.try_read(&mut buffer[filled..]) {
            Ok(0) => panic!("the server hung up, or its answer is too long"),
            Ok(more) => filled += more,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(e) => panic!("the server gives no answer: {e}"),
        }
        wanted = wanted.or_else(|| length(&buffer[..filled]));
        if wanted.is_some_and(|wanted| filled >= wanted) {
            return &buffer[..filled];
        }
    }
}

/// The length of an answer whose head is there.
fn length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&answer[..head]).expect("a head in ASCII");
    let body = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse::<usize>().ok())
        .expect("an answer that says how long it is");
    Some(head + 4 + body)
}
