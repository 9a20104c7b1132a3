//! A body of lines, of any length, read one line at a time: memory is bounded by a line.

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut};
use futures::stream::{Stream, StreamExt as _, unfold};

/// The media type of lines of JSON, for requests and answers.
pub(crate) const NDJSON: &str = "application/x-ndjson";

/// A line that is not blank.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its number in the body, blank ones counted, from 1.
    pub(crate) number: u64,
    pub(crate) text: Result<Bytes, Unread>,
}

/// Why a line was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is too long; the next one follows.
    TooLong,
    /// The body broke off. No line follows.
    BrokenOff(PayloadError),
}

/// The lines of a body, each of at most `limit` bytes.
pub(crate) fn lines(
    chunks: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    limit: usize,
) -> impl Stream<Item = Line> {
    let reader = Reader {
        chunks: Some(chunks),
        limit,
        buffer: BytesMut::new(),
        searched: 0,
        is_too_long: false,
        number: 0,
    };
    unfold(reader, |mut reader| async move {
        let line = reader.next().await?;
        Some((line, reader))
    })
}

struct Reader<S> {
    /// None after their end.
    chunks: Option<S>,
    limit: usize,
    buffer: BytesMut,
    /// So much of the buffer holds no end of a line.
    searched: usize,
    /// The line that is being read is passed over.
    is_too_long: bool,
    number: u64,
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Reader<S> {
    async fn next(&mut self) -> Option<Line> {
        loop {
            let end = self.buffer[self.searched..]
                .iter()
                .position(|b| *b == b'\n');
            if let Some(end) = end {
                let mut line = self.buffer.split_to(self.searched + end + 1);
                line.truncate(line.len() - 1);
                if let Some(line) = self.line(line) {
                    return Some(line);
                }
                continue;
            }
            self.is_too_long |= self.buffer.len() > self.limit;
            if self.is_too_long {
                self.buffer.clear();
            }
            self.searched = self.buffer.len();
            match self.chunks.as_mut()?.next().await {
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
                Some(Err(error)) => {
                    self.chunks = None;
                    self.number += 1;
                    return Some(Line {
                        number: self.number,
                        text: Err(Unread::BrokenOff(error)),
                    });
                }
                // The last line needs no end.
                None => {
                    self.chunks = None;
                    let last = self.buffer.split();
                    return self.line(last);
                }
            }
        }
    }

    /// The line, unless it is blank.
    fn line(&mut self, line: BytesMut) -> Option<Line> {
        self.searched = 0;
        self.number += 1;
        let is_too_long = std::mem::take(&mut self.is_too_long) || line.len() > self.limit;
        let text = if is_too_long {
            Err(Unread::TooLong)
        } else if line.iter().all(u8::is_ascii_whitespace) {
            return None;
        } else {
            Ok(line.freeze())
        };
        Some(Line {
            number: self.number,
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use futures::stream::iter;
    use proptest::prelude::*;

    const LIMIT: usize = 4;

    fn read(chunks: Vec<Result<Bytes, PayloadError>>) -> Vec<(u64, Option<String>)> {
        let told = |line: Line| {
            let text = line.text.ok();
            let text = text.map(|text| String::from_utf8(text.to_vec()).unwrap());
            (line.number, text)
        };
        let all = lines(iter(chunks), LIMIT).map(told).collect::<Vec<_>>();
        // Nothing is waited for.
        all.now_or_never().unwrap()
    }

    proptest! {
        /// However a body is cut into chunks, its lines are the same.
        #[test]
        fn the_lines_are_those_of_the_text(
            text in "[ab \r\n]{0,40}",
            cuts in proptest::collection::vec(0_usize..40, 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunk = |ends: &[usize]| Ok(Bytes::copy_from_slice(&text.as_bytes()[ends[0]..ends[1]]));
            let found = read(cuts.windows(2).map(chunk).collect());
            let wanted: Vec<_> = (1_u64..)
                .zip(text.split('\n'))
                .filter(|(_, line)| line.len() > LIMIT || !line.trim_ascii().is_empty())
                .map(|(number, line)| (number, (line.len() <= LIMIT).then(|| line.to_owned())))
                .collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn a_body_that_breaks_off_ends_with_a_word_about_it() {
        let broken = Err(PayloadError::Incomplete(None));
        let read = read(vec![Ok(Bytes::from_static(b"a\nb")), broken]);
        assert_eq!(read, [(1, Some("a".to_owned())), (2, None)]);
    }
}
