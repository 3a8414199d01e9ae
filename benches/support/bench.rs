//! What the parts share. Each thing is made when the first part needs it.

use std::cell::OnceCell;

use super::database::Cluster;
use super::load::Load;
use super::settings::Settings;

pub struct Bench {
    pub settings: Settings,
    load: OnceCell<Load>,
    cluster: OnceCell<Cluster>,
}

impl Bench {
    pub fn new(settings: Settings) -> Bench {
        Bench {
            settings,
            load: OnceCell::new(),
            cluster: OnceCell::new(),
        }
    }

    /// The PostgreSQL of the short parts.
    pub fn cluster(&self) -> &Cluster {
        self.cluster.get_or_init(|| Cluster::start(&self.settings.folder))
    }

    /// The events of the short parts.
    pub fn load(&self) -> &Load {
        self.load
            .get_or_init(|| Load::new(self.settings.outputs, self.cluster()))
    }
}
