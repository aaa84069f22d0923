//! System calls, by seccomp: what no tool server needs and what Landlock does not see.

use std::collections::BTreeMap;

use galaxy_domain::tool_server::Outward;
use seccompiler::{
    BpfProgram, Error, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter,
};

/// Looking into others, changing the machine, leaving the walls, and ways past this filter
/// (`io_uring` makes system calls that nobody filters).
const NEVER: &[libc::c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_madvise,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// On x86-64 the same calls have other numbers for programs of another width: these have numbers of
/// their own (`ptrace`, `kexec_load`, `process_vm_readv`, `process_vm_writev`).
#[cfg(target_arch = "x86_64")]
const NEVER_HERE: &[libc::c_long] = &[
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_kexec_file_load,
    libc::SYS_lookup_dcookie,
    521,
    528,
    539,
    540,
];
#[cfg(not(target_arch = "x86_64"))]
const NEVER_HERE: &[libc::c_long] = &[];

/// What marks those numbers.
#[cfg(target_arch = "x86_64")]
const OTHER_WIDTH: Option<libc::c_long> = Some(0x4000_0000);
#[cfg(not(target_arch = "x86_64"))]
const OTHER_WIDTH: Option<libc::c_long> = None;

/// Namespaces would be a world in which one is root again.
const NAMESPACES: [libc::c_int; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// Writing into somebody's terminal as if they had typed it.
const TYPING: [libc::c_ulong; 2] = [libc::TIOCSTI, libc::TIOCLINUX];

/// `AF_NETLINK` tells which interfaces there are. Without `AF_UNIX` no daemon of this machine is
/// reached by its socket: Landlock does not look at those.
const FAMILIES: [libc::c_int; 3] = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

pub(super) fn enter(outward: Outward) -> Result<(), Error> {
    // `clone3` hides its flags from filters: C libraries then fall back to `clone`.
    let unknown = Rules::from([(libc::SYS_clone3, Vec::new())]);
    apply_filter(&program(unknown, libc::ENOSYS)?)?;
    apply_filter(&program(refused(outward)?, libc::EPERM)?)
}

fn refused(outward: Outward) -> Result<Rules, Error> {
    let mut rules: Rules =
        NEVER.iter().chain(NEVER_HERE).map(|number| (*number, Vec::new())).collect();
    let namespaces = NAMESPACES.iter().map(|flag| {
        let flag = u64::from(flag.cast_unsigned());
        one(0, SeccompCmpOp::MaskedEq(flag), flag)
    });
    rules.insert(libc::SYS_clone, namespaces.collect::<Result<_, _>>()?);
    let typing = TYPING.iter().map(|request| one(1, SeccompCmpOp::Eq, *request));
    rules.insert(libc::SYS_ioctl, typing.collect::<Result<_, _>>()?);
    let sockets = match outward {
        Outward::Nowhere => Vec::new(),
        Outward::Web | Outward::Anywhere => {
            let other = FAMILIES.iter().map(|it| {
                let family = u64::from(it.cast_unsigned());
                SeccompCondition::new(0, Dword, SeccompCmpOp::Ne, family)
            });
            vec![
                SeccompRule::new(other.collect::<Result<_, _>>().map_err(Error::Backend)?)
                    .map_err(Error::Backend)?,
            ]
        }
    };
    rules.insert(libc::SYS_socket, sockets);
    if let Some(mark) = OTHER_WIDTH {
        let again: Rules = rules.iter().map(|(number, it)| (number | mark, it.clone())).collect();
        rules.extend(again);
    }
    Ok(rules)
}

fn one(argument: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompRule, Error> {
    let condition = SeccompCondition::new(argument, Dword, is, value).map_err(Error::Backend)?;
    SeccompRule::new(vec![condition]).map_err(Error::Backend)
}

fn program(rules: Rules, errno: libc::c_int) -> Result<BpfProgram, Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(Error::Backend)?;
    let refuse = SeccompAction::Errno(errno.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch);
    filter.map_err(Error::Backend)?.try_into().map_err(Error::Backend)
}
