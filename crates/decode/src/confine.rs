//! What a child gives up before it sees the first byte: files, network, processes, memory beyond its limit.

use std::collections::BTreeMap;

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus};
use rustix::process::{Resource, Rlimit, setrlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use crate::Confinement;

/// Gives everything up. What the kernel does not offer is reported, not hidden.
pub(crate) fn confine(max_memory_bytes: u64) -> Confinement {
    for (resource, limit) in [
        (Resource::As, max_memory_bytes),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 3),
        (Resource::Nproc, 0),
    ] {
        // A limit that cannot be set leaves the others; memory is checked by the decoder's own limits as well.
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) }).ok();
    }
    let landlock = deny_files();
    Confinement { landlock, seccomp: deny_calls() }
}

fn deny_files() -> bool {
    let abi = ABI::V5;
    let restricted = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self);
    restricted.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

/// The calls that reading, writing, allocating and ending need. Everything else is refused: opening, connecting,
/// starting programs.
fn deny_calls() -> bool {
    let allowed = [
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_clock_gettime,
        libc::SYS_getrandom,
        libc::SYS_sched_yield,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_tgkill,
        libc::SYS_close,
        libc::SYS_fstat,
    ];
    let rules: BTreeMap<i64, Vec<seccompiler::SeccompRule>> =
        allowed.into_iter().map(|call| (call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(1); // EPERM
    let Ok(arch) = std::env::consts::ARCH.try_into() else { return false };
    let program = SeccompFilter::new(rules, refuse, SeccompAction::Allow, arch)
        .ok()
        .and_then(|filter| BpfProgram::try_from(filter).ok());
    program.is_some_and(|program| seccompiler::apply_filter(&program).is_ok())
}
