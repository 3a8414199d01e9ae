//! The events of the short parts in every form that is measured: the simulated product's, with late, early and renamed ones
//! and texts, in the order in which they arrive, each once.

use std::collections::HashSet;
use std::path::PathBuf;

use calibrant::domain::event::Event;
use calibrant::simulate::{Options, Simulation};
use chrono::Utc;

use super::database::Cluster;
use super::server::{Server, WRITERS};

/// Events of one request.
const BATCH: usize = 1_000;

pub struct Load {
    pub events: usize,
    pub bytes_each: usize,
    pub json: Vec<Vec<u8>>,
    pub json_zipped: Vec<Vec<u8>>,
    pub ndjson: Vec<Vec<u8>>,
    pub ndjson_zipped: Vec<Vec<u8>>,
    pub singles: Vec<Vec<u8>>,
    /// Files with the rows of the log: all of them, and the same in eight pieces.
    pub rows: PathBuf,
    pub pieces: Vec<PathBuf>,
}

impl Load {
    pub fn new(outputs: u64, cluster: &Cluster) -> Load {
        let texts: Vec<String> = events(outputs)
            .iter()
            .map(|event| serde_json::to_string(event).expect("events are plain data"))
            .collect();
        let json: Vec<String> = texts
            .chunks(BATCH)
            .map(|batch| format!("{{\"events\":[{}]}}", batch.join(",")))
            .collect();
        let ndjson: Vec<String> = texts.chunks(BATCH).map(|batch| batch.join("\n")).collect();
        let requests = |bodies: &[String], form: fn(&[u8]) -> Vec<u8>| -> Vec<Vec<u8>> {
            bodies.iter().map(|body| form(body.as_bytes())).collect()
        };
        let mut load = Load {
            events: texts.len(),
            bytes_each: texts.iter().map(String::len).sum::<usize>() / texts.len(),
            json: requests(&json, Server::events),
            json_zipped: requests(&json, Server::zipped_events),
            ndjson: requests(&ndjson, Server::events),
            ndjson_zipped: requests(&ndjson, Server::zipped_events),
            singles: requests(&texts, Server::events),
            rows: cluster.folder().join("rows"),
            pieces: Vec::new(),
        };
        println!("{} events of {} bytes as JSON", load.events, load.bytes_each);
        load.write_rows(cluster);
        load
    }

    /// Has the server store everything once, and takes the rows from there: what is copied is what is stored.
    fn write_rows(&mut self, cluster: &Cluster) {
        let database = cluster.database();
        Server::start(&database).send(&self.json);
        database.copy_out(&self.rows);
        let text = std::fs::read(&self.rows).expect("it was just written");
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(lines.len(), self.events);
        for (number, piece) in lines.chunks(lines.len().div_ceil(WRITERS)).enumerate() {
            let path = cluster.folder().join(format!("rows.{number}"));
            std::fs::write(&path, piece.concat()).expect("the folder is writable");
            self.pieces.push(path);
        }
    }
}

fn events(outputs: u64) -> Vec<Event> {
    let mut seen = HashSet::new();
    let options = Options {
        outputs,
        ..Options::ending(Utc::now())
    };
    Simulation::new(options)
        .into_deliveries()
        .filter(|event| event.id.clone().is_some_and(|id| seen.insert(id)))
        .collect()
}
