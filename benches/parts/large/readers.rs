//! Readers of the large product: one alone, eight paced beside ingest, eight that ask again at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::questions::QUESTIONS;
use crate::support::figures::milliseconds;
use crate::support::paced;
use crate::support::product::Product;
use crate::support::server::Server;
use crate::support::table::Table;

pub const WAYS: [&str; 3] = ["1 reader", "8 readers, paced, beside ingest", "8 readers, closed loop"];

const READERS: u64 = 8;
/// What a person takes to look at an answer, at the least.
const PAUSE: Duration = Duration::from_millis(100);
const TIME: Duration = Duration::from_secs(10);
/// Answers of one reader to one question, or as many as there is time for.
const ANSWERS: usize = 100;
const FEWEST: usize = 5;
const PATIENCE: Duration = Duration::from_secs(2);
/// Events per second beside the readers, and outputs of one batch of about two events each.
const RATE: usize = 2_000;
const OUTPUTS: u64 = 50;
/// Outputs of the live day: more than can come in while it lasts.
const LIVE_OUTPUTS: u64 = 1_000_000;

/// The times of each question in milliseconds.
type Times = [Vec<f64>; QUESTIONS.len()];

/// One reader, question by question.
pub fn alone(server: &Server, product: &Product, table: &mut Table) {
    let mut connection = server.connect();
    let mut times = Times::default();
    for (question, times) in QUESTIONS.iter().zip(&mut times) {
        let started = Instant::now();
        while times.len() < ANSWERS && (times.len() < FEWEST || started.elapsed() < PATIENCE) {
            let request = question.request(product, 0.0);
            times.push(milliseconds(connection.timed(&request)));
        }
    }
    report(WAYS[0], times, table);
}

/// Eight readers who pause between questions about the last ninety days, of which the last is coming in.
pub fn paced_beside_ingest(server: &Server, product: &Product, table: &mut Table) {
    // Names of their own, since events that are known are not folded again.
    let moment = chrono::Utc::now().timestamp_millis();
    let day = product.next_day(LIVE_OUTPUTS, format!("live-{moment}-"));
    let batch = |number: u64| {
        let events = day.in_order(number * OUTPUTS..(number + 1) * OUTPUTS);
        Server::events(events.join("\n").as_bytes())
    };
    let over = AtomicBool::new(false);
    let (times, reached) = thread::scope(|scope| {
        let ingest = scope.spawn(|| paced::send(server, RATE, 2 * OUTPUTS as usize, &over, &batch));
        let times = read(server, product, 1.0, PAUSE);
        over.store(true, Ordering::Relaxed);
        (times, ingest.join().expect("no client fails"))
    });
    report(WAYS[1], times, table);
    table.add("events beside the readers", "events/s", reached);
}

/// Eight readers who ask again at once.
pub fn closed_loop(server: &Server, product: &Product, table: &mut Table) {
    let started = Instant::now();
    let times = read(server, product, 0.0, Duration::ZERO);
    let answers: usize = times.iter().map(Vec::len).sum();
    // A slow answer ends after the time.
    let rate = answers as f64 / started.elapsed().as_secs_f64();
    report(WAYS[2], times, table);
    table.add(format!("all questions, {}", WAYS[2]), "answers/s", rate);
}

/// Eight readers for a time, each with its own order of the questions.
fn read(server: &Server, product: &Product, later: f64, pause: Duration) -> Times {
    let started = Instant::now();
    let reader = |number: u64| {
        let mut connection = server.connect();
        let mut times = Times::default();
        let mut asked = 0;
        // They do not come in step.
        thread::sleep(pause * number as u32 / READERS as u32);
        while started.elapsed() < TIME {
            // Five is prime: each step but a multiple of it visits every question.
            let at = (number as usize + asked * (1 + number as usize % 4)) % QUESTIONS.len();
            let request = QUESTIONS[at].request(product, later);
            times[at].push(milliseconds(connection.timed(&request)));
            asked += 1;
            thread::sleep(pause);
        }
        times
    };
    thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|number| scope.spawn(move || reader(number))).collect();
        let mut all = Times::default();
        for times in readers {
            let times = times.join().expect("no reader fails");
            all.iter_mut().zip(times).for_each(|(all, own)| all.extend(own));
        }
        all
    })
}

fn report(how: &str, times: Times, table: &mut Table) {
    for (question, mut times) in QUESTIONS.iter().zip(times) {
        table.add_quantiles(&format!("{}, {how}", question.name), &mut times);
    }
}
