//! What goes wrong around the program: it says so, keeps what it acknowledged, and goes on by itself.

mod clock;
mod full_disk;
mod outage;
mod pool;
mod two_servers;

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use crate::crash::program::{KEY, Program};
use crate::support::{Answer, Client};

const SENDERS: usize = 8;
/// Longer than any answer may take, however bad things are.
const PATIENCE: Duration = Duration::from_secs(30);

fn event(id: &str) -> String {
    format!(r#"{{"type":"accept","id":"{id}","output_id":"{id}","feature":"f"}}"#)
}

/// Sends single events from several clients at once until each has been refused some times, every request being answered
/// within [`PATIENCE`]. Gives the ids that were acknowledged and the refusals.
fn send_until_refused(server: &Program, name: &str, times: usize) -> (Vec<String>, Vec<Answer>) {
    let outcomes = Mutex::new((Vec::new(), Vec::new()));
    thread::scope(|scope| {
        for sender in 0..SENDERS {
            let outcomes = &outcomes;
            scope.spawn(move || {
                let client = Client::with_patience(server.client.address, PATIENCE);
                let mut refused = 0;
                for number in 0.. {
                    if refused == times {
                        return;
                    }
                    let id = format!("{name}-{sender}-{number}");
                    let answer = client
                        .try_request("POST", "/api/v1/events", Some(KEY), &[], event(&id).as_bytes())
                        .expect("every request is answered");
                    let mut outcomes = outcomes.lock().unwrap();
                    if answer.status == 200 {
                        outcomes.0.push(id);
                    } else {
                        outcomes.1.push(answer);
                        refused += 1;
                    }
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}

/// A refusal that tells what is wrong and when to come back.
#[track_caller]
fn assert_come_back(answer: &Answer, codes: &[&str]) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    assert!(codes.contains(&code.as_str()), "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
}

#[track_caller]
fn assert_all_known(server: &Program, acknowledged: &[String]) {
    for id in acknowledged {
        let answer = server.post("/api/v1/events", &event(id)).expect(200);
        assert_eq!(answer["duplicates"], 1, "acknowledged and lost: {id}");
    }
}

/// An outage does not fill the log: far fewer lines than refusals.
#[track_caller]
fn assert_quiet(server: &Program, refusals: usize) {
    let log = server.log();
    let told = log.matches("requests are told to come back").count();
    assert!(
        told >= 1 && told * 10 <= refusals,
        "{told} lines for {refusals} refusals: {log}"
    );
}
