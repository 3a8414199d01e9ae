//! Files read in pieces, as DuckDB and Polars read Parquet: the end first, then what they need.
//!
//! Between two pieces the numbers may move. A client that has begun goes on in the bytes that it began with, unless something of the project
//! was erased meanwhile, or is kept no longer: then it is told to begin again.

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use actix_web::http::Method;
use actix_web::http::header::{self, ByteRangeSpec, EntityTag, Header, IfRange};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::error::{ApiError, ErrorCode};
use super::rendered::Rendered;
use crate::domain::key::ProjectId;
use crate::store::projects::Project;

/// How long a file is read on in after it was opened.
const READ_ON: Duration = Duration::from_secs(600);
/// How long after a file was opened others that begin with HEAD are given the same one, so that several who read at a time, or one
/// with several connections, do not take it from each other.
const SHARED: Duration = Duration::from_secs(10);
/// Bytes of files that are kept open, and about how many files: so few that the cache has one shard. One of several shards would keep
/// no file that is larger than its part, and a file that is not kept would be read as a mixture.
const OPEN_BYTES: u64 = 48 * 1024 * 1024;
const OPEN: usize = 48;
/// Bytes of the largest file that is made to be read in pieces; several of them are kept.
pub const LARGEST: usize = 16 * 1024 * 1024;

/// Marks a request that was sent as HEAD and is answered as GET.
pub struct SentAsHead;

/// How a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// It asks for all there is now.
    Whole,
    /// It asks how large the file is, before it reads pieces.
    Head,
    Piece,
    /// It does not read at an address.
    Other,
}

impl Reader {
    pub fn of(request: &HttpRequest) -> Reader {
        if request.method() != Method::GET {
            Reader::Other
        } else if request.extensions().get::<SentAsHead>().is_some() {
            Reader::Head
        } else if request.headers().contains_key(header::RANGE) {
            Reader::Piece
        } else {
            Reader::Whole
        }
    }
}

/// What is asked for of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Whole,
    Part(Range<usize>),
    /// Nothing that there is.
    Beyond,
}

/// Reads `Range` and `If-Range`. Several ranges at once are answered with the whole, as a server may.
pub fn asked(request: &HttpRequest, tag: &EntityTag, length: usize) -> Piece {
    if Reader::of(request) != Reader::Piece {
        return Piece::Whole;
    }
    let is_same = match IfRange::parse(request) {
        Ok(IfRange::EntityTag(known)) => known.strong_eq(tag),
        Ok(IfRange::Date(_)) => false,
        Err(_) => !request.headers().contains_key(header::IF_RANGE),
    };
    match header::Range::parse(request) {
        Ok(header::Range::Bytes(ranges)) if is_same => match ranges.as_slice() {
            [range] => part(range, length),
            _ => Piece::Whole,
        },
        _ => Piece::Whole,
    }
}

fn part(range: &ByteRangeSpec, length: usize) -> Piece {
    let Some((first, last)) = range.to_satisfiable_range(length as u64) else {
        return Piece::Beyond;
    };
    // Both are below the length.
    Piece::Part(first as usize..last as usize + 1)
}

pub fn content_range(part: &Range<usize>, length: usize) -> String {
    format!("bytes {}-{}/{length}", part.start, part.end - 1)
}

/// The answer to a range that begins after the end.
pub fn beyond(length: usize) -> HttpResponse {
    let detail = format!("the file has {length} bytes");
    let mut response = ApiError::new(ErrorCode::RangeNotSatisfiable, detail).error_response();
    if let Ok(range) = format!("bytes */{length}").parse() {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}

type Key = (ProjectId, String);

#[derive(Clone)]
struct Held {
    opened: Instant,
    /// The project's, before what the file says was read.
    forgotten: i64,
    /// Gone with what the project has forgotten; who reads on in it is told so.
    file: Option<Rendered>,
}

#[derive(Clone)]
struct Size;

impl Weighter<Key, Held> for Size {
    fn weight(&self, key: &Key, held: &Held) -> u64 {
        (size_of::<Key>() + key.1.len() + held.file.as_ref().map_or(0, Rendered::size)) as u64
    }
}

/// The files that are being read, by project and question.
pub struct Opened(Cache<Key, Held, Size>);

impl Default for Opened {
    fn default() -> Opened {
        Opened(Cache::with_weighter(OPEN, OPEN_BYTES, Size))
    }
}

impl Opened {
    /// Keeps a file for whoever reads on. `project` is as it was before the file was made.
    pub fn open(&self, project: &Project, question: String, file: Rendered) {
        let held = Held {
            opened: Instant::now(),
            forgotten: project.forgotten,
            file: Some(file),
        };
        self.0.insert((project.id, question), held);
    }

    /// The file that someone who reads so has opened. An error, once, if it must not be read on in.
    pub fn file(&self, reader: Reader, project: &Project, question: &str) -> Result<Option<Rendered>, ApiError> {
        let most = match reader {
            Reader::Piece => READ_ON,
            Reader::Head => SHARED,
            Reader::Whole | Reader::Other => return Ok(None),
        };
        let key = (project.id, question.to_owned());
        let Some(held) = self.0.get(&key).filter(|held| held.opened.elapsed() < most) else {
            return Ok(None);
        };
        match held.file {
            Some(file) if held.forgotten == project.forgotten => Ok(Some(file)),
            // Who begins gets what is there now.
            _ if reader == Reader::Head => Ok(None),
            _ => {
                self.0.remove(&key);
                Err(ApiError::conflict(
                    "something in the file was erased since it was begun, or is kept no longer; read it from the beginning",
                ))
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets go of files that nobody may read on in, given how often each project has forgotten something.
    pub fn forget(&self, forgotten: &HashMap<ProjectId, i64>) {
        self.0.retain(|_, held| held.opened.elapsed() < READ_ON);
        let is_stale =
            |(key, held): &(Key, Held)| held.file.is_some() && forgotten.get(&key.0) != Some(&held.forgotten);
        let stale: Vec<(Key, Held)> = self.0.iter().filter(is_stale).collect();
        for (key, held) in stale {
            self.0.insert(key, Held { file: None, ..held });
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[track_caller]
    fn check(headers: &[(&str, &str)], expected: Piece) {
        let mut request = TestRequest::get();
        for header in headers {
            request = request.insert_header(*header);
        }
        let tag = EntityTag::new_strong("now".to_owned());
        assert_eq!(asked(&request.to_http_request(), &tag, 100), expected, "{headers:?}");
    }

    #[test]
    fn pieces_are_cut_as_http_says() {
        check(&[], Piece::Whole);
        check(&[("range", "bytes=0-9")], Piece::Part(0..10));
        check(&[("range", "bytes=90-")], Piece::Part(90..100));
        check(&[("range", "bytes=90-1000")], Piece::Part(90..100));
        check(&[("range", "bytes=-8")], Piece::Part(92..100));
        check(&[("range", "bytes=-1000")], Piece::Part(0..100));
        check(&[("range", "bytes=100-")], Piece::Beyond);
        check(&[("range", "bytes=-0")], Piece::Beyond);
        for whole in ["bytes=0-1,5-6", "bytes=9-3", "bytes=x", "rows=0-1", ""] {
            check(&[("range", whole)], Piece::Whole);
        }
    }

    #[test]
    fn large_files_are_kept() {
        let opened = Opened::default();
        for number in 0..2 {
            let file = Rendered::file("text/csv", vec![number; LARGEST]);
            opened.open(&project(0), number.to_string(), file);
        }
        for number in 0..2 {
            let file = opened.file(Reader::Piece, &project(0), &number.to_string()).unwrap();
            assert_eq!(file.map(|file| file.size()), Some(LARGEST));
        }
    }

    fn project(forgotten: i64) -> Project {
        Project {
            id: 7,
            name: "held".to_owned(),
            dimensions: Vec::new(),
            stores_text: true,
            horizon_seconds: 60,
            folded_events: 0,
            created_at: chrono::DateTime::UNIX_EPOCH,
            rollup_step: 0,
            rollup_reset: 0,
            retain_texts_days: None,
            retain_events_days: None,
            retain_outputs_days: None,
            expired_events: 0,
            erasure_salt: uuid::Uuid::nil(),
            textless_tx: 0,
            forgotten,
            edit_thresholds: Default::default(),
            settings_revision: 0,
        }
    }

    #[test]
    fn files_are_not_read_on_in_after_an_erasure() {
        for is_dropped in [false, true] {
            let opened = Opened::default();
            let read = |reader, forgotten| {
                let file = opened.file(reader, &project(forgotten), "a");
                file.map(|file| file.is_some()).map_err(|error| error.code)
            };
            opened.open(&project(0), "a".to_owned(), Rendered::file("text/csv", vec![1; 9]));
            assert_eq!([read(Reader::Piece, 0), read(Reader::Head, 0)], [Ok(true), Ok(true)]);
            if is_dropped {
                opened.forget(&HashMap::from([(7, 1)]));
                assert_eq!(opened.0.weight(), (size_of::<Key>() + 1) as u64);
            }
            assert_eq!(read(Reader::Head, 1), Ok(false));
            assert_eq!(read(Reader::Piece, 1), Err(ErrorCode::Conflict));
            assert_eq!(read(Reader::Piece, 1), Ok(false), "who was told begins again");
        }
    }

    #[test]
    fn a_piece_of_other_bytes_is_answered_with_the_whole() {
        check(&[("range", "bytes=0-9"), ("if-range", "\"now\"")], Piece::Part(0..10));
        for other in ["\"then\"", "W/\"now\"", "Wed, 25 Nov 2026 10:00:00 GMT", "now"] {
            check(&[("range", "bytes=0-9"), ("if-range", other)], Piece::Whole);
        }
    }
}
