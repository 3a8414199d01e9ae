//! Which output does an event belong to, when outputs have more than one name?

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::QueryResult;
use diesel::pg::PgConnection;
use uuid::Uuid;

use crate::domain::key::ProjectId;
use crate::store::events::{self, Alias};

/// The names around some outputs.
#[derive(Debug, Default)]
pub struct Links {
    /// Every key that may hold events of the touched outputs, the touched ones included.
    pub keys: Vec<Uuid>,
    /// What ties them, sorted.
    pub aliases: Vec<Alias>,
    /// Those of them that an alias names on either side.
    tied: HashSet<Uuid>,
    /// For each alias, the outputs that declare it, smallest first.
    owners: BTreeMap<Uuid, Vec<Uuid>>,
    /// Those of the keys whose outputs are sealed.
    sealed: HashSet<Uuid>,
}

impl Links {
    /// Finds everything that is tied to the touched keys by aliases.
    pub fn around(conn: &mut PgConnection, project: ProjectId, touched: HashSet<Uuid>) -> QueryResult<Links> {
        let mut seen = touched;
        let mut frontier: Vec<Uuid> = seen.iter().copied().collect();
        let mut aliases: Vec<Alias> = Vec::new();
        while !frontier.is_empty() {
            let found = events::aliases_of(conn, project, &frontier)?;
            frontier = found
                .iter()
                .flat_map(|alias| [alias.alias_key, alias.output_key])
                .filter(|key| seen.insert(*key))
                .collect();
            aliases.extend(found);
        }
        Ok(Links::new(seen, aliases))
    }

    pub fn new(keys: HashSet<Uuid>, mut aliases: Vec<Alias>) -> Links {
        aliases.sort_unstable();
        aliases.dedup();
        let tied = aliases
            .iter()
            .flat_map(|alias| [alias.alias_key, alias.output_key])
            .collect();
        let mut owners: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for alias in aliases.iter().filter(|alias| alias.alias_key != alias.output_key) {
            owners.entry(alias.alias_key).or_default().push(alias.output_key);
        }
        let mut keys: Vec<Uuid> = keys.into_iter().collect();
        keys.sort_unstable();
        Links {
            keys,
            aliases,
            tied,
            owners,
            sealed: HashSet::new(),
        }
    }

    /// The keys that an alias names on either side.
    pub fn tied(&self) -> impl Iterator<Item = Uuid> + '_ {
        self.tied.iter().copied()
    }

    /// Says which of the keys are of sealed outputs: these stand for themselves, although nothing declares them any more.
    pub fn seal(&mut self, keys: impl IntoIterator<Item = Uuid>) {
        self.sealed.extend(keys);
    }

    pub fn has_sealed(&self) -> bool {
        !self.sealed.is_empty()
    }

    pub fn is_sealed(&self, key: Uuid) -> bool {
        self.sealed.contains(&key)
    }

    /// The keys in groups that no alias connects with one another.
    pub fn groups(&self) -> Vec<Vec<Uuid>> {
        let mut neighbours: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for (alias, outputs) in &self.owners {
            for output in outputs {
                neighbours.entry(*alias).or_default().push(*output);
                neighbours.entry(*output).or_default().push(*alias);
            }
        }
        let mut seen = HashSet::new();
        let mut groups = Vec::new();
        for start in &self.keys {
            let (mut group, mut frontier) = (Vec::new(), vec![*start]);
            while let Some(key) = frontier.pop() {
                if seen.insert(key) {
                    group.push(key);
                    frontier.extend(neighbours.get(&key).into_iter().flatten());
                }
            }
            if !group.is_empty() {
                groups.push(group);
            }
        }
        groups
    }

    /// Whether an alias names this key on either side.
    pub fn is_tied(&self, key: Uuid) -> bool {
        self.tied.contains(&key)
    }

    /// The output that each key stands for. A key under which an output was declared stands for itself; another stands for
    /// what the output that has it as an alias stands for, the one with the smallest key if there are several. Depends only
    /// on the sets, never on the order in which they came to be known.
    pub fn targets(&self, declared: &HashSet<Uuid>) -> HashMap<Uuid, Uuid> {
        self.keys
            .iter()
            .map(|key| (*key, self.target(*key, declared)))
            .collect()
    }

    fn target(&self, key: Uuid, declared: &HashSet<Uuid>) -> Uuid {
        let mut at = key;
        let mut passed = Vec::new();
        loop {
            // Names that lead back to one another stand for the smallest of them.
            if let Some(ring) = passed.iter().position(|known| *known == at) {
                return passed.iter().skip(ring).min().copied().unwrap_or(at);
            }
            match self.owners.get(&at).and_then(|owners| owners.first()) {
                Some(owner) if !declared.contains(&at) && !self.is_sealed(at) => {
                    passed.push(at);
                    at = *owner;
                }
                _ => return at,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn alias(alias: u128, output: u128) -> Alias {
        Alias {
            alias_key: key(alias),
            output_key: key(output),
        }
    }

    #[test]
    fn an_alias_stands_for_the_smallest_output_that_has_it() {
        let keys = HashSet::from([1, 2, 3, 9].map(key));
        let links = Links::new(keys, vec![alias(9, 2), alias(9, 1), alias(3, 1)]);
        let targets = links.targets(&HashSet::from([key(1), key(2)]));
        assert_eq!(targets[&key(9)], key(1));
        assert_eq!(targets[&key(3)], key(1));
        assert_eq!(targets[&key(2)], key(2));
    }

    #[test]
    fn names_lead_on_to_the_output_behind_them() {
        let links = Links::new(HashSet::from([1, 2, 3].map(key)), vec![alias(1, 2), alias(2, 3)]);
        assert_eq!(links.targets(&HashSet::from([key(3)]))[&key(1)], key(3));
        assert_eq!(links.targets(&HashSet::from([key(2)]))[&key(1)], key(2));
    }

    #[test]
    fn names_in_a_ring_stand_for_the_smallest() {
        let links = Links::new(
            HashSet::from([1, 2, 3].map(key)),
            vec![alias(1, 2), alias(2, 1), alias(3, 2)],
        );
        let targets = links.targets(&HashSet::new());
        assert_eq!([1, 2, 3].map(|n| targets[&key(n)]), [key(1); 3]);
    }

    #[test]
    fn groups_are_what_aliases_connect() {
        let keys = HashSet::from([1, 2, 3, 4, 5].map(key));
        let links = Links::new(keys, vec![alias(3, 1), alias(3, 4), alias(2, 2)]);
        let mut groups = links.groups();
        groups.iter_mut().for_each(|group| group.sort_unstable());
        assert_eq!(groups, [vec![key(1), key(3), key(4)], vec![key(2)], vec![key(5)]]);
    }

    #[test]
    fn a_sealed_output_stands_for_itself() {
        let mut links = Links::new(HashSet::from([1, 2].map(key)), vec![alias(2, 1)]);
        assert_eq!(links.targets(&HashSet::new())[&key(2)], key(1));
        links.seal([key(2)]);
        assert_eq!(links.targets(&HashSet::new())[&key(2)], key(2));
    }

    #[test]
    fn a_declared_output_is_never_an_alias() {
        let links = Links::new(HashSet::from([1, 2].map(key)), vec![alias(2, 1)]);
        assert_eq!(links.targets(&HashSet::from([key(1), key(2)]))[&key(2)], key(2));
    }
}
