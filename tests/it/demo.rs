//! `calibrant demo`, started again and again on the same data.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::crash::program::{DataDir, signal};
use crate::support::Client;

struct Demo {
    child: Child,
    client: Client,
    /// The one that it tells.
    key: String,
}

impl Demo {
    fn start(data: &DataDir) -> Demo {
        let mut command = data.command(&["demo", "--outputs", "20"]);
        command.env_remove("CALIBRANT_ADMIN_KEY").stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = |what: &str| {
            let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains(what));
            let line = line.unwrap_or_else(|| panic!("it does not say {what}"));
            line.rsplit(' ').next().unwrap().to_owned()
        };
        let address = told("listens on http://").replace("http://", "").parse().unwrap();
        let key = told("Admin key");
        told("Ctrl-C");
        // Nobody reads the rest, but it must be able to say it.
        std::thread::spawn(move || lines.for_each(drop));
        Demo {
            child,
            client: Client::new(address),
            key,
        }
    }

    fn with(&self, key: &str) -> u16 {
        self.client.request("GET", "/api/v1/status", Some(key), &[], b"").status
    }

    fn keys(&self) -> Vec<String> {
        let answer = self.client.request("GET", "/api/v1/keys", Some(&self.key), &[], b"");
        let listed = answer.expect(200)["data"].as_array().unwrap().clone();
        listed.iter().map(|key: &Value| key["name"].to_string()).collect()
    }

    fn stop(mut self) -> String {
        signal("TERM", self.child.id());
        assert!(self.child.wait().unwrap().success());
        self.key
    }
}

#[test]
fn starting_again_adds_one_key_and_no_more() {
    let data = DataDir::new();
    let first = Demo::start(&data).stop();
    let second = Demo::start(&data).stop();
    let third = Demo::start(&data);
    assert_eq!(
        [&first, &second, &third.key].map(|key| third.with(key)),
        [200, 401, 200],
        "the key of a start before is nobody's"
    );
    assert_eq!(third.keys(), [r#""first admin key""#, r#""demo, new at each start""#]);
    third.stop();
}
