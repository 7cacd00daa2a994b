//! What a process and its children have used, as Linux says (proc(5)).

use std::time::Duration;

use super::Trouble;

/// CPU time and memory of a process and the children it has now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// Of the process, of children that it has buried, and of those that live.
    pub(super) cpu: Duration,
    /// Resident bytes of the process alone.
    pub(super) own_bytes: u64,
    /// Resident bytes of the process and its children; pages that they share count for each.
    pub(super) all_bytes: u64,
}

/// CPU time of the calling thread. Others on the machine do not lengthen it, as they lengthen time on the wall.
pub(super) fn thread_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(now.tv_sec).unwrap_or(0), u64::try_from(now.tv_nsec).unwrap_or(0));
    Duration::from_secs(seconds) + Duration::from_nanos(nanos)
}

struct Stat {
    parent: u32,
    /// Of the process itself.
    ticks: u64,
    /// Of children it has waited for.
    buried_ticks: u64,
}

impl Stat {
    /// Reads `/proc/PID/stat`: the name in brackets may hold anything, so counting begins behind its last bracket.
    fn read(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |n: usize| fields.get(n)?.parse::<u64>().ok();
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            ticks: number(11)? + number(12)?,
            buried_ticks: number(13)? + number(14)?,
        })
    }
}

fn stat(process: &str) -> Option<Stat> {
    Stat::read(&fs_err::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

fn resident_bytes(process: &str) -> u64 {
    let status = fs_err::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1_024
}

impl Usage {
    /// CPU time of a process and of everything that descends from it, save these and what descends from them.
    pub(super) fn below(process: u32, except: &[u32]) -> Result<Duration, Trouble> {
        let mut all = std::collections::HashMap::new();
        for entry in fs_err::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            all.extend(stat(&id.to_string()).map(|stat| (id, stat)));
        }
        let is_below = |id: u32| {
            let mut at = id;
            // No line of descent is longer than this.
            for _ in 0..32 {
                match at {
                    _ if except.contains(&at) => return false,
                    _ if at == process => return true,
                    _ => at = all.get(&at).map_or(0, |stat| stat.parent),
                }
            }
            false
        };
        let ticks: u64 = all.iter().filter(|(id, _)| is_below(**id)).map(|(_, stat)| stat.ticks).sum();
        Ok(Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second().max(1)))
    }

    /// Of this process, now.
    pub(super) fn of(process: u32) -> Result<Self, Trouble> {
        let own = stat(&process.to_string())
            .ok_or_else(|| Trouble::Said(format!("process {process} has ended, or /proc cannot be read")))?;
        let own_bytes = resident_bytes(&process.to_string());
        let (mut ticks, mut all_bytes) = (own.ticks + own.buried_ticks, own_bytes);
        for entry in fs_err::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(child) = name.to_str().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) else {
                continue;
            };
            // One that has ended meanwhile is counted with its parent's buried children.
            if let Some(stat) = stat(child).filter(|stat| stat.parent == process) {
                ticks += stat.ticks + stat.buried_ticks;
                all_bytes += resident_bytes(child);
            }
        }
        let cpu = Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second().max(1));
        Ok(Self { cpu, own_bytes, all_bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_whatever_the_name_is() {
        let line = "7 (a) b (c) S 5 7 7 0 -1 4194560 1 2 3 4 10 20 300 400 20 0 1 0 99 1 1";
        let stat = Stat::read(line).unwrap();
        assert_eq!((stat.parent, stat.ticks, stat.buried_ticks), (5, 30, 700));
        assert!(Stat::read("7 (a").is_none());
    }

    #[test]
    fn the_time_of_a_thread_is_what_it_computed_and_not_what_it_slept() {
        let begin = thread_time();
        std::thread::sleep(Duration::from_millis(60));
        assert!(thread_time().saturating_sub(begin) < Duration::from_millis(50));
        while thread_time().saturating_sub(begin) < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn this_process_uses_something() {
        let used = Usage::of(std::process::id()).unwrap();
        assert!(used.own_bytes > 100_000 && used.all_bytes >= used.own_bytes, "{used:?}");
        assert!(Usage::of(u32::MAX).is_err());
    }
}
