//! Files, TCP and signals, by Landlock.

use galaxy_domain::tool_server::Outward;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, Scope, path_beneath_rules,
};

use crate::Profile;

/// With it Landlock knows TCP and signals, too (Linux 6.12).
const WALLS: ABI = ABI::V6;

/// What everybody may run.
const SYSTEM: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"];

/// What everybody may read. Of `/etc` only what programs need and what holds no secrets; what
/// `/proc` shows of other processes beyond their command lines is refused by Landlock itself.
const COMMON: [&str; 24] = [
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
];

/// Devices that are only holes and springs.
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// The ports of the web.
const WEB: [u16; 2] = [80, 443];

pub(super) fn enter(profile: &Profile) -> Result<(), RulesetError> {
    let run = AccessFs::from_read(WALLS);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let all = AccessFs::from_all(WALLS);
    let device: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::WriteFile;
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(all)?
        .scope(Scope::from_all(WALLS))?;
    let ruleset = match profile.outward {
        Outward::Anywhere => ruleset,
        Outward::Nowhere | Outward::Web => ruleset.handle_access(AccessNet::from_all(WALLS))?,
    };
    let ruleset = ruleset
        .create()?
        .add_rules(path_beneath_rules(SYSTEM, run))?
        .add_rules(path_beneath_rules(COMMON, read))?
        .add_rules(path_beneath_rules(DEVICES, device))?
        .add_rules(path_beneath_rules(&profile.run, run))?
        .add_rules(path_beneath_rules(&profile.read, read))?
        .add_rules(path_beneath_rules(&profile.write, all))?;
    let ports: &[u16] = if profile.outward == Outward::Web { &WEB } else { &[] };
    let port = |port: &u16| Ok::<_, RulesetError>(NetPort::new(*port, AccessNet::ConnectTcp));
    ruleset.add_rules(ports.iter().map(port))?.restrict_self()?;
    Ok(())
}
