//! Everything killed at random instants, for as long as one likes. `CALIBRANT_TORTURE_SEED` repeats a run's choices, and
//! `CALIBRANT_TORTURE_SECONDS` says how long; without it a few rounds are played. `make torture` is the long form.

use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::load::{Load, Sent};
use super::program::{DataDir, Program, Worker, kill_if_alive, processes_of};

/// Rounds of the short form.
const SHORT: usize = 3;
/// Rounds with one data directory.
const LIFE: usize = 20;
/// Processes that fold beside the server.
const WORKERS: usize = 2;
/// Requests that are acknowledged before the first kill and after the last.
const SOME: usize = 8;

#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    servers: usize,
    workers: usize,
    postmasters: usize,
    backends: usize,
    events: usize,
}

/// Says how to repeat what has failed.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to repeat the choices: CALIBRANT_TORTURE_SEED={}", self.0);
        }
    }
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

#[test]
fn torture() {
    let seed = Seed(setting("CALIBRANT_TORTURE_SEED").unwrap_or_else(rand::random));
    let seconds = setting("CALIBRANT_TORTURE_SECONDS");
    eprintln!("torture: CALIBRANT_TORTURE_SEED={}", seed.0);
    let started = Instant::now();
    let goes_on = |rounds: usize| match seconds {
        Some(seconds) => started.elapsed().as_secs() < seconds,
        None => rounds < SHORT,
    };
    let mut dice = StdRng::seed_from_u64(seed.0);
    let mut tally = Tally::default();
    while goes_on(tally.rounds) {
        let mut life = Life::new();
        while goes_on(tally.rounds) && life.rounds < LIFE {
            life.round(&mut dice, &mut tally);
        }
        tally.events += life.end();
        eprintln!("torture: {:.0?}: {tally:?}", started.elapsed());
    }
}

/// A data directory with its server and workers, and all that was ever sent there.
struct Life {
    /// None while it is dead. Dropped before the directory is.
    server: Option<Program>,
    workers: Vec<Worker>,
    data: DataDir,
    sent: Sent,
    rounds: usize,
}

impl Life {
    fn new() -> Life {
        let data = DataDir::new();
        Life {
            server: Some(data.serve()),
            workers: Vec::new(),
            data,
            sent: Sent::default(),
            rounds: 0,
        }
    }

    /// Some kills under load, some of them during the recovery from the one before. Then everything must be well.
    fn round(&mut self, dice: &mut StdRng, tally: &mut Tally) {
        self.rounds += 1;
        tally.rounds += 1;
        let address = self.running().client.address;
        let load = Load::start(address, &self.rounds.to_string(), dice.random());
        load.wait_for(SOME);
        for _ in 0..dice.random_range(2..=8) {
            sleep(Duration::from_millis(dice.random_range(0..700)));
            self.kill(dice, tally);
        }
        load.follow(self.running().client.address);
        load.wait_for(SOME);
        let sent = load.stop();
        sent.assert_only_unavailable();

        let server = self.running();
        server.wait_until_ready();
        sent.assert_stored(server);
        self.sent.extend(sent);
        self.sent.assert_counted_once(self.server.as_ref().unwrap());
        self.data.verify();
    }

    fn kill(&mut self, dice: &mut StdRng, tally: &mut Tally) {
        match (dice.random_range(0..7), &mut self.server) {
            (0 | 1, Some(server)) => {
                server.kill();
                self.server = None;
                tally.servers += 1;
            }
            (0 | 1, None) => drop(self.running()),
            (2, _) => tally.postmasters += usize::from(self.data.kill_postmaster()),
            (3, Some(server)) => {
                server.kill();
                self.server = None;
                tally.servers += 1;
                tally.postmasters += usize::from(self.data.kill_postmaster());
            }
            (4, Some(_)) => {
                let killed = self.workers.pop().as_mut().map(Worker::kill);
                tally.workers += usize::from(killed.is_some());
                self.running();
            }
            _ => {
                // Any of its processes: sessions, but also the one that recovers, or that writes.
                let processes = self.data.live_postmaster().map(processes_of).unwrap_or_default();
                if !processes.is_empty() {
                    let chosen = processes[dice.random_range(0..processes.len())];
                    tally.backends += usize::from(kill_if_alive(chosen));
                }
            }
        }
    }

    /// The server, started if it is dead, and workers beside it. Those that did not find the database when they started are
    /// gone.
    fn running(&mut self) -> &Program {
        let server = self.server.get_or_insert_with(|| self.data.serve());
        self.workers.retain_mut(Worker::is_running);
        self.workers.resize_with(WORKERS, || self.data.fold());
        server
    }

    /// A rebuild finds the same numbers. Gives how many events there were.
    fn end(self) -> usize {
        let server = self.server.unwrap();
        self.sent.check(&server, || self.data.succeed(&["rebuild"]));
        self.data.verify();
        self.sent.events()
    }
}
