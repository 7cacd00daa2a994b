//! What a child gives up before it sees the first byte: files, network, processes, memory beyond its limit.

use std::collections::BTreeMap;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus,
};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use crate::Confinement;
use crate::live::Reach;

/// Gives everything up. What the kernel does not offer is reported, not hidden.
pub(crate) fn confine(max_memory_bytes: u64) -> Confinement {
    limit(&[(Resource::As, max_memory_bytes), (Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nproc, 0)]);
    let landlock = allow_files(&[]);
    // Only now: landlock's rules are a file while they are made.
    limit(&[(Resource::Nofile, 3)]);
    Confinement { landlock, seccomp: allow_calls(&ARITHMETIC) }
}

/// What a film's child gives up at once. It may start its own program and ffmpeg, and read what loading them needs.
pub(crate) fn as_starter(program: &Path, ffmpeg: &Path, max_memory_bytes: u64) -> Confinement {
    limit(&[(Resource::As, max_memory_bytes), (Resource::Core, 0), (Resource::Nofile, 32)]);
    let landlock = allow_files(&[program, ffmpeg]);
    Confinement { landlock, seccomp: allow_calls(&[ARITHMETIC.as_slice(), &LOADING, &STARTING].concat()) }
}

/// From now on no file is written; the film lies in memory already.
pub(crate) fn write_nothing() {
    limit(&[(Resource::Fsize, 0)]);
}

/// What a thread of a film's child gives up once its ffmpegs run: everything, as a child for pictures does, but to see
/// them end.
pub(crate) fn as_reader() {
    allow_files(&[]);
    allow_calls(&[ARITHMETIC.as_slice(), &[libc::SYS_wait4, libc::SYS_waitid]].concat());
}

/// What a process gives up before it becomes ffmpeg: it may load it, make threads, and nothing else.
pub(crate) fn as_ffmpeg(ffmpeg: &Path, seconds: u64, max_memory_bytes: u64) {
    limit(&[
        (Resource::As, max_memory_bytes),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, 32),
        (Resource::Cpu, seconds),
    ]);
    // It ends with the child that reads it.
    set_parent_process_death_signal(Some(Signal::KILL)).ok();
    allow_files(&[ffmpeg]);
    only_threads();
    allow_calls(&[ARITHMETIC.as_slice(), &LOADING, &[libc::SYS_execve, libc::SYS_clone, libc::SYS_clone3]].concat());
}

/// What a process gives up before it becomes the ffmpeg that takes a stream: it may load it, make threads, and reach what it was
/// said to. No file, no other process; by TCP no address but this machine's, and there one port.
pub(crate) fn as_source(ffmpeg: &Path, reach: Reach, max_memory_bytes: u64) {
    limit(&[(Resource::As, max_memory_bytes), (Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, 64)]);
    // It ends with the process that wants the stream.
    set_parent_process_death_signal(Some(Signal::KILL)).ok();
    let port = match reach {
        Reach::Door(port) => Some((port, AccessNet::ConnectTcp)),
        Reach::Datagrams | Reach::Nothing => None,
    };
    allow(&[ffmpeg], port);
    only_threads();
    let sockets = match reach {
        Reach::Door(_) => Some(libc::SOCK_STREAM),
        Reach::Datagrams => Some(libc::SOCK_DGRAM),
        Reach::Nothing => None,
    };
    if let Some(kind) = sockets {
        only_sockets(kind);
    }
    let sockets = sockets.map_or_else(Vec::new, |_| SOCKETS.to_vec());
    allow_calls(
        &[ARITHMETIC.as_slice(), &LOADING, &sockets, &[libc::SYS_execve, libc::SYS_clone, libc::SYS_clone3]].concat(),
    );
}

/// Sockets of this kind alone, of the internet's two families: what speaks to the kernel or to neighbours is refused.
fn only_sockets(kind: i32) {
    let of = |value: i32| u64::try_from(value).unwrap_or_default();
    let is = |argument, op, value: i32| SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, of(value));
    let rules = || {
        // The kind stands in the lowest four bits; flags are behind them.
        let mut rules = Vec::new();
        for other in (0..16).filter(|other| *other != kind) {
            rules.push(SeccompRule::new(vec![is(1, SeccompCmpOp::MaskedEq(0xf), other)?])?);
        }
        let families = [is(0, SeccompCmpOp::Ne, libc::AF_INET)?, is(0, SeccompCmpOp::Ne, libc::AF_INET6)?];
        rules.push(SeccompRule::new(families.into())?);
        Ok::<_, seccompiler::BackendError>(rules)
    };
    let Ok(rules) = rules() else { return };
    apply([(libc::SYS_socket, rules)].into(), SeccompAction::Allow, SeccompAction::Errno(97)); // EAFNOSUPPORT
}

fn limit(limits: &[(Resource, u64)]) {
    for (resource, limit) in limits {
        // A limit that cannot be set leaves the others; memory is checked by the decoder's own limits as well.
        setrlimit(*resource, Rlimit { current: Some(*limit), maximum: Some(*limit) }).ok();
    }
}

/// The system's libraries, and what says where they are.
const LIBRARIES: [&str; 6] = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache"];

/// Only these programs may be started, and with them only libraries read. Without any, no file is opened at all.
fn allow_files(programs: &[&Path]) -> bool {
    allow(programs, None)
}

/// The same, and by TCP one port in one direction.
fn allow(programs: &[&Path], port: Option<(u16, AccessNet)>) -> bool {
    let abi = ABI::V5;
    let restrict = || -> Result<_, RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .create()?;
        let libraries = LIBRARIES.iter().map(Path::new).filter(|_| !programs.is_empty());
        for place in libraries.chain(programs.iter().copied()) {
            // What this system does not have needs no right.
            if let Ok(place) = PathFd::new(place) {
                rules = rules.add_rule(PathBeneath::new(place, AccessFs::ReadFile | AccessFs::Execute))?;
            }
        }
        if let Some((port, way)) = port {
            rules = rules.add_rule(NetPort::new(port, way))?;
        }
        rules.restrict_self()
    };
    restrict().is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

/// A new thread is allowed and a new process is not. `clone3` keeps its flags in memory, where no filter sees them: it is
/// said not to exist, and `clone` is used in its place.
fn only_threads() {
    let thread = u64::try_from(libc::CLONE_THREAD).unwrap_or_default();
    let process = SeccompCondition::new(0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(thread), 0)
        .and_then(|condition| SeccompRule::new(vec![condition]));
    let Ok(process) = process else { return };
    apply([(libc::SYS_clone, vec![process])].into(), SeccompAction::Allow, SeccompAction::Errno(1));
    apply([(libc::SYS_clone3, Vec::new())].into(), SeccompAction::Allow, SeccompAction::Errno(38)); // ENOSYS
}

/// These calls and no others: everything else is refused.
fn allow_calls(allowed: &[i64]) -> bool {
    let rules = allowed.iter().map(|call| (*call, Vec::new())).collect();
    apply(rules, SeccompAction::Errno(1), SeccompAction::Allow) // EPERM
}

fn apply(rules: BTreeMap<i64, Vec<SeccompRule>>, otherwise: SeccompAction, matched: SeccompAction) -> bool {
    let Ok(arch) = std::env::consts::ARCH.try_into() else { return false };
    let program =
        SeccompFilter::new(rules, otherwise, matched, arch).ok().and_then(|filter| BpfProgram::try_from(filter).ok());
    program.is_some_and(|program| seccompiler::apply_filter(&program).is_ok())
}

/// The calls that reading, writing, allocating and ending need. Not among them: opening, connecting, starting programs.
const ARITHMETIC: [i64; 23] = [
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

/// What loading a program and its libraries, and its threads, need beyond that. Opening is left to landlock; where the kernel
/// has none, the child says so.
const LOADING: [i64; 25] = [
    libc::SYS_access,
    libc::SYS_arch_prctl,
    libc::SYS_dup,
    libc::SYS_fcntl,
    libc::SYS_getdents64,
    libc::SYS_getrusage,
    libc::SYS_getuid,
    libc::SYS_ioctl,
    libc::SYS_lseek,
    libc::SYS_mlock,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_prctl,
    libc::SYS_pread64,
    libc::SYS_prlimit64,
    libc::SYS_readlink,
    libc::SYS_readlinkat,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_statx,
    libc::SYS_sysinfo,
];

/// What taking a stream from the network needs.
const SOCKETS: [i64; 25] = [
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_clock_nanosleep,
    libc::SYS_connect,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd2,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_listen,
    libc::SYS_nanosleep,
    libc::SYS_pselect6,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_select,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
    libc::SYS_socket,
    libc::SYS_uname,
];

/// What making the sealed memory, starting a program, and giving up more need.
const STARTING: [i64; 19] = [
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_copy_file_range,
    libc::SYS_dup2,
    libc::SYS_dup3,
    libc::SYS_execve,
    libc::SYS_getppid,
    libc::SYS_landlock_add_rule,
    libc::SYS_landlock_create_ruleset,
    libc::SYS_landlock_restrict_self,
    libc::SYS_memfd_create,
    libc::SYS_pipe2,
    libc::SYS_seccomp,
    libc::SYS_sendfile,
    libc::SYS_setrlimit,
    libc::SYS_splice,
    libc::SYS_vfork,
    libc::SYS_wait4,
    libc::SYS_waitid,
];
