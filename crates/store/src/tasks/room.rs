//! How many tasks a worker can take.

use super::Lane;

/// How many tasks a worker can take, by lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Of all lanes together.
    pub all: usize,
    /// Of these, how many of the lanes that nobody waits for: bulk and background.
    pub later: usize,
    /// Of these, how many of the background lane.
    pub background: usize,
}

impl Room {
    /// Room for `n` tasks of whatever lane.
    pub fn any(n: usize) -> Self {
        Self {
            all: n,
            later: n,
            background: n,
        }
    }

    /// What is free of `slots` while tasks of these lanes are held. Bulk and background together
    /// get at most three quarters of the slots and background one quarter, each at least one, so
    /// that a task somebody waits for finds a free slot. A single slot serves all lanes.
    pub fn free(slots: usize, held: impl IntoIterator<Item = Lane>) -> Self {
        let mut room = Self {
            all: slots,
            later: (slots * 3 / 4).max(1),
            background: (slots / 4).max(1),
        };
        for lane in held {
            room.take(lane);
        }
        room
    }

    /// How many tasks of a lane can be taken.
    pub fn of(&self, lane: Lane) -> usize {
        match lane {
            Lane::Interactive => self.all,
            Lane::Bulk => self.all.min(self.later),
            Lane::Background => self.all.min(self.later).min(self.background),
        }
    }

    /// One task of a lane is taken.
    pub fn take(&mut self, lane: Lane) {
        self.all = self.all.saturating_sub(1);
        if lane != Lane::Interactive {
            self.later = self.later.saturating_sub(1);
        }
        if lane == Lane::Background {
            self.background = self.background.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(room: Room) -> [usize; 3] {
        Lane::ALL.map(|lane| room.of(lane))
    }

    #[test]
    fn slots_are_kept_for_who_waits() {
        let idle = [
            (1, [1, 1, 1]),
            (2, [2, 1, 1]),
            (3, [3, 2, 1]),
            (4, [4, 3, 1]),
            (16, [16, 12, 4]),
        ];
        for (slots, expected) in idle {
            assert_eq!(of(Room::free(slots, [])), expected, "{slots} slots");
        }
    }

    #[test]
    fn what_is_held_counts() {
        let bulk = [Lane::Bulk; 12];
        assert_eq!(of(Room::free(16, bulk)), [4, 0, 0]);
        let background = [Lane::Background; 4];
        assert_eq!(of(Room::free(16, background)), [12, 8, 0]);
        let mixed = bulk[2..].iter().chain(&background[2..]).copied();
        assert_eq!(of(Room::free(16, mixed)), [4, 0, 0]);
        let interactive = [Lane::Interactive; 14];
        assert_eq!(of(Room::free(16, interactive)), [2, 2, 2]);
        assert_eq!(of(Room::free(1, [Lane::Bulk])), [0, 0, 0]);
    }
}
