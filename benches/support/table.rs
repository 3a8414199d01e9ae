//! The one table that a run of the bench ends with.

use super::figures::{median, quantile, shown};

/// A line: its part and its name.
type Address = (String, String);

/// What a line is compared with.
enum Relation {
    /// This line divided by the other.
    Share(Address),
    /// The other divided by this line: for times, how much faster this is.
    Faster(Address),
}

struct Line {
    part: String,
    name: String,
    unit: &'static str,
    runs: Vec<f64>,
    relations: Vec<Relation>,
}

/// Values by line, in the order in which the lines were first seen, under the part that was current then.
#[derive(Default)]
pub struct Table {
    part: String,
    lines: Vec<Line>,
}

impl Table {
    /// The heading of the lines that follow. A name needs to be unique under its heading only.
    pub fn part(&mut self, title: impl Into<String>) {
        self.part = title.into();
    }

    pub fn add(&mut self, name: impl Into<String>, unit: &'static str, value: f64) {
        let name = name.into();
        match self.find(&self.part, &name) {
            Some(at) => self.lines[at].runs.push(value),
            None => self.lines.push(Line {
                part: self.part.clone(),
                name,
                unit,
                runs: vec![value],
                relations: Vec::new(),
            }),
        }
    }

    /// The p50 and the p99 of many times in milliseconds, as two lines.
    pub fn add_quantiles(&mut self, name: &str, times: &mut [f64]) {
        self.add(format!("{name}, p50"), "ms", quantile(times, 0.5));
        self.add(format!("{name}, p99"), "ms", quantile(times, 0.99));
    }

    /// Says with a line how many times another of its part it is.
    pub fn share(&mut self, name: &str, base: &str) {
        self.share_of(name, &self.part.clone(), base);
    }

    /// As [`Table::share`], with a line of another part.
    pub fn share_of(&mut self, name: &str, part: &str, base: &str) {
        self.relate(name, Relation::Share((part.to_owned(), base.to_owned())));
    }

    /// Says with a line of times how many times faster than another of its part it is.
    pub fn faster(&mut self, name: &str, base: &str) {
        self.relate(name, Relation::Faster((self.part.clone(), base.to_owned())));
    }

    fn relate(&mut self, name: &str, relation: Relation) {
        let at = self.find(&self.part, name).expect("only what was measured is compared");
        let line = &mut self.lines[at];
        // Once is enough for all runs.
        if line.runs.len() == 1 {
            line.relations.push(relation);
        }
    }

    fn find(&self, part: &str, name: &str) -> Option<usize> {
        self.lines
            .iter()
            .position(|line| line.part == part && line.name == name)
    }

    fn median(&self, (part, name): &Address) -> f64 {
        let at = self
            .find(part, name)
            .unwrap_or_else(|| panic!("{part}: {name} was not measured"));
        median(self.lines[at].runs.clone())
    }

    /// Prints each line's median, its extremes, and what it is compared with.
    pub fn print(&self) {
        println!(
            "\n{:<62} {:>10} {:>10} {:>10}  {:<8} compared",
            "", "median", "least", "most", "unit"
        );
        let mut parts: Vec<&str> = Vec::new();
        for line in &self.lines {
            if !parts.contains(&line.part.as_str()) {
                parts.push(&line.part);
            }
        }
        for part in parts {
            println!("\n{part}");
            for line in self.lines.iter().filter(|line| line.part == part) {
                self.print_line(line);
            }
        }
    }

    fn print_line(&self, line: &Line) {
        let mut runs = line.runs.clone();
        let [least, middle, most] = [0.0, 0.5, 1.0].map(|share| quantile(&mut runs, share));
        let name = |(part, name): &Address| match *part == line.part {
            true => name.clone(),
            false => part.clone(),
        };
        let compared = line.relations.iter().map(|relation| match relation {
            Relation::Share(base) => format!("{} × {}", shown(middle / self.median(base)), name(base)),
            Relation::Faster(base) => format!("{} × faster than {}", shown(self.median(base) / middle), name(base)),
        });
        println!(
            "  {:<60} {:>10} {:>10} {:>10}  {:<8} {}",
            line.name,
            shown(middle),
            shown(least),
            shown(most),
            line.unit,
            compared.collect::<Vec<_>>().join(", ")
        );
    }
}
